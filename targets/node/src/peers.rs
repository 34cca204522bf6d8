//! The peer protocol: frames over TCP, one connection for each directed link.
//!
//! A frame is a length (u32, big endian) and that many bytes of postcard. The first frame of a connection names
//! its sender; the others are messages. Nothing flows back, so that cutting i→j leaves j→i alone. One sender is
//! not a node: `PROBE`, which gets every frame back, so that a harness can measure the link.

use crate::engine::Event;
use afterall_reference::core::{Message, NodeId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// The largest frame. A greater length closes the connection.
const FRAME_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// The sender that wants its frames back.
const PROBE: NodeId = NodeId(0);
/// Messages that wait for a slow peer.
const QUEUE_MAX: usize = 256;
const BACKOFF_FIRST: Duration = Duration::from_millis(20);
const BACKOFF_LAST: Duration = Duration::from_millis(500);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// What is known of a link to a peer.
#[derive(Debug, Default)]
pub(crate) struct LinkState {
    pub(crate) connected: AtomicBool,
    pub(crate) connects: AtomicU64,
    pub(crate) bytes_sent: AtomicU64,
}

/// Starts the sender of a link.
pub(crate) fn spawn_sender(me: NodeId, address: String) -> (mpsc::Sender<Message>, Arc<LinkState>) {
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    let state = Arc::new(LinkState::default());
    tokio::spawn(send_forever(me, address, receiver, Arc::clone(&state)));
    (sender, state)
}

async fn send_forever(
    me: NodeId,
    address: String,
    mut messages: mpsc::Receiver<Message>,
    state: Arc<LinkState>,
) {
    let mut backoff = BACKOFF_FIRST;
    loop {
        let dialled = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(&address)).await;
        if let Ok(Ok(stream)) = dialled {
            // What waited while the link was down is old news: anti-entropy carries it, in bounded memory.
            while messages.try_recv().is_ok() {}
            state.connects.fetch_add(1, Ordering::Relaxed);
            state.connected.store(true, Ordering::Relaxed);
            let began = tokio::time::Instant::now();
            let open = send_on(me, stream, &mut messages, &state).await;
            state.connected.store(false, Ordering::Relaxed);
            if open.is_none() {
                return;
            }
            // A connection that lasted was a good one; one that a proxy accepts and drops is not.
            if began.elapsed() > BACKOFF_LAST {
                backoff = BACKOFF_FIRST;
            }
        }
        tokio::time::sleep(backoff).await;
        backoff = (backoff * 2).min(BACKOFF_LAST);
    }
}

/// Sends until the connection breaks (`Some`) or the node ends (`None`).
async fn send_on(
    me: NodeId,
    mut stream: TcpStream,
    messages: &mut mpsc::Receiver<Message>,
    state: &LinkState,
) -> Option<()> {
    // Without it small frames wait for acknowledgements; with it or without, the link works.
    let _ = stream.set_nodelay(true);
    let (mut from_peer, mut to_peer) = stream.split();
    let mut frame = Vec::new();
    if encode(&me, &mut frame).is_none() || to_peer.write_all(&frame).await.is_err() {
        return Some(());
    }
    let mut byte = [0];
    loop {
        let message = tokio::select! {
            message = messages.recv() => message?,
            // Nothing is ever sent back: a byte, the end or an error all mean that the connection is over.
            _ = from_peer.read(&mut byte) => return Some(()),
        };
        frame.clear();
        if encode(&message, &mut frame).is_none() {
            continue;
        }
        if to_peer.write_all(&frame).await.is_err() {
            return Some(());
        }
        state.bytes_sent.fetch_add(frame.len() as u64, Ordering::Relaxed);
    }
}

/// Appends a frame; `None` where the content is too large for one.
fn encode(content: &impl serde::Serialize, frame: &mut Vec<u8>) -> Option<()> {
    let bytes = postcard::to_stdvec(content).ok()?;
    let length = u32::try_from(bytes.len()).ok().filter(|&length| length <= FRAME_BYTES_MAX)?;
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&bytes);
    Some(())
}

