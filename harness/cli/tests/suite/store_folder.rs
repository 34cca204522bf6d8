//! The folder of a run: what a start that fails leaves, where `latest` leads, what a full disk costs.
#![cfg(target_os = "linux")]
use crate::program::{AFTERALL, afterall, latest, names, text, verdict};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn sim(store: &Path, more: &str) -> Command {
    let store = store.display();
    afterall(&format!(
        "run --world sim --faults none --max-bound none --time 2s --seed 1 --store {store} {more}"
    ))
}

/// A start that fails.
fn fails(store: &Path) -> Output {
    let store = store.display();
    let words = format!("run --seed 892001 --toxiproxy http://127.0.0.1:1 --store {store}");
    let output = afterall(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    output
}

#[test]
fn a_start_that_fails_leaves_no_folder_and_latest_where_it_led() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let output = fails(&store);
    assert!(!text(&output).contains("what was recorded"), "{}", text(&output));
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
    assert_eq!(sim(&store, "--workload counter").output().unwrap().status.code(), Some(0));
    let led = fs::read_link(store.join("latest")).unwrap();
    fails(&store);
    assert_eq!(fs::read_link(store.join("latest")).unwrap(), led);
    assert_eq!(names(&store), ["latest", "reference-counter"]);
    // An empty store that somebody made stays.
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fails(&empty);
    assert!(names(&empty).is_empty());
}

#[test]
fn a_bad_configuration_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    for more in ["--nodes 0", "--concurrency 0", "--time 1ms"] {
        assert_eq!(sim(&store, more).output().unwrap().status.code(), Some(254), "{more}");
        assert!(names(folder.path()).is_empty(), "{more}");
    }
}

#[test]
fn nodes_that_do_not_start_leave_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    // Nodes keep their data in the folder for temporary files.
    let words = format!("run --seed 892002 --store {}", store.display());
    let output = afterall(&words).env("TMPDIR", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    assert!(text(&output).contains("/nowhere"), "{}", text(&output));
    assert!(text(&output).contains("TMPDIR"), "{}", text(&output));
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
}

#[test]
fn runs_of_the_same_second_and_seed_stay_apart() {
    let store = tempfile::tempdir().unwrap();
    let mut running: Vec<_> = (0..6)
        .map(|_| {
            let mut command = sim(store.path(), "");
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            command.spawn().unwrap()
        })
        .collect();
    for child in &mut running {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    let group = store.path().join("reference-register");
    assert_eq!(names(&group).len(), 6);
    for name in names(&group) {
        for file in ["run.toml", "history.jsonl", "verdict.json", "report.html"] {
            assert!(group.join(&name).join(file).is_file(), "{name}/{file}");
        }
    }
    assert!(latest(store.path(), "verdict.json").is_file());
    assert_eq!(names(store.path()), ["latest", "reference-register"]);
}

#[test]
fn something_else_in_the_place_of_latest_is_said_and_left_alone() {
    let store = tempfile::tempdir().unwrap();
    let place = store.path().join("latest");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("mine"), "text").unwrap();
    let output = sim(store.path(), "").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let says = "latest does not lead to this run: it is a folder, which is left alone";
    assert!(text(&output).contains(says), "{}", text(&output));
    assert_eq!(names(&place), ["mine"]);

    fs::remove_dir_all(&place).unwrap();
    fs::write(&place, "text").unwrap();
    let output = sim(store.path(), "").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("it is a file, which is left alone"), "{}", text(&output));
    assert_eq!(fs::read_to_string(&place).unwrap(), "text");

    // A link that leads nowhere is only a link.
    fs::remove_file(&place).unwrap();
    std::os::unix::fs::symlink("nowhere", &place).unwrap();
    let output = sim(store.path(), "").output().unwrap();
    assert!(!text(&output).contains("warning"), "{}", text(&output));
    assert!(latest(store.path(), "report.html").is_file());
}

