//! Lines of real runs.

use crate::made::campaign;
use afterall_campaign::{Ended, Facts, Line};
use afterall_engine::{Plan, run};
use afterall_sim::Reference;

/// The lines of a campaign's runs, judged by their promises alone, and in full.
fn lines(text: &str) -> Vec<(Line, Line)> {
    let campaign = campaign(text).unwrap();
    let of = |one: &afterall_campaign::Run| {
        let plan = Plan::new(campaign.config(one)).unwrap();
        let recording = run(&plan, &mut *Reference::world(&plan), &mut ()).unwrap();
        let cell = campaign.cell(one).label();
        let facts = Facts { run: one.number, canary: false, cell, seed: one.seed, floor: 10 };
        (Line::judged(facts, &recording.judge_promised()), Line::judged(facts, &recording.judge()))
    };
    campaign.runs().iter().map(of).collect()
}

#[test]
fn a_line_says_what_broke_and_is_the_same_however_much_is_judged() {
    let all =
        lines("[grid]\nmutant = ['no-anti-entropy', 'cart-union']\nvary = true\nseeds = '1..12'\n");
    assert!(all.iter().all(|(promised, whole)| promised == whole));
    let failing: Vec<&Line> =
        all.iter().map(|(line, _)| line).filter(|line| line.fails()).collect();
    assert!(failing.len() > 4, "{}", failing.len());
    for line in failing {
        assert!(line.keys[0].starts_with("reference/crdt: "), "{:?}", line.keys);
        let mutant = line.cell.split(['=', ' ']).nth(1).unwrap();
        assert!(line.keys.iter().all(|key| key.ends_with(&format!(", mutant {mutant}"))));
        assert!(line.promises.values().any(Option::is_none) && line.why.is_some());
        assert_eq!(line.folder, Some(format!("runs/{}", line.run)));
    }
    let breaks = |property: &str| all.iter().any(|(line, _)| line.breaks(property));
    assert!(breaks("convergence") && breaks("no-resurrected-items") && !breaks("no-oversell"));
}

#[test]
fn a_correct_store_has_lines_without_keys() {
    for (line, _) in lines("[grid]\nflavour = ['crdt', 'lww']\nvary = true\nseeds = '1..6'\n") {
        assert!(line.verdict < Ended::Invalid && line.keys.is_empty() && line.folder.is_none());
        assert!(line.ops > 0 && line.promises.values().all(Option::is_some));
        // What is valid needs no reason.
        assert_eq!(line.why.is_some(), line.verdict == Ended::Unknown);
    }
}

#[test]
fn a_scenario_is_held_to_what_it_expects() {
    let campaign = campaign("[grid]\nscenario = 'story'\n").unwrap();
    let plan = Plan::new(campaign.config(&campaign.runs()[0])).unwrap();
    let recording = run(&plan, &mut *Reference::world(&plan), &mut ()).unwrap();
    let facts = Facts { run: 0, canary: false, cell: "scenario=story", seed: 1, floor: 10 };
    let line = |unmet: &[&str]| {
        let unmet: Vec<String> = unmet.iter().map(|one| (*one).to_owned()).collect();
        Line::expected(facts, &recording.judge(), "story", &unmet)
    };
    assert_eq!((line(&[]).verdict, line(&[]).keys.len()), (Ended::Valid, 0));
    // Another seed finds another figure, and fails in the same way.
    let (one, other) = (line(&["p99: 3 s, expected <= 2s"]), line(&["p99: 4 s, expected <= 2s"]));
    assert_eq!(one.keys, ["scenario story: not as expected, p99"]);
    assert!(one.keys == other.keys && one.fails() && one.why.unwrap().contains("3 s, expected"));
}
