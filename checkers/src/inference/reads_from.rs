//! Who reads from whom: for every read, the updates that wrote what it returned.
//!
//! Writes to a register carry distinct values, and adds to carts and sets fresh elements, so the writer of a value is
//! known. Where two updates carry the same value, a read of it is not traced, and where a key was deleted, a read of nothing:
//! then its key is in doubt, and no other. What a part of a history does not tell, because the writer is not in it, is not
//! traced either.
//! What was read but never written (*phantom*), or written by an operation that failed (*aborted*), is listed
//! apart. Texts are taken apart for this: `pieces`.

use super::pieces::{By, Pieces};
use crate::context::Context;
use afterall_history::{Datum, Function, KeyId, OpId, OpView, Status, Workload};
use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::ops::Range;

/// It reads from nothing.
const NONE: OpId = OpId(u32::MAX);
/// It reads from several.
const MANY: OpId = OpId(u32::MAX - 1);

/// A part of a text that nobody had appended by the time the read was over.
#[derive(Debug)]
pub(crate) struct Strange {
    /// The read: of each only the first such part is kept.
    pub(crate) read: OpId,
    /// The bytes of the text.
    pub(crate) part: Range<usize>,
    /// An append of it that failed, or that began later.
    pub(crate) append: Option<OpId>,
}

/// For every read, the updates that wrote what it returned.
#[derive(Debug, Default)]
pub(crate) struct ReadsFrom {
    /// By operation: the update that it reads from; [`NONE`], or [`MANY`].
    one: Vec<OpId>,
    /// The updates that the others read from, one after the other, and where those of each are.
    many: Vec<OpId>,
    places: FxHashMap<OpId, (u32, u32)>,
    /// Values that nobody had written by the time the read was over.
    pub(crate) phantoms: Vec<(OpId, Datum)>,
    /// A read, and the failed update that it returned.
    pub(crate) aborted: Vec<(OpId, OpId)>,
    /// The same of texts, whose parts are no values: linearizability knows them by itself.
    pub(crate) strange: Vec<Strange>,
    /// Why the texts of a key are not taken apart.
    whole: BTreeMap<KeyId, String>,
    /// Updates that wrote the same as another: the first of those that may have happened, with all of them. So readers of
    /// what they wrote cannot be told apart.
    same: BTreeMap<OpId, Vec<OpId>>,
    /// By update that wrote the same as another: the first of them.
    first: FxHashMap<OpId, OpId>,
    /// By read: of what it returned and several updates wrote, the first of these updates.
    also: FxHashMap<OpId, Vec<OpId>>,
    /// Why not every read of a key is traced.
    doubts: BTreeMap<KeyId, String>,
    /// Reads that returned something of which it is not known who wrote it, or when: somebody who is not in this part of a
    /// history, one of several updates, a delete or nobody yet, nobody at all, or somebody who was told that it had failed.
    partly: BTreeSet<OpId>,
    /// Values that were read.
    pub(crate) values_read: u64,
    /// The writers of values, by the hash of key and value. Only looked up, never walked.
    writers: HashTable<OpId>,
}

