//! How changes come to the other replicas: mechanisms, each of which can be switched on and off.

use afterall_history::{UnknownWord, vocabulary};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

vocabulary! {
    /// A way in which changes come to the other replicas.
    "mechanism" Mechanism {
        /// News is pushed to a few peers a round, and then forgotten.
        Rumors = "rumors",
        /// Replicas compare all that they hold, again and again.
        AntiEntropy = "anti-entropy",
        /// A read is answered at once, and then compares what it found with the other replicas: whoever is stale is mended.
        ReadRepair = "read-repair",
        /// A change waits on disk for each other replica until that has it on its own.
        Hints = "hints",
    }
}

/// A set of mechanisms. Written as their names with commas between, or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mechanisms(u8);

impl Mechanisms {
    /// No mechanism: what is written on a replica stays there.
    pub const NONE: Mechanisms = Mechanisms(0);

    /// What a node has unless it is told: rumors, and anti-entropy for what they miss.
    pub const USUAL: Mechanisms =
        Mechanisms::NONE.with(Mechanism::Rumors).with(Mechanism::AntiEntropy);

    /// The set with one more.
    #[must_use]
    pub const fn with(self, mechanism: Mechanism) -> Self {
        Mechanisms(self.0 | 1 << mechanism as u8)
    }

    /// Whether it is switched on.
    #[must_use]
    pub const fn contains(self, mechanism: Mechanism) -> bool {
        self.0 & (1 << mechanism as u8) != 0
    }

    /// Whether these are those that a node has unless it is told.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Mechanisms::USUAL
    }

    /// Those that are switched on.
    pub fn iter(self) -> impl Iterator<Item = Mechanism> {
        Mechanism::ALL.iter().copied().filter(move |&mechanism| self.contains(mechanism))
    }

    /// Whether each change comes to every replica in the end, whatever gets lost on the way and whoever is killed. Rumors are
    /// forgotten, and what nobody reads is not repaired.
    #[must_use]
    pub const fn misses_nothing(self) -> bool {
        self.contains(Mechanism::AntiEntropy) || self.contains(Mechanism::Hints)
    }
}

impl Default for Mechanisms {
    fn default() -> Self {
        Mechanisms::USUAL
    }
}

impl FromIterator<Mechanism> for Mechanisms {
    fn from_iter<T: IntoIterator<Item = Mechanism>>(mechanisms: T) -> Self {
        mechanisms.into_iter().fold(Mechanisms::NONE, Mechanisms::with)
    }
}

impl fmt::Display for Mechanisms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Mechanisms::NONE {
            return f.write_str("none");
        }
        for (at, mechanism) in self.iter().enumerate() {
            write!(f, "{}{mechanism}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl FromStr for Mechanisms {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        if text == "none" {
            return Ok(Mechanisms::NONE);
        }
        let none = if text.contains(',') { "none alone" } else { "none" };
        let known = || Mechanism::names().chain([none]).collect();
        let mechanism = |name: &str| {
            let unknown = |_| UnknownWord::new("mechanism", name, known());
            name.parse::<Mechanism>().map_err(unknown)
        };
        text.split(',').map(|name| mechanism(name.trim())).collect()
    }
}

impl Serialize for Mechanisms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Mechanisms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Mechanism>::deserialize(deserializer).map(|given| given.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mechanisms_are_written_and_read_the_same() {
        for text in ["none", "rumors", "rumors,anti-entropy", "read-repair,hints"] {
            let mechanisms: Mechanisms = text.parse().unwrap();
            assert_eq!(mechanisms.to_string(), text);
        }
        assert_eq!(" hints, rumors ".parse::<Mechanisms>().unwrap().to_string(), "rumors,hints");
        let error = "rumours".parse::<Mechanisms>().unwrap_err().to_string();
        assert!(error.contains("did you mean \"rumors\"?"), "{error}");
        assert!("rumors,none".parse::<Mechanisms>().is_err());
    }
}
