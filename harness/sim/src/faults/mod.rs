//! Injects faults into the simulated machines and links, and watches until measurements show that they took hold,
//! or are gone.

use crate::host::Job;
use crate::machine_time::true_time_us;
use crate::measured::{self, LinkProbes};
use crate::replica::{Replica, Standing, Turn};
use crate::simulation::{Event, Simulation};
use crate::streams::Purpose;
use crate::watch::{Shows, Watch};
use afterall_engine::evidence::membership;
use afterall_engine::faults::{ClockFault, Condition, Effect, Fate, Fault, Link};
use afterall_engine::{Carried, Evidence, Happened, Observation};
use std::collections::VecDeque;

/// Between two measurements.
const CHECK_NS: u64 = 20_000_000;
/// How long a fault may take to show.
const TAKES_HOLD_NS: u64 = 3_000_000_000;
/// How long it may take to show that it still holds.
const STILL_HOLDS_NS: u64 = 1_000_000_000;
/// How long its end may take to show: another fault may have to end first.
const IS_GONE_NS: u64 = 20_000_000_000;
/// How long a paused node must have been silent.
const SILENCE_NS: u64 = 50_000_000;
/// Probes a link: enough that the loss of all is no accident.
const PROBES: usize = 5;
/// How large a probe is, where that matters.
const PROBE_BYTES: u64 = 500;
/// For how long a healed clock must have been right: longer than from one exchange of time to the next.
const RIGHT_FOR_NS: u64 = 250_000_000;
/// How long a process takes to start.
const RESTART_NS: std::ops::RangeInclusive<u64> = 5_000_000..=50_000_000;
const MS_NS: u64 = 1_000_000;

