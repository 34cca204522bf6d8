//! Stores that are programs on this machine, as docs/without-containers.md has them. They need Python.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod program;

use afterall_needs::tests;
use program::{AFTERALL, latest, text, verdict, wait_until};
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Output};

fn main() -> ExitCode {
    afterall_needs::run(tests! {
        || afterall_needs::program("python3") =>
            the_store_of_the_page_is_found_wrong_where_it_is_wrong,
            a_program_that_does_not_start_is_told_with_what_it_printed,
            a_connection_past_the_proxies_is_no_partition,
            the_same_store_is_driven_where_somebody_else_runs_it,
            what_cannot_be_attached_to_says_so;
    })
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/tiny")
}

fn run(folder: &Path, manifest: &Path, line: &str) -> Output {
    let mut command = Command::new(AFTERALL);
    command.arg("run").arg(manifest).args(line.split_whitespace());
    command.arg("--store").arg(folder).output().unwrap()
}

/// The processes of a store whose program is in this folder.
fn processes_of(folder: &Path) -> usize {
    let wanted = folder.display().to_string();
    let line = |entry: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok()
    };
    let lines = std::fs::read_dir("/proc").unwrap().filter_map(line);
    lines.filter(|line| line.contains(&wanted) && line.contains("store.py")).count()
}

/// What is killed is gone a moment later.
fn all_ended(folder: &Path) {
    wait_until("the end of all nodes", || processes_of(folder) == 0);
}

/// A copy of the store of the page, with changes to its program.
fn store(changes: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["store.py", "client.py", "tiny.toml"] {
        let mut text = std::fs::read_to_string(page().join(name)).unwrap();
        for (from, to) in changes {
            text = text.replace(from, to);
        }
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let manifest = folder.path().join("tiny.toml");
    (folder, manifest)
}

fn the_store_of_the_page_is_found_wrong_where_it_is_wrong() {
    let (folder, manifest) = store(&[]);
    let kept = tempfile::tempdir().unwrap();
    let line = "--faults partition --rate 100 --time 6s --quiescence 2s --seed 1";
    let output = run(kept.path(), &manifest, line);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let found = verdict(kept.path());
    let broken = |name: &str| {
        let properties = found["properties"].as_array().unwrap();
        properties.iter().any(|p| p["property"] == name && p["outcome"] == "broken")
    };
    assert!(broken("convergence") && !broken("no-phantoms"), "{}", text(&output));
    let faults = found["faults"].as_array().unwrap();
    assert!(faults.iter().any(|fault| fault["took"] == Value::Bool(true)), "{found}");
    assert!(latest(kept.path(), "nodes/n1.log").exists());
    all_ended(folder.path());
    // A stopped node is asked nothing and hears nothing; what was sent to it meanwhile waits in its sockets.
    let line = "--faults pause --rate 100 --time 6s --quiescence 5s --seed 1";
    let output = run(kept.path(), &manifest, line);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output));
    let faults = verdict(kept.path())["faults"].clone();
    assert_eq!(faults[0]["kind"], "pause", "{faults}");
    assert_eq!(faults[0]["took"], Value::Bool(true), "{faults}");
    all_ended(folder.path());
}

fn a_program_that_does_not_start_is_told_with_what_it_printed() {
    let (folder, manifest) =
        store(&[("name, listen, *peers = sys.argv[1:]", "sys.exit('no disk')")]);
    let output = run(folder.path(), &manifest, "--time 5s");
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    for part in ["did not become ready", "exit status: 1", "no disk"] {
        assert!(text(&output).contains(part), "{part}: {}", text(&output));
    }
    all_ended(folder.path());
}

/// Whoever knows a peer by another address than the one that it was given is not cut off from it: nothing may say that it was.
fn a_connection_past_the_proxies_is_no_partition() {
    // The address of a peer as it sees itself has its own number twice.
    let own = "import re; peers = [re.sub(r'^127\\.(\\d+)\\.\\d+\\.(\\d+):', r'127.\\1.\\2.\\2:', peer) for peer in peers]\ndata, lock";
    let keeps = "            link.recv(1)\n            time.sleep(3)";
    // The process that speaks is a child of the one that is started.
    let script = "sh\n-c\n\"$0\" \"$@\"; true\npython3\nstore.py";
    let (folder, manifest) = store(&[
        ("data, lock", own),
        ("            link.recv(1)", keeps),
        ("python3\nstore.py", script),
    ]);
    let kept = tempfile::tempdir().unwrap();
    // Several: on a busy machine the first comes before anybody has said anything, and then proves nothing either.
    let line = "--faults partition --rate 150 --time 10s --quiescence 1s --seed 2";
    let output = run(kept.path(), &manifest, line);
    let found = verdict(kept.path());
    let faults = found["faults"].as_array().unwrap();
    assert!(faults.iter().all(|fault| fault["took"] == Value::Bool(false)), "{}", text(&output));
    let is_told = |fault: &Value| fault["doubt"].as_str().unwrap().contains("past the proxies");
    assert!(faults.iter().any(is_told), "{}", text(&output));
    all_ended(folder.path());
}

/// Programs that end with this.
struct Running(Vec<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn the_same_store_is_driven_where_somebody_else_runs_it() {
    let (folder, manifest) = store(&[]);
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let addresses = [free(), free(), free()];
    let start = |node: usize| {
        let mut command = Command::new("python3");
        command.arg(folder.path().join("store.py")).arg(format!("n{}", node + 1));
        command.arg(&addresses[node]);
        let peers = (0..3).filter(|&peer| peer != node).map(|peer| &addresses[peer]);
        command.args(peers).spawn().unwrap()
    };
    let mut nodes = Running((0..3).map(start).collect());
    let kept = tempfile::tempdir().unwrap();
    let line =
        format!("--attach {} --rate 100 --time 3s --quiescence 5s --seed 1", addresses.join(","));
    // Twice: what the first run has left there is not what the second reads.
    for _ in 0..2 {
        let output = run(kept.path(), &manifest, &line);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        let found = verdict(kept.path());
        assert_eq!(found["world"], "attached", "{found}");
    }
    assert!(nodes.0.iter_mut().all(|node| node.try_wait().unwrap().is_none()), "they stay up");
}

fn what_cannot_be_attached_to_says_so() {
    let (folder, manifest) = store(&[]);
    let refused = |line: &str, code: i32, says: &str| {
        let output = run(folder.path(), &manifest, line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", text(&output));
        assert!(text(&output).contains(says), "{line}: {}", text(&output));
    };
    refused("--attach 192.0.2.1:7400", 254, "--attach-anywhere lets a run write to any address");
    refused("--attach 127.0.0.1:1 --faults kill", 254, "the attached world cannot inject it");
    refused(
        "--attach 127.0.0.1:1 --nodes 2",
        254,
        "expected an address for each of 2 nodes, found 1",
    );
    refused("--world attached", 254, "expected the addresses of the nodes, found none");
    refused("--attach localhost:1", 254, "invalid");
    refused("--world docker", 254, "expected images in the manifest of tiny, found none");
    refused("--faults clock", 254, "the process world cannot inject it into programs of yours");
}
