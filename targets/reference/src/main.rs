//! `afterall-node`: the reference node alone, small enough for an image of its own.

use clap::Parser;
use std::process::ExitCode;

/// The reference node of Afterall.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    node: afterall_reference::shell::NodeArgs,
}

fn main() -> ExitCode {
    match afterall_reference::shell::run(Cli::parse().node) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("afterall-node: {error}");
            ExitCode::FAILURE
        }
    }
}
