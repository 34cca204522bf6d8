//! The program as its users run it, for tests: start it, watch it, read what it leaves.

#![allow(dead_code, reason = "not every test file needs all of it")]

pub(crate) mod engine;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) const AFTERALL: &str = env!("CARGO_BIN_EXE_afterall");
pub(crate) const PRINTED: &str = "printed.txt";

/// Does the same with each of several, so many at a time.
pub(crate) fn with_each<T: Sync>(items: &[T], at_once: usize, work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let take = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(item);
        }
    };
    std::thread::scope(|scope| (0..at_once).for_each(|_| drop(scope.spawn(take))));
}

/// What it printed.
pub(crate) fn text(output: &Output) -> String {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}\n{err}")
}

/// A file of the last run.
pub(crate) fn latest(store: &Path, file: &str) -> PathBuf {
    store.join("latest").join(file)
}

/// The verdict on the last run.
pub(crate) fn verdict(store: &Path) -> Value {
    let json = std::fs::read_to_string(latest(store, "verdict.json")).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// Starts a run; what it prints goes into a file beside its store.
pub(crate) fn start(mut command: Command, store: &Path) -> Child {
    let printed = std::fs::File::create(store.join(PRINTED)).unwrap();
    command.stdout(printed.try_clone().unwrap()).stderr(printed).spawn().unwrap()
}

/// Waits until the history of a running run is as wanted. A run that ends before that says why.
pub(crate) fn wait_for_history(child: &mut Child, store: &Path, wanted: impl Fn(&str) -> bool) {
    for _ in 0..2_400 {
        let history = std::fs::read_to_string(latest(store, "history.jsonl")).unwrap_or_default();
        if wanted(&history) {
            return;
        }
        let ended = child.try_wait().unwrap();
        let printed = std::fs::read_to_string(store.join(PRINTED)).unwrap_or_default();
        assert!(ended.is_none(), "the run ended ({ended:?}); it printed:\n{printed}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("waited two minutes for the history");
}

pub(crate) fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

/// Process ids of the nodes of a run.
pub(crate) fn nodes_of(seed: u32) -> Vec<i32> {
    let wanted = format!("\0--seed\0{seed}\0");
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let id: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read_to_string(format!("/proc/{id}/cmdline")).ok()?;
        (line.contains("\0node\0") && line.contains(&wanted)).then_some(id)
    });
    processes.collect()
}

pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..600 {
        if condition() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("waited 30 s for: {what}");
}

/// The program with these words.
pub(crate) fn afterall(words: &str) -> Command {
    let mut command = Command::new(AFTERALL);
    command.args(words.split_whitespace());
    command
}

/// The names in a folder, hidden ones too, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
