//! Injecting and healing, each with evidence measured from outside.

use super::authority::now_us;
use super::client::status;
use super::cluster::Cluster;
use crate::nemesis::{ClockFault, Evidence, Fault};
use rustix::process::Signal;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const DIAL_MAX: Duration = Duration::from_secs(1);
/// How long a node that is not paused may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Silence that shows that a node is paused.
const SILENCE: Duration = Duration::from_millis(300);
/// How long a clock may take to follow its authority.
const CLOCK_MAX: Duration = Duration::from_secs(4);
const CLOCK_POLL: Duration = Duration::from_millis(50);
/// How far a clock that is right may be off, milliseconds: half a round trip on a busy machine.
const CLOCK_TOLERANCE_MS: i64 = 60;

impl Cluster {
    /// Injects a fault and measures whether it took hold.
    pub(crate) async fn inject(&self, id: usize, fault: &Fault) -> Evidence {
        let done = match fault {
            Fault::Kill { node } => match self.nodes[*node].lock().await.kill().await {
                Ok(exit) => Ok(Some(exit.to_string())),
                Err(error) => Err(error.to_string()),
            },
            Fault::Pause { node } => {
                let signalled = self.nodes[*node].lock().await.signal(Signal::STOP);
                signalled.map(|pid| Some(process_state(pid)))
            }
            Fault::Clock { node, fault } => {
                self.authority.set(number(*node), Some(*fault));
                Ok(None)
            }
            Fault::Partition { .. } | Fault::Latency { .. } => Ok(None),
        };
        let note = match done {
            Ok(note) => note,
            Err(error) => return Evidence::against_it(error),
        };
        if let Err(error) = self.change_links(id, Some(fault)).await {
            return Evidence::against_it(error);
        }
        match fault {
            Fault::Partition { cut, .. } => self.all_refused(cut).await,
            Fault::Latency { links, latency_ms, jitter_ms } => {
                self.all_slow(links, *latency_ms, *jitter_ms).await
            }
            Fault::Kill { node } => {
                let address = self.nodes[*node].lock().await.client_address;
                match dial(address).await {
                    Ok(()) => Evidence::against_it(format!("something still answers on {address}")),
                    Err(error) => {
                        Evidence::for_it(format!("{}; dial: {error}", note.unwrap_or_default()))
                    }
                }
            }
            Fault::Pause { node } => {
                let address = self.nodes[*node].lock().await.client_address;
                match status(address, SILENCE).await {
                    Ok(_) => Evidence::against_it("it still answers"),
                    Err(silence) => {
                        Evidence::for_it(format!("{}; {silence}", note.unwrap_or_default()))
                    }
                }
            }
            Fault::Clock { node, fault } => self.clock_off(*node, *fault).await,
        }
    }

    /// Heals a fault and measures whether it is gone.
    pub(crate) async fn heal(&self, id: usize, fault: &Fault) -> Evidence {
        match fault {
            Fault::Kill { node } => {
                let mut node = self.nodes[*node].lock().await;
                let before = node.incarnation;
                if let Err(error) = node.start().await {
                    return Evidence::against_it(error.to_string());
                }
                let after = node.incarnation;
                drop(node);
                if let Err(error) = self.change_links(id, None).await {
                    return Evidence::against_it(error);
                }
                let text = format!("incarnation {before} → {after}");
                if after > before { Evidence::for_it(text) } else { Evidence::against_it(text) }
            }
            Fault::Pause { node } => {
                let node = self.nodes[*node].lock().await;
                let address = node.client_address;
                if let Err(error) = node.signal(Signal::CONT) {
                    return Evidence::against_it(error);
                }
                drop(node);
                match status(address, ANSWER_MAX).await {
                    Ok(_) => Evidence::for_it("it answers"),
                    Err(error) => Evidence::against_it(error),
                }
            }
            Fault::Clock { node, .. } => {
                self.authority.set(number(*node), None);
                if let Err(error) = self.change_links(id, None).await {
                    return Evidence::against_it(error);
                }
                let right = |skew_ms: i64| skew_ms.abs() <= CLOCK_TOLERANCE_MS;
                self.clock_until(*node, right).await
            }
            Fault::Partition { cut: links, .. } | Fault::Latency { links, .. } => {
                match self.change_links(id, None).await {
                    Ok(()) => self.all_dialled(links).await,
                    Err(error) => Evidence::against_it(error),
                }
            }
        }
    }

    /// Makes every link what the faults in force, with or without this one, ask for; and reads it back.
    async fn change_links(&self, id: usize, fault: Option<&Fault>) -> Result<(), String> {
        let mut plan = self.plan.lock().await;
        let changes = match fault {
            Some(fault) => plan.add(id, fault.clone()),
            None => plan.remove(id),
        };
        if changes.is_empty() {
            return Ok(());
        }
        // Under the lock, so that changes reach the links in the order in which they were planned.
        self.links.apply(changes).await.map_err(|error| error.to_string())
    }

