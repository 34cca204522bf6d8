//! The folder of a campaign: its index, and the runs that are kept.

use crate::failure::{Failure, chain};
use crate::store::REPORT;
use afterall_campaign::{CampaignHeader, Index, Line};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

pub(crate) use afterall_store::{INDEX, RUNS};

/// Where a run is kept.
pub(crate) fn run_folder(campaign: &Path, run: u64) -> PathBuf {
    campaign.join(RUNS).join(run.to_string())
}

/// Whether a run is kept there whole: its page is written last.
pub(crate) fn is_kept(campaign: &Path, run: u64) -> bool {
    run_folder(campaign, run).join(REPORT).is_file()
}

/// The runs that are kept, in the order of their numbers.
pub(crate) fn kept(campaign: &Path) -> Vec<u64> {
    let entries = fs::read_dir(campaign.join(RUNS)).into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

/// What was finished of a campaign.
pub(crate) fn read(campaign: &Path) -> Result<Index, Failure> {
    let path = campaign.join(INDEX);
    let file = File::open(&path).map_err(|error| {
        let what = format!(
            "{}: expected the folder of a campaign, cannot read its {INDEX}: {error}",
            campaign.display()
        );
        if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
            Failure::usage(what)
        } else {
            Failure::failed(what)
        }
    })?;
    let read = Index::read(BufReader::new(file));
    let index =
        read.map_err(|error| Failure::failed(format!("{}: {}", path.display(), chain(&error))))?;
    index.ok_or_else(|| {
        let what = "expected the first line of a campaign's index, found none: nothing was begun";
        Failure::usage(format!("{}: {what}", path.display()))
    })
}

/// The folder of a campaign under way. Nobody else writes to it.
#[derive(Debug)]
pub(crate) struct CampaignFolder {
    path: PathBuf,
    file: File,
    index: Index,
}

impl CampaignFolder {
    /// Begins a campaign, or goes on with one.
    ///
    /// # Errors
    /// The folder is of another campaign, somebody else is at it, or it cannot be written.
    pub(crate) fn open(path: &Path, header: CampaignHeader) -> Result<CampaignFolder, Failure> {
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::failed(format!("cannot write {}: {error}", path.join(INDEX).display()))
        };
        fs::create_dir_all(path.join(RUNS)).map_err(|error| cannot(&error))?;
        let file = OpenOptions::new().read(true).append(true).create(true).open(path.join(INDEX));
        let mut file = file.map_err(|error| cannot(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what =
                    format!("{}: another command is making runs of this campaign", path.display());
                return Err(Failure::usage(what));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(&error)),
        }
        let wrong =
            |error| Failure::failed(format!("{}: {}", path.join(INDEX).display(), chain(&error)));
        let index = match Index::read(BufReader::new(&file)).map_err(wrong)? {
            Some(index) => {
                let differs = |why| Failure::usage(format!("{}: {why}", path.display()));
                index.header.same(&header).map_err(differs)?;
                // A line that was being written when the program was killed.
                file.set_len(index.whole_bytes).map_err(|error| cannot(&error))?;
                index
            }
            None => {
                file.set_len(0).map_err(|error| cannot(&error))?;
                file.write_all(header.to_text()?.as_bytes()).map_err(|error| cannot(&error))?;
                Index::new(header)
            }
        };
        Ok(CampaignFolder { path: path.to_owned(), file, index })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is finished.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Writes down that a run is finished, in one piece.
    ///
    /// # Errors
    /// It cannot be written. What of it was written is no whole line, and is taken away when the campaign goes on.
    pub(crate) fn append(&mut self, line: Line) -> Result<(), Failure> {
        let text = line.to_text()?;
        self.file.write_all(text.as_bytes()).map_err(|error| {
            Failure::failed(format!("cannot write {}: {error}", self.path.join(INDEX).display()))
        })?;
        self.index.lines.insert(line.run, line);
        Ok(())
    }
}
