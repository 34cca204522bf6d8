//! What is measured of links in force or healed: dials, datagrams and probes from the nodes where they begin.

use super::against::{Against, failed};
use super::cluster::{COMMAND_MAX, Cluster, infra};
use super::probes::{self, Dial, Probed};
use super::tally;
use super::wiring::by_source;
use crate::live::links::LinkPlan;
use afterall_engine::evidence::{DialOutcome, LinkEnd};
use afterall_engine::faults::{Effect, Fault, Link};
use afterall_engine::{Evidence, Observation};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// How much longer than asked a probe may take, milliseconds.
const PROBE_SLACK_MS: u64 = 1_500;
/// How long a probe through a link that drops it is waited for, milliseconds.
const LOST_AFTER_MS: u64 = 500;
/// How long after probes that nobody answered the next are sent.
const PROBE_AGAIN: Duration = Duration::from_millis(100);
/// How long they are sent again.
const PROBES_MAX: Duration = Duration::from_secs(10);

type Links<'a> = &'a [Link];

impl Cluster {
    /// Runs a script in the infra container of each node where links begin, and joins what they print.
    async fn ask_sources(
        &self,
        links: Links<'_>,
        script: impl Fn(&[usize]) -> String,
    ) -> Result<Vec<(usize, String)>, Against> {
        let mut running = tokio::task::JoinSet::new();
        for (from, targets) in by_source(links) {
            let (engine, infra, script) =
                (self.engine.clone(), infra(&self.run, from), script(&targets));
            running.spawn(async move { (from, engine.script(&infra, &script, COMMAND_MAX).await) });
        }
        let mut printed = Vec::new();
        while let Some(outcome) = running.join_next().await {
            let (from, output) = outcome?;
            printed.push((from, output?));
        }
        Ok(printed)
    }

    /// Dials every port of every link, from the node where it begins.
    async fn dial(
        &self,
        links: Links<'_>,
        ports: &[u16],
        script: fn(&[(IpAddr, u16)]) -> String,
    ) -> Result<BTreeMap<LinkEnd, Dial>, Against> {
        let script = |targets: &[usize]| {
            let ports =
                |&to: &usize| ports.iter().map(move |&port| (self.addresses.nodes[to], port));
            script(&targets.iter().flat_map(ports).collect::<Vec<_>>())
        };
        let mut dials = BTreeMap::new();
        for (from, output) in self.ask_sources(links, script).await? {
            for ((ip, port), dial) in probes::read_dials(&output) {
                if let Some(to) = self.addresses.nodes.iter().position(|&node| node == ip) {
                    dials.insert(LinkEnd { link: (from, to), port: Some(port) }, dial);
                }
            }
        }
        let wanted = links.len() * ports.len();
        if dials.len() < wanted || wanted == 0 {
            let told = format!("{} of {wanted} dials told how they ended", dials.len());
            return Err(failed(&told));
        }
        Ok(dials)
    }

    /// Of every link that is cut, connections are refused if nothing passes between its nodes; if one is still heard, what
    /// the other sends vanishes on the connections of both.
    pub(super) async fn all_cut(&self, links: Links<'_>) -> Result<Evidence, Against> {
        let ports = &self.wiring.peer_ports;
        let plan = self.plan.lock().await;
        let (dropped, mut refused): (Vec<Link>, Vec<Link>) =
            links.iter().partition(|&&(from, to)| plan.drops(from, to));
        // What another fault hides cannot be measured.
        refused.retain(|&link| !plan.swallows(link));
        drop(plan);
        let mut observed = Vec::new();
        if !ports.is_empty() && !refused.is_empty() {
            let mut dials = self.dial(&refused, ports, probes::dial_script).await?;
            let plan = self.plan.lock().await;
            dials.retain(|end, _| !plan.swallows(end.link));
            drop(plan);
            if let Some((link, dial)) = dials.iter().find(|(_, dial)| **dial != Dial::Refused) {
                return Err(dialled(*link, *dial));
            }
            if !dials.is_empty() {
                observed.push(Observation::LinksRefuse { links: dials.len(), error: None });
            }
        }
        if !ports.is_empty() && !dropped.is_empty() {
            observed.push(self.all_lost(&dropped).await?);
        }
        if !ports.is_empty() && observed.is_empty() {
            return Err(Against(Observation::NoLink));
        }
        if !self.wiring.udp_ports.is_empty() {
            let dials = self.dial(links, &self.wiring.udp_ports, probes::datagram_script).await?;
            if let Some((link, _)) = dials.iter().find(|(_, dial)| **dial == Dial::Open) {
                return Err(dialled(*link, Dial::Open));
            }
            observed.push(Observation::DatagramsBlocked { links: dials.len() });
        }
        Ok(Evidence::for_it(observed))
    }

