//! Each distinct text, and each distinct list, kept once and numbered from 0.
//!
//! A table from hash to the last number with that hash, and a chain from each number to the one before it:
//! the contents are stored once, in one arena, and not again as keys of a map.

#![expect(clippy::disallowed_types, reason = "looked up, never walked")]

use crate::limits::{ITEMS_MAX, TEXT_BYTES_MAX, TEXTS_MAX};
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

const NONE: u32 = u32::MAX;

/// Passes a hash through: the table's keys are hashes already.
#[derive(Debug, Default, Clone)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Only ever looked up, never walked: its random order reaches nothing. The randomness keeps a hostile
/// history from choosing texts that collide.
#[derive(Debug, Default)]
struct Chains {
    state: RandomState,
    last: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    before: Vec<u32>,
}

impl Chains {
    fn hash<T: Hash + ?Sized>(&self, content: &T) -> u64 {
        self.state.hash_one(content)
    }

    fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.last.get(&hash).copied().unwrap_or(NONE);
        while at != NONE {
            if same(at) {
                return Some(at);
            }
            at = self.before[at as usize];
        }
        None
    }

    fn add(&mut self, hash: u64) -> u32 {
        let id = self.before.len() as u32;
        let before = self.last.insert(hash, id);
        self.before.push(before.unwrap_or(NONE));
        id
    }
}

/// Texts that are remembered by a quick hash.
const RECENT: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct Texts {
    chains: Chains,
    arena: String,
    ends: Vec<u32>,
    /// By a quick hash: the last text that had it. Names of nodes and keys come again and again.
    recent: Vec<u32>,
}

/// By the first and last eight bytes and the length.
fn quick_hash(text: &str) -> usize {
    let bytes = text.as_bytes();
    let word = |bytes: &[u8]| bytes.iter().fold(0_u64, |word, &byte| (word << 8) | u64::from(byte));
    let ends = match bytes {
        [] => 0,
        _ if bytes.len() <= 8 => word(bytes),
        _ => word(&bytes[..8]).rotate_left(23) ^ word(&bytes[bytes.len() - 8..]),
    };
    let mixed = (ends ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 52) as usize % RECENT
}

impl Texts {
    pub(crate) fn get(&self, id: u32) -> &str {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] as usize };
        &self.arena[start..self.ends[id] as usize]
    }

    /// The number of the text; `None` when there is no room for another.
    pub(crate) fn intern(&mut self, text: &str) -> Option<u32> {
        let quick = quick_hash(text);
        if let Some(&id) = self.recent.get(quick)
            && id != NONE
            && self.get(id) == text
        {
            return Some(id);
        }
        let id = self.intern_slowly(text)?;
        if self.recent.is_empty() {
            self.recent = vec![NONE; RECENT];
        }
        self.recent[quick] = id;
        Some(id)
    }

    fn intern_slowly(&mut self, text: &str) -> Option<u32> {
        let hash = self.chains.hash(text);
        if let Some(id) = self.chains.find(hash, |id| self.get(id) == text) {
            return Some(id);
        }
        let end = self.arena.len() + text.len();
        if end > TEXT_BYTES_MAX || self.ends.len() >= TEXTS_MAX {
            return None;
        }
        self.arena.push_str(text);
        self.ends.push(end as u32);
        Some(self.chains.add(hash))
    }

    /// Gives the table back: from here on texts are only looked up by number.
    pub(crate) fn freeze(&mut self) {
        self.chains = Chains::default();
        self.recent = Vec::new();
    }
}

/// Lists of items that are small.
#[derive(Debug)]
pub(crate) struct Lists<T> {
    chains: Chains,
    arena: Vec<T>,
    ends: Vec<u32>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Lists { chains: Chains::default(), arena: Vec::new(), ends: Vec::new() }
    }
}

impl<T: Copy + Eq + Hash> Lists<T> {
    pub(crate) fn get(&self, id: u32) -> &[T] {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] as usize };
        &self.arena[start..self.ends[id] as usize]
    }

    /// The number of the list; `None` when there is no room for another.
    pub(crate) fn intern(&mut self, items: &[T]) -> Option<u32> {
        let hash = self.chains.hash(items);
        if let Some(id) = self.chains.find(hash, |id| self.get(id) == items) {
            return Some(id);
        }
        let end = self.arena.len() + items.len();
        if end > ITEMS_MAX || self.ends.len() >= TEXTS_MAX {
            return None;
        }
        self.arena.extend_from_slice(items);
        self.ends.push(end as u32);
        Some(self.chains.add(hash))
    }

    pub(crate) fn freeze(&mut self) {
        self.chains = Chains::default();
    }
}
