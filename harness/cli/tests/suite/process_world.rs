//! The program as its users run it: real processes, real proxies, real faults.
#![cfg(target_os = "linux")]
use crate::program::{
    AFTERALL, latest, nodes_of, signal, start, text, verdict, wait_for_history, wait_until,
    with_each,
};
use afterall_history::{Lie, Workload};
use afterall_reference::core::{MUTANTS, MutantRow};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// So many runs wait for their processes at once.
const AT_ONCE: usize = 4;

/// A run's command. The seed is unique in this file: by it the run's processes are told from others'.
fn run(store: &Path, seed: u32, arguments: &[&str]) -> Command {
    let mut command = Command::new(AFTERALL);
    command.arg("run").args(arguments).arg("--seed").arg(seed.to_string());
    command.arg("--store").arg(store);
    command
}

#[test]
fn correct_flavours_are_valid_under_every_fault() {
    let runs = [(870_001, "register"), (870_002, "counter"), (870_003, "cart")];
    with_each(&runs, AT_ONCE, |&(seed, workload)| {
        let store = tempfile::tempdir().unwrap();
        let arguments = ["--workload", workload, "--time", "9s"];
        let output = run(store.path(), seed, &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        for file in [
            "run.toml",
            "history.jsonl",
            "verdict.json",
            "junit.xml",
            "report.html",
            "nodes/n1.log",
        ] {
            assert!(latest(store.path(), file).exists(), "{file}");
        }
        let verdict = verdict(store.path());
        assert_eq!(verdict["valid"], Value::Bool(true));
        let faults = verdict["faults"].as_array().unwrap();
        for kind in ["partition", "latency", "kill", "pause", "clock"] {
            let fault = faults.iter().find(|fault| fault["kind"] == kind).expect(kind);
            assert_eq!(fault["took"], Value::Bool(true), "{fault}");
        }
        assert!(nodes_of(seed).is_empty());
    });
}

/// One mutant of each kind: of stamps, of what spreads news, of each data type, of the disk, of what sessions carry, of quorums.
const ONE_OF_EACH: &[&str] = &[
    "no-tiebreak",
    "no-anti-entropy",
    "counter-replay",
    "cart-union",
    "clock-trust",
    "ack-before-sync",
    "forget-context",
    "session-ignored",
    "shares-ignored",
    "reads-from-one",
];

#[test]
fn a_mutant_of_each_kind_is_found_with_its_cause() {
    find(MUTANTS.iter().filter(|row| ONE_OF_EACH.contains(&row.name)));
}

#[test]
#[ignore = "minutes: a nightly runs it"]
fn every_other_mutant_is_found_with_its_cause() {
    let others = MUTANTS.iter().filter(|row| !ONE_OF_EACH.contains(&row.name));
    // That an answer overtakes its message takes more runs than there is time for here: the sim's tests find it.
    find(others.filter(|row| row.name != "deps-ignored"));
}

fn find(rows: impl Iterator<Item = &'static MutantRow>) {
    let rows: Vec<_> = rows.zip((871_000..).step_by(10)).collect();
    with_each(&rows, AT_ONCE, |&(row, seed)| {
        let store = tempfile::tempdir().unwrap();
        let arguments = ["--mutant", row.name, "--time", "5s", "--quiescence", "3s"];
        // Not every short run brings every bug out: a ring of majorities passes rumors on. Eight seeds must do.
        let found = (seed..seed + 8).find_map(|seed| {
            let output = run(store.path(), seed, &arguments).output().unwrap();
            // One may break another promise first.
            let of_property = |anomaly: &&Value| anomaly["property"] == row.breaks.name();
            (output.status.code() == Some(1)).then_some(())?;
            let verdict = verdict(store.path());
            let anomaly = verdict["anomalies"].as_array().unwrap().iter().find(of_property)?;
            Some((output, anomaly.clone()))
        });
        let (output, anomaly) =
            found.unwrap_or_else(|| panic!("{} was not found in eight runs", row.name));
        let cause = anomaly["cause"].as_str().unwrap();
        assert!(!cause.is_empty() && anomaly["promised"] == true, "{anomaly}");
        // The console says it too, unless the sentence has; it wraps lines, so the first words must do.
        let first_words: String = cause.chars().take(25).collect();
        let said = text(&output).contains(&format!(": {first_words}"));
        assert_eq!(said, anomaly["grounds"] != "description", "{}: {cause}", row.name);
    });
}

/// A short run without faults.
fn calm(workload: Workload) -> [&'static str; 6] {
    ["--workload", workload.name(), "--faults", "none", "--time", "2s"]
}

#[test]
fn every_lie_is_found_and_the_run_says_that_it_was_told() {
    let lies = Lie::ALL.iter().flat_map(|&lie| lie.workloads().iter().map(move |&of| (lie, of)));
    let lies: Vec<_> = lies.zip(870_201..).collect();
    with_each(&lies, AT_ONCE, |&((lie, workload), seed)| {
        let store = tempfile::tempdir().unwrap();
        let lying = [&calm(workload)[..], &["--lie", lie.name()]].concat();
        let output = run(store.path(), seed, &lying).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{lie} {workload}: {}", text(&output));
        assert!(text(&output).contains(&format!("reference/crdt (lie {lie})")));
        let lied = verdict(store.path());
        assert_eq!(lied["lie"], lie.name());
        let broken = lied["properties"].as_array().unwrap().iter().find(|property| {
            let breaks = lie.breaks().iter().any(|breaks| property["property"] == breaks.name());
            breaks && property["promised"] == true && property["outcome"] == "broken"
        });
        let name = broken.unwrap()["property"].as_str().unwrap();
        assert!(lied["notes"][0].as_str().unwrap().contains(name), "{}", lied["notes"]);
        // What is kept of the run says it, too.
        let run_toml = std::fs::read_to_string(latest(store.path(), "run.toml")).unwrap();
        assert!(run_toml.contains(&format!("lie = \"{lie}\"")), "{run_toml}");
        let summary = std::fs::read_to_string(latest(store.path(), "summary.md")).unwrap();
        assert!(summary.contains(&format!("(lie {lie})")), "{summary}");
    });
}

#[test]
fn without_a_lie_the_same_runs_are_valid() {
    let mut workloads: Vec<Workload> = Vec::new();
    for &workload in Lie::ALL.iter().flat_map(|lie| lie.workloads()) {
        if !workloads.contains(&workload) {
            workloads.push(workload);
        }
    }
    let runs: Vec<_> = workloads.into_iter().zip(870_241..).collect();
    with_each(&runs, AT_ONCE, |&(workload, seed)| {
        let store = tempfile::tempdir().unwrap();
        let output = run(store.path(), seed, &calm(workload)).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{workload}: {}", text(&output));
        // The nodes were asked what they had sent before they were taken down.
        let traffic = std::fs::read_to_string(latest(store.path(), "traffic.toml")).unwrap();
        let traffic: toml::Table = traffic.parse().unwrap();
        assert!(traffic["by_mechanism"]["rumors"].as_integer() > Some(0), "{traffic}");
    });
}

#[test]
fn a_run_with_processes_is_made_smaller_by_tries() {
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--mutant", "counter-lww", "--faults", "kill,pause", "--time", "9s"];
    let output = run(store.path(), 870_280, &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let mut shrink = Command::new(AFTERALL);
    shrink.arg("shrink").arg(store.path().join("latest")).args(["--tries", "2", "--runs", "12"]);
    let output = shrink.output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("reference/crdt: no-lost-increments broken"), "{said}");
    // Two counters that each take the place of the other need no fault.
    assert!(said.contains("\nafter:  0 faults, ") && !said.contains("\nbefore: 0"), "{said}");
    assert!(said.contains("it failed so in 2 of 2 runs after that"), "{said}");
    let scenario = std::fs::read_to_string(store.path().join("latest/shrunk.toml")).unwrap();
    assert!(scenario.contains("broken = [\"no-lost-increments\"]"), "{scenario}");
    assert!(nodes_of(870_280).is_empty());
}

#[test]
fn a_lie_that_is_not_found_is_warned_of() {
    let store = tempfile::tempdir().unwrap();
    // One session that asks once a second never leaves a value behind.
    let arguments = ["--lie", "stale-read", "--faults", "none", "--time", "1s", "--rate", "1"];
    let output = run(store.path(), 870_270, &arguments).output().unwrap();
    assert_ne!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("the checkers did not find the lie stale-read"));
}

