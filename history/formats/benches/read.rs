//! How fast histories are read: a million operations of ten processes on a register, half of them reads.
//!
//! `cargo bench -p afterall-formats`

use afterall_formats::export::{Export, write};
use afterall_formats::{Options, read_bytes};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::fmt::Write;
use std::hint::black_box;

const OPS: u64 = 1_000_000;

/// Jepsen's EDN, an operation's end a line.
fn edn() -> String {
    let mut text = String::new();
    let mut last = 0;
    let mut end = |kind: &str, op: u64, f: &str, value: &str, index: u64| {
        let (process, time) = (op % 10, 40_000 * index);
        let line = format_args!(
            "{{:type :{kind}, :f :{f}, :value {value}, :process {process}, :time {time}, :index {index}}}\n"
        );
        // A string takes everything.
        let _ = text.write_fmt(line);
    };
    for op in 0..OPS {
        let (f, asked, answer, ends) = match op % 10 {
            0..5 => ("read", "nil".to_owned(), last.to_string(), "ok"),
            5..8 => {
                last = op;
                ("write", op.to_string(), op.to_string(), "ok")
            }
            _ => {
                let pair = format!("[{op} {op}]");
                ("cas", pair.clone(), pair, "fail")
            }
        };
        end("invoke", op, f, &asked, 2 * op);
        end(ends, op, f, &answer, 2 * op + 1);
    }
    text
}

/// The same as a log of Jepsen's.
fn log(edn: &str) -> String {
    let mut log = String::new();
    for line in edn.lines() {
        let field = |name: &str| {
            let from = line.find(name).map_or(0, |at| at + name.len());
            line[from..].split([',', '}']).next().unwrap_or("").trim()
        };
        let (process, kind, f) = (field(":process "), field(":type "), field(":f "));
        let _ = writeln!(log, "INFO  jepsen.util - {process}\t{kind}\t{f}\t{}", field(":value "));
    }
    log
}

fn reading(criterion: &mut Criterion) {
    let edn = edn();
    let log = log(&edn);
    let read = |text: &str| read_bytes(text.as_bytes(), "bench", &Options::default());
    let mut json = Vec::new();
    if let Ok(afterall_formats::Read {
        recorded: afterall_formats::Recorded::Operations(history),
        ..
    }) = read(&edn)
    {
        assert!(write(&history, Export::JepsenJson, &mut json).is_ok());
    }
    let json = String::from_utf8_lossy(&json);
    let mut group = criterion.benchmark_group("read");
    group.sample_size(10).throughput(Throughput::Elements(OPS));
    for (name, text) in [("jepsen-edn", &*edn), ("jepsen-json", &*json), ("jepsen-log", &*log)] {
        println!("{name}: {} bytes", text.len());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let read = read(black_box(text));
                assert!(read.is_ok(), "{name}");
                read
            });
        });
    }
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
