//! Linearizability: every operation seems to take effect at one instant between its invocation and its completion.
//!
//! Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects" (TOPLAS 1990). It is local: a
//! history is linearizable if and only if each of its objects is, so each key is judged by itself.
//!
//! | object | how | cost |
//! |---|---|---|
//! | register, distinct values, no compare-and-set | `zones` | n log n |
//! | set that only grows | `sets` | n log n in the elements of all reads |
//! | text, distinct pieces; what is plainly wrong with others | `texts` | n log n in the bytes of all reads |
//! | any other | `search`, on the states of `steps` | exponential in the worst case; see [`BUDGET`] |
//!
//! An operation that nobody knows about takes effect at any time after its invocation, or never. Order is that of the
//! events in the history, not of their times, which may be equal.
//!
//! A chance is an acknowledged operation that observes something (a read, a compare-and-set, the taking of a lock) on a key that
//! was updated, unless it is the only operation and fits every state.
//! What is said of findings: `words`.

mod bounds;
mod check;
mod claim;
mod search;
mod sets;
mod several;
mod steps;
mod texts;
mod witness;
mod words;
mod zones;

pub(crate) use check::CHECKER;
pub(crate) use claim::{NO_ORDER, held};
pub(crate) use several::several_values;
