//! The kinds of toxics, their attributes, and their JSON.
//!
//! Names, units and defaults are Toxiproxy's (README of Shopify/toxiproxy, v2).

use crate::direction::Direction;
use serde_json::{Map, Value as Json, json};

/// What a toxic does. Attributes may be any number that the API accepts, also a negative one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToxicType {
    /// Nothing.
    Noop,
    /// Delays data by `latency_ms` ± `jitter_ms`.
    Latency { latency_ms: i64, jitter_ms: i64 },
    /// Lets `rate_kb_s` thousand bytes pass a second; none at 0.
    Bandwidth { rate_kb_s: i64 },
    /// Delays the end of the connection.
    SlowClose { delay_ms: i64 },
    /// Swallows all data; ends the connection once that long nothing came (0: never).
    Timeout { timeout_ms: i64 },
    /// Resets the connection that long after the first data.
    ResetPeer { timeout_ms: i64 },
    /// Cuts data in pieces, with a pause after each.
    Slicer { average_size: i64, size_variation: i64, delay_us: i64 },
    /// Ends the connection after so many bytes.
    LimitData { bytes: i64 },
}

impl ToxicType {
    /// The kind of that name, all attributes 0.
    pub(super) fn named(name: &str) -> Option<ToxicType> {
        Some(match name {
            "noop" => ToxicType::Noop,
            "latency" => ToxicType::Latency { latency_ms: 0, jitter_ms: 0 },
            "bandwidth" => ToxicType::Bandwidth { rate_kb_s: 0 },
            "slow_close" => ToxicType::SlowClose { delay_ms: 0 },
            "timeout" => ToxicType::Timeout { timeout_ms: 0 },
            "reset_peer" => ToxicType::ResetPeer { timeout_ms: 0 },
            "slicer" => ToxicType::Slicer { average_size: 0, size_variation: 0, delay_us: 0 },
            "limit_data" => ToxicType::LimitData { bytes: 0 },
            _ => return None,
        })
    }

    fn attributes_mut(&mut self) -> Vec<(&'static str, &mut i64)> {
        match self {
            ToxicType::Noop => vec![],
            ToxicType::Latency { latency_ms, jitter_ms } => {
                vec![("latency", latency_ms), ("jitter", jitter_ms)]
            }
            ToxicType::Bandwidth { rate_kb_s } => vec![("rate", rate_kb_s)],
            ToxicType::SlowClose { delay_ms } => vec![("delay", delay_ms)],
            ToxicType::Timeout { timeout_ms } | ToxicType::ResetPeer { timeout_ms } => {
                vec![("timeout", timeout_ms)]
            }
            ToxicType::Slicer { average_size, size_variation, delay_us } => vec![
                ("average_size", average_size),
                ("size_variation", size_variation),
                ("delay", delay_us),
            ],
            ToxicType::LimitData { bytes } => vec![("bytes", bytes)],
        }
    }

    /// Sets the attributes that `json` names and leaves the others. Unknown ones are ignored, as in the original.
    pub(super) fn merge(&mut self, json: &Json) -> Result<(), BadAttribute> {
        let given = match json {
            Json::Null => return Ok(()),
            Json::Object(given) => given,
            other => return Err(BadAttribute::NoObject(other.clone())),
        };
        let mut merged = *self;
        for (name, place) in merged.attributes_mut() {
            let values = given.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
            for (key, value) in values.filter(|(_, value)| !value.is_null()) {
                *place = value.as_i64().ok_or_else(|| BadAttribute::NoNumber {
                    name: key.clone(),
                    found: value.clone(),
                })?;
            }
        }
        *self = merged;
        Ok(())
    }

    fn attributes(mut self) -> Json {
        let map: Map<String, Json> = self
            .attributes_mut()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(*value)))
            .collect();
        Json::Object(map)
    }
}

/// Attributes that are not ones.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum BadAttribute {
    /// Something else than an object.
    #[error("expected an object as attributes, found {0}")]
    NoObject(Json),
    /// Something else than a whole number.
    #[error("attribute {name}: expected a whole number, found {found}")]
    NoNumber {
        /// The attribute.
        name: String,
        /// What was found.
        found: Json,
    },
}

/// A toxic as it stands on a proxy.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Toxic {
    /// Unlike the name, never used twice.
    pub(super) id: u64,
    /// Counts the updates.
    pub(super) revision: u64,
    pub(super) name: String,
    pub(super) type_name: String,
    /// The direction as the caller wrote it.
    pub(super) stream: String,
    pub(super) direction: Direction,
    /// The share of connections that it strikes, 0 to 1.
    pub(super) toxicity: f32,
    pub(super) kind: ToxicType,
}

impl Toxic {
    pub(super) fn to_json(&self) -> Json {
        let toxicity = if self.toxicity.fract() == 0.0 && self.toxicity.abs() < 1e9 {
            #[expect(clippy::cast_possible_truncation, reason = "whole and small, see above")]
            let whole = self.toxicity as i64;
            json!(whole)
        } else {
            json!(self.toxicity)
        };
        json!({
            "attributes": self.kind.attributes(),
            "name": self.name,
            "type": self.type_name,
            "stream": self.stream,
            "toxicity": toxicity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_leaves_what_it_does_not_name() {
        let mut kind = ToxicType::Latency { latency_ms: 7, jitter_ms: 3 };
        kind.merge(&json!({"Latency": 9, "unknown": "x", "jitter": null})).unwrap();
        assert_eq!(kind, ToxicType::Latency { latency_ms: 9, jitter_ms: 3 });
    }

    #[test]
    fn a_bad_attribute_changes_nothing() {
        let mut kind = ToxicType::Slicer { average_size: 1, size_variation: 2, delay_us: 3 };
        for bad in [json!({"average_size": 5, "delay": "x"}), json!({"delay": 1.5}), json!([1])] {
            assert!(kind.merge(&bad).is_err(), "{bad}");
            assert_eq!(kind, ToxicType::Slicer { average_size: 1, size_variation: 2, delay_us: 3 });
        }
    }

    #[test]
    fn every_kind_is_written_with_all_its_attributes() {
        for name in [
            "noop",
            "latency",
            "bandwidth",
            "slow_close",
            "timeout",
            "reset_peer",
            "slicer",
            "limit_data",
        ] {
            let mut kind = ToxicType::named(name).unwrap();
            let json = kind.attributes();
            kind.merge(&json).unwrap();
            assert_eq!(ToxicType::named(name), Some(kind));
        }
        assert_eq!(ToxicType::named("nonsense"), None);
    }
}
