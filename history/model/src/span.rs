//! Times as people write them: `250ms`, `1.5s`, `18h`, `1h30m`.

use crate::from_text::from_text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The units, the largest first, with their nanoseconds.
const UNITS: &[(&str, u64)] = &[
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const EXPECTED: &str = "a time such as \"250ms\", \"1.5s\" or \"18h\"";

/// A length of time, in nanoseconds: written and read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(pub u64);

impl Span {
    /// So many milliseconds.
    #[must_use]
    pub fn ms(ms: u64) -> Span {
        Span(ms.saturating_mul(1_000_000))
    }

    /// In whole milliseconds, where it is a whole number of them.
    #[must_use]
    pub fn whole_ms(self) -> Option<u64> {
        self.0.is_multiple_of(1_000_000).then_some(self.0 / 1_000_000)
    }
}

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {EXPECTED}, found {0:?}")]
pub struct NotASpan(String);

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Span, NotASpan> {
        sum(text.trim()).map(Span).ok_or_else(|| NotASpan(text.to_owned()))
    }
}

/// The sum of the parts of a text, nanoseconds.
fn sum(text: &str) -> Option<u64> {
    let (mut rest, mut sum) = (text, 0_u64);
    if text == "0" {
        return Some(0);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, further) = after.split_at(letters);
        let &(_, unit_ns) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(part(number, unit_ns)?)?;
        rest = further.trim_start();
    }
    (!text.is_empty()).then_some(sum)
}

/// A number, perhaps with a fraction, of a unit; nothing if it is finer than a nanosecond.
fn part(number: &str, unit_ns: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut ns = whole.parse::<u64>().ok()?.checked_mul(unit_ns)?;
    let mut digit_ns = unit_ns;
    for digit in fraction.trim_end_matches('0').chars() {
        let digit = u64::from(digit.to_digit(10)?);
        if !(digit * digit_ns).is_multiple_of(10) {
            return None;
        }
        // A tenth of the unit before, which may itself be no whole number: the digit makes it one.
        ns = ns.checked_add(digit * digit_ns / 10)?;
        if !digit_ns.is_multiple_of(10) {
            digit_ns = 0;
        }
        digit_ns /= 10;
    }
    let dots_alone = number.ends_with('.') || number.starts_with('.');
    (!dots_alone).then_some(ns)
}

impl fmt::Display for Span {
    /// In the fewest units; below a minute as seconds or milliseconds with a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        for &(name, unit_ns) in &UNITS[..3] {
            if left >= unit_ns {
                write!(f, "{}{name}", left / unit_ns)?;
                left %= unit_ns;
            }
        }
        let (name, unit_ns) = match left {
            0 if self.0 > 0 => return Ok(()),
            0 => return f.write_str("0s"),
            1_000_000_000.. => ("s", 1_000_000_000),
            _ => ("ms", 1_000_000),
        };
        let digits = if name == "s" { 9 } else { 6 };
        let fraction = format!("{:0digits$}", left % unit_ns);
        let fraction = fraction.trim_end_matches('0');
        let dot = if fraction.is_empty() { "" } else { "." };
        write!(f, "{}{dot}{fraction}{name}", left / unit_ns)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        from_text(deserializer, EXPECTED, |text| text.parse().ok())
    }
}

/// A length of time forwards or, with a minus, backwards, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedSpan(pub i64);

impl SignedSpan {
    /// So many milliseconds.
    #[must_use]
    pub fn ms(ms: i64) -> SignedSpan {
        SignedSpan(ms.saturating_mul(1_000_000))
    }

    fn parse(text: &str) -> Option<SignedSpan> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let Span(ns) = rest.parse().ok()?;
        i64::try_from(ns).ok().map(|ns| SignedSpan(sign * ns))
    }
}

impl Serialize for SignedSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sign = if self.0 < 0 { "-" } else { "" };
        serializer.collect_str(&format_args!("{sign}{}", Span(self.0.unsigned_abs())))
    }
}

impl<'de> Deserialize<'de> for SignedSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SignedSpan, D::Error> {
        from_text(deserializer, "a time such as \"2s\" or \"-2s\"", SignedSpan::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for ns in [0, 1, 999, 1_500, 250_000_000, 1_500_000_000, 90 * 60_000_000_000]
            .into_iter()
            .chain([64_800_000_000_000, 86_400_000_000_000, 59_999_999_999, u64::MAX / 7])
        {
            let text = Span(ns).to_string();
            assert_eq!(text.parse(), Ok(Span(ns)), "{text}");
        }
        let written = |ns| Span(ns).to_string();
        assert_eq!(written(64_800_000_000_000), "18h");
        assert_eq!(written(1_500_000_000), "1.5s");
        assert_eq!(written(5_400_000_000_000), "1h30m");
        assert_eq!(written(0), "0s");
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, ns) in [("1.5s", 1_500_000_000), ("1h 30m", 5_400_000_000_000), ("0", 0)]
            .into_iter()
            .chain([("0.25ms", 250_000), ("1.25h", 4_500_000_000_000), ("0.000000001s", 1)])
        {
            assert_eq!(text.parse(), Ok(Span(ns)), "{text}");
        }
        for text in ["", "5", "s", "1.s", ".5s", "1..2s", "-1s", "1x", "0.1ns", "9999999999999d"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
