//! `explore`: many runs, and what is kept of them.

use crate::program::{afterall, text};
use std::path::Path;
use std::process::Output;

fn explore(words: &str, store: &Path) -> Output {
    afterall(&format!("explore {words}")).arg("--store").arg(store).output().unwrap()
}

/// The folders of runs in a store of registers.
fn runs(store: &Path) -> Vec<std::path::PathBuf> {
    let group = store.join("reference-register");
    std::fs::read_dir(group).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_smallest_run_of_each_way_of_failing_is_kept_and_can_be_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let output = explore("--mutant no-anti-entropy --seeds 1..30", &store);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("invalid: 30 runs in ")
            && said.contains("reference/crdt: convergence broken"),
        "{said}"
    );
    let kept = runs(&store);
    let ways = said.matches("the smallest, ").count();
    assert!(ways >= 1 && kept.len() == ways, "{ways} ways, {kept:?}");
    for run in kept {
        for file in ["run.toml", "history.jsonl", "verdict.json", "report.html"] {
            assert!(run.join(file).is_file(), "{file} of {}", run.display());
        }
        let again = folder.path().join("again");
        let replay = afterall("replay").arg(&run).arg("--store").arg(&again).output().unwrap();
        assert_eq!(replay.status.code(), Some(1), "{}", text(&replay));
        let read = |path: &Path| std::fs::read(path.join("history.jsonl")).unwrap();
        assert!(read(&run) == read(&again.join("latest")), "{}", run.display());
    }
}

#[test]
fn a_correct_store_is_silent_and_what_makes_no_sense_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let output = explore("--flavour siblings --seeds 1..40 -j 2", &store);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said = text(&output);
    assert!(
        said.starts_with("valid: 40 runs in ") && said.contains("none broke a promise"),
        "{said}"
    );
    assert!(!store.exists(), "nothing was to be kept");
    for (words, says) in [
        ("--seeds 3..1", "expected a first seed that is not larger than the last"),
        ("--seeds 7", "expected two numbers such as 1..1000"),
        ("--workload cart --flavour textbook", "cart"),
        ("--faults udp-drop", "udp-drop"),
        ("--faults none,kill", "expected kinds of faults, or none alone, found \"none,kill\""),
        ("--nodes 0", "--nodes: expected 1 to 10000, found 0"),
        ("--jobs 0", "expected 1 to 65535, found 0"),
        ("--budget 0", "expected a time in which a run can begin"),
    ] {
        let output = explore(words, &store);
        assert_eq!(output.status.code(), Some(254), "{words}: {}", text(&output));
        assert!(text(&output).contains(says), "{words}: {}", text(&output));
    }
}

#[test]
fn without_faults_none_takes_hold() {
    let folder = tempfile::tempdir().unwrap();
    let output = explore("--faults none --seeds 1..5", &folder.path().join("store"));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("valid: 5 runs in ") && !said.contains("took hold"), "{said}");
}

#[test]
fn why_nothing_is_known_is_told_first() {
    let folder = tempfile::tempdir().unwrap();
    for (words, says) in [
        ("--seeds 1..2 --nodes 1", "none broke a promise; not put to the test often enough: "),
        ("--seeds 1..2 --budget 1ns", "unknown: no run began within --budget "),
    ] {
        let output = explore(words, &folder.path().join("store"));
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{words}: {said}");
        assert!(said.starts_with("unknown: ") && said.contains(says), "{words}: {said}");
    }
}

#[test]
fn a_failure_is_found_made_small_played_again_and_blamed() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let output = explore("--mutant no-anti-entropy --seeds 1..12 --faults partition", &store);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let run = runs(&store).swap_remove(0);
    let shrunk = afterall("shrink").arg(&run).output().unwrap();
    let said = text(&shrunk);
    assert_eq!(shrunk.status.code(), Some(0), "{said}");
    let size = |name: &str| {
        let line = said.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        let number = line.split_whitespace().nth(1).unwrap_or_default().replace(',', "");
        number.parse::<u32>().unwrap_or_else(|_| panic!("{said}"))
    };
    assert!(size("before:") > 50 && size("after:") <= 12, "{said}");
    let scenario = run.join("shrunk.toml");
    let played = afterall("scenario run").arg(&scenario).arg("--store").arg(&store).output();
    let played = played.unwrap();
    assert_eq!(played.status.code(), Some(0), "{}", text(&played));
    assert!(text(&played).contains("\nas expected:\n"), "{}", text(&played));
    let blamed = afterall("blame --tries 3 --futures 2").arg(&scenario).output().unwrap();
    let said = text(&blamed);
    assert_eq!(blamed.status.code(), Some(0), "{said}");
    assert!(said.contains("With all faults it fails in this way in "), "{said}");
    assert!(said.contains("How many of 2 futures fail, from each of 32 instants on:"), "{said}");
}

#[test]
fn a_run_that_cannot_be_made_smaller_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |words: &str, file: Option<&str>| {
        let mut command = afterall(words);
        if let Some(text) = file {
            let path = folder.path().join("run.toml");
            std::fs::write(&path, text).unwrap();
            command.arg(path);
        }
        let output = command.output().unwrap();
        assert!(matches!(output.status.code(), Some(254 | 255)), "{}", text(&output));
        text(&output)
    };
    assert!(refused("blame", Some("world = 'process'")).contains("found one of the process world"));
    let correct = "world = 'sim'\ntime = '3s'\nrate = 50\nfaults = []\n";
    for command in ["shrink", "blame"] {
        let said = refused(command, Some(correct));
        assert!(said.contains("expected a run that breaks a promise"), "{said}");
        assert!(refused(&format!("{command} no-such-scenario"), None).contains("unknown scenario"));
    }
}

#[test]
fn the_matrix_says_how_soon_each_bug_is_found_and_that_the_rest_is_silent() {
    let output = afterall("matrix --runs 0 --trials 0").output().unwrap();
    assert_eq!(output.status.code(), Some(254), "{}", text(&output));
    // So few that a promise may not have been tried.
    let output = afterall("matrix --runs 8 --trials 0").output().unwrap();
    let said = text(&output);
    assert!(matches!(output.status.code(), Some(0 | 2)), "{said}");
    let flavours = ["lww", "crdt", "causal", "quorum", "ttl-cache"];
    for flavour in flavours {
        let row = said.lines().find(|line| line.split_whitespace().next() == Some(flavour));
        let cells: Vec<&str> = row.unwrap_or_default().split_whitespace().collect();
        assert!(cells.get(2) == Some(&"0"), "{said}");
    }
    assert!(!said.contains("textbook"), "{said}");
}
