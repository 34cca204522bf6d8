#![expect(clippy::disallowed_methods, reason = "an instant to begin at: only differences matter")]

use super::super::stage::HELD_BYTES_MAX;
use super::super::toxic::ToxicType;
use super::*;
use crate::direction::Direction;
use proptest::prelude::*;
use std::time::Duration;

/// A chain under a clock of its own.
struct Line {
    chain: Chain,
    toxics: Vec<Toxic>,
    begin: Instant,
    now: Instant,
    next_id: u64,
    got: Vec<u8>,
    end: Option<&'static str>,
}

impl Line {
    fn new() -> Line {
        let begin = Instant::now();
        Line {
            chain: Chain::new(&[], begin, 1),
            toxics: vec![],
            begin,
            now: begin,
            next_id: 0,
            got: vec![],
            end: None,
        }
    }

    fn with(kinds: &[ToxicType]) -> Line {
        let mut line = Line::new();
        for kind in kinds {
            line.add(*kind);
        }
        line
    }

    fn add(&mut self, kind: ToxicType) -> u64 {
        self.add_toxicity(kind, 1.0)
    }

    fn add_toxicity(&mut self, kind: ToxicType, toxicity: f32) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.toxics.push(Toxic {
            id,
            revision: 0,
            name: format!("t{id}"),
            type_name: String::new(),
            stream: "upstream".to_owned(),
            direction: Direction::Upstream,
            toxicity,
            kind,
        });
        self.chain.take_over(&self.toxics, self.now);
        id
    }

    fn update(&mut self, id: u64, kind: ToxicType) {
        for toxic in self.toxics.iter_mut().filter(|toxic| toxic.id == id) {
            toxic.kind = kind;
            toxic.revision += 1;
        }
        self.chain.take_over(&self.toxics, self.now);
    }

    fn remove(&mut self, id: u64) {
        self.toxics.retain(|toxic| toxic.id != id);
        self.chain.take_over(&self.toxics, self.now);
    }

    /// Runs what can be run now; whether the chain wants data, and until when it waits.
    fn settle(&mut self) -> (bool, Option<Instant>) {
        loop {
            match self.chain.step(self.now) {
                NextAction::Write(data) => self.got.extend_from_slice(&data),
                NextAction::Close => self.end = Some("closed"),
                NextAction::Reset => self.end = Some("reset"),
                NextAction::Wait { until, read } => return (read, until),
            }
            if self.end.is_some() {
                return (false, None);
            }
        }
    }

    fn put(&mut self, data: &[u8]) {
        assert!(self.settle().0, "the chain has no room");
        self.chain.put(Bytes::copy_from_slice(data), self.now);
        self.settle();
    }

    fn end_input(&mut self) {
        self.chain.end_input(self.now);
        self.settle();
    }

    /// Milliseconds since the beginning.
    fn at(&mut self, ms: u64) -> &mut Line {
        let target = self.begin + Duration::from_millis(ms);
        while let (_, Some(until)) = self.settle() {
            if until > target {
                break;
            }
            self.now = self.now.max(until);
        }
        self.now = target;
        self.settle();
        self
    }
}

const LATENCY: ToxicType = ToxicType::Latency { latency_ms: 100, jitter_ms: 0 };
const BLACK_HOLE: ToxicType = ToxicType::Timeout { timeout_ms: 0 };

#[test]
fn latency_delays_data_but_not_an_end_without_data() {
    let mut line = Line::with(&[LATENCY]);
    line.put(b"ab");
    assert_eq!(line.at(99).got, b"");
    assert_eq!(line.at(100).got, b"ab");
    line.end_input();
    assert_eq!(line.end, Some("closed"));
}

#[test]
fn latencies_add_up() {
    let mut line = Line::with(&[LATENCY, LATENCY]);
    line.put(b"a");
    assert_eq!(line.at(199).got, b"");
    assert_eq!(line.at(200).got, b"a");
}

#[test]
fn jitter_stays_within_its_bounds_and_keeps_the_order() {
    let mut line = Line::with(&[ToxicType::Latency { latency_ms: 100, jitter_ms: 50 }]);
    for byte in 0..100u8 {
        line.put(&[byte]);
    }
    assert_eq!(line.at(49).got, b"");
    assert_eq!(line.at(151).got, (0..100u8).collect::<Vec<_>>());
}