#[test]
fn what_last_write_wins_throws_away_is_accounted_for() {
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--flavour", "lww", "--faults", "clock,partition", "--time", "6s"];
    let output = run(store.path(), 870_030, &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let fates = &verdict(store.path())["figures"]["fates"];
    let of = |fate: &str| fates[fate].as_u64().unwrap_or_else(|| panic!("no {fate} in {fates}"));
    let sum: u64 =
        ["survived", "superseded", "discarded", "lost", "undecided"].map(of).iter().sum();
    assert_eq!(sum, of("acknowledged"));
    assert!(of("acknowledged") > 100 && of("discarded") + of("lost") > 0, "{fates}");
}

#[test]
fn ctrl_c_leaves_a_history_and_nothing_else() {
    let store = tempfile::tempdir().unwrap();
    let mut child = start(run(store.path(), 870_040, &[]), store.path());
    wait_for_history(&mut child, store.path(), |history| history.lines().count() > 1_000);
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(nodes_of(870_040).is_empty());
    let check =
        Command::new(AFTERALL).arg("check").arg(store.path().join("latest")).output().unwrap();
    assert_eq!(check.status.code(), Some(2), "{}", text(&check));
    assert!(text(&check).contains("interrupted"));
}

#[test]
fn a_harness_that_is_killed_leaves_a_history_and_no_nodes() {
    let store = tempfile::tempdir().unwrap();
    // A stopped node cannot read that its parent is gone: it must end all the same.
    let arguments = ["--faults", "pause", "--time", "20s"];
    let mut child = start(run(store.path(), 870_041, &arguments), store.path());
    wait_for_history(&mut child, store.path(), |history| history.contains(r#""stage":"took""#));
    signal(&child, "-KILL");
    child.wait().unwrap();
    wait_until("the nodes to end", || nodes_of(870_041).is_empty());
    let check =
        Command::new(AFTERALL).arg("check").arg(store.path().join("latest")).output().unwrap();
    assert_eq!(check.status.code(), Some(2), "{}", text(&check));
}

#[test]
fn a_pause_that_somebody_else_ends_did_not_hold() {
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--faults", "pause", "--time", "6s"];
    let mut child = start(run(store.path(), 870_043, &arguments), store.path());
    wait_for_history(&mut child, store.path(), |history| history.contains(r#""stage":"took""#));
    for node in nodes_of(870_043) {
        assert!(
            Command::new("kill").args(["-CONT", &node.to_string()]).status().unwrap().success()
        );
    }
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let verdict = verdict(store.path());
    let first = &verdict["faults"][0];
    assert_eq!(first["took"], Value::Bool(false), "{first}");
    assert!(first["doubt"].to_string().contains("did not hold until it was healed"), "{first}");
    assert!(verdict["reasons"][0].to_string().contains("pause"), "{verdict}");
}

/// The faults of a story that is played with processes: nobody asks anything but what is given, and between the first write and
/// the second nothing is to be stored.
fn play(store: &Path, seed: u32, faults: &str) -> Command {
    let story = format!(
        "world = 'process'\nnodes = 2\ntime = '14s'\nmax_bound = 'none'\n{faults}\n\
         [[operation]]\nwhen = '1s'\nsession = 1\nnode = 'n1'\nf = 'write'\nkey = 'x'\nvalue = 1\n\
         [[operation]]\nwhen = '7.5s'\nsession = 2\nnode = 'n2'\nf = 'write'\nkey = 'x'\nvalue = 2\n"
    );
    let file = store.join("story.toml");
    std::fs::write(&file, story).unwrap();
    let mut command = Command::new(AFTERALL);
    command.args(["scenario", "run"]).arg(file).arg("--seed").arg(seed.to_string());
    command.arg("--store").arg(store);
    command
}

#[test]
fn a_full_disk_ends_the_node_that_has_to_write_and_a_clock_that_drifts_is_seen_on_its_way() {
    let store = tempfile::tempdir().unwrap();
    let faults = "[[schedule]]\nfault = 'disk-full'\nfrom = '2s'\nuntil = '5s'\nnode = 'n1'\n\
                  [[schedule]]\nfault = 'disk-full'\nfrom = '6s'\nuntil = '9s'\nnode = 'n2'\n\
                  [[schedule]]\nfault = 'clock'\nfrom = '9.5s'\nuntil = '13s'\nnode = 'n1'\nskew = '-1500ms'\nover = '1200ms'\n\
                  [expect]\nheld = ['convergence']\n";
    let output = play(store.path(), 870_050, faults).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let verdict = verdict(store.path());
    let evidence = |fault: usize| {
        let fault = &verdict["faults"][fault];
        assert_eq!(
            (&fault["took"], &fault["healed"]),
            (&Value::Bool(true), &Value::Bool(true)),
            "{fault}"
        );
        let said = fault["evidence"].as_array().unwrap().iter();
        said.map(|said| said.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let idle = evidence(0);
    assert!(
        idle[0].starts_with("the system lets it write no file; its commits stand still at "),
        "{idle:?}"
    );
    assert_eq!(idle.last().unwrap(), "the system lets it write files; it answers");
    // It had a write to store in between.
    let writing = evidence(1);
    assert!(writing[0].starts_with("the system lets it write no file"), "{writing:?}");
    assert!(writing[1].starts_with("exit status: "), "{writing:?}");
    assert_eq!(writing.last().unwrap(), "its disk takes a write; incarnation 1 → 2");
    let drift = evidence(2);
    assert!(drift[0].starts_with("the clock drifts: offset -"), "{drift:?}");
    assert!(drift[1].starts_with("clock offset -1"), "{drift:?}");
    assert!(nodes_of(870_050).is_empty());
}

#[test]
fn a_node_leaves_its_cluster_and_joins_it_again_and_its_clients_are_refused_meanwhile() {
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--faults", "leave", "--flavour", "quorum", "--nodes", "3", "--time", "8s"];
    let output = run(store.path(), 870_055, &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let verdict = verdict(store.path());
    let faults = verdict["faults"].as_array().unwrap();
    assert!(!faults.is_empty());
    for fault in faults {
        assert!(fault["took"] == true && fault["healed"] == true, "{fault}");
        let evidence: Vec<&str> =
            fault["evidence"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let left = "it has left the cluster; 2 of 2 others see it as out";
        assert_eq!(evidence.first(), Some(&left), "{fault}");
        let back = "it is a member; 2 of 2 others see it as one";
        assert_eq!(evidence.last(), Some(&back), "{fault}");
    }
    let history = std::fs::read_to_string(latest(store.path(), "history.jsonl")).unwrap();
    assert!(history.contains("503: this node has left the cluster"));
    assert!(nodes_of(870_055).is_empty());
}

#[test]
fn a_disk_that_somebody_else_makes_room_on_was_not_full() {
    let store = tempfile::tempdir().unwrap();
    let faults = "[[schedule]]\nfault = 'disk-full'\nfrom = '2s'\nuntil = '6s'\nnode = 'n1'\n";
    let mut child = start(play(store.path(), 870_051, faults), store.path());
    wait_for_history(&mut child, store.path(), |history| history.contains(r#""stage":"took""#));
    for node in nodes_of(870_051) {
        let mut limit = Command::new("prlimit");
        limit.args(["--fsize=unlimited", "--pid", &node.to_string()]);
        assert!(limit.status().unwrap().success());
    }
    child.wait().unwrap();
    let verdict = verdict(store.path());
    let fault = &verdict["faults"][0];
    assert_eq!(fault["took"], Value::Bool(false), "{fault}");
    let doubt = "did not hold until it was healed: the system lets it write files";
    assert!(fault["doubt"].to_string().contains(doubt), "{fault}");
}

#[test]
fn what_was_acknowledged_survives_full_disks() {
    let store = tempfile::tempdir().unwrap();
    let output = run(store.path(), 870_052, &["--faults", "disk-full", "--time", "8s"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let faults = verdict(store.path())["faults"].to_string();
    assert!(
        faults.contains("exit status: ") && faults.contains("its disk takes a write"),
        "{faults}"
    );
}

#[test]
fn a_node_that_dies_unasked_ends_the_run_at_once() {
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--faults", "none", "--time", "600s"];
    let mut child = start(run(store.path(), 870_044, &arguments), store.path());
    wait_for_history(&mut child, store.path(), |history| history.lines().count() > 500);
    let victim = nodes_of(870_044)[0].to_string();
    assert!(Command::new("kill").args(["-KILL", &victim]).status().unwrap().success());
    // Ten minutes of load were to come.
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let reasons = verdict(store.path())["reasons"].clone();
    let first = reasons[0].to_string();
    assert!(first.contains("was cut short") && first.contains("died without a fault"), "{reasons}");
}

#[test]
fn a_run_that_needs_more_open_files_than_there_may_be_is_refused() {
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--time", "8s", "--faults", "partition,kill,pause"];
    let plain = run(store.path(), 870_045, &arguments);
    let mut shell = Command::new("bash");
    shell.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\"", AFTERALL]).args(plain.get_args());
    let output = shell.output().unwrap();
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    assert!(text(&output).contains("open files"), "{}", text(&output));
    assert!(!latest(store.path(), "history.jsonl").exists());
}

/// What `report` and `check` make of the last run; both must say the same, the one in `verdict.json`.
fn judged_again(store: &Path) -> Value {
    let folder = store.join("latest");
    std::fs::remove_file(folder.join("verdict.json")).unwrap();
    let report = Command::new(AFTERALL).arg("report").arg(&folder).output().unwrap();
    assert_eq!(report.status.code(), Some(1), "{}", text(&report));
    let check = Command::new(AFTERALL).args(["check", "--json"]).arg(&folder).output().unwrap();
    let checked: Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!(checked, verdict(store));
    checked
}

#[test]
fn what_control_runs_showed_is_said_if_it_cannot_be_read() {
    let store = tempfile::tempdir().unwrap();
    let arguments =
        ["--world", "sim", "--time", "10s", "--mutant", "no-tiebreak", "--control", "1"];
    let output = run(store.path(), 870_047, &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    std::fs::write(latest(store.path(), "controls.json"), "{}").unwrap();
    let folder = store.path().join("latest");
    let report = Command::new(AFTERALL).arg("report").arg(folder).output().unwrap();
    assert_eq!(report.status.code(), Some(1), "{}", text(&report));
    assert!(text(&report).contains("the verdict does without control runs"), "{}", text(&report));
    assert!(verdict(store.path()).get("controls").is_none());
}

#[test]
fn control_runs_say_what_comes_without_faults_too() {
    let store = tempfile::tempdir().unwrap();
    let mutant = |name| {
        let arguments = ["--world", "sim", "--time", "10s", "--mutant", name, "--control", "2"];
        let output = run(store.path(), 870_046, &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        let verdict = verdict(store.path());
        assert_eq!(verdict["controls"], 2);
        let broken = |a: &&Value| a["property"] == "convergence" && a["promised"] == true;
        let anomaly = verdict["anomalies"].as_array().unwrap().iter().find(broken).unwrap().clone();
        // Who judges the run again knows it, too.
        let again = judged_again(store.path());
        assert_eq!(again["anomalies"], verdict["anomalies"]);
        assert_eq!(again["controls"], 2);
        (anomaly["without_faults"].as_u64().unwrap(), text(&output))
    };
    // Equal stamps come with and without faults; without a partition no rumor is lost.
    let (found, printed) = mutant("no-tiebreak");
    assert_eq!(found, 2, "{printed}");
    assert!(printed.contains("It comes without faults, too: in 2 of 2 runs."), "{printed}");
    let (found, printed) = mutant("no-anti-entropy");
    assert_eq!(found, 0, "{printed}");
    let nothing = "It did not come in 2 runs without faults; so few runs prove little.";
    assert!(printed.contains(nothing), "{printed}");
}

#[test]
fn a_replay_runs_the_same_configuration() {
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--faults", "none", "--time", "500ms", "--nodes", "3"];
    assert_eq!(run(store.path(), 870_050, &arguments).output().unwrap().status.code(), Some(0));
    let first = std::fs::canonicalize(store.path().join("latest")).unwrap();
    let mut replay = Command::new(AFTERALL);
    replay.arg("replay").arg(&first).arg("--store").arg(store.path());
    assert_eq!(replay.output().unwrap().status.code(), Some(0));
    let second = std::fs::canonicalize(store.path().join("latest")).unwrap();
    assert_ne!(first, second);
    let toml = |folder: &Path| std::fs::read_to_string(folder.join("run.toml")).unwrap();
    assert_eq!(toml(&first), toml(&second));
    // And its reports can be written again.
    std::fs::remove_file(second.join("report.html")).unwrap();
    let report = Command::new(AFTERALL).arg("report").arg(&second).output().unwrap();
    assert_eq!(report.status.code(), Some(0), "{}", text(&report));
    assert!(second.join("report.html").exists());
}

#[test]
fn a_replay_tells_the_lie_again() {
    let store = tempfile::tempdir().unwrap();
    for world in ["sim", "process"] {
        let arguments =
            ["--world", world, "--faults", "none", "--time", "2s", "--lie", "stale-read"];
        let first = run(store.path(), 870_052, &arguments).output().unwrap();
        assert_eq!(first.status.code(), Some(1), "{}", text(&first));
        let history = || std::fs::read(latest(store.path(), "history.jsonl")).unwrap();
        let (folder, told) = (store.path().join("latest"), history());
        let folder = std::fs::canonicalize(folder).unwrap();
        let mut replay = Command::new(AFTERALL);
        replay.arg("replay").arg(&folder).arg("--store").arg(store.path());
        let again = replay.output().unwrap();
        assert_eq!(again.status.code(), Some(1), "{world}: {}", text(&again));
        assert_ne!(std::fs::canonicalize(store.path().join("latest")).unwrap(), folder);
        let verdict = verdict(store.path());
        assert_eq!(verdict["lie"], "stale-read");
        let note = verdict["notes"][0].as_str().unwrap();
        assert!(note.contains("stale-read") && note.contains("the checkers found it"), "{note}");
        if world == "sim" {
            assert!(history() == told, "the same lie at the same places");
        }
    }
}

#[test]
fn a_low_limit_of_open_files_is_raised() {
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--faults", "none", "--time", "500ms"];
    let plain = run(store.path(), 870_051, &arguments);
    let mut shell = Command::new("bash");
    shell.args(["-c", "ulimit -Sn 64; exec \"$0\" \"$@\"", AFTERALL]).args(plain.get_args());
    let output = shell.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    // Where the system allows no more, the error is of a length that can be read.
    let mut shell = Command::new("bash");
    shell.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", AFTERALL]).args(plain.get_args());
    let output = shell.output().unwrap();
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    assert!(text(&output).len() < 2_000, "{}", text(&output));
}

#[test]
fn a_node_whose_port_is_taken_says_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = tempfile::tempdir().unwrap();
    let mut node = Command::new(AFTERALL);
    node.args([
        "node",
        "--id",
        "n1",
        "--listen",
        &address,
        "--peer-listen",
        "127.0.0.1:0",
        "--data",
    ]);
    let output = node.arg(data.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(255));
    assert!(text(&output).contains(&address), "{}", text(&output));
}

#[test]
fn bad_arguments_end_with_254_and_say_what_is_wrong() {
    let store = tempfile::tempdir().unwrap();
    for (arguments, says) in [
        (&["--faults", "bogus"][..], "bogus"),
        (&["--mutant", "bogus"], "no-tiebreak"),
        (&["--nodes", "0"], "--nodes"),
        (&["--time", "2s"], "--time"),
        (&["--time", "soon"], "soon"),
        (&["--colour"], "--colour"),
        (&["elsewhere"], "elsewhere"),
    ] {
        let output = run(store.path(), 870_060, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(254), "{arguments:?}: {}", text(&output));
        assert!(text(&output).contains(says), "{arguments:?}: {}", text(&output));
    }
}

#[test]
fn what_cannot_be_written_or_read_ends_with_255_and_says_what() {
    let output = run(Path::new("/proc/nowhere"), 870_061, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(255));
    assert!(text(&output).contains("/proc/nowhere"));

    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.jsonl");
    for (content, says) in [
        ("", "history.jsonl"),
        ("{\"format\":\"something else\"}\n", "the format cannot be told"),
        ("not json\nat all\n", "the format cannot be told"),
    ] {
        std::fs::write(&history, content).unwrap();
        let output = Command::new(AFTERALL).arg("check").arg(&history).output().unwrap();
        assert_eq!(output.status.code(), Some(255), "{content:?}");
        assert!(text(&output).contains(says), "{content:?}: {}", text(&output));
        let named = ["check", "--format", "afterall"];
        let output = Command::new(AFTERALL).args(named).arg(&history).output().unwrap();
        assert_eq!(output.status.code(), Some(255), "{content:?}");
        let line = if content.is_empty() { "history.jsonl" } else { "history.jsonl:1" };
        assert!(text(&output).contains(line), "{content:?}: {}", text(&output));
    }
    let output =
        run(folder.path(), 870_062, &["--toxiproxy", "http://127.0.0.1:1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(255));
    assert!(text(&output).contains("Toxiproxy"), "{}", text(&output));
    // What did not begin is not said to be made again so.
    assert!(!text(&output).contains("seed 870062"), "{}", text(&output));
}

#[test]
fn help_and_completions_are_no_errors() {
    for arguments in [&["--help"][..], &["--version"], &["run", "--help"], &["completions", "bash"]]
    {
        let output = Command::new(AFTERALL).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty());
    }
}
