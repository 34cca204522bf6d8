//! `list runs`, `diff` and `serve`: what is kept, looked through.
#![cfg(target_os = "linux")]
use crate::program::{AFTERALL, afterall, latest, signal, text};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Makes a run, and says where it is.
fn run(store: &Path, more: &str, code: i32) -> PathBuf {
    let words = format!(
        "run --world sim --faults none --max-bound none --time 2s --store {} {more}",
        store.display()
    );
    let output = afterall(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", text(&output));
    fs::canonicalize(latest(store, "")).unwrap()
}

fn list(store: &Path, more: &str) -> String {
    let mut command = afterall(&format!("list runs {more} --store"));
    let output = command.arg(store).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn diff(first: &Path, second: &Path) -> Output {
    Command::new(AFTERALL).arg("diff").arg(first).arg(second).output().unwrap()
}

#[test]
fn runs_are_listed_and_narrowed() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    run(&store, "--seed 1", 0);
    run(&store, "--seed 2 --workload counter", 0);
    run(&store, "--seed 3 --mutant cart-union", 1);
    fs::create_dir_all(store.join("reference-cart/mine")).unwrap();
    fs::create_dir_all(store.join("reference-cart/20260101T000000Z-9")).unwrap();
    fs::write(store.join("reference-cart/20260101T000000Z-9/verdict.json"), "{").unwrap();
    let all = list(&store, "");
    // In a pipe text is a hundred columns wide.
    assert!(all.lines().all(|line| line.chars().count() <= 100), "{all}");
    for says in ["unreadable", "not-a-run", "invalid"] {
        assert!(all.contains(says), "{says}: {all}");
    }
    assert!(all.contains("(mutant"), "{all}");
    assert!(all.contains("broken:") && all.contains("5 runs and 0 campaigns in"), "{all}");
    let counters = list(&store, "--workload counter");
    assert!(counters.contains("seed 2") && !counters.contains("seed 1"), "{counters}");
    let broken = list(&store, "--verdict invalid --target cart-union");
    assert!(broken.contains("seed 3") && broken.contains("1 of 5 runs"), "{broken}");
    let one = list(&store, "--limit 1");
    assert!(one.contains("seed 3") && one.contains("--limit lists more"), "{one}");
}

#[test]
fn two_runs_differ_or_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let good = run(&store, "--seed 1 --workload cart", 0);
    let again = run(&store, "--seed 1 --workload cart", 0);
    let bad = run(&store, "--seed 1 --mutant cart-union", 1);
    let same = diff(&good, &again);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    assert!(text(&same).starts_with("both valid; "), "{}", text(&same));
    let differ = diff(&good, &bad);
    let said = text(&differ);
    assert_eq!(differ.status.code(), Some(1), "{said}");
    assert!(said.starts_with("first valid, second invalid"), "{said}");
    for says in [
        "New in the second",
        "no-resurrected-items",
        "held (promised)",
        "broken (promised)",
        "target ≠",
    ] {
        assert!(said.contains(says), "{says}: {said}");
    }
    let back = diff(&bad, &good);
    assert!(back.status.code() == Some(1) && text(&back).contains("Gone in the second"));
    // What is no run, or has no verdict.
    assert_eq!(diff(&good, &folder.path().join("nowhere")).status.code(), Some(254));
    assert_eq!(diff(&good, &store).status.code(), Some(254));
    fs::write(good.join("verdict.json"), "{").unwrap();
    assert_eq!(diff(&good, &bad).status.code(), Some(255));
    fs::remove_file(good.join("verdict.json")).unwrap();
    let unjudged = diff(&good, &bad);
    assert_eq!(unjudged.status.code(), Some(254));
    assert!(text(&unjudged).contains("judges it"), "{}", text(&unjudged));
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_store_is_served_until_a_signal_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let bad = run(&store, "--seed 3 --mutant cart-union", 1);
    let report = fs::read(bad.join("report.html")).unwrap();
    fs::remove_file(bad.join("report.html")).unwrap();
    let mut command = afterall("serve --store");
    let mut child = command
        .arg(&store)
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap().split('/').next().unwrap();
    let list = get(address, "/");
    assert!(list.contains("cart-union") && list.contains("1 run in"), "{list}");
    let path = bad.strip_prefix(fs::canonicalize(&store).unwrap()).unwrap();
    let page = get(address, &format!("/report/{}", path.display()));
    // Made again, and not put into the folder.
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("cart-union"), "{}", &page[..400]);
    assert!(page.len() > report.len() / 2, "{}", page.len());
    assert!(!bad.join("report.html").exists());
    // A connection that idles is not waited for.
    let _idle = TcpStream::connect(address).unwrap();
    signal(&child, "-INT");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended));
}
