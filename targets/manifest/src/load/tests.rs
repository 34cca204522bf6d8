use super::*;
use crate::protocol::{OptionSpec, OptionSpecs, OptionValues};
use afterall_history::Workload;

/// Protocols in place of those of the clients.
const PROTOCOLS: [ProtocolSpec; 2] = [
    ProtocolSpec {
        name: "redis",
        summary: "",
        workloads: &[Workload::Register, Workload::Counter],
        options: OptionSpecs::Only(&[
            OptionSpec { name: "wait", values: OptionValues::UpTo(99) },
            OptionSpec { name: "writes", values: OptionValues::OneOf(&["asked", "primary"]) },
        ]),
        needs_command: false,
    },
    ProtocolSpec {
        name: "external",
        summary: "",
        workloads: &[Workload::Register],
        options: OptionSpecs::Any,
        needs_command: true,
    },
];

/// A manifest that has every kind of entry. `port` and `faults` are part of other words before they are entries.
const GOOD: &str = r#"name = "store"
summary = "a store with ports, faults, names and a process"
nodes = 3
nodes-min = 2
nodes-max = 5
faults = [
    "partition",
    "latency",
    "udp-drop",
    "corrupt",
    "clock",
]
clock = "faketime"
ready-within-s = 60

[unsupported]
pause = "its port is not supported: see faults"

[semantics]
register = "lww"

[promises]
register = [
    "convergence",
    "no-phantoms",
]
counter = ["convergence unless clock"]

[client]
protocol = "redis"
port = 6379

[client.options]
wait = "1"
writes = "primary"

[peers]
ports = [
    6379,
    16379,
]
udp-ports = [7946]

[peers.probe]
port = 6379
send-hex = "50494e470d0a"

[[process]]
name = "node"
image = "node:latest"
data = "/data"
command = """
--port=6379
--name={{ node.name }}
"""
env = { NODE = "{{ node.number }}" }

[process.files]
"/etc/process.conf" = '''
port 6379
bind {{ node.ip }}
'''

[[process]]
name = "guard"
image = "guard:latest"

[[setup]]
process = "node"
command = "join\n{{ nodes[0].ip }}"

[[ready]]
process = "guard"
command = "ask"

[corrupt]
process = "node"
file = "/data/*.aof"
"#;

#[test]
fn every_manifest_that_comes_with_the_program_has_its_own_name() {
    for name in builtin_names() {
        let text = builtin(name).unwrap();
        assert!(text.contains(&format!("\nname = \"{name}\"\n")), "{name}");
    }
}

#[test]
fn the_manifest_that_is_broken_below_is_right() {
    parse(GOOD, "t.toml", &PROTOCOLS).unwrap();
}

/// The error's position and words, once a part of the good manifest is something else.
fn broken(from: &str, to: &str) -> (usize, usize, String) {
    assert_eq!(GOOD.matches(from).count(), 1, "{from:?} stands there once");
    match parse(&GOOD.replace(from, to), "t.toml", &PROTOCOLS) {
        Err(ManifestError::Invalid { file, line, column, problem }) => {
            assert_eq!(file, "t.toml");
            (line, column, problem.to_string())
        }
        other => panic!("{from:?} → {to:?}: {other:?}"),
    }
}

