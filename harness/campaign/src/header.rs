//! The first line of an index: which campaign it is of.

use crate::file::{Retention, Thresholds};
use serde::{Deserialize, Serialize};

/// The version of the index's format.
pub const INDEX_VERSION: u32 = 1;

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

    /// As it stands in the index, with its end.
    ///
    /// # Errors
    /// Never: all of it can be written.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|text| text + "\n")
    }
}
