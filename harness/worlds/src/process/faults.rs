//! Injecting and healing, each with evidence measured from outside.

use super::cluster::Cluster;
use crate::live::evidence::{self, DIAL_MAX, Dial, Look, dial};
use afterall_clients::is_exhaustion;
use afterall_engine::evidence::DialOutcome;
use afterall_engine::faults::{Condition, Effect, Fate, Fault, Link};
use afterall_engine::{Evidence, Observation};
use rustix::process::Signal;
use std::time::Duration;

/// How long a node that is not paused may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long a probe through a link that drops everything is waited for.
const SILENCE_MAX: Duration = Duration::from_millis(300);
/// How many times a link that other faults change while it is measured is measured again.
const DISTURBED_MAX: u32 = 3;
/// How large a probe through a limited link is.
const PROBE_BYTES: usize = 2_000;

/// What cannot be done is evidence against whatever was to be shown.
fn failed(error: impl std::fmt::Display) -> Evidence {
    Evidence::against_it(Observation::failed(error))
}

/// Refused before a run begins; if not, there is no evidence.
fn cannot() -> Observation {
    Observation::failed("the process world cannot inject this fault")
}

impl Cluster {
    /// Injects a fault and measures whether it took hold.
    pub(super) async fn inject_fault(&self, id: usize, fault: &Fault) -> Evidence {
        let before = self.carried(fault).await;
        let done = match self.apply(id, fault).await {
            Ok(done) => done,
            Err(against) => return Evidence::against_it(against),
        };
        let mut evidence = self.show_undisturbed(fault, Look::First).await;
        evidence.observed.splice(0..0, done);
        if let Some(before) = before {
            evidence = evidence.with_carried_before(before);
            let after = self.carried(fault).await.unwrap_or(before);
            self.carried_before.lock().await.insert(id, after);
        }
        evidence
    }

    /// Measures whether a fault that took hold still holds. None: other faults hide it.
    pub(super) async fn measure_fault(&self, id: usize, fault: &Fault) -> Option<Evidence> {
        if self.plan.lock().await.hides(&fault.effect) {
            return None;
        }
        let meanwhile = self.carried(fault).await;
        let mut evidence = self.show_undisturbed(fault, Look::Again).await;
        if evidence.observed == [Observation::NoProbeAnswered] {
            // The nodes behind the links are under faults of their own.
            return None;
        }
        let before = self.carried_before.lock().await.remove(&id);
        if let (Some(before), Some(now)) = (before, meanwhile) {
            evidence = evidence.with_carried_meanwhile(&fault.effect, now.since(before));
        }
        Some(evidence)
    }

    /// Does to the cluster what the fault asks for. Returns what was observed on the way.
    async fn apply(&self, id: usize, fault: &Fault) -> Result<Option<Observation>, Observation> {
        match &fault.effect {
            Effect::Links {
                condition: Condition::Swallowed | Condition::DatagramsDropped, ..
            }
            | Effect::Process { fate: Fate::Terminated | Fate::Damaged { .. }, .. } => {
                return Err(cannot());
            }
            Effect::Links { .. } => self.change_links(id, Some(&fault.effect)).await?,
            Effect::Process { node, fate: Fate::Killed } => {
                let killed = self.nodes[*node].lock().await.kill().await;
                let exit = killed.map_err(Observation::failed)?;
                self.change_links(id, Some(&fault.effect)).await?;
                return Ok(Some(Observation::Ended { how: vec![exit.to_string()] }));
            }
            Effect::Process { node, fate: Fate::Wiped } => {
                let mut process = self.nodes[*node].lock().await;
                process.kill().await.map_err(Observation::failed)?;
                let held = process.wipe().map_err(Observation::failed)?;
                drop(process);
                self.change_links(id, Some(&fault.effect)).await?;
                return Ok(Some(Observation::DiskEmptied { held }));
            }
            Effect::Process { node, fate: Fate::DiskFull } => {
                let mut process = self.nodes[*node].lock().await;
                process.fill_disk(id).await.map_err(Observation::failed)?;
            }
            Effect::Process { node, fate: Fate::Left } => self.let_leave(*node).await?,
            Effect::Process { node, fate: Fate::Paused } => {
                let signalled = self.nodes[*node].lock().await.signal(Signal::STOP);
                signalled.map_err(Observation::failed)?;
            }
            Effect::Clock { node, how } => {
                self.authority.set(number(*node), how.lie());
                self.change_links(id, Some(&fault.effect)).await?;
            }
        }
        Ok(None)
    }

