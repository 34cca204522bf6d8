//! What was found, told apart by failure keys, and how each stands against the nights before.

use crate::date::Date;
use crate::index::Index;
use crate::known::Known;
use crate::line::{Ended, Line};
use crate::night::Night;
use crate::statistics::gone;
use afterall_checkers::wilson;
use afterall_history::vocabulary;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// From which chance on that it was luck a failure that did not come again is not called resolved.
const LUCK: f64 = 0.05;

vocabulary! {
    /// How a failure stands against the nights before.
    "standing" Standing {
        /// It came, and in no night before.
        New = "new",
        /// It came, and did before.
        Ongoing = "ongoing",
        /// It came before and not this time, and at its former rate that may well be luck.
        Rare = "rare",
        /// It came before and not this time, and at its former rate that would hardly be luck.
        Resolved = "resolved",
    }
}

/// A run in which a failure was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The night's name.
    pub night: String,
    /// The run's number.
    pub run: u64,
    /// What its cell is called.
    pub cell: String,
    /// Its seed.
    pub seed: u64,
    /// Its operations.
    pub ops: u64,
    /// What it showed.
    pub why: String,
}

/// That a failure is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excuse {
    /// Why it is let pass.
    pub reason: String,
    /// Who sees to it.
    pub owner: String,
    /// The last day on which it is let pass.
    pub until: Date,
    /// Whether that day is over.
    pub expired: bool,
}

/// Who it is known to, until when, and why.
impl fmt::Display for Excuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Excuse { reason, owner, until, expired } = self;
        let known = if *expired { "was known" } else { "known" };
        write!(f, "{known} to {owner} until {until}: {reason}")
    }
}

/// A way in which runs failed, in this night or before.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Its key.
    pub key: String,
    /// How it stands against the nights before.
    pub standing: Standing,
    /// In how many runs of this night it came, and how many were made of the cells in which it was ever seen.
    pub now: (u64, u64),
    /// The same of the nights before, all together.
    pub before: (u64, u64),
    /// How likely it is by luck that it did not come, at its former rate; only where it did not.
    pub luck: Option<f64>,
    /// The first run in which it was seen, of all nights.
    pub first: Seen,
    /// The last night in which it was seen.
    pub last: String,
    /// The smallest run of that night in which it was seen.
    pub smallest: Seen,
    /// The cells of this night in which it came.
    pub cells: BTreeSet<String>,
    /// That it is known.
    pub excuse: Option<Excuse>,
}

impl Finding {
    /// Whether it came this night.
    #[must_use]
    pub fn came(&self) -> bool {
        self.now.0 > 0
    }

    /// Whether it came, and nothing lets it pass.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.came() && self.excuse.as_ref().is_none_or(|excuse| excuse.expired)
    }

    /// Within which shares of runs it comes, with 95 % confidence, in the cells in which it was seen: of this night, or of those before where it
    /// did not come in this one.
    #[must_use]
    pub fn odds(&self) -> (f64, f64) {
        let (hits, runs) = if self.came() { self.now } else { self.before };
        wilson(hits, runs)
    }
}

/// The key under which a run counts: its gravest that is not known, so that a known failure hides no other; its gravest, if all are known.
pub(crate) fn counted_key<'l>(line: &'l Line, known: &Known, today: Date) -> Option<&'l str> {
    let mut unknown = line.keys.iter().filter(|key| !known.excuses(key, today));
    unknown.next().or(line.keys.first()).map(String::as_str)
}

/// What a night has of each cell, and of each key.
struct Counts<'i> {
    night: &'i str,
    /// How many runs of each cell were judged.
    runs: BTreeMap<&'i str, u64>,
    /// The runs of each key.
    hits: BTreeMap<&'i str, Vec<&'i Line>>,
}

