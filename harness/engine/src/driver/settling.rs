//! Quiescence and the final reads: every replica is asked for every key, again and again for those on which the
//! replicas do not agree, until all agree or the deadline passes; then every key once more.
//!
//! Where the target returns versions, those have to agree, too: of a counter, one replica may lack one decrement of 1 and
//! the other another, and both show the same number while the two are still on their way.

use afterall_history::Value;
use std::collections::VecDeque;

/// A final read that failed is tried again after this long.
const RETRY_NS: u64 = 100_000_000;

/// The reading of all keys on all replicas, by one reader a replica.
#[derive(Debug, Clone)]
pub(crate) struct Settling {
    keys: Vec<String>,
    readers: Vec<Reader>,
    /// Per key: what each replica answered in this round.
    answers: Vec<Vec<Option<Seen>>>,
    last: bool,
    deadline_ns: u64,
}

/// What a replica showed of a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) value: Value,
    pub(crate) version: Option<Value>,
}

#[derive(Debug, Clone)]
struct Reader {
    /// Keys still to be read, and not before when.
    queue: VecDeque<(usize, u64)>,
    reading: Option<usize>,
}

impl Settling {
    /// Begins to read every key on every replica. In the last round what fails is tried again until the deadline.
    pub(crate) fn new(keys: Vec<String>, nodes: usize, last: bool, deadline_ns: u64) -> Self {
        // The newest first: they may still differ, and when they last did is what is measured.
        let all: Vec<usize> = (0..keys.len()).rev().collect();
        let readers =
            (0..nodes).map(|_| Reader { queue: VecDeque::new(), reading: None }).collect();
        let answers = vec![vec![None; nodes]; keys.len()];
        let mut settling = Settling { keys, readers, answers, last, deadline_ns };
        settling.begin_round(&all, 0);
        settling
    }

    fn begin_round(&mut self, keys: &[usize], due_ns: u64) {
        for &key in keys {
            self.answers[key].fill(None);
        }
        for reader in &mut self.readers {
            reader.queue = keys.iter().map(|&key| (key, due_ns)).collect();
        }
    }

    pub(crate) fn is_last(&self) -> bool {
        self.last
    }

    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    pub(crate) fn deadline_ns(&self) -> u64 {
        self.deadline_ns
    }

    /// The next key for an idle reader, if one is due.
    pub(crate) fn next(&mut self, node: usize, now_ns: u64) -> Option<&str> {
        let reader = &mut self.readers[node];
        if reader.reading.is_some() || reader.queue.front().is_none_or(|&(_, due)| due > now_ns) {
            return None;
        }
        let (key, _) = reader.queue.pop_front()?;
        reader.reading = Some(key);
        Some(&self.keys[key])
    }

    /// When an idle reader has something to do.
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        let idle = self.readers.iter().filter(|reader| reader.reading.is_none());
        idle.filter_map(|reader| reader.queue.front().map(|&(_, due)| due)).min()
    }

    /// A replica answered, or did not.
    pub(crate) fn answered(&mut self, node: usize, now_ns: u64, answer: Option<Seen>) {
        let Some(key) = self.readers[node].reading.take() else { return };
        match answer {
            Some(Seen { value, version }) => {
                let version = version.map(plain_version);
                self.answers[key][node] = Some(Seen { value: unordered(value), version });
            }
            None if self.last && now_ns < self.deadline_ns => {
                self.readers[node].queue.push_back((key, now_ns + RETRY_NS));
            }
            None => {}
        }
    }

    /// Whether the round is over: nothing is being read or left to read.
    pub(crate) fn round_over(&self) -> bool {
        self.readers.iter().all(|reader| reader.reading.is_none() && reader.queue.is_empty())
    }

    /// Nothing more is asked; what is being read may still be answered.
    pub(crate) fn give_up(&mut self) {
        for reader in &mut self.readers {
            reader.queue.clear();
        }
    }

    /// After a round: whether the replicas agree. If not, those keys on which they don't are due again.
    pub(crate) fn agreed_or_again(&mut self, due_ns: u64) -> bool {
        let disagreeing: Vec<usize> = (0..self.keys.len())
            .filter(|&key| {
                let answers = &self.answers[key];
                answers.iter().any(|answer| answer.is_none() || *answer != answers[0])
            })
            .collect();
        self.begin_round(&disagreeing, due_ns);
        disagreeing.is_empty()
    }
}

