//! The store: a folder for each run, with everything that is to be kept of it.

use crate::config::RunConfig;
use crate::world::tail;
use afterall_checkers::Verdict;
use afterall_history::{Event, Header, History, Writer};
use afterall_reports::{Context, NodeLog, junit_xml, report_html, summary_md, verdict_json};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The file names in a run's folder.
pub const HISTORY: &str = "history.jsonl";
/// The resolved configuration.
pub const RUN: &str = "run.toml";
/// The report for people.
pub const REPORT: &str = "report.html";

/// What cannot be stored or found.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder cannot be written.
    #[error("write {path}: {error}", path = .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// A file cannot be read.
    #[error("read {path}: {error}", path = .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// A `run.toml` that is none.
    #[error("{path}: {error}", path = .path.display())]
    Config {
        /// Which.
        path: PathBuf,
        /// What is wrong, and in which line.
        error: toml::de::Error,
    },
    /// A report cannot be made.
    #[error("make the report: {0}")]
    Report(#[from] afterall_reports::ReportError),
    /// The configuration cannot be written as TOML.
    #[error("write the configuration: {0}")]
    Toml(#[from] toml::ser::Error),
}

/// A run's folder.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder `<store>/<target>-<workload>/<UTC time>-<seed>`, writes `run.toml`, and leads `latest` there.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn create(
        store: &Path,
        config: &RunConfig,
        now: SystemTime,
    ) -> Result<RunFolder, StoreError> {
        let write = |path: &Path| {
            let path = path.to_owned();
            move |error| StoreError::Write { path, error }
        };
        let group = store.join(format!("{}-{}", config.target, config.workload.name()));
        fs::create_dir_all(&group).map_err(write(&group))?;
        let time = humantime::format_rfc3339_seconds(now).to_string().replace([':', '-'], "");
        let mut path = group.join(format!("{time}-{}", config.seed));
        // Two runs of one second and seed: the second is numbered.
        let mut number = 2;
        while let Err(error) = fs::create_dir(&path) {
            if error.kind() != io::ErrorKind::AlreadyExists || number > 1_000 {
                return Err(write(&path)(error));
            }
            path = group.join(format!("{time}-{}-{number}", config.seed));
            number += 1;
        }
        let folder = RunFolder { path };
        fs::create_dir(folder.logs()).map_err(write(&folder.logs()))?;
        folder.write(RUN, &toml::to_string(config)?)?;
        folder.lead_latest(store);
        Ok(folder)
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

    /// Writes the verdict for machines and people: `verdict.json`, `junit.xml`, `summary.md`, `report.html`.
    ///
    /// # Errors
    /// The first that cannot be written.
    pub fn write_reports(
        &self,
        history: &History,
        verdict: &Verdict,
        context: &Context,
    ) -> Result<(), StoreError> {
        self.write("verdict.json", &verdict_json(verdict)?)?;
        self.write("junit.xml", &junit_xml(verdict)?)?;
        self.write("summary.md", &summary_md(verdict, context))?;
        self.write(REPORT, &report_html(history, verdict, context)?)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let path = self.file(name);
        fs::write(&path, text).map_err(|error| StoreError::Write { path, error })
    }

    /// `latest` is a convenience: where links cannot be made, a run goes on without it.
    fn lead_latest(&self, store: &Path) {
        #[cfg(unix)]
        {
            let latest = store.join("latest");
            let target = self.path.strip_prefix(store).unwrap_or(&self.path);
            let is_link = fs::symlink_metadata(&latest).is_ok_and(|meta| meta.is_symlink());
            if is_link {
                let _ = fs::remove_file(&latest);
            }
            let _ = std::os::unix::fs::symlink(target, &latest);
        }
    }
}

/// Reads a `run.toml`.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read_config(path: &Path) -> Result<RunConfig, StoreError> {
    let text = fs::read_to_string(path)
        .map_err(|error| StoreError::Read { path: path.to_owned(), error })?;
    toml::from_str(&text).map_err(|error| StoreError::Config { path: path.to_owned(), error })
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
