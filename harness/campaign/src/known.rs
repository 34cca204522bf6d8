//! Failures that are known: who owns them, why they are let pass, and until when.

use crate::date::Date;
use afterall_manifest::{Step, WrongEntry, read_toml};
use serde::Deserialize;

/// How many there may be, where the file does not say.
const MAX: usize = 20;

/// A failure that is known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailure {
    /// Its key, as reports tell it.
    pub key: String,
    /// Why it is let pass.
    pub reason: String,
    /// Who sees to it.
    pub owner: String,
    /// The last day on which it is let pass.
    pub until: Date,
}

/// The failures that are known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// How many there may be.
    #[serde(default)]
    max: Option<usize>,
    #[serde(default)]
    known: Vec<KnownFailure>,
}

impl Known {
    /// The file's usual name.
    pub const FILE: &'static str = "afterall.known.toml";

    /// What a file says. `name`: what errors call it.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str, name: &str) -> Result<Known, WrongEntry> {
        read_toml(text, name, |known: &Known| {
            let of = |place: usize, key: &str| {
                vec![Step::Key("known".to_owned()), Step::Place(place), Step::Key(key.to_owned())]
            };
            let max = known.max.unwrap_or(MAX);
            if known.known.len() > max {
                return Err((
                    vec![Step::Key("known".to_owned()), Step::Place(max)],
                    format!(
                        "expected at most {max} known failures, found {}: mend some, or raise `max`",
                        known.known.len()
                    ),
                ));
            }
            for (place, one) in known.known.iter().enumerate() {
                for (entry, text) in
                    [("key", &one.key), ("reason", &one.reason), ("owner", &one.owner)]
                {
                    if text.trim().is_empty() {
                        return Err((
                            of(place, entry),
                            format!("expected the {entry}, found nothing"),
                        ));
                    }
                }
                if known.known[..place].iter().any(|other| other.key == one.key) {
                    return Err((
                        of(place, "key"),
                        format!("expected each key once, found {:?} twice", one.key),
                    ));
                }
            }
            Ok(())
        })
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[KnownFailure] {
        &self.known
    }

    /// The one with this key.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<&KnownFailure> {
        self.known.iter().find(|known| known.key == key)
    }

    /// Whether a failure is known, and is let pass on this day.
    #[must_use]
    pub fn excuses(&self, key: &str, today: Date) -> bool {
        self.of(key).is_some_and(|known| !known.is_expired(today))
    }
}

impl KnownFailure {
    /// Whether its last day is over.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        today > self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[known]]
key = \"a: b broken, c\"
reason = \"the merge is being rewritten\"
owner = \"ann\"
until = 2026-12-31
";

    #[test]
    fn the_last_day_counts() {
        let known = Known::parse(GOOD, "k.toml").unwrap();
        let excuses = |day: &str| known.excuses("a: b broken, c", day.parse().unwrap());
        assert!(excuses("2026-12-31") && !excuses("2027-01-01"));
        assert!(!known.excuses("a: b broken", "2026-01-01".parse().unwrap()));
        let text = GOOD.replace("2026-12-31", "\"2026-12-31\"");
        assert_eq!(Known::parse(&text, "k.toml").unwrap(), known);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let several =
            format!("max = 2\n{GOOD}{}{}", GOOD.replace("a:", "b:"), GOOD.replace("a:", "c:"));
        for (text, says) in [
            (GOOD.replace("\"ann\"", "\" \""), "k.toml:4:9: expected the owner, found nothing"),
            (GOOD.replace("owner = \"ann\"\n", ""), "expected the entry `owner`"),
            (GOOD.replace("2026-12-31", "2026-12-31T00:00:00Z"), "expected a day such as"),
            (GOOD.replace("2026-12-31", "\"never\""), "expected a day such as"),
            (GOOD.replace("until", "untill"), "unknown entry `untill`"),
            (format!("{GOOD}{GOOD}"), "expected each key once"),
            (several, "expected at most 2 known failures, found 3"),
        ] {
            let error = Known::parse(&text, "k.toml").unwrap_err().to_string();
            assert!(error.contains(says), "{says}: {error}");
        }
        assert_eq!(Known::parse("", "k.toml").unwrap(), Known::default());
    }
}
