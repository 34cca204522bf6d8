//! A run in a line.

use crate::head::{Head, NotAVerdict, What, check_format, head};
use crate::inside::{Inside, Refusal};
use crate::names::{HISTORY, RUN, VERDICT};
use crate::scan::Place;
use crate::shown::shown;
use afterall_checkers::{Valid, Verdict};
use afterall_history::vocabulary;
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, SystemTime};

/// The largest verdict that is read, bytes.
const VERDICT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The longest first line of a history, and the largest `run.toml`, of which a list reads what the run is.
const HEADER_BYTES_MAX: u64 = 1024 * 1024;
/// A history that was written to within this time counts as growing.
const LATELY: Duration = Duration::from_secs(20);

vocabulary! {
    /// How a run stands.
    "standing of a run" Standing {
        /// Every promise was put to the test, and held.
        Valid = "valid",
        /// A promise was broken, or an objective not met.
        Invalid = "invalid",
        /// Nothing was found broken, and not every promise was put to the test.
        Unknown = "unknown",
        /// Nothing was promised, and only measured.
        Measured = "measured",
        /// There is no verdict yet, and the history grows.
        Running = "running",
        /// There is no verdict: the run was killed, or is being judged.
        Unjudged = "unjudged",
        /// The verdict cannot be read.
        Unreadable = "unreadable",
        /// The folder is not that of a run.
        NotARun = "not-a-run",
    }
}

/// A run in a line. Its texts can be shown as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it is.
    pub place: Place,
    /// What it is of, as far as it can be told.
    pub what: Option<What>,
    /// How it stands.
    pub standing: Standing,
    /// How many operations it has, once it is judged.
    pub ops: Option<u64>,
    /// The gravest that was found; or why it is not valid, or not judged.
    pub finding: Option<String>,
}

/// Reads what a run is. `now` tells whether its history grows. Whatever is there in its place becomes a row, too.
#[must_use]
pub fn read_row(store: &Inside, place: Place, now: SystemTime) -> Row {
    let bytes = read(store, &format!("{}/{VERDICT}", place.path));
    match bytes {
        Ok(bytes) => match head(&bytes) {
            Ok(head) => judged(place, head),
            Err(error) => unreadable(store, place, &error.to_string()),
        },
        Err(Unread::Missing) => unjudged(store, place, now),
        Err(Unread::Wrong(why)) => unreadable(store, place, &why),
    }
}

/// Reads a verdict whole. `path`: the run's folder below the store; empty where the store is that folder.
///
/// # Errors
/// It is not there, or is none.
pub fn read_verdict(store: &Inside, path: &str) -> Result<Verdict, NotAVerdict> {
    let file = match path {
        "" => VERDICT.to_owned(),
        path => format!("{path}/{VERDICT}"),
    };
    let wrong = |why: String| NotAVerdict(format!("{file}: {why}"));
    let bytes = read(store, &file).map_err(|unread| match unread {
        Unread::Missing => wrong("expected a verdict, found no such file".to_owned()),
        Unread::Wrong(why) => wrong(why),
    })?;
    let verdict: Verdict = serde_json::from_slice(&bytes)
        .map_err(|error| wrong(format!("expected a verdict, found none: {error}")))?;
    check_format(&verdict.format, verdict.version).map_err(wrong)?;
    Ok(verdict)
}

enum Unread {
    Missing,
    Wrong(String),
}

fn read(store: &Inside, file: &str) -> Result<Vec<u8>, Unread> {
    let opened = store.open(file).map_err(|refusal| match refusal {
        refusal if refusal.is_missing() => Unread::Missing,
        Refusal::Read { error, .. } => Unread::Wrong(format!("cannot read {VERDICT}: {error}")),
        Refusal::Outside(_) => Unread::Wrong(format!("{VERDICT} leads out of the store")),
        Refusal::Name(_) | Refusal::NoFile(_) => {
            Unread::Wrong(format!("expected the file {VERDICT}, found something else"))
        }
    })?;
    let mut bytes = Vec::new();
    opened
        .take(VERDICT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Unread::Wrong(format!("cannot read {VERDICT}: {error}")))?;
    if bytes.len() as u64 > VERDICT_BYTES_MAX {
        let why = format!("expected at most {VERDICT_BYTES_MAX} bytes in {VERDICT}, found more");
        return Err(Unread::Wrong(why));
    }
    Ok(bytes)
}

fn judged(place: Place, head: Head) -> Row {
    let standing = match head.valid {
        Valid::True => Standing::Valid,
        Valid::False => Standing::Invalid,
        Valid::Unknown => Standing::Unknown,
        Valid::Measured => Standing::Measured,
    };
    let Head { what, ops, finding, .. } = head;
    Row { place, what: Some(what), standing, ops: Some(ops), finding }
}

fn unreadable(store: &Inside, place: Place, why: &str) -> Row {
    let what = first_line(store, &place.path);
    let finding = Some(shown(why, 300));
    Row { place, what, standing: Standing::Unreadable, ops: None, finding }
}

fn unjudged(store: &Inside, place: Place, now: SystemTime) -> Row {
    let history = store.open(&format!("{}/{HISTORY}", place.path));
    let what = first_line(store, &place.path).or_else(|| configured(store, &place.path));
    let changed = history.as_ref().ok().and_then(|file| file.metadata().ok()?.modified().ok());
    // One that was changed after `now` was taken was changed just now.
    let grows = changed.is_some_and(|at| now.duration_since(at).is_ok_and(|age| age <= LATELY))
        || changed.is_some_and(|at| at > now);
    let (standing, finding) = match (&history, &what) {
        (Ok(_), _) if grows => (Standing::Running, None),
        (Ok(_), _) => {
            let why = "there is no verdict: it was killed, or is being judged";
            (Standing::Unjudged, Some(why.to_owned()))
        }
        (Err(_), Some(_)) => (Standing::Unjudged, Some("nothing is recorded of it".to_owned())),
        (Err(_), None) => {
            let why = format!("expected {RUN}, {HISTORY} or {VERDICT}, found none of them");
            (Standing::NotARun, Some(why))
        }
    };
    Row { place, what, standing, ops: None, finding }
}

/// What the first line of the history says.
fn first_line(store: &Inside, path: &str) -> Option<What> {
    let file = store.open(&format!("{path}/{HISTORY}")).ok()?;
    let mut line = Vec::new();
    BufReader::new(file.take(HEADER_BYTES_MAX)).read_until(b'\n', &mut line).ok()?;
    let what: What = serde_json::from_slice(&line).ok()?;
    (!what.target.is_empty()).then(|| what.shown())
}

/// What `run.toml` says.
fn configured(store: &Inside, path: &str) -> Option<What> {
    let file = store.open(&format!("{path}/{RUN}")).ok()?;
    let mut text = String::new();
    file.take(HEADER_BYTES_MAX).read_to_string(&mut text).ok()?;
    let what: What = toml::from_str(&text).ok()?;
    (!what.target.is_empty()).then(|| what.shown())
}
