//! What becomes of a test whose need is missing: this program runs itself, with such a test.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use afterall_needs::{NOTHING, tests};
use std::process::{Command, ExitCode};

const INSIDE: &str = "AFTERALL_NEEDS_INSIDE";

fn main() -> ExitCode {
    if std::env::var_os(INSIDE).is_some() {
        return afterall_needs::run(tests! {
            NOTHING => passes;
            || Err("there is no moon".to_owned()) => needs_the_moon, needs_the_moon_too;
        });
    }
    afterall_needs::run(tests! {
        NOTHING =>
            a_missing_need_is_counted_as_ignored_with_its_reason,
            with_require_all_a_missing_need_is_a_failure,
            filters_choose_among_them,
            a_program_that_is_not_there_is_missing;
    })
}

fn passes() {}

fn needs_the_moon() {
    panic!("it ran without the moon");
}

fn needs_the_moon_too() {
    needs_the_moon();
}

/// The exit code and what was printed.
fn inside(require_all: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(INSIDE, "1").env("AFTERALL_REQUIRE_ALL", require_all).args(arguments);
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn a_missing_need_is_counted_as_ignored_with_its_reason() {
    let (code, said) = inside("0", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 passed; 0 failed; 2 ignored"), "{said}");
    assert!(said.contains("ignored (there is no moon)"), "{said}");
}

fn with_require_all_a_missing_need_is_a_failure() {
    let (code, said) = inside("1", &[]);
    assert_ne!(code, 0, "{said}");
    assert!(said.contains("1 passed; 2 failed; 0 ignored"), "{said}");
    assert!(said.contains("there is no moon"), "{said}");
}

fn filters_choose_among_them() {
    let (code, said) = inside("1", &["passes"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out"), "{said}");
    let (_, said) = inside("0", &["--exact", "needs_the_moon"]);
    assert!(said.contains("0 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out"), "{said}");
}

fn a_program_that_is_not_there_is_missing() {
    assert_eq!(afterall_needs::program("sh"), Ok(()));
    let missing = afterall_needs::program("no-such-program");
    assert_eq!(missing, Err("there is no no-such-program".to_owned()));
}
