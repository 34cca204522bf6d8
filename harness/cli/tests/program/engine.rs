//! Tests with containers. Without an engine, or without the images that `docker/build` makes, they are counted as ignored;
//! with `AFTERALL_REQUIRE_ALL=1` they fail.

use super::{AFTERALL, text};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One cluster at a time: they share the machine, and what is left behind must be somebody's.
static ALONE: Mutex<()> = Mutex::new(());

/// Waits for its turn.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether containers of these images can be had.
pub(crate) fn has(images: &[&str]) -> Result<(), String> {
    let engine =
        Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]).output();
    match engine {
        Ok(output) if output.status.success() => {}
        Ok(output) => return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => return Err(format!("docker: {error}")),
    }
    for image in ["afterall/infra", "afterall/toxiproxy"].iter().chain(images) {
        let inspected = Command::new("docker").args(["image", "inspect", image]).output();
        if !inspected.is_ok_and(|output| output.status.success()) {
            return Err(format!("there is no image {image}: `docker/build` makes it"));
        }
    }
    Ok(())
}

/// A command whose temporary files lie in the store: by them its containers are told from those of other runs.
pub(crate) fn afterall(arguments: &[&str], store: &Path) -> Command {
    let mut command = Command::new(AFTERALL);
    command.args(arguments).arg("--store").arg(store).env("TMPDIR", store);
    command
}

/// How many things in the engine belong to runs whose temporary files are in this folder: other runs are not ours.
pub(crate) fn left(folder: &Path) -> usize {
    let list = |arguments: &[&str]| {
        let format = ["--filter", "label=afterall.run", "--format", "{{.Labels}}"];
        let output = Command::new("docker").args(arguments).args(format).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        let labels = String::from_utf8(output.stdout).unwrap();
        labels.lines().filter(|labels| labels.contains(&*folder.to_string_lossy())).count()
    };
    list(&["ps", "-a"]) + list(&["network", "ls"]) + list(&["volume", "ls"])
}
