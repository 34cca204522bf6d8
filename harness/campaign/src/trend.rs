//! How the nights of a campaign came out, one after the other.

use crate::line::{Ended, Line};
use crate::night::Night;
use crate::report::CanaryOutcome;
use std::collections::BTreeSet;

/// What a night comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightSummary {
    /// What reports call it.
    pub name: String,
    /// When its last run ended; empty where none did.
    pub ended: String,
    /// How many runs were made, without the canary's.
    pub runs: u64,
    /// How many broke a promise, or were not as expected.
    pub failed: u64,
    /// How many are unknown.
    pub unknown: u64,
    /// How many crashed.
    pub crashed: u64,
    /// In how many ways runs failed, each told by its gravest key.
    pub ways: u64,
    /// Faults that were injected, and how many of them are shown to have taken hold.
    pub faults: (u64, u64),
    /// How long all runs took together, milliseconds.
    pub took_ms: u64,
    /// In how many of its runs the canary was found, and how many were made.
    pub canary: Option<(u64, u64)>,
}

impl NightSummary {
    /// What a night comes to.
    #[must_use]
    pub fn of(night: &Night<'_>) -> NightSummary {
        let runs = || night.index.runs();
        let number = |ended: Ended| runs().filter(|line| line.verdict == ended).count() as u64;
        let keys: BTreeSet<&str> = runs()
            .filter(|line| line.fails())
            .filter_map(|line| Some(line.keys.first()?.as_str()))
            .collect();
        let sum = |of: fn(&Line) -> u64| runs().map(of).fold(0_u64, u64::saturating_add);
        let ended = night.index.lines.values().map(|line| line.wall.ended.as_str()).max();
        NightSummary {
            name: night.name.to_owned(),
            ended: ended.unwrap_or_default().to_owned(),
            runs: runs().count() as u64,
            failed: number(Ended::Invalid),
            unknown: number(Ended::Unknown),
            crashed: number(Ended::Crashed),
            ways: keys.len() as u64,
            faults: (sum(|line| line.faults), sum(|line| line.took_hold)),
            took_ms: sum(|line| line.wall.took_ms),
            canary: CanaryOutcome::of(night.index).map(|canary| (canary.found, canary.made)),
        }
    }

    /// The share of its runs that failed, from 0 to 1; 0 where none was made.
    #[must_use]
    pub fn failed_share(&self) -> f64 {
        if self.runs == 0 { 0.0 } else { self.failed as f64 / self.runs as f64 }
    }
}
