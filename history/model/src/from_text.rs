//! Values that are read from text: one way to say what was expected instead.

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};
use std::fmt;

/// Reads a value from a text.
///
/// # Errors
/// What was found is no text, or `parse` takes it for none of what was `expected`.
pub fn from_text<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    expected: &'static str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Text<T> {
        expected: &'static str,
        parse: fn(&str) -> Option<T>,
    }

    impl<T> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            let wrong = || E::invalid_value(Unexpected::Str(text), &self);
            (self.parse)(text).ok_or_else(wrong)
        }
    }

    deserializer.deserialize_str(Text { expected, parse })
}
