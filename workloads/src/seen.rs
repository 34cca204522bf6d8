//! What each session saw when it last looked.

use rand::RngExt;
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// What each session saw in each object when it last looked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    sessions: Vec<BTreeMap<String, Vec<String>>>,
}

impl Seen {
    /// The session in this slot has read these elements.
    pub(crate) fn note(&mut self, slot: usize, key: &str, elements: Vec<String>) {
        if self.sessions.len() <= slot {
            self.sessions.resize_with(slot + 1, BTreeMap::new);
        }
        self.sessions[slot].insert(key.to_owned(), elements);
    }

    /// The session in this slot has ended.
    pub(crate) fn forget(&mut self, slot: usize) {
        if let Some(session) = self.sessions.get_mut(slot) {
            session.clear();
        }
    }

    /// One of the elements, at random.
    pub(crate) fn pick(&self, slot: usize, key: &str, random: &mut Pcg64) -> Option<&str> {
        let elements = self.sessions.get(slot)?.get(key)?;
        let chosen = (!elements.is_empty()).then(|| random.random_range(0..elements.len()))?;
        Some(&elements[chosen])
    }

    /// The same, and it is not given again.
    pub(crate) fn take(&mut self, slot: usize, key: &str, random: &mut Pcg64) -> Option<String> {
        let elements = self.sessions.get_mut(slot)?.get_mut(key)?;
        (!elements.is_empty()).then(|| elements.swap_remove(random.random_range(0..elements.len())))
    }
}
