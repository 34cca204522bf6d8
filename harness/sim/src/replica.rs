//! What runs on a simulated machine: any state machine that answers requests and talks to its peers.

use crate::machine_time::Moment;
use afterall_engine::ByMechanism;
use afterall_engine::driver::Completion;
pub use afterall_engine::evidence::membership::Standing;
use afterall_history::Workload;
use afterall_workloads::Operation;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Debug;

/// A record as it is stored: key and content.
pub type Record = (Vec<u8>, Vec<u8>);

/// What happens to a replica.
#[derive(Debug, Clone)]
pub enum Input<R: Replica> {
    /// A client asks. The answer carries the same number.
    Request(u64, R::Request),
    /// A peer, by number from 0, says something.
    Message(usize, R::Message),
    /// Time has passed.
    Wake,
}

/// What the operator of a replica asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// To leave the cluster, in an orderly way.
    Leave,
    /// To join it again.
    Join,
}

/// How a replica stands to its cluster, as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its own standing.
    pub standing: Standing,
    /// The peers that take no part, by number from 0.
    pub out: BTreeSet<usize>,
}

/// What a replica wants done. Where `hold` is true, answers and messages wait until everything in `persist`, here and
/// before, is on disk.
#[derive(Debug, Clone)]
pub struct Effects<R: Replica> {
    /// Records to store, each replacing the one of the same key; an empty one removes it.
    pub persist: Vec<Record>,
    /// Answers to clients, by the number of the request.
    pub replies: Vec<(u64, R::Answer)>,
    /// Messages to peers, by number from 0.
    pub sends: Vec<(usize, R::Message)>,
    /// Whether answers and messages wait for the disk.
    pub hold: bool,
}

/// A state machine that the sim can run as the process of a node. It has no clock, no socket and no random source of its
/// own: it is given inputs and the time, and answers with effects.
pub trait Replica: Debug + Clone + Sized {
    /// What a node is started with, each time.
    type Config: Debug + Clone;
    /// What a client asks.
    type Request: Debug + Clone;
    /// What it is answered; a refusal is an answer, too.
    type Answer: Debug + Clone;
    /// What peers tell each other.
    type Message: Debug + Clone;
    /// What the client of a session remembers. A new session remembers nothing.
    type Session: Debug + Clone + Default;
    /// What is wrong with stored records that cannot be read back.
    type Damaged: Error + Send + Sync + 'static;

    /// Starts on what the disk holds, in its `incarnation`th life, counted from 1.
    ///
    /// # Errors
    /// The records cannot be read.
    fn start(
        config: &Self::Config,
        incarnation: u32,
        stored: impl Iterator<Item = Record>,
    ) -> Result<Self, Self::Damaged>;

    /// When it wants to be woken, in nanoseconds of the sim's time; `u64::MAX`: never.
    fn wake_ns(&self) -> u64;

    /// Takes in what happens. Several inputs may share their effects.
    fn handle(&mut self, now: Moment, input: Input<Self>, effects: &mut Effects<Self>);

    /// How many bytes a message is on a link whose bandwidth is limited.
    fn message_bytes(message: &Self::Message) -> u64 {
        let _ = message;
        100
    }

    /// How it stands to its cluster; none: it knows no members that come and go.
    fn membership(&self) -> Option<Membership> {
        None
    }

    /// Its operator lets it leave the cluster, or join it again.
    fn turn(&mut self, now: Moment, turn: Turn, effects: &mut Effects<Self>) {
        let _ = (now, turn, effects);
    }

    /// What it has sent and done in this life, by mechanism.
    fn by_mechanism(&self) -> ByMechanism {
        ByMechanism::default()
    }

    /// How often it took its rare paths in this life, by name.
    fn marks(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// What a session's client sends for an operation.
    ///
    /// # Errors
    /// It knows no such operation; in words.
    fn request(
        session: &mut Self::Session,
        workload: Workload,
        operation: &Operation,
    ) -> Result<Self::Request, Box<dyn Error>>;

    /// What an answer means to the session whose client asked for this key.
    fn completed(
        session: &mut Self::Session,
        workload: Workload,
        key: &str,
        answer: Self::Answer,
    ) -> Completion;
}

impl<R: Replica> Default for Effects<R> {
    fn default() -> Self {
        Effects { persist: Vec::new(), replies: Vec::new(), sends: Vec::new(), hold: false }
    }
}
