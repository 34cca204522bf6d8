//! What a manifest may say about a store protocol. The clients have one of these per protocol.

use afterall_history::Workload;
use std::collections::BTreeMap;

/// A store protocol, as manifests see it.
#[derive(Debug, Clone, Copy)]
pub struct ProtocolSpec {
    /// Its name in manifests.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// The workloads that its client can drive.
    pub workloads: &'static [Workload],
    /// What it can be told.
    pub options: OptionSpecs,
    /// Whether `command` must name a program.
    pub needs_command: bool,
}

/// The options of a protocol.
#[derive(Debug, Clone, Copy)]
pub enum OptionSpecs {
    /// These and no others.
    Only(&'static [OptionSpec]),
    /// Any: they are handed to a program that knows them.
    Any,
}

/// One option of a protocol.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub values: OptionValues,
}

/// What an option may be. All options are texts in manifests.
#[derive(Debug, Clone, Copy)]
pub enum OptionValues {
    /// One of these; the first where nothing is said.
    OneOf(&'static [&'static str]),
    /// A whole number from 1 to this.
    UpTo(u32),
    /// Any text.
    Text,
}

/// An option that a protocol does not have, or that has a value that it may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// The protocol has no options at all.
    #[error("expected no options, since the protocol {protocol} has none, found {option:?}")]
    NoOptions {
        /// The protocol.
        protocol: &'static str,
        /// What was found.
        option: String,
    },
    /// The protocol has others.
    #[error("unknown option {option:?} of the protocol {protocol}: expected one of {known}")]
    Unknown {
        /// The protocol.
        protocol: &'static str,
        /// What was found.
        option: String,
        /// The options that there are.
        known: String,
    },
    /// The value is not one of those that are listed.
    #[error("option {option}: expected one of {known}, found {found:?}")]
    Choice {
        /// The option.
        option: String,
        /// What was found.
        found: String,
        /// The values that there are.
        known: String,
    },
    /// The value is not a number, or too small or too large.
    #[error("option {option}: expected a whole number from 1 to {max}, found {found:?}")]
    Number {
        /// The option.
        option: String,
        /// What was found.
        found: String,
        /// The largest.
        max: u32,
    },
}

impl OptionError {
    /// The option's name.
    #[must_use]
    pub fn option(&self) -> &str {
        match self {
            OptionError::NoOptions { option, .. }
            | OptionError::Unknown { option, .. }
            | OptionError::Choice { option, .. }
            | OptionError::Number { option, .. } => option,
        }
    }
}

impl ProtocolSpec {
    /// Checks that the protocol knows all that it is told.
    ///
    /// # Errors
    /// The first option that it does not know, or whose value is wrong.
    pub fn check_options(&self, given: &BTreeMap<String, String>) -> Result<(), OptionError> {
        let OptionSpecs::Only(known) = self.options else { return Ok(()) };
        for (option, value) in given {
            let Some(spec) = known.iter().find(|spec| spec.name == option) else {
                let (protocol, option) = (self.name, option.clone());
                if known.is_empty() {
                    return Err(OptionError::NoOptions { protocol, option });
                }
                let known = known.iter().map(|spec| spec.name).collect::<Vec<_>>().join(", ");
                return Err(OptionError::Unknown { protocol, option, known });
            };
            spec.values.check(option, value)?;
        }
        Ok(())
    }
}

impl OptionValues {
    fn check(self, option: &str, value: &str) -> Result<(), OptionError> {
        let (option, found) = (option.to_owned(), value.to_owned());
        match self {
            OptionValues::OneOf(choices) if !choices.contains(&value) => {
                Err(OptionError::Choice { option, found, known: choices.join(", ") })
            }
            OptionValues::UpTo(max) if !value.parse().is_ok_and(|n| (1..=max).contains(&n)) => {
                Err(OptionError::Number { option, found, max })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: ProtocolSpec = ProtocolSpec {
        name: "p",
        summary: "",
        workloads: &[],
        options: OptionSpecs::Only(&[
            OptionSpec { name: "colour", values: OptionValues::OneOf(&["red", "blue"]) },
            OptionSpec { name: "wait", values: OptionValues::UpTo(9) },
        ]),
        needs_command: false,
    };

    fn check(option: &str, value: &str) -> Option<String> {
        let given = BTreeMap::from([(option.to_owned(), value.to_owned())]);
        SPEC.check_options(&given).err().map(|error| error.to_string())
    }

    #[test]
    fn options_are_known_and_have_values_that_they_may_have() {
        assert_eq!(check("colour", "blue"), None);
        assert_eq!(check("wait", "9"), None);
        for (option, value, expected) in [
            ("wait", "0", "option wait: expected a whole number from 1 to 9, found \"0\""),
            ("wait", "ten", "option wait: expected a whole number from 1 to 9, found \"ten\""),
            ("colour", "green", "option colour: expected one of red, blue, found \"green\""),
            (
                "size",
                "1",
                "unknown option \"size\" of the protocol p: expected one of colour, wait",
            ),
        ] {
            assert_eq!(check(option, value).as_deref(), Some(expected));
        }
        let none = ProtocolSpec { options: OptionSpecs::Only(&[]), ..SPEC };
        let given = BTreeMap::from([("x".to_owned(), "1".to_owned())]);
        let error = none.check_options(&given).unwrap_err().to_string();
        assert_eq!(error, "expected no options, since the protocol p has none, found \"x\"");
        let any = ProtocolSpec { options: OptionSpecs::Any, ..SPEC };
        assert_eq!(any.check_options(&given), Ok(()));
    }
}
