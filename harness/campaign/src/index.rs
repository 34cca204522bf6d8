//! The index of a campaign: a line that says which campaign it is, and a line for each run that is finished.
//!
//! It is only ever appended to. A line without its end is one that was being written when the program was killed: its run is not finished.

use crate::header::{CampaignHeader, INDEX_VERSION};
use crate::line::Line;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, BufRead, Read};

/// The longest line, bytes.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

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
        let mut text = self.header.to_text()?;
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
