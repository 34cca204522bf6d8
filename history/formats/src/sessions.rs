//! Processes of a file as sessions. A process whose operation ended as info is gone: later operations under its name belong to
//! another session, as in Jepsen's own numbering.

use crate::form::Form;
use crate::problem::Problem;
use std::collections::BTreeMap;

/// The first number for sessions without a number of their own, or that need another.
const FRESH: u64 = 1_000_000_000;
/// A session that no file has.
pub(crate) const SETUP: u64 = FRESH - 1;

/// The processes of a file, each with its open operation.
#[derive(Debug)]
pub(crate) struct Sessions<T> {
    slots: Vec<Slot<T>>,
    /// Places in `slots`.
    numbered: BTreeMap<u64, usize>,
    named: BTreeMap<String, usize>,
    fresh: u64,
    /// How many continued after an info, and the first of them with its new number.
    reused: Option<(u64, String, u64)>,
}

#[derive(Debug)]
struct Slot<T> {
    session: u64,
    open: Option<T>,
    gone: bool,
}

/// A process: its place in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(usize);

impl<T> Default for Sessions<T> {
    fn default() -> Self {
        Sessions {
            slots: Vec::new(),
            numbered: BTreeMap::new(),
            named: BTreeMap::new(),
            fresh: FRESH,
            reused: None,
        }
    }
}

impl<T> Sessions<T> {
    /// The process of that name. Numbers are kept; names get new numbers.
    pub(crate) fn process(&mut self, name: &Form<'_>) -> Result<Process, Problem> {
        let next = self.slots.len();
        let number = match name {
            Form::Int(n) => u64::try_from(*n).ok().filter(|&n| n < SETUP),
            Form::Text(_) => None,
            Form::Nil => return Err(Problem::expected("a :process", "none")),
            _ => {
                return Err(Problem::expected("a number or a name as :process", "something else"));
            }
        };
        let at = match number {
            Some(n) => *self.numbered.entry(n).or_insert(next),
            None => *self.named.entry(name.name()?.into_owned()).or_insert(next),
        };
        if at == next {
            let session = number.unwrap_or_else(|| self.newcomer());
            self.slots.push(Slot { session, open: None, gone: false });
        }
        Ok(Process(at))
    }

    fn newcomer(&mut self) -> u64 {
        self.fresh += 1;
        self.fresh - 1
    }

    /// The session to which the process belongs now.
    pub(crate) fn session(&self, Process(at): Process) -> u64 {
        self.slots[at].session
    }

    /// Makes sure that the process may invoke something.
    pub(crate) fn ready(&mut self, Process(at): Process, name: &Form<'_>) -> Result<(), Problem> {
        if self.slots[at].open.is_some() {
            return Err(Problem::expected(
                "the completion of what the process invoked before",
                "another invocation",
            )
            .hint("one process does one thing at a time"));
        }
        if self.slots[at].gone {
            let session = self.newcomer();
            self.slots[at].session = session;
            self.slots[at].gone = false;
            let name = name.name()?.into_owned();
            self.reused.get_or_insert((0, name, session)).0 += 1;
        }
        Ok(())
    }

    /// The process has something open.
    pub(crate) fn open(&mut self, Process(at): Process, what: T) {
        self.slots[at].open = Some(what);
    }

    /// Completes what the process had open; with an info, the process is gone.
    pub(crate) fn complete(&mut self, Process(at): Process, info: bool) -> Result<T, Problem> {
        let open = self.slots[at].open.take();
        self.slots[at].gone = info;
        open.ok_or_else(|| {
            Problem::expected("an invocation", "a completion of what the process never invoked")
        })
    }

    /// What is still open, by session, in the order in which the processes came.
    pub(crate) fn left_open(self) -> impl Iterator<Item = (u64, T)> {
        self.slots.into_iter().filter_map(|slot| Some((slot.session, slot.open?)))
    }

    /// A note about processes that continued.
    pub(crate) fn note(&self) -> Option<String> {
        self.reused.as_ref().map(|(count, name, session)| {
            format!(
                "a process continued {} after an operation of unknown outcome; from there on it counts as another session \
                 (process {name} as {session})",
                if *count == 1 { "once".to_owned() } else { format!("{count} times") }
            )
        })
    }
}
