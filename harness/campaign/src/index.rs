//! The index of a campaign: a line that says which campaign it is, and a line for each run that is finished.
//!
//! It is only ever appended to. A line without its end is one that was being written when the program was killed: its run is not finished.

use crate::file::{Retention, Thresholds};
use crate::line::Line;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, BufRead, Read};

/// The version of the index's format.
pub const INDEX_VERSION: u32 = 1;

/// The longest line, bytes.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// Which known bug has to be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// The bug.
    pub mutant: String,
    /// The property that has to be found broken.
    pub breaks: String,
    /// How many runs look for it.
    pub runs: u64,
}

/// Which campaign an index is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignHeader {
    /// Always `afterall-campaign`.
    pub format: String,
    /// The version of the format; see [`INDEX_VERSION`].
    pub version: u32,
    /// The version of the program.
    pub afterall: String,
    /// What the campaign's file is called.
    pub file: String,
    /// A digest of the file and of all that it means.
    pub digest: String,
    /// What is added to each of the file's seeds.
    pub added: u64,
    /// Which parts it has; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<u32>,
    /// Of how many parts.
    pub of: u32,
    /// How many runs all parts have together.
    pub runs: u64,
    /// How many cells.
    pub cells: u64,
    /// Which known bug has to be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Which runs are kept.
    pub retention: Retention,
    /// What is good enough.
    pub thresholds: Thresholds,
}

impl CampaignHeader {
    /// The `format` of an index.
    pub const FORMAT: &'static str = "afterall-campaign";

    /// How many runs its own parts have, those of the canary included.
    #[must_use]
    pub fn own_runs(&self) -> u64 {
        if self.shards.is_empty() {
            return self.runs;
        }
        let canary = self.canary.as_ref().map_or(0, |canary| canary.runs);
        let (others, of) = (self.runs.saturating_sub(canary), u64::from(self.of.max(1)));
        // Part n has every `of`-th of them, from the n-th on.
        let part = |&number: &u32| (others + of).saturating_sub(u64::from(number)) / of;
        canary + self.shards.iter().map(part).sum::<u64>()
    }

    /// Says what keeps a campaign from going on in a folder that was begun with this.
    ///
    /// # Errors
    /// Another campaign, another part of it, or another program.
    pub fn same(&self, now: &CampaignHeader) -> Result<(), String> {
        let differs = |what: &str, then: &dyn std::fmt::Display, now: &dyn std::fmt::Display| {
            Err(format!("expected {what} {then}, with which it was begun, found {now}"))
        };
        let parts = |header: &CampaignHeader| match header.shards.as_slice() {
            [] => "all".to_owned(),
            parts => {
                let parts: Vec<String> = parts.iter().map(u32::to_string).collect();
                format!("{} of {}", parts.join(" and "), header.of)
            }
        };
        if self.afterall != now.afterall {
            return differs("the program of the version", &self.afterall, &now.afterall);
        }
        if (&self.shards, self.of) != (&now.shards, now.of) {
            return differs("the part", &parts(self), &parts(now));
        }
        if self.added != now.added {
            return differs("seeds to which is added", &self.added, &now.added);
        }
        if self.digest != now.digest {
            return Err(format!(
                "expected the campaign {} as it was when it was begun, found a changed one: put the file (and the scenarios and manifests that it names) back, or name another folder",
                self.file
            ));
        }
        Ok(())
    }
}

/// What is wrong with an index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It cannot be read.
    #[error("cannot read the index")]
    Read(#[from] io::Error),
    /// A line is damaged.
    #[error("line {line}: {why}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// What has been finished of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Which campaign it is.
    pub header: CampaignHeader,
    /// The runs that are finished, by their number.
    pub lines: BTreeMap<u64, Line>,
    /// How many bytes of whole lines there are: what follows is the torn beginning of one.
    pub whole_bytes: u64,
}

impl Index {
    /// An index without a run.
    #[must_use]
    pub fn new(header: CampaignHeader) -> Index {
        Index { header, lines: BTreeMap::new(), whole_bytes: 0 }
    }

    /// Reads an index. None: it has no whole line yet.
    ///
    /// # Errors
    /// It cannot be read, or a whole line of it is none.
    pub fn read(mut from: impl BufRead) -> Result<Option<Index>, IndexError> {
        let mut index: Option<Index> = None;
        let (mut bytes, mut whole) = (Vec::new(), 0);
        for number in 1_u64.. {
            bytes.clear();
            from.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
            let wrong = |why: String| IndexError::Line { line: number, why };
            if bytes.last() != Some(&b'\n') {
                if bytes.len() as u64 == LINE_BYTES_MAX {
                    return Err(wrong(format!(
                        "expected at most {LINE_BYTES_MAX} bytes, found more"
                    )));
                }
                break;
            }
            whole += bytes.len() as u64;
            match &mut index {
                None => index = Some(Index::new(header(&bytes).map_err(wrong)?)),
                Some(index) => index.take(&bytes).map_err(wrong)?,
            }
        }
        Ok(index.map(|index| Index { whole_bytes: whole, ..index }))
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        let line: Line = serde_json::from_slice(bytes)
            .map_err(|error| format!("expected what became of a run, found none: {error}"))?;
        if line.run >= self.header.runs {
            let runs = self.header.runs;
            return Err(format!("expected a run below {runs}, found {}", line.run));
        }
        match self.lines.entry(line.run) {
            Entry::Vacant(place) => {
                place.insert(line);
                Ok(())
            }
            Entry::Occupied(_) => {
                Err(format!("expected each run once, found the run {} twice", line.run))
            }
        }
    }

    /// The runs that are none of the canary's.
    pub fn runs(&self) -> impl Iterator<Item = &Line> {
        self.lines.values().filter(|line| !line.canary)
    }

    /// As it is written, in the order of the runs.
    ///
    /// # Errors
    /// Never: all of it can be written.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        let mut text = crate::line::header_line(&self.header)?;
        for line in self.lines.values() {
            text.push_str(&line.to_text()?);
        }
        Ok(text)
    }
}

fn header(bytes: &[u8]) -> Result<CampaignHeader, String> {
    let none = |error: serde_json::Error| {
        format!("expected the first line of a campaign's index, found none: {error}")
    };
    let header: CampaignHeader = serde_json::from_slice(bytes).map_err(none)?;
    if header.format != CampaignHeader::FORMAT || header.version != INDEX_VERSION {
        return Err(format!(
            "expected the format {} {INDEX_VERSION}, found {} {}",
            CampaignHeader::FORMAT,
            header.format,
            header.version
        ));
    }
    Ok(header)
}
