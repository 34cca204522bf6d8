//! The docker world as its users run it. Without an engine, or without the images that `docker/build` makes, these tests
//! are counted as ignored; with `AFTERALL_REQUIRE_ALL=1` they fail.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod program;

use afterall_needs::{NOTHING, tests};
use program::engine::{afterall, has, left, turn};
use program::{
    AFTERALL, PRINTED, latest, signal, start, text, verdict, wait_for_history, wait_until,
};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    afterall_needs::run(tests! {
        || has(&["afterall/reference"]) =>
            the_crdt_flavour_is_valid_under_every_fault,
            nine_nodes_are_wired_and_cut,
            a_known_bug_is_found,
            a_container_that_somebody_else_takes_away_cuts_the_run_short,
            ctrl_c_leaves_a_history_and_no_containers,
            a_second_ctrl_c_says_what_is_left_and_how_to_remove_it,
            what_a_killed_harness_leaves_is_reaped,
            what_is_wrong_with_a_manifest_is_told_and_nothing_stays,
            the_engine_may_be_elsewhere,
            a_target_that_does_not_work_is_told_so;
        NOTHING => without_an_engine_the_error_says_what_to_do;
        || has(&["afterall/redis"]) =>
            a_new_target_is_added_by_following_the_page_about_it,
            an_image_that_drops_root_starts_and_its_clock_is_skewed,
            a_target_that_does_not_start_with_a_preloaded_library_is_tried_without,
            datagrams_are_dropped_and_files_are_damaged;
    })
}

fn the_crdt_flavour_is_valid_under_every_fault() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let arguments = ["run", "reference", "--world", "docker", "--nodes", "3", "--seed", "881001"];
    let output = afterall(&arguments, store.path()).args(["--time", "45s"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let verdict = verdict(store.path());
    let faults = verdict["faults"].as_array().unwrap();
    for kind in ["partition", "latency", "kill", "pause", "clock", "stop", "black-hole"] {
        let fault = faults.iter().find(|fault| fault["kind"] == kind).expect(kind);
        assert_eq!(fault["took"], Value::Bool(true), "{fault}");
    }
    let log = std::fs::read_to_string(latest(store.path(), "nodes/n1.log")).unwrap();
    assert!(log.contains("ready"), "{log}");
    assert_eq!(left(store.path()), 0);
}

fn nine_nodes_are_wired_and_cut() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let arguments = ["run", "reference", "--world", "docker", "--nodes", "9", "--seed", "881002"];
    let faults = ["--faults", "partition,black-hole", "--time", "12s", "--workload", "counter"];
    let output = afterall(&arguments, store.path()).args(faults).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(left(store.path()), 0);
}

fn a_known_bug_is_found() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let arguments = ["run", "reference", "--world", "docker", "--mutant", "no-tiebreak"];
    let more = ["--nodes", "3", "--time", "8s", "--rate", "2000", "--quiescence", "3s"];
    // Writes of one millisecond must meet: three seeds must do.
    let found = ["1", "2", "3"].iter().any(|seed| {
        let mut command = afterall(&arguments, store.path());
        let output = command.args(more).args(["--seed", seed]).output().unwrap();
        output.status.code() == Some(1)
    });
    assert!(found, "{}", verdict(store.path())["reasons"]);
    let verdict = verdict(store.path());
    let anomalies = verdict["anomalies"].as_array().unwrap();
    assert!(anomalies.iter().any(|anomaly| anomaly["property"] == "convergence"));
    assert_eq!(left(store.path()), 0);
}

fn ctrl_c_leaves_a_history_and_no_containers() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let arguments = ["run", "reference", "--world", "docker", "--nodes", "3", "--seed", "881003"];
    let mut child = start(afterall(&arguments, store.path()), store.path());
    wait_for_history(&mut child, store.path(), |history| history.lines().count() > 200);
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert_eq!(left(store.path()), 0);
}

fn a_second_ctrl_c_says_what_is_left_and_how_to_remove_it() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let arguments = ["run", "reference", "--world", "docker", "--nodes", "3", "--seed", "881007"];
    let mut child = start(afterall(&arguments, store.path()), store.path());
    wait_for_history(&mut child, store.path(), |history| history.lines().count() > 200);
    let told = || std::fs::read_to_string(store.path().join(PRINTED)).unwrap();
    signal(&child, "-INT");
    wait_until("the first signal", || told().contains("press Ctrl-C again"));
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(255), "{}", told());
    assert!(told().contains("`afterall doctor --reap` removes the containers"), "{}", told());
    assert_ne!(left(store.path()), 0);
    Command::new(AFTERALL).args(["doctor", "--reap"]).output().unwrap();
    assert_eq!(left(store.path()), 0);
}

