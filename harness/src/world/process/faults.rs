//! Injecting and healing, each with evidence measured from outside.

use super::cluster::Cluster;
use crate::nemesis::{ClockFault, Evidence, Fault};
use crate::world::live::evidence::{self, DIAL_MAX, dial};
use afterall_node::authority::Lie;
use rustix::process::Signal;
use std::time::Duration;

/// How long a node that is not paused may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

impl Cluster {
    /// Injects a fault and measures whether it took hold.
    pub(super) async fn inject_fault(&self, id: usize, fault: &Fault) -> Evidence {
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
                self.authority.set(number(*node), lie(*fault));
                Ok(None)
            }
            Fault::Partition { .. } | Fault::Latency { .. } => Ok(None),
            // Refused before a run begins; if not, there is no evidence.
            Fault::Stop { .. }
            | Fault::BlackHole { .. }
            | Fault::UdpDrop { .. }
            | Fault::Truncate { .. }
            | Fault::Corrupt { .. } => Err("this world has no such fault".to_owned()),
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
                let mut client = self.nodes[*node].lock().await.client();
                evidence::silent(&mut client, 0, &note.unwrap_or_default()).await
            }
            Fault::Clock { node, fault } => {
                let mut client = self.nodes[*node].lock().await.client();
                evidence::clock_off(&mut client, 0, *fault).await
            }
            Fault::Stop { .. }
            | Fault::BlackHole { .. }
            | Fault::UdpDrop { .. }
            | Fault::Truncate { .. }
            | Fault::Corrupt { .. } => Evidence::against_it("this world has no such fault"),
        }
    }

    /// Heals a fault and measures whether it is gone.
    pub(super) async fn heal_fault(&self, id: usize, fault: &Fault) -> Evidence {
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
                let mut client = node.client();
                if let Err(error) = node.signal(Signal::CONT) {
                    return Evidence::against_it(error);
                }
                drop(node);
                match evidence::ping(&mut client, 0, ANSWER_MAX).await {
                    Ok(()) => Evidence::for_it("it answers"),
                    Err(error) => Evidence::against_it(error),
                }
            }
            Fault::Clock { node, .. } => {
                self.authority.set(number(*node), None);
                if let Err(error) = self.change_links(id, None).await {
                    return Evidence::against_it(error);
                }
                let mut client = self.nodes[*node].lock().await.client();
                evidence::clock_right(&mut client, 0, Duration::ZERO).await
            }
            Fault::Partition { cut: links, .. } | Fault::Latency { links, .. } => {
                match self.change_links(id, None).await {
                    Ok(()) => self.all_dialled(links).await,
                    Err(error) => Evidence::against_it(error),
                }
            }
            Fault::Stop { .. }
            | Fault::BlackHole { .. }
            | Fault::UdpDrop { .. }
            | Fault::Truncate { .. }
            | Fault::Corrupt { .. } => Evidence::against_it("this world has no such fault"),
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
                let probe = afterall_node::probe(address);
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
}

fn number(node: usize) -> u16 {
    u16::try_from(node + 1).unwrap_or(u16::MAX)
}

fn arrow(from: usize, to: usize) -> String {
    format!("n{} → n{}", from + 1, to + 1)
}

/// What the authority is to tell; of an asymmetric link nothing: the link does it.
fn lie(fault: ClockFault) -> Option<Lie> {
    match fault {
        ClockFault::Asymmetric { .. } => None,
        ClockFault::Bump { by_ms } => Some(Lie::Shift { by_ms }),
        ClockFault::Strobe { by_ms, period_ms } => Some(Lie::Strobe { by_ms, period_ms }),
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
