//! Where runs take place in real time. Each world is one module behind the trait [`World`](afterall_engine::World) of the engine;
//! the third, of virtual time, is the crate [`afterall_sim`].
//!
//! - [`process`]: nodes are child processes on loopback, links are proxies, time is real.
//! - [`docker`]: nodes are containers, links are proxies, time is real.

mod attached;
pub mod docker;
mod live;
mod open;
pub mod process;
mod settings;

pub use live::scratch::reap;
pub use live::{stopped, tail};
pub use open::open;
pub use settings::{Notice, Settings};
