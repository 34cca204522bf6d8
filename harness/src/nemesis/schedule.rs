//! When which fault comes and goes.
//!
//! The kinds asked for take turns, in an order shuffled anew each round, so that each has come at least once
//! before any comes twice. A fault may outlast its turn and overlap the next one, but no two overlap that touch
//! the same node's life or clock.

use super::fault::{ClockFault, Fault, Shape};
use afterall_history::FaultKind;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

/// How fast faults can follow each other, and what the target takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The least time that one fault needs to be injected and to show, nanoseconds.
    pub turn_min_ns: u64,
    /// The longest turn, nanoseconds. Longer windows have more turns.
    pub turn_max_ns: u64,
    /// How long a node's life or clock may take to be right again after a fault was healed, nanoseconds: a process has to start, a
    /// clock to be told the time. No fault of these kinds comes to the node meanwhile.
    pub recovery_ns: u64,
    /// Clocks are only ever put forward.
    pub clocks_forward: bool,
}

impl Pace {
    /// For processes on this machine, and the simulator.
    pub const PROCESSES: Pace = Pace {
        turn_min_ns: 1_200_000_000,
        turn_max_ns: 4_000_000_000,
        recovery_ns: 400_000_000,
        clocks_forward: false,
    };

    /// For containers: they take longer to start, and the stores in them to notice.
    pub const CONTAINERS: Pace = Pace {
        turn_min_ns: 3_000_000_000,
        turn_max_ns: 10_000_000_000,
        recovery_ns: 3_000_000_000,
        clocks_forward: false,
    };
}

/// A fault and its time, in nanoseconds since the phase of faults began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// When it is injected.
    pub at_ns: u64,
    /// When it is healed.
    pub until_ns: u64,
    /// What it is.
    pub fault: Fault,
}

/// A window in which not every kind gets its turn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{kinds} kinds of faults need {needed_ms} ms under fault to come once each, and there are {given_ms}: \
     ask for fewer (--faults) or run longer (--time)"
)]
pub struct TooShort {
    kinds: usize,
    needed_ms: u64,
    given_ms: u64,
}

/// Makes the schedule for a window, in which every kind comes at least once.
///
/// # Errors
/// When the window has no room for that.
pub fn schedule(
    kinds: &[FaultKind],
    nodes: usize,
    window_ns: u64,
    pace: Pace,
    seed: u64,
) -> Result<Vec<Planned>, TooShort> {
    if kinds.is_empty() || nodes == 0 {
        return Ok(Vec::new());
    }
    let count = kinds.len() as u64;
    let turn_min_ns = pace.turn_min_ns;
    if window_ns < count * turn_min_ns {
        return Err(TooShort {
            kinds: kinds.len(),
            needed_ms: (count * turn_min_ns).div_ceil(1_000_000),
            given_ms: window_ns / 1_000_000,
        });
    }
    let rounds = window_ns.div_ceil(count * pace.turn_max_ns);
    // As many whole rounds as fit without a turn getting too short.
    let rounds = rounds.min(window_ns / (count * turn_min_ns)).max(1);
    let turn_ns = window_ns / (rounds * count);
    let mut random = Pcg64::seed_from_u64(seed ^ 0x006e_656d_6573_6973);
    let mut planned: Vec<Planned> = Vec::new();
    let mut order = kinds.to_vec();
    for round in 0..rounds {
        order.shuffle(&mut random);
        for (place, &kind) in order.iter().enumerate() {
            let turn_at = (round * count + place as u64) * turn_ns;
            let at_ns = turn_at + random.random_range(0..=turn_ns / 8);
            // One kind, or one node: nothing to overlap with.
            let overlaps = kinds.len() > 1 && nodes > 1;
            let longest = if overlaps { turn_ns * 5 / 4 } else { turn_ns * 3 / 4 };
            let lasts = random.random_range(turn_ns * 5 / 8..=longest);
            let until_ns = (at_ns + lasts).min(window_ns);
            let busy: Vec<usize> = planned
                .iter()
                .filter(|other| {
                    other.until_ns + pace.recovery_ns >= at_ns && holds_a_node(other.fault.kind())
                })
                .flat_map(|other| other.fault.nodes())
                .collect();
            let fault = draw(kind, nodes, &busy, pace.clocks_forward, &mut random);
            planned.push(Planned { at_ns, until_ns, fault });
        }
    }
    Ok(planned)
}

