//! The store with what was read of it before: a file that has not changed is not read again.

use afterall_campaign::{Date, Known};
use afterall_store::{
    Campaign, HISTORY, INDEX, Inside, NotACampaign, Place, REPORT, RUNS, Refusal, Row, Standing,
    Tally, VERDICT, read_row,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// How many rows and tallies are remembered.
const ROWS_MAX: usize = 200_000;
const TALLIES_MAX: usize = 1_000;
/// How many bytes of indices are remembered, as they are on disk.
const INDICES_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// How many bytes of a history are counted for one page.
const COUNTED_MAX: u64 = 64 * 1024 * 1024;
/// The largest report that is handed out, and the largest history of which one is made, bytes.
const REPORT_MAX: u64 = 64 * 1024 * 1024;
const HISTORY_MAX: u64 = 1024 * 1024 * 1024;

/// Makes the report on a run from its folder, without writing into it.
pub type Maker = Box<dyn Fn(&Path) -> Result<String, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// When a file was changed, and how long it is.
type Stamp = (Option<SystemTime>, u64);

/// A store that is shown.
pub struct Shelf {
    store: Inside,
    maker: Maker,
    known: Known,
    rows: Mutex<BTreeMap<String, (Stamp, Row)>>,
    tallies: Mutex<BTreeMap<String, Tally>>,
    indices: Mutex<BTreeMap<String, (Stamp, Arc<Campaign>)>>,
    /// One report at a time is made: a large history takes much memory.
    making: Mutex<()>,
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").field("store", &self.store).finish_non_exhaustive()
    }
}

/// What is remembered stands, whoever panicked beside it.
fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoReport {
    /// The folder or a file in it may not be read, or is not there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is nothing to make one of yet.
    #[error("the run is not over: there is no report yet")]
    Running,
    /// It would be too large, or take too much memory.
    #[error(
        "expected at most {0} MiB, found more: open the file report.html itself, which `afterall report` writes"
    )]
    TooLarge(u64),
    /// It cannot be made.
    #[error("the report is missing, and cannot be made: {0}")]
    Unmade(String),
}

impl Shelf {
    /// A store that is shown. `known`: the failures that are known. `maker`: makes reports that are missing.
    #[must_use]
    pub fn new(store: Inside, known: Known, maker: Maker) -> Shelf {
        Shelf {
            store,
            maker,
            known,
            rows: Mutex::default(),
            tallies: Mutex::default(),
            indices: Mutex::default(),
            making: Mutex::default(),
        }
    }

    pub(crate) fn store(&self) -> &Inside {
        &self.store
    }

    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    fn stamp(&self, file: &str) -> Option<Stamp> {
        let of = fs::metadata(self.store.resolve(file).ok()?).ok()?;
        Some((of.modified().ok(), of.len()))
    }

    /// A run in a line, and whether it had to be read.
    pub(crate) fn row(&self, place: &Place, now: SystemTime) -> (Row, bool) {
        let stamp = self.stamp(&format!("{}/{VERDICT}", place.path));
        let remembered = || {
            let rows = locked(&self.rows);
            let (then, row) = rows.get(&place.path)?;
            (Some(*then) == stamp).then(|| row.clone())
        };
        if let Some(row) = remembered() {
            return (row, false);
        }
        let row = read_row(&self.store, place.clone(), now);
        // What has no verdict yet changes.
        if let Some(stamp) = stamp {
            let mut rows = locked(&self.rows);
            if rows.len() >= ROWS_MAX {
                rows.clear();
            }
            rows.insert(place.path.clone(), (stamp, row.clone()));
        }
        (row, true)
    }

