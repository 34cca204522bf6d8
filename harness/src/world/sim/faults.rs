//! Injects faults into the simulated machines and links, and watches until measurements show that they took hold,
//! or are gone.

use super::evidence::{self, LinkProbes};
use super::host::{Job, true_time_us};
use super::network::LATENCY_NS;
use super::{Happening, World};
use crate::nemesis::{ClockFault, Evidence, Fault};
use std::collections::VecDeque;

/// Between two measurements.
const CHECK_NS: u64 = 20_000_000;
/// How long a fault may take to show.
const TAKES_HOLD_NS: u64 = 3_000_000_000;
/// How long its end may take to show: another fault may have to end first.
const IS_GONE_NS: u64 = 20_000_000_000;
/// How long a paused node must have been silent.
const SILENCE_NS: u64 = 50_000_000;
/// Probes a link: enough that the loss of all is no accident.
const PROBES: usize = 5;
/// For how long a healed clock must have been right: longer than from one exchange of time to the next.
const RIGHT_FOR_NS: u64 = 250_000_000;
/// How long a process takes to start.
const RESTART_NS: std::ops::RangeInclusive<u64> = 5_000_000..=50_000_000;
const MS_NS: u64 = 1_000_000;

/// A fault that is being injected or healed.
#[derive(Debug)]
pub(super) struct Watch {
    healing: bool,
    deadline_ns: u64,
    /// The node's life when the fault was injected.
    incarnation: u32,
    /// The probe that was sent to the node last, in which of its lives, and when.
    probe: Option<(u64, u32, u64)>,
    offsets_us: VecDeque<i64>,
}

impl World {
    pub(super) fn inject(&mut self, id: usize) {
        let now_ns = self.now_ns;
        let mut incarnation = 0;
        match self.driver.fault(id).clone() {
            Fault::Partition { cut, .. } => self.network.cut(id, &cut),
            Fault::Latency { links, latency_ms, jitter_ms } => {
                let (latency_ns, jitter_ns) = (ns(latency_ms), ns(jitter_ms));
                self.network.slow(id, &links, latency_ns, jitter_ns);
            }
            Fault::Kill { node } => {
                incarnation = self.hosts[node].incarnation();
                self.kill(id, node);
            }
            Fault::Pause { node } => self.hosts[node].pause(id),
            Fault::Clock { node, fault } => self.authority.inject(id, node, fault, now_ns),
            // Refused before a run begins; if not, there will be no evidence.
            Fault::Stop { .. }
            | Fault::BlackHole { .. }
            | Fault::UdpDrop { .. }
            | Fault::Truncate { .. }
            | Fault::Corrupt { .. } => {}
        }
        self.watch(id, false, TAKES_HOLD_NS, incarnation);
    }

    pub(super) fn heal(&mut self, id: usize) {
        let incarnation = self.watches[id].as_ref().map_or(0, |watch| watch.incarnation);
        match self.driver.fault(id).clone() {
            Fault::Partition { .. } | Fault::Latency { .. } => self.network.heal(id),
            Fault::Kill { node } => {
                if self.hosts[node].revive(id) {
                    self.plan_after(RESTART_NS, Happening::Start { node });
                }
            }
            Fault::Pause { node } => {
                self.hosts[node].resume(id);
                self.resumed(node);
            }
            Fault::Clock { .. } => self.authority.heal(id),
            Fault::Stop { .. }
            | Fault::BlackHole { .. }
            | Fault::UdpDrop { .. }
            | Fault::Truncate { .. }
            | Fault::Corrupt { .. } => {}
        }
        self.watch(id, true, IS_GONE_NS, incarnation);
    }

    fn watch(&mut self, id: usize, healing: bool, patience_ns: u64, incarnation: u32) {
        self.watches[id] = Some(Watch {
            healing,
            deadline_ns: self.now_ns + patience_ns,
            incarnation,
            probe: None,
            offsets_us: VecDeque::new(),
        });
        self.agenda.plan(self.now_ns + CHECK_NS, Happening::Check { fault: id });
    }

    /// Measures, and tells the driver once the measurements show what they should or the patience is at its end.
    pub(super) fn check(&mut self, id: usize) {
        let Some(mut watch) = self.watches[id].take() else { return };
        let fault = self.driver.fault(id).clone();
        let evidence = self.measure(id, &fault, &mut watch);
        let healing = watch.healing;
        let over = evidence.holds || self.now_ns >= watch.deadline_ns;
        self.watches[id] = Some(watch);
        if !over {
            self.agenda.plan(self.now_ns + CHECK_NS, Happening::Check { fault: id });
        } else if healing {
            self.driver.healed(self.now_ns, id, evidence);
        } else {
            self.driver.injected(self.now_ns, id, evidence);
        }
    }

