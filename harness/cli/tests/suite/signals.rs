//! Signals: what they mean while a run goes on, and while it is judged.
#![cfg(target_os = "linux")]
use crate::program::{
    AFTERALL, afterall, latest, names, nodes_of, signal, start, text, verdict, wait_for_history,
    wait_until,
};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn run(store: &Path, seed: u32, more: &str) -> Command {
    afterall(&format!("run --seed {seed} --store {} {more}", store.display()))
}

fn printed(store: &Path) -> String {
    std::fs::read_to_string(store.join("printed.txt")).unwrap()
}

/// Seconds, so many that no run ends before its signal.
const LONG: &str = "--faults none --time 600s --nodes 3";

/// The signals that end a run. Where the tests themselves were started under `nohup`, so is what they start, and a hangup ends
/// nothing.
fn ends() -> Vec<&'static str> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    // A bit for each signal; SIGHUP is the first.
    let hangups = (ignored & 1 == 0).then_some("-HUP");
    ["-INT", "-TERM"].into_iter().chain(hangups).collect()
}

#[test]
fn every_signal_that_means_the_end_ends_a_run_with_processes() {
    for (seed, name) in (891_001..).zip(ends()) {
        let store = tempfile::tempdir().unwrap();
        let mut child = start(run(store.path(), seed, LONG), store.path());
        wait_for_history(&mut child, store.path(), |history| history.lines().count() > 500);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(2), "{name}: {}", printed(store.path()));
        assert!(nodes_of(seed).is_empty(), "{name}");
        assert!(verdict(store.path())["reasons"].to_string().contains("interrupted"), "{name}");
    }
}

#[test]
fn every_signal_that_means_the_end_ends_a_simulation() {
    for name in ends() {
        let store = tempfile::tempdir().unwrap();
        let more = "--world sim --faults none --time 100000s";
        let mut child = start(run(store.path(), 891_010, more), store.path());
        wait_for_history(&mut child, store.path(), |history| history.lines().count() > 500);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(2), "{name}: {}", printed(store.path()));
        assert!(verdict(store.path())["reasons"].to_string().contains("interrupted"), "{name}");
    }
}

#[test]
fn a_run_that_was_started_with_hangups_ignored_goes_on_after_one() {
    let store = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    let line = format!("trap '' HUP; exec \"$0\" run --seed 891020 {LONG} --store \"$1\"");
    shell.args(["-c", &line, AFTERALL]).arg(store.path());
    let mut child = start(shell, store.path());
    wait_for_history(&mut child, store.path(), |history| history.lines().count() > 100);
    signal(&child, "-HUP");
    let before = std::fs::read_to_string(latest(store.path(), "history.jsonl")).unwrap();
    let enough = before.lines().count() + 500;
    wait_for_history(&mut child, store.path(), |history| history.lines().count() > enough);
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(nodes_of(891_020).is_empty());
}

/// Waits until a process has printed this.
fn wait_for_words(child: &mut Child, store: &Path, words: &str) {
    for _ in 0..1_200 {
        if printed(store).contains(words) {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended: {}", printed(store));
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    panic!("waited 30 s for {words:?}: {}", printed(store));
}

#[test]
fn a_second_signal_ends_the_program_at_once_and_no_node_stays() {
    let store = tempfile::tempdir().unwrap();
    let mut child = start(run(store.path(), 891_030, LONG), store.path());
    wait_for_history(&mut child, store.path(), |history| history.lines().count() > 100);
    // It cannot end in good order while a node does not answer: the final reads would wait for it.
    for node in nodes_of(891_030) {
        assert!(
            Command::new("kill").args(["-STOP", &node.to_string()]).status().unwrap().success()
        );
    }
    signal(&child, "-INT");
    wait_for_words(&mut child, store.path(), "press Ctrl-C again");
    signal(&child, "-INT");
    let code = child.wait().unwrap().code();
    // It may have been faster than the second signal.
    assert!(matches!(code, Some(255 | 2)), "{code:?}: {}", printed(store.path()));
    wait_until("the nodes to end", || nodes_of(891_030).is_empty());
}

#[test]
fn a_run_that_is_stopped_before_it_begins_leaves_nothing() {
    let store = tempfile::tempdir().unwrap();
    let kept = store.path().join("kept");
    let printed_to = tempfile::tempdir().unwrap();
    // Forty nodes take their time.
    let more = "--faults none --nodes 40 --time 5s";
    let mut child = start(run(&kept, 891_040, more), printed_to.path());
    wait_until("a node", || !nodes_of(891_040).is_empty());
    signal(&child, "-TERM");
    let code = child.wait().unwrap().code();
    let said = printed(printed_to.path());
    assert_eq!(code, Some(255), "{said}");
    assert!(said.contains("stopped before the cluster was up; nothing was recorded"), "{said}");
    assert!(names(store.path()).is_empty(), "{:?}", names(store.path()));
    wait_until("the nodes to end", || nodes_of(891_040).is_empty());
}

/// A history that never ends: whoever reads it waits for more.
fn endless(folder: &Path) -> std::path::PathBuf {
    let pipe = folder.join("history.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

#[test]
fn a_signal_while_a_history_is_judged_ends_the_program_promptly() {
    for (command, says) in [
        ("check --format afterall", "interrupted before there was a verdict"),
        ("report", "`afterall report"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let pipe = endless(folder.path());
        let target = if command == "report" { folder.path() } else { &pipe };
        let mut child = afterall(command)
            .arg(target)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Opens once the other end is opened, too: then it is being read.
        let writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        signal(&child, "-INT");
        let code = child.wait().unwrap().code();
        drop(writer);
        let output = child.wait_with_output().unwrap();
        assert_eq!(code, Some(255), "{command}: {}", text(&output));
        assert!(text(&output).contains(says), "{command}: {}", text(&output));
        assert_eq!(names(folder.path()), ["history.jsonl"]);
    }
}

#[test]
fn a_signal_while_reports_are_written_leaves_the_verdict() {
    let store = tempfile::tempdir().unwrap();
    let ran = run(store.path(), 891_050, "--world sim --faults none --time 2s").output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran));
    // A report that waits for a reader.
    let folder = std::fs::canonicalize(store.path().join("latest")).unwrap();
    let report = folder.join("report.html");
    std::fs::remove_file(&report).unwrap();
    assert!(Command::new("mkfifo").arg(&report).status().unwrap().success());
    let mut command = afterall("report");
    let mut child = start(
        {
            command.arg(&folder);
            command
        },
        store.path(),
    );
    wait_for_words(&mut child, store.path(), "valid");
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", printed(store.path()));
    assert!(printed(store.path()).contains("interrupted before the reports were written"));
    assert!(names(&folder).iter().all(|name| !name.ends_with(".part")), "{:?}", names(&folder));
}
