//! The entries of a grid: which there are, what each of their values means, and what a cell with it is called.

use afterall_engine::RunConfig;
use afterall_history::UnknownWord;
use afterall_history::parser_words::{TOML, in_plain_words};
use toml::{Table, Value};

/// Whose values are the seeds.
pub(crate) const SEEDS: &str = "seeds";
/// Whether each run is drawn from its seed, as those of `explore` are.
pub(crate) const VARY: &str = "vary";
/// The run that the other entries change.
pub(crate) const SCENARIO: &str = "scenario";
/// The kinds of faults that `afterall run` would have.
pub(crate) const USUAL: &str = "usual";

/// Every entry of a grid but `seeds` and `vary`, in the order in which cells are named: those of a scenario that can be one of several.
const AXES: &[&str] = &[
    SCENARIO,
    "target",
    "flavour",
    "mutant",
    "workload",
    "world",
    "sessions",
    "faults",
    "nodes",
    "copies",
    "mechanisms",
    "levels",
    "lie",
    "load",
    "slo",
    "concurrency",
    "rate",
    "time",
    "healthy",
    "heal",
    "quiescence",
    "timeout",
    "max_bound",
    "gossip",
    "network",
    "toxiproxy",
    "images",
];

/// What is drawn where runs vary.
pub(crate) const DRAWN: &[&str] =
    &["concurrency", "rate", "time", "healthy", "heal", "gossip", "network"];

/// Entries whose values are lists.
const LISTS: &[&str] = &["faults", "levels", "slo"];

/// The entries of a grid that cells are made of, in the order in which these are named.
pub(crate) fn axes(grid: &Table) -> impl Iterator<Item = (&'static str, Vec<Value>)> {
    AXES.iter().filter_map(|&key| Some((key, alternatives(key, grid.get(key)?))))
}

/// The values of an entry: those of a list, or a single one.
pub(crate) fn alternatives(key: &str, value: &Value) -> Vec<Value> {
    let several = match value {
        Value::Array(several) => several.clone(),
        one => vec![one.clone()],
    };
    several.into_iter().map(|value| meant(key, value)).collect()
}

/// A word in place of a list is a list of it; `none` is an empty one.
fn meant(key: &str, value: Value) -> Value {
    match &value {
        Value::String(word) if LISTS.contains(&key) && word != USUAL => {
            Value::Array(if word == "none" { Vec::new() } else { vec![value] })
        }
        _ => value,
    }
}

/// What a value is called in the name of a cell.
pub(crate) fn label(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(label).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    }
}

