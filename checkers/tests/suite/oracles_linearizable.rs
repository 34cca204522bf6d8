//! Linearizability against brute force: every order of at most eight operations, straight from the definition.

use crate::store::Dice;
use crate::table::{drawn, history, minimal, outcome};
use afterall_checkers::check;
use afterall_history::{Function, History, OpView, Property, Status, Value, Workload};

/// The state of an object after an operation, or nothing if the operation cannot follow.
fn step(workload: Workload, state: &Value, op: OpView<'_>, history: &History) -> Option<Value> {
    let data = history.data();
    let (input, output) = (data.value(op.input()), data.value(op.output()));
    let sum = |state: &Value| state.as_int().unwrap_or(0);
    let text = |state: &Value| match state {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    };
    Some(match (workload, op.f()) {
        (Workload::Register, Function::Read) => {
            let seen =
                output.as_list().and_then(|seen| seen.first().cloned()).unwrap_or(Value::Nil);
            (seen == *state).then(|| state.clone())?
        }
        (Workload::Register, Function::Cas) => {
            let pair = input.as_list()?;
            (pair[0] == *state).then(|| pair[1].clone())?
        }
        (Workload::Register, _) => input,
        (Workload::Counter, Function::Read) => {
            (sum(&output) == sum(state)).then(|| state.clone())?
        }
        (Workload::Counter, Function::Decrement) => Value::Int(sum(state) - sum(&input)),
        (Workload::Counter, _) => Value::Int(sum(state) + sum(&input)),
        (Workload::Inventory, Function::Read) => {
            (sum(&output) == sum(state)).then(|| state.clone())?
        }
        (Workload::Inventory, Function::Sell) => {
            let left = sum(state) - sum(&input);
            (left >= 0).then_some(Value::Int(left))?
        }
        (Workload::Inventory, _) => Value::Int(sum(state) + sum(&input)),
        (Workload::Text, Function::Read) => {
            (text(&output) == text(state)).then(|| state.clone())?
        }
        (Workload::Text, Function::Write) => input,
        (Workload::Text, _) => Value::Text(text(state) + &text(&input)),
        (Workload::Mutex, Function::Acquire) => (state.is_nil()).then_some(Value::Bool(true))?,
        (Workload::Mutex, _) => (!state.is_nil()).then_some(Value::Nil)?,
        (Workload::Set, Function::Read) => {
            let mut seen = output.as_list().unwrap_or_default().to_vec();
            seen.sort_unstable();
            (state.as_list().unwrap_or_default() == seen).then(|| state.clone())?
        }
        (Workload::Set, _) => {
            let mut set = state.as_list().unwrap_or_default().to_vec();
            set.push(input);
            set.sort_unstable();
            Value::List(set)
        }
        _ => return None,
    })
}

/// Whether some order of the operations that are left, with those that nobody knows about in it or not, explains them.
fn linearizable(history: &History, left: &[OpView<'_>], state: &Value) -> bool {
    if left.iter().all(|op| op.status() == Status::Info) {
        return true;
    }
    left.iter().enumerate().any(|(at, op)| {
        let first = left
            .iter()
            .filter(|other| other.status() == Status::Ok)
            .all(|other| other.completion_index() > Some(op.index()));
        let next = first.then(|| step(history.header().workload, state, *op, history)).flatten();
        next.is_some_and(|state| {
            let mut rest = left.to_vec();
            rest.remove(at);
            linearizable(history, &rest, &state)
        })
    })
}

fn brute(history: &History) -> bool {
    let keys: Vec<_> = (0..history.keys() as u32).map(afterall_history::KeyId).collect();
    keys.into_iter().all(|key| {
        let part = |op: &OpView<'_>| {
            op.key() == key
                && op.status() != Status::Fail
                && !(op.f().is_read() && op.status() == Status::Info)
        };
        let ops: Vec<OpView<'_>> = history.ops().filter(part).collect();
        linearizable(history, &ops, &Value::Nil)
    })
}

