//! Histories of transactions as plain lists: built, made by a store that is correct by construction, and judged.

use crate::store::Dice;
use afterall_checkers::{Outcome, Verdict, check_transactions};
use afterall_history::{
    Header, Initial, NODE_UNKNOWN, Name, OpId, Property, Sessions, Status, Transactions,
    TransactionsBuilder, TxnId, Workload,
};
use std::collections::BTreeMap;

/// A read or write. The value 0 is the initial one, and is never written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Op {
    pub(crate) write: bool,
    pub(crate) key: u64,
    pub(crate) value: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Txn {
    pub(crate) session: u64,
    pub(crate) status: Status,
    pub(crate) ops: Vec<Op>,
}

pub(crate) const LEVELS: [Property; 4] =
    [Property::ReadCommitted, Property::ReadAtomic, Property::CausalConvergence, Property::Causal];

pub(crate) fn header() -> Header {
    Header::new("test", Workload::Transactions, 0, [NODE_UNKNOWN])
}

pub(crate) fn build(txns: &[Txn]) -> Transactions {
    let mut builder = TransactionsBuilder::new(header(), Initial::Always(0)).unwrap();
    for txn in txns {
        let id = builder.begin(Name::Number(txn.session), txn.status).unwrap();
        for op in &txn.ops {
            let (key, value) = (Name::Number(op.key), Name::Number(op.value));
            if op.write {
                builder.write(id, key, value).unwrap();
            } else {
                builder.read(id, key, Some(value)).unwrap();
            }
        }
    }
    builder.finish()
}

/// The same as plain lists.
pub(crate) fn plain(history: &Transactions) -> Vec<Txn> {
    let number = |name: Name<'_>| match name {
        Name::Number(number) => number,
        Name::Text(text) => panic!("{text} is no number"),
    };
    let op = |op: afterall_history::TxnOp| Op {
        write: op.write,
        key: number(history.key_name(op.key)),
        value: history.value(op.value).map_or(0, number),
    };
    history
        .txns()
        .map(|txn| Txn {
            session: number(history.session_name(history.session_of(txn))),
            status: history.status(txn),
            ops: history.ops_of(txn).map(op).collect(),
        })
        .collect()
}

pub(crate) fn outcome(verdict: &Verdict, property: Property) -> &Outcome {
    &verdict.property(property, Sessions::All).unwrap().outcome
}

/// Which of [`LEVELS`] are broken.
pub(crate) fn broken(txns: &[Txn]) -> [bool; 4] {
    let verdict = check_transactions(&build(txns));
    LEVELS.map(|level| outcome(&verdict, level).is_broken())
}

/// What dbcop's text says of a history: `[x:=1 y==2]`.
pub(crate) fn text(text: &str) -> Transactions {
    afterall_formats::dbcop::text::read(text.as_bytes(), "test").unwrap()
}

/// How a store is driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) txns: usize,
    pub(crate) sessions: u64,
    pub(crate) ops: usize,
    pub(crate) keys: u64,
    /// A session sees all that was committed but at most so many of the last transactions.
    pub(crate) lag: u64,
}

/// A store with one log of transactions. A session sees a prefix of it that only grows, and what it wrote itself: that
/// is causally consistent, and not serializable.
pub(crate) fn prefix_store(setup: Setup, dice: &mut Dice) -> Vec<Txn> {
    let mut log: BTreeMap<u64, Vec<(usize, u64)>> = BTreeMap::new();
    let mut own: BTreeMap<(u64, u64), (usize, u64)> = BTreeMap::new();
    let mut seen = vec![0_usize; setup.sessions as usize];
    let mut txns = Vec::new();
    let mut next = 1;
    for at in 0..setup.txns {
        let session = dice.below(setup.sessions);
        let prefix = &mut seen[session as usize];
        *prefix = (*prefix).max(at.saturating_sub(dice.below(setup.lag + 1) as usize));
        let mut written: BTreeMap<u64, u64> = BTreeMap::new();
        let mut ops = Vec::new();
        for _ in 0..setup.ops {
            // Some keys are asked for more than others.
            let key = dice.below(setup.keys) * dice.below(setup.keys) / setup.keys;
            if dice.below(2) == 0 {
                ops.push(Op { write: true, key, value: next });
                written.insert(key, next);
                next += 1;
                continue;
            }
            let visible = log.get(&key).and_then(|log| {
                let within = log.partition_point(|&(place, _)| place < *prefix);
                within.checked_sub(1).map(|last| log[last])
            });
            let latest = visible.max(own.get(&(session, key)).copied());
            let value = written.get(&key).copied().or(latest.map(|(_, value)| value)).unwrap_or(0);
            ops.push(Op { write: false, key, value });
        }
        for (key, value) in written {
            log.entry(key).or_default().push((at, value));
            own.insert((session, key), (at, value));
        }
        txns.push(Txn { session, status: Status::Ok, ops });
    }
    txns
}

/// The operations without those of one transaction, and without reads whose write went with it.
pub(crate) fn without(history: &Transactions, txn: TxnId) -> Vec<OpId> {
    let all = || history.txns().flat_map(|txn| history.ops_of(txn));
    let writes = |left_out: bool| -> Vec<_> {
        let of = all().filter(|op| op.write && (history.txn_of(op.id) == txn) == left_out);
        of.map(|op| (op.key, op.value)).collect()
    };
    let (gone, left) = (writes(true), writes(false));
    all()
        .filter(|op| history.txn_of(op.id) != txn)
        .filter(|op| {
            let what = (op.key, op.value);
            op.write || left.contains(&what) || !gone.contains(&what)
        })
        .map(|op| op.id)
        .collect()
}