    /// Measures what shows that a fault is in force; once more where other faults have changed links meanwhile. What a link holds
    /// back is let go then, so that a probe on its way comes too early, and shows nothing.
    async fn show_undisturbed(&self, fault: &Fault, look: Look) -> Evidence {
        let holds_back = matches!(
            fault.effect,
            Effect::Links { condition: Condition::Slow { .. } | Condition::Limited { .. }, .. }
        );
        let mut tries_left = DISTURBED_MAX;
        loop {
            let before = self.plan.lock().await.revision();
            let evidence = self.show(fault, look).await;
            let disturbed = self.plan.lock().await.revision() != before;
            if evidence.holds || !holds_back || !disturbed || tries_left == 0 {
                return evidence;
            }
            tries_left -= 1;
        }
    }

    /// Measures what shows that a fault is in force.
    async fn show(&self, fault: &Fault, look: Look) -> Evidence {
        if let Effect::Links { links, .. } = &fault.effect
            && let Some((from, to)) = self.bypassed(links).await
        {
            return failed(format!(
                "n{} has a connection to n{} that goes past the proxies: it must know its peers by the addresses that the manifest gives it, and by no others",
                from + 1,
                to + 1
            ));
        }
        match &fault.effect {
            Effect::Links { links, condition } => match *condition {
                Condition::Refused => self.all_cut(links).await,
                Condition::Slow { latency_ms, jitter_ms } => {
                    self.all_slow(links, latency_ms, jitter_ms).await
                }
                Condition::Limited { kb_per_s } => self.all_limited(links, kb_per_s).await,
                Condition::Swallowed | Condition::DatagramsDropped => {
                    Evidence::against_it(cannot())
                }
            },
            Effect::Process { node, fate: fate @ (Fate::Killed | Fate::Wiped) } => {
                let process = self.nodes[*node].lock().await;
                let (address, files) = (process.client_address, process.files());
                drop(process);
                if *fate == Fate::Wiped {
                    match files {
                        Ok(0) => {}
                        Ok(holds) => {
                            return Evidence::against_it(Observation::DiskNotEmpty { holds });
                        }
                        Err(error) => return failed(error),
                    }
                }
                match dial(address).await {
                    Dial::Open => Evidence::against_it(Observation::StillAccepts),
                    Dial::Refused(error) => {
                        Evidence::for_it(Observation::ConnectionRefused { error: Some(error) })
                    }
                    Dial::Hangs => Evidence::against_it(Observation::StillAccepts),
                    Dial::Failed(failed) => Evidence::against_it(failed),
                }
            }
            Effect::Process { node, fate: Fate::DiskFull } => {
                self.nodes[*node].lock().await.disk_is_full().await
            }
            Effect::Process { node, fate: Fate::Left } => self.has_left(*node, look).await,
            Effect::Process { node, fate: Fate::Paused } => {
                let node = self.nodes[*node].lock().await;
                let state = node.stopped_threads().await;
                let client = node.any_client();
                drop(node);
                match (state, client) {
                    (Ok(state @ Observation::ThreadsStopped { .. }), Ok(mut client)) => {
                        evidence::silent(&mut *client, 0, state).await
                    }
                    (_, Err(error)) => Evidence::against_it(Observation::failed(error)),
                    (Ok(state), _) => Evidence::against_it(state),
                    (Err(error), _) => Evidence::against_it(Observation::failed(error)),
                }
            }
            Effect::Process { fate: Fate::Terminated | Fate::Damaged { .. }, .. } => {
                Evidence::against_it(cannot())
            }
            Effect::Clock { node, how } => {
                let mut client = self.nodes[*node].lock().await.client();
                evidence::clock_off(&mut client, 0, *how, look).await
            }
        }
    }

