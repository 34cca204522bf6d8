//! The time authority: tells each node the time, and on demand a wrong one.
//!
//! Wire, big endian. A node sends its number (u16, from 1) once and then, for each question, t0; it is answered t0, t1,
//! t2, all u64, microseconds since the epoch (`time.rs` is the other end). A connection that begins with the number 0 gives
//! orders: node (u16), kind of lie (u8: 0 none, 1 shift, 2 strobe, 3 drift), by how many milliseconds (i64), with which period or
//! within which time in milliseconds (u32); each is answered with the byte 1.

#![expect(clippy::disallowed_methods, reason = "a time authority reads the clock")]

use crate::engine::system_us;
use afterall_reference::lie::Lie;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The number with which a connection that gives orders begins.
const ORDERS: u16 = 0;

type Lies = Arc<Mutex<BTreeMap<u16, (Lie, Instant)>>>;

/// A running authority. It ends when dropped.
#[derive(Debug)]
pub struct Authority {
    address: SocketAddr,
    lies: Lies,
    task: JoinHandle<()>,
}

impl Authority {
    /// Starts one on an address; port 0: a free one.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn start(listen: SocketAddr) -> std::io::Result<Authority> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let lies = Lies::default();
        let task = tokio::spawn(accept(listener, Arc::clone(&lies)));
        Ok(Authority { address, lies, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on tells this node (numbered from 1) the wrong time; `None`: the right one.
    pub fn set(&self, node: u16, lie: Option<Lie>) {
        set(&self.lies, node, lie);
    }

    /// Serves for ever.
    ///
    /// # Errors
    /// It has ended.
    pub async fn serve(mut self) -> std::io::Result<()> {
        (&mut self.task).await.map_err(std::io::Error::other)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tells an authority elsewhere to tell this node the wrong time; `None`: the right one.
///
/// # Errors
/// It cannot be reached, or does not obey.
pub async fn order(authority: SocketAddr, node: u16, lie: Option<Lie>) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(authority).await?;
    let (kind, by_ms, time_ms) = match lie {
        None => (0, 0, 0),
        Some(Lie::Shift { by_ms }) => (1, by_ms, 0),
        Some(Lie::Strobe { by_ms, period_ms }) => (2, by_ms, period_ms),
        Some(Lie::Drift { by_ms, over_ms }) => (3, by_ms, over_ms),
    };
    stream.write_u16(ORDERS).await?;
    stream.write_u16(node).await?;
    stream.write_u8(kind).await?;
    stream.write_i64(by_ms).await?;
    stream.write_u32(time_ms).await?;
    match stream.read_u8().await? {
        1 => Ok(()),
        other => Err(std::io::Error::other(format!("the authority answered {other}"))),
    }
}

fn set(lies: &Lies, node: u16, lie: Option<Lie>) {
    let mut lies = lies.lock().unwrap_or_else(PoisonError::into_inner);
    match lie {
        Some(lie) => lies.insert(node, (lie, Instant::now())),
        None => lies.remove(&node),
    };
}

async fn accept(listener: TcpListener, lies: Lies) {
    let mut serving = tokio::task::JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            serving.spawn(serve(stream, Arc::clone(&lies)));
        }
        while serving.try_join_next().is_some() {}
    }
}

/// Answers one node, or obeys, until the other end hangs up.
async fn serve(mut stream: TcpStream, lies: Lies) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let node = stream.read_u16().await?;
    if node == ORDERS {
        return obey(stream, &lies).await;
    }
    loop {
        let t0 = stream.read_u64().await?;
        let told = system_us().saturating_add_signed(offset_us(&lies, node));
        let mut answer = [0; 24];
        answer[..8].copy_from_slice(&t0.to_be_bytes());
        answer[8..16].copy_from_slice(&told.to_be_bytes());
        answer[16..].copy_from_slice(&told.to_be_bytes());
        stream.write_all(&answer).await?;
    }
}

async fn obey(mut stream: TcpStream, lies: &Lies) -> std::io::Result<()> {
    loop {
        let (node, kind) = (stream.read_u16().await?, stream.read_u8().await?);
        let (by_ms, time_ms) = (stream.read_i64().await?, stream.read_u32().await?);
        let lie = match kind {
            0 => None,
            1 => Some(Lie::Shift { by_ms }),
            2 => Some(Lie::Strobe { by_ms, period_ms: time_ms }),
            3 => Some(Lie::Drift { by_ms, over_ms: time_ms }),
            _ => return Err(std::io::Error::other("an order that is not known")),
        };
        set(lies, node, lie);
        stream.write_u8(1).await?;
    }
}

fn offset_us(lies: &Lies, node: u16) -> i64 {
    let lies = lies.lock().unwrap_or_else(PoisonError::into_inner);
    lies.get(&node).map_or(0, |(lie, since)| lie.offset_us(since.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn skew_us(authority: SocketAddr, node: u16) -> i64 {
        let mut stream = TcpStream::connect(authority).await.unwrap();
        stream.write_u16(node).await.unwrap();
        stream.write_u64(7).await.unwrap();
        assert_eq!(stream.read_u64().await.unwrap(), 7);
        let told = stream.read_u64().await.unwrap();
        told.cast_signed() - system_us().cast_signed()
    }

    #[tokio::test]
    async fn it_lies_to_whom_it_is_told_to_and_to_nobody_else() {
        let authority = Authority::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = authority.address();
        order(address, 2, Some(Lie::Shift { by_ms: -600_000 })).await.unwrap();
        assert!((skew_us(address, 2).await + 600_000_000).abs() < 60_000_000);
        assert!(skew_us(address, 1).await.abs() < 60_000_000);
        order(address, 2, None).await.unwrap();
        assert!(skew_us(address, 2).await.abs() < 60_000_000);
        // What a drift has come to is the time's business; that it is understood shows where it takes none.
        order(address, 3, Some(Lie::Drift { by_ms: 600_000, over_ms: 0 })).await.unwrap();
        assert!(skew_us(address, 3).await > 0);
    }
}
