//! Runs of a library in the sim, over many seeds, and what they come to.

use afterall_checkers::verdict::Outcome;
use afterall_checkers::{Valid, Verdict, check};
use afterall_crdt_libraries::{Config, Identity, Library, Node};
use afterall_engine::config::NetworkConfig;
use afterall_engine::{Observer, Plan, RunConfig, SessionKind, WorldKind};
use afterall_history::{
    Event, FaultKind, History, Promise, Property, RegisterRule, Semantics, Sessions, Share,
    Workload,
};
use afterall_sim::Simulation;
use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a node survives with everything that it acknowledged.
pub(crate) const FAULTS: [FaultKind; 5] = [
    FaultKind::Partition,
    FaultKind::Latency,
    FaultKind::Bandwidth,
    FaultKind::Kill,
    FaultKind::Pause,
];

/// A run of a library.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) workload: Workload,
    pub(crate) faults: &'a [FaultKind],
    pub(crate) identity: Identity,
    /// How many operations a second there are.
    pub(crate) rate: u32,
    /// What the library claims.
    pub(crate) promises: &'a [Promise],
    /// What becomes of registers that are written at the same time.
    pub(crate) registers: RegisterRule,
}

/// What is promised where a disk may be lost: with it a node loses what it alone had, and the others bring it up to date.
const AFTER_LOSS: [Promise; 2] =
    [Promise::to_all(Property::Convergence), Promise::to_all(Property::NoPhantoms)];

impl<'a> Run<'a> {
    /// Under everything that a node survives, as another writer in each of its lives.
    pub(crate) fn of(
        workload: Workload,
        promises: &'a [Promise],
        registers: RegisterRule,
    ) -> Run<'a> {
        let identity = Identity::OfEachLife;
        Run { workload, faults: &FAULTS, identity, rate: 150, promises, registers }
    }

    /// Of texts, at nodes that lose their disks.
    pub(crate) fn with_lost_disks(identity: Identity) -> Run<'static> {
        let run = Run::of(Workload::Text, &AFTER_LOSS, RegisterRule::Lww);
        Run { faults: &[FaultKind::Wipe], rate: 80, identity, ..run }
    }
}

/// What is left of it.
pub(crate) struct Ran {
    pub(crate) history: History,
    pub(crate) events: Vec<Event>,
    /// How many messages the nodes could make nothing of.
    pub(crate) rejected: u64,
}

/// Keeps every event.
#[derive(Default)]
struct Kept(Vec<Event>);

impl Observer for Kept {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.0.push(event.clone());
        Ok(())
    }
}

/// What a replica of any correct library of CRDTs keeps of this workload, for sessions that stay with it too.
pub(crate) fn claims(workload: Workload) -> Vec<Promise> {
    use Property as P;
    let lasting = match workload {
        Workload::Counter => &[P::NoLostIncrements, P::NoDoubleIncrements][..],
        Workload::Cart | Workload::Set => &[P::NoLostItems, P::NoResurrectedItems],
        Workload::Text => &[P::NoLostItems],
        _ => &[],
    };
    let all = [P::Convergence, P::NoPhantoms].into_iter().chain(lasting.iter().copied());
    // What a session may read of a counter that goes up and down is hardly ever narrow enough to be broken.
    let sticky = match workload {
        Workload::Counter => &[][..],
        _ => &[P::ReadYourWrites, P::MonotonicReads],
    };
    all.map(Promise::to_all).chain(sticky.iter().copied().map(Promise::to_sticky)).collect()
}

/// The seeds of a test: as many as it asks for, or `AFTERALL_SEEDS`.
pub(crate) fn seeds(usual: u64) -> RangeInclusive<u64> {
    1..=std::env::var("AFTERALL_SEEDS").map_or(usual, |seeds| seeds.parse().unwrap())
}

/// A run of five nodes for ten seconds of the sim's time, over links that also double messages and let some overtake others.
pub(crate) fn ran<L: Library>(run: Run<'_>, seed: u64) -> Ran {
    let network = NetworkConfig {
        duplication: Some(Share::millionths(20_000)),
        reordering: Some(Share::millionths(50_000)),
        ..NetworkConfig::default()
    };
    let config = RunConfig::builder().world(WorldKind::Sim).workload(run.workload).rate(run.rate);
    let config = config.time(Duration::from_secs(10)).quiescence(Duration::from_secs(30));
    // Where a register keeps one value, values alone do not tell which of two sessions broke a guarantee: there all stay.
    let config = config.sessions(match run.workload {
        Workload::Register => SessionKind::Sticky,
        _ => SessionKind::Mixed,
    });
    let config = config.faults(run.faults.iter().copied()).network(network).seed(seed).build();
    let plan = Plan::new(config).unwrap();
    let nodes = plan.course().nodes.len();
    let node = |number| Config { number, nodes, identity: run.identity };
    let mut world = Simulation::<Node<L>>::new(&plan, (0..nodes).map(node).collect());
    let mut kept = Kept::default();
    let recording = afterall_engine::run(&plan, &mut world, &mut kept).unwrap();
    let rejected = recording.marks().get("rejected").copied().unwrap_or_default();
    let mut history = recording.into_history();
    let header = history.header_mut();
    header.promises = run.promises.to_vec();
    header.semantics = Semantics { register: run.registers, ..Semantics::default() };
    Ran { history, events: kept.0, rejected }
}

