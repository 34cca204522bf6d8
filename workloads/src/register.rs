//! Registers: as many writes as reads; every value is written once in a run.

use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;

pub(crate) fn next(random: &mut Pcg64, next_value: &mut i64) -> (Function, Value) {
    if random.random_range(0..2) == 0 {
        return (Function::Read, Value::Nil);
    }
    *next_value += 1;
    (Function::Write, Value::Int(*next_value))
}
