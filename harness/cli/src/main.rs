//! `afterall`, the program: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    afterall::main()
}
