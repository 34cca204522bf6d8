//! Which fault a run fails by, and from when on it was bound to.

use crate::runs::{failing, large, recorded};
use afterall_engine::Plan;
use afterall_history::FaultKind;
use afterall_search::{
    FailureKey, Part, blame, first_difference, futures, nearest_passing, spelled_out,
};
use afterall_sim::Reference;

#[test]
fn the_fault_that_brings_a_bug_out_is_named_first_and_the_run_was_not_bound_to_fail_before_it() {
    let mut first = 0;
    for from in [0, 100, 200] {
        let run = |seed| {
            let mut config = large("ack-before-sync", from + seed);
            config.faults = vec![FaultKind::Kill, FaultKind::Latency, FaultKind::Clock];
            config
        };
        let (config, recording, verdict) = failing(run, 40).unwrap();
        let key = FailureKey::of(&verdict).unwrap();
        let plan = Plan::new(config).unwrap();
        let config = spelled_out(&plan, recording.history()).unwrap();
        let blame = blame(&config, &key, 4, 2, &recorded);
        assert_eq!(blame.none.failed, 0, "{blame:#?}");
        let kills = |place: usize| blame.suspects[place].planned.fault.kind == FaultKind::Kill;
        assert!(blame.suspects.iter().all(|it| it.part != Part::Cause || kills(0)));
        first += u32::from(kills(0));
        let failed = recorded(&config).unwrap();
        let order: Vec<usize> = blame.suspects.iter().map(|suspect| suspect.place).collect();
        let sibling = nearest_passing(&config, failed.history(), &order, &recorded).unwrap();
        assert_eq!(sibling.planned.fault.kind, FaultKind::Kill);
        assert_eq!(sibling.place, blame.suspects[0].place);
        assert!(FailureKey::of(&sibling.recording.judge_promised()).is_none());
        let (this, other) = sibling.differs.unwrap();
        let (this, other) = (failed.history().op(this), sibling.recording.history().op(other));
        assert_eq!((this.process(), this.f()), (other.process(), other.f()));
        assert!(this.until().max(other.until()) as u64 >= sibling.planned.at_ns);
        assert_eq!(first_difference(failed.history(), failed.history()), None);
        let plan = Plan::new(config).unwrap();
        let instants = futures(&plan, Reference::world(&plan), &key, (4, 8), 2).unwrap();
        assert_eq!(instants.len(), 4);
        let share = |at: usize| instants[at].futures.failed;
        assert!(share(0) <= share(3), "{instants:?}");
    }
    assert_eq!(first, 3);
}
