//! Walks over the histories of one data type each, which judge several properties at once.

pub(crate) mod cart;
pub(crate) mod chat;
pub(crate) mod counter;
mod counter_sessions;
mod counter_updates;
pub(crate) mod lost;
pub(crate) mod position;
pub(crate) mod set;