/// Accepts links from peers for ever.
pub(crate) async fn accept(listener: TcpListener, events: std::sync::mpsc::SyncSender<Event>) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                tokio::spawn(receive(stream, from, events.clone()));
            }
            Err(error) => {
                eprintln!("peers: accept: {error}");
                tokio::time::sleep(BACKOFF_FIRST).await;
            }
        }
    }
}

async fn receive(stream: TcpStream, from: SocketAddr, events: std::sync::mpsc::SyncSender<Event>) {
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    let mut frame = Vec::new();
    let mut sender: Option<NodeId> = None;
    loop {
        match read_frame(&mut stream, &mut frame).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                eprintln!("peers: connection from {from}: {error}");
                return;
            }
        }
        let Some(node) = sender else {
            match postcard::from_bytes(&frame) {
                Ok(PROBE) => return echo(stream, frame).await,
                Ok(node) => sender = Some(node),
                Err(error) => {
                    eprintln!("peers: {from} did not say which node it is: {error}");
                    return;
                }
            }
            continue;
        };
        let message = match postcard::from_bytes(&frame) {
            Ok(message) => message,
            Err(error) => {
                eprintln!("peers: {node} sent something that is not a message: {error}");
                return;
            }
        };
        // The engine's queue is bounded: while it is full this connection waits, and TCP tells the peer.
        let queue = events.clone();
        let event = Event::Message(node, message);
        let event = match queue.try_send(event) {
            Ok(()) => continue,
            Err(std::sync::mpsc::TrySendError::Full(event)) => event,
            Err(std::sync::mpsc::TrySendError::Disconnected(_)) => return,
        };
        let sent = tokio::task::spawn_blocking(move || queue.send(event).is_ok()).await;
        if !sent.unwrap_or(false) {
            return;
        }
    }
}

/// Sends a probe's frames back, until it hangs up.
async fn echo(mut stream: BufReader<TcpStream>, mut frame: Vec<u8>) {
    while let Ok(true) = read_frame(&mut stream, &mut frame).await {
        let Ok(length) = u32::try_from(frame.len()) else { return };
        let sent = async {
            stream.write_u32(length).await?;
            stream.write_all(&frame).await?;
            stream.flush().await
        };
        if sent.await.is_err() {
            return;
        }
    }
}

/// Measures a link: sends a frame to whatever answers at the address, through whatever lies between, and
/// returns how long it took to come back.
///
/// # Errors
/// The address cannot be dialled, or the connection breaks before the frame is back.
pub async fn probe(address: SocketAddr, bytes: usize) -> std::io::Result<Duration> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut frames = Vec::new();
    // Neither is too large for a frame.
    let _ = encode(&PROBE, &mut frames);
    let _ = encode(&vec![0_u8; bytes], &mut frames);
    let began = tokio::time::Instant::now();
    stream.write_all(&frames).await?;
    let mut stream = BufReader::new(stream);
    if read_frame(&mut stream, &mut frames).await? {
        Ok(began.elapsed())
    } else {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }
}

/// Reads a frame; `false` at the end of the connection.
async fn read_frame(
    stream: &mut BufReader<TcpStream>,
    frame: &mut Vec<u8>,
) -> std::io::Result<bool> {
    let length = match stream.read_u32().await {
        Ok(length) => length,
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Ok(false),
        Err(error) => return Err(error),
    };
    if length > FRAME_BYTES_MAX {
        return Err(std::io::Error::other(format!(
            "expected a frame of at most {FRAME_BYTES_MAX} bytes, found {length}"
        )));
    }
    // Grows as bytes arrive, so that a length alone costs no memory.
    frame.clear();
    let read = stream.take(u64::from(length)).read_to_end(frame).await?;
    Ok(read == length as usize)
}
