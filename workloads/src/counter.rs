//! Counters: increments twice as often as decrements, amounts that differ, so that a missing one can be named.

use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;

/// The greatest amount. Small enough that a whole run's indeterminate sum stays within the checker's bitset.
const AMOUNT_MAX: i64 = 100;

/// Increments, decrements and reads of counters.
#[derive(Debug, Clone)]
pub(crate) struct Counters;

/// Increments and reads of counters: likes, that nobody takes back.
#[derive(Debug, Clone)]
pub(crate) struct Likes;

impl Source for Likes {
    fn next(&mut self, random: &mut Pcg64, _slot: usize, _key: &str) -> (Function, Value) {
        let amount = Value::Int(random.random_range(1..=AMOUNT_MAX));
        match random.random_range(0..2) {
            0 => (Function::Read, Value::Nil),
            _ => (Function::Increment, amount),
        }
    }
}

impl Source for Counters {
    fn next(&mut self, random: &mut Pcg64, _slot: usize, _key: &str) -> (Function, Value) {
        let amount = Value::Int(random.random_range(1..=AMOUNT_MAX));
        match random.random_range(0..10) {
            0..4 => (Function::Read, Value::Nil),
            4..8 => (Function::Increment, amount),
            _ => (Function::Decrement, amount),
        }
    }
}
