//! What is answered, and what is not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stored;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use stored::{BAD, GOOD, HOSTILE, Server, UNREPORTED, header, write};

struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Server {
    /// Sends bytes as they are, and reads until the end.
    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, headers: head.to_lowercase(), body: body.to_owned() }
    }

    fn ask(&self, method: &str, path: &str, host: &str) -> Answer {
        self.send(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "localhost")
    }

    fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }
}

fn has(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words:?} is missing:\n{page}");
    }
}

#[test]
fn the_list_has_every_folder_with_its_verdict_and_can_be_narrowed() {
    let server = Server::start();
    let all = server.page("/");
    has(
        &all,
        &[
            "6 runs in",
            "no-lost-writes broken: lost write, 3 times",
            "reference&#x2f;crdt",
            "unreadable",
            "not a run",
        ],
    );
    assert!(all.find("seed 2").unwrap() < all.find("seed 1").unwrap(), "the newest first");
    for (query, yes, no) in [
        ("?verdict=valid", vec!["seed 2", "seed 3"], "seed 1"),
        ("?verdict=invalid&target=reference", vec!["seed 1"], "seed 4"),
        ("?q=lost+WRITE+20261127", vec!["seed 1"], "seed 4"),
        ("?workload=cart", vec!["No run fits."], "seed 1"),
        ("?from=5", vec!["6 to 6", "not a run"], "seed 1"),
        ("?from=99999999999999999999&verdict=nonsense", vec!["seed 1"], "No run fits."),
    ] {
        let page = server.page(&format!("/{query}"));
        has(&page, &yes);
        assert!(!page.contains(no), "{query}: {no:?} is there");
    }
}

#[test]
fn a_run_leads_to_its_report_and_to_the_run_before() {
    let server = Server::start();
    let page = server.page(&format!("/run/{BAD}"));
    has(
        &page,
        &[
            "It broke.",
            "lost write",
            "Session 1 wrote x=1, and it is gone.",
            "Open the report",
            "Compare with the run before it",
            "101",
        ],
    );
    has(&server.page(&format!("/run/{GOOD}")), &["It held.", "no-lost-writes: held"]);
    has(&server.page("/run/notes/mine"), &["Not a run."]);
    has(&server.page("/run/latest"), &["It held."]);
    has(&server.page("/run/x-register/20261124T030000Z-5"), &["Unreadable.", "expected a verdict"]);
    let kept = server.get(&format!("/report/{BAD}"));
    assert_eq!(kept.status, 200);
    has(&kept.body, &["The report that is kept"]);
    has(&kept.headers, &["sandbox allow-scripts; default-src 'none'"]);
}

/// Every file below a folder, with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => drop(all.insert(entry.path(), fs::read(entry.path()).unwrap_or_default())),
            }
        }
    }
    all
}

#[test]
fn a_missing_report_is_made_and_nothing_is_written() {
    let server = Server::start();
    let before = files(&server.store());
    has(&server.page(&format!("/report/{UNREPORTED}")), &["Made of 20261126T030000Z-3"]);
    for path in [
        "/",
        "/campaigns",
        "/campaign/campaigns/night-28",
        "/now",
        &format!("/compare?run={BAD}&run={GOOD}"),
    ] {
        server.page(path);
    }
    assert_eq!(files(&server.store()), before);
    assert_eq!(server.get("/report/notes/mine").status, 404);
    assert_eq!(server.get("/report/nowhere").status, 404);
}

#[test]
fn two_runs_stand_side_by_side() {
    let server = Server::start();
    let page = server.page(&format!("/compare?run={}&run={}", GOOD.replace('/', "%2F"), BAD));
    has(
        &page,
        &[
            "They came out otherwise.",
            "lost write",
            ">new<",
            "First: valid",
            "Second: invalid",
            "operations",
        ],
    );
    has(&server.page(&format!("/compare?run={BAD}&run={GOOD}")), &[">gone<"]);
    has(&server.page(&format!("/compare?run={BAD}&run={BAD}")), &["They came out the same."]);
    assert_eq!(server.get("/compare").status, 400);
    assert_eq!(server.get(&format!("/compare?run={BAD}")).status, 400);
    assert_eq!(server.get(&format!("/compare?run={BAD}&run=notes/mine")).status, 404);
    for path in ["../../x", "%2e%2e/x", "/etc", "latest/../x"] {
        let answer = server.get(&format!("/compare?run={BAD}&run={path}"));
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
    }
}

#[test]
fn a_campaign_has_its_heat_map_its_findings_and_the_nights_before() {
    let server = Server::start();
    let list = server.page("/campaigns");
    has(&list, &["nightly.toml", "night-26", "20 of 20", "unreadable"]);
    assert!(list.find("night-28").unwrap() < list.find("night-27").unwrap(), "the newest first");
    let page = server.page("/campaign/campaigns/night-28");
    has(
        &page,
        &[
            "lww, register",
            "<b>2</b>/2",
            "ongoing",
            "Night by night",
            "4 (20 %)",
            "2 nights before it",
            "run 0, seed 0",
        ],
    );
    has(&page, &["&#x2f;run&#x2f;campaigns&#x2f;night-28&#x2f;runs&#x2f;0"]);
    has(&server.page("/run/campaigns/night-28/runs/0"), &["It broke."]);
    // The first night knows of none before.
    let first = server.page("/campaign/campaigns/night-26");
    has(&first, &[">new<", "0 nights before it"]);
    assert!(!first.contains("Night by night"));
    assert_eq!(server.get("/campaign/campaigns/torn").status, 404);
    assert_eq!(server.get("/campaign/nowhere").status, 404);
}

