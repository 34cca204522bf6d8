//! The links between nodes: directed, each in order like a TCP connection, with a seeded latency and a small loss unless
//! the run asks for something else.

use afterall_engine::config::{Character, Latency, LogNormal, NetworkConfig, Span};
use afterall_engine::faults::Link;
use rand::RngExt;
use rand_pcg::Pcg64;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The way of what is no message between nodes: of requests, answers and exchanges of time.
pub(super) const LATENCY_NS: RangeInclusive<u64> = 100_000..=1_000_000;
/// A message takes no longer, however long the tail of its distribution.
const LATENCY_MAX_NS: u64 = 3_600_000_000_000;
/// How long something may wait for a limited link. What would wait longer is dropped, as by a bounded queue.
const BACKLOG_MAX_NS: u64 = 2_000_000_000;

/// All links. Faults are told apart by their number, so that healing one does not heal another on the same link.
#[derive(Debug, Clone, Default)]
pub(super) struct Network {
    usual: Character,
    different: BTreeMap<Link, Character>,
    pub(super) sent: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
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

/// What becomes of something on its way.
struct Way {
    /// When it has left the sender.
    leaves_ns: u64,
    /// What faults add.
    slowed_ns: u64,
    /// What the link takes in any case.
    usual_ns: u64,
}

impl Network {
    pub(super) fn new(config: &NetworkConfig) -> Network {
        let different = config.different().into_iter().collect();
        Network { usual: config.usual(), different, ..Network::default() }
    }

    fn character(&self, link: Link) -> Character {
        self.different.get(&link).copied().unwrap_or(self.usual)
    }

    /// Sends something; returns when it arrives, or nothing if it never will.
    /// The size in bytes is asked for only where the bandwidth of the link is limited.
    pub(super) fn send(
        &mut self,
        link: Link,
        now_ns: u64,
        random: &mut Pcg64,
        bytes: impl FnOnce() -> u64,
    ) -> Option<u64> {
        let way = self.way(link, now_ns, random, bytes)?;
        let arrives_ns = way.leaves_ns + way.slowed_ns + way.usual_ns;
        if happens(self.character(link).reordering.of_one(), random) {
            return Some(arrives_ns);
        }
        let last_ns = self.last_arrival_ns.entry(link).or_insert(0);
        *last_ns = (*last_ns).max(arrives_ns);
        Some(*last_ns)
    }

    /// Sends a probe, which nothing waits behind; returns how long it takes, or nothing if it gets lost. On a link that takes its
    /// time without any fault, what it takes by itself is left out: what is measured is what faults add.
    pub(super) fn probe(
        &mut self,
        link: Link,
        now_ns: u64,
        random: &mut Pcg64,
        bytes: u64,
    ) -> Option<u64> {
        let way = self.way(link, now_ns, random, || bytes)?;
        if self.character(link) == Character::default() {
            let last_ns = self.last_arrival_ns.get(&link).copied().unwrap_or(0);
            return Some((way.leaves_ns + way.slowed_ns + way.usual_ns).max(last_ns) - now_ns);
        }
        Some(way.leaves_ns + way.slowed_ns - now_ns)
    }

    /// The way of something that does not get lost.
    fn way(
        &mut self,
        link: Link,
        now_ns: u64,
        random: &mut Pcg64,
        bytes: impl FnOnce() -> u64,
    ) -> Option<Way> {
        let character = self.character(link);
        // Of several faults on a link the slowest counts, as on a proxied one.
        let faults = self.slow.get(&link).into_iter().flat_map(BTreeMap::values);
        let slowed_ns = faults.map(|&(latency_ns, jitter_ns)| {
            random.random_range(latency_ns.saturating_sub(jitter_ns)..=latency_ns + jitter_ns)
        });
        let slowed_ns = slowed_ns.max().unwrap_or(0);
        let usual_ns = way_ns(&character, random);
        let lost = random.random_bool(character.loss.of_one());
        self.sent += 1;
        let leaves_ns = match lost || self.is_cut(link) {
            true => None,
            false => self.leaves_ns(link, now_ns, bytes),
        };
        self.lost += u64::from(leaves_ns.is_none());
        Some(Way { leaves_ns: leaves_ns?, slowed_ns, usual_ns })
    }

