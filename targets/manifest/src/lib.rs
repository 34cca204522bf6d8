//! What a target is: a TOML file, no code.
//!
//! A node of the cluster is one network address with one or more processes behind it, each in a container of its own.
//! Nodes are named `n1`, `n2`, …; the first is the one that others join, copy from or ask to form the cluster.

mod check;
mod entries;
mod error;
mod load;
mod manifest;
mod misplaced;
mod outline;
mod protocol;
mod schema;
mod template;

pub use error::{ManifestError, Problem};
pub use load::{builtin, builtin_names, load, parse};
pub use manifest::{
    ClientSpec, ClockSpec, Command, CorruptSpec, Manifest, On, Peers, Probe, Process,
};
pub use misplaced::{Step, WrongEntry, plain, read_toml};
pub use protocol::{OptionError, OptionSpec, OptionSpecs, OptionValues, ProtocolSpec};
pub use schema::schema;
pub use template::{NodePlace, Place, Template, TemplateError};
