//! What each replica returned for a key, and when: the changes alone.

use super::texts::Texts;
use afterall_checkers::Verdict;
use afterall_history::{Datum, History, OpId, Status};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Keys that can be looked at.
const KEYS_MAX: usize = 40;
/// Changes of one key, over all replicas.
const CHANGES_MAX: usize = 3_000;
/// What a change takes in the file, without its value.
const CHANGE_BYTES: usize = 24;

/// The answers of all replicas for one key.
#[derive(Serialize)]
pub(super) struct KeyTrack {
    key: u32,
    /// Whether the replicas differ at the end.
    divergent: bool,
    /// By replica: `[time, text, version, …]`, whenever it returned something other than the last time; −1 for nothing.
    replicas: Vec<Vec<i64>>,
    /// By replica: when it was last read.
    until: Vec<i64>,
    /// Changes left out, the latest ones.
    left_out: usize,
}

impl KeyTrack {
    pub(super) fn key(&self) -> u32 {
        self.key
    }
}

/// The keys that matter, in that order: divergent ones, those of anomalies, those read most.
fn keys(history: &History, verdict: &Verdict, reads: &[u32]) -> (Vec<u32>, BTreeSet<u32>) {
    let by_name: BTreeMap<&str, u32> = (0..history.keys() as u32)
        .map(|key| (history.key_name(afterall_history::KeyId(key)), key))
        .collect();
    let examples = verdict.figures.convergence.iter().flat_map(|c| &c.examples);
    let divergent: Vec<u32> =
        examples.filter_map(|e| by_name.get(e.key.as_str()).copied()).collect();
    let anomalous =
        verdict.anomalies.iter().filter_map(|a| by_name.get(a.key.as_deref()?).copied());
    let mut most_read: Vec<u32> = (0..history.keys() as u32).collect();
    most_read.sort_by_key(|key| std::cmp::Reverse(reads[*key as usize]));
    let mut seen = BTreeSet::new();
    let order = divergent.iter().copied().chain(anomalous).chain(most_read);
    let keys =
        order.filter(|key| reads[*key as usize] > 0 && seen.insert(*key)).take(KEYS_MAX).collect();
    (keys, divergent.into_iter().collect())
}

pub(super) fn tracks(
    history: &History,
    verdict: &Verdict,
    texts: &mut Texts<'_>,
    mut bytes: usize,
) -> Vec<KeyTrack> {
    let is_answer = |op: OpId| {
        let op = history.op(op);
        op.f().is_read()
            && op.status() == Status::Ok
            && usize::from(op.served_by().0) < history.replicas().len()
    };
    let mut reads = vec![0_u32; history.keys()];
    for op in history.ops().filter(|op| is_answer(op.id())) {
        reads[op.key().0 as usize] += 1;
    }
    let (keys, divergent) = keys(history, verdict, &reads);
    let by_key = history.by_key();
    let mut tracks = Vec::new();
    for key in keys {
        let mut answers: Vec<OpId> =
            by_key.of(key).iter().copied().filter(|op| is_answer(*op)).collect();
        answers.sort_by_key(|op| history.op(*op).until());
        let replicas = history.replicas().len();
        let mut track = KeyTrack {
            key,
            divergent: divergent.contains(&key),
            replicas: vec![Vec::new(); replicas],
            until: vec![-1; replicas],
            left_out: 0,
        };
        let mut last: Vec<Option<Datum>> = vec![None; replicas];
        let mut changes = 0;
        for op in answers {
            let op = history.op(op);
            let node = usize::from(op.served_by().0);
            track.until[node] = op.until();
            if last[node] == Some(op.output()) {
                continue;
            }
            last[node] = Some(op.output());
            let size = CHANGE_BYTES
                + super::texts::size(history, op.output())
                + super::texts::size(history, op.version());
            if changes >= CHANGES_MAX || size > bytes {
                track.left_out += 1;
                continue;
            }
            changes += 1;
            bytes -= size;
            track.replicas[node].extend([
                op.until(),
                texts.datum(op.output()),
                texts.datum(op.version()),
            ]);
        }
        tracks.push(track);
    }
    tracks
}