#[test]
fn a_store_that_is_no_folder_or_gone_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    fs::write(&file, "text").unwrap();
    let output = sim(&file, "").output().unwrap();
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    assert!(text(&output).contains("error: cannot write"), "{}", text(&output));
    assert_eq!(fs::read_to_string(&file).unwrap(), "text");

    // The current folder is gone.
    let gone = folder.path().join("gone");
    fs::create_dir(&gone).unwrap();
    let line = "rmdir \"$PWD\"; exec \"$0\" run --world sim --faults none --max-bound none --time 2s --seed 1";
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", line, AFTERALL]).current_dir(&gone).output().unwrap();
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    assert!(text(&output).contains("error: cannot write store/"), "{}", text(&output));

    let absolute = folder.path().join("elsewhere");
    let line = format!("{line} --store {}", absolute.display());
    fs::create_dir(&gone).unwrap();
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", &line, AFTERALL]).current_dir(&gone).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn no_home_and_no_standard_input_are_needed() {
    let store = tempfile::tempdir().unwrap();
    let line = format!(
        "exec env -i \"$0\" run --faults none --time 500ms --nodes 3 --seed 892003 --store {} <&-",
        store.path().display()
    );
    let output = Command::new("sh").args(["-c", &line, AFTERALL]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

/// A command whose files may not grow beyond so many kibibytes.
fn limited(command: &Command, kibibytes: u32) -> Command {
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("ulimit -f {kibibytes}; exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

#[test]
fn a_report_that_cannot_be_written_costs_the_report_and_not_the_verdict() {
    let store = tempfile::tempdir().unwrap();
    let output = limited(&sim(store.path(), "--rate 50"), 80).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said = text(&output);
    assert!(said.contains("valid: register workload on reference/crdt"), "{said}");
    assert!(said.contains("report.html: File too large"), "{said}");
    assert!(said.contains("the verdict stands; `afterall report"), "{said}");
    assert!(!said.contains("\nreport: "), "{said}");
    assert_eq!(verdict(store.path())["valid"], Value::Bool(true));
    let folder = fs::canonicalize(store.path().join("latest")).unwrap();
    let there = [
        "history.jsonl",
        "junit.xml",
        "nodes",
        "run.toml",
        "summary.md",
        "traffic.toml",
        "verdict.json",
    ];
    assert_eq!(names(&folder), there);
    // Later there is room.
    let report = afterall(&format!("report {}", folder.display()));
    let failed = limited(&report, 80).output().unwrap();
    assert_eq!(failed.status.code(), Some(255), "{}", text(&failed));
    let mut report = report;
    assert_eq!(report.output().unwrap().status.code(), Some(0));
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    // What the nodes had sent was kept, and is told again.
    let traffic: toml::Table =
        fs::read_to_string(folder.join("traffic.toml")).unwrap().parse().unwrap();
    let rumors = traffic["by_mechanism"]["rumors"].as_integer().unwrap();
    assert!(rumors > 0 && traffic["messages"]["sent"].as_integer().unwrap() > rumors, "{traffic}");
    assert!(page.contains(&format!("[\"messages of rumor mongering\",{rumors}]")));
}

#[test]
fn a_history_that_cannot_be_written_any_further_ends_the_run_and_is_judged() {
    let store = tempfile::tempdir().unwrap();
    let run = sim(store.path(), "--rate 1000");
    let output = limited(&run, 64).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let first = errors.lines().find(|line| !line.starts_with("seed ")).unwrap_or_default();
    let says = "error: the run ended early, since its history cannot be written: File too large";
    assert!(first.starts_with(says), "{said}");
    assert!(first.contains("history.jsonl"), "{said}");
    assert!(said.contains("unknown: register workload on reference/crdt"), "{said}");
    assert_eq!(verdict(store.path())["valid"], Value::String("unknown".to_owned()));
    let lines = fs::read_to_string(latest(store.path(), "history.jsonl")).unwrap();
    assert!(lines.lines().count() > 100, "{}", lines.lines().count());
}

#[test]
fn a_folder_in_the_place_of_a_report_costs_that_report() {
    let store = tempfile::tempdir().unwrap();
    assert_eq!(sim(store.path(), "").output().unwrap().status.code(), Some(0));
    let folder = fs::canonicalize(store.path().join("latest")).unwrap();
    fs::remove_file(folder.join("junit.xml")).unwrap();
    fs::create_dir(folder.join("junit.xml")).unwrap();
    fs::remove_file(folder.join("report.html")).unwrap();
    let output = afterall("report").arg(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    assert!(
        text(&output).contains("valid: register workload on reference/crdt"),
        "{}",
        text(&output)
    );
    assert!(text(&output).contains("junit.xml: is a directory"), "{}", text(&output));
    assert!(folder.join("report.html").is_file());
}

#[test]
fn a_folder_of_runs_is_told_with_its_latest_run() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    assert_eq!(sim(&store, "").output().unwrap().status.code(), Some(0));
    for command in ["check", "report", "replay"] {
        let output = Command::new(AFTERALL).arg(command).arg(&store).output().unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(254), "{said}");
        assert!(said.contains("expected one run, found a folder of runs (1)"), "{said}");
        assert!(said.contains(&format!("such as {}", store.join("latest").display())), "{said}");
    }
}

#[test]
fn a_mutant_that_a_run_does_not_bring_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let said = text(&sim(&store, "--mutant clock-trust").output().unwrap());
    let warning = "note: the mutant clock-trust did not show in this run: expected no-causal-loss to be broken";
    assert!(said.contains(warning), "{said}");
    let said = text(&sim(&store, "--mutant cart-union").output().unwrap());
    assert!(said.contains("invalid") && !said.contains("did not show"), "{said}");
}
