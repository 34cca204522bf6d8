//! One proxied connection: two sockets, and a pump for each direction.

#![expect(clippy::disallowed_methods, reason = "the shell reads the clock for the chains")]

use super::chain::{Chain, NextAction};
use super::tally;
use super::toxic::Toxic;
use crate::direction::Direction;
use bytes::Bytes;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// What is read at once; also what a direction without toxics holds at most.
const READ_BYTES: usize = 64 * 1024;

/// A client's connection through a proxy to its upstream.
#[derive(Debug)]
pub(super) struct Connection {
    client: TcpStream,
    upstream: TcpStream,
    to_upstream: Way,
    to_client: Way,
    passed: Arc<tally::Bytes>,
}

/// What a pump shares with those who change the toxics and with the pump of the other direction.
#[derive(Debug)]
struct Way {
    chain: Mutex<Chain>,
    /// The other pump is done with this one's source: what it would still send is of no use.
    source_closed: AtomicBool,
    /// The chain or the flag has changed.
    changed: Notify,
}

impl Way {
    fn new(toxics: &[Toxic], now: Instant, seed: u64) -> Way {
        Way {
            chain: Mutex::new(Chain::new(toxics, now, seed)),
            source_closed: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The whole connection is to be reset, at once.
struct ResetNow;

impl Connection {
    /// `seed` decides what is left to chance: toxicity, jitter, sizes of slices.
    pub(super) fn new(
        client: TcpStream,
        upstream: TcpStream,
        toxics: [&[Toxic]; 2],
        seed: u64,
        passed: Arc<tally::Bytes>,
    ) -> Connection {
        let now = Instant::now();
        let [up, down] = toxics;
        Connection {
            client,
            upstream,
            to_upstream: Way::new(up, now, seed.wrapping_mul(2)),
            to_client: Way::new(down, now, seed.wrapping_mul(2).wrapping_add(1)),
            passed,
        }
    }

    fn way(&self, direction: Direction) -> &Way {
        match direction {
            Direction::Upstream => &self.to_upstream,
            Direction::Downstream => &self.to_client,
        }
    }

    fn destination(&self, direction: Direction) -> &TcpStream {
        match direction {
            Direction::Upstream => &self.upstream,
            Direction::Downstream => &self.client,
        }
    }

    /// Makes the connection follow the proxy's toxics. What is read after this goes by them.
    pub(super) fn take_over(&self, direction: Direction, toxics: &[Toxic]) {
        let way = self.way(direction);
        way.chain().take_over(toxics, Instant::now());
        way.changed.notify_one();
    }

    /// From now on, closing the sockets resets the connection at both ends.
    pub(super) fn reset_on_close(&self) {
        for socket in [&self.client, &self.upstream] {
            // Fails only on a socket that is gone already.
            let _gone = socket.set_zero_linger();
        }
    }

    /// Pumps until both directions have ended. The sockets close when this is dropped.
    pub(super) async fn run(&self) {
        let pumps = (self.pump(Direction::Upstream), self.pump(Direction::Downstream));
        if let Err(ResetNow) = tokio::try_join!(pumps.0, pumps.1) {
            self.reset_on_close();
        }
    }

    async fn pump(&self, direction: Direction) -> Result<(), ResetNow> {
        match self.copy(direction).await {
            // An error means that the destination is gone, which is what closing it would have come to.
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(ResetNow)) => return Err(ResetNow),
        }
        // As in the original the destination is closed for good, not only for writing: what it still sends is not
        // waited for, but what the other direction holds of it is delivered.
        let _gone =
            rustix::net::shutdown(self.destination(direction), rustix::net::Shutdown::Write);
        let back = self.way(direction.opposite());
        back.source_closed.store(true, Ordering::Release);
        back.changed.notify_one();
        Ok(())
    }

    /// Copies through the chain until it ends. An error is the destination's.
    async fn copy(&self, direction: Direction) -> io::Result<Result<(), ResetNow>> {
        let way = self.way(direction);
        let source = self.destination(direction.opposite());
        let destination = self.destination(direction);
        let mut buffer = vec![0; READ_BYTES];
        let mut source_ended = false;
        loop {
            if way.source_closed.load(Ordering::Acquire) && !source_ended {
                source_ended = true;
                way.chain().end_input(Instant::now());
            }
            let step = {
                let mut chain = way.chain();
                if chain.is_clear() { None } else { Some(chain.step(Instant::now())) }
            };
            let (until, read) = match step {
                None => (None, true),
                Some(NextAction::Write(data)) => {
                    write(destination, &data).await?;
                    self.passed.passed(direction, data.len());
                    continue;
                }
                Some(NextAction::Close) => return Ok(Ok(())),
                Some(NextAction::Reset) => return Ok(Err(ResetNow)),
                Some(NextAction::Wait { until, read }) => (until, read && !source_ended),
            };
            if read {
                match source.try_read(&mut buffer) {
                    Ok(0) => {
                        source_ended = true;
                        way.chain().end_input(Instant::now());
                        continue;
                    }
                    Ok(length) => {
                        let clear = {
                            let mut chain = way.chain();
                            let clear = chain.is_clear();
                            if !clear {
                                chain
                                    .put(Bytes::copy_from_slice(&buffer[..length]), Instant::now());
                            }
                            clear
                        };
                        if clear {
                            write(destination, &buffer[..length]).await?;
                            self.passed.passed(direction, length);
                        }
                        continue;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_reset_by_source) => {
                        source_ended = true;
                        way.chain().end_input(Instant::now());
                        continue;
                    }
                }
            }
            tokio::select! {
                _ready = source.readable(), if read => {}
                () = way.changed.notified() => {}
                () = sleep_until(until), if until.is_some() => {}
            }
        }
    }
}

async fn write(destination: &TcpStream, mut data: &[u8]) -> io::Result<()> {
    while !data.is_empty() {
        match destination.try_write(data) {
            Ok(written) => data = &data[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                destination.writable().await?;
            }
            Err(error) => return Err(error),
        }
    }
    // Two fast ends could keep this task from ever having to wait.
    tokio::task::consume_budget().await;
    Ok(())
}

async fn sleep_until(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until.into()).await,
        None => std::future::pending().await,
    }
}
