//! Where two campaigns came out otherwise.

use crate::index::Index;
use crate::line::{Ended, Line};
use std::collections::BTreeMap;

/// A run that came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// What its cell is called.
    pub cell: String,
    /// Its seed.
    pub seed: u64,
    /// How it ended in the first, and its gravest key.
    pub was: (Ended, Option<String>),
    /// The same in the second.
    pub is: (Ended, Option<String>),
}

impl Changed {
    /// That a run came out otherwise, if it did: that what counts for others differs.
    #[must_use]
    pub fn between(was: &Line, is: &Line) -> Option<Changed> {
        let of = |line: &Line| (line.verdict, line.keys.first().cloned());
        let differs = was.verdict != is.verdict || was.keys != is.keys;
        differs.then(|| Changed {
            cell: was.cell.clone(),
            seed: was.seed,
            was: of(was),
            is: of(is),
        })
    }
}

/// Where two campaigns differ. Their runs are told apart by their cells and seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// How many runs both have.
    pub both: u64,
    /// How many the first alone has.
    pub only_first: u64,
    /// How many the second alone has.
    pub only_second: u64,
    /// Those of both that came out otherwise.
    pub changed: Vec<Changed>,
    /// Each failure key, by how many runs of the first and of the second have it as their gravest.
    pub keys: BTreeMap<String, (u64, u64)>,
}

impl Difference {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let same = self.keys.values().all(|(first, second)| first == second);
        self.changed.is_empty() && self.only_first == 0 && self.only_second == 0 && same
    }
}

fn by_name(index: &Index) -> BTreeMap<(bool, &str, u64), &Line> {
    index.lines.values().map(|line| ((!line.canary, line.cell.as_str(), line.seed), line)).collect()
}

/// Where two campaigns differ.
#[must_use]
pub fn difference(first: &Index, second: &Index) -> Difference {
    let (ours, theirs) = (by_name(first), by_name(second));
    let both = ours.iter().filter_map(|(name, line)| Some((*line, *theirs.get(name)?)));
    let changed = both.clone().filter_map(|(was, is)| Changed::between(was, is)).collect();
    let both = both.count() as u64;
    let mut keys: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for key in first.runs().filter_map(|line| line.keys.first()) {
        keys.entry(key.clone()).or_default().0 += 1;
    }
    for key in second.runs().filter_map(|line| line.keys.first()) {
        keys.entry(key.clone()).or_default().1 += 1;
    }
    let (only_first, only_second) = (ours.len() as u64 - both, theirs.len() as u64 - both);
    Difference { both, only_first, only_second, changed, keys }
}
