//! The links between nodes: directed, each in order like a TCP connection, with a seeded latency and a small loss.

use afterall_engine::faults::Link;
use rand::RngExt;
use rand_pcg::Pcg64;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// A message's way, without any fault.
pub(super) const LATENCY_NS: RangeInclusive<u64> = 100_000..=1_000_000;
/// The share of messages that get lost: what a bounded queue drops, or a connection that breaks.
const LOSS: f64 = 0.005;
/// How long something may wait for a limited link. What would wait longer is dropped, as by a bounded queue.
const BACKLOG_MAX_NS: u64 = 2_000_000_000;

/// All links. Faults are told apart by their number, so that healing one does not heal another on the same link.
#[derive(Debug, Default)]
pub(super) struct Network {
    cuts: BTreeMap<Link, BTreeSet<usize>>,
    /// Per link and fault: latency and jitter, nanoseconds.
    slow: BTreeMap<Link, BTreeMap<usize, (u64, u64)>>,
    /// Per link and fault: thousands of bytes per second.
    limits: BTreeMap<Link, BTreeMap<usize, u32>>,
    /// Until when a limited link is busy with what was sent before.
    busy_until_ns: BTreeMap<Link, u64>,
    /// When the last message on its way arrives: the next one does not overtake it.
    last_arrival_ns: BTreeMap<Link, u64>,
}

impl Network {
    /// Sends something; returns when it arrives, or nothing if it never will.
    /// The size in bytes is asked for only where the bandwidth of the link is limited.
    pub(super) fn send(
        &mut self,
        link: Link,
        now_ns: u64,
        random: &mut Pcg64,
        bytes: impl FnOnce() -> u64,
    ) -> Option<u64> {
        // Of several faults on a link the slowest counts, as on a proxied one.
        let faults = self.slow.get(&link).into_iter().flat_map(BTreeMap::values);
        let slowed_ns = faults.map(|&(latency_ns, jitter_ns)| {
            random.random_range(latency_ns.saturating_sub(jitter_ns)..=latency_ns + jitter_ns)
        });
        let delay_ns = slowed_ns.max().unwrap_or(0) + random.random_range(LATENCY_NS);
        let lost = random.random_bool(LOSS);
        if lost || self.is_cut(link) {
            return None;
        }
        let leaves_ns = self.leaves_ns(link, now_ns, bytes)?;
        let last_ns = self.last_arrival_ns.entry(link).or_insert(0);
        *last_ns = (*last_ns).max(leaves_ns + delay_ns);
        Some(*last_ns)
    }

    /// When something has left the sender: at once, but for a limited link, which carries one thing after the other. Nothing
    /// if too much waits already.
    fn leaves_ns(&mut self, link: Link, now_ns: u64, bytes: impl FnOnce() -> u64) -> Option<u64> {
        let limits = self.limits.get(&link).into_iter().flat_map(BTreeMap::values);
        let Some(&kb_per_s) = limits.min() else {
            return Some(now_ns);
        };
        let busy_ns = self.busy_until_ns.entry(link).or_insert(0);
        if busy_ns.saturating_sub(now_ns) > BACKLOG_MAX_NS {
            return None;
        }
        let takes_ns = bytes().saturating_mul(1_000_000) / u64::from(kb_per_s.max(1));
        *busy_ns = (*busy_ns).max(now_ns).saturating_add(takes_ns);
        Some(*busy_ns)
    }

    /// Whether nothing gets through; it also stops what is on its way.
    pub(super) fn is_cut(&self, link: Link) -> bool {
        self.cuts.contains_key(&link)
    }

    /// Whether a fault other than this one cuts the link.
    pub(super) fn is_cut_by_another(&self, link: Link, fault: usize) -> bool {
        self.cuts.get(&link).is_some_and(|faults| faults.iter().any(|&other| other != fault))
    }

    /// Whether a fault other than this one slows the link.
    pub(super) fn is_slowed_by_another(&self, link: Link, fault: usize) -> bool {
        self.slow.get(&link).is_some_and(|faults| faults.keys().any(|&other| other != fault))
    }

    /// Whether a fault other than this one limits the link.
    pub(super) fn is_limited_by_another(&self, link: Link, fault: usize) -> bool {
        self.limits.get(&link).is_some_and(|faults| faults.keys().any(|&other| other != fault))
    }