/// Whether a fault of this kind wants its node to itself.
fn holds_a_node(kind: FaultKind) -> bool {
    match kind {
        FaultKind::Kill
        | FaultKind::Pause
        | FaultKind::Clock
        | FaultKind::Stop
        | FaultKind::Truncate
        | FaultKind::Corrupt => true,
        FaultKind::Partition | FaultKind::Latency | FaultKind::BlackHole | FaultKind::UdpDrop => {
            false
        }
    }
}

fn draw(
    kind: FaultKind,
    nodes: usize,
    busy: &[usize],
    clocks_forward: bool,
    random: &mut Pcg64,
) -> Fault {
    let free: Vec<usize> = (0..nodes).filter(|node| !busy.contains(node)).collect();
    // At most one fault outlasts its turn into another's, so that of two nodes one is free.
    let node = match free.as_slice() {
        [] => random.random_range(0..nodes),
        free => free[random.random_range(0..free.len())],
    };
    match kind {
        FaultKind::Partition => partition(nodes, random),
        FaultKind::Latency => {
            let links = some_links(nodes, random);
            let latency_ms = random.random_range(50..=400);
            Fault::Latency { links, latency_ms, jitter_ms: random.random_range(0..=latency_ms / 4) }
        }
        FaultKind::Kill => Fault::Kill { node },
        FaultKind::Pause => Fault::Pause { node },
        FaultKind::Clock => Fault::Clock { node, fault: clock(clocks_forward, random) },
        FaultKind::Stop => Fault::Stop { node },
        FaultKind::BlackHole => Fault::BlackHole { links: some_links(nodes, random) },
        FaultKind::UdpDrop => Fault::UdpDrop { links: some_links(nodes, random) },
        FaultKind::Truncate => Fault::Truncate { node, bytes: random.random_range(1..=64) },
        FaultKind::Corrupt => Fault::Corrupt { node, bytes: random.random_range(1..=64) },
    }
}

fn some_links(nodes: usize, random: &mut Pcg64) -> Vec<(usize, usize)> {
    let mut links: Vec<_> = all_links(nodes).collect();
    links.shuffle(random);
    links.truncate(random.random_range(1..=links.len().max(1)));
    links.sort_unstable();
    links
}

fn clock(forward: bool, random: &mut Pcg64) -> ClockFault {
    let sign = if random.random_range(0..2) == 0 || forward { 1 } else { -1 };
    match random.random_range(0..3) {
        0 => {
            let slow = random.random_range(200..=500);
            let fast = random.random_range(0..=50);
            let (up_ms, down_ms) = if sign > 0 { (slow, fast) } else { (fast, slow) };
            ClockFault::Asymmetric { up_ms, down_ms }
        }
        1 => ClockFault::Bump { by_ms: sign * random.random_range(500..=5_000) },
        _ => ClockFault::Strobe {
            by_ms: sign * random.random_range(200..=2_000),
            period_ms: random.random_range(150..=400),
        },
    }
}

fn all_links(nodes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..nodes)
        .flat_map(move |from| (0..nodes).filter(move |&to| to != from).map(move |to| (from, to)))
}

