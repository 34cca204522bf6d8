//! Serialises a word that may be absent by its name.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use std::fmt::Display;
use std::str::FromStr;

pub(super) fn serialize<T: Display, S: Serializer>(
    named: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match named {
        Some(named) => serializer.collect_str(named),
        None => serializer.serialize_none(),
    }
}

pub(super) fn deserialize<'de, T, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}