/// The entries that the name of a cell tells: `flavour=crdt faults=kill+pause` has two. A value may have spaces in it, and ends where the
/// next entry begins.
pub(crate) fn entries_of(label: &str) -> Vec<(&'static str, &str)> {
    let mut starts: Vec<(usize, &'static str)> = Vec::new();
    let words = label.match_indices(' ').map(|(at, _)| at + 1);
    for at in std::iter::once(0).chain(words) {
        let rest = &label[at..];
        let key = AXES
            .iter()
            .find(|key| rest.strip_prefix(**key).is_some_and(|after| after.starts_with('=')));
        starts.extend(key.map(|&key| (at, key)));
    }
    let ends = starts.iter().skip(1).map(|&(at, _)| at).chain([label.len() + 1]);
    let of = |(&(at, key), end): (&(usize, &'static str), usize)| {
        (key, label.get(at + key.len() + 1..end - 1).unwrap_or_default())
    };
    starts.iter().zip(ends).map(of).collect()
}

/// Checks the name of an entry and each of its values, by itself.
///
/// # Errors
/// The place of the value in its list, unless it is the entry itself that is wrong, and what is wrong.
pub(crate) fn check(key: &str, value: &Value) -> Result<(), (Option<usize>, String)> {
    let whole = |message: String| (None, message);
    match key {
        SEEDS => return crate::seeds::seeds(value).map(drop).map_err(whole),
        VARY if value.is_bool() => return Ok(()),
        VARY => return Err(whole(format!("expected true or false, found {value}"))),
        _ if !AXES.contains(&key) => {
            let known = AXES.iter().copied().chain([SEEDS, VARY]).collect();
            return Err(whole(UnknownWord::new("entry of a grid", key, known).to_string()));
        }
        _ => {}
    }
    let all = alternatives(key, value);
    if all.is_empty() {
        return Err(whole("expected at least one value, found none".to_owned()));
    }
    for (place, one) in all.into_iter().enumerate() {
        let place = value.is_array().then_some(place);
        let is_word = one.as_str().is_some();
        let by_name = matches!(key, SCENARIO | "target");
        if by_name && is_word || (key == "faults" && one.as_str() == Some(USUAL)) {
            continue;
        }
        if by_name {
            return Err((place, format!("expected a name, found {one}")));
        }
        let alone = Table::from_iter([(key.to_owned(), one)]);
        let read = Value::Table(alone).try_into::<RunConfig>();
        read.map_err(|error| match in_plain_words(error.message(), TOML) {
            expected if expected.starts_with("expected ") => (place, format!("{key}: {expected}")),
            other => (place, other),
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        format!("x = {text}").parse::<Table>().unwrap()["x"].clone()
    }

    #[test]
    fn a_list_is_of_alternatives_and_a_list_in_it_is_one_of_them() {
        let labels = |key: &str, text: &str| -> Vec<String> {
            alternatives(key, &value(text)).iter().map(label).collect()
        };
        assert_eq!(
            labels("faults", "['partition', ['kill', 'clock'], 'none', 'usual']"),
            ["partition", "kill+clock", "none", "usual"]
        );
        assert_eq!(labels("faults", "'kill'"), ["kill"]);
        assert_eq!(labels("nodes", "[3, 5]"), ["3", "5"]);
        assert_eq!(labels("network", "{ loss = '1%' }"), ["{ loss = \"1%\" }"]);
    }

    #[test]
    fn a_label_is_taken_apart_again() {
        assert_eq!(
            entries_of(
                "scenario=my file.toml flavour=crdt faults=kill+pause network={ loss = \"1%\" }"
            ),
            [
                ("scenario", "my file.toml"),
                ("flavour", "crdt"),
                ("faults", "kill+pause"),
                ("network", "{ loss = \"1%\" }")
            ]
        );
        for none in ["", "canary", "canary mutant", "="] {
            assert_eq!(entries_of(none), [], "{none}");
        }
        assert_eq!(entries_of("faults="), [("faults", "")]);
    }

    #[test]
    fn each_value_is_checked_by_itself() {
        for (key, good) in [
            ("flavour", "['crdt', 'lww']"),
            ("faults", "[['partition', 'kill'], 'none', 'usual']"),
            ("time", "'5s'"),
            ("network", "{ loss = '1%' }"),
            ("seeds", "'1..20'"),
            ("vary", "true"),
            ("levels", "[['one', 'quorum'], 'all']"),
        ] {
            assert_eq!(check(key, &value(good)), Ok(()), "{key}");
        }
        for (key, wrong, place, says) in [
            ("flavor", "'crdt'", None, "did you mean \"flavour\"?"),
            ("flavour", "['crdt', 'lwv']", Some(1), "lwv"),
            ("faults", "[['partiton']]", Some(0), "did you mean \"partition\"?"),
            ("nodes", "-1", None, "nodes: expected 1 to 99, or 1 to 10000 in the sim, found -1"),
            ("time", "5", None, "time"),
            ("vary", "'yes'", None, "expected true or false"),
            ("workload", "[]", None, "expected at least one value"),
            ("scenario", "[3]", Some(0), "expected a name"),
            ("schedule", "[]", None, "unknown entry of a grid"),
        ] {
            let Err((at, message)) = check(key, &value(wrong)) else { panic!("{key} = {wrong}") };
            assert!(at == place && message.contains(says), "{key}: {at:?} {message}");
        }
    }
}
