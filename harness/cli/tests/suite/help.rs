//! What people read first: every help page, and the main errors, as snapshots. `cargo xtask snapshots` accepts a change.

use crate::program::AFTERALL;
use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(AFTERALL);
    // A terminal's width would change where lines break.
    command.args(arguments).current_dir(folder).env("COLUMNS", "100").env_remove("DOCKER_HOST");
    command.output().unwrap()
}

#[test]
fn snapshot_of_every_help_page() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "",
        "run",
        "replay",
        "scenario",
        "scenario list",
        "scenario run",
        "list",
        "list runs",
        "diff",
        "serve",
        "windows",
        "explore",
        "shrink",
        "blame",
        "matrix",
        "campaign",
        "campaign run",
        "campaign report",
        "campaign merge",
        "campaign recheck",
        "campaign diff",
        "check",
        "report",
        "export",
        "doctor",
        "target",
        "target list",
        "target new",
        "target check",
        "target schema",
        "completions",
    ] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let output = run(&arguments, folder.path());
        assert_eq!(output.status.code(), Some(0), "{command}");
        let name = format!("help {command}").trim().replace(' ', "-");
        insta::assert_snapshot!(name, String::from_utf8(output.stdout).unwrap());
    }
}

#[test]
fn snapshot_of_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    for what in ["kinds", "flavours", "mutants", "workloads", "faults", "properties", "scenarios"] {
        // Without a word it is told what there are lists of.
        let words: &[&str] = if what == "kinds" { &["list"] } else { &["list", what] };
        let output = run(words, folder.path());
        assert_eq!(output.status.code(), Some(0), "{what}");
        let listed = String::from_utf8(output.stdout).unwrap();
        assert!(listed.lines().all(|line| line.chars().count() <= 100), "{listed}");
        insta::assert_snapshot!(format!("list-{what}"), listed);
    }
}

#[test]
fn snapshot_of_the_main_errors() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("config")).unwrap();
    write("config/run.toml", "target = \"reference\"\nnodes = \"five\"\n");
    write("empty.jsonl", "");
    write("notes.txt", "hello\n");
    write("torn.edn", "{:type :invoke, :f :read, :value nil, :process 0\n");
    write("cut.edn", "{:type :invoke, :f :write, :value 1, :process 0}\n{:type :ok, :f :write, :");
    let good = "{:type :invoke, :f :write, :value 1, :process 0}\n{:type :ok, :f :write, :value 1, :process 0}\n";
    write("good.edn", good);
    let event = "{\"index\":0,\"time\":0,\"type\":\"node\",\"node\":\"n1\",\"event\":\"ready\"}\n";
    write("headless.jsonl", event);
    write("bad.toml", "name = \"bad\"\nfaults = [\"earthquake\"]\n");
    let head = "{\"format\":\"afterall-history\",\"version\":1,\"target\":\"x\",\"world\":\"sim\",\"workload\":\"register\",\"seed\":0,\"nodes\":[\"n1\"]}\n";
    let jump = "{\"index\":7,\"time\":0,\"type\":\"phase\",\"phase\":\"healthy\"}\n";
    write("jump.jsonl", &format!("{head}{jump}"));
    let end = "{\"index\":0,\"time\":0,\"type\":\"end\",\"how\":\"complete\"}\n";
    write("whole.jsonl", &format!("{head}{end}"));
    let mut text = String::new();
    for command in [
        "run --nodes 0",
        "run --nodes 1 --faults partition",
        "run --faults earthquake",
        "run --faults partiton",
        "run --world sim --faults black-hole",
        "run --time 3s",
        "run --quiescence 5ms",
        "run --quiescence foo",
        "run --time 20",
        "run --time -5s",
        "run --seed -1",
        "run --rate -5",
        "run --rate many",
        "windows --rate 200000",
        "run --nodes 100000",
        "run --concurrency 5000000000",
        "run --slo p99<500ms --workload cart",
        "run --replicas 9",
        "run --replicas 3 --flavour causal",
        "run --read-from 2 --flavour crdt",
        "run redis --replicas 3",
        "run --mechanisms gossip",
        "run --toxiproxy localhost",
        "run --world sim --image toxiproxy=x",
        "run redis --image foo=x",
        "run --workload mutex",
        "run --world moon",
        "run --flavour best",
        "run --mutant counter-lww --workload register",
        "run --lie double",
        "run redis --lie drop-write",
        "run --max-bound 0%",
        "run --image infra",
        "run nowhere",
        "run bad.toml",
        "run redis --world sim",
        "run redis --flavour lww",
        "run dns --workload cart",
        "replay nowhere",
        "replay config",
        "replay jump.jsonl",
        "check nowhere.jsonl",
        "check empty.jsonl",
        "check notes.txt",
        "check torn.edn",
        "check cut.edn",
        "check headless.jsonl",
        "check jump.jsonl --format porcupine",
        "check good.edn --workload cart",
        "check whole.jsonl --workload register",
        "check jump.jsonl",
        "check jump.jsonl --promise convergance",
        "check jump.jsonl --promise convergence/most",
        "check",
        "export jump.jsonl --as xml",
        "export whole.jsonl --as jepsen-edn --out good.edn",
        "report nowhere",
        "report config",
        "campaign run nowhere.toml",
        "campaign run bad.toml",
        "campaign report nowhere",
        "list runs --store nowhere",
        "list runs --verdict vald",
        "list nothing",
        "diff nowhere config",
        "diff config config",
        "serve --store nowhere",
        "serve --store config --listen 8080",
        "target check nowhere",
        "target new My_Store",
        "fly",
    ] {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let output = run(&arguments, folder.path());
        let code = output.status.code().unwrap();
        assert!(code >= 254, "{command}: {code}");
        let said = String::from_utf8(output.stderr).unwrap();
        let said = said.replace(&folder.path().display().to_string(), "FOLDER");
        text.push_str(&format!(
            "$ afterall {command}\n{}\n[exit code {code}]\n\n",
            said.trim_end()
        ));
    }
    insta::assert_snapshot!("main-errors", text);
    assert!(!folder.path().join("store").exists(), "an error left a store behind");
}
