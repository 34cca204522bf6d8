//! Every lie to the clients is found wherever it fits, and the same runs without it are silent.

use crate::runs::{config, everything, judge_all, recorded};
use afterall_checkers::Valid;
use afterall_engine::RunConfig;
use afterall_history::{Lie, Workload};
use afterall_reference::core::Flavour;

/// Each must find the lie.
const SEEDS: u64 = 1;

fn runs(lie: Option<Lie>, flavour: Flavour, workload: Workload) -> Vec<RunConfig> {
    let run = |seed| RunConfig { lie, rate: Some(80), ..config(flavour, workload, seed) };
    (1..=SEEDS).map(run).collect()
}

/// The correct flavours.
fn configurations() -> impl Iterator<Item = (Flavour, Workload)> {
    everything().into_iter().filter(|(flavour, _)| !flavour.is_a_textbooks())
}

#[test]
fn every_lie_is_found_with_its_property_and_without_it_the_run_is_silent() {
    let mut told = 0;
    for (flavour, workload) in configurations() {
        for lie in config(flavour, workload, 1).fitting_lies() {
            for (config, verdict) in judge_all(runs(Some(lie), flavour, workload)) {
                let what = format!("{lie} {flavour} {workload} {}", config.seed);
                assert_eq!(verdict.valid, Valid::False, "{what}: {:?}", verdict.reasons);
                let found = verdict.lie_found_by();
                assert!(!found.is_empty(), "{what}: {:?}", verdict.reasons);
                assert!(verdict.notes[0].contains(found[0].name()), "{:?}", verdict.notes);
                told += 1;
            }
        }
        for (config, verdict) in judge_all(runs(None, flavour, workload)) {
            let what = format!("{flavour} {workload} {}", config.seed);
            assert_eq!(verdict.valid, Valid::True, "{what}: {:?}", verdict.reasons);
            assert_eq!(verdict.lie_found_by(), []);
        }
    }
    assert!(told >= 9 * SEEDS, "{told}");
}

#[test]
fn the_plainest_property_is_among_those_that_find_a_lie() {
    for (lie, workload) in [
        (Lie::DropWrite, Workload::Register),
        (Lie::DropWrite, Workload::Counter),
        (Lie::DropWrite, Workload::Cart),
        (Lie::DropWrite, Workload::Position),
        (Lie::DropWrite, Workload::Text),
        (Lie::StaleRead, Workload::Register),
        (Lie::StaleRead, Workload::Counter),
        (Lie::StaleRead, Workload::Cart),
        (Lie::StaleRead, Workload::Position),
        (Lie::StaleRead, Workload::Text),
        (Lie::Double, Workload::Counter),
        (Lie::Resurrect, Workload::Cart),
    ] {
        let config = config(Flavour::Crdt, workload, 1);
        let promises = config.header(None).promises;
        let promised = |property: &&_| promises.iter().any(|p| p.property == **property);
        let plainest = *lie.breaks().iter().find(promised).unwrap();
        for (config, verdict) in judge_all(runs(Some(lie), Flavour::Crdt, workload)) {
            let found = verdict.lie_found_by();
            assert!(found.contains(&plainest), "{lie} {workload} {}: {found:?}", config.seed);
        }
    }
}

#[test]
fn a_lie_follows_from_the_seed() {
    let lying = |seed| RunConfig {
        lie: Some(Lie::StaleRead),
        ..config(Flavour::Crdt, Workload::Register, seed)
    };
    assert_eq!(recorded(&lying(3)), recorded(&lying(3)));
    let honest = config(Flavour::Crdt, Workload::Register, 3);
    assert_ne!(recorded(&lying(3)), recorded(&honest));
}

#[test]
fn a_lie_that_nothing_came_of_is_said_to_be_not_found() {
    // Nothing is asked after the first writes: no reads that could be stale.
    let mut config = config(Flavour::Crdt, Workload::Register, 1);
    config.lie = Some(Lie::StaleRead);
    config.rate = Some(1);
    config.time_ms = 3_000;
    let (_, verdict) = judge_all(vec![config]).remove(0);
    assert_ne!(verdict.valid, Valid::False);
    assert!(verdict.notes[0].contains("the checkers did not find it"), "{:?}", verdict.notes);
}