    /// What is sent through a link that drops it is not answered, nor what is sent through the link back: the question or
    /// the answer would have to go where nothing may.
    async fn all_lost(&self, links: Links<'_>) -> Result<Observation, Against> {
        // What was asked for was read back; without a probe there is nothing that could be sent to a store unharmed.
        let Some(probe) = &self.manifest.peers.probe else {
            return Ok(Observation::DropsReadBack { links: links.len() });
        };
        let both: Vec<Link> =
            links.iter().flat_map(|&(from, to)| [(from, to), (to, from)]).collect();
        let script = |targets: &[usize]| {
            let ips: Vec<IpAddr> = targets.iter().map(|&to| self.addresses.nodes[to]).collect();
            probes::probe_script(&ips, probe.port, &probe.send_hex, probe.greeting, LOST_AFTER_MS)
        };
        let mut probes = 0;
        for (from, output) in self.ask_sources(&both, script).await? {
            for (ip, probed) in probes::read_probes(&output) {
                probes += 1;
                // That a connection ends passes a proxy that lets no data through.
                let Probed::After(took_ms) = probed else { continue };
                let to = self.addresses.nodes.iter().position(|&node| node == ip).unwrap_or(from);
                let after_ns = took_ms * 1_000_000;
                return Err(Against(Observation::ProbeArrived { link: (from, to), after_ns }));
            }
        }
        if probes < both.len() {
            return Err(failed(&format!("{probes} of {} probes told how they ended", both.len())));
        }
        Ok(Observation::ProbesLost { probes, links: links.len() })
    }

    pub(super) async fn all_silent(&self, links: Links<'_>) -> Result<Evidence, Against> {
        let dials = self.dial(links, &self.wiring.peer_ports, probes::dial_script).await?;
        match dials.iter().find(|(_, dial)| **dial != Dial::Hangs) {
            Some((link, dial)) => Err(dialled(*link, *dial)),
            None => Ok(Evidence::for_it(Observation::LinksHang { links: dials.len() })),
        }
    }

    pub(super) async fn all_forbidden(&self, links: Links<'_>) -> Result<Evidence, Against> {
        let dials = self.dial(links, &self.wiring.udp_ports, probes::datagram_script).await?;
        match dials.iter().find(|(_, dial)| **dial == Dial::Open) {
            Some((link, _)) => Err(dialled(*link, Dial::Open)),
            None => Ok(Evidence::for_it(Observation::DatagramsBlocked { links: dials.len() })),
        }
    }

    pub(super) async fn all_allowed(&self, links: Links<'_>) -> Result<Evidence, Against> {
        let free =
            |plan: &LinkPlan, (from, to): (usize, usize)| !plan.udp_drops(from).contains(&to);
        self.all_take(links, &self.wiring.udp_ports, probes::datagram_script, free).await
    }

    /// Every link that no other fault holds takes connections.
    pub(super) async fn all_open(&self, links: Links<'_>) -> Result<Evidence, Against> {
        if self.wiring.peer_ports.is_empty() {
            return self.all_allowed(links).await;
        }
        let free = |plan: &LinkPlan, (from, to): (usize, usize)| {
            !plan.is_cut(from, to) && !plan.swallows((from, to))
        };
        self.all_take(links, &self.wiring.peer_ports, probes::dial_script, free).await
    }

    /// Every link takes what is sent, but for those that another fault holds: before the links are dialed, or since.
    pub(super) async fn all_take(
        &self,
        links: Links<'_>,
        ports: &[u16],
        script: fn(&[(IpAddr, u16)]) -> String,
        free: impl Fn(&LinkPlan, (usize, usize)) -> bool,
    ) -> Result<Evidence, Against> {
        let plan = self.plan.lock().await;
        let before: Vec<_> = links.iter().copied().filter(|&link| free(&plan, link)).collect();
        drop(plan);
        let mut dials = match before.as_slice() {
            [] => BTreeMap::new(),
            links => self.dial(links, ports, script).await?,
        };
        let plan = self.plan.lock().await;
        dials.retain(|end, _| free(&plan, end.link));
        drop(plan);
        if dials.is_empty() {
            return Ok(Evidence::for_it(Observation::HeldByOtherFaults));
        }
        match dials.iter().find(|(_, dial)| **dial != Dial::Open) {
            Some((link, dial)) => Err(dialled(*link, *dial)),
            None => Ok(Evidence::for_it(Observation::LinksOpen { links: dials.len() })),
        }
    }

