//! When which fault comes and goes.
//!
//! The kinds asked for take turns, in an order shuffled anew each round, so that each has come at least once
//! before any comes twice. A fault may outlast its turn and overlap the next one, but no two overlap that touch
//! the same node's life or clock.

use super::draw::Draw;
use super::effect::{ClockFault, Effect, Fault};
use super::names::NodeName;
use super::planned::Planned;
use super::registry::Registry;
use crate::config::{Span, WorldKind};
use afterall_checkers::words::duration;
use afterall_history::FaultKind;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Serialize, Serializer};
use std::fmt;

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
    /// Clocks can run away steadily.
    pub clocks_drift: bool,
}

impl Pace {
    /// For processes on this machine, and the simulator.
    pub const PROCESSES: Pace = Pace {
        turn_min_ns: 1_200_000_000,
        turn_max_ns: 4_000_000_000,
        recovery_ns: 400_000_000,
        clocks_forward: false,
        clocks_drift: true,
    };

    /// For containers: they take longer to start, and the stores in them to notice.
    pub const CONTAINERS: Pace = Pace {
        turn_min_ns: 3_000_000_000,
        turn_max_ns: 10_000_000_000,
        recovery_ns: 3_000_000_000,
        clocks_forward: false,
        clocks_drift: true,
    };
}

/// A window in which not every kind gets its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooShort {
    kinds: usize,
    needed_ms: u64,
    given_ms: u64,
    /// Whether it is told how long the load lasts before or after the faults: they have what that leaves, and not their usual share.
    of_what_is_left: bool,
}

impl TooShort {
    /// It is told how long the load lasts before or after the faults.
    pub(crate) fn of_what_is_left(self, it_is: bool) -> TooShort {
        TooShort { of_what_is_left: it_is, ..self }
    }
}

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = match self.kinds {
            1 => "1 kind needs".to_owned(),
            kinds => format!("{kinds} kinds need"),
        };
        let needed = in_words(self.needed_ms);
        if self.of_what_is_left {
            let given = in_words(self.given_ms);
            return write!(
                f,
                "time: expected {needed} or more for faults, or fewer kinds of them, found {given} beside what `healthy` and `heal` take ({kinds} {needed} so that each comes once)"
            );
        }
        // The load lasts a tenth of the time before the faults, and a tenth of it after them.
        let of_all = |ms: u64| in_words((ms * 5).div_ceil(4));
        write!(
            f,
            "time: expected {} or more, or fewer kinds of faults, found {} (faults have four fifths of it, and {kinds} {needed} so that each comes once)",
            of_all(self.needed_ms),
            of_all(self.given_ms)
        )
    }
}

impl std::error::Error for TooShort {}

fn in_words(ms: u64) -> String {
    duration(i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}

/// Where the faults of a run come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Schedule {
    /// They are drawn from the seed.
    #[default]
    Drawn,
    /// They are given, in the order of their beginning.
    Given(Vec<Planned>),
}

impl Schedule {
    /// Whether it is drawn.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        *self == Schedule::Drawn
    }

    /// The faults that are given, if they are.
    #[must_use]
    pub fn given(&self) -> Option<&[Planned]> {
        match self {
            Schedule::Drawn => None,
            Schedule::Given(planned) => Some(planned),
        }
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.given().serialize(serializer)
    }
}

/// A given schedule that cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSchedule {
    /// A fault ends before it begins.
    #[error("fault {number}: expected an end after its beginning at {from}, found {until}")]
    Backwards {
        /// Its number, from 0.
        number: usize,
        /// When it begins.
        from: Span,
        /// When it ends.
        until: Span,
    },
    /// A fault begins before the phase of faults, or ends after it.
    #[error(
        "fault {number}: expected a span within {first} to {last}, after the healthy phase and before the heal phase; found {from} to {until}"
    )]
    Span {
        /// Its number, from 0.
        number: usize,
        /// When it begins.
        from: Span,
        /// When it ends.
        until: Span,
        /// When the phase of faults begins.
        first: Span,
        /// When it ends.
        last: Span,
    },
    /// A fault begins before the one that is listed before it.
    #[error("expected faults in the order of their beginning, found fault {0}, which begins before fault {previous}", previous = .0 - 1)]
    Order(usize),
    /// A fault is about a node that the cluster has not.
    #[error("fault {number}: expected a node from n1 to n{nodes}, found {node}")]
    Node {
        /// Its number, from 0.
        number: usize,
        /// The node.
        node: NodeName,
        /// How many nodes there are.
        nodes: usize,
    },
    /// A fault that the world cannot inject.
    #[error("fault {number}: expected a fault that the {world} world can inject, found {kind}")]
    World {
        /// Its number, from 0.
        number: usize,
        /// Its kind.
        kind: FaultKind,
        /// The world.
        world: WorldKind,
    },
    /// A clock that cannot run away steadily.
    #[error(
        "fault {0}: expected `skew` without `over`, since libfaketime skews the clocks of this target and cannot let them drift; found `over`"
    )]
    Drift(usize),
    /// Two faults hold one node at the same time.
    #[error(
        "expected one fault at a time that holds a node, found faults {0} and {1} on the same one"
    )]
    Overlap(usize, usize),
}