fn what_a_killed_harness_leaves_is_reaped() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let arguments = ["run", "reference", "--world", "docker", "--nodes", "3", "--seed", "881004"];
    let mut child = start(afterall(&arguments, store.path()), store.path());
    wait_for_history(&mut child, store.path(), |history| history.lines().count() > 200);
    // A run that lives is left alone.
    let doctor = || Command::new(AFTERALL).args(["doctor", "--reap"]).output().unwrap();
    doctor();
    assert_ne!(left(store.path()), 0);
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert_ne!(left(store.path()), 0);
    let output = doctor();
    assert!(text(&output).contains("left behind in the engine"), "{}", text(&output));
    assert_eq!(left(store.path()), 0);
    let history = latest(store.path(), "history.jsonl");
    let check = Command::new(AFTERALL).arg("check").arg(history).output().unwrap();
    assert_eq!(check.status.code(), Some(2), "{}", text(&check));
}

/// A manifest of one node that comes up, to be spoiled.
const MANIFEST: &str = r#"
name = "spoiled"
summary = "for a test"
nodes = 1
ready-within-s = 5
faults = ["kill"]
[promises]
register = []
[client]
protocol = "reference"
port = 7101
[[process]]
name = "node"
image = "afterall/reference"
command = """
--id
{{ node.name }}
--listen
0.0.0.0:7101
--data
/data
"""
"#;

fn what_is_wrong_with_a_manifest_is_told_and_nothing_stays() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spoiled.toml");
    let probe = "[[ready]]\nprocess = \"node\"\ncommand = \"/afterall-node\\n--help\"\ncontains = \"bogus\"\n";
    let garbage =
        "protocol = \"external\"\ncommand = [\"sh\", \"-c\", \"echo what a mess; cat >&2\"]";
    for (from, to, code, says) in [
        ("nodes = 1", "nodes = 1\ncolour = 1", 254, "spoiled.toml:5"),
        ("port = 7101", "", 254, "spoiled.toml:9:1: expected the entry `port`, found none"),
        ("{{ node.name }}", "{{ node.nome }}", 254, "spoiled.toml:17"),
        ("{{ node.name }}", "{% if %}", 254, "spoiled.toml:17"),
        ("\"kill\"", "\"earthquake\"", 254, "spoiled.toml:6"),
        ("afterall/reference", "afterall/no-such-image", 255, "afterall/no-such-image"),
        ("--data\n/data", "--data", 255, "a value is required for"),
        ("port = 7101", "port = 7199", 255, "n1 does not serve: not within 5 s"),
        ("[[process]]", &format!("{probe}[[process]]"), 255, "bogus"),
        ("protocol = \"reference\"", garbage, 255, "what a mess"),
    ] {
        let spoiled = MANIFEST.replacen(from, to, 1);
        assert_ne!(spoiled, MANIFEST);
        std::fs::write(&path, spoiled).unwrap();
        let target = path.display().to_string();
        let arguments = ["run", &target, "--faults", "none", "--time", "1s", "--seed", "1"];
        let output = afterall(&arguments, folder.path()).output().unwrap();
        let told = text(&output);
        assert_eq!(output.status.code(), Some(code), "{to}: {told}");
        assert!(told.contains(says), "{to}: {told}");
        assert_eq!(left(folder.path()), 0, "{to}");
    }
}

