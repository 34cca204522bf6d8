//! The replica's decisions: no clock, no socket, no thread, no disk.
//!
//! [`Node::handle`] is fed requests, messages and the time, and answers with [`Effects`]. The same core runs in
//! the simulator, a thousand in one event loop, and behind the tokio shell, one a process.

mod anti_entropy;
mod api;
mod cache;
mod cart;
mod chat;
mod clock;
mod config;
mod coordinate;
mod coordinator;
mod copies;
mod counter;
mod effects;
mod figures;
mod flavour;
mod forward;
mod forwards;
mod handoff;
mod handover;
mod hints;
mod identity;
mod leaving;
mod log;
mod mechanisms;
mod membership;
mod merkle;
mod message;
mod mutants;
mod news;
mod node;
mod object;
mod peers;
mod position;
mod read_repair;
mod receive;
mod record;
mod register;
mod ring;
mod rules;
mod rumor;
mod set;
mod standing;
mod stock;
mod store;
mod text;
mod textbook;
mod textbook_tree;
mod told;
mod update;
mod waiting;

pub use api::{
    AMOUNT_MAX, Action, Answer, Content, DOTS_MAX, DataType, ELEMENTS_MAX, Item, Key, Level,
    NAME_BYTES_MAX, OBJECTS_MAX, Refusal, Request, SIBLINGS_MAX, Scalar, TEXT_BYTES_MAX, Token,
};
pub use cart::Cart;
pub use chat::Post;
pub use clock::{Clock, Moment, Reading, Stamp, Stamps, time_offset_us};
pub use config::Config;
pub use copies::Copies;
pub use counter::{PnCounter, Share};
pub use effects::{Effects, Input, RequestId};
pub use figures::Figures;
pub use flavour::Flavour;
pub use identity::{Actor, BadNodeId, CausalContext, Dot, NodeId, VersionVector};
pub use mechanisms::{Mechanism, Mechanisms};
pub use message::{Delta, Message};
pub use mutants::{MUTANTS, Mutant, MutantRow};
pub use node::Node;
pub use object::Object;
pub use position::Position;
pub use record::DamagedRecord;
pub use register::{Lww, MultiValue, Payload};
pub use rules::{Durability, Rules};
pub use set::LwwSet;
pub use standing::{Membership, Standing, Turn};
pub use stock::Stock;
pub use text::{Piece, Text};
pub use textbook::{Held, Message as TextbookMessage};
pub use told::{Refused, Told};
pub use update::Update;
