//! Whether a run held its promises.

use afterall_history::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether a run held its promises. In JSON `true`, `false`, `"unknown"` or `"measured"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Valid {
    /// Every promise was put to the test and held.
    True,
    /// No promise is known to be broken, but not all of them were put to the test.
    Unknown,
    /// A promise was broken.
    False,
    /// Nothing was meant to be promised, and so only measured.
    Measured,
}

impl Serialize for Valid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Valid::True => serializer.serialize_bool(true),
            Valid::False => serializer.serialize_bool(false),
            Valid::Unknown => serializer.serialize_str("unknown"),
            Valid::Measured => serializer.serialize_str("measured"),
        }
    }
}

impl<'de> Deserialize<'de> for Valid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(true) => Ok(Valid::True),
            Value::Bool(false) => Ok(Valid::False),
            Value::Text(text) if text == "unknown" => Ok(Valid::Unknown),
            Value::Text(text) if text == "measured" => Ok(Valid::Measured),
            other => Err(serde::de::Error::custom(format!(
                "valid is true, false, \"unknown\" or \"measured\", not {other}"
            ))),
        }
    }
}
