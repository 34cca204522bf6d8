//! What a campaign comes to.

use crate::cells::{CellSummary, cells};
use crate::date::Date;
use crate::file::Thresholds;
use crate::findings::{Finding, Standing, findings};
use crate::header::Canary;
use crate::index::Index;
use crate::known::{Known, KnownFailure};
use crate::line::Ended;
use crate::night::Night;
use afterall_checkers::words::{count, counted, percent};
use afterall_history::vocabulary;
use std::cmp::Reverse;

vocabulary! {
    /// What a campaign comes to, the gravest last.
    "judgement" Judgement {
        /// Nothing that counts was found, and every cell was put to the test.
        Valid = "valid",
        /// Nothing that counts was found, and not everything was put to the test.
        Unknown = "unknown",
        /// The canary was not found: what was not found proves nothing.
        Void = "void",
        /// A failure was found that is not known.
        Invalid = "invalid",
        /// Too many runs crashed.
        Crashed = "crashed",
    }
}

/// What became of the canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryOutcome {
    /// Which known bug had to be found.
    pub canary: Canary,
    /// How many of its runs are finished.
    pub made: u64,
    /// In how many of them it was found.
    pub found: u64,
    /// How many of them crashed.
    pub crashed: u64,
}

impl CanaryOutcome {
    /// What became of the canary, if the campaign has one.
    #[must_use]
    pub fn of(index: &Index) -> Option<CanaryOutcome> {
        let canary = index.header.canary.clone()?;
        let lines = || index.lines.values().filter(|line| line.canary);
        let number = |of: usize| of as u64;
        let found = number(lines().filter(|line| line.breaks(&canary.breaks)).count());
        let crashed = number(lines().filter(|line| line.verdict == Ended::Crashed).count());
        Some(CanaryOutcome { made: number(lines().count()), found, crashed, canary })
    }

    /// Whether all of its runs were made, and none found it.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.found == 0 && self.made >= self.canary.runs
    }
}

/// What a campaign comes to. It follows from the lines of its index, those of the nights before, the known failures and the day.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What the campaign's file is called.
    pub file: String,
    /// What it comes to.
    pub judgement: Judgement,
    /// Why it is not valid, a sentence each, the gravest first.
    pub reasons: Vec<String>,
    /// How many runs were made, without the canary's.
    pub made: u64,
    /// How many there are.
    pub runs: u64,
    /// How many broke a promise.
    pub failed: u64,
    /// How many are unknown.
    pub unknown: u64,
    /// How many crashed.
    pub crashed: u64,
    /// Why the first of those did, and which it is.
    pub first_crash: Option<(u64, String)>,
    /// What became of the canary.
    pub canary: Option<CanaryOutcome>,
    /// What was found; what counts stands first.
    pub findings: Vec<Finding>,
    /// Known failures that were not seen, neither this night nor before.
    pub unseen: Vec<KnownFailure>,
    /// The cells of which runs were made.
    pub cells: Vec<CellSummary>,
    /// How many cells have no run.
    pub cells_left_out: u64,
}