impl BadSchedule {
    /// The fault that is wrong, from 0, as verdicts number them.
    #[must_use]
    pub fn number(&self) -> usize {
        match self {
            BadSchedule::Backwards { number, .. }
            | BadSchedule::Span { number, .. }
            | BadSchedule::Order(number)
            | BadSchedule::Drift(number)
            | BadSchedule::Node { number, .. }
            | BadSchedule::World { number, .. }
            | BadSchedule::Overlap(_, number) => *number,
        }
    }
}

/// Checks a schedule that was given.
///
/// # Errors
/// The first thing that cannot be carried out.
pub(crate) fn check_given(
    planned: &[Planned],
    nodes: usize,
    (first_ns, last_ns): (u64, u64),
    (world, pace): (WorldKind, Pace),
) -> Result<(), BadSchedule> {
    // First: the phase of faults follows from all of them.
    let backwards = |one: &Planned| one.at_ns >= one.until_ns;
    if let Some(number) = planned.iter().position(backwards) {
        let (from, until) = (Span(planned[number].at_ns), Span(planned[number].until_ns));
        return Err(BadSchedule::Backwards { number, from, until });
    }
    for (number, one) in planned.iter().enumerate() {
        if number > 0 && planned[number - 1].at_ns > one.at_ns {
            return Err(BadSchedule::Order(number));
        }
        if one.at_ns < first_ns || one.until_ns > last_ns {
            let (from, until) = (Span(one.at_ns), Span(one.until_ns));
            let (first, last) = (Span(first_ns), Span(last_ns));
            return Err(BadSchedule::Span { number, from, until, first, last });
        }
        if !world.abilities().contains(&one.fault.effect.needs()) {
            return Err(BadSchedule::World { number, kind: one.fault.kind, world });
        }
        let drifts =
            |effect| matches!(effect, &Effect::Clock { how: ClockFault::Drift { .. }, .. });
        if drifts(&one.fault.effect) && !pace.clocks_drift {
            return Err(BadSchedule::Drift(number));
        }
        if let Some(&node) = one.fault.nodes().iter().find(|node| **node >= nodes) {
            return Err(BadSchedule::Node { number, node: NodeName(node), nodes });
        }
        if !holds_a_node(&one.fault) {
            continue;
        }
        let fights = |other: &Planned| {
            holds_a_node(&other.fault)
                && other.fault.nodes() == one.fault.nodes()
                && other.until_ns > one.at_ns
        };
        if let Some(other) = planned[..number].iter().position(fights) {
            return Err(BadSchedule::Overlap(other, number));
        }
    }
    Ok(())
}

/// Draws the schedule for a window, in which every kind comes at least once: times are since it began. Kinds without a row
/// are left out.
///
/// # Errors
/// When the window has no room for that.
pub fn schedule(
    registry: &Registry,
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
            of_what_is_left: false,
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
                    other.until_ns + pace.recovery_ns >= at_ns && holds_a_node(&other.fault)
                })
                .flat_map(|other| other.fault.nodes())
                .collect();
            let free: Vec<usize> = (0..nodes).filter(|node| !busy.contains(node)).collect();
            // At most one fault outlasts its turn into another's, so that of two nodes one is free.
            let node = match free.as_slice() {
                [] => random.random_range(0..nodes),
                free => free[random.random_range(0..free.len())],
            };
            let Some(row) = registry.row(kind) else { continue };
            let Pace { clocks_forward, clocks_drift, .. } = pace;
            let mut draw = Draw { nodes, node, clocks_forward, clocks_drift, random: &mut random };
            planned.push(Planned { at_ns, until_ns, fault: (row.draw)(&mut draw) });
        }
    }
    Ok(planned)
}

