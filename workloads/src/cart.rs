//! Carts: every add names a fresh element; a session removes only what it has seen.

use crate::operation::Operation;
use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// What is on sale. Elements are `item#number`, the number unique in the run.
const ITEMS: [&str; 6] = ["apple", "book", "cup", "drum", "egg", "fern"];
const QUANTITY_MAX: i64 = 5;

/// What each session saw in each cart when it last looked.
#[derive(Debug, Clone, Default)]
struct Seen {
    sessions: Vec<BTreeMap<String, Vec<String>>>,
}

impl Seen {
    fn note(&mut self, slot: usize, cart: &str, read: &Value) {
        if self.sessions.len() <= slot {
            self.sessions.resize_with(slot + 1, BTreeMap::new);
        }
        let elements = read
            .as_list()
            .unwrap_or_default()
            .iter()
            .filter_map(|pair| pair.as_list()?.first()?.as_text().map(str::to_owned))
            .collect();
        self.sessions[slot].insert(cart.to_owned(), elements);
    }

    fn forget(&mut self, slot: usize) {
        if let Some(session) = self.sessions.get_mut(slot) {
            session.clear();
        }
    }

    fn take(&mut self, slot: usize, cart: &str, random: &mut Pcg64) -> Option<String> {
        let elements = self.sessions.get_mut(slot)?.get_mut(cart)?;
        (!elements.is_empty()).then(|| elements.swap_remove(random.random_range(0..elements.len())))
    }
}

/// Adds, removes, reads and checkouts of carts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Carts {
    /// Counts elements, so that none is added twice.
    next_value: i64,
    seen: Seen,
}

impl Source for Carts {
    fn next(&mut self, random: &mut Pcg64, slot: usize, cart: &str) -> (Function, Value) {
        match random.random_range(0..20) {
            0..6 => return (Function::Read, Value::Nil),
            6..8 => return (Function::Checkout, Value::Nil),
            8..13 => {
                if let Some(element) = self.seen.take(slot, cart, random) {
                    return (Function::Remove, Value::Text(element));
                }
            }
            _ => {}
        }
        self.next_value += 1;
        let item = ITEMS[random.random_range(0..ITEMS.len())];
        let element = Value::Text(format!("{item}#{}", self.next_value));
        let quantity = Value::Int(random.random_range(1..=QUANTITY_MAX));
        (Function::Add, Value::List(vec![element, quantity]))
    }

    fn learn(&mut self, slot: usize, operation: &Operation, read: &Value) {
        if operation.f.is_read() {
            self.seen.note(slot, &operation.key, read);
        }
    }

    fn forget(&mut self, slot: usize) {
        self.seen.forget(slot);
    }
}
