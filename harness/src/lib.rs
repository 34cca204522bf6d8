//! Afterall: the driver, the nemesis, the worlds, the store and the command line.

// First: its macros are for everything below.
#[macro_use]
mod output;

pub mod cli;
pub mod config;
pub mod driver;
pub mod nemesis;
pub mod store;
mod unfinished;
pub mod world;
