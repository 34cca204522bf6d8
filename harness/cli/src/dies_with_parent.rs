//! A program of the user's as a node: it is to end with the run, however that ends, and need not know how.

use crate::failure::Failure;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Becomes a program, which the system kills when the process is gone that has started this one. Returns only if that fails.
pub(crate) fn become_it(command: &[OsString]) -> Failure {
    let Some((program, arguments)) = command.split_first() else {
        return Failure::usage("expected a program, found none");
    };
    // It stays with the process when that becomes another program (prctl(2)).
    #[cfg(target_os = "linux")]
    if let Err(error) =
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
    {
        return Failure::failed(format!("the program would outlive the run: {error}"));
    }
    let error = Command::new(program).args(arguments).exec();
    Failure::failed(format!("cannot run {}: {error}", program.display()))
}
