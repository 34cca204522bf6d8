//! A machine's disk: the records that survive a crash of the process, and whether it takes more. A write is there as a whole, or
//! not at all.

use crate::replica::Record;
use std::collections::{BTreeMap, BTreeSet};

/// Under this key a probe writes; what else may stand there stays.
const PROBE: &[u8] = b"probe of the harness";

/// A write that found no room. Nothing of it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DiskFull;

/// A disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The faults that keep it full.
    fills: BTreeSet<usize>,
}

impl Disk {
    /// Writes records. An empty one removes what was stored under its key.
    pub(super) fn write(&mut self, records: impl Iterator<Item = Record>) -> Result<(), DiskFull> {
        if self.is_full() {
            return Err(DiskFull);
        }
        for (key, bytes) in records {
            if bytes.is_empty() {
                self.records.remove(&key);
            } else {
                self.records.insert(key, bytes);
            }
        }
        Ok(())
    }

    /// Tries to write a record, and takes it back.
    pub(super) fn takes_a_write(&mut self) -> bool {
        let held = self.records.get(PROBE).cloned().unwrap_or_default();
        let probe = |bytes| std::iter::once((PROBE.to_vec(), bytes));
        self.write(probe(vec![1])).and_then(|()| self.write(probe(held))).is_ok()
    }

    /// What it holds.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        self.records.iter().map(|(key, bytes)| (key.clone(), bytes.clone()))
    }

    /// How many records it holds.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Empties it; returns how many records it held.
    pub(super) fn wipe(&mut self) -> usize {
        std::mem::take(&mut self.records).len()
    }

    pub(super) fn fill(&mut self, fault: usize) {
        self.fills.insert(fault);
    }

    pub(super) fn free(&mut self, fault: usize) {
        self.fills.remove(&fault);
    }

    pub(super) fn is_full(&self) -> bool {
        !self.fills.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: u8, bytes: &[u8]) -> impl Iterator<Item = Record> + use<> {
        std::iter::once((vec![key], bytes.to_vec()))
    }

    #[test]
    fn a_full_disk_keeps_what_it_has_and_takes_nothing() {
        let mut disk = Disk::default();
        disk.write(record(1, b"one")).unwrap();
        disk.fill(7);
        disk.fill(8);
        disk.free(7);
        assert_eq!(disk.write(record(2, b"two")), Err(DiskFull));
        // A commit needs room for what it removes, too: pages are copied before they are written.
        assert_eq!(disk.write(record(1, b"")), Err(DiskFull));
        assert!(!disk.takes_a_write());
        assert_eq!(disk.records().collect::<Vec<_>>(), [(vec![1], b"one".to_vec())]);
        disk.free(8);
        assert!(disk.takes_a_write());
        disk.write(record(1, b"")).unwrap();
        assert_eq!(disk.len(), 0);
    }

    #[test]
    fn a_probe_leaves_nothing_and_takes_nothing_away() {
        let mut disk = Disk::default();
        assert!(disk.takes_a_write() && disk.len() == 0);
        disk.write(std::iter::once((PROBE.to_vec(), vec![5]))).unwrap();
        assert!(disk.takes_a_write());
        assert_eq!(disk.records().collect::<Vec<_>>(), [(PROBE.to_vec(), vec![5])]);
    }
}
