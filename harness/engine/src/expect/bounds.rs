//! The bounds of a figure: `">= 17h"`, `"100%"`, `"3..5"`.

use crate::config::Span;
use afterall_checkers::words;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

const EXPECTED: &str = "bounds such as 1, \"100%\", \">= 17h\", \"<= 2s\" or \"3..5\"";

/// In what a figure is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Time,
    /// A share of 1.
    Share,
    /// How many, or how many times as much.
    Number,
}

impl Unit {
    pub(super) fn what(self) -> &'static str {
        match self {
            Unit::Time => "a time",
            Unit::Share => "a share",
            Unit::Number => "a number",
        }
    }

    pub(super) fn such_as(self) -> &'static str {
        match self {
            Unit::Time => "\"<= 2s\"",
            Unit::Share => "\">= 99%\"",
            Unit::Number => "1 or \"3..5\"",
        }
    }

    /// An amount, for people.
    #[must_use]
    pub fn words(self, amount: f64) -> String {
        match self {
            Unit::Time if amount.is_infinite() => "endless".to_owned(),
            Unit::Time => words::duration(amount as i64),
            Unit::Share => words::share(amount),
            Unit::Number if amount.fract() == 0.0 && amount >= 0.0 => words::count(amount as u64),
            Unit::Number => format!("{amount:.2}"),
        }
    }
}

/// Within which bounds a figure is, both inclusive.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    text: String,
    unit: Unit,
    low: Option<f64>,
    high: Option<f64>,
}

/// No bound is NaN.
impl Eq for Bounds {}

impl Bounds {
    /// Whether an amount is within.
    #[must_use]
    pub fn hold(&self, amount: f64) -> bool {
        self.low.is_none_or(|low| low <= amount) && self.high.is_none_or(|high| amount <= high)
    }

    /// Whether they are bounds of something in this unit; 0 is the same in every unit.
    pub(super) fn fit(&self, unit: Unit) -> bool {
        let zero = |bound: Option<f64>| bound.is_none_or(|bound| bound == 0.0);
        self.unit == unit || (zero(self.low) && zero(self.high))
    }
}

/// A text that is no bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {EXPECTED}, found {0:?}")]
pub struct NotBounds(String);

impl FromStr for Bounds {
    type Err = NotBounds;

    fn from_str(text: &str) -> Result<Bounds, NotBounds> {
        bounds(text.trim()).ok_or_else(|| NotBounds(text.to_owned()))
    }
}

fn bounds(text: &str) -> Option<Bounds> {
    let text_owned = text.to_owned();
    let of = |unit, low, high| Bounds { text: text_owned, unit, low, high };
    if let Some(low) = text.strip_prefix(">=") {
        let (unit, low) = amount(low)?;
        return Some(of(unit, Some(low), None));
    }
    if let Some(high) = text.strip_prefix("<=") {
        let (unit, high) = amount(high)?;
        return Some(of(unit, None, Some(high)));
    }
    if let Some((low, high)) = text.split_once("..") {
        let ((unit, low), (same, high)) = (amount(low)?, amount(high)?);
        return (unit == same && low <= high).then(|| of(unit, Some(low), Some(high)));
    }
    let (unit, exactly) = amount(text)?;
    Some(of(unit, Some(exactly), Some(exactly)))
}

fn amount(text: &str) -> Option<(Unit, f64)> {
    let text = text.trim();
    let number = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        text.parse::<f64>().ok().filter(|_| plain)
    };
    if let Some(percent) = text.strip_suffix('%') {
        return Some((Unit::Share, number(percent.trim_end())? / 100.0));
    }
    match number(text) {
        Some(number) => Some((Unit::Number, number)),
        None => text.parse::<Span>().ok().map(|span| (Unit::Time, span.0 as f64)),
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Bounds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Bounds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bounds, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Bounds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Bounds, E> {
                let wrong = || E::invalid_value(Unexpected::Signed(number), &self);
                number.to_string().parse().map_err(|_| wrong())
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Bounds, E> {
                text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_with_their_unit() {
        let hold = |text: &str, amount: f64| text.parse::<Bounds>().unwrap().hold(amount);
        assert!(hold("1", 1.0) && !hold("1", 2.0));
        assert!(hold("3..5", 5.0) && !hold("3..5", 5.5));
        assert!(hold(">= 1.5s", 1.5e9) && !hold(">= 1.5s", 1.4e9));
        assert!(hold("<= 99%", 0.99) && !hold("<=99%", 1.0));
        assert!("100%".parse::<Bounds>().unwrap().fit(Unit::Share));
        assert!(!"100%".parse::<Bounds>().unwrap().fit(Unit::Number));
        assert!("0".parse::<Bounds>().unwrap().fit(Unit::Time));
        for text in ["", "1..2s", "5..3", "-1", "nan", "inf", "> 3", "1e3"] {
            assert!(text.parse::<Bounds>().is_err(), "{text}");
        }
    }
}
