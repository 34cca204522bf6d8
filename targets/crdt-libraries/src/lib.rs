//! Libraries of CRDTs as nodes of the simulated world. Each library is one short file; what is the same whichever library it is
//! stands in [`Node`]. `docs/crdt-library.md` goes through it.
//!
//! A library is compiled only with the feature of its name: `cargo test -p afterall-crdt-libraries --features automerge,yrs`.

#[cfg(feature = "automerge")]
mod automerge;
mod library;
mod node;
#[cfg(feature = "yrs")]
mod yrs;

#[cfg(feature = "automerge")]
pub use self::automerge::{Automerge, Stream};
#[cfg(feature = "yrs")]
pub use self::yrs::Yrs;
pub use library::{Heard, Library, Trouble, item, items, no_such};
pub use node::{Answer, Config, Damaged, Identity, Node, Request};
