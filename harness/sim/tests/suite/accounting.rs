//! Last write wins under clock skew: every acknowledged write has a fate, and some are gone.

use crate::runs::{config, judge_all};
use afterall_engine::RunConfig;
use afterall_history::FaultKind;

use afterall_history::Workload;
use afterall_reference::core::Flavour;

#[test]
fn the_fates_of_acknowledged_writes_sum_up() {
    let run = |seed| {
        let faults = vec![FaultKind::Clock, FaultKind::Partition];
        RunConfig { faults, ..config(Flavour::Lww, Workload::Register, seed) }
    };
    let mut gone = 0;
    for (config, verdict) in judge_all((1..=8).map(run).collect()) {
        let fates = verdict.figures.fates.unwrap();
        assert_eq!(fates.undecided, 0, "seed {}: {fates:?}", config.seed);
        assert_eq!(
            fates.survived + fates.superseded + fates.discarded + fates.lost,
            fates.acknowledged,
            "seed {}: {fates:?}",
            config.seed
        );
        let writes = verdict.counts.by_f.iter().find(|counts| counts.f == "write").unwrap();
        assert_eq!(fates.acknowledged, writes.ok);
        gone += fates.discarded + fates.lost;
    }
    assert!(gone > 0);
}
