//! Files and folders that are nothing yet. They are removed when their owner gives up, and when a signal ends the program:
//! no reader ever finds half a report, or the folder of a run that never began.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

static ALL: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
/// So that no two unfinished files have the same name.
static NUMBER: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    path: PathBuf,
    /// Folders around it that go as well where nothing else is in them, the innermost first.
    around: Vec<PathBuf>,
}

impl Entry {
    fn remove(&self) {
        // What is gone already is as it should be, and nobody could do more about the rest.
        let _ = if self.path.is_dir() {
            fs::remove_dir_all(&self.path)
        } else {
            fs::remove_file(&self.path)
        };
        for folder in &self.around {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A file or folder that is removed unless it is [finished](Unfinished::finish).
#[derive(Debug)]
pub(crate) struct Unfinished(Entry);

impl Unfinished {
    pub(crate) fn file(path: PathBuf) -> Unfinished {
        Unfinished::folder(path, Vec::new())
    }

    /// A folder, and those around it that go with it where nothing else is in them, the innermost first.
    pub(crate) fn folder(path: PathBuf, around: Vec<PathBuf>) -> Unfinished {
        let entry = Entry { path, around };
        ALL.lock().unwrap_or_else(PoisonError::into_inner).push(entry.clone());
        Unfinished(entry)
    }

    /// It is what it should be, and stays.
    pub(crate) fn finish(self) {
        self.forget();
        std::mem::forget(self);
    }

    fn forget(&self) {
        ALL.lock().unwrap_or_else(PoisonError::into_inner).retain(|entry| *entry != self.0);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.forget();
        self.0.remove();
    }
}

/// Removes everything that is unfinished: the program is about to end.
pub(crate) fn remove_all() {
    for entry in ALL.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        entry.remove();
    }
}

/// Writes a file whole or not at all: under another name first, beside its place. What was there is replaced; a link to
/// one is followed; a device or a pipe is written to.
///
/// # Errors
/// It cannot be written. What was there before is as it was.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let place = match fs::metadata(path) {
        Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => {
            return OpenOptions::new().write(true).open(path)?.write_all(content);
        }
        Ok(_) => fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    place.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    // Not made of the file's own name, which may be as long as names can be.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let part = place.with_file_name(format!(".afterall-{}-{number}.part", std::process::id()));
    let mut file = File::create(&part)?;
    let unfinished = Unfinished::file(part.clone());
    file.write_all(content)?;
    // Some file systems tell only now that there was no room.
    if let Err(error) = file.sync_data()
        && !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
    {
        return Err(error);
    }
    fs::rename(&part, &place)?;
    unfinished.finish();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_and_what_was_there_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        for text in ["one", "another"] {
            write_whole(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(names(folder.path()), ["report.html"]);
    }

    #[test]
    fn a_name_may_be_as_long_as_names_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let name = "x".repeat(255);
        write_whole(&folder.path().join(&name), b"text").unwrap();
        assert_eq!(names(folder.path()), [name]);
    }

    #[test]
    #[cfg(unix)]
    fn links_are_followed_and_devices_stay_devices() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [real, link] = ["real", "link"].map(|name| folder.path().join(name));
        fs::write(&real, "old").unwrap();
        symlink(&real, &link).unwrap();
        write_whole(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        write_whole(Path::new("/dev/null"), b"text").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("report.html");
        fs::create_dir(&place).unwrap();
        assert!(write_whole(&place, b"text").is_err());
        assert!(write_whole(&folder.path().join("nowhere/report.html"), b"text").is_err());
        assert_eq!(names(folder.path()), ["report.html"]);
    }

    #[test]
    fn a_folder_that_is_given_up_goes_with_the_empty_ones_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let group = folder.path().join("store/group");
        fs::create_dir_all(group.join("run")).unwrap();
        let around = vec![group.clone(), folder.path().join("store")];
        let given_up = Unfinished::folder(group.join("run"), around.clone());
        fs::create_dir(group.join("another")).unwrap();
        drop(given_up);
        assert_eq!(names(&group), ["another"]);
        drop(Unfinished::folder(group.join("another"), around));
        assert!(names(folder.path()).is_empty());
    }
}
