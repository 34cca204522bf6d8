//! Inventories: an item is put into stock before anything else is done with it, and sold faster than that is repeated.

use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;
use std::collections::BTreeSet;

/// The greatest number that is put into stock at once.
const RESTOCK_MAX: i64 = 20;
/// The greatest number that is sold at once.
const SELL_MAX: i64 = 3;

/// Restocks, sales and reads of items.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inventories {
    /// The items that have been put into stock.
    stocked: BTreeSet<String>,
}

impl Source for Inventories {
    fn next(&mut self, random: &mut Pcg64, _slot: usize, item: &str) -> (Function, Value) {
        let restock = Value::Int(random.random_range(1..=RESTOCK_MAX));
        let sell = Value::Int(random.random_range(1..=SELL_MAX));
        if self.stocked.insert(item.to_owned()) {
            return (Function::Restock, restock);
        }
        match random.random_range(0..20) {
            0..6 => (Function::Read, Value::Nil),
            6..8 => (Function::Restock, restock),
            _ => (Function::Sell, sell),
        }
    }
}
