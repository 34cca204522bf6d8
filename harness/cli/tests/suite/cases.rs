//! Small histories with the right answer: every line of `cases/cases.tsv`, by its name and through a pipe.

use crate::program::{AFTERALL, text};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A line of the table.
struct Case<'t> {
    file: PathBuf,
    arguments: Vec<&'t str>,
    codes: Vec<i32>,
    words: &'t str,
    why: &'t str,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn cases(table: &str) -> Vec<Case<'_>> {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let case = |line| {
        let fields: Vec<&str> = str::split(line, '\t').chain([""; 4]).collect();
        let arguments = if fields[1].starts_with('(') { "" } else { fields[1] };
        Case {
            file: folder().join(fields[0]),
            arguments: arguments.split_whitespace().collect(),
            codes: fields[2].split('|').map(|code| code.parse().unwrap()).collect(),
            words: fields[3],
            why: fields[4],
        }
    };
    lines.map(case).collect()
}

fn check(file: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(AFTERALL);
    // What nobody promised is listed for who asks for it.
    let verbose = (!arguments.contains(&"--json")).then_some("-v");
    command.arg("check").arg(file).args(arguments).args(verbose).output().unwrap()
}

/// The same through standard input.
fn check_pipe(file: &Path, arguments: &[&str]) -> Output {
    let mut cat = Command::new("cat").arg(file).stdout(Stdio::piped()).spawn().unwrap();
    let mut command = Command::new(AFTERALL);
    let verbose = (!arguments.contains(&"--json")).then_some("-v");
    command.args(["check", "-"]).args(arguments).args(verbose).stdin(cat.stdout.take().unwrap());
    let output = command.output().unwrap();
    cat.wait().unwrap();
    output
}

/// Whether the verdict says so of the property, or the words were printed, or not.
fn says(case: &Case<'_>, output: &Output) -> bool {
    if let Some((property, outcome)) = case.words.split_once('=') {
        let mut arguments = case.arguments.clone();
        arguments.push("--json");
        let json = check(&case.file, &arguments).stdout;
        let verdict: Value = serde_json::from_slice(&json).unwrap_or_default();
        let properties = verdict["properties"].as_array().cloned().unwrap_or_default();
        return properties.iter().any(|p| p["property"] == property && p["outcome"] == outcome);
    }
    // Lines are broken to fit a terminal.
    let said = text(output).split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    match case.words.strip_prefix('!') {
        Some(word) => !said.contains(&word.to_lowercase()),
        None => case.words.split('|').any(|word| said.contains(&word.to_lowercase())),
    }
}

#[test]
fn every_case_comes_out_right() {
    let table = std::fs::read_to_string(folder().join("cases.tsv")).unwrap();
    let cases = cases(&table);
    let mut wrong = Vec::new();
    for case in &cases {
        let output = check(&case.file, &case.arguments);
        let code = output.status.code().unwrap();
        if !case.codes.contains(&code) || !says(case, &output) {
            let file = case.file.strip_prefix(folder()).unwrap().display();
            wrong.push(format!(
                "{file} {:?}: exit code {code}, expected {:?} {} ({})\n{}",
                case.arguments,
                case.codes,
                case.words,
                case.why,
                text(&output)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 70);
}

#[test]
fn through_a_pipe_it_is_the_same() {
    let table = std::fs::read_to_string(folder().join("cases.tsv")).unwrap();
    for case in cases(&table).iter().filter(|case| case.file.is_file()) {
        for json in [false, true] {
            let mut arguments = case.arguments.clone();
            arguments.extend(json.then_some("--json"));
            let named = check(&case.file, &arguments);
            let piped = check_pipe(&case.file, &arguments);
            let of = |output: &Output| {
                (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
            };
            assert_eq!(of(&named), of(&piped), "{}", case.file.display());
        }
    }
}
