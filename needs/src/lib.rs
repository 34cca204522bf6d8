//! Tests that need something of the machine: a Docker engine, a browser, a program.
//!
//! Where it is missing, a test of the standard runner can only pass, as if it had found everything right. A test file whose
//! `main` is [`run`] counts such tests as ignored, and says why; with `AFTERALL_REQUIRE_ALL=1` they fail. Names, filters
//! and options are those of the standard runner. The file is listed in the manifest with `harness = false`:
//!
//! ```
//! use afterall_needs::{tests, NOTHING};
//! use std::process::ExitCode;
//!
//! fn python() -> Result<(), String> {
//!     afterall_needs::program("python3")
//! }
//!
//! fn one_and_one_is_two() {
//!     assert_eq!(1 + 1, 2);
//! }
//!
//! fn the_example_runs() {}
//!
//! fn main() -> ExitCode {
//!     afterall_needs::run(tests! {
//!         NOTHING => one_and_one_is_two;
//!         python => the_example_runs;
//!     })
//! }
//! ```

use libtest_mimic::{Arguments, Completion, Failed};
use std::process::{Command, ExitCode, Stdio};

pub use libtest_mimic::Trial;

/// Looks for something that tests need. `Err` says what is missing, as a sentence that the test runner prints: nobody takes
/// it apart, so it is a text.
pub type Need = fn() -> Result<(), String>;

/// For tests that run everywhere.
pub const NOTHING: Need = || Ok(());

/// Tests with what they need, as `NEED => TEST, TEST; NEED => TEST;`. A test that is not listed is dead code, and the
/// compiler says so.
#[macro_export]
macro_rules! tests {
    ($($need:expr => $($test:ident),+ $(,)?);+ $(;)?) => {
        vec![$($($crate::test(stringify!($test), $need, $test)),+),+]
    };
}

/// A test. Whether there is what it needs is looked for when its turn comes.
pub fn test(name: &str, need: Need, body: impl FnOnce() + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || match need() {
        Ok(()) => {
            body();
            Ok(Completion::Completed)
        }
        Err(missing) if require_all() => Err(Failed::from(missing)),
        Err(missing) => Ok(Completion::ignored_with(missing)),
    })
}

/// Whether nothing may be ignored.
fn require_all() -> bool {
    std::env::var_os("AFTERALL_REQUIRE_ALL").is_some_and(|value| value == "1")
}

/// Runs tests as the command line says.
#[must_use]
pub fn run(tests: Vec<Trial>) -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// Whether a program can be started.
///
/// # Errors
/// It cannot be.
pub fn program(name: &str) -> Result<(), String> {
    let mut command = Command::new(name);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().map(drop).map_err(|_| format!("there is no {name}"))
}