/// The verdicts on the runs of these seeds, on every core, in the order of the seeds; and how many messages were rejected.
pub(crate) fn judged<L: Library>(
    run: Run<'_>,
    seeds: RangeInclusive<u64>,
) -> BTreeMap<u64, (Verdict, u64)> {
    let next = AtomicU64::new(*seeds.start());
    let verdicts = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > *seeds.end() {
                break;
            }
            let Ran { history, rejected, .. } = ran::<L>(run, seed);
            let verdict = (check(&history), rejected);
            verdicts.lock().unwrap_or_else(PoisonError::into_inner).insert(seed, verdict);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    verdicts.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Every promise held in every run, and was put to the test in each. Prints what there was to break.
pub(crate) fn assert_held<L: Library>(library: &str, run: Run<'_>, seeds: RangeInclusive<u64>) {
    let verdicts = judged::<L>(run, seeds);
    let mut chances: BTreeMap<Promise, u64> = BTreeMap::new();
    let mut acknowledged = 0;
    let mut fates = [0; 4];
    for (seed, (verdict, rejected)) in &verdicts {
        let of = format!("{library} {} seed {seed}", run.workload);
        assert_eq!(
            verdict.valid,
            Valid::True,
            "{of}: {:?} {:?}",
            verdict.reasons,
            verdict.anomalies
        );
        assert_eq!(*rejected, 0, "{of}");
        acknowledged += verdict.counts.ok;
        if let Some(of) = &verdict.figures.fates {
            let of = [of.survived, of.superseded, of.discarded, of.lost];
            fates.iter_mut().zip(of).for_each(|(sum, of)| *sum += of);
        }
        for &promise in run.promises {
            *chances.entry(promise).or_default() += held(verdict, promise, &of);
        }
    }
    let of = |(promise, chances): (&Promise, &u64)| format!("{promise} {chances}");
    let chances: Vec<String> = chances.iter().map(of).collect();
    println!(
        "{library} {}: {} runs, {acknowledged} operations acknowledged; chances: {}",
        run.workload,
        verdicts.len(),
        chances.join(", ")
    );
    if run.workload == Workload::Register {
        let [survived, superseded, discarded, lost] = fates;
        println!(
            "  writes: {survived} survived, {superseded} superseded, {discarded} discarded, {lost} lost"
        );
    }
}

/// In how many chances a promise held, where sessions that stay and sessions that roam are judged apart, in those of both.
fn held(verdict: &Verdict, promise: Promise, of: &str) -> u64 {
    let judged = verdict.properties.iter().filter(|it| it.property == promise.property);
    let judged =
        judged.filter(|it| promise.sessions == Sessions::All || it.sessions == promise.sessions);
    let chances = judged.map(|it| match it.outcome {
        Outcome::Held { chances, .. } => chances,
        Outcome::NotExercised { .. } => 0,
        _ => panic!("{of}: {promise}: {it:?}"),
    });
    let chances = chances.sum();
    assert!(chances > 0, "{of}: {promise} was not put to the test");
    chances
}

/// In some of the runs this promise is broken. Prints in how many, and the first proof. That the same runs are silent without
/// the mistake is for another test to see.
pub(crate) fn assert_found<L: Library>(
    mistake: &str,
    run: Run<'_>,
    seeds: RangeInclusive<u64>,
    property: Property,
) {
    let verdicts = judged::<L>(run, seeds);
    let broken = |verdict: &Verdict| verdict.breaks_promise(property);
    let found: Vec<u64> = verdicts
        .iter()
        .filter(|(_, (verdict, _))| broken(verdict))
        .map(|(&seed, _)| seed)
        .collect();
    let rejected: u64 = verdicts.values().map(|(_, rejected)| rejected).sum();
    println!(
        "{mistake}, {}: {property} broken in {} of {} runs, the first by seed {:?}; {rejected} messages rejected",
        run.workload,
        found.len(),
        verdicts.len(),
        found.first(),
    );
    if let Some((verdict, _)) = found.first().and_then(|seed| verdicts.get(seed)) {
        let anomaly = verdict.anomalies.iter().find(|anomaly| anomaly.property == property);
        println!("  {}", anomaly.map_or("", |anomaly| &anomaly.sentence));
    }
    assert!(!found.is_empty(), "{mistake} was not found");
}
