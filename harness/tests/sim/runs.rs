//! Simulated runs, recorded and judged.

use afterall::config::{RunConfig, WorldKind};
use afterall::driver::SessionKind;
use afterall_checkers::{Verdict, check};
use afterall_history::{History, Workload, Writer, read_jsonl_from};
use afterall_reference::core::Flavour;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A short run of a small cluster, without faults.
pub(crate) fn config(flavour: Flavour, workload: Workload, seed: u64) -> RunConfig {
    RunConfig {
        target: "reference".into(),
        flavour: Some(flavour),
        mutant: None,
        workload,
        world: WorldKind::Sim,
        nodes: 5,
        concurrency: 10,
        sessions: SessionKind::Mixed,
        rate: Some(150),
        time_ms: 8_000,
        quiescence_max_ms: 30_000,
        timeout_ms: 1_000,
        faults: Vec::new(),
        seed,
        max_bound: Default::default(),
        toxiproxy: None,
        images: Default::default(),
        manifest_path: None,
        manifest: None,
    }
}

/// The run's history, as it is written to disk.
pub(crate) fn recorded(config: &RunConfig) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &config.header(None)).unwrap();
    afterall::world::sim::run(config, &AtomicBool::new(false), &mut |event| writer.append(event))
        .unwrap_or_else(|error| panic!("seed {}: {error}", config.seed));
    writer.finish().unwrap()
}

pub(crate) fn history(bytes: &[u8]) -> History {
    read_jsonl_from(bytes, "simulated").unwrap()
}

pub(crate) fn judged(config: &RunConfig) -> Verdict {
    check(&history(&recorded(config)))
}

/// Judges every run, on every core, and hands the verdicts over in the order of the runs.
pub(crate) fn judge_all(configs: Vec<RunConfig>) -> Vec<(RunConfig, Verdict)> {
    let next = AtomicUsize::new(0);
    let verdicts: Vec<OnceLock<Verdict>> = configs.iter().map(|_| OnceLock::new()).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(config) = configs.get(place) else { break };
                    verdicts[place].set(judged(config)).unwrap();
                }
            });
        }
    });
    let verdicts = verdicts.into_iter().map(|verdict| verdict.into_inner().unwrap());
    configs.into_iter().zip(verdicts).collect()
}
