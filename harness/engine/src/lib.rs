//! A run as a library: what it goes through, who decides, and what a world has to do.
//!
//! ```text
//! RunConfig ─→ Plan ─→ run(plan, world, observer) ─→ Recording ─→ judge ─→ Verdict
//! ```
//!
//! A [`RunConfig`] says everything that a run follows from. A [`Plan`] is worked out from it once, with the schedule of
//! faults, drawn from the seed or given. [`run`] carries it out in a [`World`]: the simulated one (`afterall-sim`), or
//! one of processes or containers (`afterall-worlds`). It prints nothing, and many runs can go on side by side in one process.
//!
//! The driver and the nemesis are pure: they are given the time, and answer with commands.

mod carried;
pub mod config;
pub mod driver;
pub mod evidence;
pub mod expect;
pub mod faults;
mod fork;
mod observer;
pub mod operations;
mod plan;
mod recording;
mod rounds;
mod run;
mod stop;
mod traffic;
mod world;

pub use carried::Carried;
pub use config::{ConfigError, RunConfig, RunConfigBuilder, SessionKind, WorldKind};
pub use evidence::{Evidence, Observation};
pub use fork::Fork;
pub use observer::{Glance, Observer};
pub use plan::Plan;
pub use recording::Recording;
pub use rounds::{NoFurther, Rounds};
pub use run::{RunError, record, run, run_until};
pub use stop::Stop;
pub use traffic::{ByMechanism, Messages, Traffic};
pub use world::{Branching, Happened, Marks, World, WorldError};
