//! How to read a file, where the file itself does not say.

use crate::form::Form;
use crate::format::Format;
use crate::problem::Problem;
use crate::source::Stop;
use crate::{edn, json};
use afterall_history::{Value, Workload};
use std::str::FromStr;

/// What a completed read of nil means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nil {
    /// There was nothing: the initial state.
    Initial,
    /// Anything: such a read is not judged ([`History::set_unjudged`](afterall_history::History::set_unjudged)). Knossos
    /// judges so.
    Unknown,
}

/// What decides the order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// The order of the lines.
    #[default]
    Lines,
    /// Their times: for recorders that write both ends of an operation when it is completed. At equal times invocations come
    /// first, so that operations overlap wherever they may have.
    Time,
}

/// Which reads are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Finals {
    /// Those that the file marks, with `:final? true`.
    #[default]
    Marked,
    /// Also the last acknowledged read of each key by each node (of each key, where no node is named) that comes after the
    /// last update of the key.
    Last,
}

/// What keys held before anything was recorded. Written `VALUE`, for every key, or `KEY=VALUE`, both as JSON or EDN.
///
/// ```
/// use afterall_formats::InitialValue;
/// use afterall_history::Value;
///
/// let given: InitialValue = "x=[1 2]".parse()?;
/// assert_eq!((given.key.as_deref(), given.value), (Some("x"), Value::from(vec![1, 2])));
/// # Ok::<(), afterall_formats::Problem>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialValue {
    /// The key; `None` stands for every key.
    pub key: Option<String>,
    /// The value of a register, the sum of a counter, the stock of an inventory, the text, the elements of a set, or the
    /// items of a cart, as `[[element quantity]]`.
    pub value: Value,
}

/// How to read a file; what is `None` is guessed, or left to the format.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How it is written down.
    pub format: Option<Format>,
    /// The data type that was driven. Only Jepsen's formats leave it open.
    pub workload: Option<Workload>,
    /// What a completed read of nil means; by default unknown in Jepsen's EDN and JSON, and initial elsewhere, and in every
    /// history in which something is deleted.
    pub nil: Option<Nil>,
    /// What keys held at the beginning; of two values for one key the later counts. Only for Jepsen's formats and Porcupine's.
    pub initial: Vec<InitialValue>,
    /// What decides the order of events. Only for Jepsen's formats and Porcupine's.
    pub order: Order,
    /// Which reads are final. Only for Jepsen's formats and Porcupine's.
    pub finals: Finals,
}

impl FromStr for InitialValue {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let (key, value) = match equals(text) {
            Some(at) => (Some(&text[..at]), &text[at + 1..]),
            None => (None, text),
        };
        let key = key.map(|key| Ok::<_, Problem>(form(key)?.name()?.into_owned())).transpose()?;
        Ok(InitialValue { key, value: form(value)?.value()? })
    }
}

/// Where the key ends: at the first `=` outside strings and brackets.
fn equals(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b'=' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// The only form in a text: JSON, where it is, and else EDN.
fn form(text: &str) -> Result<Form<'_>, Problem> {
    let wrong =
        |what: &str| Problem::expected("one value as JSON or EDN", format!("{text:?}: {what}"));
    if let Some(form) = json::form(text) {
        return Ok(form);
    }
    let mut reader = edn::Reader::new(text.as_bytes(), true);
    let read = reader.form().and_then(|form| reader.blank().map(|()| form));
    match read {
        Ok(_) if reader.byte().is_some() => Err(wrong("something follows it")),
        Ok(form) => Ok(form),
        Err(Stop::More) => Err(wrong("it breaks off")),
        Err(Stop::Wrong { problem, .. }) => Err(wrong(&problem.to_string())),
    }
}
