//! `afterall-node`: the reference node alone, small enough for an image of its own.

use afterall_node::{AuthorityArgs, NodeArgs, run, run_authority};
use clap::{CommandFactory, Parser, Subcommand};
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

/// The reference node of Afterall.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    node: Option<NodeArgs>,
}

#[derive(Subcommand)]
enum Command {
    /// Tell nodes the time
    Authority(AuthorityArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match (cli.command, cli.node) {
        (Some(Command::Authority(args)), _) => run_authority(&args),
        (None, Some(node)) => run(node),
        (None, None) => Cli::command()
            .error(clap::error::ErrorKind::MissingRequiredArgument, "--id and --data are needed")
            .exit(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            // The standard library's macro would panic where its log has no room either.
            let _ = writeln!(std::io::stderr(), "afterall-node: {text}");
            ExitCode::FAILURE
        }
    }
}
