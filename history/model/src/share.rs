//! Shares as people write them: `0.5%`, or a number from 0 to 1.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

const EXPECTED: &str = "a share such as \"0.5%\" or 0.005";

/// A share, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Share(u32);

/// A text that is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {EXPECTED}, found {0:?}")]
pub struct NotAShare(String);

impl FromStr for Share {
    type Err = NotAShare;

    fn from_str(text: &str) -> Result<Share, NotAShare> {
        Share::parse(text).ok_or_else(|| NotAShare(text.to_owned()))
    }
}

impl Share {
    /// So many millionths, a million at most.
    #[must_use]
    pub const fn millionths(millionths: u32) -> Share {
        Share(if millionths > 1_000_000 { 1_000_000 } else { millionths })
    }

    /// As a part of 1.
    #[must_use]
    pub fn of_one(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    fn from_number(share: f64) -> Option<Share> {
        (0.0..=1.0).contains(&share).then(|| Share((share * 1e6).round() as u32))
    }

    fn parse(text: &str) -> Option<Share> {
        let percent = text.trim().strip_suffix('%')?.trim_end();
        let plain = percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let percent: f64 = percent.parse().ok().filter(|_| plain)?;
        Share::from_number(percent / 100.0)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:04}", self.0 % 10_000);
        let fraction = fraction.trim_end_matches('0');
        let dot = if fraction.is_empty() { "" } else { "." };
        write!(f, "{}{dot}{fraction}%", self.0 / 10_000)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Share, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Share;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Share, E> {
                let wrong = || E::invalid_value(Unexpected::Str(text), &self);
                Share::parse(text).ok_or_else(wrong)
            }

            fn visit_f64<E: Error>(self, share: f64) -> Result<Share, E> {
                let wrong = || E::invalid_value(Unexpected::Float(share), &self);
                Share::from_number(share).ok_or_else(wrong)
            }

            fn visit_i64<E: Error>(self, share: i64) -> Result<Share, E> {
                let wrong = || E::invalid_value(Unexpected::Signed(share), &self);
                Share::from_number(share as f64).ok_or_else(wrong)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_as_they_are_written() {
        for millionths in [0, 1, 5_000, 70_000, 123_456, 1_000_000] {
            let text = Share(millionths).to_string();
            assert_eq!(Share::parse(&text), Some(Share(millionths)), "{text}");
        }
        assert_eq!(Share(5_000).to_string(), "0.5%");
        for text in ["5", "-1%", "101%", "%", "1e1%", "nan%"] {
            assert_eq!(Share::parse(text), None, "{text}");
        }
    }
}
