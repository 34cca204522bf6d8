//! Reading manifests: from the program itself or from files, with errors that say where.

use super::schema::FAULTS;
use super::{Manifest, Place};
use std::path::{Path, PathBuf};

/// A manifest that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: String,
    },
    /// Something in it is wrong.
    #[error("{file}:{line}: {what}")]
    Wrong {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to do.
        what: String,
    },
    /// There is no such target.
    #[error(
        "unknown target {name:?}: there are {known}; or give the path of a manifest, as in ./{name}.toml"
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

/// A manifest larger than this is none, bytes.
const BYTES_MAX: u64 = 1024 * 1024;

/// The manifests that come with the program.
const BUILTIN: &[(&str, &str)] = &[
    ("reference", include_str!("../../manifests/reference.toml")),
    ("redis", include_str!("../../manifests/redis.toml")),
    ("redis-sentinel", include_str!("../../manifests/redis-sentinel.toml")),
    ("redis-cluster", include_str!("../../manifests/redis-cluster.toml")),
    ("etcd", include_str!("../../manifests/etcd.toml")),
    ("etcd-serializable", include_str!("../../manifests/etcd-serializable.toml")),
    ("tarantool", include_str!("../../manifests/tarantool.toml")),
    ("dns", include_str!("../../manifests/dns.toml")),
    ("cassandra-one", include_str!("../../manifests/cassandra-one.toml")),
    ("cassandra-quorum", include_str!("../../manifests/cassandra-quorum.toml")),
];

/// The names of the targets that come with the program.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name)
}

/// The text of a manifest that comes with the program.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A target by its name, or by the path of its manifest: whatever has a slash or ends with `.toml`. Relative paths of
/// an external client are made absolute.
///
/// # Errors
/// There is none, or it is wrong.
pub fn load(target: &str) -> Result<Manifest, ManifestError> {
    if !target.contains('/') && !target.ends_with(".toml") {
        let Some(text) = builtin(target) else {
            let known = builtin_names().collect::<Vec<_>>().join(", ");
            return Err(ManifestError::Unknown { name: target.to_owned(), known });
        };
        return parse(text, &format!("{target}.toml"));
    }
    let path = Path::new(target);
    let read = |error: std::io::Error| ManifestError::Read {
        path: path.to_owned(),
        error: error.to_string(),
    };
    if std::fs::metadata(path).map_err(read)?.len() > BYTES_MAX {
        return Err(read(std::io::Error::other("it is larger than 1 MiB: it is no manifest")));
    }
    let text = std::fs::read_to_string(path).map_err(read)?;
    let mut manifest = parse(&text, target)?;
    let folder = std::fs::canonicalize(path).map_err(read)?;
    for part in &mut manifest.client.command {
        let beside = folder.with_file_name(&*part);
        if !Path::new(&*part).is_absolute() && beside.exists() {
            *part = beside.display().to_string();
        }
    }
    Ok(manifest)
}

/// A manifest from its text; `file` is what errors call it.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(text: &str, file: &str) -> Result<Manifest, ManifestError> {
    let wrong = |offset: usize, extra: usize, what: String| ManifestError::Wrong {
        file: file.to_owned(),
        line: line_at(text, offset) + extra,
        what,
    };
    let manifest: Manifest = toml::from_str(text).map_err(|error| {
        wrong(error.span().map_or(0, |span| span.start), 0, error.message().to_owned())
    })?;
    let place = Place::new(0, &["10.0.0.1".to_owned(), "10.0.0.2".to_owned()], 1);
    for (what, template) in manifest.templates() {
        if let Err(error) = template.fill(&place) {
            // A text in three quotes begins on the line after them.
            let begins = text[template.offset()..].starts_with("\"\"\"\n")
                || text[template.offset()..].starts_with("'''\n");
            return Err(wrong(
                template.offset(),
                error.line + usize::from(begins),
                format!("{what}: {error}"),
            ));
        }
    }
    let find = |key: &str| text.find(key).unwrap_or(0);
    if let Some((key, what)) = complaint(&manifest) {
        return Err(wrong(find(key), 0, what));
    }
    Ok(manifest)
}