    fn measure(&mut self, id: usize, fault: &Fault, watch: &mut Watch) -> Evidence {
        match *fault {
            Fault::Partition { ref cut, .. } => {
                if watch.healing {
                    evidence::mended(&self.probe_links(cut))
                } else {
                    evidence::cut(&self.probe_links(cut))
                }
            }
            Fault::Latency { ref links, latency_ms, jitter_ms } => {
                let least_ns = ns(latency_ms.saturating_sub(jitter_ms));
                let network = &self.network;
                // What another fault hides cannot be measured.
                let open = links.iter().copied().filter(|&l| !network.is_cut_by_another(l, id));
                if watch.healing {
                    let open = open.filter(|&l| !network.is_slowed_by_another(l, id));
                    let open: Vec<_> = open.collect();
                    evidence::quick(&self.probe_links(&open), least_ns)
                } else {
                    let open: Vec<_> = open.collect();
                    evidence::slow(&self.probe_links(&open), least_ns)
                }
            }
            Fault::Kill { node } => {
                let (accepts, incarnation) =
                    (self.hosts[node].is_up(), self.hosts[node].incarnation());
                if watch.healing {
                    evidence::restarted(accepts, watch.incarnation, incarnation)
                } else {
                    evidence::killed(accepts, incarnation)
                }
            }
            Fault::Pause { node } => self.measure_pause(node, watch),
            Fault::Clock { node, fault } => self.measure_clock((id, node), fault, watch),
            Fault::Stop { .. }
            | Fault::BlackHole { .. }
            | Fault::UdpDrop { .. }
            | Fault::Truncate { .. }
            | Fault::Corrupt { .. } => Evidence::against_it("the simulator has no such fault"),
        }
    }

    fn probe_links(&mut self, links: &[(usize, usize)]) -> Vec<LinkProbes> {
        let (network, random, now_ns) = (&mut self.network, &mut self.random, self.now_ns);
        let mut probe = |link| Some(network.send(link, now_ns, random)? - now_ns);
        links
            .iter()
            .map(|&link| LinkProbes { link, delays_ns: (0..PROBES).map(|_| probe(link)).collect() })
            .collect()
    }

    fn measure_pause(&mut self, node: usize, watch: &mut Watch) -> Evidence {
        let host = &mut self.hosts[node];
        let accepts = host.is_up();
        let sent = watch.probe.filter(|&(_, to, _)| to == host.incarnation());
        let (number, _, since_ns) = *watch.probe.insert(sent.unwrap_or_else(|| {
            self.last_probe += 1;
            host.offer(Job::Probe(self.last_probe));
            (self.last_probe, host.incarnation(), self.now_ns)
        }));
        let answered = accepts && host.answered_probe() >= number;
        let waited_ns = self.now_ns - since_ns;
        if answered {
            // Another probe may find it silent.
            watch.probe = None;
        }
        self.visit(node);
        if watch.healing {
            evidence::responsive(answered)
        } else if !answered && waited_ns < SILENCE_NS {
            Evidence::against_it("no answer to a probe yet")
        } else {
            evidence::silent(accepts, answered, waited_ns)
        }
    }

    fn measure_clock(
        &mut self,
        (id, node): (usize, usize),
        fault: ClockFault,
        watch: &mut Watch,
    ) -> Evidence {
        let host = &self.hosts[node];
        // Only a process that runs tells its time.
        if host.is_running() {
            let (true_us, wall_us) = (true_time_us(self.now_ns), host.wall_us(self.now_ns));
            let offset_us = i64::try_from(i128::from(wall_us) - i128::from(true_us));
            watch.offsets_us.push_back(offset_us.unwrap_or(i64::MAX));
        }
        let others_us = self.authority.skew_of_others_us(node, id);
        if watch.healing {
            // Half of the time a strobing clock is right, too.
            let strobes_ns = match fault {
                ClockFault::Strobe { period_ms, .. } => ns(period_ms),
                _ => 0,
            };
            let enough = usize::try_from((RIGHT_FOR_NS + strobes_ns) / CHECK_NS).unwrap_or(1);
            if watch.offsets_us.len() < enough {
                return Evidence::against_it("the clock was not measured for long enough");
            }
            watch.offsets_us.drain(..watch.offsets_us.len() - enough);
            evidence::right(watch.offsets_us.make_contiguous(), others_us)
        } else {
            let jumps_by_us = match fault {
                ClockFault::Strobe { by_ms, .. } => Some(by_ms * 1_000),
                _ => None,
            };
            let skew_us = others_us + fault.skew_ms() * 1_000;
            evidence::skewed(watch.offsets_us.make_contiguous(), skew_us, jumps_by_us)
        }
    }

