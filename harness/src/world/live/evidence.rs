//! What is measured of nodes from outside, in every world of real time.

use crate::nemesis::{ClockFault, Evidence};
use afterall_clients::Client;
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

/// Asks a node whether it serves, for so long.
pub(crate) async fn ping(
    client: &mut dyn Client,
    node: usize,
    patience: Duration,
) -> Result<(), String> {
    let pinged = tokio::time::timeout(patience, client.ping(node)).await;
    let outcome = match pinged {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} ms", patience.as_millis())),
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
) -> Result<(), String> {
    let began = Instant::now();
    loop {
        match ping(client, node, DIAL_MAX).await {
            Ok(()) => return Ok(()),
            Err(error) if began.elapsed() >= patience => return Err(error),
            Err(_) => tokio::time::sleep(CLOCK_POLL).await,
        }
    }
}

/// A paused node does not answer.
pub(crate) async fn silent(client: &mut dyn Client, node: usize, note: &str) -> Evidence {
    match ping(client, node, SILENCE).await {
        Ok(()) => Evidence::against_it("it still answers"),
        Err(silence) => Evidence::for_it(format!("{note}; {silence}")),
    }
}

/// A clock under this fault is off by as much as it asks for.
pub(crate) async fn clock_off(client: &mut dyn Client, node: usize, fault: ClockFault) -> Evidence {
    let wanted_ms = fault.skew_ms();
    // A probe's own error, and a fifth for what queues on the way to the authority.
    let tolerance_ms = CLOCK_TOLERANCE_MS + wanted_ms.abs() / 5;
    let off = |skew_ms: i64| (skew_ms - wanted_ms).abs() <= tolerance_ms;
    clock_until(client, node, CLOCK_MAX, off).await
}

/// A healed clock is right, at the latest when it has had so much more time.
pub(crate) async fn clock_right(client: &mut dyn Client, node: usize, more: Duration) -> Evidence {
    let right = |skew_ms: i64| skew_ms.abs() <= CLOCK_TOLERANCE_MS;
    clock_until(client, node, CLOCK_MAX + more, right).await
}

/// Asks the node's clock until it is as it should be, or the time is up.
async fn clock_until(
    client: &mut dyn Client,
    node: usize,
    patience: Duration,
    right: impl Fn(i64) -> bool,
) -> Evidence {
    let began = Instant::now();
    let mut last = "it was not asked".to_owned();
    while began.elapsed() < patience {
        let before_ms = now_ms();
        match tokio::time::timeout(DIAL_MAX, client.clock_ms(node)).await {
            Ok(Ok(Some(clock_ms))) => {
                let skew_ms = clock_ms.saturating_sub(before_ms.midpoint(now_ms()));
                last = format!("its clock is off by {skew_ms:+} ms");
                if right(skew_ms) {
                    return Evidence::for_it(last);
                }
            }
            Ok(Ok(None)) => return Evidence::against_it("its clock cannot be asked"),
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => {
                client.reset();
                last = "no answer".to_owned();
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

/// Opens a connection and closes it.
pub(crate) async fn dial(address: SocketAddr) -> Result<(), String> {
    match tokio::time::timeout(DIAL_MAX, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer".to_owned()),
    }
}

/// The last bytes of a text, from the start of a line.
pub(crate) fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let tail = &text[start..];
    match tail.find('\n') {
        Some(end) if start > 0 => &tail[end + 1..],
        _ => tail,
    }
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn a_tail_starts_with_a_line() {
        let text = "first\nsecond\nthird\n";
        assert_eq!(tail(text, 10), "third\n");
        assert_eq!(tail(text, 100), text);
        assert_eq!(tail("", 10), "");
        assert_eq!(tail("ééé", 3), "é");
    }
}