    /// Heals a fault and measures whether it is gone.
    pub(super) async fn heal_fault(&self, id: usize, fault: &Fault) -> Evidence {
        match &fault.effect {
            Effect::Links { links, .. } => match self.change_links(id, None).await {
                Ok(()) => self.all_mended(links).await,
                Err(error) => failed(error),
            },
            Effect::Process { node, fate: Fate::Killed | Fate::Wiped } => {
                let mut node = self.nodes[*node].lock().await;
                let before = node.incarnation;
                if let Err(error) = node.start().await {
                    return failed(error);
                }
                let now = node.incarnation;
                drop(node);
                if let Err(error) = self.change_links(id, None).await {
                    return Evidence::against_it(error);
                }
                if now > before {
                    Evidence::for_it(Observation::Restarted { before, now })
                } else {
                    Evidence::against_it(Observation::NotRestarted { incarnation: now })
                }
            }
            Effect::Process { node, fate: Fate::DiskFull } => {
                let evidence = self.nodes[*node].lock().await.free_disk(ANSWER_MAX).await;
                // Its links were cut if it had ended.
                match self.change_links(id, None).await {
                    Ok(()) => evidence,
                    Err(error) => Evidence::against_it(error),
                }
            }
            Effect::Process { node, fate: Fate::Left } => self.let_join(*node).await,
            Effect::Process { node, fate: Fate::Paused } => {
                let node = self.nodes[*node].lock().await;
                let client = node.any_client();
                if let Err(error) = node.signal(Signal::CONT) {
                    return failed(error);
                }
                drop(node);
                let mut client = match client {
                    Ok(client) => client,
                    Err(error) => return failed(error),
                };
                // What has been waiting for it is more than it takes in at once.
                match evidence::ping_until(&mut *client, 0, ANSWER_MAX).await {
                    Ok(()) => Evidence::for_it(Observation::Answers),
                    Err(error) => Evidence::against_it(evidence::no_answer(&error)),
                }
            }
            Effect::Process { fate: Fate::Terminated | Fate::Damaged { .. }, .. } => {
                Evidence::against_it(cannot())
            }
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
    pub(super) async fn change_links(
        &self,
        id: usize,
        effect: Option<&Effect>,
    ) -> Result<(), Observation> {
        let mut plan = self.plan.lock().await;
        let changes = match effect {
            Some(effect) => plan.add(id, effect.clone()),
            None => plan.remove(id),
        };
        if changes.is_empty() {
            return Ok(());
        }
        // Under the lock, so that changes reach the links in the order in which they were planned.
        self.links.apply(changes).await.map_err(Observation::failed)
    }

    /// Of every link that is cut, connections are refused if nothing passes between its nodes; if one is still heard, what
    /// the other sends vanishes on the connections of both.
    async fn all_cut(&self, cut: &[Link]) -> Evidence {
        let plan = self.plan.lock().await;
        let (dropped, refused): (Vec<Link>, Vec<Link>) =
            cut.iter().partition(|&&(from, to)| plan.drops(from, to));
        drop(plan);
        let mut observed = Vec::new();
        let mut refusal = None;
        for &link in &refused {
            let Some(address) = self.peer_address(link.0, link.1) else { continue };
            let outcome = match dial(address).await {
                Dial::Refused(error) => {
                    refusal = Some(error);
                    continue;
                }
                Dial::Open => DialOutcome::Open,
                Dial::Hangs => DialOutcome::Hung,
                Dial::Failed(failed) => return Evidence::against_it(failed),
            };
            return Evidence::against_it(Observation::Dialled { link: link.into(), outcome });
        }
        if !refused.is_empty() {
            observed.push(Observation::LinksRefuse { links: refused.len(), error: refusal });
        }
        if !dropped.is_empty() {
            match self.probes_lost(&dropped).await {
                Ok(lost) => observed.push(lost),
                Err(against) => return Evidence::against_it(against),
            }
        }
        match observed.as_slice() {
            [] => Evidence::against_it(Observation::NoLink),
            _ => Evidence::for_it(observed),
        }
    }

    /// Sends a frame through each link and one through the link back: neither may be answered, since either the question or
    /// the answer would have to go where nothing may.
    async fn probes_lost(&self, links: &[Link]) -> Result<Observation, Observation> {
        let both: Vec<Link> = links.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
        match self.probe_all(&both, 0, SILENCE_MAX).await?.first() {
            Some(&(after_ns, link)) => Err(Observation::ProbeArrived { link, after_ns }),
            None => Ok(Observation::ProbesLost { probes: both.len(), links: links.len() }),
        }
    }

    /// Links that no other fault cuts take connections again, and carry a frame there and back.
    async fn all_mended(&self, links: &[Link]) -> Evidence {
        let plan = self.plan.lock().await;
        let open: Vec<Link> =
            links.iter().copied().filter(|&(from, to)| !plan.is_cut(from, to)).collect();
        let dropped: Vec<Link> =
            open.iter().copied().filter(|&(from, to)| !plan.is_cut(to, from)).collect();
        drop(plan);
        for &link in &open {
            let Some(address) = self.peer_address(link.0, link.1) else { continue };
            let error = match dial(address).await {
                Dial::Open => continue,
                Dial::Refused(error) => error,
                Dial::Hangs => "no answer".to_owned(),
                Dial::Failed(failed) => return Evidence::against_it(failed),
            };
            return Evidence::against_it(Observation::DialFailed { link: link.into(), error });
        }
        if open.is_empty() {
            return Evidence::for_it(Observation::HeldByOtherFaults);
        }
        let mut observed = vec![Observation::LinksOpen { links: open.len() }];
        // No answer shows nothing: the nodes behind the links may be under faults of their own.
        match self.probe_all(&dropped, 0, DIAL_MAX).await {
            Ok(answers) if answers.is_empty() => {}
            Ok(answers) => observed.push(Observation::ProbesArrived { links: answers.len() }),
            Err(failed) => return Evidence::against_it(failed),
        }
        Evidence::for_it(observed)
    }

    /// A frame sent through each slow link and back must take as long as it was asked to.
    async fn all_slow(&self, links: &[Link], latency_ms: u32, jitter_ms: u32) -> Evidence {
        let least_ns = u64::from(latency_ms.saturating_sub(jitter_ms)) * 1_000_000;
        let patience = Duration::from_millis(u64::from(latency_ms + jitter_ms)) + DIAL_MAX;
        let late = self.probe_all(links, 0, patience).await.and_then(|of| late(&of, least_ns));
        let (answered, fastest_ns) = match late {
            Ok(late) => late,
            Err(against) => return Evidence::against_it(against),
        };
        let (links, asked_ms) = (links.len(), (latency_ms, jitter_ms));
        Evidence::for_it(Observation::SlowProbes { answered, links, fastest_ns, asked_ms })
    }

    /// A frame of known size sent through each limited link must take as long as that many bytes take, at least.
    async fn all_limited(&self, links: &[Link], kb_per_s: u32) -> Evidence {
        let least_ns = PROBE_BYTES as u64 * 1_000_000 / u64::from(kb_per_s.max(1));
        let patience = Duration::from_nanos(2 * least_ns) + DIAL_MAX;
        let answers = self.probe_all(links, PROBE_BYTES, patience).await;
        match answers.and_then(|answers| late(&answers, least_ns)) {
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

    /// Sends a frame through each link and back. Returns what the answers took and which links they came by, the fastest
    /// first. No answer shows nothing: the node behind a link may be under a fault of its own.
    async fn probe_all(
        &self,
        links: &[Link],
        bytes: usize,
        patience: Duration,
    ) -> Result<Vec<(u64, Link)>, Observation> {
        let addressed = links.iter().filter_map(|&(from, to)| {
            let address = self.peer_address(from, to)?;
            Some(async move {
                let probe = self.probe(address, bytes);
                ((from, to), tokio::time::timeout(patience, probe).await)
            })
        });
        let mut answers = Vec::new();
        for probe in futures_util::future::join_all(addressed).await {
            match probe {
                (link, Ok(Ok(took))) => {
                    answers.push((u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), link));
                }
                (_, Ok(Err(error))) if is_exhaustion(&error) => {
                    return Err(Observation::Exhausted { error: error.to_string() });
                }
                _ => {}
            }
        }
        answers.sort_unstable();
        Ok(answers)
    }
}

/// No probe may come back sooner than this: how many came back, and what the fastest took.
fn late(answers: &[(u64, Link)], least_ns: u64) -> Result<(usize, u64), Observation> {
    match answers.first() {
        None => Err(Observation::NoProbeAnswered),
        Some(&(took_ns, link)) if took_ns < least_ns => {
            Err(Observation::TooFast { link, took_ns, least_ns })
        }
        Some(&(fastest_ns, _)) => Ok((answers.len(), fastest_ns)),
    }
}

fn number(node: usize) -> u16 {
    u16::try_from(node + 1).unwrap_or(u16::MAX)
}
