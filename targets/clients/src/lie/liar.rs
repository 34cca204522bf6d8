//! What is done to which answer: pure, and all of it follows from the seed and from what is asked and answered.
//!
//! A lie is told so that no order of events explains it, not by chance:
//!
//! - *drop-write*, of one key in three: the first dozen writes, adds or appends and half of the others, since only who reads nothing at all
//!   tells a write that is missing from writes that took effect in another order; and every increment, since of a counter
//!   that also goes down only that tells what is missing.
//! - *stale-read*: a session that has moved on from the first value that it read of a key, by a write of its own or by another
//!   value, is given that first one again, with its version, one time in eight; a reader of a replica the first that anybody
//!   read.
//! - *double*, of one key in three: every increment. So many that the amounts cannot be told otherwise.
//! - *resurrect*: one removed item in three comes back, for all and for ever, as in a store that forgot the removal.

use afterall_history::{Function, Lie, Value};
use afterall_workloads::Operation;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One key, or one removed item, in so many is lied about.
const ONE_IN: u64 = 3;
/// So many of the first writes of a key are dropped.
const FIRST_DROPPED: u64 = 12;
/// One read in so many is stale, of those that could be.
const STALE_ONE_IN: u32 = 8;

/// What was read: the value and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    read: Value,
    version: Option<Value>,
}

/// What all clients of a run know of a key.
#[derive(Debug, Clone, Default)]
struct Key {
    /// Its place among the keys, in the order of first use.
    place: u64,
    first: Option<Seen>,
    writes: u64,
    /// The items that were read or added, by element.
    items: BTreeMap<Value, Value>,
    removed: u64,
    /// The items that are back.
    back: BTreeMap<Value, Value>,
}

/// What all clients of a run know.
#[derive(Debug, Clone, Default)]
struct Known {
    keys: BTreeMap<String, Key>,
}

impl Known {
    fn key(&mut self, name: &str) -> &mut Key {
        let place = self.keys.len() as u64;
        if !self.keys.contains_key(name) {
            self.keys.insert(name.to_owned(), Key { place, ..Key::default() });
        }
        self.keys.entry(name.to_owned()).or_default()
    }
}

/// The lie of a run, from which each of its clients gets a [`Liar`].
#[derive(Debug, Clone)]
pub struct Lies {
    lie: Lie,
    seed: u64,
    known: Arc<Mutex<Known>>,
}

/// What to do with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// To send it.
    Send,
    /// To acknowledge it without sending it.
    Drop,
    /// To send it twice, and to hand on one answer.
    SendTwice,
}

impl Lies {
    /// The lie of a run that follows from this seed.
    #[must_use]
    pub fn new(lie: Lie, seed: u64) -> Self {
        Lies { lie, seed, known: Arc::default() }
    }

    /// Who lies to one client, by a number that no other client of the run has. A `reader` reads what replicas hold in the end.
    #[must_use]
    pub fn liar(&self, number: u64, reader: bool) -> Liar {
        let random = Pcg64::seed_from_u64(self.seed ^ 0x6c69_6573 ^ number.rotate_left(32));
        Liar { lies: self.clone(), random, reader, session: BTreeMap::new() }
    }

    fn about<T>(&self, key: &str, f: impl FnOnce(&mut Key) -> T) -> T {
        f(self.known.lock().unwrap_or_else(PoisonError::into_inner).key(key))
    }

    fn is_chosen(&self, key: &str) -> bool {
        let place = self.about(key, |key| key.place);
        place % ONE_IN == self.seed % ONE_IN
    }
}

/// What a session knows of a key.
#[derive(Debug, Clone)]
struct Own {
    first: Seen,
    /// Whether it has written the key, or read something else of it, since.
    moved: bool,
}

/// Who lies to one client.
#[derive(Debug, Clone)]
pub struct Liar {
    lies: Lies,
    random: Pcg64,
    reader: bool,
    session: BTreeMap<String, Own>,
}

impl Liar {
    /// Another session begins, which has seen nothing.
    pub fn reset(&mut self) {
        self.session.clear();
    }