    /// What is sent through each slow link is answered as late as was asked for, or later.
    pub(super) async fn all_slow(
        &self,
        links: Links<'_>,
        latency_ms: u32,
        jitter_ms: u32,
    ) -> Result<Evidence, Against> {
        let measured = async {
            loop {
                if let Some(evidence) = self.slow(links, latency_ms, jitter_ms).await? {
                    return Ok(evidence);
                }
                tokio::time::sleep(PROBE_AGAIN).await;
            }
        };
        // Where the nodes behind all slow links are paused or down, their own faults may end soon.
        let measured = tokio::time::timeout(PROBES_MAX, measured).await;
        measured.unwrap_or(Err(Against(Observation::NoProbeAnswered)))
    }

    /// Probes each slow link once; nothing if none was answered.
    async fn slow(
        &self,
        links: Links<'_>,
        latency_ms: u32,
        jitter_ms: u32,
    ) -> Result<Option<Evidence>, Against> {
        let probe = self.manifest.peers.probe.as_ref();
        let probe = probe.ok_or_else(|| failed("the manifest has no probe"))?;
        let floor_ms = u64::from(latency_ms.saturating_sub(jitter_ms));
        let patience_ms = u64::from(latency_ms + jitter_ms) + PROBE_SLACK_MS;
        let script = |targets: &[usize]| {
            let ips: Vec<IpAddr> = targets.iter().map(|&to| self.addresses.nodes[to]).collect();
            probes::probe_script(&ips, probe.port, &probe.send_hex, probe.greeting, patience_ms)
        };
        let (mut answered, mut fastest_ms) = (0, u64::MAX);
        for (from, output) in self.ask_sources(links, script).await? {
            for (ip, probed) in probes::read_probes(&output) {
                // No answer shows nothing: the node behind the link may be under a fault of its own.
                let (Probed::After(took_ms) | Probed::HungUp(took_ms)) = probed else { continue };
                if took_ms < floor_ms {
                    let to = self.addresses.nodes.iter().position(|&node| node == ip);
                    return Err(Against(Observation::TooFast {
                        link: (from, to.unwrap_or(from)),
                        took_ns: took_ms * 1_000_000,
                        least_ns: floor_ms * 1_000_000,
                    }));
                }
                answered += 1;
                fastest_ms = fastest_ms.min(took_ms);
            }
        }
        let probes = Observation::SlowProbes {
            answered,
            links: links.len(),
            fastest_ns: fastest_ms.saturating_mul(1_000_000),
            asked_ms: (latency_ms, jitter_ms),
        };
        Ok((answered > 0).then(|| Evidence::for_it(probes)))
    }
}

impl Cluster {
    /// What the links of a fault have carried so far, in its direction. None where that is not counted.
    pub(super) async fn tally(&self, fault: &Fault) -> Option<tally::Tally> {
        let Effect::Links { links, .. } = &fault.effect else { return None };
        if self.wiring.peer_ports.is_empty() {
            return None;
        }
        let ends: BTreeSet<usize> = links.iter().flat_map(|&(from, to)| [from, to]).collect();
        let mut counted = BTreeMap::new();
        for node in ends {
            let script = "iptables-save -c -t mangle";
            let infra = infra(&self.run, node);
            let output = self.engine.script(&infra, script, COMMAND_MAX).await.ok()?;
            let ports = tally::ports(&self.wiring, &self.addresses, node);
            counted.insert(node, tally::read(&output, &ports));
        }
        tally::tallied(links, &counted, &self.addresses.nodes)
    }
}

/// A dial that ended in a way that it should not have.
fn dialled(link: LinkEnd, dial: Dial) -> Against {
    let outcome = match dial {
        Dial::Open => DialOutcome::Open,
        Dial::Refused => DialOutcome::Refused,
        Dial::Hangs => DialOutcome::Hung,
    };
    Against(Observation::Dialled { link, outcome })
}