impl ReadsFrom {
    /// Traces the reads of a history; of counters and locks nothing can be traced.
    pub(crate) fn new(ctx: &Context<'_>) -> Self {
        let mut reads_from = ReadsFrom::default();
        let workload = ctx.history.header().workload;
        let written = |&op: &OpId| ctx.history.value_written(op);
        let updates = ctx.history.ops().filter(|op| !op.f().is_read()).count();
        reads_from.writers.reserve(updates, |op| hash(ctx.op(*op).key(), written(op)));
        for op in ctx.history.ops() {
            let Some(value) = written(&op.id()) else { continue };
            match reads_from.place_of_writer(ctx, op.key(), value) {
                None => {
                    let of = |op: &OpId| hash(ctx.op(*op).key(), written(op));
                    reads_from.writers.insert_unique(hash(op.key(), Some(value)), op.id(), of);
                }
                // A failed update did not happen: another may carry the value in its stead.
                Some(other) if ctx.op(*other).status() == Status::Fail => *other = op.id(),
                Some(_) if op.status() == Status::Fail => {}
                Some(&mut other) => reads_from.wrote_the_same(ctx, other, op),
            }
        }
        let deletes = deletes(ctx);
        for (&key, &delete) in &deletes {
            let why = format!("#{} deleted {}", ctx.op(delete).number(), ctx.history.key_name(key));
            let why = format!("{why}, so a read of nothing may be of the beginning or of that");
            reads_from.doubts.entry(key).or_insert(why);
        }
        let pieces = Pieces::new(ctx);
        reads_from.whole = pieces.whole().map(|(key, why)| (key, why.to_owned())).collect();
        reads_from.one.reserve_exact(ctx.history.len());
        let mut from: Vec<OpId> = Vec::new();
        for op in ctx.history.ops() {
            if op.f().is_read() && op.is_ok() {
                reads_from.take_apart(ctx, &pieces, op, &mut from);
                let mut nothing = true;
                for value in returned(ctx, workload, op) {
                    reads_from.trace(ctx, op, value, &mut from);
                    nothing = false;
                }
                let deleted = |key| {
                    let elsewhere =
                        ctx.history.updates_left_out(key, Some(Function::Delete), u32::MAX);
                    // What had not been deleted when the read was over, the read shows as it began.
                    let begun = |&delete: &OpId| {
                        Some(ctx.op(delete).index()) < op.completion_index()
                            || !ctx.history.has_real_time()
                    };
                    deletes.get(&key).is_some_and(begun) || elsewhere
                };
                if nothing && workload == Workload::Register && deleted(op.key()) {
                    reads_from.partly.insert(op.id());
                }
            } else if op.status() != Status::Fail
                && let Some(value) = named(ctx, op)
                && let Some(write) = reads_from.writer(ctx, op.key(), value)
                && !reads_from.first.contains_key(&write)
                && ctx.op(write).status() != Status::Fail
                && ctx.op(write).index() < op.index()
            {
                from.push(write);
            }
            reads_from.reads_from(op.id(), &from);
            from.clear();
        }
        if workload == Workload::Register {
            // Where no read returned any of it, nothing hangs on who wrote it.
            let unclear: BTreeSet<KeyId> =
                reads_from.partly.iter().map(|&read| ctx.op(read).key()).collect();
            reads_from.doubts.retain(|key, _| unclear.contains(key));
            // Nobody asks for the writer of a value again.
            reads_from.writers = HashTable::new();
        }
        reads_from.many.shrink_to_fit();
        reads_from
    }

    fn reads_from(&mut self, op: OpId, from: &[OpId]) {
        self.one.push(match *from {
            [] => NONE,
            [one] => one,
            _ => {
                self.places.insert(op, (self.many.len() as u32, from.len() as u32));
                self.many.extend(from);
                MANY
            }
        });
    }

    fn trace(&mut self, ctx: &Context<'_>, read: OpView<'_>, value: Datum, from: &mut Vec<OpId>) {
        self.values_read += 1;
        let until = read.completion_index().unwrap_or(u32::MAX);
        if ctx.history.written_elsewhere(read.key(), value, until) {
            self.partly.insert(read.id());
            // Somebody in this part may have written it, too: then the read shows that, whoever it was.
            if let Some(write) = self.writer(ctx, read.key(), value)
                && ctx.op(write).status() != Status::Fail
            {
                self.also.entry(read.id()).or_default().push(write);
            }
            return;
        }
        match self.writer(ctx, read.key(), value) {
            None => self.made_up(read, value),
            Some(write) if ctx.op(write).status() == Status::Fail => {
                self.partly.insert(read.id());
                self.aborted.push((read.id(), write));
            }
            // By the order of events, since times may be equal.
            Some(write)
                if ctx.history.has_real_time()
                    && Some(ctx.op(write).index()) > read.completion_index() =>
            {
                self.made_up(read, value);
            }
            Some(write) => match self.first.get(&write) {
                None => from.push(write),
                Some(&first) => {
                    self.partly.insert(read.id());
                    self.also.entry(read.id()).or_default().push(first);
                }
            },
        }
    }

