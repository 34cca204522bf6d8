//! What the runs of a cell come to together.

use crate::index::Index;
use crate::line::{Ended, Line};
use std::collections::BTreeMap;

/// What the runs of a cell come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellSummary {
    /// What it is called.
    pub label: String,
    /// How many of its runs are finished.
    pub runs: u64,
    /// How many of them broke a promise, or were not as expected.
    pub failed: u64,
    /// How many of them are unknown.
    pub unknown: u64,
    /// How many of them crashed.
    pub crashed: u64,
    /// The worst end of a run.
    pub worst: Ended,
    /// What they show together: valid, if none failed and every promise could have been broken often enough in all of them. A run that is
    /// unknown for another reason than that it had too few chances shows nothing.
    pub together: Ended,
    /// How often each promise could have been broken in all of them; none where it was.
    pub promises: BTreeMap<String, Option<u64>>,
    /// How often a promise has to be put to the test to count as tested.
    pub floor: u64,
}

impl CellSummary {
    fn new(label: &str) -> CellSummary {
        CellSummary {
            label: label.to_owned(),
            runs: 0,
            failed: 0,
            unknown: 0,
            crashed: 0,
            worst: Ended::Valid,
            together: Ended::Unknown,
            promises: BTreeMap::new(),
            floor: 1,
        }
    }

    fn take(&mut self, line: &Line) {
        self.runs += 1;
        self.worst = self.worst.max(line.verdict);
        match line.verdict {
            Ended::Valid => {}
            Ended::Unknown => self.unknown += 1,
            Ended::Invalid => self.failed += 1,
            Ended::Crashed => self.crashed += 1,
        }
        self.floor = self.floor.max(line.floor);
        let shows_nothing = match line.verdict {
            Ended::Valid | Ended::Invalid => false,
            Ended::Unknown => !line.lacks_chances_alone(),
            Ended::Crashed => true,
        };
        for (promise, &chances) in &line.promises {
            let chances = if shows_nothing { chances.map(|_| 0) } else { chances };
            let known = self.promises.entry(promise.clone()).or_insert(Some(0));
            *known = known.zip(chances).map(|(a, b)| a.saturating_add(b));
        }
    }

    /// The promises that no run broke, and that could not have been broken often enough.
    pub fn untested(&self) -> impl Iterator<Item = &str> {
        let few = |chances: &Option<u64>| chances.is_some_and(|chances| chances < self.floor);
        self.promises.iter().filter(move |(_, chances)| few(chances)).map(|(name, _)| name.as_str())
    }

    fn concluded(mut self) -> CellSummary {
        let tested = !self.promises.is_empty() && self.untested().next().is_none();
        self.together = match (self.failed, self.crashed < self.runs) {
            (1.., _) => Ended::Invalid,
            (0, false) => Ended::Crashed,
            (0, true) if tested || self.worst == Ended::Valid => Ended::Valid,
            (0, true) => Ended::Unknown,
        };
        self
    }
}

/// The cells of which a run is finished, in the order of their first runs.
pub(crate) fn cells(index: &Index) -> Vec<CellSummary> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all: Vec<CellSummary> = Vec::new();
    for line in index.runs() {
        let place = *places.entry(&line.cell).or_insert_with(|| {
            all.push(CellSummary::new(&line.cell));
            all.len() - 1
        });
        all[place].take(line);
    }
    all.into_iter().map(CellSummary::concluded).collect()
}