#[test]
fn what_is_wrong_is_told_with_the_line_and_column_of_the_very_value() {
    // Where a bar stands in the new text, the error points to.
    for (from, to, words) in [
        // It is not TOML.
        ("nodes = 3", "nodes = |three", "invalid"),
        ("name = \"store\"", "name = \"store\"\n|name = \"other\"", "duplicate key"),
        ("[peers.probe]", "[|peers]", "duplicate key"),
        // An entry of another type, or one that is unknown or missing.
        ("nodes = 3", "nodes = |\"3\"", "nodes: expected a whole number from 0 to 65535"),
        ("ready-within-s = 60", "ready-within-s = |\"60s\"", "found \"60s\""),
        (
            "ready-within-s = 60",
            "ready-within-s = |-1",
            "ready-within-s: expected a whole number from 0",
        ),
        ("nodes-max = 5", "nodes-max = 5\n|colour = 1", "unknown entry `colour`: expected one of"),
        ("image = \"guard:latest\"", "image = \"guard\"\n|imagine = 1", "unknown entry `imagine`"),
        (
            "port = 6379\n\n[client.options]",
            "\n[client.options]",
            "expected the entry `port`, found none",
        ),
        ("clock = \"faketime\"", "clock = |\"sundial\"", "unknown word `sundial`"),
        ("register = \"lww\"", "register = |\"last\"", "unknown word `last`"),
        // Ports.
        ("port = 6379\n\n[client.options]", "port = |70000\n\n[client.options]", "0 to 65535"),
        ("port = 6379\n\n[client.options]", "port = |0\n\n[client.options]", "1 to 65535"),
        ("    16379,", "    |0,", "1 to 65535"),
        ("    16379,", "    |99999,", "0 to 65535"),
        ("udp-ports = [7946]", "udp-ports = [7946, |-7]", "0 to 65535"),
        ("port = 6379\nsend-hex", "port = |7\nsend-hex", "one of the peer ports 6379, 16379"),
        // Nodes.
        ("nodes-min = 2", "nodes-min = |0", "a cluster of 1 to 99 nodes"),
        ("nodes-max = 5", "nodes-max = |100", "a cluster of 1 to 99 nodes"),
        ("nodes-min = 2", "nodes-min = |6", "nodes-min of at most nodes-max, found 6 and 5"),
        ("nodes = 3", "nodes = |1", "from nodes-min 2 to nodes-max 5, found 1"),
        ("nodes = 3\nnodes-min = 2\nnodes-max = 5", "nodes-max = |2", "found 3"),
        // Faults.
        ("    \"udp-drop\"", "    |\"udp-drip\"", "unknown fault \"udp-drip\""),
        ("pause = ", "|paws = ", "unknown fault \"paws\""),
        ("    \"clock\"", "    |\"\"", "unknown fault \"\""),
        ("clock = \"faketime\"\n", "", "fault clock: expected"),
        ("udp-ports = [7946]\n", "", "fault udp-drop: expected"),
        // Promises and workloads.
        ("    \"no-phantoms\"", "    |\"no-fantoms\"", "no-fantoms"),
        ("counter = [", "|counters = [", "unknown workload \"counters\""),
        ("counter = [", "|cart = [", "cannot drive a cart"),
        ("\"convergence unless clock", "|\"convergence unless clok", "unknown fault \"clok\""),
        // Names and processes.
        ("name = \"store\"", "name = |\"My Store\"", "found \"My Store\""),
        ("name = \"guard\"", "name = |\"node\"", "\"node\" twice"),
        ("process = \"guard\"", "process = |\"gard\"", "one of node, guard"),
        ("process = \"node\"\nfile", "process = |\"nod\"\nfile", "unknown process \"nod\""),
        ("file = \"/data/*.aof\"", "file = |\"/etc/passwd\"", "data folder of the process node"),
        // The protocol and its options.
        ("protocol = \"redis\"", "protocol = |\"radish\"", "unknown protocol \"radish\""),
        ("wait = \"1\"", "wait = |\"all\"", "a whole number from 1 to 99"),
        ("writes = \"primary\"", "writes = |\"any\"", "one of asked, primary"),
        ("writes = \"primary\"", "|colour = \"red\"", "unknown option \"colour\""),
        // The probe.
        ("send-hex = \"50494e470d0a\"", "send-hex = |\"5\"", "hexadecimal"),
        // Templates: the line within the text.
        ("--name={{ node.name }}", "|--name={{ node.nom }}", "command of process node"),
        // A line that goes on in the next one is two lines of the file and one of the text.
        (
            "--port=6379\n--name={{ node.name }}",
            "--port=\\\n    6379 \\\n\n  --quiet\n|--name={{ node.nom }}",
            "command of process node",
        ),
        (
            "--port=6379\n--name={{ node.name }}",
            "|--port=\\\n  {{ node.nom }}\n--name={{ node.name }}",
            "command of process node",
        ),
        ("--port=6379\n--name=", "--path=C:\\\\\n|--name={{ x }}", "command of process node"),
        ("--port=6379\n--name=", "a\\nb\n|--name={{ x }}", "command of process node"),
        // Of a cluster of as many nodes as there are unless another number is asked for.
        ("--name={{ node.name }}", "|--name={{ nodes[3].name }}", "command of process node"),
        ("bind {{ node.ip }}", "|bind {{ peers[node.number - 1].ip }}", "file /etc/process.conf"),
        ("bind {{ node.ip }}", "|bind {{ node.ip", "file /etc/process.conf of process node"),
        ("NODE = \"{{ node.number }}\"", "NODE = |\"{{ nod }}\"", "env NODE of process node"),
        ("command = \"join\\n{{ nodes[0].ip }}\"", "command = |\"a\\n{{ x }}\"", "a setup command"),
    ] {
        let (line, column, found) = broken(from, &to.replace('|', ""));
        assert!(found.contains(words), "{to:?}: {found}");
        let marked = GOOD.replace(from, to);
        let Some(bar) = marked.find('|') else { continue };
        let expected = position(&marked, bar);
        assert_eq!((line, column), expected, "{to:?}: {found}");
    }
}

#[test]
fn what_is_missing_is_told_with_the_table_that_lacks_it() {
    let line_of = |start: &str| 1 + GOOD.lines().position(|line| line.starts_with(start)).unwrap();
    let (line, _, what) = broken("port = 6379\n\n[client.options]", "\n[client.options]");
    assert_eq!(
        (line, what.as_str()),
        (line_of("[client]"), "expected the entry `port`, found none")
    );
    let (line, _, what) = broken("image = \"guard:latest\"\n", "");
    assert_eq!(line, 1 + GOOD[..GOOD.find("name = \"guard\"").unwrap()].matches('\n').count() - 1);
    assert_eq!(what, "expected an image, as the other processes have one, found none");
    let (line, _, _) = broken("clock = \"faketime\"\n", "");
    assert_eq!(line, line_of("    \"clock\""));
    let (line, _, _) = broken("udp-ports = [7946]\n", "");
    assert_eq!(line, line_of("    \"udp-drop\""));
    let (line, _, what) = broken("protocol = \"redis\"", "protocol = \"external\"");
    assert!(what.contains("expected `command`"), "{what}");
    assert_eq!(line, line_of("[client]"));
}

#[test]
fn a_target_that_is_not_there_is_told_with_those_that_are() {
    let error = load("nosuch", &PROTOCOLS).unwrap_err().to_string();
    assert!(error.contains("nosuch") && error.contains("reference"), "{error}");
    assert!(load("./nosuch.toml", &PROTOCOLS).unwrap_err().to_string().contains("./nosuch.toml"));
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let path = std::env::temp_dir().join(format!("large-{}.toml", std::process::id()));
    std::fs::write(&path, "#".repeat(1_048_577)).unwrap();
    let error = load(path.to_str().unwrap(), &PROTOCOLS).unwrap_err();
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(error, ManifestError::TooLarge { bytes: 1_048_577, .. }), "{error}");
}
