//! The bundled reference node: an eventually consistent replicated store, small enough to read in an evening.
//!
//! [`core`] decides and touches nothing; [`wire`] is the client protocol between a node and its clients; [`session`]
//! is what a client must remember; [`lie`] is how its clocks are made wrong. The sockets, the disk and the clock are in the crate `afterall-node`.

pub mod core;
pub mod lie;
pub mod session;
pub mod wire;