/// A history of at most eight operations by three sessions, as a table.
fn draw(workload: &str, distinct: bool, seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut table = format!("! workload {workload}\n");
    let mut free_at = [0_u64; 3];
    let mut process = [0_u64, 1, 2];
    let mut made: Vec<u64> = Vec::new();
    for next in 1..=3 + dice.below(6) {
        let session = dice.below(3) as usize;
        let from = free_at[session] + 1 + dice.below(12);
        let to = from + 1 + dice.below(16);
        free_at[session] = to + 1;
        let mut how = if dice.below(6) == 0 { "info" } else { "" };
        let reads = dice.below(2) == 0;
        let fresh = if distinct { next } else { dice.below(3) };
        let known = if made.is_empty() { 0 } else { *dice.pick(&made) };
        let what = match workload {
            "register" if reads && (made.is_empty() || dice.below(6) == 0) => "read x null".into(),
            "register" if reads => format!("read x [{known}]"),
            "register" if !distinct && dice.below(3) == 0 => format!("cas x [{known},{fresh}]"),
            "register" => format!("write x {fresh}"),
            "counter" if reads => format!("read x {}", dice.below(5)),
            "counter" if dice.below(3) == 0 => format!("decrement x {}", 1 + dice.below(2)),
            "counter" => format!("increment x {}", 1 + dice.below(2)),
            "inventory" if reads => format!("read x {}", dice.below(4)),
            "inventory" if dice.below(2) == 0 => format!("sell x {}", 1 + dice.below(2)),
            "inventory" => format!("restock x {}", 1 + dice.below(3)),
            "text" if reads => {
                let letters = dice.below(3) as usize;
                let text: String =
                    (0..letters.min(made.len())).map(|_| dice.pick(&made).to_string()).collect();
                format!("read x \"{text}\"")
            }
            "text" if dice.below(4) == 0 => format!("write x \"{fresh}\""),
            "text" => format!("append x \"{fresh}\""),
            "mutex" if reads => "acquire x".into(),
            "mutex" => "release x".into(),
            _ if reads => {
                let most = dice.below(3) < 2;
                let some: Vec<String> = made
                    .iter()
                    .filter(|_| most || dice.below(2) == 0)
                    .map(u64::to_string)
                    .collect();
                format!("read x [{}]", some.join(","))
            }
            _ => format!("add x {fresh}"),
        };
        if what.starts_with("read") {
            how = "";
        } else {
            made.push(fresh);
        }
        table.push_str(&format!("p{}@n1 {what} {from}..{to} {how}\n", process[session]));
        if how == "info" {
            process[session] += 10;
        }
    }
    if std::env::var("SHOW").is_ok_and(|show| show == format!("{workload}{seed}")) {
        eprintln!("{table}");
    }
    history(&table)
}

#[test]
fn every_data_type() {
    let kinds = [
        ("register", true),
        ("register", false),
        ("counter", true),
        ("inventory", true),
        ("set", true),
        ("text", true),
        ("text", false),
        ("mutex", true),
    ];
    for (workload, distinct) in kinds {
        let seeds = drawn(2_000);
        let (mut broken, mut shrunk) = (0, 0);
        for seed in 1..=seeds {
            let history = draw(workload, distinct, seed);
            let verdict = check(&history);
            let found = outcome(&verdict, Property::Linearizable);
            let wrong = !brute(&history);
            assert_eq!(
                found == "broken",
                wrong,
                "{workload} {seed}: {found} {:#?}",
                verdict.anomalies
            );
            assert_ne!(found, "undecided", "{workload} {seed}");
            if wrong {
                broken += 1;
                shrunk += usize::from(minimal(&history, &verdict, Property::Linearizable, seed));
            }
        }
        assert!((seeds / 20..seeds * 19 / 20).contains(&broken), "{workload}: {broken}");
        assert!(shrunk > 0, "{workload}");
    }
}
