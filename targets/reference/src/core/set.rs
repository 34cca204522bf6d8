//! The set of which each element is a register under last write wins: present or not, by the later of its changes
//! (Shapiro et al., A comprehensive study of CRDTs, 2011, section 3.3.3).

use super::clock::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A set. A removed element is remembered for ever, so that an older add of it does not bring it back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LwwSet {
    /// By element: its last change, and whether that added it.
    pub elements: BTreeMap<String, (Stamp, bool)>,
}

impl LwwSet {
    /// Adds or removes an element.
    pub fn change(&mut self, element: &str, stamp: Stamp, present: bool) {
        let last = self.elements.entry(element.to_owned()).or_insert((stamp, present));
        *last = (*last).max((stamp, present));
    }

    /// Keeps the later change of each element.
    pub fn merge(&mut self, other: &LwwSet) {
        for (element, &(stamp, present)) in &other.elements {
            self.change(element, stamp, present);
        }
    }

    /// The elements that are there.
    pub fn present(&self) -> impl Iterator<Item = &str> {
        let present = self.elements.iter().filter(|(_, (_, present))| *present);
        present.map(|(element, _)| element.as_str())
    }

    /// The latest change.
    #[must_use]
    pub fn last(&self) -> Option<Stamp> {
        self.elements.values().map(|&(stamp, _)| stamp).max()
    }
}
