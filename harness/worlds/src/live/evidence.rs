//! What is measured of nodes from outside, in every world of real time.

use afterall_clients::{Client, OpError, is_exhaustion};
use afterall_engine::evidence::Drift;
use afterall_engine::faults::ClockFault;
use afterall_engine::{Evidence, Observation};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;

/// How long a dial may take.
pub(crate) const DIAL_MAX: Duration = Duration::from_secs(1);
/// Silence that shows that a node is paused.
const SILENCE: Duration = Duration::from_millis(300);
/// How long a clock may take to follow.
const CLOCK_MAX: Duration = Duration::from_secs(4);
const CLOCK_POLL: Duration = Duration::from_millis(50);
/// How far a clock that is right may be off, milliseconds: half a round trip on a busy machine.
const CLOCK_TOLERANCE_MS: i64 = 60;

/// Why a node does not serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PingError {
    /// What it said, or what its connection did.
    #[error(transparent)]
    Client(#[from] OpError),
    /// It said nothing.
    #[error("no answer within {} ms", .0.as_millis())]
    Silent(Duration),
}

/// Asks a node whether it serves, for so long.
pub(crate) async fn ping(
    client: &mut dyn Client,
    node: usize,
    patience: Duration,
) -> Result<(), PingError> {
    let outcome = match tokio::time::timeout(patience, client.ping(node)).await {
        Ok(pinged) => pinged.map_err(PingError::from),
        Err(_) => Err(PingError::Silent(patience)),
    };
    if outcome.is_err() {
        client.reset();
    }
    outcome
}

/// Asks again and again until it serves or the time is up.
pub(crate) async fn ping_until(
    client: &mut dyn Client,
    node: usize,
    patience: Duration,
) -> Result<(), PingError> {
    let began = Instant::now();
    loop {
        match ping(client, node, DIAL_MAX).await {
            Ok(()) => return Ok(()),
            Err(error) if began.elapsed() >= patience => return Err(error),
            Err(_) => tokio::time::sleep(CLOCK_POLL).await,
        }
    }
}

/// A paused node does not answer; `state`: what the system says of it. Only silence shows it: who is refused or hung up on
/// has met something else.
pub(crate) async fn silent(client: &mut dyn Client, node: usize, state: Observation) -> Evidence {
    match ping(client, node, SILENCE).await {
        Ok(()) => Evidence::against_it([state, Observation::Answers]),
        Err(PingError::Silent(_)) => {
            let waited_ns = SILENCE.as_nanos() as u64;
            Evidence::for_it([state, Observation::Silence { waited_ns }])
        }
        Err(error) => Evidence::against_it([state, no_answer(&error)]),
    }
}

/// What a ping that failed shows.
pub(crate) fn no_answer(error: &PingError) -> Observation {
    match error {
        PingError::Client(OpError::Exhausted(error)) => {
            Observation::Exhausted { error: error.clone() }
        }
        error => Observation::NoAnswer { error: error.to_string(), log: None },
    }
}

/// A node that was killed refuses: its port is closed, or the link to it hangs up at once.
pub(crate) async fn refuses(
    client: &mut dyn Client,
    node: usize,
) -> Result<Observation, Observation> {
    match ping(client, node, DIAL_MAX).await {
        Ok(()) => Err(Observation::StillAccepts),
        Err(PingError::Client(OpError::Exhausted(error))) => Err(Observation::Exhausted { error }),
        Err(PingError::Client(OpError::Failed(error) | OpError::Indeterminate(error))) => {
            Ok(Observation::ConnectionRefused { error: Some(error) })
        }
        Err(error) => Ok(Observation::ConnectionRefused { error: Some(error.to_string()) }),
    }
}

/// When a fault is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// It has just been injected.
    First,
    /// It took hold, and is about to be healed.
    Again,
}

/// A clock under this fault is off by as much as it asks for. One that drifts is seen on its way there first.
pub(crate) async fn clock_off(
    client: &mut dyn Client,
    node: usize,
    fault: ClockFault,
    look: Look,
) -> Evidence {
    if let ClockFault::Drift { by_ms, over_ms } = fault
        && look == Look::First
    {
        return clock_drifts(client, node, by_ms, over_ms).await;
    }
    let wanted_ms = fault.skew_ms();
    // A probe's own error, and a fifth for what queues on the way to the authority.
    let tolerance_ms = CLOCK_TOLERANCE_MS + wanted_ms.abs() / 5;
    let off = |skew_ms: i64| (skew_ms - wanted_ms).abs() <= tolerance_ms;
    clock_until(client, node, CLOCK_MAX, wanted_ms, off).await
}

