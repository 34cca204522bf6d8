//! The program `afterall`: its command line, its commands, and the store where runs are kept.

// First: its macros are for everything below.
#[macro_use]
mod output;

mod args;
mod blame;
mod bundled;
mod campaign;
mod campaign_args;
mod check;
mod control;
mod dies_with_parent;
mod doctor;
mod exit;
mod explain;
mod explore;
mod failure;
mod inspect;
mod list;
mod matrix;
mod opening;
mod progress;
mod recorded;
mod repeat;
mod rounds;
mod run;
mod runs;
mod scenario;
mod scenario_args;
mod search_args;
mod serve;
mod shrink;
mod signals;
mod simulated;
mod start;
pub mod store;
mod store_args;
mod stored;
mod table;
mod target;
mod terminal;
mod unfinished;
mod unseen;
mod windows;
mod word;

use args::{Cli, Command, TargetCommand};
use clap::{CommandFactory, Parser};
use exit::Exit;
use scenario_args::ScenarioCommand;
use std::process::ExitCode;

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
            | Command::Scenario(ScenarioCommand::List)
            | Command::List { .. }
            | Command::Explain { .. }
    );
    let outcome = match cli.command {
        Command::Run(args) => start::run(&args),
        Command::Replay(args) => run::replay(&args),
        Command::Explore(args) => explore::explore(&args),
        Command::Shrink(args) => shrink::shrink(&args),
        Command::Blame(args) => blame::blame(&args),
        Command::Matrix(args) => matrix::matrix(&args),
        Command::Campaign(command) => campaign::campaign(&command),
        Command::Check(args) => check::check(&args),
        Command::Report(args) => inspect::report(&args),
        Command::Export(args) => inspect::export(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Windows(args) => windows::windows(&args),
        Command::List { what } => list::list(what),
        Command::Diff(args) => stored::diff(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Explain { word } => explain::explain(&word.join(" ")),
        Command::Scenario(command) => scenario::scenario(&command),
        Command::Target(command) => target::target(&command),
        Command::Completions { shell } => {
            // In one piece: the generator panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "afterall", &mut script);
            print!("{}", String::from_utf8_lossy(&script));
            Ok(Exit::Valid)
        }
        Command::DiesWithParent { command } => Err(dies_with_parent::become_it(&command)),
        Command::Node(args) => match afterall_node::run(args) {
            Ok(()) => Ok(Exit::Valid),
            Err(error) => Err(error.into()),
        },
    };
    match outcome {
        Ok(Exit::Valid) if prints && output::is_cut() => Exit::Failed.into(),
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit.into()
        }
    }
}
