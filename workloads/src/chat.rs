//! Chats: messages, answers to what the session has seen, and edits of it.

use crate::operation::Operation;
use crate::seen::Seen;
use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;

/// Posts, edits and reads of chats. Messages are `m1`, `m2`, …, edits `e3`, …: the number is unique in the run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chats {
    next_value: i64,
    seen: Seen,
}

impl Source for Chats {
    fn next(&mut self, random: &mut Pcg64, slot: usize, chat: &str) -> (Function, Value) {
        let wish = random.random_range(0..20);
        if wish < 10 {
            return (Function::Read, Value::Nil);
        }
        self.next_value += 1;
        let seen = self.seen.pick(slot, chat, random).map(str::to_owned);
        match (wish, seen) {
            (10..12, Some(message)) => {
                let edit = format!("e{}", self.next_value);
                (Function::Edit, Value::List(vec![Value::Text(edit), Value::Text(message)]))
            }
            (12..18, Some(message)) => (Function::Post, self.post(Value::Text(message))),
            _ => (Function::Post, self.post(Value::Nil)),
        }
    }

    fn learn(&mut self, slot: usize, operation: &Operation, read: &Value) {
        if operation.f.is_read() {
            let shown = read.as_list().unwrap_or_default().iter().filter_map(Value::as_text);
            let messages = shown.filter(|name| name.starts_with('m')).map(str::to_owned);
            self.seen.note(slot, &operation.key, messages.collect());
        }
    }

    fn forget(&mut self, slot: usize) {
        self.seen.forget(slot);
    }
}

impl Chats {
    fn post(&self, about: Value) -> Value {
        Value::List(vec![Value::Text(format!("m{}", self.next_value)), about])
    }
}
