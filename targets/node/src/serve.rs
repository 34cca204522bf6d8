//! Running a node or a time authority: how its parts are put together.

use crate::args::{AuthorityArgs, NodeArgs};
use crate::authority::Authority;
use crate::engine::{Engine, WallClock};
use crate::error::NodeError;
use crate::{http, peers, storage, time};
use afterall_reference::core::{Config, Copies, Durability, Node};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Events that wait for the engine. Beyond it clients get 429 and peers wait.
const EVENTS_MAX: usize = 4_096;

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

/// Runs a time authority until it is asked to end.
///
/// # Errors
/// Why it could not start or go on.
pub fn run_authority(args: &AuthorityArgs) -> Result<(), NodeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listen = |source| NodeError::Listen { address: args.listen, source };
        let authority = Authority::start(args.listen).await.map_err(listen)?;
        println!("ready");
        tokio::select! {
            served = authority.serve() => Ok(served?),
            () = asked_to_end() => Ok(()),
        }
    })
}

/// Waits for SIGTERM. The first process of a container ends by it only if it asks for it.
async fn asked_to_end() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// From now on a file that may not grow (`ulimit -f`) is an error of the write, as a full disk is, and not the end of the process.
///
/// # Errors
/// Outside a runtime, or the system refuses.
pub fn files_may_be_limited() -> std::io::Result<Signal> {
    // SIGXFSZ, where Linux runs on anything but MIPS, and on the BSDs.
    signal(SignalKind::from_raw(25))
}

async fn serve(args: NodeArgs) -> Result<(), NodeError> {
    // The commit fails then, and nothing of it is answered.
    let _limit = files_may_be_limited();
    let peers = args.peers.iter().map(|(id, _)| *id).collect();
    let mut config = Config::new(args.id, peers, args.flavour, args.mutant, args.seed);
    config.mechanisms = args.mechanisms;
    config.copies =
        Copies { replicas: args.replicas, reads: args.read_from, writes: args.write_to };
    if args.async_durability {
        config.durability = Durability::Async;
    }
    let storage = storage::Storage::open(&args.data)?;
    let (incarnation, records) = storage.begin_incarnation(args.lives_before)?;
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
            // The receiver is gone only when the node is ending anyway.
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
    bind().map_err(|source| NodeError::Listen { address, source })
}
