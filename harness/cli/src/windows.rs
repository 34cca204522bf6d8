//! `windows`: how old the values are that reads return, in four short runs.

use crate::args::{WINDOWS_RATE, WindowsArgs, usage, with_target};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::table::Table;
use crate::unseen::judged;
use afterall_checkers::verdict::PhaseStaleness;
use afterall_checkers::words::{count, duration, percent};
use afterall_engine::config::Span;
use afterall_engine::faults::{Condition, Effect, Fault, Planned, Schedule};
use afterall_engine::{Plan, RunConfig, WorldKind};
use afterall_history::{FaultKind, Phase, Value, Workload};
use afterall_worlds::docker;
use std::path::Path;

/// One of the runs: its heading, how many times the usual rate it has, when the cut comes and goes in tenths of the time, and
/// the phase whose reads are measured.
struct Setting {
    heading: &'static str,
    load: u32,
    cut: Option<(u64, u64)>,
    phase: Phase,
}

/// The four runs. What comes after a cut is measured right after it: later, all is normal again.
const RUNS: [Setting; 4] = [
    Setting { heading: "normal", load: 1, cut: None, phase: Phase::Healthy },
    Setting { heading: "high load", load: 10, cut: None, phase: Phase::Healthy },
    Setting { heading: "partition", load: 1, cut: Some((1, 10)), phase: Phase::Faults },
    Setting { heading: "recovery", load: 1, cut: Some((1, 9)), phase: Phase::Heal },
];

pub(crate) fn windows(args: &WindowsArgs) -> Result<Exit, Failure> {
    if !(1..=100_000).contains(&args.rate) {
        return Err(Failure::usage(format!(
            "--rate: expected {WINDOWS_RATE}, found {}",
            args.rate
        )));
    }
    let configs = RUNS.iter().map(|run| config(args, run)).collect::<Result<Vec<_>, _>>()?;
    let logs = tempfile::tempdir()?;
    let mut columns = Vec::new();
    let mut missed = false;
    for (run, config) in RUNS.iter().zip(configs) {
        let (rate, time) = (config.rate.unwrap_or(0), Span::ms(config.time_ms));
        eprintln!("{}: {time} at {} operations per second", run.heading, count(rate.into()));
        let (column, took_hold) = measured(run, config, logs.path())?;
        if !took_hold {
            eprintln!("warning: {}: nothing shows that the cut took hold", run.heading);
            missed = true;
        }
        columns.push(column);
    }
    print!("{}", table(&columns));
    println!(
        "\nAge: for how long the value of a stale read had been overwritten. Ages are lower bounds."
    );
    Ok(if missed { Exit::Unknown } else { Exit::Valid })
}

/// The configuration of a run, checked.
fn config(args: &WindowsArgs, run: &Setting) -> Result<RunConfig, Failure> {
    let builder = RunConfig::builder()
        .workload(Workload::Register)
        .flavour(args.flavour)
        .world(args.world)
        .nodes(args.nodes)
        .rate(args.rate.saturating_mul(run.load))
        .time(args.time)
        .faults([])
        .seed(args.seed);
    let mut config = with_target(builder, &args.target, args.world)?.build();
    if let Some((from, until)) = run.cut {
        config.faults = vec![FaultKind::Partition];
        let tenth_ns = config.time_ms.saturating_mul(100_000);
        config.schedule = Schedule::Given(vec![Planned {
            at_ns: from * tenth_ns,
            until_ns: until * tenth_ns,
            fault: halves(usize::from(config.nodes)),
        }]);
    }
    let plan = Plan::new(config).map_err(usage)?;
    if plan.config().world == WorldKind::Docker {
        docker::check(plan.config()).map_err(Failure::usage)?;
    }
    Ok(plan.config().clone())
}

/// The cluster is cut in two.
fn halves(nodes: usize) -> Fault {
    let apart = |&(from, to): &(usize, usize)| (from < nodes / 2) != (to < nodes / 2);
    let all = (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to)));
    Fault {
        kind: FaultKind::Partition,
        effect: Effect::Links { links: all.filter(apart).collect(), condition: Condition::Refused },
        parameters: Value::Map(vec![("shape".to_owned(), "halves".into())]),
    }
}

/// What a run showed of the phase that it is about, and whether its cut took hold.
fn measured(
    run: &Setting,
    config: RunConfig,
    logs: &Path,
) -> Result<(Option<PhaseStaleness>, bool), Failure> {
    let verdict = judged(config, logs)?;
    let took_hold = verdict.faults.iter().all(|fault| fault.took);
    let phases = verdict.figures.staleness.map(|all| all.phases).unwrap_or_default();
    Ok((phases.into_iter().find(|phase| phase.phase == run.phase), took_hold))
}

fn table(columns: &[Option<PhaseStaleness>]) -> Table {
    let [a, b, c, d] = RUNS.each_ref().map(|run| run.heading);
    let mut table = Table::new(["", a, b, c, d]);
    let mut row = |name: &str, of: &dyn Fn(&PhaseStaleness) -> String| {
        let cell = |column: &Option<PhaseStaleness>| column.as_ref().map_or("–".to_owned(), of);
        let cells: Vec<String> = columns.iter().map(cell).collect();
        if let [a, b, c, d] = cells.as_slice() {
            table.row([name, a, b, c, d]);
        }
    };
    let age = |ns: Option<i64>| ns.map_or("none".to_owned(), duration);
    row("reads", &|of| count(of.reads));
    row("stale", &|of| percent(of.stale as f64 / of.reads.max(1) as f64));
    row("age p50", &|of| age(of.p50_ns));
    row("age p99", &|of| age(of.p99_ns));
    row("age max", &|of| age(of.max_ns));
    table
}
