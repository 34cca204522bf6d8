//! The replica's decisions: no clock, no socket, no thread, no disk.
//!
//! [`Node::handle`] is fed requests, messages and the time, and answers with [`Effects`]. The same core runs in
//! the simulator, a thousand in one event loop, and behind the tokio shell, one a process.

mod api;
mod cart;
mod clock;
mod counter;
mod figures;
mod flavour;
mod identity;
mod merkle;
mod message;
mod node;
mod object;
mod register;
mod rumor;

pub use api::{
    AMOUNT_MAX, Action, Answer, Content, DOTS_MAX, DataType, ELEMENTS_MAX, Item, Key,
    NAME_BYTES_MAX, OBJECTS_MAX, Refusal, Request, Scalar, TEXT_BYTES_MAX,
};
pub use cart::Cart;
pub use clock::{Clock, Moment, Reading, Stamp, Stamps, time_offset_us};
pub use counter::{PnCounter, Share};
pub use figures::Figures;
pub use flavour::{Durability, Flavour, MUTANTS, Mutant, MutantRow, Rules};
pub use identity::{Actor, BadNodeId, CausalContext, Dot, NodeId, VersionVector};
pub use message::{Delta, Message};
pub use node::{Config, DamagedRecord, Effects, Input, Node, RequestId};
pub use object::Object;
pub use register::{Lww, MultiValue, Payload};
