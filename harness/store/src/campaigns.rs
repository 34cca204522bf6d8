//! The campaigns of a store.

use crate::inside::Inside;
use crate::names::INDEX;
use afterall_campaign::{Index, IndexError};
use std::io::{BufReader, Read};

/// The largest index that is read, bytes.
pub const INDEX_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A campaign of a store.
#[derive(Debug)]
pub struct Campaign {
    /// Where it is below the store.
    pub path: String,
    /// What was finished of it.
    pub index: Index,
    /// When its last run ended, as it is written down; empty where none did.
    pub ended: String,
}

/// Why a folder is no campaign that can be read.
#[derive(Debug, thiserror::Error)]
pub enum NotACampaign {
    /// Its index cannot be opened.
    #[error(transparent)]
    Refused(#[from] crate::inside::Refusal),
    /// Its index is damaged.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Its index is too large, or has no line.
    #[error("{0}")]
    Other(&'static str),
}

impl Campaign {
    /// Reads what was finished of a campaign.
    ///
    /// # Errors
    /// Its index cannot be read, or is none.
    pub fn read(store: &Inside, path: &str) -> Result<Campaign, NotACampaign> {
        let file = store.open(&format!("{path}/{INDEX}"))?;
        let length = file.metadata().map_or(0, |of| of.len());
        if length > INDEX_BYTES_MAX {
            return Err(NotACampaign::Other("expected an index of at most 512 MiB, found more"));
        }
        // It may grow while it is read.
        let index = Index::read(BufReader::new(file.take(INDEX_BYTES_MAX)))?;
        let none = "expected the first line of a campaign's index, found none: nothing was begun";
        let index = index.ok_or(NotACampaign::Other(none))?;
        let ended = index.lines.values().map(|line| line.wall.ended.as_str()).max();
        let ended = ended.unwrap_or_default().to_owned();
        Ok(Campaign { path: path.to_owned(), index, ended })
    }
}

/// Of several campaigns those that have the name of one, as nights have: those that ended before it, the earliest first, and it.
#[must_use]
pub fn same_name<'c>(
    all: impl IntoIterator<Item = &'c Campaign>,
    one: &Campaign,
) -> Vec<&'c Campaign> {
    let name = |campaign: &&Campaign| campaign.index.header.file == one.index.header.file;
    let until = |campaign: &&Campaign| (&campaign.ended, &campaign.path) <= (&one.ended, &one.path);
    let mut nights: Vec<&Campaign> = all.into_iter().filter(name).filter(until).collect();
    nights.sort_by_key(|campaign| (&campaign.ended, &campaign.path));
    nights
}
