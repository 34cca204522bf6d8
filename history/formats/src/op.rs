//! One end of an operation as Jepsen writes it.

use crate::form::Form;
use crate::problem::Problem;
use afterall_history::Outcome;

/// One end of an operation. Of the fields that Jepsen's tests add, only those that matter here are kept.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Op<'a> {
    pub(crate) outcome: Option<Outcome>,
    pub(crate) process: Form<'a>,
    pub(crate) f: Form<'a>,
    pub(crate) value: Form<'a>,
    pub(crate) key: Form<'a>,
    pub(crate) node: Form<'a>,
    pub(crate) error: Form<'a>,
    pub(crate) time: Option<i64>,
    pub(crate) index: Option<i64>,
    /// Maelstrom's `:final?`.
    pub(crate) last: bool,
    /// The line in which it begins.
    pub(crate) line: u64,
    /// Which of the fields above were there, a bit each.
    seen: u16,
}

impl<'a> Op<'a> {
    /// Takes a field; fields that a history does not need are skipped.
    ///
    /// # Errors
    /// When it is there twice or has a wrong value.
    pub(crate) fn set(&mut self, name: &str, value: Form<'a>) -> Result<(), Problem> {
        let bit = match name.strip_prefix(':').unwrap_or(name) {
            "type" => {
                self.outcome = Some(outcome(&value)?);
                0
            }
            "process" => {
                self.process = value;
                1
            }
            "f" => {
                self.f = value;
                2
            }
            "value" => {
                self.value = value;
                3
            }
            "key" => {
                self.key = value;
                4
            }
            "node" => {
                self.node = value;
                5
            }
            "error" => {
                self.error = value;
                6
            }
            "time" => {
                self.time = whole(name, &value)?;
                7
            }
            "index" => {
                self.index = whole(name, &value)?;
                8
            }
            "final" | "final?" => {
                self.last = value == Form::Bool(true);
                9
            }
            other => {
                return match other.split_once('/') {
                    Some(("op" | "jepsen" | "jepsen.op", name)) if !name.contains('/') => {
                        self.set(name, value)
                    }
                    _ => Ok(()),
                };
            }
        };
        if self.seen & (1 << bit) != 0 {
            return Err(Problem::expected(format!("the field {name} once"), "it twice"));
        }
        self.seen |= 1 << bit;
        Ok(())
    }

    /// Its `:type`.
    pub(crate) fn outcome(&self) -> Result<Outcome, Problem> {
        self.outcome.ok_or_else(|| Problem::expected("a :type", "none"))
    }

    /// Whether the nemesis did it, or a logger of Jepsen's, and not a client.
    pub(crate) fn is_nemesis(&self) -> bool {
        self.process.as_text().is_some_and(|text| text.trim_start_matches(':') == "nemesis")
    }

    /// The same, apart from the file's window.
    pub(crate) fn detached(&self) -> Op<'static> {
        Op {
            outcome: self.outcome,
            process: self.process.detached(),
            f: self.f.detached(),
            value: self.value.detached(),
            key: self.key.detached(),
            node: self.node.detached(),
            error: self.error.detached(),
            time: self.time,
            index: self.index,
            last: self.last,
            line: self.line,
            seen: self.seen,
        }
    }

    /// Whether it is an invocation.
    pub(crate) fn is_invocation(&self) -> bool {
        self.outcome == Some(Outcome::Invoke)
    }

    /// Whether the value is a list of micro-operations, as `[[:r key value] …]`.
    pub(crate) fn has_micro_ops(&self) -> bool {
        let Form::List(items) = &self.value else { return false };
        let Some(Form::List(first)) = items.first() else { return false };
        let name = first.first().and_then(Form::as_text).map(|f| f.trim_start_matches(':'));
        matches!(name, Some("r" | "w" | "read" | "write" | "append")) && first.len() <= 3
    }

    /// Whether it is a transaction: its micro-operations tell, whatever its name is. Elements and values of others may look
    /// like them.
    pub(crate) fn is_transaction(&self, name: &str) -> bool {
        let may_be =
            !matches!(name, "add" | "remove" | "broadcast" | "append" | "post" | "edit" | "cas");
        let returned = self.outcome == Some(Outcome::Ok) && name.starts_with("read");
        name == TXN || (may_be && !returned && self.has_micro_ops())
    }

    /// What was asked, without the colon of a keyword in a text. Elle's transactions may have none.
    pub(crate) fn name(&self) -> Result<&str, Problem> {
        match &self.f {
            Form::Text(text) => Ok(text.strip_prefix(':').unwrap_or(text)),
            Form::Nil if self.has_micro_ops() => Ok(TXN),
            Form::Nil => Err(Problem::expected("an :f", "none")),
            _ => Err(Problem::expected("a keyword or text as :f", "something else")),
        }
    }
}

/// The `:f` of transactions.
pub(crate) const TXN: &str = "txn";

fn outcome(form: &Form<'_>) -> Result<Outcome, Problem> {
    match form.as_text().map(|text| text.strip_prefix(':').unwrap_or(text)) {
        Some("invoke") => Ok(Outcome::Invoke),
        Some("ok") => Ok(Outcome::Ok),
        Some("fail") => Ok(Outcome::Fail),
        Some("info") => Ok(Outcome::Info),
        Some(other) => {
            Err(Problem::expected("invoke, ok, fail or info as :type", format!("{other:?}")))
        }
        None => Err(Problem::expected("a keyword or text as :type", "something else")),
    }
}

fn whole(name: &str, form: &Form<'_>) -> Result<Option<i64>, Problem> {
    match form {
        Form::Nil => Ok(None),
        Form::Int(n) => Ok(Some(*n)),
        _ => {
            Err(Problem::expected(format!("a whole number of 64 bits as {name}"), "something else"))
        }
    }
}