/// Whether a fault wants its node to itself.
fn holds_a_node(fault: &Fault) -> bool {
    !matches!(fault.effect, Effect::Links { .. })
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
            let window = (FaultKind::ALL.len() as u64 + seed % 60) * SECOND;
            let planned =
                schedule(&Registry::standard(), FaultKind::ALL, 5, window, PACE, seed).unwrap();
            let kinds: BTreeSet<FaultKind> = planned.iter().map(|p| p.fault.kind).collect();
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
            let planned =
                schedule(&Registry::standard(), FaultKind::ALL, nodes, 60 * SECOND, PACE, seed)
                    .unwrap();
            for (place, one) in planned.iter().enumerate() {
                for other in &planned[place + 1..] {
                    // On a single node they follow each other as closely as they must.
                    let recovery = if nodes > 1 { PACE.recovery_ns } else { 0 };
                    let apart = one.until_ns + recovery < other.at_ns;
                    let both = holds_a_node(&one.fault) && holds_a_node(&other.fault);
                    assert!(apart || !both || one.fault.nodes() != other.fault.nodes());
                }
            }
        }
    }

    #[test]
    fn clocks_that_cannot_go_back_are_put_forward() {
        let pace = Pace { clocks_forward: true, ..PACE };
        for seed in 0..50 {
            for planned in
                schedule(&Registry::standard(), &[FaultKind::Clock], 3, 30 * SECOND, pace, seed)
                    .unwrap()
            {
                let Effect::Clock { how, .. } = planned.fault.effect else { panic!() };
                assert!(how.skew_ms() > 0, "{how:?}");
            }
        }
    }

    #[test]
    fn clocks_that_cannot_drift_are_not_let_to() {
        let drifts = |pace| {
            let drawn = (0..50).flat_map(|seed| {
                let clock = [FaultKind::Clock];
                schedule(&Registry::standard(), &clock, 3, 30 * SECOND, pace, seed).unwrap()
            });
            let drifts = |planned: &Planned| {
                matches!(planned.fault.effect, Effect::Clock { how: ClockFault::Drift { .. }, .. })
            };
            drawn.filter(drifts).collect::<Vec<_>>()
        };
        let never = Pace { clocks_drift: false, ..PACE };
        assert_eq!(drifts(never), []);
        let drawn = drifts(PACE);
        assert!(drawn.len() > 50, "{}", drawn.len());
        let given = [drawn[0].clone()];
        let window = (0, 30 * SECOND);
        let world = WorldKind::Docker;
        assert_eq!(check_given(&given, 3, window, (world, PACE)), Ok(()));
        assert_eq!(check_given(&given, 3, window, (world, never)), Err(BadSchedule::Drift(0)));
    }

    #[test]
    fn the_same_seed_plans_the_same() {
        let plan = |seed| {
            schedule(&Registry::standard(), FaultKind::ALL, 5, 30 * SECOND, PACE, seed).unwrap()
        };
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
    }

    #[test]
    fn a_window_without_room_is_an_error() {
        assert!(schedule(&Registry::standard(), FaultKind::ALL, 5, 3 * SECOND, PACE, 1).is_err());
    }

    #[test]
    fn a_given_schedule_is_checked() {
        const W: (WorldKind, Pace) = (WorldKind::Docker, PACE);
        let registry = Registry::standard();
        let kinds = registry.kinds(W.0.abilities());
        let drawn = schedule(&registry, &kinds, 5, 60 * SECOND, PACE, 3).unwrap();
        let window = (0, 60 * SECOND);
        assert_eq!(check_given(&drawn, 5, window, W), Ok(()));
        assert!(matches!(check_given(&drawn, 2, window, W), Err(BadSchedule::Node { .. })));
        let short = (0, 9 * SECOND);
        assert!(matches!(check_given(&drawn, 5, short, W), Err(BadSchedule::Span { .. })));
        let late = (2 * SECOND, 60 * SECOND);
        assert!(matches!(
            check_given(&drawn, 5, late, W),
            Err(BadSchedule::Span { number: 0, .. })
        ));
        let sim = check_given(&drawn, 5, window, (WorldKind::Sim, PACE));
        assert!(matches!(sim, Err(BadSchedule::World { .. })));
        let mut twice = drawn.iter().filter(|p| p.fault.kind == FaultKind::Kill).cloned();
        let kill = twice.next().unwrap();
        assert_eq!(
            check_given(&[kill.clone(), kill], 5, window, W),
            Err(BadSchedule::Overlap(0, 1))
        );
        let mut ended = drawn.clone();
        ended[1].until_ns = ended[1].at_ns;
        let error = check_given(&ended, 5, window, W).unwrap_err();
        assert!(matches!(error, BadSchedule::Backwards { number: 1, .. }), "{error}");
        assert!(
            error.to_string().starts_with("fault 1: expected an end after its beginning"),
            "{error}"
        );
        let mut back = drawn;
        back.swap(0, 1);
        assert_eq!(check_given(&back, 5, window, W), Err(BadSchedule::Order(1)));
    }
}
