//! What does not fit together in a manifest, and where it stands.

use crate::error::Problem;
use crate::manifest::{Manifest, Process};
use crate::outline::{Outline, Segment, way};
use crate::protocol::{OptionError, ProtocolSpec};
use afterall_history::FaultKind;

/// The most processes of a node.
const PROCESSES_MAX: usize = 8;
/// The most bytes of a probe.
const PROBE_BYTES_MAX: usize = 1_024;

/// Something wrong, and the way to the entry that is.
pub(crate) type Complaint = (Vec<Segment>, Problem);

/// Finds the first thing that does not fit together.
pub(crate) fn check(
    manifest: &Manifest,
    outline: &Outline<'_>,
    protocols: &[ProtocolSpec],
) -> Result<(), Complaint> {
    if !is_name(&manifest.name) {
        return Err((way!["name"], Problem::Name(manifest.name.clone())));
    }
    sizes(manifest, outline)?;
    if manifest.promises.is_empty() {
        return Err((way!["promises"], Problem::NoWorkload));
    }
    processes(manifest)?;
    ports(manifest)?;
    faults(manifest)?;
    probe(manifest)?;
    client(manifest, protocols)
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 40 && name.bytes().all(fits)
}

fn join<T: ToString>(known: impl IntoIterator<Item = T>) -> String {
    known.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}

fn sizes(manifest: &Manifest, outline: &Outline<'_>) -> Result<(), Complaint> {
    let (nodes, min, max) = (manifest.nodes, manifest.nodes_min, manifest.nodes_max);
    // Of two entries that do not fit together, one may be a default that is not written.
    let written = |keys: [&str; 2]| {
        let is_written = |key: &&str| outline.has(&[Segment::from(*key)]);
        way![keys.into_iter().find(is_written).unwrap_or(keys[0])]
    };
    if min == 0 || min > 99 {
        return Err((way!["nodes-min"], Problem::ClusterSize(min)));
    }
    if max == 0 || max > 99 {
        return Err((way!["nodes-max"], Problem::ClusterSize(max)));
    }
    if min > max {
        return Err((written(["nodes-min", "nodes-max"]), Problem::Range { min, max }));
    }
    if nodes < min {
        return Err((written(["nodes", "nodes-min"]), Problem::Nodes { nodes, min, max }));
    }
    if nodes > max {
        return Err((written(["nodes", "nodes-max"]), Problem::Nodes { nodes, min, max }));
    }
    Ok(())
}

fn processes(manifest: &Manifest) -> Result<(), Complaint> {
    let processes = &manifest.process;
    if processes.len() > PROCESSES_MAX {
        let last = processes.len() - 1;
        return Err((way!["process", last], Problem::Processes(processes.len())));
    }
    for (place, process) in processes.iter().enumerate() {
        let name = process.name.clone();
        if !is_name(&name) {
            return Err((way!["process", place, "name"], Problem::Name(name)));
        }
        if processes[..place].iter().any(|other| other.name == name) {
            return Err((way!["process", place, "name"], Problem::ProcessTwice(name)));
        }
    }
    let has_image = |process: &Process| !process.image.is_empty();
    if let Some(place) = processes.iter().position(|process| !has_image(process))
        && processes.iter().any(has_image)
    {
        return Err((way!["process", place], Problem::NoImage));
    }
    let is_known = |name: &str| processes.iter().any(|process| process.name == name);
    let known = || join(processes.iter().map(|process| &process.name));
    for (key, commands) in [("setup", &manifest.setup), ("ready", &manifest.ready)] {
        for (place, command) in commands.iter().enumerate() {
            if !is_known(&command.process) {
                let (name, known) = (command.process.clone(), known());
                let problem = Problem::UnknownProcess { name, known };
                return Err((way![key, place, "process"], problem));
            }
        }
    }
    if let Some(corrupt) = manifest.corrupt.as_ref().filter(|corrupt| !is_known(&corrupt.process)) {
        let (name, known) = (corrupt.process.clone(), known());
        return Err((way!["corrupt", "process"], Problem::UnknownProcess { name, known }));
    }
    Ok(())
}