/// A clock that drifts is seen on its way, and then where it should arrive.
async fn clock_drifts(client: &mut dyn Client, node: usize, by_ms: i64, over_ms: u32) -> Evidence {
    let drift = Drift { by: by_ms, tolerance: CLOCK_TOLERANCE_MS };
    let patience = CLOCK_MAX + Duration::from_millis(over_ms.into());
    let mut between_ms = None;
    let there = |skew_ms: i64| {
        if between_ms.is_none() && drift.is_on_its_way(skew_ms) {
            between_ms = Some(skew_ms);
        }
        between_ms.is_some() && drift.has_arrived(skew_ms)
    };
    let evidence = clock_until(client, node, patience, by_ms, there).await;
    match (between_ms, evidence.observed.as_slice()) {
        (Some(between_ms), &[Observation::ClockOffset { offset_us }]) => {
            let between_us = between_ms.saturating_mul(1_000);
            Evidence::for_it(Observation::ClockDrifts { between_us, then_us: offset_us })
        }
        (None, &[Observation::ClockOffsetNot { offset_us: Some(offset_us), .. }])
            if drift.has_arrived(offset_us / 1_000) =>
        {
            Evidence::against_it(Observation::ClockDoesNotDrift { offset_us })
        }
        _ => evidence,
    }
}

/// A healed clock is right, at the latest when it has had so much more time.
pub(crate) async fn clock_right(client: &mut dyn Client, node: usize, more: Duration) -> Evidence {
    let right = |skew_ms: i64| skew_ms.abs() <= CLOCK_TOLERANCE_MS;
    clock_until(client, node, CLOCK_MAX + more, 0, right).await
}

/// Asks the node's clock until it is as it should be, or the time is up.
async fn clock_until(
    client: &mut dyn Client,
    node: usize,
    patience: Duration,
    wanted_ms: i64,
    mut right: impl FnMut(i64) -> bool,
) -> Evidence {
    let began = Instant::now();
    let wanted_us = wanted_ms * 1_000;
    let mut last = Observation::ClockOffsetNot { offset_us: None, wanted_us };
    while began.elapsed() < patience {
        let before_ms = now_ms();
        match tokio::time::timeout(DIAL_MAX, client.clock_ms(node)).await {
            Ok(Ok(Some(clock_ms))) => {
                let skew_ms = clock_ms.saturating_sub(before_ms.midpoint(now_ms()));
                let offset_us = skew_ms.saturating_mul(1_000);
                if right(skew_ms) {
                    return Evidence::for_it(Observation::ClockOffset { offset_us });
                }
                last = Observation::ClockOffsetNot { offset_us: Some(offset_us), wanted_us };
            }
            Ok(Ok(None)) => {
                return Evidence::against_it(Observation::ClockUnreadable { error: None });
            }
            Ok(Err(OpError::Exhausted(error))) => {
                return Evidence::against_it(Observation::Exhausted { error });
            }
            Ok(Err(error)) => {
                last = Observation::ClockUnreadable { error: Some(error.to_string()) };
            }
            Err(_) => {
                client.reset();
                last = Observation::ClockUnreadable { error: Some("no answer".to_owned()) };
            }
        }
        tokio::time::sleep(CLOCK_POLL).await;
    }
    Evidence::against_it(last)
}

/// Milliseconds since the epoch, by the harness's wall clock.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Opens a connection and closes it. Only a refusal or a reset is one: what the harness itself lacks is its own failure.
pub(crate) async fn dial(address: SocketAddr) -> Dial {
    match tokio::time::timeout(DIAL_MAX, TcpStream::connect(address)).await {
        Err(_) => Dial::Hangs,
        Ok(Ok(_)) => Dial::Open,
        Ok(Err(error)) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => {
                Dial::Refused(error.to_string())
            }
            _ if is_exhaustion(&error) => {
                Dial::Failed(Observation::Exhausted { error: error.to_string() })
            }
            _ => Dial::Failed(Observation::failed(error)),
        },
    }
}

/// What a dial came to.
#[derive(Debug)]
pub(crate) enum Dial {
    /// It was accepted.
    Open,
    /// It was refused; in the system's words.
    Refused(String),
    /// Neither in time.
    Hangs,
    /// It shows nothing.
    Failed(Observation),
}
