//! `run --repeat` and `run --until-fail`: the same run with one seed after the other.

use crate::args::{RunArgs, usage};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::run::carry_out;
use crate::terminal::Showing;
use afterall_checkers::words;
use afterall_engine::{Plan, RunConfig};
use std::collections::BTreeMap;

/// What so many runs came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By exit code of the run: its seeds.
    seeds: BTreeMap<u8, Vec<u64>>,
}

/// The most seeds that are named.
const SEEDS_MAX: usize = 10;

impl Tally {
    pub(crate) fn add(&mut self, exit: Exit, seed: u64) {
        self.seeds.entry(exit.code()).or_default().push(seed);
    }

    pub(crate) fn runs(&self) -> usize {
        self.seeds.values().map(Vec::len).sum()
    }

    /// `20 runs: 18 valid, 2 invalid (seeds 4, 9)`; `what` is what each is called.
    pub(crate) fn line(&self, what: &str) -> String {
        let of = |(&code, seeds): (&u8, &Vec<u64>)| {
            let word = match code {
                0 => return format!("{} valid", words::count(seeds.len() as u64)),
                1 => "invalid",
                _ => "unknown",
            };
            let named: Vec<String> = seeds.iter().take(SEEDS_MAX).map(u64::to_string).collect();
            let s = if seeds.len() == 1 { "" } else { "s" };
            let more = if seeds.len() > SEEDS_MAX { ", …" } else { "" };
            let count = words::count(seeds.len() as u64);
            format!("{count} {word} (seed{s} {}{more})", named.join(", "))
        };
        let parts: Vec<String> = self.seeds.iter().map(of).collect();
        format!("{}: {}", words::counted(self.runs() as u64, what), parts.join(", "))
    }
}

/// Carries out runs until there are enough, one breaks a promise if that is what is waited for, or a signal comes. The worst
/// decides the exit code.
pub(crate) fn repeat(args: &RunArgs, first: &RunConfig) -> Result<Exit, Failure> {
    let most = args.repeat.unwrap_or(u64::MAX);
    let showing = Showing { one_line: !args.showing.json, ..args.showing };
    let mut tally = Tally::default();
    let mut worst = Exit::Valid;
    let mut seed = first.seed;
    for _ in 0..most {
        let plan = Plan::new(RunConfig { seed, ..first.clone() }).map_err(usage)?;
        let judged = carry_out(plan, &args.store, args.control, showing)?;
        tally.add(judged.exit, seed);
        worst = worst.worse(judged.exit);
        let found = args.until_fail && judged.exit == Exit::Invalid;
        let Some(next) = seed.checked_add(1).filter(|_| !found && !judged.stopped) else { break };
        seed = next;
    }
    showing.line(&tally.line("run"));
    Ok(worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_the_seeds_that_are_worth_a_look() {
        let mut tally = Tally::default();
        tally.add(Exit::Valid, 1);
        tally.add(Exit::Valid, 2);
        assert_eq!(tally.line("run"), "2 runs: 2 valid");
        tally.add(Exit::Invalid, 3);
        tally.add(Exit::Unknown, 4);
        assert_eq!(tally.line("run"), "4 runs: 2 valid, 1 invalid (seed 3), 1 unknown (seed 4)");
        (5..20).for_each(|seed| tally.add(Exit::Invalid, seed));
        assert!(
            tally.line("run").contains("16 invalid (seeds 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, …)")
        );
    }
}
