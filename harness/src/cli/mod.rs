//! The command line.

mod args;
mod doctor;
mod inspect;
mod progress;
mod recorded;
mod run;
mod target;

use afterall_checkers::Valid;
use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use std::process::ExitCode;

/// What a command comes to. The numbers are those of Jepsen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every promise held.
    Valid,
    /// A promise was broken.
    Invalid,
    /// Nobody knows.
    Unknown,
    /// The command line makes no sense.
    Usage,
    /// The harness failed.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Valid => 0,
            Exit::Invalid => 1,
            Exit::Unknown => 2,
            Exit::Usage => 254,
            Exit::Failed => 255,
        })
    }
}

impl From<Valid> for Exit {
    fn from(valid: Valid) -> Self {
        match valid {
            Valid::True | Valid::Measured => Exit::Valid,
            Valid::False => Exit::Invalid,
            Valid::Unknown => Exit::Unknown,
        }
    }
}

/// A command that ends with an error: what to say, and the exit code.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    fn usage(error: impl std::fmt::Display) -> Failure {
        Failure { exit: Exit::Usage, message: error.to_string() }
    }
}

/// Any other error is the harness's.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure { exit: Exit::Failed, message: error.to_string() }
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own exit code, 2, means "unknown" here.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Valid };
            let _ = error.print();
            return exit.into();
        }
    };
    let outcome = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Replay(args) => run::replay(&args),
        Command::Check(args) => inspect::check(&args),
        Command::Report(args) => inspect::report(&args),
        Command::Export(args) => inspect::export(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Target(command) => target::target(&command),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "afterall", &mut std::io::stdout());
            Ok(Exit::Valid)
        }
        Command::Node(args) => match afterall_reference::shell::run(args) {
            Ok(()) => Ok(Exit::Valid),
            Err(error) => Err(error.into()),
        },
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            failure.exit.into()
        }
    }
}
