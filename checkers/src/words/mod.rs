//! How lists, numbers, shares and spans of time are put into words, the same in verdicts and in reports.

mod fault;
mod links;
mod list;
mod number;
mod operation;
mod sentence;
mod value;

pub(crate) use fault::parameters;
pub(crate) use links::links;
pub(crate) use list::{few, list};
pub use number::{count, counted, duration, percent, share};
pub(crate) use operation::{at, done};
pub use operation::{briefly, operation};
pub(crate) use sentence::sentence;
pub(crate) use value::{item, returned, shows_nothing, value};
