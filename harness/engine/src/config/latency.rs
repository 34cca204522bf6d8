//! How long a message takes: a constant, a range, or a distribution with a long tail.

use afterall_history::Span;
use serde::de::{Error, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

const EXPECTED: &str =
    "a latency such as \"40ms\", \"50ms..150ms\" or { median = \"40ms\", sigma = 0.5 }";

/// How long a message takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latency {
    /// Always as long.
    Constant(Span),
    /// As likely as not anywhere in a range.
    Uniform(Span, Span),
    /// Log-normal: half of the messages take less than the median, and a few take much more.
    LogNormal(LogNormal),
}

/// A log-normal distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    /// Half of the messages take less.
    pub median: Span,
    /// The standard deviation of the logarithm. At 0.5 one message in forty takes 2.7 times the median or more.
    pub sigma: Sigma,
}

/// A standard deviation of logarithms, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Sigma(u16);

impl Sigma {
    /// As a number.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / 1e3
    }
}

impl From<Sigma> for f64 {
    fn from(sigma: Sigma) -> f64 {
        sigma.value()
    }
}

impl TryFrom<f64> for Sigma {
    type Error = String;

    fn try_from(sigma: f64) -> Result<Sigma, String> {
        let within = (0.0..=3.0).contains(&sigma);
        let wrong = || format!("expected a sigma from 0 to 3, found {sigma}");
        within.then(|| Sigma((sigma * 1e3).round() as u16)).ok_or_else(wrong)
    }
}

impl Latency {
    /// The longest that is named.
    pub(crate) fn longest(self) -> Span {
        match self {
            Latency::Constant(span) | Latency::Uniform(_, span) => span,
            Latency::LogNormal(log_normal) => log_normal.median,
        }
    }

    fn parse(text: &str) -> Option<Latency> {
        match text.split_once("..") {
            None => text.parse().ok().map(Latency::Constant),
            Some((low, high)) => {
                let (low, high): (Span, Span) = (low.parse().ok()?, high.parse().ok()?);
                (low <= high).then_some(Latency::Uniform(low, high))
            }
        }
    }
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Latency::Constant(span) => span.serialize(serializer),
            Latency::Uniform(low, high) => serializer.collect_str(&format_args!("{low}..{high}")),
            Latency::LogNormal(log_normal) => log_normal.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Latency, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Latency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Latency, E> {
                let wrong = || E::invalid_value(Unexpected::Str(text), &self);
                Latency::parse(text).ok_or_else(wrong)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Latency, A::Error> {
                let read = LogNormal::deserialize(MapAccessDeserializer::new(map));
                read.map(Latency::LogNormal)
            }
        }

        deserializer.deserialize_any(Either)
    }
}
