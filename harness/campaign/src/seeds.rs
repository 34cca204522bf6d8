//! The seeds of a grid: `"1..20"`, both included, one number, or a list of numbers.

use std::ops::Range;

/// The most seeds of one grid.
pub(crate) const SEEDS_MAX: u64 = 1_000_000;

/// The seeds that a value means, in its order.
///
/// # Errors
/// What was expected, and what was found.
pub(crate) fn seeds(value: &toml::Value) -> Result<Vec<u64>, String> {
    let all = match value {
        toml::Value::Integer(seed) => vec![one(*seed)?],
        toml::Value::String(text) => range(text)?.collect(),
        toml::Value::Array(list) => {
            let mut all = Vec::new();
            for item in list {
                match item {
                    toml::Value::Integer(seed) => all.push(one(*seed)?),
                    other => return Err(format!("expected whole numbers, found {other}")),
                }
            }
            all
        }
        other => return Err(format!("expected seeds such as \"1..20\", found {other}")),
    };
    let mut sorted = all.clone();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("expected each seed once, found {} twice", pair[0]));
    }
    if all.is_empty() {
        return Err("expected at least one seed, found none".to_owned());
    }
    Ok(all)
}

fn one(seed: i64) -> Result<u64, String> {
    u64::try_from(seed).map_err(|_| format!("expected a whole number from 0, found {seed}"))
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("expected two numbers such as \"1..20\", found {text:?}");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let (Ok(from), Ok(to)) = (from.parse::<u64>(), to.parse::<u64>()) else {
        return Err(wrong());
    };
    if from > to || to == u64::MAX {
        return Err(format!(
            "expected a first seed that is not larger than the last, found {text:?}"
        ));
    }
    if to - from >= SEEDS_MAX {
        return Err(format!("expected at most {SEEDS_MAX} seeds, found {text:?}"));
    }
    Ok(from..to + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<u64>, String> {
        let table: toml::Table = format!("seeds = {text}").parse().unwrap();
        seeds(&table["seeds"])
    }

    #[test]
    fn both_ends_are_meant_and_each_seed_counts_once() {
        assert_eq!(of("\"1..3\""), Ok(vec![1, 2, 3]));
        assert_eq!(of("7"), Ok(vec![7]));
        assert_eq!(of("[5, 2]"), Ok(vec![5, 2]));
        for wrong in [
            "\"3..1\"",
            "\"1\"",
            "\"a..b\"",
            "[1, 1]",
            "[]",
            "-1",
            "true",
            "[\"1\"]",
            "\"0..1000000\"",
        ] {
            assert!(of(wrong).unwrap_err().starts_with("expected"), "{wrong}");
        }
        assert_eq!(of("\"1..1000000\"").unwrap().len(), 1_000_000);
    }
}
