//! The time authority: tells each node the time, and, under a clock fault, the wrong one.
//!
//! Wire: see the reference node's time client (`targets/reference/src/shell/time.rs`).

use crate::nemesis::ClockFault;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

type Faults = Arc<Mutex<BTreeMap<u16, (ClockFault, Instant)>>>;

/// A running authority. It ends when dropped.
#[derive(Debug)]
pub(crate) struct Authority {
    address: SocketAddr,
    faults: Faults,
    task: JoinHandle<()>,
}

impl Authority {
    pub(crate) async fn start() -> std::io::Result<Authority> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let faults = Faults::default();
        let task = tokio::spawn(accept(listener, Arc::clone(&faults)));
        Ok(Authority { address, faults, task })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on tells this node the wrong time; `None`: the right one. Nodes are numbered from 1 here.
    pub(crate) fn set(&self, node: u16, fault: Option<ClockFault>) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) => faults.insert(node, (fault, Instant::now())),
            None => faults.remove(&node),
        };
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Microseconds since the epoch, by the harness's wall clock.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

async fn accept(listener: TcpListener, faults: Faults) {
    let mut serving = tokio::task::JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            serving.spawn(serve(stream, Arc::clone(&faults)));
        }
        while serving.try_join_next().is_some() {}
    }
}

/// Answers one node until it hangs up.
async fn serve(mut stream: TcpStream, faults: Faults) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let node = stream.read_u16().await?;
    loop {
        let t0 = stream.read_u64().await?;
        let told = now_us().saturating_add_signed(offset_us(&faults, node));
        let mut answer = [0; 24];
        answer[..8].copy_from_slice(&t0.to_be_bytes());
        answer[8..16].copy_from_slice(&told.to_be_bytes());
        answer[16..].copy_from_slice(&told.to_be_bytes());
        stream.write_all(&answer).await?;
    }
}

fn offset_us(faults: &Faults, node: u16) -> i64 {
    let faults = faults.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((fault, since)) = faults.get(&node) else { return 0 };
    match *fault {
        // The links do it.
        ClockFault::Asymmetric { .. } => 0,
        ClockFault::Bump { by_ms } => by_ms * 1_000,
        ClockFault::Strobe { by_ms, period_ms } => {
            let turn = since.elapsed().as_millis() / u128::from(period_ms.max(1));
            if turn.is_multiple_of(2) { by_ms * 1_000 } else { 0 }
        }
    }
}
