//! Simulated runs, recorded and judged.

use afterall_checkers::{Verdict, check};
use afterall_engine::faults::Registry;
use afterall_engine::{Branching, Observer, Plan, RunConfig, RunError, Stop, WorldKind, record};
use afterall_history::{Event, FaultKind, History, Workload, Writer, read_jsonl_from};
use afterall_reference::core::Flavour;
use afterall_sim::Reference;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Every kind of fault that runs in the sim have unless they are told.
pub(crate) fn every_fault() -> Vec<FaultKind> {
    Registry::standard().usual_kinds(WorldKind::Sim.abilities())
}

/// Every flavour, with each workload that it has.
pub(crate) fn everything() -> Vec<(Flavour, Workload)> {
    let of = |&flavour: &Flavour| {
        afterall_workloads::driven().filter(move |&w| flavour.has(w)).map(move |w| (flavour, w))
    };
    Flavour::ALL.iter().flat_map(of).collect()
}

/// A short run of a small cluster, without faults.
pub(crate) fn config(flavour: Flavour, workload: Workload, seed: u64) -> RunConfig {
    let config = RunConfig::builder().world(WorldKind::Sim).flavour(Some(flavour));
    let config = config.workload(workload).rate(150).time(Duration::from_secs(10));
    config.quiescence(Duration::from_secs(30)).faults([]).seed(seed).build()
}

/// Writes the history as it is written to disk.
struct ToMemory(Writer<Vec<u8>>);

impl Observer for ToMemory {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.0.append(event)
    }
}

/// The simulated cluster of a plan.
pub(crate) fn sim(plan: &Plan) -> Box<dyn Branching> {
    Reference::world(plan)
}

/// Carries out a run in the sim.
pub(crate) fn carry_out(
    config: &RunConfig,
    observer: &mut dyn Observer,
    stop: &Stop,
) -> Result<(), RunError> {
    let plan = Plan::new(config.clone())?;
    record(&plan, &mut *sim(&plan), observer, stop)
}

/// The run's history, as it is written to disk.
pub(crate) fn recorded(config: &RunConfig) -> Vec<u8> {
    let header = Plan::new(config.clone()).unwrap().header(None);
    let mut writer = ToMemory(Writer::new(Vec::new(), &header).unwrap());
    carry_out(config, &mut writer, &Stop::default())
        .unwrap_or_else(|error| panic!("seed {}: {error}", config.seed));
    writer.0.finish().unwrap()
}

pub(crate) fn history(bytes: &[u8]) -> History {
    read_jsonl_from(bytes, "simulated").unwrap()
}

/// Judges every run, on every core, and hands the verdicts over in the order of the runs.
pub(crate) fn judge_all(configs: Vec<RunConfig>) -> Vec<(RunConfig, Verdict)> {
    judge_all_by(configs, check)
}

/// As [`judge_all`], in a way of one's own.
pub(crate) fn judge_all_by(
    configs: Vec<RunConfig>,
    judge: fn(&History) -> Verdict,
) -> Vec<(RunConfig, Verdict)> {
    let next = AtomicUsize::new(0);
    let verdicts: Vec<OnceLock<Verdict>> = configs.iter().map(|_| OnceLock::new()).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(config) = configs.get(place) else { break };
                    verdicts[place].set(judge(&history(&recorded(config)))).unwrap();
                }
            });
        }
    });
    let verdicts = verdicts.into_iter().map(|verdict| verdict.into_inner().unwrap());
    configs.into_iter().zip(verdicts).collect()
}
