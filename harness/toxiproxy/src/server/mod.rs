//! The embedded server: Toxiproxy's HTTP API and its toxics, on loopback, inside this process.
//!
//! From the ground up: [`toxic`] says what a toxic is, [`stage`] what one does to a stream, [`chain`] what
//! several do (these decide, and are pure); [`connection`] moves the bytes, [`proxy`] accepts, [`api`] is HTTP.

mod api;
mod chain;
mod connection;
mod proxy;
mod stage;
mod tally;
mod toxic;

pub use tally::Traffic;

use api::Registry;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

/// A running server. Dropping it stops it too, but without waiting for it.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    registry: Arc<Registry>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens for the API on a loopback address; port 0 takes a free one. Runs on the current Tokio runtime.
    ///
    /// # Errors
    /// The address is not loopback, or cannot be listened on.
    pub async fn start(addr: SocketAddr) -> io::Result<Server> {
        Server::start_seeded(addr, 0).await
    }

    /// As [`Server::start`]; what toxics leave to chance (jitter, toxicity, sizes of slices) follows from `seed` and
    /// from the order in which proxies and connections come.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_seeded(addr: SocketAddr, seed: u64) -> io::Result<Server> {
        let addr = proxy::listen_address(&addr.to_string())?;
        let listener = TcpListener::bind(addr).await.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}"))
        })?;
        let addr = listener.local_addr()?;
        let registry = Arc::new(Registry::new(seed));
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, Arc::clone(&registry), stopped));
        Ok(Server { addr, registry, stop: Some(stop), serving: Some(serving) })
    }

    /// Where the API listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What each proxy let through since it was created, by its name.
    pub async fn traffic(&self) -> BTreeMap<String, Traffic> {
        self.registry.traffic().await
    }

    /// The errors of the system's that proxies met when they took or made connections, each once. Refusals by upstreams are
    /// among them; so is the want of open files, which is this process's own failure.
    #[must_use]
    pub fn system_errors(&self) -> Vec<io::Error> {
        self.registry.system_errors()
    }

    /// Stops everything. When this returns nothing listens and every connection is closed.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            let _already_gone = stop.send(());
        }
        if let Some(serving) = self.serving.take() {
            let _panicked = serving.await;
        }
        self.registry.clear().await;
    }
}

/// Serves the API until told to stop or the [`Server`] is gone; then removes the proxies.
async fn serve(listener: TcpListener, registry: Arc<Registry>, mut stopped: oneshot::Receiver<()>) {
    let router = api::router(Arc::clone(&registry));
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_ended) = calls.join_next() => {}
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else {
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                    continue;
                };
                let _slow_at_worst = socket.set_nodelay(true);
                let service = TowerToHyperService::new(router.clone());
                calls.spawn(async move {
                    let http = hyper::server::conn::http1::Builder::new();
                    let _client_gone = http.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        }
    }
    drop(listener);
    calls.shutdown().await;
    registry.clear().await;
}
