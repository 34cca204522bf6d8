//! Texts that sessions append to, and read.

use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;

/// What every piece ends with, and what occurs nowhere else in one: so a text that was read falls into its pieces, and each is
/// known by itself.
const SEPARATOR: char = ';';

/// Appends and reads of texts. Pieces are `t1;`, `t2;`, …: the number is unique in the run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    next_piece: u64,
}

impl Source for Texts {
    fn next(&mut self, random: &mut Pcg64, _: usize, _: &str) -> (Function, Value) {
        if random.random_range(0..2) == 0 {
            return (Function::Read, Value::Nil);
        }
        self.next_piece += 1;
        (Function::Append, Value::Text(format!("t{}{SEPARATOR}", self.next_piece)))
    }
}
