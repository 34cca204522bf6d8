//! Runs that were in states that few others were in, and what is made of them: a search that is guided draws one run in
//! four anew, and makes the others of these, with one thing in them drawn again.
//!
//! What is drawn again is one gene of the run: its faults, its load, its cluster, one side of its network. Raw bytes or single
//! events are not changed: a run that is spelled out loses what made it rare as soon as one operation in it takes longer.

use crate::coverage::State;
use crate::swarm::{Fixed, draw};
use afterall_engine::RunConfig;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::collections::{BTreeMap, BTreeSet};

/// So many runs of a guided search are made before it learns from them: as many at a time, whatever the number of threads.
pub(crate) const GENERATION: u64 = 16;
/// The most runs that are kept.
const KEPT_MAX: usize = 1_000;

/// Runs, and the states that they were in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Corpus {
    kept: Vec<RunConfig>,
    /// How many runs were in a state, and the last few that are kept for it.
    states: BTreeMap<State, Seen>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    times: u64,
    kept: Vec<usize>,
}

/// The most runs that are kept for one state.
const KEPT_FOR_STATE_MAX: usize = 4;

impl Corpus {
    /// How many states were seen.
    pub(crate) fn states(&self) -> usize {
        self.states.len()
    }

    /// The run of a seed.
    pub(crate) fn next(&self, base: &RunConfig, fixed: Fixed, seed: u64) -> RunConfig {
        let fresh = draw(base, fixed, seed);
        let mut random = Pcg64::seed_from_u64(seed ^ 0x0000_6775_6964_6564);
        if random.random_ratio(1, 4) {
            return fresh;
        }
        match self.rare(&mut random) {
            Some(parent) => changed(parent, fresh, &mut random),
            None => fresh,
        }
    }

    /// A run that was in a state which few others were in, or that took a rare path oftener than others.
    fn rare(&self, random: &mut impl Rng) -> Option<&RunConfig> {
        let states = self.states.iter().filter(|(_, seen)| !seen.kept.is_empty());
        let mut states: Vec<(&State, &Seen)> = states.collect();
        if random.random_bool(0.5) {
            // Of each path the most times that it was taken.
            let mut most: BTreeMap<&str, &Seen> = BTreeMap::new();
            for (state, seen) in &states {
                if let State::Mark(name, _) = state {
                    most.insert(name, seen);
                }
            }
            let most: Vec<&Seen> = most.into_values().collect();
            if let Some(seen) = most.choose(random) {
                return self.kept.get(*seen.kept.choose(random)?);
            }
        }
        states.sort_by_key(|(_, seen)| seen.times);
        states.truncate(states.len().div_ceil(4));
        let place = states.choose(random)?.1.kept.choose(random)?;
        self.kept.get(*place)
    }

    /// Learns in which states a run was.
    pub(crate) fn learn(&mut self, config: &RunConfig, states: BTreeSet<State>) {
        let mut place = None;
        for state in states {
            let seen = self.states.entry(state).or_default();
            seen.times += 1;
            if seen.kept.len() < KEPT_FOR_STATE_MAX && self.kept.len() < KEPT_MAX {
                seen.kept.push(*place.get_or_insert(self.kept.len()));
            }
        }
        if place.is_some() {
            self.kept.push(config.clone());
        }
    }
}

/// A run with one thing of another's, and that one's seed.
fn changed(parent: &RunConfig, fresh: RunConfig, random: &mut impl Rng) -> RunConfig {
    let mut config = RunConfig { seed: fresh.seed, ..parent.clone() };
    match random.random_range(0..8) {
        // The same once more, with other random numbers.
        0 | 1 => {}
        // A load, and the faults that fit into its time.
        2 => {
            (config.rate, config.time_ms, config.faults) = (fresh.rate, fresh.time_ms, fresh.faults)
        }
        3 if parent.time_ms == fresh.time_ms => config.faults = fresh.faults,
        3 | 4 => (config.concurrency, config.sessions) = (fresh.concurrency, fresh.sessions),
        5 => config.nodes = fresh.nodes,
        6 => config.gossip = fresh.gossip,
        _ => match random.random_range(0..4) {
            0 => config.network.latency = fresh.network.latency,
            1 => config.network.loss = fresh.network.loss,
            2 => config.network.duplication = fresh.network.duplication,
            _ => config.network.reordering = fresh.network.reordering,
        },
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterall_engine::WorldKind;

    fn base() -> RunConfig {
        RunConfig::builder().world(WorldKind::Sim).build()
    }

    #[test]
    fn without_any_knowledge_a_run_is_drawn_and_with_it_most_are_made_of_rare_ones() {
        let (base, fixed) = (base(), Fixed::default());
        let mut corpus = Corpus::default();
        assert!((0..50).all(|seed| corpus.next(&base, fixed, seed) == draw(&base, fixed, seed)));
        let rare = RunConfig { concurrency: 77, ..draw(&base, fixed, 1) };
        corpus.learn(&rare, [State::Mark("rare", 1)].into());
        for seed in 0..8 {
            let common = [State::Mark("common", 1)];
            corpus.learn(&draw(&base, fixed, seed), common.into());
        }
        let next: Vec<RunConfig> = (100..300).map(|s| corpus.next(&base, fixed, s)).collect();
        let of_rare = next.iter().filter(|config| config.concurrency == 77).count();
        assert!((70..160).contains(&of_rare), "{of_rare}");
        // What is made of a run has a seed of its own, and differs in little.
        assert!((100..).zip(&next).all(|(seed, config)| config.seed == seed));
        assert_eq!(corpus.states(), 2);
    }
}
