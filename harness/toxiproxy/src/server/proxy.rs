//! One proxy: its listener, its toxics, its live connections.

use super::connection::Connection;
use super::tally::{Bytes, SystemErrors, Traffic};
use super::toxic::Toxic;
use crate::direction::Direction;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

const BACKLOG: u32 = 1024;

/// A proxy, enabled or not.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) name: String,
    /// As given until the proxy is first enabled; then the address it got.
    pub(super) listen: String,
    pub(super) upstream: String,
    running: Option<Running>,
    /// Bound, never listening: keeps the port ours while the proxy is disabled, so that it can come back on it.
    /// (The original gives the port up, and may find it taken.)
    reservation: Option<TcpSocket>,
    live: Arc<Live>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    accepting: JoinHandle<()>,
}

/// What the accepting task and the API share.
#[derive(Debug)]
pub(super) struct Live {
    state: Mutex<LiveState>,
    bytes: Arc<Bytes>,
    errors: Arc<SystemErrors>,
    seed: u64,
}

#[derive(Debug, Default)]
struct LiveState {
    upstream: Vec<Toxic>,
    downstream: Vec<Toxic>,
    connections: BTreeMap<u64, Arc<Connection>>,
    connections_ever: u64,
}

impl LiveState {
    fn toxics_mut(&mut self, direction: Direction) -> &mut Vec<Toxic> {
        match direction {
            Direction::Upstream => &mut self.upstream,
            Direction::Downstream => &mut self.downstream,
        }
    }

    fn tell_connections(&self, direction: Direction) {
        let toxics = match direction {
            Direction::Upstream => &self.upstream,
            Direction::Downstream => &self.downstream,
        };
        for connection in self.connections.values() {
            connection.take_over(direction, toxics);
        }
    }
}

impl Live {
    fn lock(&self) -> MutexGuard<'_, LiveState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.bytes.traffic(self.lock().connections_ever)
    }

    /// All toxics: those of the upstream direction first, each direction in the order of adding.
    pub(super) fn toxics(&self) -> Vec<Toxic> {
        let state = self.lock();
        state.upstream.iter().chain(&state.downstream).cloned().collect()
    }

    /// Once this returns every live connection goes by the new toxic.
    pub(super) fn add(&self, toxic: Toxic) {
        let direction = toxic.direction;
        let mut state = self.lock();
        state.toxics_mut(direction).push(toxic);
        state.tell_connections(direction);
    }

    /// Replaces the toxic with the same id.
    pub(super) fn update(&self, toxic: Toxic) {
        let direction = toxic.direction;
        let mut state = self.lock();
        for old in state.toxics_mut(direction).iter_mut().filter(|old| old.id == toxic.id) {
            *old = toxic.clone();
        }
        state.tell_connections(direction);
    }

    /// Removes the toxics for which `which` holds.
    pub(super) fn remove(&self, which: impl Fn(&Toxic) -> bool) {
        let mut state = self.lock();
        for direction in Direction::BOTH {
            state.toxics_mut(direction).retain(|toxic| !which(toxic));
            state.tell_connections(direction);
        }
    }

    /// Takes a connection into the list, with the toxics of this moment: none can slip in between.
    fn register(&self, client: TcpStream, upstream: TcpStream) -> (u64, Arc<Connection>) {
        let mut state = self.lock();
        let id = state.connections_ever;
        state.connections_ever += 1;
        let toxics = [state.upstream.as_slice(), state.downstream.as_slice()];
        let seed = self.seed.wrapping_add(id);
        let connection =
            Arc::new(Connection::new(client, upstream, toxics, seed, Arc::clone(&self.bytes)));
        state.connections.insert(id, Arc::clone(&connection));
        (id, connection)
    }

    fn forget(&self, id: u64) {
        self.lock().connections.remove(&id);
    }
}

impl Proxy {
    /// A disabled proxy. `seed` decides what its toxics leave to chance.
    pub(super) fn new(
        name: String,
        listen: String,
        upstream: String,
        seed: u64,
        errors: Arc<SystemErrors>,
    ) -> Proxy {
        let live = Live { state: Mutex::default(), bytes: Arc::default(), errors, seed };
        let live = Arc::new(live);
        Proxy { name, listen, upstream, running: None, reservation: None, live }
    }

