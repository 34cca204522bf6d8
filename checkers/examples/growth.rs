//! How time and memory grow with the history: the ladder on register histories, the file's reading included.
//!
//! `cargo run --release --example growth -- write 1000000 h.jsonl`, then `… -- check h.jsonl`.

#![expect(clippy::disallowed_methods, reason = "it measures")]
#![expect(clippy::expect_used, reason = "an example may fail by panicking")]

#[path = "../benches/generate/mod.rs"]
mod generate;

use afterall_checkers::check;
use afterall_history::{Writer, read_jsonl};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

/// The most memory that the process has had so far, in bytes (Linux).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", ops, path] => {
            let (header, events) = generate::events(ops.parse().expect("a number"), false);
            let file = BufWriter::new(File::create(path).expect("a file"));
            let mut writer = Writer::new(file, &header).expect("a disk");
            events.iter().for_each(|event| writer.append(event).expect("a disk"));
            writer.finish().expect("a disk");
        }
        ["check", path] => {
            let start = Instant::now();
            let history = read_jsonl(Path::new(path)).expect("a history");
            let (read, read_peak) = (start.elapsed(), peak());
            let verdict = check(&history);
            let all = start.elapsed();
            let ops = history.len() as f64;
            println!(
                "{} operations: read {:.2} s, {:.0} B each; read and checked {:.2} s, {:.2} M/s, {:.0} B each; {:?}",
                history.len(),
                read.as_secs_f64(),
                read_peak as f64 / ops,
                all.as_secs_f64(),
                ops / all.as_secs_f64() / 1e6,
                peak() as f64 / ops,
                verdict.strongest
            );
            for property in &verdict.properties {
                eprintln!("  {}", property.summary);
            }
        }
        _ => eprintln!("growth write OPERATIONS FILE | growth check FILE"),
    }
}
