//! A run's whole configuration, resolved: what `run.toml` holds and `replay` takes.

mod bounded;
mod builder;
mod by_name_if_any;
mod error;
mod gossip;
mod latency;
mod max_bound;
mod network;
mod run_config;
mod session_kind;
mod text;
mod world_kind;

pub use afterall_history::{NotASpan, Share, SignedSpan, Span};
pub use bounded::{CONCURRENCY, NODES, RATE};
pub use builder::RunConfigBuilder;
pub use error::ConfigError;
pub use gossip::GossipConfig;
pub use latency::{Latency, LogNormal, Sigma};
pub use max_bound::{MaxBound, NotABound};
pub use network::{BadNetwork, Character, NetworkConfig, NetworkLinks};
pub use run_config::{REFERENCE, RunConfig};
pub use session_kind::SessionKind;
pub use world_kind::WorldKind;