fn the_engine_may_be_elsewhere() {
    let _turn = turn();
    // All that is shared with a remote engine is its API over TCP and the ports that it publishes.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let outside = stream.unwrap();
            let inside = std::os::unix::net::UnixStream::connect("/var/run/docker.sock").unwrap();
            let (mut from, mut to) = (outside.try_clone().unwrap(), inside.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
            let (mut from, mut to) = (inside, outside);
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    let store = tempfile::tempdir().unwrap();
    let arguments = ["run", "reference", "--world", "docker", "--nodes", "3", "--seed", "881005"];
    let mut command = afterall(&arguments, store.path());
    command.args(["--faults", "kill,clock", "--time", "10s"]);
    command.env("DOCKER_HOST", format!("tcp://{address}"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(left(store.path()), 0);
}

fn without_an_engine_the_error_says_what_to_do() {
    let store = tempfile::tempdir().unwrap();
    let arguments = ["run", "reference", "--world", "docker", "--seed", "881006"];
    let mut command = afterall(&arguments, store.path());
    let output = command.env("DOCKER_HOST", "tcp://127.0.0.1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(255));
    assert!(text(&output).contains("DOCKER_HOST"), "{}", text(&output));
}

/// Somebody else removes or pauses a node: that is what the run says, at once, and nothing is left.
fn a_container_that_somebody_else_takes_away_cuts_the_run_short() {
    let _turn = turn();
    for (seed, (what, says)) in
        ["881011", "881012"].into_iter().zip([("rm", "was removed"), ("pause", "was paused")])
    {
        let store = tempfile::tempdir().unwrap();
        let arguments = ["run", "reference", "--world", "docker", "--nodes", "3", "--seed", seed];
        let mut command = afterall(&arguments, store.path());
        // Ten minutes of load were to come.
        command.args(["--faults", "none", "--time", "600s"]);
        let mut child = start(command, store.path());
        wait_for_history(&mut child, store.path(), |history| history.lines().count() > 300);
        let format = ["ps", "--filter", "label=afterall.run", "--format", "{{.Names}} {{.Labels}}"];
        let ours = store.path().to_string_lossy().into_owned();
        let running = docker(&format);
        let is_node = |line: &&str| line.contains(&ours) && line.contains("-n2-");
        let node = running.lines().filter(is_node).find(|line| !line.contains("-n2-infra"));
        let node = node.and_then(|line| line.split(' ').next()).unwrap();
        let words: &[&str] = if what == "rm" { &["rm", "-f"] } else { &["pause"] };
        docker(&[words, &[node]].concat());
        assert_eq!(child.wait().unwrap().code(), Some(2));
        let reasons = verdict(store.path())["reasons"].clone();
        let first = reasons[0].to_string();
        assert!(first.contains("was cut short: n2 ") && first.contains(says), "{reasons}");
        assert_eq!(left(store.path()), 0);
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// An image of Redis that starts with a script, in which `$@` is the command.
fn image_with_entrypoint(name: &str, script: &str) -> String {
    let image = format!("afterall-test/{name}:latest");
    let made = docker(&["create", "afterall/redis"]);
    let entrypoint = format!(r#"ENTRYPOINT ["sh", "-c", "{script}", "--"]"#);
    docker(&["commit", "--change", &entrypoint, &made, &image]);
    docker(&["rm", &made]);
    image
}

/// Images of makers start as root, to give their folder away, and go on as another user.
fn an_image_that_drops_root_starts_and_its_clock_is_skewed() {
    let _turn = turn();
    let image = image_with_entrypoint(
        "drops-root",
        r#"chown -R redis /data; exec setpriv --reuid=redis --regid=redis --init-groups \"$@\""#,
    );
    let store = tempfile::tempdir().unwrap();
    for faults in ["none", "clock"] {
        let role = format!("redis={image}");
        let arguments = ["run", "redis", "--image", &role, "--faults", faults, "--time", "10s"];
        let mut command = afterall(&arguments, store.path());
        let output = command.args(["--seed", "881008"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{faults}: {}", text(&output));
        let verdict = verdict(store.path());
        let skewed = verdict["faults"].as_array().unwrap();
        assert_eq!(skewed.is_empty(), faults == "none", "{skewed:?}");
        assert!(skewed.iter().all(|fault| fault["took"] == true), "{skewed:?}");
        assert_eq!(left(store.path()), 0);
    }
    docker(&["rmi", &image]);
}

fn a_target_that_does_not_start_with_a_preloaded_library_is_tried_without() {
    let _turn = turn();
    let image = image_with_entrypoint(
        "no-preload",
        r#"[ -z \"$LD_PRELOAD\" ] || { echo no preloading here; exit 1; }; exec \"$@\""#,
    );
    let folder = tempfile::tempdir().unwrap();
    let mut check = Command::new(AFTERALL);
    check.args(["target", "check", "redis", "--image", &format!("redis={image}")]);
    let output = check.env("TMPDIR", folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    for says in [
        "FAILED  register: start with the library that skews clocks",
        "no preloading here",
        "ok      register: start: every node serves",
        "ok      fault kill: heals",
    ] {
        assert!(text(&output).contains(says), "{says}: {}", text(&output));
    }
    assert!(!text(&output).contains("fault clock: takes hold"), "{}", text(&output));
    assert_eq!(left(folder.path()), 0);
    docker(&["rmi", &image]);
}

/// Does what docs/new-target.md says, with the files that it shows.
fn a_new_target_is_added_by_following_the_page_about_it() {
    let _turn = turn();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = std::fs::read_to_string(docs.join("new-target.md")).unwrap();
    let manifest = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let new = |name: &str| {
        let mut command = Command::new(AFTERALL);
        command.args(["target", "new", name, "--folder"]).arg(folder.path()).output().unwrap()
    };
    let begun = new("my-redis");
    assert_eq!(begun.status.code(), Some(0), "{}", text(&begun));
    assert_eq!(new("my-redis").status.code(), Some(254), "what is there must stay");
    assert_eq!(new("My Redis").status.code(), Some(254));
    let path = folder.path().join("my-redis/my-redis.toml");
    std::fs::write(&path, manifest).unwrap();
    std::fs::copy(docs.join("examples/redis_client.py"), path.with_file_name("client.py")).unwrap();

    let mut check = Command::new(AFTERALL);
    check.args(["target", "check"]).arg(&path).env("TMPDIR", folder.path());
    let output = check.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    for says in [
        "operations at n1: 12 ok",
        "READONLY",
        "fault clock: takes hold",
        "lie stale-read: found: convergence",
        "can be run",
    ] {
        assert!(text(&output).contains(says), "{says}: {}", text(&output));
    }
    assert_eq!(left(folder.path()), 0);

    let target = path.display().to_string();
    let run = ["run", &target, "--faults", "partition", "--time", "15s", "--seed", "1"];
    let output = afterall(&run, folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(left(folder.path()), 0);
}

/// Datagrams and files: no bundled target has faults of all these kinds.
fn datagrams_are_dropped_and_files_are_damaged() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junk.toml");
    let manifest = r#"
name = "junk"
summary = "a file that may be damaged, and a port for datagrams"
nodes = 2
faults = ["udp-drop", "truncate", "corrupt", "partition"]
[promises]
register = []
[client]
protocol = "redis"
port = 6379
[client.options]
writes = "primary"
[peers]
ports = [6379]
udp-ports = [9999]
[corrupt]
process = "redis"
file = "/data/junk*"
[[process]]
name = "redis"
image = "afterall/redis"
data = "/data"
command = """
bash
-c
[ -e /data/junk ] || head -c 4096 /dev/urandom > /data/junk; exec redis-server "$@"
redis-server
--protected-mode
no
{% if not node.first %}
--replicaof
{{ nodes[0].ip }} 6379
{% endif %}
"""
"#;
    std::fs::write(&path, manifest).unwrap();
    let mut check = Command::new(AFTERALL);
    check.args(["target", "check"]).arg(&path).env("TMPDIR", folder.path());
    let output = check.output().unwrap();
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for says in [
        "ok      fault udp-drop: takes hold: ",
        "links let no datagram out",
        "ok      fault udp-drop: heals: ",
        "ok      fault truncate: takes hold: junk: 4096 bytes, then 40",
        "ok      fault corrupt: takes hold: junk: 40",
        "links refuse connections; ",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
    assert_eq!(left(folder.path()), 0);
}

fn a_target_that_does_not_work_is_told_so() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spoiled.toml");
    // Its clock cannot be skewed this way: it asks the kernel, not the C library.
    let spoiled = MANIFEST.replacen("\"kill\"", "\"kill\", \"clock\"", 1);
    let spoiled = spoiled.replacen("[promises]", "clock = \"faketime\"\n[promises]", 1);
    std::fs::write(&path, spoiled).unwrap();
    let mut check = Command::new(AFTERALL);
    check.args(["target", "check"]).arg(&path).env("TMPDIR", folder.path());
    let output = check.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("FAILED  fault clock: takes hold"), "{}", text(&output));
    assert!(text(&output).contains("ok      fault kill: heals"), "{}", text(&output));
    assert_eq!(left(folder.path()), 0);
}
