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
