//! A part of a campaign that one machine makes.

use std::fmt;
use std::str::FromStr;

/// The most parts of a campaign.
const OF_MAX: u32 = 1_000;

/// Part `number` of `of`. Every part has the canary's runs, and each other run is in one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    number: u32,
    of: u32,
}

/// A text that names no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a part such as 1/4, from 1/{OF_MAX} to {OF_MAX}/{OF_MAX}, found {0:?}")]
pub struct NotAShard(String);

impl Shard {
    /// Which part, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }

    /// How many parts there are.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether a run that is none of the canary's is in this part, by its place among those.
    #[must_use]
    pub fn has(self, place: u64) -> bool {
        place % u64::from(self.of) == u64::from(self.number - 1)
    }
}

impl FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Shard, NotAShard> {
        let wrong = || NotAShard(text.to_owned());
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let (Ok(number), Ok(of)) = (number.parse::<u32>(), of.parse::<u32>()) else {
            return Err(wrong());
        };
        if number == 0 || number > of || of > OF_MAX {
            return Err(wrong());
        }
        Ok(Shard { number, of })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_in_one_part() {
        let parts: Vec<Shard> = (1..=3).map(|n| format!("{n}/3").parse().unwrap()).collect();
        for place in 0..20 {
            assert_eq!(parts.iter().filter(|part| part.has(place)).count(), 1);
        }
        for wrong in ["", "1", "0/2", "3/2", "1/0", "1/1001", "-1/2", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
