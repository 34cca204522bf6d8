//! dbcop's formats: JSON and text of today, and the binary files of old, which PolySI and AWDIT read.

/// What dbcop calls the one file in a history's folder.
pub(crate) const FILE: &str = "history.bincode";

pub mod bincode;
mod event;
pub mod json;
pub mod text;
