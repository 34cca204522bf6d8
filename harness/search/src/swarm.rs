//! What a run is like, drawn from its seed. Runs that differ in what they have at all find more than runs that all have
//! everything a little (Groce et al., Swarm testing, ISSTA 2012).

use afterall_engine::config::{
    GossipConfig, Latency, LogNormal, NetworkConfig, Share, Sigma, Span,
};
use afterall_engine::{RunConfig, SessionKind};
use afterall_history::{ActsOn, FaultKind};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// What stays as it is asked for; the rest is drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fixed {
    /// The number of nodes.
    pub nodes: bool,
    /// Where sessions go.
    pub sessions: bool,
    /// The kinds of faults: each run has all of them.
    pub faults: bool,
}

/// How long the load lasts: short, so that there are many runs, and long enough for three kinds of faults.
const TIME_MS: u64 = 10_000;
/// How long that of a burst lasts.
const BURST_MS: u64 = 1_000;
/// How many kinds of faults a run has at most.
const KINDS_MAX: usize = 3;
const MS: u64 = 1_000_000;

/// The run of a seed: a variation of a run. The same seed gives the same run.
#[must_use]
pub fn draw(base: &RunConfig, fixed: Fixed, seed: u64) -> RunConfig {
    let mut random = Pcg64::seed_from_u64(seed ^ 0x0000_7377_6172_6d21);
    let nodes = one_of(&mut random, &[2, 3, 3, 4, 5, 5]);
    let sessions = one_of(&mut random, SessionKind::ALL);
    let nodes = if fixed.nodes { base.nodes } else { nodes };
    let mut faults = faults(&mut random, &base.faults);
    if fixed.faults {
        faults = base.faults.clone();
    }
    if nodes == 1 {
        faults.retain(|kind| kind.acts_on() != ActsOn::Links);
    }
    let concurrency = random.random_range(2..=10);
    let slow = (random.random_range(10..=40), TIME_MS);
    let (rate, time_ms) = match faults.is_empty() && !fixed.faults {
        true => burst(seed).unwrap_or(slow),
        false => slow,
    };
    RunConfig {
        nodes,
        sessions: if fixed.sessions { base.sessions } else { sessions },
        concurrency,
        rate: Some(rate),
        time_ms,
        faults,
        gossip: gossip(&mut random),
        network: network(&mut random),
        seed,
        ..base.clone()
    }
}

/// Of the runs without faults one in four is a burst: its rate, in operations per second, and how long its load lasts, in milliseconds. A load is
/// evenly paced: two operations in one millisecond come in these runs alone.
fn burst(seed: u64) -> Option<(u32, u64)> {
    // Numbers of its own, so that other runs stay as they were.
    let mut random = Pcg64::seed_from_u64(seed ^ 0x0000_6275_7273_7421);
    random.random_ratio(1, 4).then(|| (random.random_range(1_000..=2_000), BURST_MS))
}

/// One of several, of which there is at least one.
fn one_of<T: Copy>(random: &mut impl Rng, of: &[T]) -> T {
    of[random.random_range(0..of.len())]
}

fn faults(random: &mut impl Rng, kinds: &[FaultKind]) -> Vec<FaultKind> {
    let most = KINDS_MAX.min(kinds.len());
    // One run in eight has none: what breaks there breaks by itself.
    let count = match random.random_range(0..8) {
        0 => 0,
        _ if most == 0 => 0,
        _ => random.random_range(1..=most),
    };
    let mut chosen = kinds.to_vec();
    chosen.shuffle(random);
    chosen.truncate(count);
    chosen.sort_unstable();
    chosen
}

fn gossip(random: &mut impl Rng) -> GossipConfig {
    if random.random_bool(0.5) {
        return GossipConfig::default();
    }
    let mut ms = |from: u64, to: u64| Some(Span(random.random_range(from..=to) * MS));
    let (rumors, anti_entropy) = (ms(10, 300), ms(50, 1_000));
    GossipConfig { fanout: Some(random.random_range(1..=3)), rumors, anti_entropy }
}

fn network(random: &mut impl Rng) -> NetworkConfig {
    let usual = NetworkConfig::default();
    if random.random_bool(0.25) {
        return usual;
    }
    let latency = match random.random_range(0..3) {
        0 => None,
        1 => {
            let from = random.random_range(1..=40);
            let to = from + random.random_range(0..=60);
            Some(Latency::Uniform(Span(from * MS), Span(to * MS)))
        }
        _ => {
            let median = Span(random.random_range(1..=30) * MS);
            let sigma = Sigma::try_from(0.5).ok();
            sigma.map(|sigma| Latency::LogNormal(LogNormal { median, sigma }))
        }
    };
    let mut share = |most: u32| {
        let drawn = Share::millionths(random.random_range(0..=most));
        random.random_bool(0.5).then_some(drawn)
    };
    let (loss, duplication, reordering) = (share(150_000), share(100_000), share(300_000));
    NetworkConfig { latency, loss, duplication, reordering, ..usual }
}
