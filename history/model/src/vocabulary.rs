//! Closed sets of words, each made once: what an enum's variants are called, and everything that follows from that.

use serde::Deserializer;
use serde::de::Visitor;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// A word that is not in a vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnknownWord {
    /// What the word should have been: `fault`, `property`.
    what: &'static str,
    found: String,
    known: Vec<&'static str>,
}

/// Words at least this alike are suggested: `partiton` for `partition`, and not `pause` for `latency`.
const ALIKE: f64 = 0.8;

impl UnknownWord {
    /// The error for a word that is not among the known ones.
    #[must_use]
    pub fn new(what: &'static str, found: &str, known: Vec<&'static str>) -> Self {
        UnknownWord { what, found: found.to_owned(), known }
    }

    /// The known word that was probably meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&'static str> {
        let alike = |known: &&'static str| strsim::jaro_winkler(known, &self.found);
        let nearest = self.known.iter().copied().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
        (alike(&nearest) >= ALIKE).then_some(nearest)
    }
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownWord { what, found, known } = self;
        write!(f, "unknown {what} {found:?}")?;
        if let Some(nearest) = self.nearest() {
            write!(f, ", did you mean {nearest:?}?")?;
        }
        write!(f, " (expected one of {})", known.join(", "))
    }
}

/// Makes an enum of words: `ALL`, `name`, `FromStr` with a suggestion, `Display`, and serde by name.
///
/// The documentation of a variant is read by people: [`summary`](crate::Property::summary) returns its text.
#[macro_export]
macro_rules! vocabulary {
    (
        $(#[$meta:meta])*
        $what:literal $Word:ident {
            $( $(#[doc = $doc:literal])+ $variant:ident = $name:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $Word { $( $(#[doc = $doc])+ $variant, )+ }

        impl $Word {
            /// Every one, in the order of declaration.
            pub const ALL: &'static [$Word] = &[$($Word::$variant,)+];

            /// The name on the command line, in files and in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($Word::$variant => $name,)+ }
            }

            /// What it is, for people: one sentence or a few.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $($Word::$variant => concat!($($doc,)+).trim(),)+ }
            }

            /// Every name, in the order of declaration.
            pub fn names() -> impl Iterator<Item = &'static str> {
                $Word::ALL.iter().map(|word| word.name())
            }
        }

        impl std::str::FromStr for $Word {
            type Err = $crate::UnknownWord;

            fn from_str(name: &str) -> Result<Self, $crate::UnknownWord> {
                match name {
                    $($name => Ok($Word::$variant),)+
                    _ => Err($crate::UnknownWord::new($what, name, $Word::names().collect())),
                }
            }
        }

        impl std::fmt::Display for $Word {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl serde::Serialize for $Word {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $Word {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::deserialize_word(deserializer)
            }
        }
    };
}

/// Reads a word from its name, without a copy of the name.
///
/// # Errors
/// The text is not in the vocabulary, or is not a text.
#[doc(hidden)]
pub fn deserialize_word<'de, W, D>(deserializer: D) -> Result<W, D::Error>
where
    W: FromStr<Err = UnknownWord>,
    D: Deserializer<'de>,
{
    struct Word<W>(PhantomData<W>);
    impl<W: FromStr<Err = UnknownWord>> Visitor<'_> for Word<W> {
        type Value = W;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a word")
        }

        fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<W, E> {
            name.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Word(PhantomData))
}

#[cfg(test)]
mod tests {
    use crate::event::Phase;
    use crate::fault_kind::FaultKind;
    use crate::function::Function;
    use crate::lie::Lie;
    use crate::promise::Property;
    use crate::workload::Workload;

    #[test]
    fn every_word_is_read_as_it_is_written() {
        macro_rules! round_trips {
            ($($Word:ident)+) => { $(
                for &word in $Word::ALL {
                    assert_eq!(word.name().parse(), Ok(word));
                    let json = serde_json::to_string(&word).unwrap();
                    assert_eq!(serde_json::from_str::<$Word>(&json).unwrap(), word);
                    assert!(!word.summary().is_empty());
                }
            )+ };
        }
        round_trips!(FaultKind Function Lie Phase Property Workload);
    }

    #[test]
    fn a_word_that_is_nearly_known_is_suggested() {
        let error = "partiton".parse::<FaultKind>().unwrap_err();
        assert_eq!(error.nearest(), Some("partition"));
        let text = error.to_string();
        assert!(
            text.starts_with("unknown fault \"partiton\", did you mean \"partition\"?"),
            "{text}"
        );
        let error = "earthquake".parse::<FaultKind>().unwrap_err();
        assert_eq!(error.nearest(), None);
        assert!(error.to_string().contains("(expected one of partition, "), "{error}");
    }
}
