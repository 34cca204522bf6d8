//! The distinct texts of the operations, each kept once.

#![expect(clippy::disallowed_types, reason = "looked up, never walked")]

use crate::words;
use afterall_history::{Datum, History, OpId, View};
use std::collections::HashMap;

/// Characters shown of a value.
pub(super) const VALUE_CHARS: usize = 400;
/// The same of values that prove an anomaly, and what these may take together.
const WHOLE_CHARS: usize = 4_000;
const WHOLE_BYTES: usize = 160 * 1024;

/// The distinct texts of the operations.
pub(super) struct Texts<'h> {
    history: &'h History,
    list: Vec<String>,
    places: HashMap<String, i64>,
    of_datum: HashMap<Datum, i64>,
}

impl<'h> Texts<'h> {
    /// No texts yet.
    pub(super) fn new(history: &'h History) -> Self {
        Texts { history, list: Vec::new(), places: HashMap::new(), of_datum: HashMap::new() }
    }

    /// Keeps the values of these operations whole, as far as there is room: what proves an anomaly is read to its end.
    pub(super) fn whole(&mut self, ops: impl Iterator<Item = OpId>) {
        let mut room = WHOLE_BYTES;
        for op in ops {
            let op = self.history.op(op);
            for datum in [op.input(), op.output()] {
                if datum.is_nil() || self.of_datum.contains_key(&datum) {
                    continue;
                }
                let text = words::cut(&json(self.history, datum), WHOLE_CHARS);
                if text.len() <= VALUE_CHARS {
                    continue;
                }
                if text.len() > room {
                    return;
                }
                room -= text.len();
                let place = self.place(text);
                self.of_datum.insert(datum, place);
            }
        }
    }

    /// All texts, in the order of their places.
    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }

    /// The place of a value's JSON; −1 for nothing.
    pub(super) fn datum(&mut self, datum: Datum) -> i64 {
        if datum.is_nil() {
            return -1;
        }
        if let Some(place) = self.of_datum.get(&datum) {
            return *place;
        }
        let place = match self.history.view(datum) {
            View::Text(text) if text.len() > 16 * VALUE_CHARS => self.place(beginning(text)),
            _ => self.text(&json(self.history, datum), VALUE_CHARS),
        };
        self.of_datum.insert(datum, place);
        place
    }

    /// The place of a text that is cut after so many characters.
    pub(super) fn text(&mut self, text: &str, chars: usize) -> i64 {
        self.place(words::cut(text, chars))
    }

    fn place(&mut self, text: String) -> i64 {
        let next = self.list.len() as i64;
        *self.places.entry(text).or_insert_with_key(|text| {
            self.list.push(text.clone());
            next
        })
    }
}

/// The beginning of a long text in quotes, and how many characters it has.
fn beginning(text: &str) -> String {
    let begin: String = text.chars().take(VALUE_CHARS).collect();
    let quoted = serde_json::Value::from(begin).to_string();
    let open = quoted.strip_suffix('"').unwrap_or(&quoted);
    format!("{open}…\" ({} characters)", words::count(text.chars().count() as u64))
}

/// A value as JSON, no longer than is needed to show [`VALUE_CHARS`] of it.
fn json(history: &History, datum: Datum) -> String {
    match history.view(datum) {
        View::Text(text) if text.len() > 16 * VALUE_CHARS => beginning(text),
        View::List(items) if items.len() > 4 * VALUE_CHARS => {
            let shown: Vec<String> =
                items.clone().take(VALUE_CHARS / 2).map(|item| json(history, item)).collect();
            format!("[{}, … {} items]", shown.join(","), words::count(items.len() as u64))
        }
        _ => history.data().value(datum).to_string(),
    }
}

/// About what a value takes in the file, when nothing before it was the same.
pub(super) fn size(history: &History, datum: Datum) -> usize {
    match history.view(datum) {
        View::Nil => 3,
        View::Bool(_) | View::Int(_) => 16,
        View::Text(text) => 12 + text.len().min(VALUE_CHARS),
        View::List(items) => 12 + (8 * items.len()).min(VALUE_CHARS),
        View::Map(entries) => 12 + (16 * entries.len()).min(VALUE_CHARS),
    }
}
