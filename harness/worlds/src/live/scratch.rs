//! The folder that holds the nodes' data while a run lasts.
//!
//! It is removed when the run ends. A harness that was killed cannot do that; its folder is recognised by a lock
//! that nobody holds any more, and the next run, or `doctor`, removes it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const PREFIX: &str = "afterall-run-";
const LOCK: &str = "owner.lock";

/// A temporary folder, locked by this process.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: tempfile::TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes one.
    pub(crate) fn new() -> io::Result<Scratch> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        // Locked under another name first: nobody sees an owner's lock that its owner does not hold.
        let unlocked = folder.path().join("new.lock");
        let lock = File::create(&unlocked)?;
        lock.lock()?;
        std::fs::rename(unlocked, folder.path().join(LOCK))?;
        Ok(Scratch { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Whether nobody holds a folder's lock any more, or the folder is gone.
pub(crate) fn is_abandoned(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Removes what dead runs left behind; returns the folders removed.
///
/// # Errors
/// The folder for temporary files cannot be read.
pub fn reap() -> io::Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for entry in std::fs::read_dir(std::env::temp_dir())? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // No lock yet: it is being made.
        let abandoned = entry.path().join(LOCK).exists() && is_abandoned(&entry.path());
        if abandoned && std::fs::remove_dir_all(entry.path()).is_ok() {
            removed.push(entry.path());
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_folders_are_reaped() {
        let alive = Scratch::new().unwrap();
        let dead = Scratch::new().unwrap();
        let left = dead.folder.keep();
        drop(dead._lock);
        assert!(reap().unwrap().contains(&left));
        assert!(!left.exists());
        assert!(alive.path().exists());
    }
}
