//! Which runs a file means.

use crate::made::{campaign, campaign_with, shard};
use afterall_campaign::GridError;
use afterall_engine::{RunConfig, WorldKind};
use std::collections::BTreeSet;

const GRID: &str = "[canary]
mutant = 'no-anti-entropy'
vary = true
seeds = '1..2'
[grid]
flavour = ['crdt', 'lww']
workload = ['register', 'cart']
faults = ['none', ['partition', 'kill']]
seeds = '1..3'
[[include]]
scenario = 'story'
[[exclude]]
flavour = 'lww'
workload = 'cart'
";

#[test]
fn the_runs_are_the_product_with_what_is_excluded_and_included() {
    let campaign = campaign(GRID).unwrap();
    let labels: Vec<&str> = campaign.cells().iter().map(|cell| cell.label()).collect();
    assert_eq!(
        labels,
        [
            "mutant=no-anti-entropy vary",
            "flavour=crdt workload=register faults=none",
            "flavour=crdt workload=register faults=partition+kill",
            "flavour=crdt workload=cart faults=none",
            "flavour=crdt workload=cart faults=partition+kill",
            "flavour=lww workload=register faults=none",
            "flavour=lww workload=register faults=partition+kill",
            "scenario=story",
        ]
    );
    // Two of the canary, three of each of six cells, and one of the scenario.
    assert_eq!(campaign.runs().len(), 2 + 3 * 6 + 1);
    let config = campaign.config(&campaign.runs()[3]);
    assert_eq!((config.world, config.faults.len(), config.seed), (WorldKind::Sim, 2, 1));
    assert!(campaign.config(&campaign.runs()[0]).mutant.is_some());
}

#[test]
fn each_cell_has_its_first_run_before_any_has_its_second() {
    let campaign = campaign(GRID).unwrap();
    let runs = campaign.runs();
    assert!(runs.iter().zip(0..).all(|(run, number)| run.number == number));
    assert!(runs[..2].iter().all(|run| campaign.cell(run).is_canary()));
    let first: BTreeSet<&str> = runs[2..9].iter().map(|run| campaign.cell(run).label()).collect();
    assert_eq!(first.len(), 7);
    assert!(
        runs[9..15].iter().all(|run| run.seed == 2) && runs[15..].iter().all(|run| run.seed == 3)
    );
}

#[test]
fn parts_have_each_run_once_and_the_canary_each() {
    let campaign = campaign(GRID).unwrap();
    let parts: Vec<Vec<u64>> = (1..=3)
        .map(|n| campaign.runs_of(Some(shard(&format!("{n}/3")))).map(|run| run.number).collect())
        .collect();
    for part in &parts {
        assert_eq!(part[..2], [0, 1]);
    }
    let mut others: Vec<u64> = parts.iter().flat_map(|part| part[2..].to_vec()).collect();
    others.sort_unstable();
    assert_eq!(others, (2..21).collect::<Vec<_>>());
    for (n, part) in (1..).zip(&parts) {
        let header = campaign.header("x", "0", Some(shard(&format!("{n}/3"))));
        assert_eq!(header.own_runs(), part.len() as u64);
    }
    assert_eq!(campaign.header("x", "0", None).own_runs(), 21);
}

#[test]
fn what_varies_is_drawn_from_its_seed_but_for_what_is_said() {
    let text = "[grid]\nflavour = 'crdt'\nvary = true\nnodes = 3\nseeds = '1..20'\n";
    let campaign = campaign(text).unwrap();
    let configs: Vec<RunConfig> = campaign.runs().iter().map(|run| campaign.config(run)).collect();
    assert!(configs.iter().all(|config| config.nodes == 3));
    let faults: BTreeSet<_> = configs.iter().map(|config| config.faults.clone()).collect();
    assert!(faults.len() > 5, "{faults:?}");
    assert_eq!(configs[4], campaign.config(&campaign.runs()[4]));
}

