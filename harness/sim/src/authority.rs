//! The time authority, and how its word reaches the nodes: an exchange of four timestamps over a link of its own.

use crate::host::Host;
use crate::machine_time::true_time_us;
use crate::network::LATENCY_NS;
use crate::replica::Replica;
use afterall_engine::faults::ClockFault;
use afterall_reference::core::time_offset_us;
use rand::RngExt;
use rand_pcg::Pcg64;
use std::collections::BTreeMap;
use std::time::Duration;

/// Between two exchanges, as in the node's own time client.
const INTERVAL_NS: u64 = 100_000_000;
const MS_NS: u64 = 1_000_000;

/// A step of an exchange. Timestamps in microseconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub(super) enum Exchange {
    /// The node asks.
    Ask,
    /// The authority is asked.
    Asked { t0: u64 },
    /// The node is answered.
    Answered { t0: u64, t1: u64 },
}

/// The authority, and the clock faults that are in force.
#[derive(Debug, Clone, Default)]
pub(super) struct Authority {
    /// Per node and fault: since when, and what.
    faults: BTreeMap<usize, BTreeMap<usize, (u64, ClockFault)>>,
}

impl Authority {
    pub(super) fn inject(&mut self, fault: usize, node: usize, how: ClockFault, now_ns: u64) {
        self.faults.entry(node).or_default().insert(fault, (now_ns, how));
    }

    pub(super) fn heal(&mut self, fault: usize) {
        for faults in self.faults.values_mut() {
            faults.remove(&fault);
        }
    }

    fn on(&self, node: usize) -> impl Iterator<Item = &(u64, ClockFault)> {
        self.faults.get(&node).into_iter().flat_map(BTreeMap::values)
    }

    /// The skew that the other faults on a node come to when each is at its greatest, microseconds.
    pub(super) fn skew_of_others_us(&self, node: usize, fault: usize) -> i64 {
        let on_node = self.faults.get(&node).into_iter().flatten();
        let others = on_node.filter(|&(&other, _)| other != fault);
        others.map(|(_, (_, how))| how.skew_ms() * 1_000).sum()
    }

    /// What the authority tells this node, microseconds since the epoch.
    fn tell_us(&self, node: usize, now_ns: u64) -> u64 {
        let told = self.on(node).filter_map(|&(since_ns, how)| {
            Some(how.lie()?.offset_us(Duration::from_nanos(now_ns - since_ns)))
        });
        let off_us: i64 = told.sum();
        true_time_us(now_ns).saturating_add_signed(off_us)
    }

    /// How much longer the way takes, to the authority and back.
    fn delays_ns(&self, node: usize) -> (u64, u64) {
        let mut delays_ns = (0, 0);
        for (_, how) in self.on(node) {
            if let ClockFault::Asymmetric { up_ms, down_ms } = how {
                delays_ns.0 += u64::from(*up_ms) * MS_NS;
                delays_ns.1 += u64::from(*down_ms) * MS_NS;
            }
        }
        delays_ns
    }

    /// Does a step of a node's exchange; returns the next one and its time.
    pub(super) fn step<R: Replica>(
        &self,
        (node, host): (usize, &mut Host<R>),
        step: Exchange,
        now_ns: u64,
        random: &mut Pcg64,
    ) -> (u64, Exchange) {
        let (up_ns, down_ns) = self.delays_ns(node);
        let way_ns = random.random_range(LATENCY_NS);
        match step {
            Exchange::Ask => {
                (now_ns + way_ns + up_ns, Exchange::Asked { t0: true_time_us(now_ns) })
            }
            Exchange::Asked { t0 } => {
                let t1 = self.tell_us(node, now_ns);
                (now_ns + way_ns + down_ns, Exchange::Answered { t0, t1 })
            }
            Exchange::Answered { t0, t1 } => {
                host.set_offset_us(time_offset_us([t0, t1, t1, true_time_us(now_ns)]));
                (now_ns + INTERVAL_NS, Exchange::Ask)
            }
        }
    }
}
