//! How lists, numbers, shares and spans of time are put into words, the same in verdicts and in reports.

mod list;
mod number;

pub(crate) use list::list;
pub use number::{count, counted, duration, percent};