/// What does not fit together, and a text near which it stands.
fn complaint(manifest: &Manifest) -> Option<(&'static str, String)> {
    let name_ok = |name: &str| {
        !name.is_empty()
            && name.len() <= 40
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !name_ok(&manifest.name) {
        let what = format!("name {:?}: lower-case letters, digits and hyphens", manifest.name);
        return Some(("name", what));
    }
    if manifest.nodes < manifest.nodes_min || manifest.nodes > manifest.nodes_max {
        return Some(("nodes", "nodes must lie between nodes-min and nodes-max".to_owned()));
    }
    if manifest.nodes_min == 0 || manifest.nodes_max > 99 {
        return Some(("nodes-m", "a cluster has 1 to 99 nodes".to_owned()));
    }
    if manifest.promises.is_empty() {
        let what = "promises: at least one workload must be listed, if with no promises";
        return Some(("promises", what.to_owned()));
    }
    if manifest.process.is_empty() || manifest.process.len() > 8 {
        return Some(("process", "a node has 1 to 8 processes".to_owned()));
    }
    let mut names = std::collections::BTreeSet::new();
    for process in &manifest.process {
        if !name_ok(&process.name) || !names.insert(&process.name) {
            let what = format!(
                "process {:?}: names are lower-case letters, digits and hyphens, each once",
                process.name
            );
            return Some(("[[process]]", what));
        }
    }
    let commands = manifest.setup.iter().chain(&manifest.ready).map(|command| &command.process);
    for process in commands.chain(manifest.corrupt.iter().map(|corrupt| &corrupt.process)) {
        if !names.contains(process) {
            return Some(("[[process]]", format!("there is no process {process:?}")));
        }
    }
    if manifest.client.port == 0 || manifest.peers.ports.contains(&0) {
        return Some(("port", "0 is no port".to_owned()));
    }
    let known = |name: &&String| !FAULTS.contains(&name.as_str());
    let mut faults = manifest.faults.iter().chain(manifest.unsupported.keys());
    if let Some(name) = faults.find(known) {
        return Some((
            "faults",
            format!("unknown fault {name:?}: there are {}", FAULTS.join(", ")),
        ));
    }
    let has = |fault: &str| manifest.faults.iter().any(|name| name == fault);
    if has("clock") && manifest.clock.is_none() {
        return Some(("faults", "clock: `clock` must say how: time-link or faketime".to_owned()));
    }
    if (has("corrupt") || has("truncate")) && manifest.corrupt.is_none() {
        return Some(("faults", "truncate, corrupt: [corrupt] must say which file".to_owned()));
    }
    if let Some(corrupt) = &manifest.corrupt {
        let process = manifest.process.iter().find(|process| process.name == corrupt.process);
        let data = process.and_then(|process| process.data.as_deref()).unwrap_or("\0");
        if !corrupt.file.starts_with(data) || corrupt.file.contains(['\'', '"', '$', '`', ';']) {
            let what = "corrupt: the file must lie in the data folder of its process";
            return Some(("[corrupt]", what.to_owned()));
        }
    }
    if has("latency") && manifest.peers.probe.is_none() {
        let what = "latency: [peers] needs a probe, by which the latency is measured";
        return Some(("faults", what.to_owned()));
    }
    if has("udp-drop") && manifest.peers.udp_ports.is_empty() {
        return Some(("faults", "udp-drop: [peers] names no udp-ports".to_owned()));
    }
    if let Some(probe) = &manifest.peers.probe {
        let hex = &probe.send_hex;
        let ok = !hex.is_empty()
            && hex.len() % 2 == 0
            && hex.len() <= 2_048
            && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !ok || !manifest.peers.ports.contains(&probe.port) {
            let what = "probe: send-hex holds pairs of hexadecimal digits, port is a peer port";
            return Some(("probe", what.to_owned()));
        }
    }
    None
}

/// The line, from 1, in which a byte stands.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manifest_that_comes_with_the_program_is_right_and_has_its_own_name() {
        for name in builtin_names() {
            assert_eq!(load(name).unwrap().name, name);
        }
    }

    fn error(change: impl Fn(String) -> String) -> String {
        let text = change(builtin("reference").unwrap().to_owned());
        parse(&text, "t.toml").unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let unknown = error(|text| text.replace("\nfaults", "\ncolour = 1\nfaults"));
        assert!(unknown.starts_with("t.toml:") && unknown.contains("colour"), "{unknown}");
        let line =
            builtin("reference").unwrap().lines().position(|l| l.starts_with("port")).unwrap();
        let port = error(|text| text.replacen("\nport = ", "\nport = 9", 1));
        assert!(port.starts_with(&format!("t.toml:{}", line + 1)), "{port}");
        let missing = error(|text| text.replacen("\nport = 7101", "", 1));
        assert!(missing.contains("port"), "{missing}");
        let template = error(|text| text.replace("{{ node.name }}", "{{ node.nom }}"));
        let line =
            builtin("reference").unwrap().lines().position(|l| l.contains("node.name")).unwrap();
        assert!(template.starts_with(&format!("t.toml:{}", line + 1)), "{template}");
        let promise = error(|text| text.replacen("\"convergence\"", "\"convergense\"", 1));
        assert!(promise.contains("convergense"), "{promise}");
    }

    #[test]
    fn a_target_that_is_not_there_is_told_with_those_that_are() {
        let error = load("nosuch").unwrap_err().to_string();
        assert!(error.contains("nosuch") && error.contains("reference"), "{error}");
        assert!(load("./nosuch.toml").unwrap_err().to_string().contains("./nosuch.toml"));
    }
}
