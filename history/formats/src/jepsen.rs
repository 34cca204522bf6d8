//! Jepsen's histories: EDN (`history.edn`), the same as JSON (elle-cli), and the log.
//!
//! EDN and JSON hold operations one after the other or in one list, as maps with `:type :process :f :value`, and `:time`,
//! `:index`, `:key`, `:node`, `:error`, `:final?` where they are known; other fields are ignored. What a value means
//! follows from the workload, which is recognised by `:f`:
//!
//! | workload | `:f` | |
//! |---|---|---|
//! | register | read, write, cas, delete; put, get, del | a read returns one value, or nil |
//! | counter | add, increment, inc, decrement, dec, read | an add of less than zero is a decrement |
//! | set | add, broadcast, remove, read | told from a counter by reads that return lists, and from a cart by adds of bare elements |
//! | text | write, append, read; put, get | |
//! | mutex | acquire, release | |
//! | transactions | any, or none | of micro-operations r and w, or read and write; not of append |
//! | cart, inventory, chat | as in [`Workload`] | |
//!
//! In every workload `read-init` is a read (`jepsen.tests.causal`).
//!
//! Values may be tuples `[key value]` (`jepsen.independent`); then all are. This is so where reads are invoked with
//! `[key nil]`, and a cas with `[key [old new]]` or `[key old new]`. In the place of values there may be `[version value]`; this is so
//! where every invocation has nil in the version's place, and reads also beside it. The versions are dropped: tests give
//! them to keys and not to operations.
//!
//! Where a history has no invocations at all, each completion stands for both ends, and times are not used. In a history
//! with deletes a read of nil returned nothing. Lines of the nemesis are counted and skipped: a fault whose effect nobody
//! measured would only cast doubt on the verdict.
//!
//! An operation's number is the `:index` of its invocation, where all have one and all differ; else its line; and where
//! several operations are on one line, its place.

use crate::error::FormatError;
use crate::input::Input;
use crate::jepsen_log::Passed;
use crate::op::Op;
use crate::options::{Nil, Options, Order};
use crate::problem::Problem;
use crate::record::Recorder;
use crate::recorded::{Recorded, stem};
use crate::source::Source;
use crate::survey::{Layout, Survey};
use crate::timed::Timed;
use crate::walk::{Notation, walk};
use crate::{jepsen_log, jepsen_txn};
use afterall_history::{History, Transactions, Workload};
use std::ops::ControlFlow;

/// How the operations are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Edn,
    Json,
    Log,
}

/// A file to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct File<'a> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) name: &'a str,
    pub(crate) options: &'a Options,
}

impl File<'_> {
    /// Reads a history of Jepsen's.
    pub(crate) fn read(
        self,
        kind: Dialect,
        notes: &mut Vec<String>,
    ) -> Result<Recorded, FormatError> {
        let mut survey = Survey::new(self.options.workload);
        self.walk(kind, |op| survey.look(&op))?;
        let layout = survey.finish().map_err(|problem| self.wrong(problem))?;
        if layout.workload == Workload::Transactions {
            notes.extend(layout.guess);
            let completions_only = layout.completions_only;
            return self.transactions(kind, completions_only, notes).map(Recorded::Transactions);
        }
        let nil = if kind == Dialect::Log { Nil::Initial } else { Nil::Unknown };
        self.record(kind, layout, nil, notes).map(Recorded::Operations)
    }

    /// Reads the operations of a file with a known layout.
    pub(crate) fn record(
        self,
        kind: Dialect,
        layout: Layout,
        nil: Nil,
        notes: &mut Vec<String>,
    ) -> Result<History, FormatError> {
        let mut recorder = Recorder::new(&stem(self.name), layout, nil, self.options)
            .map_err(|problem| self.wrong(problem))?;
        let passed = self.events(kind, |op| recorder.record(op))?;
        let (history, said) = recorder.finish().map_err(|problem| self.wrong(problem))?;
        notes.extend(said);
        notes.extend(passed.notes());
        Ok(history)
    }

    fn transactions(
        self,
        kind: Dialect,
        completions_only: bool,
        notes: &mut Vec<String>,
    ) -> Result<Transactions, FormatError> {
        let mut multi = None;
        self.walk(kind, |op| {
            multi = jepsen_txn::is_multi(&op).filter(|_| !op.is_nemesis());
            Ok(if multi.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let multi = multi.unwrap_or(false);
        let recorder =
            jepsen_txn::Recorder::new(&stem(self.name), multi, completions_only, self.options);
        let mut recorder = recorder.map_err(|problem| self.wrong(problem))?;
        let passed = self.events(kind, |op| recorder.record(op))?;
        let (transactions, said) = recorder.finish().map_err(|problem| self.wrong(problem))?;
        notes.extend(said);
        notes.extend(passed.notes());
        Ok(transactions)
    }

    /// Goes through the events in the order that is asked for.
    fn events(
        self,
        kind: Dialect,
        mut each: impl FnMut(&Op<'_>) -> Result<(), Problem>,
    ) -> Result<Passed, FormatError> {
        if self.options.order == Order::Lines {
            return self.walk(kind, |op| each(&op).map(ControlFlow::Continue));
        }
        let mut timed = Timed::default();
        let passed = self.walk(kind, |op| timed.push(&op).map(ControlFlow::Continue))?;
        for op in timed.in_order() {
            each(&op).map_err(|problem| FormatError::Line {
                file: self.name.to_owned(),
                line: op.line,
                problem,
            })?;
        }
        Ok(passed)
    }

    fn walk(
        self,
        kind: Dialect,
        each: impl FnMut(Op<'_>) -> Result<ControlFlow<()>, Problem>,
    ) -> Result<Passed, FormatError> {
        let mut source = Source::new(Box::new(self.input.open(self.name)?), self.name);
        match kind {
            Dialect::Edn => walk(&mut source, Notation::Edn, each).map(|()| Passed::default()),
            Dialect::Json => walk(&mut source, Notation::Json, each).map(|()| Passed::default()),
            Dialect::Log => jepsen_log::walk(&mut source, each),
        }
    }

    fn wrong(self, problem: Problem) -> FormatError {
        FormatError::File { file: self.name.to_owned(), problem }
    }
}
