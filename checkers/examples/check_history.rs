//! A history checked as a library: reads any format that the program reads, and prints what it shows.
//!
//!     cargo run --release -p afterall-checkers --example check_history -- docs/examples/register.edn

use afterall_checkers::{check, check_transactions};
use afterall_formats::{Options, Recorded};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let path: PathBuf = std::env::args_os().nth(1).ok_or("expected the path of a history")?.into();
    let verdict = match afterall_formats::read(&path, &Options::default())?.recorded {
        Recorded::Operations(history) => check(&history),
        Recorded::Transactions(history) => check_transactions(&history),
    };
    for property in &verdict.properties {
        println!("{}", property.summary);
    }
    for anomaly in &verdict.anomalies {
        println!("{} times: {}", anomaly.count, anomaly.sentence);
    }
    Ok(())
}
