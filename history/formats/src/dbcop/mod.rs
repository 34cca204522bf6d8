//! dbcop's formats: JSON and text of today, and the binary files of old, which PolySI and AWDIT read.

pub mod bincode;
mod event;
pub mod json;
pub mod text;