    pub(super) fn limit(&mut self, fault: usize, links: &[Link], kb_per_s: u32) {
        for &link in links {
            self.limits.entry(link).or_default().insert(fault, kb_per_s);
        }
    }

    pub(super) fn cut(&mut self, fault: usize, links: &[Link]) {
        for &link in links {
            self.cuts.entry(link).or_default().insert(fault);
        }
    }

    pub(super) fn slow(&mut self, fault: usize, links: &[Link], latency_ns: u64, jitter_ns: u64) {
        for &link in links {
            self.slow.entry(link).or_default().insert(fault, (latency_ns, jitter_ns));
        }
    }

    /// Takes back everything that a fault did.
    pub(super) fn heal(&mut self, fault: usize) {
        self.cuts.retain(|_, faults| {
            faults.remove(&fault);
            !faults.is_empty()
        });
        self.slow.retain(|_, faults| {
            faults.remove(&fault);
            !faults.is_empty()
        });
        self.limits.retain(|_, faults| {
            faults.remove(&fault);
            !faults.is_empty()
        });
        // What still waited is sent at once.
        let limits = &self.limits;
        self.busy_until_ns.retain(|link, _| limits.contains_key(link));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn arrivals(network: &mut Network, link: Link, now_ns: u64) -> Vec<u64> {
        let mut random = Pcg64::seed_from_u64(1);
        (0..100).filter_map(|_| network.send(link, now_ns, &mut random, || 100)).collect()
    }

    #[test]
    fn a_cut_is_directed_and_lasts_until_the_last_of_its_faults_is_healed() {
        let mut network = Network::default();
        network.cut(1, &[(0, 1)]);
        network.cut(2, &[(0, 1)]);
        network.heal(1);
        assert!(arrivals(&mut network, (0, 1), 0).is_empty());
        assert!(arrivals(&mut network, (1, 0), 0).len() > 90);
        assert!(network.is_cut_by_another((0, 1), 1) && !network.is_cut_by_another((0, 1), 2));
        network.heal(2);
        assert!(arrivals(&mut network, (0, 1), 0).len() > 90);
    }

    #[test]
    fn a_slow_link_adds_its_latency_and_keeps_the_order() {
        let mut network = Network::default();
        network.slow(1, &[(0, 1)], 50_000_000, 10_000_000);
        let slow = arrivals(&mut network, (0, 1), 0);
        assert!(slow.iter().all(|&at| (40_000_000..=61_000_000).contains(&at)));
        assert!(slow.is_sorted());
        network.heal(1);
        // What is sent now waits behind what was sent before.
        let after = arrivals(&mut network, (0, 1), 10_000_000);
        assert!(after.iter().all(|at| at >= slow.last().unwrap()));
        network.slow(1, &[(0, 1)], 50_000_000, 0);
        network.slow(2, &[(0, 1)], 200_000_000, 0);
        let slowest = arrivals(&mut network, (0, 1), 60_000_000);
        assert!(slowest.iter().all(|&at| (260_000_000..=261_000_000).contains(&at)));
        network.heal(2);
        network.heal(1);
        let later = arrivals(&mut network, (0, 1), 290_000_000);
        assert!(later.iter().all(|&at| at <= 291_000_000));
    }

    #[test]
    fn a_limited_link_carries_one_thing_after_the_other_and_drops_what_would_wait_too_long() {
        let mut network = Network::default();
        network.limit(1, &[(0, 1)], 10);
        network.limit(2, &[(0, 1)], 20);
        // A hundred messages of 100 bytes, 10 ms each at 10 kB/s.
        let limited = arrivals(&mut network, (0, 1), 0);
        assert!(limited[0] >= 10_000_000 && limited[20] >= 200_000_000);
        network.heal(1);
        let mut random = Pcg64::seed_from_u64(2);
        let large = network.send((0, 1), 10_000_000_000, &mut random, || 50_000).unwrap();
        assert!(large >= 12_500_000_000, "{large}");
        let after = network.send((0, 1), 10_000_000_000, &mut random, || 1);
        assert_eq!(after, None, "2.5 s of other messages wait");
        network.heal(2);
        assert!(network.send((1, 0), 0, &mut random, || 50_000).unwrap() <= 1_000_000);
    }
}
