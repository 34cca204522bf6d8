//! Every kind of evidence is one typed value with one wording: a snapshot of all.

use afterall_engine::evidence::{DialOutcome, LinkEnd};
use afterall_engine::{Carried, Observation as O};

/// One of each kind, and each of its forms that reads differently.
fn all() -> Vec<O> {
    let link = LinkEnd { link: (0, 2), port: Some(7000) };
    let error = || Some("connection refused (os error 111)".to_owned());
    let text = str::to_owned;
    vec![
        O::ProbesLost { probes: 20, links: 4 },
        O::ProbeArrived { link: (0, 1), after_ns: 1_200_000 },
        O::ProbesArrived { links: 1 },
        O::NoProbeArrived((2, 0)),
        O::NoProbeAnswered,
        O::NoLink,
        O::LinksRefuse { links: 8, error: error() },
        O::LinksRefuse { links: 8, error: None },
        O::LinksHang { links: 3 },
        O::DatagramsBlocked { links: 2 },
        O::LinksOpen { links: 4 },
        O::Dialled { link, outcome: DialOutcome::Open },
        O::Dialled { link, outcome: DialOutcome::Refused },
        O::Dialled { link: (1, 0).into(), outcome: DialOutcome::Hung },
        O::DialFailed { link, error: text("no answer") },
        O::HeldByOtherFaults,
        O::SlowProbes { answered: 3, links: 4, fastest_ns: 212_400_000, asked_ms: (250, 50) },
        O::LimitedProbes {
            answered: 3,
            links: 4,
            bytes: 2_000,
            fastest_ns: 212_400_000,
            kb_per_s: 10,
        },
        O::LimitReadBack { links: 4, kb_per_s: 10 },
        O::DropsReadBack { links: 4 },
        O::CarriedBefore(Carried::Bytes { bytes: 12_000, connections: 3 }),
        O::CarriedBefore(Carried::Messages(1)),
        O::CarriedNothing,
        O::Passed(Carried::Bytes { bytes: 12_000, connections: 0 }),
        O::PassedNothing,
        O::QuickProbes { links: 4, slowest_ns: 900_000 },
        O::TooFast { link: (0, 1), took_ns: 3_000_000, least_ns: 200_000_000 },
        O::StillSlow { link: (0, 1), took_ns: Some(240_000_000) },
        O::StillSlow { link: (0, 1), took_ns: None },
        O::Ended { how: vec![text("exit code 137"), text("exit code 0")] },
        O::StillRuns { process: text("afterall-1-n2-redis") },
        O::KilledAfterAll { process: text("afterall-1-n2-redis"), patience_s: 30 },
        O::ConnectionRefused { error: error() },
        O::ConnectionRefused { error: None },
        O::StillAccepts,
        O::Restarted { before: 1, now: 2 },
        O::NotRestarted { incarnation: 1 },
        O::StartedAt { times: vec![text("2026-11-27T00:00:00Z")] },
        O::ThreadsStopped { threads: 1 },
        O::ThreadsStopped { threads: 3 },
        O::ThreadsRun { running: 1, threads: 3 },
        O::ContainersPaused,
        O::ContainerNotPaused { container: text("afterall-1-n2-redis"), state: text("running") },
        O::Silence { waited_ns: 300_000_000 },
        O::SilentSoFar,
        O::Answers,
        O::NoAnswer { error: text("no answer within 300 ms"), log: None },
        O::NoAnswer { error: text("connection reset"), log: Some(text("out of memory")) },
        O::ClockOffset { offset_us: 150_300 },
        O::ClockOffsetNot { offset_us: Some(-400), wanted_us: 150_000 },
        O::ClockOffsetNot { offset_us: None, wanted_us: 150_000 },
        O::ClockJumps { between_us: 100, and_us: 500_200 },
        O::ClockSteady { offset_us: Some(500_000) },
        O::ClockSteady { offset_us: None },
        O::ClockDrifts { between_us: 120_000, then_us: 480_000 },
        O::ClockDoesNotDrift { offset_us: 480_000 },
        O::ClockNotMeasured,
        O::ClockUnreadable { error: None },
        O::ClockUnreadable { error: Some(text("no answer")) },
        O::FileDamaged {
            file: text("appendonly.aof"),
            sizes: (4_096, 4_064),
            digests: (text("0123456789ab"), text("ba9876543210")),
        },
        O::DiskEmptied { held: 1 },
        O::DiskEmptied { held: 412 },
        O::DiskNotEmpty { holds: 2 },
        O::DiskRefuses,
        O::DiskTakes,
        O::WritesForbidden,
        O::WritesAllowed,
        O::CommitsStand { commits: 412 },
        O::Committed { before: 412, now: 415 },
        O::HasLeft { seen_by: 3, of: 4 },
        O::IsLeaving { taken_by: 0, of: 4, owes: 0 },
        O::IsLeaving { taken_by: 3, of: 4, owes: 1 },
        O::IsLeaving { taken_by: 3, of: 4, owes: 12 },
        O::IsMember { seen_by: 4, of: 4 },
        O::IsJoining,
        O::Exhausted { error: text("Too many open files (os error 24)") },
        O::failed("the process world cannot inject this fault"),
    ]
}

#[test]
fn snapshot_of_every_kind_of_evidence() {
    let all = all();
    let kind = |observation: &O| {
        format!("{observation:?}").split([' ', '(']).next().unwrap_or_default().to_owned()
    };
    let lines: Vec<String> = all.iter().map(|o| format!("{}: {o}", kind(o))).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_snapshot_holds_every_kind() {
    let source = include_str!("../src/evidence/observation.rs");
    let declared = source.split("pub enum Observation {").nth(1).unwrap_or_default();
    let declared = declared.split("\n}\n").next().unwrap_or_default();
    let names = declared.lines().filter_map(|line| line.strip_prefix("    "));
    let names = names.filter(|line| line.starts_with(char::is_uppercase));
    let shown: Vec<String> = all().iter().map(|observation| format!("{observation:?}")).collect();
    let mut count = 0;
    for name in names {
        let name = name.split([' ', '(', ',']).next().unwrap_or_default();
        assert!(shown.iter().any(|shown| shown.split([' ', '(']).next() == Some(name)), "{name}");
        count += 1;
    }
    assert!(count > 35, "{count}");
}
