//! Reads a history of transactions in Plume's text format and prints what holds: `transactions check FILE`. It also writes
//! such histories, to measure: `transactions write TRANSACTIONS SESSIONS FILE`, `… stale …` with a stale read in it, and
//! `… chain …`, each transaction of which reads what the one before wrote.

#![expect(clippy::expect_used, reason = "an example may fail by panicking")]

#[path = "../benches/prefix/mod.rs"]
mod prefix;

use afterall_checkers::check_transactions;
use std::fs::File;
use std::io::BufReader;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check", path] => check(path),
        [kind, txns, sessions, path] => {
            let (txns, sessions) = (txns.parse()?, sessions.parse()?);
            let text = match kind {
                "write" => prefix::history(txns, sessions, false),
                "stale" => prefix::history(txns, sessions, true),
                "chain" => prefix::chain(txns, sessions),
                _ => return Err("write, stale or chain".into()),
            };
            Ok(std::fs::write(path, text)?)
        }
        _ => Err("transactions check FILE | write|stale|chain TRANSACTIONS SESSIONS FILE".into()),
    }
}

fn check(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let file = BufReader::with_capacity(1 << 18, File::open(path)?);
    let history = afterall_formats::plume::read(file, path)?;
    let verdict = check_transactions(&history);
    for property in &verdict.properties {
        println!("{}", property.summary);
    }
    for anomaly in verdict.anomalies.iter().take(12) {
        println!(
            "\n{} ({}, {} of them): {}",
            anomaly.kind, anomaly.property, anomaly.count, anomaly.sentence
        );
        for edge in &anomaly.edges {
            println!("  #{} → #{}: {}", edge.from, edge.to, edge.why);
        }
    }
    Ok(())
}
