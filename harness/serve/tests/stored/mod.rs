//! A store for tests, and a server that shows it.

#![allow(dead_code, reason = "not every test file needs all of it")]

use afterall_campaign::{Index, Known};
use afterall_serve::{Bound, Shelf};
use afterall_store::Inside;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::Notify;

/// What a target may call itself to break out of a page.
pub(crate) const HOSTILE: &str = "</td><script>alert(1)</script><img src=x onerror=alert(2)>";

/// A verdict as it is written down, with so many of the fields as there are always.
pub(crate) fn verdict(target: &str, seed: u64, valid: bool) -> String {
    let (valid_word, outcome, anomalies) = match valid {
        true => ("true", r#""outcome":"held","chances":10,"bound":0.3"#, String::new()),
        false => (
            "false",
            r#""outcome":"broken","count":3,"groups":1,"chances":10"#,
            r#"{"id":1,"property":"no-lost-writes","sessions":"all","promised":true,"kind":"lost write","cause":"it was cut off","count":3,"sentence":"Session 1 wrote x=1, and it is gone.","witness":[],"edges":[],"replicas":[],"faults":[],"from":0,"to":9}"#.to_owned(),
        ),
    };
    let reasons = if valid { "" } else { r#""no-lost-writes is broken""# };
    let target = serde_json::to_string(target).unwrap();
    format!(
        r#"{{"format":"afterall-verdict","version":1,"valid":{valid_word},"reasons":[{reasons}],"target":{target},"flavour":"crdt","world":"sim","workload":"register","seed":{seed},"nodes":["n1","n2"],"duration_ns":5000000000,"properties":[{{"property":"no-lost-writes","sessions":"all","promised":true,{outcome},"summary":"s"}}],"anomalies":[{anomalies}],"groups_left_out":0,"faults":[],"counts":{{"ops":{},"ok":90,"fail":1,"info":2,"sessions":3,"keys":4,"by_f":[]}},"figures":{{}}}}"#,
        100 + seed
    )
}

/// The first line of a history.
pub(crate) fn header(target: &str) -> String {
    format!(
        r#"{{"format":"afterall-history","version":1,"target":"{target}","world":"sim","workload":"register","seed":5,"nodes":["n1"]}}"#
    ) + "\n"
}

/// An index of a campaign with so many runs, of which the first fail.
pub(crate) fn index(day: u32, runs: u64, failed: u64) -> String {
    let header = format!(
        r#"{{"format":"afterall-campaign","version":1,"afterall":"0.1.0","file":"nightly.toml","digest":"d","added":{day},"of":1,"runs":{runs},"cells":2,"retention":{},"thresholds":{}}}"#,
        RETENTION, THRESHOLDS
    );
    let line = |run: u64| {
        let (verdict, keys, promises, cell) = match run < failed {
            true => (
                "invalid",
                r#","keys":["reference/lww: no-lost-writes broken, lost write"],"why":"gone""#,
                "null",
                "flavour=lww workload=register faults=partition",
            ),
            false => ("valid", "", "50", "flavour=crdt workload=register faults=kill"),
        };
        format!(
            r#"{{"run":{run},"cell":"{cell}","seed":{run},"verdict":"{verdict}"{keys},"promises":{{"no-lost-writes":{promises}}},"floor":10,"ops":100,"faults":2,"took_hold":2,"wall":{{"ended":"2026-11-{day:02}T03:00:00Z","took_ms":20}}}}"#
        )
    };
    let lines: Vec<String> = (0..runs).map(line).collect();
    let text = format!("{header}\n{}\n", lines.join("\n"));
    // What tests write is what is read.
    assert!(Index::read(text.as_bytes()).unwrap().is_some());
    text
}

const RETENTION: &str = "\"smallest\"";
const THRESHOLDS: &str = "{}";

pub(crate) fn write(store: &Path, path: &str, text: &str) {
    let path = store.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) const BAD: &str = "reference-register/20261127T030000Z-1";
pub(crate) const GOOD: &str = "reference-register/20261128T030000Z-2";
/// Its report has to be made.
pub(crate) const UNREPORTED: &str = "reference-register/20261126T030000Z-3";

/// A store with runs of each kind, and three nights of a campaign.
pub(crate) fn fill(store: &Path) {
    let report = "<!DOCTYPE html><title>r</title><h1 id=\"kept\">The report that is kept</h1>";
    for (run, seed, valid) in [(BAD, 1, false), (GOOD, 2, true), (UNREPORTED, 3, true)] {
        write(store, &format!("{run}/verdict.json"), &verdict("reference", seed, valid));
        write(store, &format!("{run}/history.jsonl"), &header("reference"));
        if run != UNREPORTED {
            write(store, &format!("{run}/report.html"), report);
        }
    }
    let hostile = "x-register/20261125T030000Z-4";
    write(store, &format!("{hostile}/verdict.json"), &verdict(HOSTILE, 4, false));
    write(store, "x-register/20261124T030000Z-5/verdict.json", "{\"format\":");
    write(store, "notes/mine/text.txt", "hello");
    for (day, failed) in [(26, 1), (27, 4), (28, 2)] {
        write(store, &format!("campaigns/night-{day}/index.jsonl"), &index(day, 20, failed));
    }
    write(store, "campaigns/torn/index.jsonl", "{\"format\":\"afterall-campaign\"}\n");
    let kept = "campaigns/night-28/runs/0";
    write(store, &format!("{kept}/verdict.json"), &verdict("reference", 0, false));
    write(store, &format!("{kept}/report.html"), report);
    #[cfg(unix)]
    std::os::unix::fs::symlink(GOOD, store.join("latest")).unwrap();
}

/// A server; it ends when this goes.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) folder: tempfile::TempDir,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// A server whose reports are made in a word.
    pub(crate) fn start() -> Server {
        Server::with(|folder| {
            Ok(format!("<h1>Made of {}</h1>", folder.file_name().unwrap().to_string_lossy()))
        })
    }

    pub(crate) fn with(
        maker: impl Fn(&Path) -> Result<String, Box<dyn std::error::Error + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        fs::create_dir(&store).unwrap();
        fill(&store);
        let bound = Bound::new("127.0.0.1:0").unwrap();
        let address = bound.address();
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let shelf = Shelf::new(Inside::new(&store).unwrap(), Known::default(), Box::new(maker));
        let serve = move || bound.serve(shelf, async move { stopped.notified().await }).unwrap();
        Server { address, folder, stop, thread: Some(std::thread::spawn(serve)) }
    }

    pub(crate) fn store(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}
