//! Who reads from whom: for every read, the updates that wrote what it returned.
//!
//! Writes to a register carry distinct values, and adds to carts and sets fresh elements, so the writer of a value is
//! known. What a part of a history does not tell, because the writer is not in it, is not traced.
//! What was read but never written (*phantom*), or written by an operation that failed (*aborted*), is listed
//! apart.

use crate::context::Context;
use afterall_history::{Datum, Function, KeyId, OpId, OpView, Status, Workload};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// For every read, the updates that wrote what it returned.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Cut at `starts`: the updates that each operation reads from.
    starts: Vec<u32>,
    from: Vec<OpId>,
    /// Values that nobody had written by the time the read was over.
    pub(crate) phantoms: Vec<(OpId, Datum)>,
    /// A read, and the failed update that it returned.
    pub(crate) aborted: Vec<(OpId, OpId)>,
    /// Two updates that wrote the same, so that readers of it cannot be told apart.
    pub(crate) twice: Option<(OpId, OpId)>,
    /// In a part of a history: reads that returned what somebody wrote who is not in it.
    partly: BTreeSet<OpId>,
    /// Values that were read.
    pub(crate) values_read: u64,
    /// Only looked up, never walked.
    writer: FxHashMap<(KeyId, Datum), OpId>,
}

impl Sources {
    /// Traces the reads of a register or cart history; of another workload nothing can be traced.
    pub(crate) fn new(ctx: &Context<'_>) -> Self {
        let mut sources = Sources::default();
        let workload = ctx.history.header().workload;
        for op in ctx.history.ops() {
            if let Some(value) = ctx.history.value_written(op.id()) {
                match sources.writer.get(&(op.key(), value)) {
                    None => {
                        sources.writer.insert((op.key(), value), op.id());
                    }
                    // A failed update did not happen: another may carry the value in its stead.
                    Some(&other) if ctx.op(other).status() == Status::Fail => {
                        sources.writer.insert((op.key(), value), op.id());
                    }
                    Some(_) if op.status() == Status::Fail => {}
                    Some(&other) => sources.twice = sources.twice.or(Some((other, op.id()))),
                }
            }
        }
        sources.starts.reserve_exact(ctx.history.len() + 1);
        sources.starts.push(0);
        for op in ctx.history.ops() {
            if op.f().is_read() && op.is_ok() {
                for value in returned(ctx, workload, op) {
                    sources.trace(ctx, op, value);
                }
            } else if op.status() != Status::Fail
                && let Some(value) = named(ctx, op)
                && let Some(&write) = sources.writer.get(&(op.key(), value))
                && ctx.op(write).status() != Status::Fail
                && ctx.op(write).index() < op.index()
            {
                sources.from.push(write);
            }
            sources.starts.push(sources.from.len() as u32);
        }
        if workload == Workload::Register {
            // Nobody asks for the writer of a value again.
            sources.writer = FxHashMap::default();
        }
        sources.from.shrink_to_fit();
        sources
    }

    fn trace(&mut self, ctx: &Context<'_>, read: OpView<'_>, value: Datum) {
        self.values_read += 1;
        let until = read.completion_index().unwrap_or(u32::MAX);
        if ctx.history.written_elsewhere(read.key(), value, until) {
            self.partly.insert(read.id());
            return;
        }
        match self.writer.get(&(read.key(), value)) {
            None => self.phantoms.push((read.id(), value)),
            Some(&write) if ctx.op(write).status() == Status::Fail => {
                self.aborted.push((read.id(), write));
            }
            // By the order of events, since times may be equal.
            Some(&write) if Some(ctx.op(write).index()) > read.completion_index() => {
                self.phantoms.push((read.id(), value));
            }
            Some(&write) => self.from.push(write),
        }
    }

    /// The updates whose effect the read returned.
    pub(crate) fn of(&self, read: OpId) -> &[OpId] {
        let at = read.0 as usize;
        &self.from[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Whether the read returned something that was written outside of this part of a history.
    pub(crate) fn partly(&self, read: OpId) -> bool {
        !self.partly.is_empty() && self.partly.contains(&read)
    }

    /// The update that wrote the value, or added the element.
    pub(crate) fn writer(&self, key: KeyId, value: Datum) -> Option<OpId> {
        self.writer.get(&(key, value)).copied()
    }
}

/// What an update shows that it knew of: the message that is answered or edited.
fn named(ctx: &Context<'_>, op: OpView<'_>) -> Option<Datum> {
    let named = || ctx.history.data().items(op.input()).nth(1).filter(|value| !value.is_nil());
    matches!(op.f(), Function::Post | Function::Edit).then(named).flatten()
}

/// What the read returned, value by value.
fn returned<'h>(
    ctx: &Context<'h>,
    workload: Workload,
    read: OpView<'_>,
) -> impl Iterator<Item = Datum> + use<'h> {
    let data = ctx.history.data();
    let traced =
        matches!(workload, Workload::Register | Workload::Cart | Workload::Set | Workload::Chat);
    let items = traced.then(|| data.items(read.output())).into_iter().flatten();
    items.filter_map(move |item| match workload {
        Workload::Cart => data.items(item).next(),
        _ => Some(item),
    })
}
