//! Which workload a file shows, recognised by its operations.

use crate::form::Form;
use crate::op::Op;
use crate::problem::Problem;
use afterall_history::{Outcome, Workload};

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Guess {
    known: Option<Workload>,
    /// Adds of something, of `[something number]`, of `[something [something number]]`.
    adds: bool,
    pairs_added: bool,
    nested_added: bool,
    /// Removes of something, and of a pair.
    bare_removed: bool,
    pairs_removed: bool,
    read_list: bool,
    read_int: bool,
}

impl Guess {
    /// What is known at the end.
    pub(crate) fn finish(&self) -> Option<Workload> {
        // A cart from which nothing was removed cannot be told from a set of pairs, and is judged alike.
        self.known.or_else(|| (self.adds && self.read_list).then_some(Workload::Set))
    }

    /// Looks at an operation; `tuples` says whether values are read as tuples of a key and a value.
    ///
    /// # Errors
    /// When it belongs to no workload.
    pub(crate) fn look(
        &mut self,
        name: &str,
        op: &Op<'_>,
        tuples: bool,
    ) -> Result<Option<Workload>, Problem> {
        use Workload as W;
        if self.known.is_some() {
            return Ok(self.known);
        }
        if op.is_transaction(name) {
            self.known = Some(W::Transactions);
            return Ok(self.known);
        }
        self.known = match name {
            // A set has them too, and was recognised by its adds.
            "delete" | "del" if self.adds => Some(W::Set),
            "write" | "cas" | "delete" | "del" => Some(W::Register),
            "put" | "get" | "append" => Some(W::Text),
            "acquire" | "release" => Some(W::Mutex),
            "increment" | "decrement" | "inc" | "dec" => Some(W::Counter),
            "broadcast" => Some(W::Set),
            "checkout" => Some(W::Cart),
            "restock" | "sell" => Some(W::Inventory),
            "post" | "edit" => Some(W::Chat),
            "add" => self.add(op),
            "remove" => {
                let pair = op.value.as_pair().is_some();
                self.pairs_removed |= pair;
                self.bare_removed |= !pair && !op.value.is_nil();
                None
            }
            "read" | "read-init" => {
                self.read(op, tuples);
                None
            }
            other => return Err(unknown(other)),
        };
        self.known = self.known.or_else(|| self.of_what_was_seen(tuples));
        Ok(self.known)
    }

    fn add(&mut self, op: &Op<'_>) -> Option<Workload> {
        self.adds = true;
        // The value of an operation that was not acknowledged may be the reason.
        if matches!(op.outcome, Some(Outcome::Fail | Outcome::Info)) {
            return None;
        }
        let number = |form: &Form<'_>| matches!(form, Form::Int(_));
        let counted = |form: &Form<'_>| form.as_pair().is_some_and(|(_, second)| number(second));
        match op.value.as_pair() {
            Some((_, second)) if number(second) => self.pairs_added = true,
            Some((_, second)) if counted(second) => self.nested_added = true,
            None if number(&op.value) || op.value.is_nil() => {}
            // Nothing but a set has such elements.
            _ => return Some(Workload::Set),
        }
        None
    }

    fn read(&mut self, op: &Op<'_>, tuples: bool) {
        if op.outcome == Some(Outcome::Ok) {
            // In tuples the pair itself is not what was read.
            let read = match op.value.as_pair() {
                Some((_, value)) if tuples => value,
                _ => &op.value,
            };
            self.read_list |= read.items().is_some();
            self.read_int |= matches!(read, Form::Int(_) | Form::Odd(_));
        }
    }

    fn of_what_was_seen(&self, tuples: bool) -> Option<Workload> {
        // A cart removes an element by its name, and adds it with its quantity; a set does both alike.
        if self.adds && (self.bare_removed || self.pairs_removed) {
            let in_cart = if self.pairs_removed { self.nested_added } else { self.pairs_added };
            return Some(if in_cart { Workload::Cart } else { Workload::Set });
        }
        let may_be_cart = if tuples { self.nested_added } else { self.pairs_added };
        match (self.adds, self.read_list, self.read_int) {
            // What comes later tells.
            (true, true, _) if may_be_cart => None,
            (true, true, _) => Some(Workload::Set),
            (true, false, true) => Some(Workload::Counter),
            _ => None,
        }
    }
}

fn unknown(name: &str) -> Problem {
    match name {
        "enqueue" | "dequeue" | "drain" => Problem::not_judged(
            "queues are not judged: expected one of the workloads register, counter, cart, set, text, mutex, inventory, \
             chat, position and transactions, found enqueue and dequeue",
        ),
        "transfer" => Problem::not_judged(
            "banks are not judged: expected transactions of reads and writes, found transfer",
        ),
        other => Problem::UnknownOperation(other.to_owned()),
    }
}
