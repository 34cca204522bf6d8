//! Numbers of `run.toml` that have bounds: one that the type cannot hold is told by the same bounds as one that it can.

use afterall_reference::core::Copies;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// The bounds of the number of nodes, in words.
pub const NODES: &str = "1 to 99, or 1 to 10000 in the sim";
/// Those of the number of sessions.
pub const CONCURRENCY: &str = "1 to 10000";
/// Those of operations per second.
pub const RATE: &str = "1 to 1000000";

/// Reads the number of nodes.
///
/// # Errors
/// It is no number, or none that any cluster has.
pub(super) fn nodes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    number(deserializer, NODES)
}

/// Reads the number of sessions.
///
/// # Errors
/// It is no number, or none that any run has.
pub(super) fn concurrency<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u32>, D::Error> {
    number(deserializer, CONCURRENCY)
}

/// Reads operations per second.
///
/// # Errors
/// It is no number, or none that any run has.
pub(super) fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    number(deserializer, RATE)
}

/// How many replicas hold an object, and how many take part in what is asked of it: [`Copies`].
#[derive(Deserialize)]
#[serde(remote = "Copies", deny_unknown_fields)]
pub(super) struct CopiesText {
    #[serde(default, deserialize_with = "of_nodes")]
    replicas: Option<u16>,
    #[serde(default, deserialize_with = "of_replicas")]
    reads: Option<u16>,
    #[serde(default, deserialize_with = "of_replicas")]
    writes: Option<u16>,
}

fn of_nodes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    number(deserializer, "1 to the number of nodes")
}

fn of_replicas<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    number(deserializer, "1 to the number of replicas")
}

fn number<'de, N: TryFrom<i64>, D: Deserializer<'de>>(
    deserializer: D,
    bounds: &'static str,
) -> Result<Option<N>, D::Error> {
    struct Bounded<N>(&'static str, PhantomData<N>);

    impl<N: TryFrom<i64>> Visitor<'_> for Bounded<N> {
        type Value = N;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<N, E> {
            N::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<N, E> {
            let held = i64::try_from(number).ok().and_then(|number| N::try_from(number).ok());
            held.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
        }
    }

    deserializer.deserialize_i64(Bounded(bounds, PhantomData)).map(Some)
}
