//! The store: a folder for each run, with everything that is to be kept of it.

use crate::unfinished::{Unfinished, write_whole};
use afterall_checkers::Verdict;
use afterall_engine::{Plan, RunConfig, Traffic};
use afterall_history::{Event, FORMAT, Header, History, Writer};
use afterall_manifest::{WrongEntry, read_toml};
use afterall_reports::{Context, NodeLog, junit_xml, report_html, summary_md, verdict_json};
use afterall_worlds::tail;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

// The file names in a run's folder.
pub use afterall_store::{HISTORY, REPORT, RUN, TRAFFIC, VERDICT};

/// What cannot be stored or found.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder cannot be written.
    #[error("cannot write {path}", path = .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's word.
        #[source]
        error: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {path}", path = .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's word.
        #[source]
        error: io::Error,
    },
    /// A history, where a configuration is expected.
    #[error(
        "{path}: expected the folder of a run or its {RUN}, found a history",
        path = .path.display()
    )]
    History {
        /// Which.
        path: PathBuf,
    },
    /// A configuration that is none, or cannot be carried out: where, and what is wrong.
    #[error(transparent)]
    Config(#[from] WrongEntry),
    /// A report cannot be made.
    #[error("cannot make the report")]
    Report(#[from] afterall_reports::ReportError),
    /// The configuration cannot be written as TOML.
    #[error("cannot write the configuration")]
    Toml(#[from] toml::ser::Error),
}

/// `latest` does not lead to a run.
#[derive(Debug, thiserror::Error)]
#[error("{} does not lead to this run: {why}", .latest.display())]
struct LatestError {
    latest: PathBuf,
    why: String,
}

impl StoreError {
    /// Whether this file is what could not be written.
    #[must_use]
    pub fn concerns(&self, file: &Path) -> bool {
        matches!(self, StoreError::Write { path, .. } if path == file)
    }
}

/// The folder of a run that has not begun. Unless it [begins](NewRun::begin) the folder goes again, with those around it
/// that were made for it, and `latest` leads where it led.
#[derive(Debug)]
pub struct NewRun {
    folder: RunFolder,
    store: PathBuf,
    unfinished: Unfinished,
}

impl NewRun {
    /// Makes the folder `<store>/<target>-<workload>/<UTC time>-<seed>`, and writes `run.toml`.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn create(store: &Path, config: &RunConfig, now: SystemTime) -> Result<NewRun, StoreError> {
        let group = store.join(format!("{}-{}", config.target, config.workload.name()));
        let mut around = vec![group.clone()];
        // An empty folder that somebody made is not ours to remove.
        around.extend((!store.exists()).then(|| store.to_owned()));
        let time = humantime::format_rfc3339_seconds(now).to_string().replace([':', '-'], "");
        let name = format!("{time}-{}", config.seed);
        let path = make_folder(&group, &name).map_err(|error| {
            // What of it could be made goes again.
            around.iter().for_each(|folder| drop(fs::remove_dir(folder)));
            StoreError::Write { path: group.join(&name), error }
        })?;
        let unfinished = Unfinished::folder(path.clone(), around);
        let folder = RunFolder { path };
        let logs = folder.logs();
        fs::create_dir(&logs).map_err(|error| StoreError::Write { path: logs, error })?;
        folder.write(RUN, &toml::to_string(config)?)?;
        Ok(NewRun { folder, store: store.to_owned(), unfinished })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// The run has begun: its folder stays, and `latest` leads there. Says what is in the way of that; the run goes on
    /// without.
    pub fn begin(self) -> Option<String> {
        self.unfinished.finish();
        self.folder.lead_latest(&self.store).err().map(|error| error.to_string())
    }
}

/// Makes a folder that was not there before. Two runs of one second and seed: the second is numbered.
fn make_folder(group: &Path, name: &str) -> io::Result<PathBuf> {
    let mut path = group.join(name);
    let mut number = 2;
    loop {
        fs::create_dir_all(group)?;
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if number > 1_000 => return Err(error),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                path = group.join(format!("{name}-{number}"));
            }
            // A run beside this one that could not begin took the group with it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        number += 1;
    }
}

/// A run's folder.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Keeps what the nodes sent to each other.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep_traffic(&self, traffic: &Traffic) -> Result<(), StoreError> {
        self.write(TRAFFIC, &toml::to_string(traffic)?)
    }

    /// What the nodes sent to each other, if it was kept.
    #[must_use]
    pub fn traffic(&self) -> Option<Traffic> {
        toml::from_str(&fs::read_to_string(self.file(TRAFFIC)).ok()?).ok()
    }

    /// The ends of what the nodes printed, by the name of the log.
    #[must_use]
    pub fn log_tails(&self, bytes: usize) -> Vec<NodeLog> {
        let Ok(entries) = fs::read_dir(self.logs()) else { return Vec::new() };
        let mut paths: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        let of = |path: &PathBuf| {
            let node = path.file_stem()?.to_str()?.to_owned();
            let text = String::from_utf8_lossy(&fs::read(path).ok()?).into_owned();
            Some(NodeLog { node, tail: tail(&text, bytes).to_owned() })
        };
        paths.iter().filter_map(of).collect()
    }

    /// The folder that a path means: itself, or that of the file in it.
    #[must_use]
    pub fn of(path: &Path) -> RunFolder {
        let folder = if path.is_file() { path.parent().unwrap_or(Path::new(".")) } else { path };
        RunFolder { path: folder.to_owned() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the nodes' logs are.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.path.join("nodes")
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Reads `run.toml`.
    ///
    /// # Errors
    /// It is not there, or is none.
    pub fn config(&self) -> Result<RunConfig, StoreError> {
        read_config(&self.file(RUN))
    }

    /// Writes the verdict for machines and people: `verdict.json`, `junit.xml`, `summary.md`, `report.html`. Each is
    /// written whole or not at all; returned is what is wrong with those that are not.
    #[must_use]
    pub fn write_reports(
        &self,
        history: &History,
        verdict: &Verdict,
        context: &Context,
    ) -> Vec<StoreError> {
        let reports = [
            (VERDICT, verdict_json(verdict)),
            ("junit.xml", junit_xml(verdict)),
            ("summary.md", Ok(summary_md(verdict, context))),
            (REPORT, report_html(history, verdict, context)),
        ];
        let write = |(name, text): (&str, Result<String, _>)| self.write(name, &text?);
        reports.into_iter().filter_map(|report| write(report).err()).collect()
    }

    /// Writes a file into it, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let path = self.file(name);
        write_whole(&path, text.as_bytes()).map_err(|error| StoreError::Write { path, error })
    }

    /// `latest` is a convenience: a run goes on without it. The old link leads where it led until the new one is there.
    fn lead_latest(&self, store: &Path) -> Result<(), LatestError> {
        let latest = store.join("latest");
        let says = |why: &str| LatestError { latest: latest.clone(), why: why.to_owned() };
        match fs::symlink_metadata(&latest) {
            Ok(there) if there.is_dir() => return Err(says("it is a folder, which is left alone")),
            Ok(there) if !there.is_symlink() => {
                return Err(says("it is a file, which is left alone"));
            }
            _ => {}
        }
        let target = self.path.strip_prefix(store).unwrap_or(&self.path);
        let part = store.join(format!(".latest.{}.part", std::process::id()));
        let linked = link(target, &part).and_then(|()| fs::rename(&part, &latest));
        linked.map_err(|error| {
            let _ = fs::remove_file(&part);
            says(&error.to_string())
        })
    }
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The largest configuration that is read, bytes.
const CONFIG_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads a `run.toml`, or a scenario.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read_config(path: &Path) -> Result<RunConfig, StoreError> {
    let read = |error| StoreError::Read { path: path.to_owned(), error };
    // Once: a pipe cannot be read again from its beginning.
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(read)?;
    file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(read)?;
    if begins_as_a_history(&bytes) {
        return Err(StoreError::History { path: path.to_owned() });
    }
    if bytes.len() as u64 > CONFIG_BYTES_MAX {
        let why = format!("expected at most {CONFIG_BYTES_MAX} bytes, found more");
        return Err(read(io::Error::new(io::ErrorKind::FileTooLarge, why)));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| read(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    parse_config(&text, &path.display().to_string())
}

/// Whether this is the beginning of a history of this program.
fn begins_as_a_history(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]);
    head.starts_with('{') && head.contains(FORMAT)
}

/// A configuration from its text. `file`: what errors call it.
///
/// # Errors
/// It is none; in which line.
pub fn parse_config(text: &str, file: &str) -> Result<RunConfig, StoreError> {
    let check = |config: &RunConfig| match Plan::new(config.clone()) {
        Ok(_) => Ok(()),
        Err(error) => Err((error.entry(), error.to_string())),
    };
    Ok(read_toml(text, file, check)?)
}

/// A history in the making.
#[derive(Debug)]
pub struct HistoryFile {
    path: PathBuf,
    writer: Writer<File>,
}

impl HistoryFile {
    /// Begins the file with its header.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: PathBuf, header: &Header) -> Result<HistoryFile, StoreError> {
        let begin = || {
            let mut writer = Writer::new(File::create(&path)?, header)?;
            writer.flush()?;
            Ok(writer)
        };
        match begin() {
            Ok(writer) => Ok(HistoryFile { path, writer }),
            Err(error) => Err(StoreError::Write { path, error }),
        }
    }

    /// Appends an event.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn append(&mut self, event: &Event) -> io::Result<()> {
        self.writer.append(event)
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
