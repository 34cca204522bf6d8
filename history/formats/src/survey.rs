//! What must be known about a file before its first operation can be kept: which workload it shows, whether values are
//! tuples of a key and a value, whether versions stand beside them, whether invocations were recorded at all, and which
//! nodes it names. The file is read only as far as necessary.

use crate::form::Form;
use crate::guess_workload::Guess;
use crate::op::Op;
use crate::problem::Problem;
use afterall_history::limits::NODES_MAX;
use afterall_history::{NODE_UNKNOWN, Outcome, Workload};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The layout of a file.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) workload: Workload,
    /// Values are `[key value]`, as `jepsen.independent` makes them.
    pub(crate) tuples: bool,
    /// In the place of values there are `[version value]`.
    pub(crate) versions: bool,
    /// Only completions were recorded.
    pub(crate) completions_only: bool,
    pub(crate) nodes: Vec<String>,
    /// How the workload was found, if it was guessed.
    pub(crate) guess: Option<String>,
}

/// Whether a read returned a list that is not a pair.
fn returned_a_list(name: &str, op: &Op<'_>) -> bool {
    let list = op.value.items().is_some() && op.value.as_pair().is_none();
    name == "read" && op.outcome == Some(Outcome::Ok) && list
}

/// Looks at operations until it knows.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    given: Option<Workload>,
    guess: Guess,
    names: BTreeSet<String>,
    tuples: Option<bool>,
    /// Some values could not be tuples, some could.
    singles: bool,
    pairs: bool,
    /// Values that could be `[version value]`: by themselves, and in tuples.
    bare_versions: Versions,
    tuple_versions: Versions,
    clients: bool,
    invoked: bool,
    /// Whether a completion was looked at.
    completed: bool,
    nodes: BTreeSet<String>,
}

/// Whether versions stand beside values: every invocation then has a nil in the version's place, a read also beside it.
#[derive(Debug, Default)]
struct Versions {
    refuted: bool,
    shown: bool,
}

impl Versions {
    fn look(&mut self, name: &str, value: Option<&Form<'_>>) {
        match value.and_then(Form::as_pair) {
            Some((Form::Nil, value)) => self.shown |= is_read(name) && value.is_nil(),
            _ => self.refuted = true,
        }
    }

    fn are_there(&self) -> bool {
        self.shown && !self.refuted
    }
}

fn is_read(name: &str) -> bool {
    matches!(name, "read" | "get" | "read-init")
}

impl Survey {
    /// A workload that is given is not guessed.
    pub(crate) fn new(given: Option<Workload>) -> Self {
        Survey { given, ..Survey::default() }
    }

    /// Looks at one operation; stops when it knows enough.
    pub(crate) fn look(&mut self, op: &Op<'_>) -> Result<ControlFlow<()>, Problem> {
        if op.is_nemesis() {
            return Ok(ControlFlow::Continue(()));
        }
        self.clients = true;
        self.invoked |= op.is_invocation();
        if !op.node.is_nil() {
            self.nodes.insert(op.node.name()?.into_owned());
            if self.nodes.len() > NODES_MAX {
                return Err(Problem::expected(
                    format!("at most {NODES_MAX} nodes"),
                    "more: is :node the name of a replica?",
                ));
            }
        }
        let name = op.name()?;
        if !self.names.contains(name) {
            self.names.insert(name.to_owned());
            if self.names.len() > 64 {
                return Err(Problem::expected(
                    "at most 64 kinds of :f",
                    "more: is :f the name of an operation?",
                ));
            }
        }
        let workload = match self.given {
            Some(given) => Some(given),
            None => self.guess.look(name, op, self.tuples.unwrap_or(self.may_be_tuples()))?,
        };
        self.look_for_tuples(name, op, workload);
        if op.is_invocation() && !(self.bare_versions.refuted && self.tuple_versions.refuted) {
            self.bare_versions.look(name, Some(&op.value));
            self.tuple_versions.look(name, op.value.as_pair().map(|(_, value)| value));
        }
        let versions_known = self.bare_versions.refuted && self.tuple_versions.refuted;
        let shape_known = self.tuples.is_some() && versions_known;
        let transactions = workload == Some(Workload::Transactions);
        let known = workload.is_some() && self.invoked && (shape_known || transactions);
        // All nodes must be known, and clients may name theirs in completions alone.
        self.completed |= !op.is_invocation();
        Ok(if known && self.completed && self.nodes.is_empty() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }

    /// Whether all values so far could be tuples.
    fn may_be_tuples(&self) -> bool {
        self.pairs && !self.singles
    }

    /// Reads show it: in tuples they are invoked with `[key nil]`, else with nothing. So do updates whose values are pairs.
    fn look_for_tuples(&mut self, name: &str, op: &Op<'_>, workload: Option<Workload>) {
        let adds = matches!(workload, None | Some(Workload::Set)) && self.names.contains("add");
        if self.tuples == Some(true) && adds && returned_a_list(name, op) {
            // The elements of the set are pairs themselves.
            self.tuples = Some(false);
        }
        if self.tuples.is_some() {
            return;
        }
        if !op.key.is_nil() {
            self.tuples = Some(false);
            return;
        }
        let pair = op.value.as_pair();
        // A cas of [key old new].
        let triple = name == "cas" && matches!(&op.value, Form::List(items) if items.len() == 3);
        // Completions need not repeat the value.
        if !op.value.is_nil() {
            self.pairs |= pair.is_some() || triple;
            self.singles |= pair.is_none() && !triple;
        }
        if !op.is_invocation() {
            return;
        }
        // In [key [a b]] the pair is what the operation carries by itself.
        let nested = || pair.is_some_and(|(_, second)| second.as_pair().is_some());
        self.tuples = match (name, pair) {
            ("cas", None) if triple => Some(true),
            ("cas" | "post" | "edit", _) => Some(nested()),
            ("add", _) if workload == Some(Workload::Cart) => Some(nested()),
            ("txn", _) | (_, None) => Some(false),
            // [version value] by itself.
            (_, Some((Form::Nil, _))) => None,
            (_, Some((_, Form::Nil))) => Some(true),
            _ => None,
        };
    }

    /// What was found out, once the file has ended or enough was known.
    pub(crate) fn finish(self) -> Result<Layout, Problem> {
        if !self.clients {
            return Err(Problem::expected("an operation of a client", "none"));
        }
        let names = self.names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let workload = self.given.or_else(|| self.guess.finish()).ok_or_else(|| {
            Problem::expected(
                "operations that tell the workload",
                format!("only {names}: name it with --workload"),
            )
            .hint("set, counter, register …")
        })?;
        let guess = self
            .given
            .is_none()
            .then(|| format!("the workload was guessed from {names}: {}", workload.name()));
        let in_tuples = self.tuple_versions.are_there() && self.tuples != Some(false);
        let versions = in_tuples || self.bare_versions.are_there();
        let tuples = if versions { in_tuples } else { self.tuples.unwrap_or(self.may_be_tuples()) };
        let nodes = if self.nodes.is_empty() {
            vec![NODE_UNKNOWN.to_owned()]
        } else {
            self.nodes.into_iter().collect()
        };
        let completions_only = !self.invoked;
        Ok(Layout { workload, tuples, versions, completions_only, nodes, guess })
    }
}