#[test]
fn a_known_bug_brings_its_faults_unless_they_are_said() {
    let faults = |text: &str| {
        let campaign = campaign(text).unwrap();
        campaign.config(&campaign.runs()[0]).faults.len()
    };
    assert!(faults("[grid]\nmutant = 'no-anti-entropy'\n") > 0);
    assert_eq!(faults("[grid]\nmutant = 'no-anti-entropy'\nfaults = 'none'\n"), 0);
    assert_eq!(faults("[grid]\nflavour = 'crdt'\n"), 0);
    assert!(faults("[grid]\nfaults = 'usual'\n") > 3);
}

#[test]
fn seeds_are_moved_and_everything_is_in_the_digest() {
    let digest = |text: &str, add| campaign_with(text, add).unwrap().header("x", "0", None);
    let text = "[grid]\nflavour = 'crdt'\nseeds = '1..3'\n";
    let seeds: Vec<u64> =
        campaign_with(text, 100).unwrap().runs().iter().map(|run| run.seed).collect();
    assert_eq!(seeds, [101, 102, 103]);
    assert!(digest(text, 0).same(&digest(text, 0)).is_ok());
    let changed = digest(text, 0).same(&digest(&text.replace("crdt", "lww"), 0)).unwrap_err();
    assert!(changed.contains("found a changed one"), "{changed}");
    let moved = digest(text, 0).same(&digest(text, 7)).unwrap_err();
    assert!(moved.contains("seeds to which is added 0"), "{moved}");
    let other = campaign_with(text, 0).unwrap().header("x", "0", Some(shard("1/2")));
    assert!(digest(text, 0).same(&other).unwrap_err().contains("found 1 of 2"));
    let newer = campaign_with(text, 0).unwrap().header("x", "1", None);
    assert!(digest(text, 0).same(&newer).unwrap_err().contains("the version 0"));
}

#[test]
fn what_makes_no_sense_is_told_with_its_cell() {
    let says = |text: &str| campaign(text).unwrap_err().to_string();
    for (text, expected) in [
        (
            "[grid]\nflavour = 'crdt'\n[[include]]\nflavour = 'crdt'\n",
            "found this one twice: flavour=crdt",
        ),
        (
            "[grid]\nflavour = 'crdt'\n[[exclude]]\nflavour = 'lww'\n",
            "found one that leaves none out",
        ),
        (
            "[grid]\nflavour = 'crdt'\n[[exclude]]\nflavour = 'crdt'\n",
            "found none: every cell is left out",
        ),
        ("[grid]\nscenario = 'tale'\n", "the cell \"scenario=tale\": unknown scenario \"tale\""),
        ("[grid]\ntarget = 'moon'\n", "unknown target \"moon\""),
        ("[grid]\nvary = true\nworld = 'process'\n", "expected the world sim where runs vary"),
        (
            "[grid]\nmutant = 'cart-union'\nflavour = 'lww'\n",
            "the cell \"flavour=lww mutant=cart-union\": ",
        ),
        ("[grid]\nfaults = 'partition'\nnodes = 1\n", "one node has none"),
    ] {
        assert!(says(text).contains(expected), "{text}: {}", says(text));
    }
    let too_large = campaign_with("[grid]\nseeds = 9\n", u64::MAX).unwrap_err();
    assert!(matches!(too_large, GridError::Seed { seed: 9, .. }), "{too_large}");
    let many = "[grid]\nnodes = [2,3,4,5,6,7,8,9,10,11]\nconcurrency = [1,2,3,4,5,6,7,8,9,10]\nrate = [1,2,3,4,5,6,7,8,9,10]\n\
                workload = ['register','counter','cart','set','chat','position','text','inventory','register','cart','set']\n";
    assert_eq!(campaign(many).unwrap_err(), GridError::Cells);
    let many = "[grid]\nnodes = [2, 3]\nseeds = '1..600000'\n";
    assert_eq!(campaign(many).unwrap_err(), GridError::Runs);
}
