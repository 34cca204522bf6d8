//! What happened: operations, faults, phases, and the file they are kept in.
//!
//! The ground floor of Afterall: it depends on no other workspace crate. A run is recorded
//! as a stream of [`Event`]s behind one [`Header`]; a [`History`] is that stream in columns, which is what
//! checkers and reports read.

mod build;
mod damage;
mod datum;
mod event;
mod fault;
mod fault_kind;
mod fault_kinds;
mod from_text;
mod function;
mod groups;
mod header;
mod history;
mod ids;
mod intern;
pub mod jsonl;
mod level;
mod lie;
pub mod limits;
mod line;
mod line_error;
mod marks;
pub mod parser_words;
mod part;
mod promise;
mod quick;
mod quoted;
mod read;
mod shape;
mod share;
mod slo;
mod span;
mod transactions;
mod value;
mod vocabulary;
mod workload;

pub use build::HistoryBuilder;
pub use damage::Damage;
pub use datum::{Data, Datum, Entries, Full, Items, Symbol, View};
pub use event::{
    EndEvent, EndHow, Event, FaultEvent, FaultStage, NodeChange, NodeEvent, OpEvent, Outcome,
    Phase, PhaseEvent,
};
pub use fault::{End, Fault, NodeTurn};
pub use fault_kind::{ActsOn, FaultKind};
pub use fault_kinds::FaultKinds;
#[doc(hidden)]
pub use from_text::from_text;
pub use function::Function;
pub use groups::Groups;
pub use header::{
    CartRule, CounterRule, FORMAT, Header, NODE_UNKNOWN, RECORDED, RegisterRule, Semantics,
    StampRule, VERSION,
};
pub use history::{History, OpView};
pub use ids::{KeyId, NodeId, OpId, SessionId, Status};
pub use jsonl::Writer;
pub use level::Level;
pub use lie::Lie;
pub use line_error::{JsonError, LineError};
pub use promise::{Promise, Property, Sessions, UnknownPromise};
pub use quoted::quoted;
pub use read::{ReadError, read_jsonl, read_jsonl_from};
pub use share::{NotAShare, Share};
pub use slo::{NotAnSlo, Percentile, Slo};
pub use span::{NotASpan, SignedSpan, Span};
pub use transactions::{
    Initial, Name, TransactionDamage, Transactions, TransactionsBuilder, TxnId, TxnOp, ValueId,
};
pub use value::Value;
pub use vocabulary::UnknownWord;
#[doc(hidden)]
pub use vocabulary::deserialize_word;
pub use workload::Workload;
