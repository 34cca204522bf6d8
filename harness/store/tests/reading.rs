//! A store with everything that can be in one: runs, half of runs, what is none; and two runs side by side.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "whether a history grows is told by the clock")]

use afterall_checkers::{Verdict, check};
use afterall_history::read_jsonl_from;
use afterall_store::{
    Filter, Inside, Place, Row, Standing, comparison, read_row, read_verdict, scan,
};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

const HEADER: &str = r#"{"format":"afterall-history","version":1,"target":"reference","flavour":"crdt","world":"sim","workload":"register","seed":7,"nodes":["n1","n2"],"promises":["convergence","no-lost-writes"],"floor":0}"#;

/// A history of one write and what two replicas hold at the end.
fn history(first: i64, second: i64) -> String {
    let read = |index: u64, node: &str, value: i64| {
        let event = |index: u64, kind: &str, value: &str| {
            format!(
                r#"{{"index":{index},"time":1{index}000,"type":"{kind}","process":0,"node":"{node}","f":"read","key":"x"{value},"final":true}}"#
            )
        };
        let value = format!(r#","value":[{value}]"#);
        [event(index, "invoke", ""), event(index + 1, "ok", &value)].join("\n")
    };
    let write = |index: u64, kind: &str| {
        format!(
            r#"{{"index":{index},"time":1{index}000,"type":"{kind}","process":0,"node":"n1","f":"write","key":"x","value":1}}"#
        )
    };
    let end = r#"{"index":6,"time":16000,"type":"end","how":"complete"}"#;
    let lines = [
        HEADER,
        &write(0, "invoke"),
        &write(1, "ok"),
        &read(2, "n1", first),
        &read(4, "n2", second),
        end,
    ];
    lines.join("\n") + "\n"
}

fn verdict(history: &str) -> Verdict {
    check(&read_jsonl_from(history.as_bytes(), "h").unwrap())
}

struct Store {
    folder: tempfile::TempDir,
}

impl Store {
    fn new() -> Store {
        Store { folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, name: &str, history: &str) {
        self.write(&format!("r/{name}/history.jsonl"), history);
        let json = serde_json::to_string(&verdict(history)).unwrap();
        self.write(&format!("r/{name}/verdict.json"), &json);
    }

    fn inside(&self) -> Inside {
        Inside::new(self.folder.path()).unwrap()
    }

    fn row(&self, path: &str, now: SystemTime) -> Row {
        read_row(&self.inside(), Place::new(path), now)
    }
}

#[test]
fn every_kind_of_folder_becomes_a_row() {
    let store = Store::new();
    let diverged = history(1, 2);
    store.run("20260101T000000Z-1", &history(1, 1));
    store.run("20260102T000000Z-2", &diverged);
    store.write("r/20260103T000000Z-3/history.jsonl", &format!("{HEADER}\n"));
    store.write(
        "r/20260104T000000Z-4/run.toml",
        "target = 'redis'\nworkload = 'set'\nseed = 4\nworld = 'docker'\n",
    );
    store.write("r/20260105T000000Z-5/verdict.json", "{\"format\":\"afterall-verdict\",\"ver");
    store.write("r/20260106T000000Z-6/verdict.json", "[1, 2]");
    store.write(
        "r/20260107T000000Z-7/verdict.json",
        &serde_json::to_string(&verdict(&diverged)).unwrap().replacen(
            "\"version\":1",
            "\"version\":99",
            1,
        ),
    );
    fs::create_dir_all(store.folder.path().join("r/20260108T000000Z-8/verdict.json")).unwrap();
    store.write("r/20260109T000000Z-9/notes.txt", "hello");
    let (now, later) = (SystemTime::now(), SystemTime::now() + Duration::from_secs(3600));
    let scan = scan(&store.inside()).unwrap();
    let rows: Vec<Row> =
        scan.places.into_iter().rev().map(|place| read_row(&store.inside(), place, now)).collect();
    let standings: Vec<Standing> = rows.iter().map(|row| row.standing).collect();
    assert_eq!(
        standings,
        [
            Standing::Valid,
            Standing::Invalid,
            Standing::Running,
            Standing::Unjudged,
            Standing::Unreadable,
            Standing::Unreadable,
            Standing::Unreadable,
            Standing::Unreadable,
            Standing::NotARun
        ]
    );
    let says = |row: &Row, words: &str| {
        let finding = row.finding.clone().unwrap_or_default();
        assert!(finding.contains(words), "{finding:?} of {:?}", row.place);
    };
    assert_eq!((rows[0].ops, rows[0].finding.as_deref()), (Some(3), None));
    says(&rows[1], "convergence broken: divergence");
    says(&rows[3], "nothing is recorded");
    says(&rows[4], "expected a verdict, found its beginning");
    says(&rows[6], "expected the format afterall-verdict 1, found afterall-verdict 99");
    says(&rows[7], "found something else");
    says(&rows[8], "found none of them");
    let what = rows[3].what.as_ref().unwrap();
    assert_eq!((what.system().as_str(), what.workload.as_str(), what.seed), ("redis", "set", 4));
    assert_eq!(rows[2].what.as_ref().unwrap().system(), "reference/crdt");
    // An hour later it does not grow any more.
    assert_eq!(store.row("r/20260103T000000Z-3", later).standing, Standing::Unjudged);
    let redis = Filter { target: Some("redis".to_owned()), ..Filter::default() };
    assert_eq!(rows.iter().filter(|row| redis.lets(row)).count(), 1);
}

#[test]
fn what_a_verdict_says_moves_no_cursor() {
    let store = Store::new();
    let text = history(1, 2).replace("\"reference\"", "\"\\u001b[2J<script>\\u202e\"");
    store.run("20260101T000000Z-1", &text);
    let row = store.row("r/20260101T000000Z-1", SystemTime::now());
    let system = row.what.unwrap().system();
    assert_eq!(system, "\u{fffd}[2J<script>\u{fffd}/crdt");
}

#[test]
#[cfg(unix)]
fn a_verdict_that_lies_elsewhere_is_not_read() {
    let (store, other) = (Store::new(), Store::new());
    other.run("20260101T000000Z-1", &history(1, 1));
    let there = other.folder.path().join("r/20260101T000000Z-1/verdict.json");
    fs::create_dir_all(store.folder.path().join("r/20260101T000000Z-1")).unwrap();
    let link = store.folder.path().join("r/20260101T000000Z-1/verdict.json");
    std::os::unix::fs::symlink(there, link).unwrap();
    let row = store.row("r/20260101T000000Z-1", SystemTime::now());
    assert_eq!(row.standing, Standing::Unreadable);
    assert!(row.finding.unwrap().contains("leads out of the store"));
    assert!(read_verdict(&store.inside(), "r/20260101T000000Z-1").is_err());
}

#[test]
fn a_store_that_is_none_is_an_error() {
    assert!(Inside::new(Path::new("/nowhere/at/all")).is_err());
    let store = Store::new();
    store.write("file", "");
    assert!(Inside::new(&store.folder.path().join("file")).is_err());
}

#[test]
fn two_runs_that_came_out_alike_are_the_same() {
    let (good, bad) = (verdict(&history(1, 1)), verdict(&history(1, 2)));
    for one in [&good, &bad] {
        let mut again = one.clone();
        // What was run and measured may differ.
        again.seed += 1;
        again.counts.ops += 1;
        let same = comparison(one, &again);
        assert!(same.is_same(), "{same:?}");
        assert!(same.facts.iter().any(|fact| fact.name == "seed" && fact.differs()));
        assert!(same.figures.iter().any(|figure| figure.name == "operations" && figure.differs()));
    }
}

#[test]
fn what_is_new_and_what_is_gone_is_told() {
    let (good, bad) = (verdict(&history(1, 1)), verdict(&history(1, 2)));
    let worse = comparison(&good, &bad);
    assert!(!worse.is_same());
    assert_eq!((worse.verdict.first.as_str(), worse.verdict.second.as_str()), ("valid", "invalid"));
    let rung = worse.ladder.iter().find(|rung| rung.pair.name == "convergence").unwrap();
    assert_eq!((rung.pair.first.as_str(), rung.pair.second.as_str()), ("held", "broken"));
    assert_eq!(rung.promised, (true, true));
    let diverged = worse.failures.iter().find(|of| of.key.contains("divergence")).unwrap();
    assert!(diverged.is_new() && !diverged.is_gone() && diverged.promised);
    assert!(!diverged.sentence.is_empty());
    let better = comparison(&bad, &good);
    let gone = better.failures.iter().find(|of| of.key.contains("divergence")).unwrap();
    assert!(gone.is_gone() && gone.counts == (1, 0), "{gone:?}");
    assert_eq!(gone.sentence, diverged.sentence);
    // How that broke which nobody promised may differ.
    let mut free = bad.clone();
    free.anomalies.iter_mut().for_each(|anomaly| anomaly.promised = false);
    let mut other = free.clone();
    other.anomalies.clear();
    assert!(comparison(&free, &other).is_same() && !comparison(&bad, &other).is_same());
    // A promise that is not made any more is no outcome that stayed.
    let mut unpromised = good.clone();
    unpromised.properties.iter_mut().for_each(|property| property.promised = false);
    assert!(!comparison(&good, &unpromised).is_same());
}