    /// Traces the parts of a text; of other data types nothing.
    fn take_apart<'h>(
        &mut self,
        ctx: &Context<'h>,
        pieces: &Pieces<'h>,
        read: OpView<'_>,
        from: &mut Vec<OpId>,
    ) {
        let until = read.completion_index().unwrap_or(u32::MAX);
        for (part, by) in pieces.of(ctx, read) {
            self.values_read += 1;
            let append = match by {
                Some(By::Here(append)) => {
                    let op = ctx.op(append);
                    let later = ctx.history.has_real_time() && op.index() > until;
                    if op.status() != Status::Fail && !later {
                        from.push(append);
                        continue;
                    }
                    Some(append)
                }
                Some(By::Elsewhere(piece))
                    if ctx.history.written_elsewhere(read.key(), piece, until) =>
                {
                    self.partly.insert(read.id());
                    continue;
                }
                _ => None,
            };
            self.partly.insert(read.id());
            if self.strange.last().is_none_or(|last| last.read != read.id()) {
                self.strange.push(Strange { read: read.id(), part, append });
            }
        }
    }

    fn made_up(&mut self, read: OpView<'_>, value: Datum) {
        self.partly.insert(read.id());
        self.phantoms.push((read.id(), value));
    }

    fn wrote_the_same(&mut self, ctx: &Context<'_>, first: OpId, op: OpView<'_>) {
        let same = self.same.entry(first).or_insert_with(|| vec![first]);
        same.push(op.id());
        self.first.insert(first, first);
        self.first.insert(op.id(), first);
        self.doubts.entry(op.key()).or_insert_with(|| {
            let value = ctx.history.value_written(first).unwrap_or(Datum::NIL);
            let (value, key) = (ctx.history.data().value(value), op.key_name());
            format!("#{} and #{} both put {value} into {key}", ctx.op(first).number(), op.number())
        });
    }

    /// Why nothing is known of what the texts of the key hold, if so.
    pub(crate) fn whole(&self, key: KeyId) -> Option<&str> {
        self.whole.get(&key).map(String::as_str)
    }

    /// Why not every read of a key is traced, for the keys of which that is so.
    pub(crate) fn doubts(&self) -> impl Iterator<Item = (KeyId, &str)> {
        self.doubts.iter().map(|(&key, why)| (key, why.as_str()))
    }

    /// Why not every read of the key is traced, if so.
    pub(crate) fn doubt(&self, key: KeyId) -> Option<&str> {
        self.doubts.get(&key).map(String::as_str)
    }

    /// The first of the updates that wrote the same as this one, itself included; none where no other did.
    pub(crate) fn first_of_same(&self, update: OpId) -> Option<OpId> {
        self.first.get(&update).copied()
    }

    /// The updates that wrote the same as this one, itself included, in the order of their invocation.
    pub(crate) fn same(&self, update: OpId) -> Vec<OpId> {
        let same = self.first.get(&update).and_then(|first| self.same.get(first));
        same.cloned().unwrap_or_else(|| vec![update])
    }

    /// What the read shows: the updates whose effect it returned, and the first of those that may stand for it.
    pub(crate) fn shown(&self, read: OpId) -> impl Iterator<Item = OpId> + '_ {
        let also = if self.also.is_empty() { None } else { self.also.get(&read) };
        self.of(read).iter().chain(also.into_iter().flatten()).copied()
    }

    /// The updates whose effect the read returned.
    pub(crate) fn of(&self, read: OpId) -> &[OpId] {
        match &self.one[read.0 as usize] {
            &NONE => &[],
            &MANY => {
                let (start, length) = self.places.get(&read).copied().unwrap_or_default();
                &self.many[start as usize..][..length as usize]
            }
            one => std::slice::from_ref(one),
        }
    }

    /// By operation: whether it is an update that somebody read.
    pub(crate) fn read(&self) -> Vec<bool> {
        let mut read = vec![false; self.one.len()];
        let ones = self.one.iter().filter(|&&update| update != NONE && update != MANY);
        for update in ones.chain(&self.many) {
            read[update.0 as usize] = true;
        }
        read
    }

    /// Whether the read returned something of which it is not known who wrote it.
    pub(crate) fn partly(&self, read: OpId) -> bool {
        !self.partly.is_empty() && self.partly.contains(&read)
    }

    /// The update that wrote the value, or added the element.
    pub(crate) fn writer(&self, ctx: &Context<'_>, key: KeyId, value: Datum) -> Option<OpId> {
        let is = |&op: &OpId| is_writer(ctx, op, key, value);
        self.writers.find(hash(key, Some(value)), is).copied()
    }

    fn place_of_writer(
        &mut self,
        ctx: &Context<'_>,
        key: KeyId,
        value: Datum,
    ) -> Option<&mut OpId> {
        let is = |&op: &OpId| is_writer(ctx, op, key, value);
        self.writers.find_mut(hash(key, Some(value)), is)
    }
}

/// The first delete of each key that may have happened.
fn deletes(ctx: &Context<'_>) -> BTreeMap<KeyId, OpId> {
    let mut deletes = BTreeMap::new();
    if ctx.history.header().workload == Workload::Register {
        for op in ctx.history.ops() {
            if op.f() == Function::Delete && op.status() != Status::Fail {
                deletes.entry(op.key()).or_insert(op.id());
            }
        }
    }
    deletes
}

fn is_writer(ctx: &Context<'_>, op: OpId, key: KeyId, value: Datum) -> bool {
    ctx.op(op).key() == key && ctx.history.value_written(op) == Some(value)
}

fn hash(key: KeyId, value: Option<Datum>) -> u64 {
    FxBuildHasher.hash_one((key, value))
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
    let position = Some(read.output()).filter(|at| workload == Workload::Position && !at.is_nil());
    items.chain(position).filter_map(move |item| match workload {
        Workload::Cart => data.items(item).next(),
        _ => Some(item),
    })
}