impl Report {
    /// What a campaign comes to. `before`: the nights to compare with, in the order of time.
    #[must_use]
    pub fn new(now: &Night<'_>, before: &[Night<'_>], known: &Known, today: Date) -> Report {
        let index = now.index;
        let header = &index.header;
        let canary = CanaryOutcome::of(index);
        let canary_runs = header.canary.as_ref().map_or(0, |canary| canary.runs);
        let number =
            |ended: Ended| index.runs().filter(|line| line.verdict == ended).count() as u64;
        let crashes = || index.runs().filter(|line| line.verdict == Ended::Crashed);
        let findings = findings(now, before, known, today);
        let unseen =
            known.all().iter().filter(|known| findings.iter().all(|of| of.key != known.key));
        let cells = cells(index);
        let mut report = Report {
            file: header.file.clone(),
            judgement: Judgement::Valid,
            reasons: Vec::new(),
            made: index.runs().count() as u64,
            runs: header.own_runs().saturating_sub(canary_runs),
            failed: number(Ended::Invalid),
            unknown: number(Ended::Unknown),
            crashed: number(Ended::Crashed),
            first_crash: crashes()
                .next()
                .map(|line| (line.run, line.why.clone().unwrap_or_default())),
            canary,
            unseen: unseen.cloned().collect(),
            findings,
            // A part of a campaign may have no run of some cells.
            cells_left_out: if header.of == 1 {
                header.cells.saturating_sub(cells.len() as u64)
            } else {
                0
            },
            cells,
        };
        report.judge(&header.thresholds);
        report
    }

    fn judge(&mut self, thresholds: &Thresholds) {
        let mut all: Vec<(Judgement, String)> = Vec::new();
        let crashed_canary = self.canary.as_ref().map_or(0, |canary| canary.crashed);
        let crashed = self.crashed + crashed_canary;
        if crashed > thresholds.crashed {
            let why = format!(
                "{} crashed, and {} may",
                counted(crashed, "run"),
                count(thresholds.crashed)
            );
            all.push((Judgement::Crashed, why));
        }
        let counting: Vec<&Finding> =
            self.findings.iter().filter(|finding| finding.counts()).collect();
        if !counting.is_empty() {
            all.push((Judgement::Invalid, found(&counting)));
        }
        if let Some(canary) = &self.canary {
            let CanaryOutcome { canary: Canary { mutant, breaks, runs }, made, found, .. } = canary;
            if canary.is_silent() {
                let why = format!(
                    "the canary {mutant} was not found in {}: no promise of {breaks} was broken, and what else was not found proves nothing",
                    counted(*made, "run")
                );
                all.push((Judgement::Void, why));
            } else if *found == 0 {
                let why = format!(
                    "the canary {mutant} is not found yet: {made} of its {runs} runs were made"
                );
                all.push((Judgement::Unknown, why));
            }
        }
        let share = |part: u64| if self.runs == 0 { 1.0 } else { part as f64 / self.runs as f64 };
        if share(self.made) < thresholds.made.of_one() {
            let least = thresholds.made;
            let why = format!(
                "{} of {} were made, and {least} of them have to be",
                count(self.made),
                counted(self.runs, "run")
            );
            all.push((Judgement::Unknown, why));
        }
        let unknown = if self.made == 0 { 0.0 } else { self.unknown as f64 / self.made as f64 };
        if unknown > thresholds.unknown.of_one() {
            let (share, most) = (percent(unknown), thresholds.unknown);
            all.push((
                Judgement::Unknown,
                format!("{share} of the runs are unknown, and {most} may be"),
            ));
        }
        if self.made == 0 {
            all.push((Judgement::Unknown, "no run was made".to_owned()));
        }
        let untested: Vec<&CellSummary> =
            self.cells.iter().filter(|cell| cell.together == Ended::Unknown).collect();
        if let Some(first) = untested.first() {
            let promises: Vec<&str> = first.untested().collect();
            let which = match promises.as_slice() {
                [] => "nothing was promised".to_owned(),
                some => format!("not put to the test often enough: {}", some.join(", ")),
            };
            let cells = counted(untested.len() as u64, "cell");
            let why = format!(
                "what the runs of {cells} show together is unknown, first {}: {which}",
                first.label
            );
            all.push((Judgement::Unknown, why));
        }
        // A stable order.
        all.sort_by_key(|(judgement, _)| Reverse(*judgement));
        self.judgement = all.first().map_or(Judgement::Valid, |(judgement, _)| *judgement);
        self.reasons = all.into_iter().map(|(_, why)| why).collect();
    }

    /// The cells, the worst first, and of these the one with the most failures.
    #[must_use]
    pub fn worst_first(&self) -> Vec<&CellSummary> {
        let mut cells: Vec<&CellSummary> = self.cells.iter().collect();
        cells.sort_by_key(|cell| (Reverse(cell.worst), Reverse(cell.failed)));
        cells
    }

    /// All of it in a line.
    #[must_use]
    pub fn line(&self) -> String {
        let made = match self.made == self.runs {
            true => counted(self.runs, "run"),
            false => format!("{} of {}", count(self.made), counted(self.runs, "run")),
        };
        let came = || self.findings.iter().filter(|finding| finding.came());
        let ways = came().count() as u64;
        let mut line = format!("{}: {made}, ", self.judgement);
        match self.failed {
            0 => line.push_str("none broke a promise"),
            failed => line.push_str(&format!(
                "{} broke a promise, in {}",
                count(failed),
                counted(ways, "way")
            )),
        }
        for (standing, word) in [(Standing::New, "new"), (Standing::Ongoing, "ongoing")] {
            let of = came().filter(|finding| finding.standing == standing).count() as u64;
            if of > 0 {
                line.push_str(&format!(", {} {word}", count(of)));
            }
        }
        let known = came().filter(|finding| !finding.counts()).count() as u64;
        if known > 0 {
            line.push_str(&format!(", {} known", count(known)));
        }
        if self.crashed > 0 {
            line.push_str(&format!(", {} crashed", count(self.crashed)));
        }
        line
    }
}

fn found(counting: &[&Finding]) -> String {
    let expired = counting.iter().filter(|finding| finding.excuse.is_some()).count() as u64;
    let unknown = counting.len() as u64 - expired;
    let over = "known until a day that is over";
    match (unknown, expired) {
        (_, 0) => format!("{} not known", of(unknown)),
        (0, _) => format!("{} {over}", of(expired)),
        _ => format!("{} not known, and {} {over}", of(unknown), of(expired)),
    }
}

fn of(failures: u64) -> String {
    let verb = if failures == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(failures, "failure"))
}
