//! Parts of a campaign that were made apart, as one.

use crate::header::CampaignHeader;
use crate::index::Index;
use crate::line::{Line, Wall};
use std::collections::BTreeSet;

/// Why parts are not one campaign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There are none.
    #[error("expected at least one part, found none")]
    None,
    /// They are of two campaigns.
    #[error("expected parts of one campaign, found another one in part {place}: {why}")]
    Other {
        /// Which, from 1, as they were named.
        place: usize,
        /// What differs.
        why: String,
    },
    /// A run that came out twice, and otherwise.
    #[error(
        "expected each run in one part, found the run {run} in two, and it came out otherwise in part {place}"
    )]
    Twice {
        /// The run.
        run: u64,
        /// Which part has it again, from 1.
        place: usize,
    },
}

/// Joins parts of a campaign. The runs of the canary, which each part has, are taken from the first that has them.
///
/// # Errors
/// They are not parts of one campaign.
pub fn merge(parts: &[Index]) -> Result<Index, MergeError> {
    let first = parts.first().ok_or(MergeError::None)?;
    let mut all = Index::new(first.header.clone());
    let mut shards: BTreeSet<u32> = BTreeSet::new();
    let mut whole = false;
    for (part, place) in parts.iter().zip(1..) {
        let alone = |header: &CampaignHeader| CampaignHeader {
            shards: Vec::new(),
            of: 1,
            ..header.clone()
        };
        alone(&first.header)
            .same(&alone(&part.header))
            .map_err(|why| MergeError::Other { place, why })?;
        if !part.header.shards.is_empty()
            && !first.header.shards.is_empty()
            && part.header.of != first.header.of
        {
            let why = format!("one of {} parts, and one of {}", first.header.of, part.header.of);
            return Err(MergeError::Other { place, why });
        }
        whole |= part.header.shards.is_empty();
        shards.extend(&part.header.shards);
        for line in part.lines.values() {
            match all.lines.get(&line.run) {
                None => drop(all.lines.insert(line.run, line.clone())),
                Some(known) if line.canary || untimed(known) == untimed(line) => {}
                Some(_) => return Err(MergeError::Twice { run: line.run, place }),
            }
        }
    }
    let of = parts.iter().map(|part| part.header.of).max().unwrap_or(1);
    let complete = whole || (1..=of).all(|shard| shards.contains(&shard));
    (all.header.shards, all.header.of) = match complete {
        true => (Vec::new(), 1),
        false => (shards.into_iter().collect(), of),
    };
    Ok(all)
}

fn untimed(line: &Line) -> Line {
    Line { wall: Wall::default(), ..line.clone() }
}
