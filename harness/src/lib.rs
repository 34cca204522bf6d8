//! Afterall: the driver, the nemesis, the worlds, the store and the command line.

pub mod cli;
pub mod config;
pub mod driver;
pub mod nemesis;
pub mod store;
pub mod world;