    /// What to do with an operation.
    pub fn before(&mut self, operation: &Operation) -> Deed {
        let chosen = || self.lies.is_chosen(&operation.key);
        match (self.lies.lie, operation.f) {
            (Lie::DropWrite, Function::Increment) if chosen() => Deed::Drop,
            (
                Lie::DropWrite,
                Function::Write | Function::Add | Function::Post | Function::Append,
            ) if chosen() => {
                let earlier = self.lies.about(&operation.key, |key| {
                    key.writes += 1;
                    key.writes - 1
                });
                let drops = earlier < FIRST_DROPPED || self.random.random_range(0..2) == 0;
                if drops { Deed::Drop } else { Deed::Send }
            }
            (Lie::Double, Function::Increment) if chosen() => Deed::SendTwice,
            _ => Deed::Send,
        }
    }

    /// What becomes of the answer of an operation that was acknowledged: what was read, and its version.
    pub fn after(
        &mut self,
        operation: &Operation,
        read: &mut Option<Value>,
        version: &mut Option<Value>,
    ) {
        match self.lies.lie {
            Lie::StaleRead => self.stale(operation, read, version),
            Lie::Resurrect => self.resurrect(operation, read),
            Lie::DropWrite | Lie::Double => {}
        }
    }

    fn stale(
        &mut self,
        operation: &Operation,
        read: &mut Option<Value>,
        version: &mut Option<Value>,
    ) {
        let own = self.session.get_mut(&operation.key);
        let Some(value) = read else {
            if let Some(own) = own {
                own.moved = true;
            }
            return;
        };
        let seen = Seen { read: value.clone(), version: version.clone() };
        let older = match own {
            Some(own) => {
                own.moved |= own.first.read != seen.read;
                Some(own.first.clone()).filter(|_| own.moved)
            }
            None => {
                let own = Own { first: seen.clone(), moved: false };
                self.session.insert(operation.key.clone(), own);
                None
            }
        };
        let first = self
            .lies
            .about(&operation.key, |key| key.first.get_or_insert_with(|| seen.clone()).clone());
        let older = if self.reader { Some(first) } else { older };
        let Some(older) = older.filter(|older| older.read != seen.read) else { return };
        if self.random.random_range(0..STALE_ONE_IN) == 0 {
            (*read, *version) = (Some(older.read), older.version);
        }
    }

    fn resurrect(&mut self, operation: &Operation, read: &mut Option<Value>) {
        let seed = self.lies.seed;
        self.lies.about(&operation.key, |key| match (operation.f, read) {
            (Function::Add, _) => {
                if let Some(element) = element(&operation.value) {
                    key.items.insert(element.clone(), operation.value.clone());
                }
            }
            (Function::Remove, _) => {
                // Of what nobody knows the quantity of, nothing can be brought back.
                let Some(item) = key.items.get(&operation.value).cloned() else { return };
                if key.removed % ONE_IN == seed % ONE_IN {
                    key.back.insert(operation.value.clone(), item);
                }
                key.removed += 1;
            }
            (_, Some(value)) => {
                if value.is_nil() && !key.back.is_empty() {
                    *value = Value::List(Vec::new());
                }
                let Value::List(items) = value else { return };
                for item in items.iter() {
                    if let Some(element) = element(item) {
                        key.items.insert(element.clone(), item.clone());
                    }
                }
                for (back, item) in &key.back {
                    if !items.iter().any(|item| element(item) == Some(back)) {
                        items.push(item.clone());
                    }
                }
            }
            (_, None) => {}
        });
    }
}