/// A version vector has no order of its own, and a name that is not in it counts zero.
fn plain_version(version: Value) -> Value {
    match version {
        Value::Map(mut entries) => {
            entries.retain(|(_, count)| *count != Value::Int(0));
            entries.sort();
            Value::Map(entries)
        }
        other => other,
    }
}

/// Siblings and cart items have no order: two replicas that list them differently agree.
fn unordered(value: Value) -> Value {
    match value {
        Value::List(mut items) => {
            items.sort();
            Value::List(items)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_disagrees_is_read_again() {
        let mut settling = Settling::new(vec!["x".into(), "y".into()], 2, false, 1_000);
        let mut asked = Vec::new();
        for node in 0..2 {
            while let Some(key) = settling.next(node, 0).map(str::to_owned) {
                // x differs until the second round.
                let value = if key == "x" { node as i64 } else { 7 };
                asked.push((node, key));
                settling.answered(node, 0, Some(seen(value, None)));
            }
        }
        assert_eq!(asked.len(), 4);
        assert!(settling.round_over());
        assert!(!settling.agreed_or_again(100));
        assert_eq!(settling.next(0, 50), None);
        for node in 0..2 {
            assert_eq!(settling.next(node, 100), Some("x"));
            settling.answered(node, 100, Some(seen(1, None)));
            assert_eq!(settling.next(node, 100), None);
        }
        assert!(settling.agreed_or_again(200));
    }

    fn seen(value: i64, version: Option<i64>) -> Seen {
        Seen { value: Value::Int(value), version: version.map(Value::Int) }
    }

    #[test]
    fn the_same_value_of_another_version_is_not_agreement() {
        let mut settling = Settling::new(vec!["x".into()], 2, false, 1_000);
        for (round, versions) in [(0, [3, 4]), (100, [5, 5])] {
            for (node, version) in versions.into_iter().enumerate() {
                settling.next(node, round);
                settling.answered(node, round, Some(seen(26, Some(version))));
            }
            assert_eq!(settling.agreed_or_again(round + 100), versions == [5, 5]);
        }
    }

    #[test]
    fn the_order_of_a_vector_is_no_disagreement() {
        let vector = |counts: &[(&str, i64)]| {
            let entries = counts.iter().map(|&(name, n)| (name.into(), Value::Int(n)));
            plain_version(Value::Map(entries.collect()))
        };
        assert_eq!(vector(&[("n1", 4), ("n2", 7)]), vector(&[("n2", 7), ("n3", 0), ("n1", 4)]));
        assert_ne!(vector(&[("n1", 4), ("n2", 7)]), vector(&[("n1", 4), ("n2", 8)]));
    }

    #[test]
    fn silence_is_not_agreement() {
        let mut settling = Settling::new(vec!["x".into()], 1, false, 1_000);
        settling.next(0, 0);
        settling.answered(0, 0, None);
        assert!(!settling.agreed_or_again(0));
    }

    #[test]
    fn order_is_no_disagreement() {
        assert_eq!(unordered(vec![2i64, 1].into()), unordered(vec![1i64, 2].into()));
    }

    #[test]
    fn a_final_read_is_tried_until_the_deadline() {
        let mut settling = Settling::new(vec!["x".into()], 1, true, RETRY_NS * 2);
        settling.next(0, 0);
        settling.answered(0, 0, None);
        assert!(!settling.round_over());
        assert_eq!(settling.next(0, RETRY_NS), Some("x"));
        settling.answered(0, RETRY_NS * 2, None);
        assert!(settling.round_over());
    }
}
