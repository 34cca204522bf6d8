//! Time as the node sees it: an input, and the stamps made from it.

use super::identity::Actor;
use afterall_history::Value;
use serde::{Deserialize, Serialize};

/// The time at which an input is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds on a clock that never runs back: for intervals.
    pub mono_ns: u64,
    /// Milliseconds of the node's wall clock, skewed as it may be: for stamps.
    pub wall_ms: u64,
}

/// The time of a write. Ordered by wall clock, then by the logical counter, then by the writer: no two
/// writes of a correct node carry the same stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// Wall clock, milliseconds.
    pub wall_ms: u64,
    /// Distinguishes writes of one millisecond; in hybrid clocks also what runs ahead of the wall clock.
    pub logical: u32,
    /// Who wrote: the tie-break.
    pub actor: Actor,
}

impl Stamp {
    /// As histories write it: `[wall_ms, logical, node, incarnation]`.
    #[must_use]
    pub fn to_value(self) -> Value {
        Value::List(vec![
            Value::Int(i64::try_from(self.wall_ms).unwrap_or(i64::MAX)),
            Value::Int(i64::from(self.logical)),
            Value::Int(i64::from(self.actor.node.0)),
            Value::Int(i64::from(self.actor.incarnation)),
        ])
    }
}

/// A reading of a hybrid logical clock, without the writer. Clients carry it from answer to request, so that
/// a session's later write is stamped later on whichever replica takes it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct Reading {
    /// Wall clock part, milliseconds.
    pub wall_ms: u64,
    /// Logical part.
    pub logical: u32,
}

/// How a node stamps writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamps {
    /// By the wall clock alone (Cassandra).
    Wall,
    /// By a hybrid logical clock (Kulkarni et al., Logical physical clocks, 2014).
    Hybrid,
}

/// No clock is that far ahead, 139,000 years: a client that says so is not believed, since nothing could be stamped after it.
const TOKEN_MAX_MS: u64 = 1 << 52;
/// What a peer has stamped follows from such a reading, and may come after it.
const STAMP_MAX_MS: u64 = 1 << 53;

/// The clock that stamps are taken from.
#[derive(Debug, Clone)]
pub struct Clock {
    stamps: Stamps,
    last: Reading,
}

impl Clock {
    /// A clock that has stamped nothing yet.
    #[must_use]
    pub fn new(stamps: Stamps) -> Self {
        Clock { stamps, last: Reading::default() }
    }

    /// Takes the stamp of a new write.
    pub fn stamp(&mut self, now: Moment, actor: Actor) -> Stamp {
        let next = match self.stamps {
            Stamps::Wall if now.wall_ms == self.last.wall_ms => self.after_last(),
            Stamps::Wall => Reading { wall_ms: now.wall_ms, logical: 0 },
            Stamps::Hybrid if now.wall_ms > self.last.wall_ms => {
                Reading { wall_ms: now.wall_ms, logical: 0 }
            }
            Stamps::Hybrid => self.after_last(),
        };
        self.last = next;
        Stamp { wall_ms: next.wall_ms, logical: next.logical, actor }
    }

    /// Learns of the stamp of a write that is there, here or at a peer.
    pub fn observe(&mut self, reading: Reading) {
        self.learn(reading, STAMP_MAX_MS);
    }

    /// Learns of what a client carries.
    pub fn observe_token(&mut self, reading: Reading) {
        self.learn(reading, TOKEN_MAX_MS);
    }

    fn learn(&mut self, reading: Reading, most_ms: u64) {
        if self.stamps == Stamps::Hybrid && reading.wall_ms <= most_ms {
            self.last = self.last.max(reading);
        }
    }

    /// The last reading, for clients to carry.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.last
    }

    fn after_last(&self) -> Reading {
        match self.last.logical.checked_add(1) {
            Some(logical) => Reading { wall_ms: self.last.wall_ms, logical },
            None => Reading { wall_ms: self.last.wall_ms.saturating_add(1), logical: 0 },
        }
    }
}

/// How far a clock is behind another, by an exchange of time, in microseconds (RFC 5905, section 8): asked at `t0`
/// and answered at `t3` by the one, received at `t1` and sent back at `t2` by the other.
#[must_use]
pub fn time_offset_us([t0, t1, t2, t3]: [u64; 4]) -> i64 {
    let there = i128::from(t1) - i128::from(t0);
    let back = i128::from(t2) - i128::from(t3);
    i64::try_from((there + back) / 2).unwrap_or(0)
}

impl From<Stamp> for Reading {
    fn from(stamp: Stamp) -> Self {
        Reading { wall_ms: stamp.wall_ms, logical: stamp.logical }
    }
}

#[cfg(test)]
mod tests {
    use super::super::identity::NodeId;
    use super::*;

    const ACTOR: Actor = Actor { node: NodeId(1), incarnation: 1 };

    fn at(wall_ms: u64) -> Moment {
        Moment { mono_ns: 0, wall_ms }
    }

    #[test]
    fn a_hybrid_clock_never_runs_back() {
        let mut clock = Clock::new(Stamps::Hybrid);
        let first = clock.stamp(at(100), ACTOR);
        let second = clock.stamp(at(50), ACTOR);
        assert!(second > first);
        clock.observe(Reading { wall_ms: 900, logical: 7 });
        assert!(clock.stamp(at(60), ACTOR) > Stamp { wall_ms: 900, logical: 7, actor: ACTOR });
    }

    #[test]
    fn a_reading_at_the_end_of_time_is_not_believed() {
        let mut clock = Clock::new(Stamps::Hybrid);
        let first = clock.stamp(at(100), ACTOR);
        clock.observe(Reading { wall_ms: u64::MAX, logical: u32::MAX });
        let second = clock.stamp(at(100), ACTOR);
        assert!(second > first && second.wall_ms == 100);
    }

    #[test]
    fn what_is_stamped_after_the_last_token_that_is_believed_is_believed_by_peers() {
        let (mut clock, mut peer) = (Clock::new(Stamps::Hybrid), Clock::new(Stamps::Hybrid));
        clock.observe_token(Reading { wall_ms: TOKEN_MAX_MS, logical: u32::MAX });
        let stamp = clock.stamp(at(100), ACTOR);
        assert!(stamp.wall_ms > TOKEN_MAX_MS);
        peer.observe(stamp.into());
        assert!(peer.stamp(at(100), ACTOR) > stamp);
        let before = peer.reading();
        peer.observe_token(Reading { wall_ms: TOKEN_MAX_MS + 1, logical: u32::MAX });
        assert_eq!(peer.reading(), before);
    }

    #[test]
    fn a_wall_clock_runs_back_but_tells_one_millisecond_apart() {
        let mut clock = Clock::new(Stamps::Wall);
        let first = clock.stamp(at(100), ACTOR);
        let same = clock.stamp(at(100), ACTOR);
        assert!(same > first);
        assert!(clock.stamp(at(50), ACTOR) < first);
    }

    #[test]
    fn asymmetric_delay_skews_by_half_the_difference() {
        // 400 ms up, 100 ms down, clocks equal: +150 ms.
        assert_eq!(time_offset_us([1_000_000, 1_400_000, 1_400_000, 1_500_000]), 150_000);
        // Symmetric delay: the true offset of −2 s.
        assert_eq!(time_offset_us([10_000_000, 8_050_000, 8_050_000, 10_100_000]), -2_000_000);
    }
}
