//! What to ask: seeded generators of operations, one per data type.
//!
//! A generator is a plain value: the same seed, asked by the same sessions in the same order and given the same
//! answers, yields the same operations.

mod cart;
mod chat;
mod counter;
mod generator;
mod inventory;
mod keys;
mod load;
mod operation;
mod position;
mod probes;
mod register;
mod registry;
mod seen;
mod set;
mod source;
mod text;

pub use generator::Generator;
pub use keys::Rotation;
pub use load::Load;
pub use operation::Operation;
pub use registry::{driven, loaded};
