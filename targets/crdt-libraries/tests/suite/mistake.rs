//! A library that is used wrongly: all is as it should be but for what the mistake changes.

use afterall_crdt_libraries::{Heard, Library, Trouble};
use afterall_history::{Value, Workload};
use afterall_workloads::Operation;
use std::fmt::Debug;

/// What is done differently; each method does the right thing unless the mistake has its own.
pub(crate) trait Mistake: Debug + Clone {
    type Of: Library;

    fn new(writer: u64) -> Result<Self::Of, Trouble> {
        Self::Of::new(writer)
    }
    fn update(document: &mut Self::Of, operation: &Operation) -> Result<(), Trouble> {
        document.update(operation)
    }
    fn read(document: &Self::Of, workload: Workload) -> Result<Value, Trouble> {
        document.read(workload)
    }
    fn begin(document: &mut Self::Of, peer: &mut <Self::Of as Library>::Peer) -> Option<Vec<u8>> {
        document.begin(peer)
    }
    fn hear(
        document: &mut Self::Of,
        peer: &mut <Self::Of as Library>::Peer,
        message: &[u8],
    ) -> Result<Heard, Trouble> {
        document.hear(peer, message)
    }
}

/// A document with a mistake.
#[derive(Debug, Clone)]
pub(crate) struct With<M: Mistake>(M::Of);

impl<M: Mistake> Library for With<M> {
    type Peer = <M::Of as Library>::Peer;

    fn new(writer: u64) -> Result<Self, Trouble> {
        M::new(writer).map(With)
    }
    fn load(writer: u64, saved: &[u8]) -> Result<Self, Trouble> {
        M::Of::load(writer, saved).map(With)
    }
    fn save(&mut self) -> Vec<u8> {
        self.0.save()
    }
    fn update(&mut self, operation: &Operation) -> Result<(), Trouble> {
        M::update(&mut self.0, operation)
    }
    fn read(&self, workload: Workload) -> Result<Value, Trouble> {
        M::read(&self.0, workload)
    }
    fn begin(&mut self, peer: &mut Self::Peer) -> Option<Vec<u8>> {
        M::begin(&mut self.0, peer)
    }
    fn hear(&mut self, peer: &mut Self::Peer, message: &[u8]) -> Result<Heard, Trouble> {
        M::hear(&mut self.0, peer, message)
    }
}
