//! A folder of runs, given where one run is expected: which runs are there.

use std::fs;
use std::path::{Path, PathBuf};

/// Below a store stand the folders of targets, and below these the runs.
const DEPTH: usize = 2;

/// A folder that holds runs and is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}: expected one run, found a folder of runs ({count}): name one of them, such as {}", .folder.display(), .such_as.display())]
pub(crate) struct SeveralRuns {
    folder: PathBuf,
    count: usize,
    such_as: PathBuf,
}

/// Checks that a path is not a folder of runs. `file` is what the folder of a run has.
///
/// # Errors
/// It is one, with the run to try: the latest.
pub(crate) fn expected_one(path: &Path, file: &str) -> Result<(), SeveralRuns> {
    if !path.is_dir() || path.join(file).is_file() {
        return Ok(());
    }
    let mut runs = Vec::new();
    collect(path, file, DEPTH, &mut runs);
    let latest = path.join("latest");
    let latest = latest.join(file).is_file().then_some(latest);
    // The name of a run begins with its time.
    let last = runs.iter().max_by_key(|run| run.file_name()).cloned();
    match latest.or(last) {
        None => Ok(()),
        Some(such_as) => {
            Err(SeveralRuns { folder: path.to_owned(), count: runs.len().max(1), such_as })
        }
    }
}

fn collect(folder: &Path, file: &str, depth: usize, runs: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        // `latest` is a link to one of the others.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        if path.join(file).is_file() {
            runs.push(path);
        } else if depth > 1 {
            collect(&path, file, depth - 1, runs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_and_a_target_name_their_latest_run() {
        let store = tempfile::tempdir().unwrap();
        let group = store.path().join("reference-cart");
        for run in ["20260101T000000Z-9", "20260102T000000Z-1"] {
            fs::create_dir_all(group.join(run)).unwrap();
            fs::write(group.join(run).join("run.toml"), "").unwrap();
        }
        let last = group.join("20260102T000000Z-1");
        for folder in [store.path(), &group] {
            let several = expected_one(folder, "run.toml").unwrap_err();
            assert_eq!((several.count, &several.such_as), (2, &last));
        }
        assert_eq!(expected_one(&last, "run.toml"), Ok(()));
        assert_eq!(expected_one(&last.join("run.toml"), "run.toml"), Ok(()));
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(expected_one(empty.path(), "run.toml"), Ok(()));
    }
}
