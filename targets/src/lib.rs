//! Systems under test: what a target is (its manifest), and how it is spoken to (clients, one file a protocol).

pub mod client;
pub mod manifest;

pub use client::{Answer, Client, ClientError, Pending, Trouble};
pub use manifest::{Manifest, ManifestError};
