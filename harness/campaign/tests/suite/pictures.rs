//! The heat map of a campaign, and what a night comes to among others.

use crate::made::{index, line, runs};
use afterall_campaign::{Ended, Known, Night, NightSummary, Report, heat};

#[test]
fn runs_of_one_system_under_the_same_faults_share_a_field() {
    let cells = [
        ("flavour=crdt workload=cart faults=partition nodes=3", 0),
        ("flavour=crdt workload=cart faults=partition nodes=5", 2),
        ("flavour=crdt workload=cart faults=none nodes=5", 0),
        ("flavour=lww workload=cart", 0),
        ("scenario=dns", 0),
    ];
    let lines = cells
        .iter()
        .zip(1_u64..)
        .flat_map(|(&(cell, failed), place)| runs(place * 10, 4, cell, failed, "key"));
    let index = index(100, lines);
    let night = Night { name: "now", index: &index };
    let report = Report::new(&night, &[], &Known::default(), "2026-11-28".parse().unwrap());
    let heat = heat(&report.cells);
    assert_eq!(heat.columns, ["partition", "none", "usual"]);
    let rows: Vec<&str> = heat.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(rows, ["crdt, cart", "lww, cart", "scenario dns"]);
    let field = heat.rows[0].fields[0].unwrap();
    assert_eq!((field.worst, field.failed, field.runs), (Ended::Invalid, 2, 8));
    assert_eq!(heat.rows[0].fields[1].unwrap().worst, Ended::Valid);
    assert_eq!(heat.rows[0].fields[2], None);
    assert_eq!(heat.left_out, 0);
}

#[test]
fn what_is_beyond_the_map_is_counted() {
    let lines = (0..300_u64)
        .map(|n| line(n + 2, &format!("target=t{n:03} faults=f{}", n % 40), Ended::Valid, &[]));
    let index = index(400, lines);
    let night = Night { name: "now", index: &index };
    let report = Report::new(&night, &[], &Known::default(), "2026-11-28".parse().unwrap());
    let heat = heat(&report.cells);
    assert_eq!((heat.rows.len(), heat.columns.len(), heat.left_out), (200, 30, 110));
}

#[test]
fn a_night_is_summed_up_without_its_canary() {
    let mut lines = runs(2, 10, "a", 3, "key");
    lines.push(line(20, "a", Ended::Invalid, &["another", "key"]));
    lines.push(line(21, "a", Ended::Unknown, &[]));
    lines.push(line(22, "a", Ended::Crashed, &[]));
    for line in &mut lines {
        (line.wall.took_ms, line.faults, line.took_hold) = (10, 2, 1);
        line.wall.ended = format!("2026-11-28T07:{:02}:00Z", line.run);
    }
    let index = index(40, lines);
    let night = NightSummary::of(&Night { name: "now", index: &index });
    assert_eq!((night.runs, night.failed, night.unknown, night.crashed), (13, 4, 1, 1));
    assert_eq!((night.ways, night.faults, night.took_ms), (2, (26, 13), 130));
    assert_eq!(night.ended, "2026-11-28T07:22:00Z");
    assert!((night.failed_share() - 4.0 / 13.0).abs() < 1e-9);
    assert!(night.canary.is_some_and(|(_, made)| made == 2));
}
