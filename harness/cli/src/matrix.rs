//! `matrix`: every flavour of the reference store stays silent over many runs, and every known bug is found, and how soon.

use crate::exit::Exit;
use crate::explore::promise;
use crate::failure::Failure;
use crate::opening::{cores, stopped_by_signals};
use crate::search_args::MatrixArgs;
use crate::simulated::recorded;
use crate::table::Table;
use afterall_checkers::Outcome;
use afterall_checkers::words::{count, percent};
use afterall_engine::{RunConfig, Stop, WorldKind};
use afterall_history::Span;
use afterall_reference::core::{Flavour, MUTANTS};
use afterall_search::{
    Detection, Exploration, Explored, Fixed, Trials, detections, explore as explore_seeds, quantile,
};
use afterall_workloads::driven;

/// One search for a bug ends after so many runs.
const RUNS_MAX: u64 = 20_000;

pub(crate) fn matrix(args: &MatrixArgs) -> Result<Exit, Failure> {
    if args.runs == 0 && args.trials == 0 {
        return Err(Failure::usage("expected --runs or --trials other than 0, found both 0"));
    }
    let stop = stopped_by_signals(WorldKind::Sim);
    let cores = cores();
    let mut worst = Exit::Valid;
    if args.runs > 0 {
        worst = silence(args, cores, &stop);
    }
    if args.trials > 0 && !stop.is_stopped() {
        println!();
        worst = worst.worse(bugs(args, cores, &stop));
    }
    Ok(worst)
}

/// Every flavour that is not known to be wrong, with every data type that it has.
fn silence(args: &MatrixArgs, cores: usize, stop: &Stop) -> Exit {
    let mut table =
        Table::new(["flavour", "runs", "alarms", "least tried promise", "chances", "may break in"]);
    let mut worst = Exit::Valid;
    for &flavour in Flavour::ALL.iter().filter(|flavour| !flavour.is_a_textbooks()) {
        let workloads: Vec<_> = driven().filter(|&workload| flavour.has(workload)).collect();
        let share = args.runs.div_ceil(workloads.len().max(1) as u64);
        let (mut runs, mut alarms) = (0, 0);
        let mut least: Option<(u64, String)> = None;
        for workload in workloads {
            if stop.is_stopped() {
                break;
            }
            let base = RunConfig::builder()
                .world(WorldKind::Sim)
                .flavour(Some(flavour))
                .workload(Some(workload))
                .build();
            let explored = explored(base, share, cores, stop);
            runs += explored.runs;
            alarms += explored.failed;
            for (key, failure) in &explored.failures {
                let (seed, workload) = (failure.first_seed, workload.name());
                eprintln!("alarm: {key}");
                eprintln!(
                    "  afterall explore --flavour {flavour} --workload {workload} --seeds {seed}..{seed}"
                );
            }
            for (&(property, sessions), chances) in &explored.chances {
                let chances = chances.unwrap_or(0);
                if least.as_ref().is_none_or(|&(fewest, _)| chances < fewest) {
                    let least_tried = promise((property, sessions));
                    least = Some((chances, format!("{least_tried} of {}", workload.name())));
                }
            }
        }
        let (fewest, promise) = least.unwrap_or_default();
        // What is broken has no chances.
        let (chances, bound) = match Outcome::held(fewest, "") {
            _ if alarms > 0 => ("–".to_owned(), "broken".to_owned()),
            Outcome::Held { bound, .. } => (count(fewest), format!("≤ {}", percent(bound))),
            _ => (count(fewest), "not exercised".to_owned()),
        };
        let promise = if alarms > 0 { "–".to_owned() } else { promise };
        let cells = [count(runs), count(alarms), promise, chances, bound];
        let [runs, alarmed, promise, chances, bound] = cells.each_ref().map(String::as_str);
        table.row([flavour.name(), runs, alarmed, promise, chances, bound]);
        worst = worst.worse(match (alarms, fewest) {
            (1.., _) => Exit::Invalid,
            // What was never tried is not known to hold.
            (0, 0) => Exit::Unknown,
            (0, _) => Exit::Valid,
        });
    }
    print!("{table}");
    if stop.is_stopped() { worst.worse(Exit::Unknown) } else { worst }
}

fn explored(base: RunConfig, runs: u64, jobs: usize, stop: &Stop) -> Explored {
    let (fixed, seeds) = (Fixed::default(), 1..runs + 1);
    let exploration = Exploration { base, fixed, seeds, budget: None, jobs, guided: false };
    explore_seeds(&exploration, &recorded, stop, &mut |_| {})
}

/// Every known bug, and how soon it is found.
fn bugs(args: &MatrixArgs, cores: usize, stop: &Stop) -> Exit {
    let mut table = Table::new([
        "mutant",
        "breaks",
        "found",
        "runs: median",
        "p90",
        "virtual time: median",
        "p90",
    ]);
    let mut worst = Exit::Valid;
    for row in MUTANTS {
        if stop.is_stopped() {
            worst = worst.worse(Exit::Unknown);
            break;
        }
        let mutant = Some(row.mutant());
        let base = RunConfig::builder().world(WorldKind::Sim).mutant(mutant).build();
        let trials = Trials { trials: args.trials, runs_max: RUNS_MAX, guided: args.guided };
        let found = detections(&base, row.breaks, trials, cores, &recorded, stop);
        let count_found = found.iter().filter(|one| one.found).count();
        if count_found < found.len() {
            worst = worst.worse(Exit::Unknown);
        }
        let runs = |percent| match quantile(&found, percent, |one| one.runs) {
            Some(runs) => count(runs),
            None => format!("> {}", count(RUNS_MAX)),
        };
        let time = |percent| {
            let ns = quantile(&found, percent, |one: &Detection| one.virtual_ns);
            ns.map_or("–".to_owned(), |ns| Span::ms(ns / 1_000_000_000 * 1_000).to_string())
        };
        let share = format!("{count_found} of {}", found.len());
        let cells = [runs(50), runs(90), time(50), time(90)];
        let [median, p90, median_time, p90_time] = cells.each_ref().map(String::as_str);
        table.row([row.name, row.breaks.name(), &share, median, p90, median_time, p90_time]);
    }
    print!("{table}");
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterall_checkers::Valid;

    #[test]
    fn the_worse_of_two_ends_counts() {
        let all = [Exit::Valid, Exit::Unknown, Exit::Invalid];
        for (at, &end) in all.iter().enumerate() {
            for &other in &all[..at] {
                assert_eq!(end.worse(other), end);
                assert_eq!(other.worse(end), end);
            }
        }
        assert_eq!(Exit::from(Valid::False), Exit::Invalid);
    }
}
