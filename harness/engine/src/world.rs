//! What a world has to do: carry out what the driver commands, and tell what came of it.

use crate::driver::{Asker, Completion, Invocation};
use crate::evidence::Evidence;
use crate::faults::Fault;
use crate::stop::Stop;
use crate::traffic::Traffic;
use afterall_history::{EndHow, NodeChange};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;

/// Something that happened in a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// An operation came to its end.
    Completed(Asker, Completion),
    /// A fault was injected; the evidence says whether it took hold.
    Injected(usize, Evidence),
    /// A fault was measured before it is healed; the evidence says whether it still holds. None: other faults hide it.
    Measured(usize, Option<Evidence>),
    /// A fault was healed; the evidence says whether it is gone.
    Healed(usize, Evidence),
    /// A node is ready, or died although no fault asked it to.
    Node {
        /// Which, from 0.
        node: usize,
        /// What happened.
        change: NodeChange,
        /// In words.
        detail: String,
    },
    /// The run cannot go on, and its history ends here.
    Over {
        /// Whose doing it is: the cluster's, or the harness's own.
        how: EndHow,
        /// Why, in words that can stand alone.
        why: String,
    },
}

/// Things that do not happen in every run, and how often they did.
pub type Marks = BTreeMap<&'static str, u64>;

/// A cluster, its clients, its links and its clocks: real ones, or simulated ones.
///
/// The engine calls [`start`](World::start) once; then it commands, and waits with [`next`](World::next), again and
/// again; and it calls [`end`](World::end) once, whatever happened. A world that is dropped leaves nothing behind either.
pub trait World {
    /// Brings the cluster up. Returns what is to be recorded of that: every node is ready.
    ///
    /// # Errors
    /// It does not come up, or [`WorldError::Stopped`] if `stop` was pressed before it did.
    fn start(&mut self, stop: &Stop) -> Result<Vec<Happened>, WorldError>;

    /// Nanoseconds since the cluster was up.
    fn now_ns(&self) -> u64;

    /// Whether time is virtual: then nobody who watches the run can see it go by.
    fn is_virtual(&self) -> bool;

    /// Begins an operation; [`Happened::Completed`] tells its end.
    fn invoke(&mut self, invocation: Invocation);

    /// Begins to inject a fault; [`Happened::Injected`] tells whether it took hold.
    fn inject(&mut self, id: usize, fault: &Fault);

    /// Begins to measure whether a fault that took hold still holds; [`Happened::Measured`] tells.
    fn measure(&mut self, id: usize, fault: &Fault);

    /// Begins to heal a fault; [`Happened::Healed`] tells whether it is gone.
    fn heal(&mut self, id: usize, fault: &Fault);

    /// Waits until something happens, but not beyond `wake_ns`. Appends what happened; it may be nothing.
    ///
    /// # Errors
    /// The world cannot go on.
    fn next(
        &mut self,
        wake_ns: Option<u64>,
        happened: &mut Vec<Happened>,
    ) -> Result<(), WorldError>;

    /// What the nodes have sent to each other so far, where the world sees it; with real nodes once it has ended.
    fn traffic(&self) -> Option<Traffic> {
        None
    }

    /// How often the nodes took their rare paths, by name, where the world sees it: a search that is guided goes where they are.
    fn marks(&self) -> Marks {
        Marks::new()
    }

    /// Takes the cluster down. Returns what could not be cleaned up, a sentence each.
    fn end(&mut self) -> Vec<String>;
}

/// A world that can be copied at any instant, and then go on in another way: the simulated one. It is an object, so that its
/// code is made where the world is, and not once more wherever a run is.
pub trait Branching: World + Debug + Send + Sync {
    /// The same world once more. Each goes on by itself.
    fn branch(&self) -> Box<dyn Branching>;

    /// From now on draws other random numbers: another future of the same past.
    fn reseed(&mut self, seed: u64);
}

impl Clone for Box<dyn Branching> {
    fn clone(&self) -> Self {
        (**self).branch()
    }
}

/// Why a world did not come up, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// It was stopped before it was up.
    #[error("stopped before the cluster was up")]
    Stopped,
    /// The cluster could not be set up.
    #[error("the cluster could not be set up")]
    Setup(#[source] Box<dyn Error + Send + Sync>),
    /// It broke.
    #[error("the world cannot go on")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

impl WorldError {
    /// The cluster could not be set up.
    pub fn setup(error: impl Error + Send + Sync + 'static) -> WorldError {
        WorldError::Setup(Box::new(error))
    }
}