#[test]
fn a_removed_latency_lets_go_of_what_it_holds() {
    let mut line = Line::with(&[LATENCY]);
    line.put(b"abc");
    line.put(b"def");
    line.end_input();
    line.remove(0);
    line.settle();
    assert_eq!((line.got.as_slice(), line.end), (b"abcdef".as_slice(), Some("closed")));
}

#[test]
fn a_latency_holds_a_bounded_amount() {
    let mut line = Line::with(&[LATENCY]);
    let chunk = vec![0; 64 * 1024];
    let mut held = 0;
    while line.settle().0 {
        line.put(&chunk);
        held += chunk.len();
    }
    assert_eq!(held, HELD_BYTES_MAX);
    assert_eq!(line.at(100).got.len(), held);
    assert!(line.settle().0);
}

#[test]
fn bandwidth_sends_its_rate_and_no_more() {
    let mut line = Line::with(&[ToxicType::Bandwidth { rate_kb_s: 10 }]);
    line.put(&[7; 5000]);
    assert!(!line.settle().0, "one chunk at a time");
    assert_eq!(line.at(99).got.len(), 0);
    assert_eq!(line.at(100).got.len(), 1000);
    assert_eq!(line.at(499).got.len(), 4000);
    assert_eq!(line.at(500).got.len(), 5000);
    line.put(&[7; 10]);
    assert_eq!(line.at(501).got.len(), 5010);
}

#[test]
fn bandwidth_of_nothing_holds_everything_until_it_is_removed() {
    let mut line = Line::with(&[ToxicType::Bandwidth { rate_kb_s: 0 }]);
    line.put(b"x");
    assert_eq!(line.at(1_000_000).got, b"");
    line.remove(0);
    line.settle();
    assert_eq!(line.got, b"x");
}

#[test]
fn slow_close_delays_the_end_alone() {
    let mut line = Line::with(&[ToxicType::SlowClose { delay_ms: 50 }]);
    line.put(b"x");
    line.end_input();
    assert_eq!(line.got, b"x");
    assert_eq!(line.at(49).end, None);
    assert_eq!(line.at(50).end, Some("closed"));
}

#[test]
fn a_black_hole_is_silent_and_ends_when_removed() {
    let mut line = Line::with(&[BLACK_HOLE]);
    line.put(b"lost");
    line.at(1_000_000);
    line.put(b"lost too");
    assert_eq!((line.got.as_slice(), line.end), (b"".as_slice(), None));
    line.remove(0);
    line.settle();
    assert_eq!((line.got.as_slice(), line.end), (b"".as_slice(), Some("closed")));
}

#[test]
fn a_black_hole_passes_an_end() {
    let mut line = Line::with(&[BLACK_HOLE]);
    line.end_input();
    assert_eq!(line.end, Some("closed"));
}

#[test]
fn a_timeout_counts_from_the_last_data() {
    let mut line = Line::with(&[ToxicType::Timeout { timeout_ms: 100 }]);
    line.at(90).put(b"lost");
    assert_eq!(line.at(189).end, None);
    assert_eq!(line.at(190).end, Some("closed"));
    assert_eq!(line.got, b"");
}

#[test]
fn reset_peer_waits_for_data_or_the_end() {
    let mut line = Line::with(&[ToxicType::ResetPeer { timeout_ms: 10 }]);
    assert_eq!(line.at(1000).end, None);
    line.put(b"x");
    assert!(!line.settle().0);
    assert_eq!(line.at(1009).end, None);
    assert_eq!(line.at(1010).end, Some("reset"));
    assert_eq!(line.got, b"");
}

#[test]
fn a_slicer_slices_and_loses_nothing() {
    let mut line =
        Line::with(&[ToxicType::Slicer { average_size: 10, size_variation: 3, delay_us: 1000 }]);
    let data: Vec<u8> = (0..200u8).collect();
    line.put(&data);
    assert!((1..=13).contains(&line.got.len()), "{}", line.got.len());
    assert_eq!(line.at(1000).got, data);
}

#[test]
fn a_slicer_of_size_0_ends() {
    let mut line =
        Line::with(&[ToxicType::Slicer { average_size: 0, size_variation: 0, delay_us: 0 }]);
    line.put(b"abc");
    assert_eq!(line.at(1).got, b"abc");
}