#[test]
fn what_runs_now_is_counted() {
    let server = Server::start();
    has(&server.page("/now"), &["Nothing runs."]);
    let run = "redis-register/20261129T030000Z-6";
    let op = "{\"index\":0,\"time\":0,\"type\":\"invoke\"}\n";
    write(
        &server.store(),
        &format!("{run}/history.jsonl"),
        &format!("{}{op}{op}{{\"index\"", header("redis")),
    );
    let now = server.get("/now");
    has(&now.body, &["redis", "2 operations, 0 acknowledged"]);
    has(&now.headers, &["refresh: 2"]);
    has(&server.page(&format!("/run/{run}")), &["It runs.", "2 operations so far"]);
    assert_eq!(server.get(&format!("/report/{run}")).status, 409);
    write(
        &server.store(),
        &format!("{run}/history.jsonl"),
        &format!("{}{op}{op}{op}", header("redis")),
    );
    has(&server.page("/now"), &["3 operations, 0 acknowledged"]);
}

#[test]
fn no_path_leads_out_of_the_store() {
    let server = Server::start();
    fs::write(server.folder.path().join("secret"), "the secret").unwrap();
    for path in [
        "/run/../secret",
        "/report/../secret",
        "/report/%2e%2e/secret",
        "/report/%2E%2E%2Fsecret",
        "/report/a%2f..%2f..%2fsecret",
        "/report/%252e%252e/secret",
        "/report/%252e%252e%252fsecret",
        "/report/..%5csecret",
        "/campaign/../store",
        "/..",
        "/report/a/../../secret",
        "/report/%00",
        "/report/%zz",
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        assert!(!answer.body.contains("the secret"));
    }
    for path in [
        "/report//etc",
        "/run//etc/passwd",
        "/report/.hidden",
        "/campaign//etc",
        "/report/",
        "/nothing",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
#[cfg(unix)]
fn no_link_leads_out_of_the_store() {
    use std::os::unix::fs::symlink;
    let server = Server::start();
    let (store, outside) = (server.store(), server.folder.path().join("outside"));
    write(&outside, "report.html", "the secret");
    write(&outside, "verdict.json", &stored::verdict("secretive", 9, true));
    write(&outside, "index.jsonl", &stored::index(20, 3, 0));
    symlink(&outside, store.join("reference-register/20261201T000000Z-9")).unwrap();
    symlink(&outside, store.join("away")).unwrap();
    for path in [
        "/report/away",
        "/report/reference-register/20261201T000000Z-9",
        "/run/away",
        "/campaign/away",
        "/compare?run=away&run=away",
    ] {
        let answer = server.get(path);
        assert!(matches!(answer.status, 403 | 404), "{path}: {}", answer.status);
        assert!(
            !answer.body.contains("secretive") && !answer.body.contains("the secret"),
            "{path}"
        );
    }
    // A link in a folder that is there.
    write(&store, "r/20261202T000000Z-1/history.jsonl", &header("reference"));
    for file in ["report.html", "verdict.json"] {
        symlink(outside.join(file), store.join("r/20261202T000000Z-1").join(file)).unwrap();
    }
    assert_eq!(server.get("/report/r/20261202T000000Z-1").status, 403);
    // Whoever makes a report would read the logs.
    write(&store, "r/20261203T000000Z-1/verdict.json", &stored::verdict("reference", 1, true));
    write(&store, "r/20261203T000000Z-1/history.jsonl", &header("reference"));
    fs::create_dir(store.join("r/20261203T000000Z-1/nodes")).unwrap();
    symlink(outside.join("report.html"), store.join("r/20261203T000000Z-1/nodes/n1.log")).unwrap();
    assert_eq!(server.get("/report/r/20261203T000000Z-1").status, 403);
    let list = server.page("/");
    assert!(!list.contains("secretive"), "{list}");
    has(&list, &["verdict.json leads out of the store"]);
}

#[test]
fn only_this_machine_s_names_and_reading_are_answered() {
    let server = Server::start();
    for host in ["localhost", "127.0.0.1", &server.address.to_string(), "[::1]:9"] {
        assert_eq!(server.ask("GET", "/", host).status, 200, "{host}");
    }
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1"] {
        let answer = server.ask("GET", "/", host);
        assert_eq!(answer.status, 421, "{host}");
        assert!(!answer.body.contains("seed 1"));
    }
    assert_eq!(server.send("GET / HTTP/1.0\r\n\r\n").status, 400);
    assert_eq!(
        server
            .send(
                "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            .status,
        421
    );
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
        let answer = server.ask(method, "/", "localhost");
        assert_eq!(answer.status, 405, "{method}");
        has(&answer.headers, &["allow: get, head"]);
    }
    let head = server.ask("HEAD", "/", "localhost");
    assert!(head.status == 200 && head.body.is_empty());
}

#[test]
fn what_targets_say_is_text() {
    let server = Server::start();
    let hostile = "x-register/20261125T030000Z-4";
    for path in [
        "/",
        &format!("/run/{hostile}"),
        &format!("/compare?run={hostile}&run={GOOD}"),
        "/?q=%3Cscript%3Ealert(3)%3C/script%3E&target=%22%3E%3Cscript%3E",
    ] {
        let page = server.page(path);
        assert!(!page.contains("<script") && !page.contains("<img"), "{path}:\n{page}");
    }
    has(&server.page("/"), &["&lt;script&gt;alert(1)"]);
    assert!(HOSTILE.contains("<script>"));
    for path in ["/", "/campaigns", "/now", "/nothing", "/style.css"] {
        let headers = server.get(path).headers;
        has(
            &headers,
            &[
                "content-security-policy: default-src 'none'; style-src 'self'",
                "x-content-type-options: nosniff",
                "cross-origin-resource-policy: same-origin",
            ],
        );
    }
}