impl<R: Replica> Simulation<R> {
    pub(super) fn inject_fault(&mut self, id: usize, fault: &Fault) {
        let mut incarnation = 0;
        let mut emptied = None;
        match &fault.effect {
            Effect::Links { links, condition } => match condition {
                Condition::Refused => self.network.cut(id, links),
                Condition::Slow { latency_ms, jitter_ms } => {
                    self.network.slow(id, links, ns(*latency_ms), ns(*jitter_ms));
                }
                Condition::Limited { kb_per_s } => self.network.limit(id, links, *kb_per_s),
                // Refused before a run begins; if not, there will be no evidence.
                Condition::Swallowed | Condition::DatagramsDropped => {}
            },
            Effect::Process { node, fate } => match fate {
                Fate::Killed => {
                    incarnation = self.hosts[*node].incarnation();
                    self.kill(id, *node);
                }
                Fate::Wiped => {
                    incarnation = self.hosts[*node].incarnation();
                    self.kill(id, *node);
                    emptied = Some(self.hosts[*node].wipe());
                }
                Fate::DiskFull => {
                    incarnation = self.hosts[*node].incarnation();
                    self.hosts[*node].fill(id);
                }
                Fate::Paused => self.hosts[*node].pause(id),
                Fate::Left => {
                    self.hosts[*node].let_leave(id);
                    self.visit(*node);
                }
                Fate::Terminated | Fate::Damaged { .. } => {}
            },
            Effect::Clock { node, how } => self.authority.inject(id, *node, *how, self.now_ns),
        }
        self.watch(id, fault.clone(), Shows::TakesHold, incarnation);
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.emptied = emptied;
        }
    }

    pub(super) fn heal_fault(&mut self, id: usize) {
        let Some(Watch { fault, incarnation, .. }) = self.watches.remove(&id) else { return };
        match &fault.effect {
            Effect::Links { .. } => self.network.heal(id),
            Effect::Process { node, fate } => match fate {
                Fate::Killed | Fate::Wiped | Fate::DiskFull => {
                    let host = &mut self.hosts[*node];
                    let starts = match fate {
                        Fate::DiskFull => host.free(id),
                        _ => host.revive(id),
                    };
                    if starts {
                        self.plan_after(
                            RESTART_NS,
                            Purpose::Restart(*node),
                            Event::Start { node: *node },
                        );
                    }
                }
                Fate::Paused => {
                    self.hosts[*node].resume(id);
                    self.resumed(*node);
                }
                Fate::Left => {
                    self.hosts[*node].let_join(id);
                    self.visit(*node);
                }
                Fate::Terminated | Fate::Damaged { .. } => {}
            },
            Effect::Clock { .. } => self.authority.heal(id),
        }
        self.watch(id, fault, Shows::IsGone, incarnation);
    }

    /// Begins to measure whether a fault still holds.
    pub(super) fn measure_fault(&mut self, id: usize) {
        if let Some(Watch { fault, incarnation, carried, emptied, .. }) = self.watches.remove(&id) {
            self.watch(id, fault, Shows::StillHolds, incarnation);
            if let Some(watch) = self.watches.get_mut(&id) {
                (watch.carried, watch.emptied) = (carried, emptied);
            }
        }
    }

    fn watch(&mut self, id: usize, fault: Fault, shows: Shows, incarnation: u32) {
        let patience_ns = match shows {
            Shows::TakesHold => match &fault.effect {
                Effect::Clock { how, .. } => TAKES_HOLD_NS + ns(how.arrives_after_ms()),
                _ => TAKES_HOLD_NS,
            },
            Shows::StillHolds => STILL_HOLDS_NS,
            Shows::IsGone => IS_GONE_NS,
        };
        let watch = Watch {
            shows,
            deadline_ns: self.now_ns + patience_ns,
            incarnation,
            emptied: None,
            probe: None,
            offsets_us: VecDeque::new(),
            carried: self.carried(&fault),
            fault,
        };
        self.watches.insert(id, watch);
        self.queue.plan(self.now_ns + CHECK_NS, Event::Check { fault: id });
    }

    /// Measures, and tells what came of it once the measurements show what they should or the patience is at its end.
    pub(super) fn check(&mut self, id: usize) {
        let Some(mut watch) = self.watches.remove(&id) else { return };
        let evidence = self.evidence(id, &mut watch);
        let (shows, hidden) = (watch.shows, self.is_hidden(id, &watch.fault));
        let evidence = match (shows, watch.carried, self.carried(&watch.fault)) {
            (Shows::TakesHold, Some(before), _) => evidence.with_carried_before(before),
            (Shows::StillHolds, Some(then), Some(now)) => {
                evidence.with_carried_meanwhile(&watch.fault.effect, now.since(then))
            }
            _ => evidence,
        };
        let over = evidence.holds || self.now_ns >= watch.deadline_ns;
        self.watches.insert(id, watch);
        match shows {
            Shows::StillHolds if hidden => self.happened.push(Happened::Measured(id, None)),
            _ if !over => self.queue.plan(self.now_ns + CHECK_NS, Event::Check { fault: id }),
            Shows::TakesHold => self.happened.push(Happened::Injected(id, evidence)),
            Shows::StillHolds => self.happened.push(Happened::Measured(id, Some(evidence))),
            Shows::IsGone => self.happened.push(Happened::Healed(id, evidence)),
        }
    }

    /// Whether other faults hide all that this one does: nothing passes a cut link, slow or not.
    fn is_hidden(&self, id: usize, fault: &Fault) -> bool {
        let Effect::Links { links, condition } = &fault.effect else { return false };
        let cut = |&link: &Link| self.network.is_cut_by_another(link, id);
        !matches!(condition, Condition::Refused) && links.iter().all(cut)
    }

    fn evidence(&mut self, id: usize, watch: &mut Watch) -> Evidence {
        let cannot =
            || Evidence::against_it(Observation::failed("the sim cannot inject this fault"));
        let effect = watch.fault.effect.clone();
        let healing = watch.shows == Shows::IsGone;
        match effect {
            Effect::Links { links, condition } => match condition {
                Condition::Refused if healing => measured::mended(&self.probe_links(&links)),
                Condition::Refused => measured::cut(&self.probe_links(&links)),
                Condition::Slow { latency_ms, jitter_ms } => {
                    self.measure_slow((id, healing), &links, (latency_ms, jitter_ms))
                }
                Condition::Limited { kb_per_s } => {
                    self.measure_limited((id, healing), &links, kb_per_s)
                }
                Condition::Swallowed | Condition::DatagramsDropped => cannot(),
            },
            Effect::Process { node, fate: Fate::Killed } => {
                let (accepts, now) = (self.hosts[node].is_up(), self.hosts[node].incarnation());
                if healing {
                    measured::restarted(accepts, watch.incarnation, now)
                } else {
                    measured::killed(accepts)
                }
            }
            Effect::Process { node, fate: Fate::Wiped } => {
                let host = &self.hosts[node];
                let (accepts, now) = (host.is_up(), host.incarnation());
                if healing {
                    measured::restarted(accepts, watch.incarnation, now)
                } else {
                    measured::wiped(accepts, watch.emptied, host.stored())
                }
            }
            Effect::Process { node, fate: Fate::Left } => self.measure_membership(node, watch),
            Effect::Process { node, fate: Fate::DiskFull } => self.measure_disk(node, watch),
            Effect::Process { node, fate: Fate::Paused } => self.measure_pause(node, watch),
            Effect::Process { fate: Fate::Terminated | Fate::Damaged { .. }, .. } => cannot(),
            Effect::Clock { node, how } => self.measure_clock((id, node), how, watch),
        }
    }

    /// What the links of a fault have carried so far.
    fn carried(&self, fault: &Fault) -> Option<Carried> {
        let Effect::Links { links, .. } = &fault.effect else { return None };
        let of = |link| self.arrived.get(link).copied().unwrap_or(0);
        Some(Carried::Messages(links.iter().map(of).sum()))
    }

    fn measure_limited(
        &mut self,
        (id, healing): (usize, bool),
        links: &[Link],
        kb_per_s: u32,
    ) -> Evidence {
        let least_ns = PROBE_BYTES * 1_000_000 / u64::from(kb_per_s.max(1));
        let network = &self.network;
        // What another fault hides cannot be measured.
        let open = links.iter().copied().filter(|&link| !network.is_cut_by_another(link, id));
        if healing {
            let others = |link: &Link| {
                network.is_limited_by_another(*link, id) || network.is_slowed_by_another(*link, id)
            };
            let open: Vec<_> = open.filter(|link| !others(link)).collect();
            measured::quick(&self.probe_each(&open, 1), least_ns)
        } else {
            let open: Vec<_> = open.collect();
            measured::limited(&self.probe_each(&open, 1), (PROBE_BYTES, least_ns), kb_per_s)
        }
    }

    fn measure_slow(
        &mut self,
        (id, healing): (usize, bool),
        links: &[Link],
        asked_ms: (u32, u32),
    ) -> Evidence {
        let least_ns = ns(asked_ms.0.saturating_sub(asked_ms.1));
        let network = &self.network;
        // What another fault hides cannot be measured.
        let open = links.iter().copied().filter(|&link| !network.is_cut_by_another(link, id));
        if healing {
            let open = open.filter(|&link| !network.is_slowed_by_another(link, id));
            let open: Vec<_> = open.collect();
            measured::quick(&self.probe_links(&open), least_ns)
        } else {
            let open: Vec<_> = open.collect();
            measured::slow(&self.probe_links(&open), least_ns, asked_ms)
        }
    }

    fn probe_links(&mut self, links: &[Link]) -> Vec<LinkProbes> {
        self.probe_each(links, PROBES)
    }

    /// Sends so many probes over each link.
    fn probe_each(&mut self, links: &[Link], probes: usize) -> Vec<LinkProbes> {
        let random = self.streams.of(Purpose::Probes);
        let (network, now_ns) = (&mut self.network, self.now_ns);
        let mut probe = |link| network.probe(link, now_ns, random, PROBE_BYTES);
        links
            .iter()
            .map(|&link| LinkProbes { link, delays_ns: (0..probes).map(|_| probe(link)).collect() })
            .collect()
    }

    /// A disk is full if it refuses a write. Healed, it takes one, and the node answers: in another life, if it had ended.
    fn measure_disk(&mut self, node: usize, watch: &mut Watch) -> Evidence {
        let takes = self.hosts[node].disk_takes_a_write();
        if watch.shows != Shows::IsGone {
            return measured::full(takes);
        }
        let (accepts, answered, _) = self.probe_process(node, watch);
        let lives = (watch.incarnation, self.hosts[node].incarnation());
        measured::freed(takes, accepts, answered, lives)
    }

    /// A node is out, or on its way out, if it says so. Healed, it is a member for itself and for those that it can reach. What its
    /// operator asked for is lost where the process ended before it had it on disk, and is asked for again.
    fn measure_membership(&mut self, node: usize, watch: &Watch) -> Evidence {
        let Some(mine) = self.hosts[node].membership() else {
            return Evidence::against_it(Observation::SilentSoFar);
        };
        let wanted = self.hosts[node].wanted_turn();
        let is_lost = match wanted {
            Turn::Leave => mine.standing == Standing::Member,
            Turn::Join => matches!(mine.standing, Standing::Out | Standing::Leaving { .. }),
        };
        if is_lost && watch.shows != Shows::StillHolds {
            self.hosts[node].offer(Job::Turn(wanted));
            self.visit(node);
        }
        let others: Vec<bool> = (0..self.hosts.len())
            .filter(|&other| other != node)
            .filter(|&other| {
                let cut = |link| self.network.is_cut(link);
                !cut((node, other)) && !cut((other, node))
            })
            .filter_map(|other| Some(self.hosts[other].membership()?.out.contains(&node)))
            .collect();
        let of = self.hosts.len().saturating_sub(1);
        match watch.shows {
            Shows::IsGone => membership::joined(mine.standing, &others),
            Shows::TakesHold if self.now_ns < watch.deadline_ns => {
                let seen = membership::left(mine.standing, &others, of);
                // Who only just leaves may soon be out, for all.
                if others.iter().all(|&out| out) { seen } else { Evidence { holds: false, ..seen } }
            }
            _ => membership::left(mine.standing, &others, of),
        }
    }

    fn measure_pause(&mut self, node: usize, watch: &mut Watch) -> Evidence {
        let (accepts, answered, waited_ns) = self.probe_process(node, watch);
        if watch.shows == Shows::IsGone {
            measured::responsive(answered)
        } else if !answered && waited_ns < SILENCE_NS {
            Evidence::against_it(Observation::SilentSoFar)
        } else {
            measured::silent(accepts, answered, waited_ns)
        }
    }

    /// Asks a process whether it still answers: whether it takes connections, whether it has answered, and for how long the
    /// answer has been waited for.
    fn probe_process(&mut self, node: usize, watch: &mut Watch) -> (bool, bool, u64) {
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
        (accepts, answered, waited_ns)
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
        if watch.shows == Shows::IsGone {
            // Half of the time a strobing clock is right, too.
            let strobes_ns = match fault {
                ClockFault::Strobe { period_ms, .. } => ns(period_ms),
                _ => 0,
            };
            let enough = usize::try_from((RIGHT_FOR_NS + strobes_ns) / CHECK_NS).unwrap_or(1);
            if watch.offsets_us.len() < enough {
                return Evidence::against_it(Observation::ClockNotMeasured);
            }
            watch.offsets_us.drain(..watch.offsets_us.len() - enough);
            measured::right(watch.offsets_us.make_contiguous(), others_us)
        } else {
            let skew_us = others_us + fault.skew_ms() * 1_000;
            let offsets_us = watch.offsets_us.make_contiguous();
            match fault {
                // Once it has arrived it stays there.
                ClockFault::Drift { by_ms, .. } if watch.shows == Shows::TakesHold => {
                    measured::drifted(offsets_us, skew_us, by_ms * 1_000)
                }
                ClockFault::Strobe { by_ms, .. } => {
                    measured::skewed(offsets_us, skew_us, Some(by_ms * 1_000))
                }
                _ => measured::skewed(offsets_us, skew_us, None),
            }
        }
    }

    fn kill(&mut self, id: usize, node: usize) {
        self.hosts[node].kill(id, self.now_ns);
        self.process_ended(node);
    }

    /// What ends with a process: its exchange of time, and its connections.
    pub(super) fn process_ended(&mut self, node: usize) {
        self.held_exchanges[node] = None;
        for (request, asker) in self.clients.waiting_for(node) {
            self.plan_for(asker, Event::Reset { request });
        }
    }
}

fn ns(ms: u32) -> u64 {
    u64::from(ms) * MS_NS
}

#[cfg(test)]
mod tests;
