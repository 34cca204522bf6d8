//! Which runs and campaigns a store has. It looks at names, so that a store of many runs is looked through in no time.

use crate::inside::Inside;
use crate::names::{HISTORY, INDEX, RUN, VERDICT};
use std::cmp::Reverse;
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

/// How many folders of a store are looked at.
pub const PLACES_MAX: usize = 200_000;

/// A folder that may be that of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where it is below the store, its names separated by `/`.
    pub path: String,
    /// When its run began, in UTC, by its name: `2026-11-28 18:59:13`.
    pub when: Option<String>,
}

impl Place {
    /// A folder below the store.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Place {
        let path = path.into();
        let when = path.rsplit('/').next().and_then(when);
        Place { path, when }
    }
}

/// What a store has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// What may be runs, the newest first; those whose names tell no time last.
    pub places: Vec<Place>,
    /// Where campaigns are, by name.
    pub campaigns: Vec<String>,
    /// Folders and names that cannot be shown, because their names are no text.
    pub nameless: u64,
    /// Whether there are more than were looked at.
    pub more: bool,
}

/// `20261128T185913Z-3` began at `2026-11-28 18:59:13`.
fn when(name: &str) -> Option<String> {
    let time = name.split('-').next()?;
    let form = |(at, byte): (usize, u8)| match at {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    let fits = time.len() == 16 && name.len() > 16 && time.bytes().enumerate().all(form);
    let part = |from: usize, to: usize| time.get(from..to);
    let of = || {
        let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
        let (hour, minute, second) = (part(9, 11)?, part(11, 13)?, part(13, 15)?);
        Some(format!("{year}-{month}-{day} {hour}:{minute}:{second}"))
    };
    fits.then(of).flatten()
}

/// Looks through a store. Links are not followed: `latest` leads to one of the others.
///
/// # Errors
/// The store cannot be read.
pub fn scan(store: &Inside) -> io::Result<Scan> {
    let mut scan = Scan::default();
    for group in fs::read_dir(store.root())? {
        let group = group?;
        let Some(name) = scan.folder(&group) else { continue };
        match kind(&group.path()) {
            Some(kind) => scan.take(kind, name),
            None => scan.group(&group.path(), &name),
        }
    }
    // A stable order, whatever that of the folder is.
    scan.places
        .sort_unstable_by(|a, b| (Reverse(&a.when), &a.path).cmp(&(Reverse(&b.when), &b.path)));
    scan.campaigns.sort_unstable();
    Ok(scan)
}

enum Kind {
    Run,
    Campaign,
}

fn kind(folder: &Path) -> Option<Kind> {
    let has = |file: &str| fs::symlink_metadata(folder.join(file)).is_ok();
    match () {
        () if has(INDEX) => Some(Kind::Campaign),
        () if has(RUN) || has(VERDICT) || has(HISTORY) => Some(Kind::Run),
        () => None,
    }
}

impl Scan {
    /// The name of a folder that is looked at; none of links, files and hidden folders.
    fn folder(&mut self, entry: &DirEntry) -> Option<String> {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            return None;
        }
        match entry.file_name().into_string() {
            Ok(name) if name.starts_with('.') || name.contains('\\') => None,
            Ok(name) => Some(name),
            Err(_) => {
                self.nameless += 1;
                None
            }
        }
    }

    fn take(&mut self, kind: Kind, path: String) {
        match kind {
            Kind::Campaign => self.campaigns.push(path),
            Kind::Run => self.places.push(Place::new(path)),
        }
    }

    /// The folders of a group.
    fn group(&mut self, folder: &Path, group: &str) {
        let Ok(entries) = fs::read_dir(folder) else {
            self.places.push(Place::new(group));
            return;
        };
        for entry in entries.flatten() {
            if self.places.len() + self.campaigns.len() >= PLACES_MAX {
                self.more = true;
                return;
            }
            let Some(name) = self.folder(&entry) else { continue };
            let path = format!("{group}/{name}");
            // The names of runs begin with a time: then nothing more has to be asked.
            let named = Place::new(path.as_str());
            match named.when {
                Some(_) => self.places.push(named),
                None => self.take(kind(&entry.path()).unwrap_or(Kind::Run), path),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_runs_tell_when_they_began() {
        assert_eq!(when("20261128T185913Z-3").as_deref(), Some("2026-11-28 18:59:13"));
        assert_eq!(when("20261128T185913Z-3-2").as_deref(), Some("2026-11-28 18:59:13"));
        for none in
            ["", "latest", "20261128T185913Z", "20261128X185913Z-3", "2026ä128T185913Z-3", "17"]
        {
            assert_eq!(when(none), None, "{none}");
        }
    }

    #[test]
    fn what_a_store_has_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let make = |path: &str, file: &str| {
            fs::create_dir_all(folder.path().join(path)).unwrap();
            fs::write(folder.path().join(path).join(file), "").unwrap();
        };
        make("reference-cart/20260101T000000Z-9", "run.toml");
        make("reference-cart/20260102T000000Z-1", "run.toml");
        make("reference-cart/20260102T000000Z-1-2", "run.toml");
        make("campaigns/nightly", INDEX);
        make("campaigns/nightly/runs/17", "run.toml");
        make("alone", HISTORY);
        make("notes/mine", "text");
        make(".hidden/20260102T000000Z-1", "run.toml");
        fs::write(folder.path().join("a-file"), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("reference-cart", folder.path().join("latest")).unwrap();
        let scan = scan(&Inside::new(folder.path()).unwrap()).unwrap();
        let paths: Vec<&str> = scan.places.iter().map(|place| place.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "reference-cart/20260102T000000Z-1",
                "reference-cart/20260102T000000Z-1-2",
                "reference-cart/20260101T000000Z-9",
                "alone",
                "notes/mine"
            ]
        );
        assert_eq!(scan.campaigns, ["campaigns/nightly"]);
        assert!(!scan.more && scan.nameless == 0);
    }
}
