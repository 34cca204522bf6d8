//! The program as its users run it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod campaign;
mod cases;
mod check_files;
mod explore;
mod help;
mod manifests;
mod objectives;
mod outputs;
mod process_world;
#[path = "../program/mod.rs"]
mod program;
mod real_stores;
mod recorded;
mod rounds;
mod scenarios;
mod signals;
mod store_folder;
mod stored;