/// The element of an item of a cart; of a set an element is itself.
fn element(item: &Value) -> Option<&Value> {
    match item {
        Value::List(pair) => pair.first(),
        Value::Nil => None,
        element => Some(element),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(f: Function, key: &str, value: Value) -> Operation {
        Operation { f, key: key.to_owned(), value, level: None }
    }

    fn read(liar: &mut Liar, key: &str, value: Value) -> Value {
        let (mut read, mut version) = (Some(value), None);
        liar.after(&Operation::read(key), &mut read, &mut version);
        read.unwrap()
    }

    #[test]
    fn one_key_in_three_is_lied_about_and_the_others_are_left_alone() {
        for (lie, f, deed) in [
            (Lie::DropWrite, Function::Increment, Deed::Drop),
            (Lie::Double, Function::Increment, Deed::SendTwice),
        ] {
            for seed in 0..6 {
                let lies = Lies::new(lie, seed);
                let mut liars = [lies.liar(0, false), lies.liar(1, false)];
                let keys = ["a", "b", "c", "d", "e", "f"];
                let deeds = |liar: &mut Liar| {
                    keys.map(|key| liar.before(&operation(f, key, Value::Int(1))) == deed)
                };
                let told = liars.each_mut().map(deeds);
                assert_eq!(told[0], told[1]);
                assert_eq!(told[0].iter().filter(|lied| **lied).count(), 2);
                assert_eq!(liars[0].before(&Operation::read("a")), Deed::Send);
                let down = operation(Function::Decrement, "a", Value::Int(1));
                assert_eq!(liars[0].before(&down), Deed::Send);
            }
        }
    }

    #[test]
    fn a_stale_read_is_one_that_the_session_had_left_behind() {
        let lies = Lies::new(Lie::StaleRead, 1);
        let mut liar = lies.liar(0, false);
        for _ in 0..50 {
            assert_eq!(read(&mut liar, "r", Value::Int(1)), Value::Int(1));
        }
        let later: Vec<Value> = (0..50).map(|_| read(&mut liar, "r", Value::Int(2))).collect();
        assert!(later.contains(&Value::Int(1)) && later.contains(&Value::Int(2)), "{later:?}");
        // A new session left nothing behind; a reader of a replica may be given what anybody read.
        liar.reset();
        assert!((0..50).all(|_| read(&mut liar, "r", Value::Int(2)) == Value::Int(2)));
        let mut reader = lies.liar(1, true);
        assert!((0..50).any(|_| read(&mut reader, "r", Value::Int(2)) == Value::Int(1)));
    }

    #[test]
    fn an_old_value_comes_with_its_version() {
        let mut liar = Lies::new(Lie::StaleRead, 1).liar(0, false);
        for _ in 0..100 {
            for n in [1, 2] {
                let (mut read, mut version) = (Some(Value::Int(n)), Some(Value::Int(10 * n)));
                liar.after(&Operation::read("r"), &mut read, &mut version);
                let n = read.unwrap().as_int().unwrap();
                assert_eq!(version, Some(Value::Int(10 * n)));
            }
        }
    }

    #[test]
    fn what_was_removed_comes_back_for_all_and_stays() {
        let lies = Lies::new(Lie::Resurrect, 0);
        let (mut one, mut other) = (lies.liar(0, false), lies.liar(1, true));
        let item = Value::List(vec!["egg#1".into(), Value::Int(2)]);
        let empty = || Value::List(Vec::new());
        one.after(&operation(Function::Add, "c", item.clone()), &mut None, &mut None);
        assert_eq!(read(&mut other, "c", empty()), empty());
        one.after(&operation(Function::Remove, "c", "egg#1".into()), &mut None, &mut None);
        for liar in [&mut one, &mut other] {
            assert_eq!(read(liar, "c", empty()), Value::List(vec![item.clone()]));
            assert_eq!(read(liar, "c", Value::Nil), Value::List(vec![item.clone()]));
            assert_eq!(read(liar, "d", empty()), empty());
        }
        // It is not there twice where the store shows it, too.
        let shown = Value::List(vec![item]);
        assert_eq!(read(&mut one, "c", shown.clone()), shown);
    }

    #[test]
    fn the_same_seed_tells_the_same_lies() {
        let told = |seed| {
            let mut liar = Lies::new(Lie::StaleRead, seed).liar(3, false);
            (0..200).map(|n| read(&mut liar, "r", Value::Int(n % 5))).collect::<Vec<_>>()
        };
        assert_eq!(told(7), told(7));
        assert_ne!(told(7), told(8));
    }
}
