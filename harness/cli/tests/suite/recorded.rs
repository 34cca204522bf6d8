//! `afterall check` and `afterall export` with histories of other tools.

use crate::program::{AFTERALL, text};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn afterall(arguments: &[&str]) -> Output {
    Command::new(AFTERALL).args(arguments).output().unwrap()
}

/// The exit code and what was said of the file.
fn check(path: &Path, options: &[&str]) -> (i32, String) {
    let mut arguments = vec!["check", path.to_str().unwrap()];
    arguments.extend(options);
    let output = afterall(&arguments);
    (output.status.code().unwrap(), text(&output))
}

fn written(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples").join(name)
}

/// The properties that a verdict in JSON calls promised.
fn promised(output: &Output) -> Vec<String> {
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    let properties = verdict["properties"].as_array().unwrap();
    let promised = properties.iter().filter(|property| property["promised"] == true);
    promised.map(|property| property["property"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_register_is_held_to_linearizability_unless_something_else_is_named() {
    let path = example("register.edn");
    let path = path.to_str().unwrap();
    let output = afterall(&["check", path, "--json"]);
    assert_eq!(promised(&output), ["linearizable"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for note in [
        "note: the format was guessed from the first line: jepsen-edn",
        "note: the workload was guessed from write: register",
        "note: 1 line about faults skipped",
        "note: no replica is named",
        "note: held to linearizable (use --promise to hold it to another property)",
    ] {
        assert!(said.contains(note), "{note}: {said}");
    }
    let named = ["--promise", "no-phantoms", "--promise", "monotonic-reads/sticky"];
    let output = afterall(&[&["check", path, "--json"], &named[..]].concat());
    assert!(promised(&output).contains(&"no-phantoms".to_owned()), "{}", text(&output));
    assert!(!promised(&output).contains(&"linearizable".to_owned()), "{}", text(&output));
    let output = afterall(&["check", path, "--promise", "none"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

const COUNTER: &str = "\
{:process 0, :type :invoke, :f :add, :value 5}
{:process 0, :type :ok, :f :add, :value 5}
{:process 1, :type :invoke, :f :add, :value 2}
{:process 1, :type :ok, :f :add, :value 2}
{:process 1, :type :invoke, :f :read, :final? true}
{:process 1, :type :ok, :f :read, :value 7, :final? true}
";

#[test]
fn counters_good_and_bad() {
    let folder = tempfile::tempdir().unwrap();
    let good = written(folder.path(), "good.edn", COUNTER);
    let (code, said) = check(&good, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("no-lost-increments"), "{said}");
    let bad = written(folder.path(), "bad.edn", &COUNTER.replace(":value 7", ":value 5"));
    let (code, said) = check(&bad, &[]);
    assert_eq!(code, 1, "{said}");
    // Nothing is written beside what was read.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn transactions_good_and_bad() {
    let folder = tempfile::tempdir().unwrap();
    let good = written(folder.path(), "good.txt", "w(1,2,0,0)\nr(1,2,0,1)\n");
    let (code, said) = check(&good, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the format was guessed from"), "{said}");
    assert!(said.contains("held to causal"), "{said}");
    let bad = written(folder.path(), "bad.txt", "w(1,2,0,0)\nr(1,0,0,1)\n");
    assert_eq!(check(&bad, &[]).0, 1);
    let (code, _) = check(&bad, &["--promise", "read-committed"]);
    assert_eq!(code, 0);
}

#[test]
fn what_cannot_be_read_or_makes_no_sense_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let bad = written(folder.path(), "bad.edn", &COUNTER.replace(":value 7", ":value 7.5"));
    let plume = written(folder.path(), "plume.txt", "w(1,2,0,0)\n");
    let other = written(folder.path(), "other.txt", "hello\n");
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for (path, options, code, said) in [
        (&empty, &[][..], 254, "ends in .log, and no history.jsonl"),
        (
            &bad,
            &[][..],
            255,
            "bad.edn:6: expected a whole number of 64 bits, a text, a list, a set or a map, found 7.5",
        ),
        (&other, &[], 255, "name it with --format (afterall, jepsen-edn"),
        (&plume, &["--workload", "set"], 254, "plume says itself what was driven (transactions)"),
        (&plume, &["--nil", "initial"], 254, "--nil is for Jepsen's formats"),
        (&plume, &["--format", "knossos"], 254, "possible values: afterall, jepsen-edn"),
        (&plume, &["--promise", "nothing"], 254, "unknown property \"nothing\""),
        (&plume, &["--format", "awdit"], 255, "plume.txt:1: "),
    ] {
        let (found, text) = check(path, options);
        assert_eq!(found, code, "{options:?}: {text}");
        assert!(text.contains(said), "{options:?}: {text}");
    }
}

#[test]
fn a_run_is_exported_and_judged_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let store = store.to_str().unwrap();
    let run = "run --world sim --workload counter --mutant counter-lww --time 2s --seed 1 --store";
    let arguments: Vec<&str> = run.split(' ').chain([store]).collect();
    let ran = afterall(&arguments);
    assert_eq!(ran.status.code(), Some(1), "{}", text(&ran));
    let latest = Path::new(store).join("latest");
    for (format, name) in [("jepsen-edn", "history.edn"), ("jepsen-json", "history.json")] {
        let out = folder.path().join(name);
        let (latest, out_name) = (latest.to_str().unwrap(), out.to_str().unwrap());
        let export = ["export", latest, "--as", format, "--out", out_name];
        let exported = afterall(&export);
        assert_eq!(exported.status.code(), Some(0), "{}", text(&exported));
        let (code, said) = check(&out, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(&format!(": {format}")), "{said}");
        let printed = afterall(&["export", latest, "--as", format]);
        assert_eq!(printed.stdout, std::fs::read(&out).unwrap());
        // What is there already stays.
        let again = afterall(&export);
        assert_eq!(again.status.code(), Some(254), "{}", text(&again));
        assert!(text(&again).contains("is there already; name another file"), "{}", text(&again));
        assert_eq!(printed.stdout, std::fs::read(&out).unwrap());
    }
    let usage = afterall(&["export", latest.to_str().unwrap(), "--as", "plume"]);
    assert_eq!(usage.status.code(), Some(254), "{}", text(&usage));
}

#[test]
fn completions_know_the_formats() {
    let output = afterall(&["completions", "bash"]);
    let script = String::from_utf8_lossy(&output.stdout).into_owned();
    for word in ["export", "jepsen-log", "--promise", "dbcop-bincode"] {
        assert!(script.contains(word), "{word}");
    }
}

/// Where an event has no time, its place stands for it: that is no duration.
#[test]
fn durations_are_printed_only_where_times_were_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let event = |of: &str, time: &str| format!("{{:process 0, {of}, :value 1{time}}}\n");
    let history = |times: bool| {
        let of = [":type :invoke, :f :write", ":type :ok, :f :write"];
        let with = |(at, of): (usize, &&str)| {
            let time = if times { format!(", :time {}000000", at + 1) } else { String::new() };
            event(of, &time)
        };
        of.iter().enumerate().map(with).collect::<String>()
    };
    let read = |times| {
        let read = if times { ", :time 9000000" } else { "" };
        let (asked, got) = (":type :invoke, :f :read", ":type :ok, :f :read");
        let wrong = format!("{{:process 0, {got}, :value 7{read}}}\n");
        format!("{}{}{wrong}", history(times), event(asked, read).replace(":value 1", ":value nil"))
    };
    let (code, timed) = check(&written(folder.path(), "timed.edn", &read(true)), &[]);
    assert_eq!(code, 1);
    assert!(timed.contains("by 1 session in 9 ms"), "{timed}");
    assert!(timed.contains(", from 9 ms to 9 ms"), "{timed}");
    let (code, untimed) = check(&written(folder.path(), "untimed.edn", &read(false)), &[]);
    assert_eq!(code, 1);
    assert!(untimed.contains("by 1 session: "), "{untimed}");
    assert!(!untimed.contains(", from ") && !untimed.contains(" ns"), "{untimed}");
    let partly = read(true).replacen(", :time 2000000", "", 1);
    let (code, partly) = check(&written(folder.path(), "partly.edn", &partly), &[]);
    assert_eq!(code, 1);
    assert!(partly.contains("1 event without a time"), "{partly}");
    assert!(!partly.contains("with an earlier time"), "{partly}");
    assert!(partly.contains("by 1 session: ") && !partly.contains(", from "), "{partly}");
}
