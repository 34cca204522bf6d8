//! Initial values of keys, as operations that write them.

use crate::options::InitialValue;
use crate::problem::Problem;
use crate::sessions::SETUP;
use afterall_history::{Function, Value, Workload};
use std::collections::BTreeMap;

/// The initial values.
#[derive(Debug)]
pub(crate) struct Setup {
    workload: Workload,
    every: Option<Value>,
    /// Each with whether the file has the key.
    by_key: BTreeMap<String, (Value, bool)>,
}

/// The process of the operations that stand for the initial state.
pub(crate) const PROCESS: u64 = SETUP;

impl Setup {
    /// What is given for the keys of a workload.
    ///
    /// # Errors
    /// When a key of the workload cannot begin with such a value.
    pub(crate) fn new(workload: Workload, given: &[InitialValue]) -> Result<Self, Problem> {
        let mut setup = Setup { workload, every: None, by_key: BTreeMap::new() };
        for InitialValue { key, value } in given {
            updates(workload, value)?;
            match key {
                Some(key) => {
                    setup.by_key.insert(key.clone(), (value.clone(), false));
                }
                None => setup.every = Some(value.clone()),
            }
        }
        Ok(setup)
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.by_key.get(key).map(|(value, _)| value).or(self.every.as_ref())
    }

    /// The operations that give a key, used for the first time, its initial value.
    pub(crate) fn begin(&mut self, key: &str) -> Vec<(Function, Value)> {
        if let Some((_, used)) = self.by_key.get_mut(key) {
            *used = true;
        }
        let value = self.value(key);
        value.and_then(|value| updates(self.workload, value).ok()).unwrap_or_default()
    }

    /// Whether nothing is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.every.is_none() && self.by_key.is_empty()
    }

    /// What a read of the initial state returns.
    pub(crate) fn read(&self, key: &str) -> Value {
        match (self.workload, self.value(key)) {
            (Workload::Counter | Workload::Inventory, None) => Value::Int(0),
            (_, None | Some(Value::Nil)) => Value::Nil,
            (Workload::Register, Some(value)) => Value::List(vec![value.clone()]),
            (Workload::Text, Some(value)) if value.as_text() == Some("") => Value::Nil,
            (_, Some(value)) => value.clone(),
        }
    }

    /// The keys that were given a value, and are not in the file.
    pub(crate) fn unused(&self) -> Option<String> {
        let unused = self.by_key.iter().filter(|(_, (_, used))| !used);
        let names: Vec<&str> = unused.map(|(key, _)| key.as_str()).collect();
        (!names.is_empty()).then(|| {
            format!(
                "no operation is on the key {}, for which --initial gives a value",
                names.join(", ")
            )
        })
    }
}

/// The updates that bring a key to a value.
fn updates(workload: Workload, value: &Value) -> Result<Vec<(Function, Value)>, Problem> {
    use Function as F;
    let wrong = |expected: &'static str| {
        Err(Problem::Initial { workload, expected, found: value.to_string() })
    };
    let each = |f: F, items: &[Value]| items.iter().map(|item| (f, item.clone())).collect();
    Ok(match (workload, value) {
        (Workload::Mutex | Workload::Chat | Workload::Transactions, _) => {
            return wrong("no value: nothing can be there at the beginning");
        }
        (Workload::Counter | Workload::Inventory, Value::Nil | Value::Int(0)) => Vec::new(),
        (_, Value::Nil) => Vec::new(),
        (Workload::Register, value) => vec![(F::Write, value.clone())],
        (Workload::Counter, Value::Int(n)) => match n.checked_abs() {
            None => return wrong("a sum of less than 2^63 in size"),
            Some(amount) if *n < 0 => vec![(F::Decrement, Value::Int(amount))],
            Some(amount) => vec![(F::Increment, Value::Int(amount))],
        },
        (Workload::Counter, _) => return wrong("a sum, as 10"),
        (Workload::Inventory, Value::Int(n)) if *n > 0 => vec![(F::Restock, value.clone())],
        (Workload::Inventory, _) => return wrong("how many there are, as 10"),
        (Workload::Position, Value::Int(1..)) => vec![(F::Write, value.clone())],
        (Workload::Position, _) => return wrong("how far it is, as 10"),
        (Workload::Text, Value::Text(text)) if text.is_empty() => Vec::new(),
        (Workload::Text, Value::Text(_)) => vec![(F::Write, value.clone())],
        (Workload::Text, _) => return wrong("a text, as \"abc\""),
        (Workload::Set, Value::List(items)) if !items.iter().any(Value::is_nil) => {
            each(F::Add, items)
        }
        (Workload::Set, _) => return wrong("a list of elements, as [1 2]"),
        (Workload::Cart, Value::List(items)) if items.iter().all(is_item) => each(F::Add, items),
        (Workload::Cart, _) => return wrong("a list of items, as [[\"milk\" 1]]"),
    })
}

fn is_item(item: &Value) -> bool {
    match item.as_list() {
        Some([element, Value::Int(quantity)]) => !element.is_nil() && *quantity >= 1,
        _ => false,
    }
}