fn ports(manifest: &Manifest) -> Result<(), Complaint> {
    if manifest.client.port == 0 {
        return Err((way!["client", "port"], Problem::PortZero));
    }
    match manifest.peers.ports.iter().position(|port| *port == 0) {
        Some(place) => Err((way!["peers", "ports", place], Problem::PortZero)),
        None => Ok(()),
    }
}

fn faults(manifest: &Manifest) -> Result<(), Complaint> {
    for (place, fault) in manifest.faults.iter().enumerate() {
        let needs = match fault {
            FaultKind::Clock if manifest.clock.is_none() => {
                "`clock` in the manifest: time-link, faketime or faketime-forward"
            }
            FaultKind::Corrupt | FaultKind::Truncate if manifest.corrupt.is_none() => {
                "[corrupt], which says which file may be damaged"
            }
            FaultKind::Latency if manifest.peers.probe.is_none() => {
                "[peers.probe], by which the latency is measured"
            }
            FaultKind::UdpDrop if manifest.peers.udp_ports.is_empty() => "`udp-ports` in [peers]",
            _ => continue,
        };
        return Err((way!["faults", place], Problem::FaultNeeds { fault: *fault, needs }));
    }
    let Some(corrupt) = &manifest.corrupt else { return Ok(()) };
    let of = |process: &&Process| process.name == corrupt.process;
    let data = manifest.process.iter().find(of).and_then(|process| process.data.as_deref());
    let lies_there = data.is_some_and(|data| corrupt.file.starts_with(data));
    if !lies_there || corrupt.file.contains(['\'', '"', '$', '`', ';']) {
        let (process, file) = (corrupt.process.clone(), corrupt.file.clone());
        return Err((way!["corrupt", "file"], Problem::CorruptFile { process, file }));
    }
    Ok(())
}

fn probe(manifest: &Manifest) -> Result<(), Complaint> {
    let Some(probe) = &manifest.peers.probe else { return Ok(()) };
    let hex = &probe.send_hex;
    let is_hex = hex.bytes().all(|digit| digit.is_ascii_hexdigit()) && hex.len() % 2 == 0;
    if hex.is_empty() || hex.len() > 2 * PROBE_BYTES_MAX || !is_hex {
        return Err((way!["peers", "probe", "send-hex"], Problem::Hex(hex.clone())));
    }
    if !manifest.peers.ports.contains(&probe.port) {
        let (port, known) = (probe.port, join(&manifest.peers.ports));
        return Err((way!["peers", "probe", "port"], Problem::ProbePort { port, known }));
    }
    Ok(())
}

fn client(manifest: &Manifest, protocols: &[ProtocolSpec]) -> Result<(), Complaint> {
    let client = &manifest.client;
    let Some(spec) = protocols.iter().find(|spec| spec.name == client.protocol) else {
        let (name, known) = (client.protocol.clone(), join(protocols.iter().map(|spec| spec.name)));
        return Err((way!["client", "protocol"], Problem::UnknownProtocol { name, known }));
    };
    if let Err(error) = spec.check_options(&client.options) {
        let name = error.option().to_owned();
        let step = match error {
            OptionError::NoOptions { .. } | OptionError::Unknown { .. } => Segment::Key(name),
            OptionError::Choice { .. } | OptionError::Number { .. } => Segment::Value(name),
        };
        return Err((vec!["client".into(), "options".into(), step], error.into()));
    }
    if spec.needs_command && client.command.is_empty() {
        return Err((way!["client", "command"], Problem::NoCommand(spec.name)));
    }
    match manifest.workloads().find(|workload| !spec.workloads.contains(workload)) {
        None => Ok(()),
        Some(workload) => {
            let known = join(spec.workloads.iter().map(|workload| workload.name()));
            let (protocol, workload) = (spec.name, workload.name());
            let step = Segment::Key(workload.to_owned());
            let problem = Problem::Workload { protocol, workload, known };
            Err((vec!["promises".into(), step], problem))
        }
    }
}