#[test]
fn limit_data_cuts_and_closes() {
    let mut line = Line::with(&[ToxicType::LimitData { bytes: 5 }]);
    line.put(b"abc");
    assert_eq!(line.end, None);
    line.put(b"defg");
    assert_eq!((line.got.as_slice(), line.end), (b"abcde".as_slice(), Some("closed")));
}

#[test]
fn an_update_keeps_the_count_of_limit_data() {
    let mut line = Line::with(&[ToxicType::LimitData { bytes: 5 }]);
    line.put(b"abc");
    line.update(0, ToxicType::LimitData { bytes: 4 });
    line.put(b"defg");
    assert_eq!((line.got.as_slice(), line.end), (b"abcd".as_slice(), Some("closed")));
}

#[test]
fn what_an_ended_toxic_let_through_still_arrives_and_it_does_not_start_again() {
    let mut line = Line::with(&[ToxicType::LimitData { bytes: 2 }, LATENCY]);
    line.put(b"abc");
    line.add(ToxicType::SlowClose { delay_ms: 10 });
    assert_eq!(line.at(100).got, b"ab");
    assert_eq!(line.end, None);
    assert_eq!(line.at(110).end, Some("closed"));
}

#[test]
fn toxicity_0_strikes_nobody_but_removal_of_a_black_hole_still_closes() {
    let mut line = Line::new();
    line.add_toxicity(BLACK_HOLE, 0.0);
    line.put(b"x");
    assert_eq!(line.got, b"x");
    line.remove(0);
    line.settle();
    assert_eq!(line.end, Some("closed"));
}

#[test]
fn toxicity_strikes_its_share() {
    let toxics = {
        let mut line = Line::new();
        line.add_toxicity(BLACK_HOLE, 0.25);
        line.toxics
    };
    let now = Instant::now();
    let struck = (0..1000)
        .filter(|seed| {
            let mut chain = Chain::new(&toxics, now, *seed);
            chain.put(Bytes::from_static(b"x"), now);
            !matches!(chain.step(now), NextAction::Write(_))
        })
        .count();
    assert!((180..320).contains(&struck), "{struck}");
}

#[derive(Debug, Clone)]
enum Act {
    Put(Vec<u8>),
    Add(ToxicType),
    Remove(usize),
    Update(usize, ToxicType),
    Pass(u64),
}

/// Toxics that lose nothing.
fn lossless() -> impl Strategy<Value = ToxicType> {
    prop_oneof![
        Just(ToxicType::Noop),
        (0..50i64, 0..50i64)
            .prop_map(|(latency_ms, jitter_ms)| ToxicType::Latency { latency_ms, jitter_ms }),
        (1..50i64).prop_map(|rate_kb_s| ToxicType::Bandwidth { rate_kb_s }),
        (0..50i64).prop_map(|delay_ms| ToxicType::SlowClose { delay_ms }),
        (-5..20i64, -5..20i64, 0..3000i64).prop_map(|(average_size, size_variation, delay_us)| {
            ToxicType::Slicer { average_size, size_variation, delay_us }
        }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..100).prop_map(Act::Put),
        lossless().prop_map(Act::Add),
        (0..8usize).prop_map(Act::Remove),
        (0..8usize, lossless()).prop_map(|(which, kind)| Act::Update(which, kind)),
        (0..100u64).prop_map(Act::Pass),
    ]
}

proptest! {
    #[test]
    fn changes_on_a_live_connection_lose_and_reorder_nothing(
        acts in proptest::collection::vec(act(), 1..60)
    ) {
        let mut line = Line::new();
        let mut sent = Vec::new();
        let mut ms = 0;
        for act in acts {
            match act {
                Act::Put(data) if line.settle().0 => {
                    line.put(&data);
                    sent.extend(data);
                }
                Act::Put(_) => {}
                Act::Add(kind) => drop(line.add(kind)),
                Act::Remove(which) => {
                    if let Some(id) = line.toxics.get(which).map(|toxic| toxic.id) {
                        line.remove(id);
                    }
                }
                Act::Update(which, kind) => {
                    if let Some(id) = line.toxics.get(which).map(|toxic| toxic.id) {
                        line.update(id, kind);
                    }
                }
                Act::Pass(more) => {
                    ms += more;
                    line.at(ms);
                }
            }
        }
        line.end_input();
        line.at(ms + 10_000_000);
        prop_assert_eq!(line.end, Some("closed"));
        prop_assert_eq!(line.got, sent);
    }
}
