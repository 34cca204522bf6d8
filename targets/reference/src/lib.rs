//! The bundled reference node: an eventually consistent replicated store, small enough to read in an evening.
//!
//! [`core`] decides and touches nothing; [`shell`] owns the sockets, the disk and the clock; [`wire`] is the
//! client protocol between them and whoever drives the node; [`session`] is what a client must remember.

pub mod core;
pub mod session;
pub mod shell;
pub mod wire;
