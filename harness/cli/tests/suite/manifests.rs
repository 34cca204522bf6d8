//! What is wrong with a target is told before an engine is asked, and leaves nothing. No engine is there in these tests.
#![cfg(target_os = "linux")]
use crate::program::{AFTERALL, names, text};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A manifest that is right.
const GOOD: &str = r#"name = "broken"
summary = "for a test"
nodes = 3
nodes-max = 9
faults = ["kill", "clock"]
clock = "faketime"
[promises]
register = ["convergence"]
[client]
protocol = "redis"
port = 6379
[client.options]
wait = "1"
[peers]
ports = [6379]
[peers.probe]
port = 6379
send-hex = "50"
[[process]]
name = "node"
image = "afterall/no-such-image"
command = """
serve \
  --quietly
--name={{ node.name }}
"""
[process.files]
"/etc/node.conf" = '''
bind {{ node.ip }}
'''
[[ready]]
process = "node"
command = "ask"
"#;

/// Runs a target in a store whose `latest` leads to a run, without an engine; whatever comes of it, the store stays as it is.
fn run(folder: &Path, manifest: &str, more: &[&str]) -> Output {
    let path = folder.join("broken.toml");
    fs::write(&path, manifest).unwrap();
    let store = folder.join("store");
    if !store.exists() {
        fs::create_dir_all(store.join("a-run")).unwrap();
        std::os::unix::fs::symlink("a-run", store.join("latest")).unwrap();
    }
    let mut command = Command::new(AFTERALL);
    command.arg("run").arg(&path).args(["--seed", "1", "--store"]).arg(&store).args(more);
    let output = command.env("DOCKER_HOST", "tcp://127.0.0.1:1").output().unwrap();
    assert_eq!(names(&store), ["a-run", "latest"], "{}", text(&output));
    assert_eq!(fs::read_link(store.join("latest")).unwrap(), Path::new("a-run"));
    output
}

#[test]
fn a_right_manifest_gets_as_far_as_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), GOOD, &[]);
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    assert!(text(&output).contains("DOCKER_HOST"), "{}", text(&output));
}

#[test]
fn thirty_broken_manifests_of_ten_kinds_are_told_with_their_line_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // What is put in place of what; where the bar stands the error points to.
    for (from, to) in [
        // It is not TOML.
        ("nodes = 3", "nodes = |three"),
        ("[peers.probe]", "[|peers]"),
        ("port = 6379\n[client", "port = 6379\n|port = 6380\n[client"),
        // Entries of another type, unknown or missing.
        ("nodes = 3", "nodes = |\"3\""),
        ("nodes-max = 9", "nodes-max = |-1"),
        ("nodes-max = 9", "nodes-max = 9\n|colour = 1"),
        ("image = ", "|imagine = "),
        ("clock = \"faketime\"", "clock = |\"sundial\""),
        // Ports.
        ("port = 6379\n[client", "port = |0\n[client"),
        ("port = 6379\n[client", "port = |70000\n[client"),
        ("ports = [6379]", "ports = [6379, |0]"),
        ("port = 6379\nsend", "port = |1\nsend"),
        // Nodes.
        ("nodes-max = 9", "nodes-max = |100"),
        ("nodes = 3\nnodes-max = 9", "nodes = |9\nnodes-max = 3"),
        // Faults.
        ("\"kill\"", "|\"kil\""),
        ("\"kill\"", "|\"corrupt\""),
        ("\"kill\"", "|\"udp-drop\""),
        // Promises and workloads.
        ("\"convergence\"", "|\"konvergence\""),
        ("\"convergence\"", "|\"convergence unless flood\""),
        ("register = [", "|registers = ["),
        // Names and processes.
        ("name = \"broken\"", "name = |\"Broken One\""),
        ("process = \"node\"", "process = |\"nod\""),
        // The protocol and its options.
        ("protocol = \"redis\"", "protocol = |\"radish\""),
        ("wait = \"1\"", "wait = |\"all\""),
        ("wait = \"1\"", "|weight = \"1\""),
        // The probe.
        ("send-hex = \"50\"", "send-hex = |\"5\""),
        ("send-hex = \"50\"", "send-hex = |\"\""),
        // Templates.
        ("--name={{ node.name }}", "|--name={{ node.nom }}"),
        ("--name={{ node.name }}", "|--name={{ nodes[3].name }}"),
        ("bind {{ node.ip }}", "|bind {% if %}"),
        ("bind {{ node.ip }}", "a\n|bind {{ peers[node.number - 1].ip }}"),
        ("command = \"ask\"", "command = |\"ask {{ nobody }}\""),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let marked = GOOD.replacen(from, to, 1);
        let line = 1 + marked[..marked.find('|').unwrap()].matches('\n').count();
        let output = run(folder.path(), &marked.replacen('|', "", 1), &[]);
        let told = text(&output);
        assert_eq!(output.status.code(), Some(254), "{to}: {told}");
        assert!(told.contains(&format!("broken.toml:{line}:")), "{to}: line {line}, {told}");
    }
}

#[test]
fn templates_are_tried_for_every_node_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let few = GOOD.replacen("bind {{ node.ip }}", "bind {{ [7, 8, 9, 10][node.number] }}", 1);
    let output = run(folder.path(), &few, &["--nodes", "5"]);
    assert_eq!(output.status.code(), Some(254), "{}", text(&output));
    let says = "file /etc/node.conf of process node, for n4 of 5: undefined value";
    assert!(text(&output).contains(says), "{}", text(&output));
    assert_eq!(run(folder.path(), &few, &["--nodes", "3"]).status.code(), Some(255));
}

#[test]
fn options_are_checked_before_an_engine_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let dns = GOOD.replacen("protocol = \"redis\"", "protocol = \"dns\"", 1);
    let dns = dns.replacen("wait = \"1\"", "zone = \"a.test\"\nprimary = \"n7\"", 1);
    let output = run(folder.path(), &dns, &[]);
    assert_eq!(output.status.code(), Some(254), "{}", text(&output));
    assert!(text(&output).contains("primary"), "{}", text(&output));
}

#[test]
fn a_client_that_does_not_start_or_ends_at_once_is_told_with_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    for (command, says) in [
        ("[\"/no/such/program\"]", "/no/such/program cannot be started"),
        ("[\"sh\", \"-c\", \"echo no module named redis >&2; exit 3\"]", "no module named redis"),
    ] {
        let client = format!("protocol = \"external\"\ncommand = {command}");
        let manifest = GOOD.replacen("protocol = \"redis\"", &client, 1);
        let output = run(folder.path(), &manifest, &[]);
        assert_eq!(output.status.code(), Some(255), "{}", text(&output));
        assert!(text(&output).contains(says), "{}", text(&output));
        assert!(!text(&output).contains("DOCKER_HOST"), "{}", text(&output));
    }
}
