//! Where runs take place. Each world is one module behind the trait [`World`](afterall_engine::World) of the engine.
//!
//! - [`sim`]: nodes, links, disks, clocks and clients are values in one event loop, and time is virtual.
//! - [`process`]: nodes are child processes on loopback, links are proxies, time is real.
//! - [`docker`]: nodes are containers, links are proxies, time is real.

mod clock_lie;
pub mod docker;
mod drift;
mod live;
mod membership;
mod open;
pub mod process;
mod settings;
pub mod sim;

pub use live::scratch::reap;
pub use live::{stopped, tail};
pub use open::open;
pub use settings::{Notice, Settings};