    fn kill(&mut self, id: usize, node: usize) {
        self.hosts[node].kill(id, self.now_ns);
        self.held_exchanges[node] = None;
        for request in self.clients.waiting_for(node) {
            self.plan_after(LATENCY_NS, Happening::Reset { request });
        }
    }
}

fn ns(ms: u32) -> u64 {
    u64::from(ms) * MS_NS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{RunConfig, WorldKind};
    use crate::driver::SessionKind;
    use crate::nemesis::EVERYWHERE;
    use afterall_history::{Event, FaultStage, Workload};
    use afterall_reference::core::Flavour;
    use std::collections::BTreeSet;

    /// A running cluster, minutes before the driver injects anything by itself.
    fn world(seed: u64) -> World {
        let config = RunConfig {
            target: "reference".into(),
            flavour: Some(Flavour::Crdt),
            mutant: None,
            workload: Workload::Register,
            world: WorldKind::Sim,
            nodes: 5,
            concurrency: 1,
            sessions: SessionKind::Sticky,
            rate: Some(1),
            time_ms: 3_600_000,
            quiescence_max_ms: 100,
            timeout_ms: 1_000,
            faults: EVERYWHERE.to_vec(),
            max_bound: Default::default(),
            seed,
            toxiproxy: None,
            images: Default::default(),
            manifest_path: None,
            manifest: None,
        };
        let mut world = World::new(&config).unwrap();
        for node in 0..world.hosts.len() {
            world.start(node).unwrap();
        }
        world
    }

    /// Lets time pass until what is watched is decided, and returns where it came to.
    fn decided(world: &mut World, id: usize) -> (FaultStage, String) {
        loop {
            for event in world.driver.drain_events() {
                if let Event::Fault(event) = event
                    && event.fault as usize == id
                    && let Some(evidence) = event.evidence
                {
                    return (event.stage, evidence);
                }
            }
            let (at_ns, happening) = world.agenda.next().unwrap();
            world.now_ns = at_ns;
            world.happen(happening).unwrap();
        }
    }

    fn ids(world: &World) -> Vec<usize> {
        let mut kinds = BTreeSet::new();
        let first = |id: &usize| kinds.insert(world.driver.fault(*id).kind());
        let ids: Vec<usize> = (0..world.watches.len()).filter(first).collect();
        assert_eq!(ids.len(), EVERYWHERE.len());
        ids
    }

    #[test]
    fn a_fault_that_is_injected_takes_hold_and_is_gone_when_it_is_healed() {
        for seed in 0..20 {
            let mut world = world(seed);
            for id in ids(&world) {
                world.inject(id);
                let (stage, evidence) = decided(&mut world, id);
                assert_eq!(stage, FaultStage::Took, "{:?}: {evidence}", world.driver.fault(id));
                world.heal(id);
                let (stage, evidence) = decided(&mut world, id);
                assert_eq!(stage, FaultStage::Healed, "{:?}: {evidence}", world.driver.fault(id));
            }
        }
    }

    #[test]
    fn a_fault_that_is_not_injected_is_missed() {
        for seed in 0..20 {
            let mut world = world(seed);
            for id in ids(&world) {
                let incarnation = world.hosts[0].incarnation();
                world.watch(id, false, TAKES_HOLD_NS, incarnation);
                let (stage, evidence) = decided(&mut world, id);
                assert_eq!(stage, FaultStage::Missed, "{:?}: {evidence}", world.driver.fault(id));
            }
        }
    }

    #[test]
    fn a_fault_that_is_not_healed_is_stuck() {
        for seed in 0..20 {
            for place in 0..EVERYWHERE.len() {
                let mut world = world(seed);
                let id = ids(&world)[place];
                world.inject(id);
                assert_eq!(decided(&mut world, id).0, FaultStage::Took);
                let incarnation = world.watches[id].as_ref().unwrap().incarnation;
                world.watch(id, true, IS_GONE_NS, incarnation);
                let (stage, evidence) = decided(&mut world, id);
                assert_eq!(stage, FaultStage::Stuck, "{:?}: {evidence}", world.driver.fault(id));
            }
        }
    }
}
