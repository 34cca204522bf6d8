//! Comparing the versions that a target returns.
//!
//! A number, a text or a list of these: a total order, item by item. A map from name to number: a version vector, a
//! partial order in which a name that is not there counts zero.

use afterall_history::{Data, Datum, View};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// How a version stands to another; `None` where they are of different kinds and cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// Older.
    Less,
    /// The same.
    Equal,
    /// Newer.
    Greater,
    /// Neither: each knows something that the other does not.
    Concurrent,
}

impl Relation {
    fn of(ordering: Ordering) -> Relation {
        match ordering {
            Ordering::Less => Relation::Less,
            Ordering::Equal => Relation::Equal,
            Ordering::Greater => Relation::Greater,
        }
    }

    /// The same or newer.
    pub(crate) fn at_least(self) -> bool {
        matches!(self, Relation::Equal | Relation::Greater)
    }
}

/// How version `a` stands to version `b`; `None` where they cannot be compared.
pub(crate) fn compare(data: &Data, a: Datum, b: Datum) -> Option<Relation> {
    if a == b {
        return (!a.is_nil()).then_some(Relation::Equal);
    }
    match (data.view(a), data.view(b)) {
        (View::Map(_), View::Map(_)) => {
            let (a, b) = (vector(data, a)?, vector(data, b)?);
            let covers = |big: &BTreeMap<&str, i64>, small: &BTreeMap<&str, i64>| {
                small.iter().all(|(name, count)| *count <= big.get(name).copied().unwrap_or(0))
            };
            Some(match (covers(&a, &b), covers(&b, &a)) {
                (true, true) => Relation::Equal,
                (true, false) => Relation::Greater,
                (false, true) => Relation::Less,
                (false, false) => Relation::Concurrent,
            })
        }
        _ => total(data, a, b).map(Relation::of),
    }
}

/// The entries of a version vector; `None` where it is not one.
pub(crate) fn vector(data: &Data, version: Datum) -> Option<BTreeMap<&str, i64>> {
    match data.view(version) {
        View::Map(entries) => entries.map(|(name, count)| Some((name, count.as_int()?))).collect(),
        _ => None,
    }
}

fn total(data: &Data, a: Datum, b: Datum) -> Option<Ordering> {
    match (data.view(a), data.view(b)) {
        (View::Int(a), View::Int(b)) => Some(a.cmp(&b)),
        (View::Text(a), View::Text(b)) => Some(a.cmp(b)),
        (View::List(a), View::List(b)) => {
            let lengths = a.len().cmp(&b.len());
            for (a, b) in a.zip(b) {
                // Lists nest no deeper than a value may.
                match total(data, a, b)? {
                    Ordering::Equal => {}
                    unequal => return Some(unequal),
                }
            }
            Some(lengths)
        }
        _ => None,
    }
}
