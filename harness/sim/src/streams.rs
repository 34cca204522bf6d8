//! Where randomness comes from: a stream per purpose, each from the seed, the purpose and a number.
//!
//! A link, a disk, a client draws from its own. What one of them does more or less often does not change what the others
//! draw: without one of its faults, a run has the same latencies and commits for as long as it does the same things.

use afterall_engine::driver::Asker;
use afterall_engine::faults::Link;
use rand::SeedableRng;
use rand_pcg::Pcg64;
use rustc_hash::FxHashMap;

/// What random numbers are drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// What becomes of messages on a link.
    Link(Link),
    /// How long the commits of a node take.
    Disk(usize),
    /// How long a node's exchanges with the time authority take.
    Time(usize),
    /// How long a node takes to start again.
    Restart(usize),
    /// How long requests and answers of a client take.
    Client(Asker),
    /// What becomes of the probes that measure faults.
    Probes,
}

/// The streams that something was drawn from so far, and the seed of them all.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    seed: u64,
    drawn: FxHashMap<Purpose, Pcg64>,
}

impl Streams {
    pub(super) fn new(seed: u64) -> Self {
        Streams { seed, drawn: FxHashMap::default() }
    }

    /// The stream of a purpose.
    pub(super) fn of(&mut self, purpose: Purpose) -> &mut Pcg64 {
        let seed = self.seed;
        self.drawn.entry(purpose).or_insert_with(|| begun(seed, purpose))
    }
}

fn begun(seed: u64, purpose: Purpose) -> Pcg64 {
    let (name, a, b) = match purpose {
        Purpose::Link((from, to)) => (1, from, to),
        Purpose::Disk(node) => (2, node, 0),
        Purpose::Time(node) => (3, node, 0),
        Purpose::Restart(node) => (4, node, 0),
        Purpose::Client(Asker::Session(slot)) => (5, slot, 0),
        Purpose::Client(Asker::Reader(node)) => (6, node, 0),
        Purpose::Probes => (7, 0, 0),
    };
    let mixed = [name, a as u64, b as u64].into_iter().fold(seed, |mixed, n| mix(mixed ^ mix(n)));
    Pcg64::seed_from_u64(mixed)
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn what_is_drawn_for_one_purpose_changes_nothing_for_another() {
        let draw = |streams: &mut Streams, purpose| streams.of(purpose).random::<u64>();
        let (mut one, mut other) = (Streams::new(7), Streams::new(7));
        let first = draw(&mut one, Purpose::Link((0, 1)));
        for _ in 0..10 {
            draw(&mut other, Purpose::Link((1, 0)));
            draw(&mut other, Purpose::Disk(0));
        }
        assert_eq!(draw(&mut other, Purpose::Link((0, 1))), first);
        assert_ne!(draw(&mut Streams::new(8), Purpose::Link((0, 1))), first);
        assert_ne!(draw(&mut one, Purpose::Link((0, 1))), first);
    }

    #[test]
    fn every_purpose_has_its_own_stream() {
        let clients = |n| [Asker::Session(n), Asker::Reader(n)].map(Purpose::Client);
        let of = |n| [Purpose::Disk(n), Purpose::Time(n), Purpose::Restart(n)];
        let links = (0..40).flat_map(|from| (0..40).map(move |to| Purpose::Link((from, to))));
        let all = (0..40).flat_map(|n| of(n).into_iter().chain(clients(n)));
        let all: Vec<Purpose> = all.chain(links).chain([Purpose::Probes]).collect();
        let mut streams = Streams::new(1);
        let mut drawn: Vec<u64> = all.iter().map(|&purpose| streams.of(purpose).random()).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), all.len());
    }
}
