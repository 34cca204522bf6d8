//! A part of a history, which can be judged by itself, as witnesses are.

use crate::datum::Datum;
use crate::function::Function;
use crate::groups::Groups;
use crate::history::History;
use crate::history::{Columns, LeftOut};
use crate::ids::{KeyId, OpId, SessionId, Status};
use crate::workload::Workload;
use std::collections::BTreeMap;
use std::sync::Arc;

impl History {
    /// The history of these operations alone, in the order of their invocation.
    ///
    /// They keep the indices of their events. Keys and sessions that they do not use are dropped; nodes, faults,
    /// phases and the end stay. A read in the part may return what an update outside of it wrote: see
    /// [`History::written_elsewhere`]. `by_key` is what [`History::by_key`] gives. Linear in the
    /// operations on the keys that are used.
    #[must_use]
    pub fn part(&self, ops: &[OpId], by_key: &Groups) -> History {
        let mut ops = ops.to_vec();
        ops.sort_unstable();
        ops.dedup();
        let mut keys: BTreeMap<u32, u32> = BTreeMap::new();
        let mut sessions: BTreeMap<u32, u32> = BTreeMap::new();
        let mut columns = Columns::default();
        let (mut key_names, mut processes) = (Vec::new(), Vec::new());
        for &id in &ops {
            let at = id.0 as usize;
            let from = &self.ops;
            let key = *keys.entry(from.key[at]).or_insert_with(|| {
                key_names.push(self.keys[from.key[at] as usize]);
                key_names.len() as u32 - 1
            });
            let session = *sessions.entry(from.session[at]).or_insert_with(|| {
                processes.push(self.process(SessionId(from.session[at])));
                processes.len() as u32 - 1
            });
            columns.key.push(key);
            columns.session.push(session);
            columns.push_from(from, at);
        }
        let mut part = History {
            header: self.header.clone(),
            nodes: self.nodes.clone(),
            sessions: processes,
            keys: key_names,
            data: Arc::clone(&self.data),
            ops: columns,
            phases: self.phases.clone(),
            faults: self.faults.clone(),
            node_turns: self.node_turns.clone(),
            end: self.end.clone(),
            torn: self.torn.clone(),
            last_time: self.last_time,
            events: self.events,
            real_time: self.real_time,
            times: self.times,
            setup: self.setup,
            left_out: Default::default(),
        };
        for (&of, &key) in &keys {
            for id in by_key.of(of) {
                let op = self.op(*id);
                if op.f().is_read() || ops.binary_search(id).is_ok() {
                    continue;
                }
                let written = self.value_written(*id);
                // An update that failed is kept only to show that a reader did not make its value up.
                let failed = op.status() == Status::Fail;
                let appends = op.f() == Function::Append;
                if failed && written.is_none() && !appends {
                    continue;
                }
                let value = written.unwrap_or(match op.f() {
                    Function::Remove | Function::Append => op.input(),
                    _ => Datum::NIL,
                });
                let failed = failed && appends;
                let left_out = LeftOut { begun: op.index(), more: false, failed };
                part.leave_out((KeyId(key), op.f(), value), left_out);
            }
        }
        for (&(key, f, value), &left_out) in &self.left_out {
            if let Some(&key) = keys.get(&key.0) {
                part.leave_out((KeyId(key), f, value), left_out);
            }
        }
        part
    }

    fn leave_out(&mut self, update: (KeyId, Function, Datum), left_out: LeftOut) {
        self.left_out
            .entry(update)
            .and_modify(|known| {
                known.begun = known.begun.min(left_out.begun);
                known.more = true;
                known.failed &= left_out.failed;
            })
            .or_insert(left_out);
    }

    /// In a part of a longer history: what the key's updates outside of the part did, and whether several did the same.
    /// The value is what they wrote, added, removed or appended, and nil for others.
    pub fn left_out_of(&self, key: KeyId) -> impl Iterator<Item = (Function, Datum, bool)> + '_ {
        let left_out = self.all_left_out_of(key).filter(|(.., left_out)| !left_out.failed);
        left_out.map(|(f, value, left_out)| (f, value, left_out.more))
    }

    /// In a part of a longer history: what appends to the key outside of the part carried, failed ones as well, and whether
    /// several carried the same.
    pub fn appends_left_out(&self, key: KeyId) -> impl Iterator<Item = (Datum, bool)> + '_ {
        let appends = self.all_left_out_of(key).filter(|(f, ..)| *f == Function::Append);
        appends.map(|(_, piece, left_out)| (piece, left_out.more))
    }

    fn all_left_out_of(&self, key: KeyId) -> impl Iterator<Item = (Function, Datum, LeftOut)> + '_ {
        self.left_out
            .range((key, Function::ALL[0], Datum::NIL)..)
            .take_while(move |((of, ..), _)| *of == key)
            .map(|(&(_, f, value), &left_out)| (f, value, left_out))
    }

    /// Whether this is a part of a longer history, and an operation outside of the part began to write the value (or to
    /// add the element, or append the piece) before the event with this index. A reader of it proves nothing about who wrote it,
    /// or when.
    #[must_use]
    pub fn written_elsewhere(&self, key: KeyId, value: Datum, before: u32) -> bool {
        const WRITING: [Function; 6] = [
            Function::Write,
            Function::Cas,
            Function::Add,
            Function::Post,
            Function::Edit,
            Function::Append,
        ];
        !self.left_out.is_empty()
            && WRITING.iter().any(|&f| {
                self.left_out.get(&(key, f, value)).is_some_and(|known| known.begun < before)
            })
    }

    /// Whether this is a part of a longer history, and an operation outside of the part began to remove the element
    /// before the event with this index.
    #[must_use]
    pub fn removed_elsewhere(&self, key: KeyId, element: Datum, before: u32) -> bool {
        let begun = self.left_out.get(&(key, Function::Remove, element));
        begun.is_some_and(|known| known.begun < before)
    }

    /// Whether this is a part of a longer history, and updates of the key outside of the part, of one kind or of any, were
    /// invoked before the event with this index.
    #[must_use]
    pub fn updates_left_out(&self, key: KeyId, kind: Option<Function>, before: u32) -> bool {
        let mut of_key = self.all_left_out_of(key).filter(|(.., known)| !known.failed);
        of_key.any(|(f, _, known)| known.begun < before && kind.is_none_or(|kind| kind == f))
    }

    /// What reads of the key may show because of this operation: the value that it wrote, or the element that it
    /// added. Operations on counters, texts and locks cannot be told apart.
    #[must_use]
    pub fn value_written(&self, op: OpId) -> Option<Datum> {
        let input = self.op(op).input();
        match self.op(op).f() {
            Function::Write => Some(input),
            Function::Cas => self.data().items(input).nth(1),
            Function::Add if self.header().workload == Workload::Set => Some(input),
            Function::Add => self.data().items(input).next(),
            Function::Post | Function::Edit => self.data().items(input).next(),
            _ => None,
        }
    }
}
