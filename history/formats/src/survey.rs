//! What has to be known of a file before its first operation can be kept: which workload it shows, whether values are
//! tuples of a key and a value, and which nodes it names. The file is read only as far as that takes.

use crate::form::Form;
use crate::op::Op;
use afterall_history::limits::NODES_MAX;
use afterall_history::{NODE_UNKNOWN, Outcome, Workload};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// What a file is like.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) workload: Workload,
    /// Values are `[key value]`, as `jepsen.independent` makes them.
    pub(crate) tuples: bool,
    pub(crate) nodes: Vec<String>,
    /// How the workload was found, if it was guessed.
    pub(crate) guess: Option<String>,
}

/// Whether a read returned a list that is no pair.
fn returned_a_list(name: &str, op: &Op<'_>) -> bool {
    let list = op.value.items().is_some() && op.value.as_pair().is_none();
    name == "read" && op.outcome == Some(Outcome::Ok) && list
}

/// Looks at operations until it knows.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    given: Option<Workload>,
    guessed: Option<Workload>,
    names: BTreeSet<String>,
    tuples: Option<bool>,
    /// All values so far could be tuples, and there were some.
    pairs: bool,
    adds: bool,
    read_list: bool,
    read_int: bool,
    clients: bool,
    nodes: BTreeSet<String>,
}

impl Survey {
    /// A workload that is given is not guessed.
    pub(crate) fn new(given: Option<Workload>) -> Self {
        Survey { given, ..Survey::default() }
    }

    /// Looks at one operation; breaks off when it knows enough.
    pub(crate) fn look(&mut self, op: &Op<'_>) -> Result<ControlFlow<()>, String> {
        if op.is_nemesis() {
            return Ok(ControlFlow::Continue(()));
        }
        self.clients = true;
        if !op.node.is_nil() {
            self.nodes.insert(op.node.name()?.into_owned());
            if self.nodes.len() > NODES_MAX {
                return Err(format!("there are more than {NODES_MAX} nodes up to here"));
            }
        }
        let name = op.name()?;
        if matches!(name, "read" | "write") && op.has_micro_ops() {
            return Err("reads and writes of several keys at once, as long-fork has them, are not judged: transactions \
                        have :f txn"
                .to_owned());
        }
        if !self.names.contains(name) {
            self.names.insert(name.to_owned());
            if self.names.len() > 64 {
                return Err("there are more than 64 kinds of :f up to here".to_owned());
            }
        }
        if self.given.is_none() && self.guessed.is_none() {
            self.guess(name, op)?;
        }
        if self.tuples.is_none() {
            self.look_for_tuples(name, op);
        } else if self.adds && self.tuples == Some(true) && returned_a_list(name, op) {
            // The elements of the set are pairs themselves.
            self.tuples = Some(false);
        }
        let known = self.given.or(self.guessed).is_some() && self.tuples.is_some();
        // Nodes have to be known all.
        Ok(if known && self.nodes.is_empty() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }

    fn guess(&mut self, name: &str, op: &Op<'_>) -> Result<(), String> {
        use Workload as W;
        self.guessed = match name {
            "write" | "cas" => Some(W::Register),
            "put" | "get" | "append" => Some(W::Text),
            "acquire" | "release" => Some(W::Mutex),
            "increment" | "decrement" | "inc" | "dec" => Some(W::Counter),
            "broadcast" => Some(W::Set),
            "remove" | "checkout" => Some(W::Cart),
            "restock" | "sell" => Some(W::Inventory),
            "post" | "edit" => Some(W::Chat),
            "txn" => Some(W::Transactions),
            "add" => {
                self.adds = true;
                let plain = match op.value.as_pair() {
                    Some((_, value)) => matches!(value, Form::Int(_)),
                    None => matches!(op.value, Form::Int(_) | Form::Nil),
                };
                (!plain).then_some(W::Set)
            }
            "read" => {
                if op.outcome == Some(Outcome::Ok) {
                    // In tuples the pair itself is no list.
                    let read = match (self.tuples, op.value.as_pair()) {
                        (Some(true), Some((_, value))) => value,
                        _ => &op.value,
                    };
                    self.read_list |= read.items().is_some();
                    self.read_int |= matches!(read, Form::Int(_) | Form::Odd(_));
                }
                None
            }
            "enqueue" | "dequeue" | "drain" => {
                return Err("queues are not judged: there is no workload with enqueue and dequeue"
                    .to_owned());
            }
            "transfer" => {
                return Err("banks are not judged: there is no workload with transfer".to_owned());
            }
            other => {
                return Err(format!(
                    "unknown :f {other:?}: registers have read, write, cas; counters read, add, increment, decrement; \
                     sets read, add; texts read, write, append; locks acquire, release"
                ));
            }
        };
        if self.guessed.is_none() && self.adds {
            self.guessed = match (self.read_list, self.read_int) {
                (true, _) => Some(W::Set),
                (false, true) => Some(W::Counter),
                (false, false) => None,
            };
        }
        Ok(())
    }

    /// Reads tell: in tuples they are invoked with `[key nil]`, else with nothing. So does a cas.
    fn look_for_tuples(&mut self, name: &str, op: &Op<'_>) {
        if op.outcome != Some(Outcome::Invoke) {
            return;
        }
        if !op.key.is_nil() {
            self.tuples = Some(false);
            return;
        }
        let pair = op.value.as_pair();
        self.tuples = match (name, pair) {
            (_, None) => Some(false),
            ("txn", _) => Some(false),
            ("cas", Some((_, second))) => Some(second.as_pair().is_some()),
            (_, Some((_, Form::Nil))) => Some(true),
            _ => None,
        };
        self.pairs = pair.is_some();
    }

    /// What was found out, once the file has ended or enough was known.
    pub(crate) fn finish(self) -> Result<Layout, String> {
        if !self.clients {
            return Err("expected an operation of a client, found none".to_owned());
        }
        let workload = self.given.or(self.guessed).ok_or_else(|| {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            format!(
                "{} alone does not tell the workload: name it with --workload (set, counter, register …)",
                names.join(", ")
            )
        })?;
        let guess = self.given.is_none().then(|| {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            format!("guessed the {} workload from {}", workload.name(), names.join(", "))
        });
        let nodes = if self.nodes.is_empty() {
            vec![NODE_UNKNOWN.to_owned()]
        } else {
            self.nodes.into_iter().collect()
        };
        Ok(Layout { workload, tuples: self.tuples.unwrap_or(self.pairs), nodes, guess })
    }
}
