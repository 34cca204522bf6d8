//! The command line.

mod args;
mod check;
mod doctor;
mod inspect;
mod progress;
mod recorded;
mod run;
mod signals;
mod target;

use crate::output;
use afterall_checkers::Valid;
use args::{Cli, Command, TargetCommand};
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

impl Exit {
    fn code(self) -> u8 {
        match self {
            Exit::Valid => 0,
            Exit::Invalid => 1,
            Exit::Unknown => 2,
            Exit::Usage => 254,
            Exit::Failed => 255,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
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
    // What these print is all that they do.
    let prints = matches!(
        cli.command,
        Command::Export(_)
            | Command::Completions { .. }
            | Command::Target(TargetCommand::List | TargetCommand::Schema)
    );
    let outcome = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Replay(args) => run::replay(&args),
        Command::Check(args) => check::check(&args),
        Command::Report(args) => inspect::report(&args),
        Command::Export(args) => inspect::export(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Target(command) => target::target(&command),
        Command::Completions { shell } => {
            // In one piece: the generator panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "afterall", &mut script);
            print!("{}", String::from_utf8_lossy(&script));
            Ok(Exit::Valid)
        }
        Command::Node(args) => match afterall_node::run(args) {
            Ok(()) => Ok(Exit::Valid),
            Err(error) => Err(error.into()),
        },
    };
    match outcome {
        Ok(Exit::Valid) if prints && output::is_cut() => Exit::Failed.into(),
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            failure.exit.into()
        }
    }
}