    pub(super) fn live(&self) -> &Live {
        &self.live
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.running.is_some()
    }

    pub(super) fn to_json(&self) -> Json {
        let toxics: Vec<Json> = self.live.toxics().iter().map(Toxic::to_json).collect();
        json!({
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.is_enabled(),
            "toxics": toxics,
        })
    }

    /// Listens and accepts. Nothing happens if it does already.
    pub(super) fn start(&mut self) -> io::Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let address = listen_address(&self.listen)?;
        let explain = |error: io::Error| {
            io::Error::new(error.kind(), format!("listen tcp {address}: {error}"))
        };
        let socket = bind(address).map_err(explain)?;
        let bound = socket.local_addr()?;
        if self.reservation.is_none() {
            // Has to come before listening. Where a system doesn't allow it, the port is not kept, that is all.
            self.reservation = bind(bound).ok();
        }
        let listener = socket.listen(BACKLOG).map_err(explain)?;
        self.listen = bound.to_string();
        let (stop, stopped) = oneshot::channel();
        let accepting =
            tokio::spawn(accept(listener, self.upstream.clone(), Arc::clone(&self.live), stopped));
        self.running = Some(Running { stop, accepting });
        Ok(())
    }

    /// Refuses connections and resets the live ones; all of it has happened when this returns.
    pub(super) async fn stop(&mut self) {
        if let Some(Running { stop, accepting }) = self.running.take() {
            let _already_gone = stop.send(());
            let _panicked = accepting.await;
        }
    }

    /// Moves a proxy to other addresses. It is stopped by that.
    pub(super) async fn move_to(&mut self, listen: String, upstream: String) {
        self.stop().await;
        if self.listen != listen {
            self.reservation = None;
        }
        self.listen = listen;
        self.upstream = upstream;
    }
}

/// The address of a `listen` field. An empty host means loopback here, and other hosts are refused: the proxies of
/// a test have no business on a network.
pub(super) fn listen_address(listen: &str) -> io::Result<SocketAddr> {
    let (host, port) =
        listen.rsplit_once(':').unwrap_or(("", if listen.is_empty() { "0" } else { listen }));
    let bad = |what: &str| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("listen tcp: address {listen}: {what}"))
    };
    let port: u16 = match port {
        "" => 0,
        port => port.parse().map_err(|_| bad("invalid port"))?,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip = match host {
        "" | "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        host => host.parse().map_err(|_| bad("not an IP address or localhost"))?,
    };
    if !ip.is_loopback() {
        return Err(bad("this server listens on loopback addresses only"));
    }
    Ok(SocketAddr::new(ip, port))
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Lets a port be bound again that has old connections or, not listening, a reservation on it.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(
    listener: TcpListener,
    upstream: String,
    live: Arc<Live>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_ended) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(serve(client, upstream.clone(), Arc::clone(&live)));
                }
                // Out of file descriptors, or a client that is gone already: the next may do better.
                Err(error) => {
                    live.errors.met(&error);
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            },
        }
    }
    drop(listener);
    for connection in live.lock().connections.values() {
        connection.reset_on_close();
    }
    connections.shutdown().await;
    live.lock().connections.clear();
}

async fn serve(client: TcpStream, upstream: String, live: Arc<Live>) {
    let server = match TcpStream::connect(&upstream).await {
        Ok(server) => server,
        Err(error) => return live.errors.met(&error),
    };
    // Without it a small request waits for the acknowledgement of the last.
    if client.set_nodelay(true).is_err() || server.set_nodelay(true).is_err() {
        return;
    }
    let (id, connection) = live.register(client, server);
    connection.run().await;
    live.forget(id);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for good in ["127.0.0.1:0", ":0", "localhost:80", "127.3.2.1:9", "[::1]:5", ""] {
            assert!(listen_address(good).is_ok(), "{good}");
        }
        for bad in ["0.0.0.0:0", "[::]:0", "10.0.0.1:1", "127.0.0.1:70000", "nowhere:1", "x"] {
            assert!(listen_address(bad).is_err(), "{bad}");
        }
    }
}
