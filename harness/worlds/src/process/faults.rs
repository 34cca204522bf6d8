//! Injecting and healing, each with evidence measured from outside.

use super::cluster::{Cluster, LinkError};
use crate::live::evidence::{self, DIAL_MAX, dial};
use afterall_engine::evidence::DialOutcome;
use afterall_engine::faults::{ClockFault, Condition, Effect, Fate, Fault, Link};
use afterall_engine::{Evidence, Observation};
use afterall_node::authority::Lie;
use rustix::process::Signal;
use std::time::Duration;

/// How long a node that is not paused may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How large a probe through a limited link is.
const PROBE_BYTES: usize = 2_000;

/// What cannot be done is evidence against whatever was to be shown.
fn failed(error: impl std::fmt::Display) -> Evidence {
    Evidence::against_it(Observation::failed(error))
}

/// Refused before a run begins; if not, there is no evidence.
fn cannot() -> Evidence {
    failed("the process world cannot inject this fault")
}

impl Cluster {
    /// Injects a fault and measures whether it took hold.
    pub(super) async fn inject_fault(&self, id: usize, fault: &Fault) -> Evidence {
        let injected = match &fault.effect {
            Effect::Links { links, condition } => {
                self.inject_links((id, &fault.effect), links, *condition).await
            }
            Effect::Process { node, fate: Fate::Killed } => {
                self.inject_kill((id, &fault.effect), *node).await
            }
            Effect::Process { node, fate: Fate::Paused } => Ok(self.inject_pause(*node).await),
            Effect::Process { fate: Fate::Terminated | Fate::Damaged { .. }, .. } => Ok(cannot()),
            Effect::Clock { node, how } => {
                self.authority.set(number(*node), lie(*how));
                match self.change_links(id, Some(&fault.effect)).await {
                    Ok(()) => {
                        let mut client = self.nodes[*node].lock().await.client();
                        Ok(evidence::clock_off(&mut client, 0, *how).await)
                    }
                    Err(error) => Err(error),
                }
            }
        };
        injected.unwrap_or_else(failed)
    }

    async fn inject_links(
        &self,
        (id, effect): (usize, &Effect),
        links: &[Link],
        condition: Condition,
    ) -> Result<Evidence, LinkError> {
        match condition {
            Condition::Refused => {
                self.change_links(id, Some(effect)).await?;
                Ok(self.all_refused(links).await)
            }
            Condition::Slow { latency_ms, jitter_ms } => {
                self.change_links(id, Some(effect)).await?;
                Ok(self.all_slow(links, latency_ms, jitter_ms).await)
            }
            Condition::Limited { kb_per_s } => {
                self.change_links(id, Some(effect)).await?;
                Ok(self.all_limited(links, kb_per_s).await)
            }
            Condition::Swallowed | Condition::DatagramsDropped => Ok(cannot()),
        }
    }

    async fn inject_kill(
        &self,
        (id, effect): (usize, &Effect),
        node: usize,
    ) -> Result<Evidence, LinkError> {
        let killed = self.nodes[node].lock().await.kill().await;
        let exit = match killed {
            Ok(exit) => Observation::Ended { how: vec![exit.to_string()] },
            Err(error) => return Ok(failed(error)),
        };
        self.change_links(id, Some(effect)).await?;
        let address = self.nodes[node].lock().await.client_address;
        Ok(match dial(address).await {
            Ok(()) => Evidence::against_it(Observation::StillAccepts),
            Err(error) => {
                let error = Some(error.to_string());
                Evidence::for_it([exit, Observation::ConnectionRefused { error }])
            }
        })
    }

    async fn inject_pause(&self, node: usize) -> Evidence {
        let signalled = self.nodes[node].lock().await.signal(Signal::STOP);
        let state = match signalled {
            Ok(pid) => process_state(pid).map(Observation::ProcessState),
            Err(error) => return failed(error),
        };
        let mut client = self.nodes[node].lock().await.client();
        evidence::silent(&mut client, 0, state).await
    }

    /// Heals a fault and measures whether it is gone.
    pub(super) async fn heal_fault(&self, id: usize, fault: &Fault) -> Evidence {
        match &fault.effect {
            Effect::Links { links, .. } => match self.change_links(id, None).await {
                Ok(()) => self.all_dialled(links).await,
                Err(error) => failed(error),
            },
            Effect::Process { node, fate: Fate::Killed } => {
                let mut node = self.nodes[*node].lock().await;
                let before = node.incarnation;
                if let Err(error) = node.start().await {
                    return failed(error);
                }
                let now = node.incarnation;
                drop(node);
                if let Err(error) = self.change_links(id, None).await {
                    return failed(error);
                }
                if now > before {
                    Evidence::for_it(Observation::Restarted { before, now })
                } else {
                    Evidence::against_it(Observation::NotRestarted { incarnation: now })
                }
            }
            Effect::Process { node, fate: Fate::Paused } => {
                let node = self.nodes[*node].lock().await;
                let mut client = node.client();
                if let Err(error) = node.signal(Signal::CONT) {
                    return failed(error);
                }
                drop(node);
                match evidence::ping(&mut client, 0, ANSWER_MAX).await {
                    Ok(()) => Evidence::for_it(Observation::Answers),
                    Err(error) => {
                        let error = error.to_string();
                        Evidence::against_it(Observation::NoAnswer { error, log: None })
                    }
                }
            }
            Effect::Process { fate: Fate::Terminated | Fate::Damaged { .. }, .. } => cannot(),
            Effect::Clock { node, .. } => {
                self.authority.set(number(*node), None);
                if let Err(error) = self.change_links(id, None).await {
                    return failed(error);
                }
                let mut client = self.nodes[*node].lock().await.client();
                evidence::clock_right(&mut client, 0, Duration::ZERO).await
            }
        }
    }

