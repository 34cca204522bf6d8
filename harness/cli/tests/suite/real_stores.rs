//! What real stores did, as it was recorded: `cases/README.md` says how.

use crate::program::{AFTERALL, text};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What `check` says of a recorded history of the cases.
fn judged(history: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(history);
    let output = Command::new(AFTERALL).args(["check", "--json"]).arg(path).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The divergences of a verdict.
fn divergences(verdict: &Value) -> Vec<&Value> {
    let anomalies = verdict["anomalies"].as_array().unwrap();
    anomalies.iter().filter(|anomaly| anomaly["kind"] == "divergence").collect()
}

/// Masters of Tarantool give way to each other: of two writes that are taken at the same time each ends where the other began. A
/// partition makes such writes of all that come during it, and a few come without any fault.
#[test]
fn a_divergence_names_its_two_writes_and_the_fault_only_where_it_was_in_force() {
    let verdict = judged("tarantool-masters/history.jsonl.gz");
    let fault = &verdict["faults"][0];
    assert_eq!((&fault["kind"], &fault["took"]), (&"partition".into(), &true.into()), "{fault}");
    let (from, healed) = (fault["from"].as_i64().unwrap(), fault["to"].as_i64().unwrap());
    let (mut blamed, mut unblamed) = (0, 0);
    for anomaly in divergences(&verdict) {
        let said = anomaly["sentence"].as_str().unwrap();
        let (_, writes) = said.split_once("Not shown everywhere: ").unwrap();
        let key = anomaly["key"].as_str().unwrap();
        assert_eq!(writes.matches(&format!(" wrote {key}=")).count(), 2, "{said}");
        // By number, and so that they are among the operations that prove it.
        let witness = anomaly["witness"].as_array().unwrap();
        let named = witness.iter().filter(|op| writes.contains(&format!("(#{op})"))).count();
        assert_eq!(named, 2, "{said}");
        let (cause, count) =
            (anomaly["cause"].as_str().unwrap(), anomaly["count"].as_u64().unwrap());
        let first = anomaly["from"].as_i64().unwrap();
        if let Some(blames) = anomaly.get("blames") {
            assert_eq!(*blames, serde_json::json!(["partition"]));
            assert!(cause.contains("partition stood between them"), "{cause}");
            assert!(from <= first && first <= healed, "{anomaly}");
            blamed += count;
        } else {
            assert!(!cause.contains("partition"), "{cause}");
            assert_eq!(anomaly["faults"], serde_json::json!([]), "{anomaly}");
            assert!(first > healed + 3_000_000_000, "{anomaly}");
            unblamed += count;
        }
    }
    assert_eq!((blamed, unblamed), (6, 8));
}
