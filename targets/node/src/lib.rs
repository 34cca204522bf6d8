//! The reference node as a process: the tokio shell around the pure core of `afterall-reference`, with sockets, disk, clock
//! and the command line `afterall node`.

#![expect(clippy::disallowed_methods, reason = "the shell reads the clock for the core")]

/// Prints a line on standard error, and goes on where that is not possible: a full disk behind the log is no reason for a
/// node to die. (The standard library's macro panics.)
macro_rules! eprintln {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

pub mod authority;
mod engine;
mod http;
mod peers;
mod storage;
mod time;

pub use peers::probe;
pub use storage::StorageError;

use afterall_reference::core::{
    BadNodeId, Config, DamagedRecord, Durability, Flavour, Mutant, Node, NodeId,
};
use engine::{Engine, WallClock};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::{TcpListener, TcpSocket};

/// Events that wait for the engine. Beyond it clients get 429 and peers wait.
const EVENTS_MAX: usize = 4_096;

/// The command line of a node.
#[derive(Debug, Clone, clap::Args)]
pub struct NodeArgs {
    /// Who this node is: n1, n2, …
    #[arg(long)]
    pub id: NodeId,
    /// Where to listen for clients
    #[arg(long, default_value = "127.0.0.1:7101")]
    pub listen: SocketAddr,
    /// Where to listen for peers
    #[arg(long, default_value = "127.0.0.1:7102")]
    pub peer_listen: SocketAddr,
    /// Another node and where to dial it, as n2=HOST:PORT; repeat for each
    #[arg(long = "peer", value_parser = parse_peer)]
    pub peers: Vec<(NodeId, String)>,
    /// The folder of its storage
    #[arg(long)]
    pub data: PathBuf,
    /// The conflict rules: lww, lww-hlc, crdt
    #[arg(long, default_value = "crdt")]
    pub flavour: Flavour,
    /// A known bug to switch on
    #[arg(long)]
    pub mutant: Option<Mutant>,
    /// What the node's random choices follow from
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The time authority to follow, as HOST:PORT; the system's clock alone if absent
    #[arg(long)]
    pub time: Option<String>,
    /// Acknowledge before the disk has it
    #[arg(long)]
    pub async_durability: bool,
    /// End when standard input ends or the parent process dies
    #[arg(long)]
    pub die_with_parent: bool,
}

fn parse_peer(text: &str) -> Result<(NodeId, String), String> {
    let (node, address) = text.split_once('=').ok_or("a peer is given as n2=HOST:PORT")?;
    Ok((node.parse().map_err(|e: BadNodeId| e.to_string())?, address.to_owned()))
}

/// Why a node ended.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A port it cannot have.
    #[error("listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's word.
        error: std::io::Error,
    },
    /// Its storage fails.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Its storage holds what it cannot read.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// Something else of the system's.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Runs a node until it fails, or, with `die_with_parent`, until its parent is gone.
///
/// Once it serves, it prints one line on standard output: `ready`.
///
/// # Errors
/// Why it could not start or go on.
pub fn run(args: NodeArgs) -> Result<(), NodeError> {
    if args.die_with_parent {
        // Standard input covers every system; the signal covers a node that is stopped and cannot read.
        #[cfg(target_os = "linux")]
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
            .map_err(std::io::Error::from)?;
        std::thread::spawn(|| {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            std::process::exit(0);
        });
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(args))
}

/// The command line of a time authority.
#[derive(Debug, Clone, clap::Args)]
pub struct AuthorityArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:7103")]
    pub listen: SocketAddr,
}

/// Runs a time authority until it is told to end.
///
/// # Errors
/// Why it could not start or go on.
pub fn run_authority(args: &AuthorityArgs) -> Result<(), NodeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listen = |error| NodeError::Listen { address: args.listen, error };
        let authority = authority::Authority::start(args.listen).await.map_err(listen)?;
        println!("ready");
        tokio::select! {
            served = authority.serve() => Ok(served?),
            () = asked_to_end() => Ok(()),
        }
    })
}

/// Waits for SIGTERM. The first process of a container ends by it only if it asks for it.
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

async fn serve(args: NodeArgs) -> Result<(), NodeError> {
    let peers = args.peers.iter().map(|(id, _)| *id).collect();
    let mut config = Config::new(args.id, peers, args.flavour, args.mutant, args.seed);
    if args.async_durability {
        config.durability = Durability::Async;
    }
    let storage = storage::Storage::open(&args.data)?;
    let (incarnation, records) = storage.begin_incarnation()?;
    let stored = records.len();
    let node = Node::start(config.clone(), incarnation, records)?;
    let clients = listen(args.listen)?;
    let from_peers = listen(args.peer_listen)?;

    let (events, inbox) = std::sync::mpsc::sync_channel(EVENTS_MAX);
    let clock = WallClock::default();
    if let Some(authority) = args.time {
        tokio::spawn(time::discipline(args.id, authority, clock.clone()));
    }
    let mut senders = BTreeMap::new();
    let mut links = BTreeMap::new();
    for (peer, address) in args.peers {
        let (sender, state) = peers::spawn_sender(args.id, address);
        senders.insert(peer, sender);
        links.insert(peer, state);
    }
    tokio::spawn(peers::accept(from_peers, events.clone()));
    let engine = Engine { node, storage, clock: clock.clone(), peers: senders };
    let (failed, failure) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("engine".into()).spawn(move || {
        if let Err(error) = engine.run(&inbox) {
            // Nobody is left to tell only when the node is ending anyway.
            let _ = failed.send(error);
        }
    })?;
    let front = http::Front { config, events, clock, links };
    eprintln!(
        "{} incarnation {incarnation}: {stored} objects, clients on {}, peers on {}",
        args.id, args.listen, args.peer_listen
    );
    println!("ready");
    tokio::select! {
        served = axum::serve(tcp_nodelay(clients), http::router(front)) => Ok(served?),
        Ok(error) = failure => Err(error.into()),
        () = asked_to_end() => Ok(()),
    }
}

fn tcp_nodelay(listener: TcpListener) -> impl axum::serve::Listener<Addr = SocketAddr> {
    use axum::serve::ListenerExt;
    listener.tap_io(|stream| {
        // Without it answers wait for acknowledgements; they arrive all the same.
        let _ = stream.set_nodelay(true);
    })
}

fn listen(address: SocketAddr) -> Result<TcpListener, NodeError> {
    let bind = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A node that is started again takes its port back from connections that linger.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(1024)
    };
    bind().map_err(|error| NodeError::Listen { address, error })
}
