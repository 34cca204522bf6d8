//! A cluster of real nodes, as the loop in real time needs it.

use afterall_clients::{Client, ClientError};
use afterall_engine::driver::Asker;
use afterall_engine::faults::Fault;
use afterall_engine::{Evidence, Happened, Traffic, WorldError};
use std::future::Future;
use std::pin::Pin;

/// A cluster that is being set up.
pub(crate) type Starting<D> = Pin<Box<dyn Future<Output = Result<D, WorldError>> + Send>>;

/// A cluster that is up.
pub(crate) trait Deployment: Send + Sync + 'static {
    /// How many nodes it has.
    fn nodes(&self) -> usize;

    /// A client for a place: sessions and readers have links of their own.
    fn client(&self, asker: Asker) -> Result<Box<dyn Client>, ClientError>;

    /// Injects a fault and measures whether it took hold.
    fn inject(&self, id: usize, fault: &Fault) -> impl Future<Output = Evidence> + Send;

    /// Measures whether a fault that took hold still holds. None: other faults hide it.
    fn measure(&self, id: usize, fault: &Fault) -> impl Future<Output = Option<Evidence>> + Send;

    /// Heals a fault and measures whether it is gone.
    fn heal(&self, id: usize, fault: &Fault) -> impl Future<Output = Evidence> + Send;

    /// What happened that nobody asked for, each thing once: nodes that have ended, and what the run cannot go on after.
    /// Called ten times per second.
    fn unasked(&self) -> impl Future<Output = Vec<Happened>> + Send;

    /// What its nodes say that they have sent to each other. Asked once, at the end.
    fn traffic(&self) -> impl Future<Output = Option<Traffic>> + Send {
        std::future::ready(None)
    }

    /// Takes down what only the cluster itself knows. Returns what could not be cleaned up.
    fn stop(self) -> impl Future<Output = Vec<String>> + Send;
}