fn partition(nodes: usize, random: &mut Pcg64) -> Fault {
    let mut order: Vec<usize> = (0..nodes).collect();
    order.shuffle(random);
    let mut shapes = vec![Shape::Isolate, Shape::Halves, Shape::OneWay];
    if nodes >= 4 {
        shapes.extend([Shape::MajoritiesRing, Shape::Bridge]);
    }
    let shape = shapes[random.random_range(0..shapes.len())];
    // Places in the shuffled order, so that every rule below can speak of first, middle and distance.
    let half = nodes / 2;
    let severed = |a: usize, b: usize| match shape {
        Shape::Isolate => a == 0 || b == 0,
        Shape::Halves => (a < half) != (b < half),
        Shape::OneWay => a == 0,
        Shape::Bridge => a != half && b != half && (a < half) != (b < half),
        Shape::MajoritiesRing => {
            let distance = a.abs_diff(b).min(nodes - a.abs_diff(b));
            distance > (nodes / 2).div_ceil(2)
        }
    };
    let mut cut: Vec<_> = all_links(nodes)
        .filter(|&(a, b)| severed(a, b))
        .map(|(a, b)| (order[a], order[b]))
        .collect();
    cut.sort_unstable();
    Fault::Partition { shape, cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const SECOND: u64 = 1_000_000_000;
    const PACE: Pace = Pace { turn_min_ns: SECOND, ..Pace::PROCESSES };

    #[test]
    fn every_kind_comes_and_goes_within_the_window() {
        for seed in 0..200 {
            let window = (10 + seed % 60) * SECOND;
            let planned = schedule(FaultKind::ALL, 5, window, PACE, seed).unwrap();
            let kinds: BTreeSet<FaultKind> = planned.iter().map(|p| p.fault.kind()).collect();
            assert_eq!(kinds.len(), FaultKind::ALL.len());
            for fault in &planned {
                assert!(fault.at_ns < fault.until_ns && fault.until_ns <= window);
                assert!(fault.until_ns - fault.at_ns >= SECOND / 2);
            }
        }
    }

    #[test]
    fn no_two_faults_fight_over_a_node() {
        for seed in 0..200 {
            let nodes = [1, 2, 5][seed as usize % 3];
            let planned = schedule(FaultKind::ALL, nodes, 60 * SECOND, PACE, seed).unwrap();
            for (place, one) in planned.iter().enumerate() {
                for other in &planned[place + 1..] {
                    // On a single node they follow each other as closely as they must.
                    let recovery = if nodes > 1 { PACE.recovery_ns } else { 0 };
                    let apart = one.until_ns + recovery < other.at_ns;
                    let both = holds_a_node(one.fault.kind()) && holds_a_node(other.fault.kind());
                    assert!(apart || !both || one.fault.nodes() != other.fault.nodes());
                }
            }
        }
    }

    #[test]
    fn clocks_that_cannot_go_back_are_put_forward() {
        let pace = Pace { clocks_forward: true, ..PACE };
        for seed in 0..50 {
            for planned in schedule(&[FaultKind::Clock], 3, 30 * SECOND, pace, seed).unwrap() {
                let Fault::Clock { fault, .. } = planned.fault else { panic!() };
                assert!(fault.skew_ms() > 0, "{fault:?}");
            }
        }
    }

    #[test]
    fn the_same_seed_plans_the_same() {
        let plan = |seed| schedule(FaultKind::ALL, 5, 30 * SECOND, PACE, seed).unwrap();
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
    }

    #[test]
    fn a_window_without_room_is_an_error() {
        assert!(schedule(FaultKind::ALL, 5, 3 * SECOND, PACE, 1).is_err());
    }

    #[test]
    fn partitions_cut_what_their_shape_says() {
        let mut seen = BTreeSet::new();
        for seed in 0..100 {
            let mut random = Pcg64::seed_from_u64(seed);
            let Fault::Partition { shape, cut } = partition(5, &mut random) else { panic!() };
            let both_ways = cut.iter().all(|&(a, b)| cut.contains(&(b, a)));
            assert_eq!(both_ways, shape != Shape::OneWay);
            let cut = &cut;
            let peers =
                |node: usize| (0..5).filter(move |&to| to == node || !cut.contains(&(node, to)));
            match shape {
                Shape::Isolate => assert_eq!(cut.len(), 8),
                Shape::Halves => assert_eq!(cut.len(), 12),
                Shape::OneWay => assert_eq!(cut.len(), 4),
                Shape::Bridge => assert_eq!(cut.len(), 8),
                Shape::MajoritiesRing => {
                    let views: BTreeSet<Vec<usize>> =
                        (0..5).map(|node| peers(node).collect()).collect();
                    assert!(views.iter().all(|view| view.len() >= 3));
                    assert_eq!(views.len(), 5);
                }
            }
            seen.insert(format!("{shape:?}"));
        }
        assert_eq!(seen.len(), 5);
    }
}
