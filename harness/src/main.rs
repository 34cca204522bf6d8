//! `afterall`, the program: see [`afterall::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    afterall::cli::main()
}
