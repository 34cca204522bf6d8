//! `check` with several histories, and the reports that it writes of one.

use crate::program::{afterall, names, text};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const COUNTER: &str = "\
{:process 0, :type :invoke, :f :add, :value 5}
{:process 0, :type :ok, :f :add, :value 5}
{:process 1, :type :invoke, :f :read, :final? true}
{:process 1, :type :ok, :f :read, :value 5, :final? true}
";

const WRITE: &str = "\
{:process 0, :type :invoke, :f :write, :value 5}
{:process 0, :type :ok, :f :write, :value 5}
";

/// A folder with a history of each kind: good, bad, one that nobody can decide, and none at all.
fn histories() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("good.edn", COUNTER);
    write("bad.edn", &COUNTER.replace(":value 5, :final", ":value 4, :final"));
    write("none.edn", "hello\n");
    write("unread.edn", WRITE);
    write("good.txt", "w(1,2,0,0)\nr(1,2,0,1)\n");
    write("bad.txt", "w(1,2,0,0)\nr(1,0,0,1)\n");
    folder
}

fn check(folder: &Path, words: &str) -> Output {
    afterall(&format!("check {words}")).current_dir(folder).output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn several_histories_get_a_line_each_and_the_worst_exit_code() {
    let folder = histories();
    for (words, code) in [
        ("good.edn good.txt", 0),
        ("good.edn unread.edn", 2),
        ("unread.edn bad.edn good.edn", 1),
        ("bad.edn good.txt bad.txt", 1),
        ("none.edn bad.edn good.edn", 255),
        ("bad.edn nowhere.edn", 254),
    ] {
        let output = check(folder.path(), words);
        assert_eq!(output.status.code(), Some(code), "{words}: {}", text(&output));
        let lines = lines(&output);
        let files: Vec<&str> = words.split(' ').collect();
        assert_eq!(lines.len(), files.len(), "{words}: {}", text(&output));
        for (line, file) in lines.iter().zip(files) {
            let word = match &file[..4] {
                "good" => "valid",
                "bad." => "invalid",
                "unre" => "unknown",
                _ => "error",
            };
            assert!(line.starts_with(&format!("{file}: {word}: ")), "{line}");
        }
        // What is noted is noted of a file.
        let notes = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            notes.lines().all(|line| words.contains(line.split(':').next().unwrap())),
            "{notes}"
        );
    }
}

#[test]
#[cfg(unix)]
fn strange_names_make_no_second_line() {
    use std::os::unix::ffi::OsStrExt;
    let folder = histories();
    for name in [&b"a\nb.edn"[..], b"\xff.edn", b"-x.edn", b"a b.edn"] {
        let name = std::ffi::OsStr::from_bytes(name);
        fs::write(folder.path().join(name), COUNTER).unwrap();
        let mut command = afterall("check good.edn --json --");
        let output = command.arg(name).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert_eq!(lines(&output).len(), 2, "{}", text(&output));
        let mut command = afterall("check good.edn --");
        let output = command.arg(name).current_dir(folder.path()).output().unwrap();
        assert_eq!(lines(&output).len(), 2, "{}", text(&output));
    }
}

#[test]
fn several_verdicts_as_json_are_a_line_each_with_the_file() {
    let folder = histories();
    let output = check(folder.path(), "--json good.edn none.edn bad.txt");
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    let lines: Vec<Value> =
        lines(&output).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let files: Vec<&Value> = lines.iter().map(|line| &line["file"]).collect();
    assert_eq!(files, ["good.edn", "none.edn", "bad.txt"]);
    assert_eq!(lines[0]["valid"], Value::Bool(true));
    assert!(lines[1]["error"].as_str().unwrap().contains("none.edn"), "{}", lines[1]);
    assert_eq!(lines[2]["valid"], Value::Bool(false));
    // All else is the verdict as it is of one.
    let one = check(folder.path(), "--json good.edn");
    let mut first = lines[0].clone();
    first.as_object_mut().unwrap().remove("file");
    assert_eq!(serde_json::from_slice::<Value>(&one.stdout).unwrap(), first);
}

