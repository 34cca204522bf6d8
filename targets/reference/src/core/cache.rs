//! Answers of the node that holds an object, kept for a while by one that does not, as resolvers of the domain name system keep
//! records (Mockapetris, Domain names: concepts and facilities, RFC 1034, 1987, section 4.3 and 5.3): what is kept may be stale, but
//! not for longer than its time to live.

use super::api::{Answer, Key};
use std::collections::BTreeMap;

/// For how long an answer may be used, from when it came.
pub(super) const TIME_TO_LIVE_NS: u64 = 5_000_000_000;
/// The most answers that are kept. Beyond it, those that have expired make room, and if there are none, nothing more is kept.
const ANSWERS_MAX: usize = 65_536;

/// An answer.
#[derive(Debug, Clone)]
struct Kept {
    answer: Answer,
    /// When it was asked for. Of two answers the one that was asked for later knows no less.
    asked_ns: u64,
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

    /// Keeps an answer that has come now, and was asked for then.
    pub(super) fn keep(&mut self, now_ns: u64, asked_ns: u64, key: Key, answer: Answer) {
        let is_older = |kept: &Kept| kept.asked_ns > asked_ns;
        if self.answers.get(&key).is_some_and(is_older) {
            return;
        }
        if self.answers.len() >= ANSWERS_MAX && !self.answers.contains_key(&key) {
            self.answers.retain(|_, kept| kept.until_ns > now_ns);
        }
        if self.answers.len() < ANSWERS_MAX || self.answers.contains_key(&key) {
            let until_ns = now_ns.saturating_add(TIME_TO_LIVE_NS);
            self.answers.insert(key, Kept { answer, asked_ns, until_ns });
        }
    }
}
