//! Who reads from whom: for every read, the updates that wrote what it returned.
//!
//! Writes to a register carry distinct values, and adds to a cart fresh elements, so the writer of a value is known.
//! What was read but never written (*phantom*), or written by an operation that failed (*aborted*), is listed
//! apart.

#![expect(clippy::disallowed_types, reason = "looked up, never walked")]

use crate::context::Context;
use afterall_history::{Datum, Function, KeyId, OpId, OpView, Status, Workload};
use std::collections::HashMap;

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
    /// Values that were read.
    pub(crate) values_read: u64,
    /// Only looked up, never walked.
    writer: HashMap<(KeyId, Datum), OpId>,
}

impl Sources {
    /// Traces the reads of a register or cart history; of another workload nothing can be traced.
    pub(crate) fn new(ctx: &Context<'_>) -> Self {
        let mut sources = Sources::default();
        let workload = ctx.history.header().workload;
        for op in ctx.history.ops() {
            if let Some(value) = written(ctx, workload, op) {
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
        sources.starts.push(0);
        for op in ctx.history.ops() {
            if op.f().is_read() && op.is_ok() {
                for value in returned(ctx, workload, op) {
                    sources.trace(ctx, op, value);
                }
            }
            sources.starts.push(sources.from.len() as u32);
        }
        sources
    }

    fn trace(&mut self, ctx: &Context<'_>, read: OpView<'_>, value: Datum) {
        self.values_read += 1;
        match self.writer.get(&(read.key(), value)) {
            None => self.phantoms.push((read.id(), value)),
            Some(&write) if ctx.op(write).status() == Status::Fail => {
                self.aborted.push((read.id(), write));
            }
            Some(&write) if ctx.op(write).invoked() > read.until() => {
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

    /// The update that wrote the value, or added the element.
    pub(crate) fn writer(&self, key: KeyId, value: Datum) -> Option<OpId> {
        self.writer.get(&(key, value)).copied()
    }
}

/// What later reads of the key may return because of this operation.
fn written(ctx: &Context<'_>, workload: Workload, op: OpView<'_>) -> Option<Datum> {
    match (workload, op.f()) {
        (Workload::Register, Function::Write) => Some(op.input()),
        (Workload::Cart, Function::Add) => ctx.history.data().items(op.input()).next(),
        _ => None,
    }
}

/// What the read returned, value by value.
fn returned<'h>(
    ctx: &Context<'h>,
    workload: Workload,
    read: OpView<'_>,
) -> impl Iterator<Item = Datum> + use<'h> {
    let data = ctx.history.data();
    let traced = workload != Workload::Counter;
    let items = traced.then(|| data.items(read.output())).into_iter().flatten();
    items.filter_map(move |item| match workload {
        Workload::Cart => data.items(item).next(),
        _ => Some(item),
    })
}
