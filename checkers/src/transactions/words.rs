//! Plain words for what is wrong with transactions.

use super::level::Level;
use super::shape::{Shape, Tie};
use crate::cause::Cause;
use crate::findings::{Dependency, Finding};
use crate::verdict::{AnomalyKind, Label};
use afterall_history::{OpId, Transactions, ValueId};

/// Sessions that have groups of their own; of more sessions' reads, all are one group.
const SESSIONS_APART_MAX: usize = 100;

/// Edges of one witness that are told.
const EDGES_MAX: usize = 200;

/// An operation for people: `session 4 read y=9 (transaction 57, #412)`.
fn op(history: &Transactions, id: OpId) -> String {
    let op = history.op(id);
    let txn = history.txn_of(id);
    let session = history.session_name(history.session_of(txn));
    let (key, number) = (history.key_name(op.key), history.number(id));
    let what = match (op.write, history.value(op.value)) {
        (true, Some(value)) => format!("wrote {key}={value}"),
        (false, Some(value)) if Some(op.value) == history.initial_value() => {
            format!("read {key}={value}, the initial value")
        }
        (false, Some(value)) => format!("read {key}={value}"),
        (_, None) => format!("read {key} and got nothing"),
    };
    format!("session {session} {what} (transaction {}, #{number})", history.txn_number(txn))
}

fn txn(history: &Transactions, id: OpId) -> String {
    format!("transaction {}", history.txn_number(history.txn_of(id)))
}

fn shows_nothing(history: &Transactions, read: OpId) -> bool {
    let value = history.op(read).value;
    value == ValueId::INITIAL || Some(value) == history.initial_value()
}

/// What others of the kind have in common with it.
pub(super) fn cause(history: &Transactions, kind: AnomalyKind, read: Option<OpId>) -> Cause {
    match read {
        Some(read) if history.sessions() <= SESSIONS_APART_MAX => {
            let session = history.session_of(history.txn_of(read));
            Cause::ReadsOfSession(session.0)
        }
        Some(_) => Cause::ReadsOfAnySession,
        None if kind == AnomalyKind::CyclicCausality => Cause::EffectsBeforeCauses,
        None => Cause::Disagreement,
    }
}

fn sentence(history: &Transactions, level: Level, shape: &Shape) -> String {
    let of = |id: Option<OpId>| id.map_or_else(|| "somebody".to_owned(), |id| op(history, id));
    let (Some(read), newer) = (shape.read, of(shape.newer)) else {
        return match shape.kind {
            AnomalyKind::CyclicCausality => "Each of these transactions must come before the next, and the last before the first, which no order can do.".to_owned(),
            _ => "No commit order explains these reads: each of these transactions must come before the next, and the last before the first.".to_owned(),
        };
    };
    let said = op(history, read);
    let past = match level {
        Level::CausalConvergence | Level::Causal => "in its causal past",
        Level::ReadAtomic => "in a transaction that it saw",
        Level::ReadCommitted => "in a transaction that it had read from",
    };
    match shape.kind {
        AnomalyKind::ThinAirRead => format!("{said}: no transaction wrote that value."),
        AnomalyKind::AbortedRead => {
            format!("{said}, although the transaction that wrote it was aborted: {newer}.")
        }
        AnomalyKind::IntermediateRead => {
            format!("{said}, although the transaction that wrote that value replaced it: {newer}.")
        }
        AnomalyKind::FutureRead => format!("{said} before the same transaction wrote it: {newer}."),
        AnomalyKind::NotMyOwnWrite => {
            format!("{said}, although the same transaction had written another value: {newer}.")
        }
        AnomalyKind::NotMyLastWrite => {
            format!("{said}, although the same transaction had replaced that value: {newer}.")
        }
        _ if shows_nothing(history, read) => {
            format!("{said}, although there was a write {past}: {newer}.")
        }
        AnomalyKind::NonRepeatableRead => {
            format!("{said}, although the same transaction read another value of the key: {newer}.")
        }
        _ => format!("{said}, although that value had been overwritten {past}: {newer}."),
    }
}

fn why(history: &Transactions, tie: &Tie) -> String {
    let (from, to) = (op(history, tie.from), op(history, tie.to));
    let (first, then) = (txn(history, tie.from), txn(history, tie.to));
    match (tie.label, tie.because) {
        (Label::ReadsFrom, _) => format!("{to}: {from}"),
        (Label::Conflict, Some(read)) => {
            let (read, reader) = (op(history, read), txn(history, read));
            format!(
                "{read}, although {first}, which wrote the key too, is visible to {reader}: so {first} must be ordered before {then}"
            )
        }
        (Label::Conflict, None) => format!("{from}: it does not show that {to}"),
        _ => {
            let session = history.session_name(history.session_of(history.txn_of(tie.from)));
            format!("session {session} made {first} before {then}")
        }
    }
}

/// The finding that a shape is.
pub(super) fn finding(
    history: &Transactions,
    level: Level,
    shape: &Shape,
    cause: &Cause,
) -> Finding {
    let edge = |tie: &Tie| Dependency {
        from: tie.from,
        to: tie.to,
        label: tie.label,
        why: why(history, tie),
    };
    Finding {
        claim: level.claim(),
        or: Vec::new(),
        kind: shape.kind,
        cause: cause.clone(),
        sentence: sentence(history, level, shape),
        key: shape.read.map(|read| history.op(read).key),
        ops: shape.ops(),
        edges: shape.ties.iter().take(EDGES_MAX).map(edge).collect(),
    }
}