    /// When something arrives a second time that arrives at `at_ns`, if it does.
    pub(super) fn again(&mut self, link: Link, at_ns: u64, random: &mut Pcg64) -> Option<u64> {
        let character = self.character(link);
        let again = happens(character.duplication.of_one(), random);
        self.doubled += u64::from(again);
        again.then(|| at_ns + way_ns(&character, random))
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

/// How long a message takes that no fault slows.
fn way_ns(character: &Character, random: &mut Pcg64) -> u64 {
    let way_ns = match character.latency {
        Latency::Constant(Span(ns)) => ns,
        Latency::Uniform(Span(low_ns), Span(high_ns)) => random.random_range(low_ns..=high_ns),
        Latency::LogNormal(LogNormal { median, sigma }) => {
            (median.0 as f64 * (sigma.value() * normal(random)).exp()) as u64
        }
    };
    let jitter_ns = character.jitter.0;
    let more_ns = if jitter_ns == 0 { 0 } else { random.random_range(0..=2 * jitter_ns) };
    (way_ns + more_ns).saturating_sub(jitter_ns).min(LATENCY_MAX_NS)
}

/// A number of the normal distribution, by Box and Muller.
fn normal(random: &mut Pcg64) -> f64 {
    let (radius, angle) = (random.random_range(0.0..1.0_f64), random.random_range(0.0..1.0_f64));
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// Nothing is drawn for what never happens: a run that does not ask for it is what it was.
fn happens(share: f64, random: &mut Pcg64) -> bool {
    share > 0.0 && random.random_bool(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterall_engine::config::{NetworkLinks, Share, Sigma};
    use afterall_engine::faults::Links;
    use rand::SeedableRng;

    /// A network in which one link is different.
    fn with(change: impl FnOnce(&mut NetworkLinks)) -> Network {
        let mut links = NetworkLinks { links: Links(vec![(0, 1)]), ..NetworkLinks::default() };
        change(&mut links);
        Network::new(&NetworkConfig { link: vec![links], ..NetworkConfig::default() })
    }

    const MS: u64 = 1_000_000;

    #[test]
    fn a_latency_is_what_its_distribution_says_on_its_own_link() {
        let mut constant = with(|link| link.latency = Some(Latency::Constant(Span(80 * MS))));
        assert!(arrivals(&mut constant, (0, 1), 0).iter().all(|&at| at == 80 * MS));
        assert!(arrivals(&mut constant, (1, 0), 0).iter().all(|&at| at <= MS));
        let mut random = Pcg64::seed_from_u64(1);
        constant.slow(1, &[(0, 1)], 5 * MS, 0);
        assert_eq!(constant.probe((0, 1), 0, &mut random, 100), Some(5 * MS));
        let mut jitter = with(|link| {
            link.latency = Some(Latency::Constant(Span(80 * MS)));
            link.jitter = Some(Span(20 * MS));
            link.reordering = Some(Share::millionths(1_000_000));
        });
        let at = arrivals(&mut jitter, (0, 1), 0);
        assert!(at.iter().all(|at| (60 * MS..=100 * MS).contains(at)));
        assert!(at.iter().any(|&at| at < 70 * MS) && at.iter().any(|&at| at > 90 * MS));
        let sigma = Sigma::try_from(0.5).unwrap();
        let log_normal = LogNormal { median: Span(40 * MS), sigma };
        let mut tail = with(|link| {
            link.latency = Some(Latency::LogNormal(log_normal));
            link.reordering = Some(Share::millionths(1_000_000));
        });
        let mut random = Pcg64::seed_from_u64(1);
        let send = |_| tail.send((0, 1), 0, &mut random, || 100);
        let mut at: Vec<u64> = (0..10_000).filter_map(send).collect();
        at.sort_unstable();
        let quantile = |share: f64| at[(at.len() as f64 * share) as usize] / MS;
        assert!((38..=42).contains(&quantile(0.5)), "{}", quantile(0.5));
        // exp(0.5 × 1.96) = 2.66
        assert!((100..=113).contains(&quantile(0.975)), "{}", quantile(0.975));
    }

    #[test]
    fn messages_get_lost_and_doubled_and_overtake_as_often_as_asked() {
        let mut network = with(|link| {
            link.loss = Some(Share::millionths(300_000));
            link.duplication = Some(Share::millionths(100_000));
            link.reordering = Some(Share::millionths(500_000));
        });
        let mut random = Pcg64::seed_from_u64(3);
        let mut at = Vec::new();
        for _ in 0..10_000 {
            if let Some(at_ns) = network.send((0, 1), 0, &mut random, || 100) {
                network.again((0, 1), at_ns, &mut random);
                at.push(at_ns);
            }
        }
        assert!((6_800..=7_200).contains(&at.len()), "{}", at.len());
        assert_eq!((network.sent, network.lost), (10_000, 10_000 - at.len() as u64));
        assert!((600..=800).contains(&network.doubled), "{}", network.doubled);
        assert!(!at.is_sorted());
        let mut usual = Network::default();
        assert!(arrivals(&mut usual, (0, 1), 0).is_sorted());
        assert_eq!(usual.again((0, 1), 0, &mut random), None);
    }

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
