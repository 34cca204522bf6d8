//! Files of a store, and of nothing else.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The name is none of a file below the store.
    #[error("expected a path below the store, found {0:?}")]
    Name(String),
    /// A link leads out of the store.
    #[error("{0:?} leads out of the store")]
    Outside(String),
    /// It is no file that can be read from its beginning to its end.
    #[error("expected a file, found something else: {0:?}")]
    NoFile(String),
    /// It is not there, or cannot be read.
    #[error("cannot read {name:?}")]
    Read {
        /// Which.
        name: String,
        /// The system's word.
        #[source]
        error: io::Error,
    },
}

impl Refusal {
    /// Whether it is only not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        let missing = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        };
        matches!(self, Refusal::Read { error, .. } if missing(error))
    }
}

/// Whether a path has nothing but names in it: no `..`, no beginning at the root, no empty or hidden part, no backslash.
#[must_use]
pub fn plain(path: &str) -> bool {
    let names = path.split('/').all(|name| !name.is_empty() && !name.starts_with('.'));
    let only_names = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    names && only_names && !path.contains(['\\', '\0'])
}

/// A store from which nothing leads out.
#[derive(Debug, Clone)]
pub struct Inside {
    named: PathBuf,
    root: PathBuf,
}

impl Inside {
    /// A store.
    ///
    /// # Errors
    /// It is no folder that can be read.
    pub fn new(store: &Path) -> io::Result<Inside> {
        let root = fs::canonicalize(store)?;
        match root.is_dir() {
            true => Ok(Inside { named: store.to_owned(), root }),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The store as it was named.
    #[must_use]
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// A file or folder below the store as commands would be told.
    #[must_use]
    pub fn path_of(&self, path: &str) -> PathBuf {
        self.named.join(path)
    }

    /// Where a path below the store leads, its links followed.
    ///
    /// # Errors
    /// It leads nowhere, or out of the store.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, Refusal> {
        if !plain(path) {
            return Err(Refusal::Name(path.to_owned()));
        }
        let real = fs::canonicalize(self.root.join(path))
            .map_err(|error| Refusal::Read { name: path.to_owned(), error })?;
        match real.starts_with(&self.root) {
            true => Ok(real),
            false => Err(Refusal::Outside(path.to_owned())),
        }
    }

    /// Opens a file below the store: one that ends, and no pipe or device.
    ///
    /// # Errors
    /// It is not there, leads out of the store, or is no such file.
    pub fn open(&self, path: &str) -> Result<File, Refusal> {
        let real = self.resolve(path)?;
        let read = |error| Refusal::Read { name: path.to_owned(), error };
        // Before it is opened: a pipe would wait for who writes to it.
        if !fs::metadata(&real).map_err(read)?.is_file() {
            return Err(Refusal::NoFile(path.to_owned()));
        }
        File::open(&real).map_err(read)
    }

    /// Checks that nothing in a folder leads out of the store, and that all of it is folders and files that end.
    ///
    /// # Errors
    /// Something does, or is none; or the folder cannot be read, or holds more than 10,000 files.
    pub fn check_whole(&self, path: &str) -> Result<(), Refusal> {
        let (mut folders, mut seen) = (vec![path.to_owned()], 0_u32);
        while let Some(folder) = folders.pop() {
            let read = |error| Refusal::Read { name: folder.clone(), error };
            for entry in fs::read_dir(self.resolve(&folder)?).map_err(read)? {
                let entry = entry.map_err(read)?;
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                let kind = entry.file_type().map_err(read)?;
                seen += 1;
                if seen > 10_000 {
                    return Err(read(io::ErrorKind::FileTooLarge.into()));
                }
                match () {
                    () if kind.is_dir() => folders.push(name),
                    () if kind.is_file() => {}
                    () => drop(self.open(&name)?),
                }
            }
        }
        Ok(())
    }

    /// The root, its links followed.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_below_the_store_are_paths() {
        for good in ["a", "a/b", "reference-cart/20260101T000000Z-9", "a b/ü%", "a..b"] {
            assert!(plain(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            "..",
            "../a",
            "a/../b",
            "a/..",
            ".",
            "./a",
            "a/.hidden",
            "a\\..\\b",
            "a\0",
        ] {
            assert!(!plain(bad), "{bad:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn links_that_lead_out_are_refused_and_those_within_are_followed() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        fs::create_dir_all(store.join("a")).unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        fs::write(store.join("a/file"), "f").unwrap();
        symlink("../../secret", store.join("a/out")).unwrap();
        symlink(folder.path(), store.join("up")).unwrap();
        symlink("a", store.join("latest")).unwrap();
        let inside = Inside::new(&store).unwrap();
        assert!(inside.open("a/file").is_ok() && inside.open("latest/file").is_ok());
        for out in ["a/out", "up", "up/secret"] {
            assert!(matches!(inside.resolve(out), Err(Refusal::Outside(_))), "{out}");
        }
        assert!(matches!(inside.check_whole("a"), Err(Refusal::Outside(_))));
        fs::remove_file(store.join("a/out")).unwrap();
        assert!(inside.check_whole("a").is_ok());
        assert!(matches!(inside.open("a"), Err(Refusal::NoFile(_))));
        assert!(inside.open("a/nothing").unwrap_err().is_missing());
        assert!(matches!(inside.open("../secret"), Err(Refusal::Name(_))));
    }

    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let store = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(store.path().join("pipe")).status();
        assert!(made.unwrap().success());
        let inside = Inside::new(store.path()).unwrap();
        assert!(matches!(inside.open("pipe"), Err(Refusal::NoFile(_))));
    }
}
