//! Scenarios: that those which come with the program show what they say, and what is said of one that is wrong.

use crate::program::{afterall, text, with_each};
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};

fn run(words: &str, store: &Path) -> Output {
    afterall(words).arg("--store").arg(store).output().unwrap()
}

/// The names of the scenarios that come with the program.
fn names() -> Vec<String> {
    let output = afterall("scenario list").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let listed = String::from_utf8(output.stdout).unwrap();
    let names = listed.lines().skip(1).filter(|line| !line.starts_with(' '));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_scenario_shows_what_it_says() {
    let names = names();
    assert!(names.contains(&"alice-and-bob".to_owned()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    with_each(&names, cores, |name| {
        let store = tempfile::tempdir().unwrap();
        let output = run(&format!("scenario run {name}"), store.path());
        let printed = text(&output);
        assert_eq!(output.status.code(), Some(0), "{name}: {printed}");
        assert!(printed.contains("\nas expected:\n  ✓ "), "{name}: {printed}");
        assert!(!printed.contains("✗ the verdict"), "{name}: {printed}");
    });
}

#[test]
fn a_scenario_is_played_with_processes_too_and_its_folder_is_the_same_scenario() {
    let store = tempfile::tempdir().unwrap();
    let output = run("scenario run alice-and-bob --world process", store.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let kept = store.path().join("latest");
    let again = format!("scenario run {} --world sim --seed 7", kept.display());
    let output = run(&again, store.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("sim world, seed 7"), "{}", text(&output));
}

/// What is the sim's alone in scenarios that do not say so: 18 hours in seconds; a message that is lost on a link that is cut,
/// where a real connection hands it over later; two writes in one and the same millisecond.
const OF_THE_SIM: [&str; 4] = [
    "undersea-cable",
    "textbook-lost-rumor",
    "textbook-equal-timestamps",
    "equal-timestamps-no-tie-break",
];

#[test]
#[ignore = "a minute of real time, in which a busy machine may be late: a nightly runs it"]
fn every_scenario_in_which_nothing_is_the_sims_alone_shows_the_same_with_processes() {
    let names = names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let played = AtomicUsize::new(0);
    // They wait most of the time.
    let share = names.len().div_ceil(6);
    std::thread::scope(|scope| {
        for names in names.chunks(share) {
            scope.spawn(|| {
                let store = tempfile::tempdir().unwrap();
                for name in names.iter().filter(|name| !OF_THE_SIM.contains(name)) {
                    let command = format!("scenario run {name} --world process");
                    let output = run(&command, store.path());
                    let printed = text(&output);
                    // A network of its own, or a hundred nodes.
                    if output.status.code() == Some(254) {
                        continue;
                    }
                    assert_eq!(output.status.code(), Some(0), "{name}: {printed}");
                    played.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let played = played.into_inner();
    assert!(played >= 11, "{played} of {}", names.len());
}

#[test]
fn with_processes_given_sessions_ask_beside_those_that_draw() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("both.toml");
    // More sessions that are given than there are nodes: each has a client of its own.
    let scenario = "world = 'process'\nnodes = 2\ntime = '3s'\nrate = 100\nconcurrency = 3\nmax_bound = 'none'\n\
                    [[operation]]\nwhen = '1s'\nsession = 0\nnode = 'n1'\nf = 'write'\nkey = 'x'\nvalue = 1\n\
                    [[operation]]\nwhen = '1s'\nevery = '200ms'\nsession = 1\nnode = 'n1..n2'\nf = 'read'\nkey = 'x'\n\
                    [[operation]]\nwhen = '2s'\nsession = 9\nnode = 'n2'\nf = 'read'\nkey = 'x'\n\
                    [expect]\nheld = ['convergence']\n[expect.figures]\nacknowledged = '100%'\n";
    std::fs::write(&file, scenario).unwrap();
    let output = run(&format!("scenario run {}", file.display()), folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn what_does_not_come_as_expected_is_told_and_the_exit_code_is_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.toml");
    let rows = "time = '2s'\nnodes = 2\n[[operation]]\nwhen = '1s'\nsession = 0\nnode = 'n1'\nf = 'write'\nkey = 'x'\nvalue = 1\n";
    let expect = "[expect]\nbroken = ['convergence']\n[expect.figures]\nwrites-lost = '1..2'\nacknowledged = '100%'\n";
    std::fs::write(&file, format!("{rows}{expect}")).unwrap();
    let output = run(&format!("scenario run {}", file.display()), folder.path());
    let printed = text(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    let expected = "not as expected (1 of 3 were met):\n  ✗ convergence held, expected it to be broken\n  \
                    ✓ acknowledged: 100 % (expected 100%)\n  ✗ writes-lost: 0, expected 1..2\n";
    assert!(printed.contains(expected), "{printed}");
}

/// What is said of a scenario, without its folder.
fn refused(scenario: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    std::fs::write(&file, scenario).unwrap();
    let output = run(&format!("scenario run {}", file.display()), folder.path());
    assert_eq!(output.status.code(), Some(254), "{}", text(&output));
    let error = String::from_utf8(output.stderr).unwrap();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn snapshot_of_what_is_said_of_a_scenario_that_is_wrong() {
    let operation = "[[operation]]\nwhen = '1s'\nsession = 0\nnode = 'n1'\nkey = 'x'\n";
    let fault = "[[schedule]]\nfrom = '1s'\nuntil = '3s'\n";
    let mut told = String::new();
    for scenario in [
        "nodes = 5\ncolour = 'red'\n".to_owned(),
        "time = '5'\n".to_owned(),
        "time = 5\n".to_owned(),
        "nodes = 0\n".to_owned(),
        "nodes = 70000\n".to_owned(),
        "rate = -1\n".to_owned(),
        "faults = 'kill'\n".to_owned(),
        "[copies]\nreplicas = 70000\n".to_owned(),
        "time = '10s'\nquiescence = '1ms'\n".to_owned(),
        "workload = 'registre'\n".to_owned(),
        format!("{operation}f = 'wirte'\nvalue = 1\n"),
        format!("{operation}f = 'write'\n"),
        format!("{operation}f = 'read'\n{}f = 'read'\n", operation.replace("n1", "n9")),
        format!("{operation}f = 'read'\n{}f = 'read'\n", operation.replace("1s", "1h")),
        format!("{fault}fault = 'partition'\n"),
        format!("{fault}fault = 'partition'\nlinks = 'n1-n2'\n"),
        format!("{fault}fault = 'kill'\nnode = 'n1'\nlatency = '1s'\n"),
        format!("nodes = 2\n{fault}fault = 'kill'\nnode = 'n3'\n"),
        format!("{}fault = 'kill'\nnode = 'n1'\n", fault.replace("3s", "30s")),
        format!("{fault}fault = 'kill'\nnode = 'n1'\n{fault}fault = 'pause'\nnode = 'n1'\n"),
        "[network]\nlatency = '5ms..1ms'\n".to_owned(),
        "nodes = 2\n[network]\n[[network.link]]\nlinks = 'n1->n3'\nloss = '1%'\n".to_owned(),
        "world = 'process'\n[network]\nloss = '1%'\n".to_owned(),
        "[gossip]\nrumors = '0s'\n".to_owned(),
        "[expect]\nbroken = ['convergense']\n".to_owned(),
        "[expect.figures]\nwrites-lots = 1\n".to_owned(),
        "[expect.figures]\nwrites-lost = '> 1'\n".to_owned(),
        "[expect.figures]\nwrites-lost = '>= 1s'\n".to_owned(),
        "[expect\n".to_owned(),
    ] {
        told.push_str(&format!("{scenario}----\n{}\n", refused(&scenario)));
    }
    insta::assert_snapshot!("wrong-scenarios", told);
    let folder = tempfile::tempdir().unwrap();
    let unknown = run("scenario run alice-and-rob", folder.path());
    assert_eq!(unknown.status.code(), Some(254));
    assert!(text(&unknown).contains("did you mean \"alice-and-bob\"?"), "{}", text(&unknown));
}

#[test]
fn windows_are_wider_in_a_partition_than_without_one() {
    let measure = || afterall("windows --world sim --seed 3").output().unwrap();
    let output = measure();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(output.stdout, measure().stdout);
    let printed = String::from_utf8(output.stdout).unwrap();
    let row = |name: &str| printed.lines().find(|line| line.starts_with(name)).unwrap();
    let stale = row("stale").split('%').map(|cell| cell.trim_start_matches("stale").trim());
    let shares: Vec<f64> = stale.filter_map(|cell| cell.parse().ok()).collect();
    let [normal, _, partition, recovery] = shares.as_slice() else { panic!("{printed}") };
    assert!(partition > normal && partition > recovery, "{printed}");
    for name in ["reads", "age p50", "age p99", "age max"] {
        assert!(!row(name).contains('–') && !row(name).contains("none"), "{printed}");
    }
    let output = afterall("windows --world sim --nodes 1").output().unwrap();
    assert_eq!(output.status.code(), Some(254), "{}", text(&output));
}
