//! What was measured, beside held and broken.

use super::availability::AvailabilityFigures;
use super::convergence::ConvergenceFigures;
use super::fates::{CounterFigures, Fates, ItemFates, Visibility};
use super::levels::{LevelFigures, MixedFigures};
use super::staleness::StalenessFigures;
use super::windows::WindowFigures;
use serde::{Deserialize, Serialize};

/// What was measured, beside held and broken.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// How long the replicas disagreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convergence: Option<ConvergenceFigures>,
    /// What became of acknowledged register writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fates: Option<Fates>,
    /// How old the values were that reads of registers returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staleness: Option<StalenessFigures>,
    /// How long it took until writes of registers were seen everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowFigures>,
    /// What operations at each consistency level got, where they asked for one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<LevelFigures>,
    /// What mixing consistency levels cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixed: Option<MixedFigures>,
    /// What each counter came to; the first thousand keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<CounterFigures>,
    /// What became of the items of carts, the elements of sets, or the messages of chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<ItemFates>,
    /// How long each replica took to show the elements of sets, or the messages of chats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visibility: Vec<Visibility>,
    /// Which share of the operations was answered while faults were in force, by kind of fault and side; empty where no fault
    /// was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub availability: Vec<AvailabilityFigures>,
    /// How many transactions there were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactions: Option<TransactionFigures>,
}

impl Figures {
    /// Takes in what another measured.
    pub(crate) fn absorb(&mut self, other: Figures) {
        fn first<T>(known: &mut Option<T>, other: Option<T>) {
            if known.is_none() {
                *known = other;
            }
        }
        first(&mut self.convergence, other.convergence);
        first(&mut self.fates, other.fates);
        first(&mut self.staleness, other.staleness);
        first(&mut self.windows, other.windows);
        first(&mut self.mixed, other.mixed);
        first(&mut self.items, other.items);
        first(&mut self.transactions, other.transactions);
        self.levels.extend(other.levels);
        self.counters.extend(other.counters);
        self.visibility.extend(other.visibility);
        self.availability.extend(other.availability);
    }
}

/// How many transactions there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TransactionFigures {
    /// Committed.
    pub committed: u64,
    /// Aborted.
    pub aborted: u64,
    /// Unknown whether committed.
    pub unknown: u64,
}