    /// Makes every link what the faults in force, with or without this one, ask for; and reads it back.
    async fn change_links(&self, id: usize, effect: Option<&Effect>) -> Result<(), LinkError> {
        let mut plan = self.plan.lock().await;
        let changes = match effect {
            Some(effect) => plan.add(id, effect.clone()),
            None => plan.remove(id),
        };
        if changes.is_empty() {
            return Ok(());
        }
        // Under the lock, so that changes reach the links in the order in which they were planned.
        self.links.apply(changes).await
    }

    async fn all_refused(&self, cut: &[Link]) -> Evidence {
        let mut refusal = None;
        for &link in cut {
            let Some(address) = self.peer_address(link.0, link.1) else { continue };
            match dial(address).await {
                Ok(()) => {
                    return Evidence::against_it(Observation::Dialled {
                        link: link.into(),
                        outcome: DialOutcome::Open,
                    });
                }
                Err(error) => refusal = Some(error.to_string()),
            }
        }
        match refusal {
            None => Evidence::against_it(Observation::NoLink),
            error => Evidence::for_it(Observation::LinksRefuse { links: cut.len(), error }),
        }
    }

    async fn all_dialled(&self, links: &[Link]) -> Evidence {
        for &link in links {
            if self.plan.lock().await.is_cut(link.0, link.1) {
                continue;
            }
            let Some(address) = self.peer_address(link.0, link.1) else { continue };
            if let Err(error) = dial(address).await {
                let (link, error) = (link.into(), error.to_string());
                return Evidence::against_it(Observation::DialFailed { link, error });
            }
        }
        Evidence::for_it(Observation::LinksOpen { links: links.len() })
    }

    /// A frame sent through each slow link and back must take as long as it was asked to.
    async fn all_slow(&self, links: &[Link], latency_ms: u32, jitter_ms: u32) -> Evidence {
        let least_ns = u64::from(latency_ms.saturating_sub(jitter_ms)) * 1_000_000;
        let patience = Duration::from_millis(u64::from(latency_ms + jitter_ms)) + DIAL_MAX;
        let (answered, fastest_ns) = match self.probe_all(links, 0, least_ns, patience).await {
            Ok(probed) => probed,
            Err(against) => return Evidence::against_it(against),
        };
        let (links, asked_ms) = (links.len(), (latency_ms, jitter_ms));
        Evidence::for_it(Observation::SlowProbes { answered, links, fastest_ns, asked_ms })
    }

    /// A frame of known size sent through each limited link must take as long as that many bytes take, at least.
    async fn all_limited(&self, links: &[Link], kb_per_s: u32) -> Evidence {
        let least_ns = PROBE_BYTES as u64 * 1_000_000 / u64::from(kb_per_s.max(1));
        let patience = Duration::from_nanos(2 * least_ns) + DIAL_MAX;
        match self.probe_all(links, PROBE_BYTES, least_ns, patience).await {
            Ok((answered, fastest_ns)) => Evidence::for_it(Observation::LimitedProbes {
                answered,
                links: links.len(),
                bytes: PROBE_BYTES as u64,
                fastest_ns,
                kb_per_s,
            }),
            Err(against) => Evidence::against_it(against),
        }
    }

    /// Sends a frame through each link and back: how many came back, and what the fastest took.
    async fn probe_all(
        &self,
        links: &[Link],
        bytes: usize,
        least_ns: u64,
        patience: Duration,
    ) -> Result<(usize, u64), Observation> {
        let mut probes = tokio::task::JoinSet::new();
        for &(from, to) in links {
            let Some(address) = self.peer_address(from, to) else { continue };
            probes.spawn(async move {
                let probe = afterall_node::probe(address, bytes);
                ((from, to), tokio::time::timeout(patience, probe).await)
            });
        }
        let (mut answered, mut fastest_ns) = (0, u64::MAX);
        while let Some(probe) = probes.join_next().await {
            // No answer shows nothing: the node behind the link may be under a fault of its own.
            let Ok((link, Ok(Ok(took)))) = probe else { continue };
            let took_ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
            if took_ns < least_ns {
                return Err(Observation::TooFast { link, took_ns, least_ns });
            }
            answered += 1;
            fastest_ns = fastest_ns.min(took_ns);
        }
        if answered == 0 { Err(Observation::NoProbeAnswered) } else { Ok((answered, fastest_ns)) }
    }
}

fn number(node: usize) -> u16 {
    u16::try_from(node + 1).unwrap_or(u16::MAX)
}

/// What the authority is to tell; of an asymmetric link nothing: the link does it.
fn lie(fault: ClockFault) -> Option<Lie> {
    match fault {
        ClockFault::Asymmetric { .. } => None,
        ClockFault::Bump { by_ms } => Some(Lie::Shift { by_ms }),
        ClockFault::Strobe { by_ms, period_ms } => Some(Lie::Strobe { by_ms, period_ms }),
    }
}

/// What the system says of a process, where it says anything: `T` is stopped.
fn process_state(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The state follows the name, which is in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().next().map(str::to_owned)
}
