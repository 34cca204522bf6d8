//! Answers of the node that holds an object, kept for a while by one that does not, as resolvers of the domain name system keep
//! records (Mockapetris, Domain names: concepts and facilities, RFC 1034, 1987, section 4.3 and 5.3): what is kept may be stale, but
//! not for longer than its time to live.

use super::api::{Answer, Key};
use afterall_history::Value;
use std::collections::BTreeMap;

/// For how long an answer may be used, from when it came.
pub(super) const TIME_TO_LIVE_NS: u64 = 5_000_000_000;
/// The most answers that are kept. Beyond it, those that have expired make room, and if there are none, nothing more is kept.
const ANSWERS_MAX: usize = 65_536;

/// An answer.
#[derive(Debug, Clone)]
struct Kept {
    answer: Answer,
    until_ns: u64,
}

/// The answers that are kept.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    answers: BTreeMap<Key, Kept>,
    /// The bug `cache-never-expires`.
    never_expires: bool,
}

impl Cache {
    pub(super) fn new(never_expires: bool) -> Cache {
        Cache { answers: BTreeMap::new(), never_expires }
    }

    /// What is known of an object, if it may still be used.
    pub(super) fn get(&self, now_ns: u64, key: &Key) -> Option<Answer> {
        let kept = self.answers.get(key)?;
        (kept.until_ns > now_ns || self.never_expires).then(|| kept.answer.clone())
    }

    /// Keeps an answer that has come now, unless a newer one is kept: of two requests on their way the holder may have met the later
    /// one first, so that neither when they were asked nor when they were answered tells which answer is newer.
    pub(super) fn keep(&mut self, now_ns: u64, key: Key, answer: Answer) {
        let is_newer = |kept: &Kept| kept.until_ns > now_ns && stamp(&kept.answer) > stamp(&answer);
        if self.answers.get(&key).is_some_and(is_newer) {
            return;
        }
        if self.answers.len() >= ANSWERS_MAX && !self.answers.contains_key(&key) {
            self.answers.retain(|_, kept| kept.until_ns > now_ns);
        }
        if self.answers.len() < ANSWERS_MAX || self.answers.contains_key(&key) {
            let until_ns = now_ns.saturating_add(TIME_TO_LIVE_NS);
            self.answers.insert(key, Kept { answer, until_ns });
        }
    }
}

/// When what the answer shows was written: the numbers of its version, of which the first that differ decide. Nothing is older than
/// anything.
fn stamp(answer: &Answer) -> Vec<i64> {
    match &answer.version {
        Some(Value::List(numbers)) => numbers.iter().filter_map(Value::as_int).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::{Content, DataType, Scalar};
    use super::super::clock::Reading;
    use super::super::identity::{NodeId, VersionVector};
    use super::*;

    fn answer(stamp: i64) -> Answer {
        let version = match stamp {
            0 => Value::List(Vec::new()),
            stamp => Value::List(vec![stamp.into(), 0.into()]),
        };
        Answer {
            node: NodeId(1),
            version: Some(version),
            dot: None,
            clock: Reading::default(),
            past: VersionVector::default(),
            content: Content::Values(vec![Scalar::Int(stamp)]),
        }
    }

    /// A request overtook another one: the answer that comes last is the older.
    #[test]
    fn an_older_answer_does_not_take_the_place_of_a_newer_one() {
        let key = Key { kind: DataType::Register, name: "x".into() };
        let mut cache = Cache::new(false);
        let shown = |cache: &Cache, now_ns| cache.get(now_ns, &key).map(|kept| stamp(&kept));
        cache.keep(10, key.clone(), answer(0));
        cache.keep(20, key.clone(), answer(7));
        cache.keep(30, key.clone(), answer(5));
        assert_eq!(shown(&cache, 40), Some(vec![7, 0]));
        // It lives as long as it would have.
        assert_eq!(shown(&cache, 20 + TIME_TO_LIVE_NS), None);
        cache.keep(25 + TIME_TO_LIVE_NS, key.clone(), answer(5));
        assert_eq!(shown(&cache, 30 + TIME_TO_LIVE_NS), Some(vec![5, 0]));
    }
}
