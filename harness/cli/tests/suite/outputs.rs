//! Standard output and standard error that are closed, full, or a pipe that nobody reads: the verdict is not lost by it.
#![cfg(target_os = "linux")]
use crate::program::{AFTERALL, afterall, nodes_of, text};
use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A pipe whose reader is gone.
fn broken() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

const HISTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/register.edn");

/// Command lines, and what they end with.
fn commands(store: &Path) -> Vec<(String, i32)> {
    let store = store.display();
    let sim = format!("--world sim --faults none --time 2s --seed 1 --store {store}");
    vec![
        (format!("run {sim}"), 0),
        (format!("run {sim} --mutant counter-lww"), 1),
        (format!("replay {store}/latest --store {store}"), 1),
        (format!("report {store}/latest"), 1),
        (format!("check {store}/latest"), 1),
        (format!("check {HISTORY}"), 1),
        (format!("check {HISTORY} --json"), 1),
        (format!("check {HISTORY} {HISTORY} /nowhere"), 254),
        ("run --faults bogus".to_owned(), 254),
        ("--help".to_owned(), 0),
        ("--version".to_owned(), 0),
    ]
}

/// Commands whose output is all that they do.
fn printers() -> Vec<String> {
    let commands = ["completions bash", "target list", "target schema"].map(str::to_owned);
    commands.into_iter().chain([format!("export {HISTORY} --as jepsen-edn")]).collect()
}

fn assert_calm(words: &str, output: &Output, code: i32) {
    let said = text(output);
    assert_eq!(output.status.code(), Some(code), "{words}: {said}");
    assert!(!said.contains("panicked"), "{words}: {said}");
    assert!(!said.contains("roken pipe"), "{words}: {said}");
}

#[test]
fn a_reader_who_has_gone_away_is_left_alone() {
    let store = tempfile::tempdir().unwrap();
    for (words, code) in commands(store.path()) {
        let output = afterall(&words).stdout(broken()).output().unwrap();
        assert_calm(&words, &output, code);
        assert!(!text(&output).contains("standard output"), "{words}: {}", text(&output));
    }
    for words in printers() {
        assert_calm(&words, &afterall(&words).stdout(broken()).output().unwrap(), 0);
    }
    let as_usual = afterall("doctor").output().unwrap().status.code().unwrap();
    assert_calm("doctor", &afterall("doctor").stdout(broken()).output().unwrap(), as_usual);
}

#[test]
fn a_full_disk_behind_standard_output_costs_the_output_and_not_the_verdict() {
    let store = tempfile::tempdir().unwrap();
    for (words, code) in commands(store.path()) {
        let output = afterall(&words).stdout(full()).output().unwrap();
        assert_calm(&words, &output, code);
        let said = text(&output).matches("standard output cannot be written").count();
        let prints = !words.starts_with("--") && !words.contains("bogus");
        assert_eq!(said, usize::from(prints), "{words}: {}", text(&output));
    }
    // Where the output was all that was wanted it is a failure.
    for words in printers() {
        assert_calm(&words, &afterall(&words).stdout(full()).output().unwrap(), 255);
    }
}

#[test]
fn standard_error_may_be_gone_as_well() {
    let store = tempfile::tempdir().unwrap();
    let kinds: [fn() -> Stdio; 2] = [broken, full];
    for kind in kinds {
        for (words, code) in commands(store.path()) {
            assert_calm(&words, &afterall(&words).stderr(kind()).output().unwrap(), code);
            let mut mute = afterall(&words);
            let output = mute.stdin(Stdio::null()).stdout(kind()).stderr(kind()).output().unwrap();
            assert_calm(&words, &output, code);
        }
    }
}

#[test]
fn closed_descriptors_are_no_files_of_the_store() {
    let store = tempfile::tempdir().unwrap();
    for (words, code) in commands(store.path()) {
        for closed in [">&-", "2>&-", "<&- >&- 2>&-"] {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("exec \"$0\" {words} {closed}"), AFTERALL]);
            assert_calm(&words, &shell.output().unwrap(), code);
        }
    }
    // Nothing that was printed went into a file that had got the number of a closed descriptor.
    let check = afterall(&format!("check {}/latest", store.path().display())).output().unwrap();
    assert_calm("check", &check, 1);
}

#[test]
fn a_run_with_processes_ends_as_it_should_behind_head() {
    let store = tempfile::tempdir().unwrap();
    let run = format!(
        "\"$0\" run --faults none --time 500ms --nodes 3 --seed 890001 --store {} 2>&1",
        store.path().display()
    );
    // `head` takes the first line, which is printed before the run begins.
    let line = format!("{{ {run}; echo $? >&3; }} | head -n 1");
    let code = store.path().join("code");
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("{{ {line}; }} 3>{}", code.display()), AFTERALL]);
    let output = shell.output().unwrap();
    assert_eq!(text(&output).trim().lines().count(), 1, "{}", text(&output));
    assert_eq!(std::fs::read_to_string(code).unwrap(), "0\n");
    assert!(nodes_of(890_001).is_empty());
    assert!(crate::program::latest(store.path(), "report.html").is_file());
}

#[test]
fn loopback_never_goes_through_a_proxy() {
    let store = tempfile::tempdir().unwrap();
    let words = format!(
        "run --faults partition --time 5s --nodes 3 --seed 890002 --store {}",
        store.path().display()
    );
    let variables =
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let set = |command: &mut Command| {
        command.env_remove("no_proxy").env_remove("NO_PROXY");
        command.envs(variables.map(|name| (name, "http://127.0.0.1:1"))).output().unwrap()
    };
    assert_calm(&words, &set(&mut afterall(&words)), 0);
    let doctor = text(&set(&mut afterall("doctor")));
    assert!(doctor.contains("ok       HTTP proxy: http_proxy, HTTP_PROXY"), "{doctor}");
}