fn counts<'i>(night: &Night<'i>, known: &Known, today: Date) -> Counts<'i> {
    let index: &'i Index = night.index;
    let mut counts = Counts { night: night.name, runs: BTreeMap::new(), hits: BTreeMap::new() };
    for line in index.runs().filter(|line| line.verdict != Ended::Crashed) {
        *counts.runs.entry(&line.cell).or_default() += 1;
        if let Some(key) = counted_key(line, known, today).filter(|_| line.fails()) {
            counts.hits.entry(key).or_default().push(line);
        }
    }
    counts
}

impl Counts<'_> {
    fn lines(&self, key: &str) -> &[&Line] {
        self.hits.get(key).map_or(&[], Vec::as_slice)
    }

    fn made(&self, cells: &BTreeSet<&str>) -> u64 {
        cells.iter().filter_map(|cell| self.runs.get(cell)).sum()
    }

    fn seen(&self, line: &Line) -> Seen {
        Seen {
            night: self.night.to_owned(),
            run: line.run,
            cell: line.cell.clone(),
            seed: line.seed,
            ops: line.ops,
            why: line.why.clone().unwrap_or_default(),
        }
    }
}

/// What was found this night and in those before, which stand in the order of time: what came first, by standing and key.
pub(crate) fn findings(
    now: &Night<'_>,
    before: &[Night<'_>],
    known: &Known,
    today: Date,
) -> Vec<Finding> {
    let now = counts(now, known, today);
    let before: Vec<Counts<'_>> = before.iter().map(|night| counts(night, known, today)).collect();
    let nights = || before.iter().chain([&now]);
    let keys: BTreeSet<&str> = nights().flat_map(|night| night.hits.keys().copied()).collect();
    let of = |key: &str| {
        let seen: Vec<(&Counts<'_>, &[&Line])> = nights()
            .map(|night| (night, night.lines(key)))
            .filter(|(_, lines)| !lines.is_empty())
            .collect();
        let (first_night, first_lines) = seen.first()?;
        let (last_night, last_lines) = seen.last()?;
        let cells: BTreeSet<&str> = seen
            .iter()
            .flat_map(|(_, lines)| lines.iter().map(|line| line.cell.as_str()))
            .collect();
        let hits = now.lines(key);
        let earlier = || before.iter().flat_map(|night| night.lines(key));
        let formerly = earlier().count() as u64;
        let made_before: u64 = before.iter().map(|night| night.made(&cells)).sum();
        // Only cells of which this night has runs can tell that it is gone.
        let again: BTreeSet<&str> =
            cells.iter().copied().filter(|cell| now.runs.contains_key(cell)).collect();
        let comparable = earlier().filter(|line| again.contains(line.cell.as_str())).count() as u64;
        let comparable_runs = before.iter().map(|night| night.made(&again)).sum();
        let luck = hits.is_empty().then(|| gone(comparable, comparable_runs, now.made(&again)));
        let standing = match (luck, formerly) {
            (None, 0) => Standing::New,
            (None, _) => Standing::Ongoing,
            (Some(luck), _) if luck <= LUCK => Standing::Resolved,
            (Some(_), _) => Standing::Rare,
        };
        let smallest = last_lines.iter().min_by_key(|line| (line.ops, line.run))?;
        let excuse = known.of(key).map(|one| Excuse {
            reason: one.reason.clone(),
            owner: one.owner.clone(),
            until: one.until,
            expired: one.is_expired(today),
        });
        Some(Finding {
            key: key.to_owned(),
            standing,
            now: (hits.len() as u64, now.made(&cells)),
            before: (formerly, made_before),
            luck,
            first: first_night.seen(first_lines.first()?),
            last: last_night.night.to_owned(),
            smallest: last_night.seen(smallest),
            cells: hits.iter().map(|line| line.cell.clone()).collect(),
            excuse,
        })
    };
    let mut all: Vec<Finding> = keys.into_iter().filter_map(of).collect();
    // A stable order: by key within.
    all.sort_by_key(|finding| (!finding.counts(), finding.standing));
    all
}
