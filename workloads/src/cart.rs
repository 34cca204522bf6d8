//! Carts: every add names a fresh element; a session removes only what it has seen.

use crate::operation::Operation;
use crate::seen::Seen;
use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;

/// What is on sale. Elements are `item#number`, the number unique in the run.
const ITEMS: [&str; 6] = ["apple", "book", "cup", "drum", "egg", "fern"];
const QUANTITY_MAX: i64 = 5;

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
            let items = read.as_list().unwrap_or_default().iter();
            let element = |pair: &Value| Some(pair.as_list()?.first()?.as_text()?.to_owned());
            self.seen.note(slot, &operation.key, items.filter_map(element).collect());
        }
    }

    fn forget(&mut self, slot: usize) {
        self.seen.forget(slot);
    }
}
