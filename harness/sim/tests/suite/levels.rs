//! Operations at several consistency levels in one run.

use crate::runs::{config, every_fault, judge_all, recorded};
use afterall_engine::{RunConfig, SessionKind};
use afterall_history::{Level, Property, Workload};
use afterall_reference::core::Flavour;

fn mixed(flavour: Flavour, levels: &[Level], seed: u64) -> RunConfig {
    RunConfig {
        levels: levels.to_vec(),
        faults: every_fault(),
        rate: Some(150),
        sessions: [SessionKind::Sticky, SessionKind::Roaming, SessionKind::Mixed]
            [seed as usize % 3],
        nodes: if seed.is_multiple_of(2) { 3 } else { 5 },
        ..config(flavour, Workload::Register, seed)
    }
}

#[test]
fn what_is_promised_with_levels_holds_under_every_fault() {
    let levels: [&[Level]; 3] = [
        &[Level::One, Level::Quorum],
        &[Level::Quorum, Level::All],
        &[Level::One, Level::Quorum, Level::All],
    ];
    let flavours = [Flavour::Quorum, Flavour::LwwHlc, Flavour::Lww];
    let run = |at: usize| mixed(flavours[at % 3], levels[at / 3 % 3], 50_000 + at as u64);
    for (config, verdict) in judge_all((0..54).map(run).collect()) {
        let broken = verdict.anomalies.iter().filter(|a| a.promised);
        let broken: Vec<&str> = broken.map(|a| a.sentence.as_str()).collect();
        assert!(
            broken.is_empty(),
            "{:?} {:?} seed {}: {broken:?}",
            config.flavour,
            config.levels,
            config.seed
        );
        let strong =
            config.flavour == Some(Flavour::Quorum) && !config.levels.contains(&Level::One);
        let promises =
            |property| verdict.properties.iter().any(|p| p.property == property && p.promised);
        assert_eq!(promises(Property::Linearizable), strong);
        assert_eq!(promises(Property::FreshReads), strong);
        assert_eq!(verdict.figures.levels.len(), config.levels.len());
    }
}

#[test]
fn reads_at_one_are_stale_and_strong_writes_rest_on_them() {
    let run = |seed| mixed(Flavour::Quorum, &[Level::One, Level::Quorum], seed);
    let (mut stale, mut fed) = (0, 0);
    let (mut of_one, mut of_quorum) = ((0, 0), (0, 0));
    for (_, verdict) in judge_all((1..=6).map(run).collect()) {
        let one = verdict.figures.levels.iter().find(|of| of.level == Level::One).unwrap();
        let quorum = verdict.figures.levels.iter().find(|of| of.level == Level::Quorum).unwrap();
        of_one = (of_one.0 + one.ok, of_one.1 + one.ops);
        of_quorum = (of_quorum.0 + quorum.ok, of_quorum.1 + quorum.ops);
        assert!(one.read_p50_ns < quorum.read_p50_ns && one.write_p50_ns < quorum.write_p50_ns);
        stale += one.stale;
        fed += verdict.figures.mixed.unwrap().after_stale_reads;
    }
    // Of what is asked of one replica more is answered.
    assert!(of_one.0 * of_quorum.1 > of_quorum.0 * of_one.1, "{of_one:?} {of_quorum:?}");
    assert!(stale > 0 && fed > 0, "{stale} {fed}");
}

#[test]
fn the_same_seed_draws_the_same_levels() {
    let run = || recorded(&mixed(Flavour::Quorum, &[Level::One, Level::Quorum], 9));
    let (first, second) = (run(), run());
    assert_eq!(first, second);
    let text = String::from_utf8(first).unwrap();
    for level in ["one", "quorum"] {
        assert!(text.contains(&format!("\"level\":\"{level}\"")), "{level}");
    }
}
