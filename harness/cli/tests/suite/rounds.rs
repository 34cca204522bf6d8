//! `run --round`, `--repeat` and `--until-fail`: many runs, and what is printed and kept of them.

use crate::program::{AFTERALL, nodes_of, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(store: &Path, line: &str) -> Output {
    let mut command = Command::new(AFTERALL);
    command.arg("run").args(line.split_whitespace()).arg("--store").arg(store).output().unwrap()
}

/// The folders of runs, in the order of their names.
fn folders(store: &Path) -> Vec<PathBuf> {
    let groups = fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path());
    let groups = groups.filter(|path| path.is_dir() && !path.is_symlink());
    let runs = groups.flat_map(|group| fs::read_dir(group).unwrap());
    let mut runs: Vec<PathBuf> = runs.map(|run| run.unwrap().path()).collect();
    runs.sort();
    runs
}

#[cfg(target_os = "linux")]
#[test]
fn rounds_on_one_cluster_have_a_verdict_each_and_keep_little() {
    let line = "--seed 870201 --nodes 3 --faults kill --rate 150 --round 4s --repeat 2";
    let store = tempfile::tempdir().unwrap();
    let output = run(store.path(), line);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in
        ["round 1, seed 870201: valid: ", "round 2, seed 870202: valid: ", "2 rounds: 2 valid"]
    {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let runs = folders(store.path());
    assert_eq!(runs.len(), 2);
    for run in &runs {
        assert!(run.join("verdict.json").exists() && !run.join("history.jsonl").exists());
    }
    // One cluster: the nodes were started once, and once more after each kill.
    let log = |run: &Path| fs::read_dir(run.join("nodes")).unwrap().count();
    assert_eq!((log(&runs[0]), log(&runs[1])), (3, 0));
    assert!(nodes_of(870_201).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_round_that_breaks_a_promise_is_kept_and_may_end_all() {
    let line = "--seed 870211 --mutant counter-lww --nodes 3 --faults none --rate 150 --round 3s --time 1h --until-fail";
    let store = tempfile::tempdir().unwrap();
    let output = run(store.path(), line);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("round 1, seed 870211: invalid: "), "{said}");
    let first = &folders(store.path())[0];
    for file in ["history.jsonl", "verdict.json", "report.html"] {
        assert!(first.join(file).exists(), "{file}");
    }
}

#[test]
fn runs_are_repeated_with_one_seed_after_the_other() {
    let store = tempfile::tempdir().unwrap();
    let line = "--world sim --seed 5 --faults none --rate 200 --time 2s --repeat 3";
    let output = run(store.path(), line);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in ["seed 5: valid: ", "seed 6: valid: ", "seed 7: valid: ", "3 runs: 3 valid"] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let line = "--world sim --seed 1 --mutant cart-union --time 5s --rate 300 --until-fail";
    let output = run(store.path(), line);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains(" invalid (seed"), "{}", text(&output));
}

#[test]
fn rounds_are_of_real_time() {
    let store = tempfile::tempdir().unwrap();
    let output = run(store.path(), "--world sim --round 10s");
    assert_eq!(output.status.code(), Some(254), "{}", text(&output));
    assert!(text(&output).contains("--round: expected a world in which time is real, found sim"));
}
