//! `blame`: which of its faults a run of the sim fails by, and from when on it was bound to fail.

use crate::args::usage;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::opening::cores;
use crate::search_args::BlameArgs;
use crate::simulated::{of_the_sim, recorded};
use crate::table::Table;
use afterall_checkers::Verdict;
use afterall_checkers::words::{briefly, counted, operation};
use afterall_engine::Plan;
use afterall_engine::faults::Planned;
use afterall_history::{History, OpId, Span, Status};
use afterall_search::{
    Blame, Failed, FailureKey, Instant, Part, Sibling, Suspect, blame as blame_faults, futures,
    nearest_passing, spelled_out,
};
use afterall_sim::Reference;

/// At how many instants it is asked whether the run was bound to fail.
const INSTANTS: u32 = 32;
/// The shares of a strip, in eighths.
const BLOCKS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(crate) fn blame(args: &BlameArgs) -> Result<Exit, Failure> {
    let plan = of_the_sim(&args.run)?;
    let recording = recorded(plan.config()).map_err(Failure::failed)?;
    let verdict = recording.judge_promised();
    let key = FailureKey::of(&verdict).ok_or_else(|| {
        Failure::usage("expected a run that breaks a promise, found one that breaks none")
    })?;
    let config = spelled_out(&plan, recording.history()).map_err(Failure::failed)?;
    let cores = cores();
    let tries = args.tries.get().into();
    println!("{key}");
    if let Some(anomaly) = verdict.anomalies.iter().find(|anomaly| anomaly.promised) {
        println!("{}", anomaly.sentence);
    }
    let blame = blame_faults(&config, &key, tries, cores, &recorded);
    println!(
        "\nWith all faults it fails in this way in {}, without any in {}.",
        of(blame.all),
        of(blame.none)
    );
    if !blame.all.mostly() {
        println!(
            "It does so seldom once its operations are given one by one: what follows says little."
        );
    }
    if blame.none.mostly() {
        println!("No fault is to blame: it fails in this way without any.");
    }
    if !blame.suspects.is_empty() {
        print!("\n{}", table(&blame, &verdict));
    }
    let of_all = recorded(&config).map_err(Failure::failed)?;
    let order: Vec<usize> = blame.suspects.iter().map(|suspect| suspect.place).collect();
    if let Some(sibling) = nearest_passing(&config, of_all.history(), &order, &recorded) {
        print!("\n{}", told(&sibling, of_all.history(), &verdict));
    }
    let plan = Plan::new(config).map_err(usage)?;
    let tries = args.futures.get().into();
    let instants = futures(&plan, Reference::world(&plan), &key, (INSTANTS, tries), cores)?;
    tell_futures(&instants, plan.config().time_ms);
    Ok(Exit::Valid)
}

/// `3 of 20 runs`.
fn of(Failed { failed, of }: Failed) -> String {
    format!("{failed} of {}", counted(of.into(), "run"))
}

fn table(blame: &Blame, verdict: &Verdict) -> Table {
    let mut table = Table::new(["from", "to", "without it", "alone", "what it is", "fault"]);
    for suspect in &blame.suspects {
        let Suspect { place, planned, without, alone, part } = suspect;
        let part = match part {
            Part::Cause => "necessary and sufficient",
            Part::Necessary => "necessary",
            Part::Sufficient => "sufficient",
            Part::Irrelevant => "irrelevant",
        };
        table.row([
            &rounded(planned.at_ns),
            &rounded(planned.until_ns),
            &format!("{} of {}", without.failed, without.of),
            &format!("{} of {}", alone.failed, alone.of),
            part,
            name(verdict, *place, planned),
        ]);
    }
    table
}

/// What the verdict calls a fault of the schedule.
fn name<'v>(verdict: &'v Verdict, place: usize, planned: &'v Planned) -> &'v str {
    let fault = verdict.faults.iter().find(|fault| fault.fault as usize == place);
    let what = fault.map(|fault| fault.what.as_str()).filter(|what| !what.is_empty());
    what.unwrap_or(planned.fault.kind.name())
}

/// The run with one fault less that passes, and where it leaves the run that fails.
fn told(sibling: &Sibling, fails: &History, verdict: &Verdict) -> String {
    let Sibling { place, planned, recording, differs } = sibling;
    let (name, from) = (name(verdict, *place, planned), rounded(planned.at_ns));
    let passes =
        format!("Without the {name} from {from} on the run passes, other things being equal");
    let Some((of_this, of_other)) = *differs else {
        return format!("{passes}; no answer differs.\n");
    };
    let other = recording.history();
    let until = fails.op(of_this).until().min(other.op(of_other).until());
    format!(
        "{passes}. The first answer that differs, at {}:\n  with it     {}\n  without it  {}\n",
        rounded(u64::try_from(until).unwrap_or(0)),
        came_out(fails, of_this),
        came_out(other, of_other),
    )
}

/// An operation, and what came back, or why nothing did.
fn came_out(history: &History, id: OpId) -> String {
    let op = history.op(id);
    let how = match op.status() {
        Status::Ok => return operation(history, id),
        Status::Fail => "failed",
        Status::Info => "was never answered",
    };
    let why = op.error().map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{} {how}{why}", briefly(op))
}

fn rounded(ns: u64) -> String {
    Span::ms(ns.saturating_add(500_000) / 1_000_000).to_string()
}

/// A strip of the shares of futures that fail, and when all of them did.
fn tell_futures(instants: &[Instant], time_ms: u64) {
    let block = |instant: &Instant| {
        let Failed { failed, of } = instant.futures;
        BLOCKS[(failed * 8).div_ceil(of.max(1)).min(8) as usize]
    };
    let strip: String = instants.iter().map(block).collect();
    let tries = instants.first().map_or(0, |instant| instant.futures.of);
    println!(
        "\nHow many of {} fail, from each of {} instants on:",
        counted(tries.into(), "future"),
        instants.len()
    );
    println!("0s {strip} {}", Span::ms(time_ms));
    // The last instant from which some future does not fail.
    let open = instants.iter().rposition(|instant| instant.futures.failed < instant.futures.of);
    let bound = match open {
        None => Some("from the beginning on".to_owned()),
        Some(last) => instants.get(last + 1).map(|next| {
            let from = instants.get(last).map_or(0, |instant| instant.at_ns);
            format!("between {} and {}", rounded(from), rounded(next.at_ns))
        }),
    };
    match (bound, open) {
        (Some(when), None) => println!("With these faults it was bound to fail {when}."),
        (Some(when), Some(_)) => println!("It came to be bound to fail {when}."),
        (None, _) => println!("To the end of the load it was not bound to fail."),
    }
}