#[test]
fn no_history_or_a_promise_that_is_none_is_a_wrong_command_line() {
    let folder = histories();
    for words in ["", "good.edn bad.edn --promise nothing", "good.edn bad.edn --html x.html"] {
        let output = check(folder.path(), words);
        assert_eq!(output.status.code(), Some(254), "{words}: {}", text(&output));
        assert!(output.stdout.is_empty(), "{words}: {}", text(&output));
    }
}

fn written(folder: &Path, words: &str, code: i32) -> [String; 3] {
    let files = ["page.html", "junit.xml", "summary.md"].map(|name| folder.join(name));
    for file in &files {
        fs::write(file, "old").unwrap();
    }
    let flags = "--html page.html --junit junit.xml --markdown summary.md";
    let output = check(folder, &format!("{words} {flags}"));
    assert_eq!(output.status.code(), Some(code), "{words}: {}", text(&output));
    files.map(|file| fs::read_to_string(file).unwrap())
}

#[test]
fn reports_of_histories_of_others_claim_nothing_of_a_run() {
    let folder = histories();
    for (file, code, operations) in
        [("good.edn", 0, true), ("bad.edn", 1, true), ("good.txt", 0, false), ("bad.txt", 1, false)]
    {
        let [page, junit, markdown] = written(folder.path(), file, code);
        let line = format!("afterall check {file} --html page.html");
        assert!(page.ends_with("</html>\n") && page.contains(&line), "{file}");
        assert!(markdown.contains(&line), "{markdown}");
        for text in [&junit, &markdown] {
            assert!(!text.contains("seed"), "{file}: {text}");
        }
        let failures = junit.matches("<failure").count();
        assert_eq!(failures > 0, code == 1, "{file}: {junit}");
        let (_, data) = page.split_once(r#"id="run">"#).unwrap();
        let data = data.split_once("</script>").unwrap().0;
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["context"]["run_toml"], "");
        assert_eq!(data["context"]["history_path"], file);
        assert_eq!(data["total"].as_u64().unwrap() > 0, operations, "{file}");
    }
}

#[test]
fn reports_of_own_histories_are_written_as_well() {
    let folder = histories();
    let store = folder.path().join("store");
    let run =
        format!("run --world sim --faults none --time 2s --seed 7 --store {}", store.display());
    assert_eq!(afterall(&run).output().unwrap().status.code(), Some(0));
    let [page, junit, markdown] = written(folder.path(), "store/latest", 0);
    assert!(page.contains("afterall check store/latest --html"));
    assert!(junit.contains("seed 7") && markdown.contains("sim world, seed 7"), "{markdown}");
}

#[test]
fn a_report_that_has_no_place_is_said_before_anything_is_judged() {
    let folder = histories();
    for (flag, says) in [
        ("--html nowhere/page.html", "there is no such folder"),
        ("--junit .", "it is a folder"),
        ("--html -", "name a file"),
        ("--markdown good.edn", "that is the history itself"),
        ("--html x --junit ./x", "that is where another report goes"),
    ] {
        let output = check(folder.path(), &format!("good.edn {flag}"));
        assert_eq!(output.status.code(), Some(254), "{flag}: {}", text(&output));
        assert!(text(&output).contains(says), "{flag}: {}", text(&output));
    }
    assert_eq!(fs::read_to_string(folder.path().join("good.edn")).unwrap(), COUNTER);
    assert_eq!(names(folder.path()).len(), 6);
}

#[test]
#[cfg(target_os = "linux")]
fn a_report_that_cannot_be_written_changes_no_exit_code() {
    let folder = histories();
    for (file, code) in [("good.edn", 0), ("bad.edn", 1)] {
        let output = check(folder.path(), &format!("{file} --html /dev/full --junit j.xml"));
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
        assert!(text(&output).contains("warning: cannot write /dev/full: "), "{}", text(&output));
        assert!(folder.path().join("j.xml").is_file());
    }
    let path: PathBuf = "/dev/full".into();
    assert!(!fs::metadata(path).unwrap().is_file());
}
