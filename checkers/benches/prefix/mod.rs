//! Histories of transactions that are causally consistent and not serializable: a session sees a growing prefix of one log
//! of transactions, up to 200 behind, and its own writes. Eight operations a transaction, half of them writes, on 1,000
//! keys of which some are used much more than others.

#![allow(dead_code, reason = "not every user needs all of it")]

use std::collections::BTreeMap;
use std::io::Write;

/// Operations of a transaction.
pub(crate) const OPS: u64 = 8;
const KEYS: u64 = 1_000;
const LAG: u64 = 200;

/// A history in Plume's text. With `stale`, one read in its second half returns what its session had overwritten.
pub(crate) fn history(txns: u64, sessions: u64, stale: bool) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % n
    };
    let mut out = Vec::new();
    // By key: the transactions that wrote it, and what.
    let mut log: Vec<Vec<(u64, u64)>> = vec![Vec::new(); KEYS as usize];
    let mut own: BTreeMap<(u64, u64), (u64, u64)> = BTreeMap::new();
    let mut overwritten: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    let mut stale = stale;
    let mut seen = vec![0_u64; sessions as usize];
    let mut value = 0;
    for txn in 0..txns {
        let session = below(sessions);
        let prefix = &mut seen[session as usize];
        *prefix = (*prefix).max(txn.saturating_sub(below(LAG + 1)));
        let mut written: BTreeMap<u64, u64> = BTreeMap::new();
        for _ in 0..OPS {
            let place = below(1 << 20);
            let key = (place * place * KEYS) >> 40;
            let (kind, value) = if below(2) == 0 {
                value += 1;
                written.insert(key, value);
                ('w', value)
            } else {
                let log = &log[key as usize];
                let visible = log.partition_point(|&(at, _)| at < *prefix).checked_sub(1);
                let latest = visible.map(|at| log[at]).max(own.get(&(session, key)).copied());
                let mut read = written.get(&key).copied().or(latest.map(|(_, value)| value));
                let old = overwritten.get(&(session, key)).copied();
                if stale && txn >= txns / 2 && !written.contains_key(&key) && old.is_some() {
                    (read, stale) = (old, false);
                }
                ('r', read.unwrap_or(0))
            };
            writeln!(out, "{kind}({key},{value},{session},{txn})").expect("memory");
        }
        for (key, value) in written {
            log[key as usize].push((txn, value));
            if let Some((_, old)) = own.insert((session, key), (txn, value)) {
                overwritten.insert((session, key), old);
            }
        }
    }
    out
}

/// A chain in Plume's text: each transaction reads what the one before wrote, in another session if there are several.
pub(crate) fn chain(txns: u64, sessions: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for txn in 0..txns {
        let (session, key) = (txn % sessions, |value: u64| value % KEYS);
        writeln!(out, "r({},{txn},{session},{txn})", key(txn)).expect("memory");
        writeln!(out, "w({},{},{session},{txn})", key(txn + 1), txn + 1).expect("memory");
    }
    out
}