    async fn all_refused(&self, cut: &[(usize, usize)]) -> Evidence {
        let mut refusal = String::new();
        for &(from, to) in cut {
            let Some(address) = self.peer_address(from, to) else { continue };
            match dial(address).await {
                Ok(()) => {
                    return Evidence::against_it(format!(
                        "the link {} still takes connections",
                        arrow(from, to)
                    ));
                }
                Err(error) => refusal = error,
            }
        }
        if refusal.is_empty() {
            return Evidence::against_it("no link was cut");
        }
        Evidence::for_it(format!("{} links refuse: {refusal}", cut.len()))
    }

    async fn all_dialled(&self, links: &[(usize, usize)]) -> Evidence {
        for &(from, to) in links {
            if self.plan.lock().await.is_cut(from, to) {
                continue;
            }
            let Some(address) = self.peer_address(from, to) else { continue };
            if let Err(error) = dial(address).await {
                return Evidence::against_it(format!("the link {}: {error}", arrow(from, to)));
            }
        }
        Evidence::for_it(format!("{} links take connections", links.len()))
    }

    /// A frame sent through each slow link and back must take as long as it was asked to.
    async fn all_slow(
        &self,
        links: &[(usize, usize)],
        latency_ms: u32,
        jitter_ms: u32,
    ) -> Evidence {
        let floor_ms = u128::from(latency_ms.saturating_sub(jitter_ms));
        let patience = Duration::from_millis(u64::from(latency_ms + jitter_ms)) + DIAL_MAX;
        let mut probes = tokio::task::JoinSet::new();
        for &(from, to) in links {
            let Some(address) = self.peer_address(from, to) else { continue };
            probes.spawn(async move {
                let probe = afterall_reference::shell::probe(address);
                ((from, to), tokio::time::timeout(patience, probe).await)
            });
        }
        let (mut answered, mut fastest_ms) = (0, u128::MAX);
        while let Some(probe) = probes.join_next().await {
            // No answer shows nothing: the node behind the link may be under a fault of its own.
            let Ok(((from, to), Ok(Ok(took)))) = probe else { continue };
            let took_ms = took.as_millis();
            if took_ms < floor_ms {
                return Evidence::against_it(format!(
                    "a probe through {} took {took_ms} ms, not {floor_ms}",
                    arrow(from, to)
                ));
            }
            answered += 1;
            fastest_ms = fastest_ms.min(took_ms);
        }
        if answered == 0 {
            return Evidence::against_it("no probe through a slow link came back");
        }
        Evidence::for_it(format!(
            "probes through {answered} of {} links took {fastest_ms} ms or more (asked: {latency_ms} ± {jitter_ms})",
            links.len()
        ))
    }

    async fn clock_off(&self, node: usize, fault: ClockFault) -> Evidence {
        let wanted_ms = fault.skew_ms();
        // A probe's own error, and a fifth for what queues on the way to the authority.
        let tolerance_ms = CLOCK_TOLERANCE_MS + wanted_ms.abs() / 5;
        self.clock_until(node, |skew_ms| (skew_ms - wanted_ms).abs() <= tolerance_ms).await
    }

    /// Asks the node's clock until it is as it should be, or the time is up.
    async fn clock_until(&self, node: usize, right: impl Fn(i64) -> bool) -> Evidence {
        let address = self.nodes[node].lock().await.client_address;
        let began = Instant::now();
        let mut last = "it was not asked".to_owned();
        while began.elapsed() < CLOCK_MAX {
            let before_us = now_us();
            match status(address, DIAL_MAX).await {
                Ok(status) => {
                    let middle_ms = before_us.midpoint(now_us()) / 1_000;
                    let skew_ms = i64::try_from(i128::from(status.wall_ms) - i128::from(middle_ms));
                    let skew_ms = skew_ms.unwrap_or(i64::MAX);
                    last = format!("its clock is off by {skew_ms:+} ms");
                    if right(skew_ms) {
                        return Evidence::for_it(last);
                    }
                }
                Err(error) => last = error,
            }
            tokio::time::sleep(CLOCK_POLL).await;
        }
        Evidence::against_it(last)
    }
}

fn number(node: usize) -> u16 {
    u16::try_from(node + 1).unwrap_or(u16::MAX)
}

fn arrow(from: usize, to: usize) -> String {
    format!("n{} → n{}", from + 1, to + 1)
}

async fn dial(address: SocketAddr) -> Result<(), String> {
    match tokio::time::timeout(DIAL_MAX, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer".to_owned()),
    }
}

/// What the system says of a process, where it says anything.
fn process_state(pid: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which is in parentheses and may hold anything.
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
    match state {
        Some(state) => format!("process state {state}"),
        None => "stopped".to_owned(),
    }
}