    /// How many operations a history has so far; whether all of it was counted.
    pub(crate) fn tally(&self, path: &str) -> Option<(Tally, bool)> {
        let mut file = self.store.open(&format!("{path}/{HISTORY}")).ok()?;
        let length = file.metadata().ok()?.len();
        let mut tally = locked(&self.tallies).get(path).cloned().unwrap_or_default();
        if tally.bytes > length {
            tally = Tally::default();
        }
        file.seek(SeekFrom::Start(tally.bytes)).ok()?;
        let mut from = file.take(COUNTED_MAX);
        let mut piece = vec![0; 64 * 1024];
        loop {
            match from.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(read) => tally.take(&piece[..read]),
            }
        }
        let mut tallies = locked(&self.tallies);
        if tallies.len() >= TALLIES_MAX {
            tallies.clear();
        }
        tallies.insert(path.to_owned(), tally.clone());
        let whole = tally.bytes >= length;
        Some((tally, whole))
    }

    /// A campaign.
    pub(crate) fn campaign(&self, path: &str) -> Result<Arc<Campaign>, NotACampaign> {
        let stamp = self.stamp(&format!("{path}/{INDEX}"));
        if let (Some(stamp), Some((then, campaign))) = (stamp, locked(&self.indices).get(path))
            && stamp == *then
        {
            return Ok(campaign.clone());
        }
        let campaign = Arc::new(Campaign::read(&self.store, path)?);
        if let Some(stamp) = stamp {
            let mut indices = locked(&self.indices);
            let bytes: u64 = indices.values().map(|((_, bytes), _)| bytes).sum();
            if bytes.saturating_add(stamp.1) > INDICES_BYTES_MAX {
                indices.clear();
            }
            indices.insert(path.to_owned(), (stamp, campaign.clone()));
        }
        Ok(campaign)
    }

    /// Whether a campaign was written to lately.
    pub(crate) fn grows(&self, campaign: &str, now: SystemTime) -> bool {
        let changed = self.stamp(&format!("{campaign}/{INDEX}")).and_then(|(changed, _)| changed);
        changed.is_some_and(|at| now.duration_since(at).map_or(true, |age| age.as_secs() < 60))
    }

    /// The runs of a campaign that are being made: their folders.
    pub(crate) fn parts(&self, campaign: &str) -> Vec<String> {
        let runs = format!("{campaign}/{RUNS}");
        let Ok(folder) = self.store.resolve(&runs) else { return Vec::new() };
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names
            .filter(|name| name.ends_with(".part"))
            .map(|name| format!("{runs}/{name}"))
            .take(100)
            .collect()
    }

    /// Whether a run of a campaign is kept.
    pub(crate) fn is_kept(&self, campaign: &str, run: u64) -> bool {
        self.store.resolve(&format!("{campaign}/{RUNS}/{run}")).is_ok_and(|path| path.is_dir())
    }

    /// Whether a run has a report, or a history of which one can be made.
    pub(crate) fn has_report(&self, path: &str) -> bool {
        [REPORT, HISTORY].iter().any(|file| self.store.resolve(&format!("{path}/{file}")).is_ok())
    }

    /// The report on a run: what is in its folder, or made where it is missing. Nothing is written.
    pub(crate) fn report(&self, path: &str, now: SystemTime) -> Result<Vec<u8>, NoReport> {
        match self.store.open(&format!("{path}/{REPORT}")) {
            Ok(file) => {
                let mut bytes = Vec::new();
                let name = || format!("{path}/{REPORT}");
                file.take(REPORT_MAX + 1)
                    .read_to_end(&mut bytes)
                    .map_err(|error| Refusal::Read { name: name(), error })?;
                match bytes.len() as u64 > REPORT_MAX {
                    true => Err(NoReport::TooLarge(REPORT_MAX >> 20)),
                    false => Ok(bytes),
                }
            }
            Err(refusal) if refusal.is_missing() => self.made(path, now),
            Err(refusal) => Err(refusal.into()),
        }
    }

    fn made(&self, path: &str, now: SystemTime) -> Result<Vec<u8>, NoReport> {
        let folder = self.store.resolve(path)?;
        let history = self.store.open(&format!("{path}/{HISTORY}"))?;
        if self.row(&Place::new(path), now).0.standing == Standing::Running {
            return Err(NoReport::Running);
        }
        let bytes = history.metadata().map_or(0, |of| of.len());
        if bytes > HISTORY_MAX {
            return Err(NoReport::TooLarge(HISTORY_MAX >> 20));
        }
        // Whoever makes it reads what is in the folder, and follows links.
        self.store.check_whole(path)?;
        let _one = locked(&self.making);
        let page = (self.maker)(&folder).map_err(|error| NoReport::Unmade(error.to_string()))?;
        Ok(page.into_bytes())
    }
}

/// The day of a time, in UTC.
pub(crate) fn day(now: SystemTime) -> Option<Date> {
    let text = humantime::format_rfc3339_seconds(now).to_string();
    text.split('T').next()?.parse().ok()
}
