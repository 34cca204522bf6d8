//! Reading manifests: from the program itself or from files, with errors that say where.

use crate::check::check;
use crate::error::{ManifestError, Problem};
use crate::manifest::Manifest;
use crate::misplaced::read;
use crate::outline::{Segment, position, way};
use crate::protocol::ProtocolSpec;
use crate::template::{Place, Template, TemplateError};
use afterall_history::UnknownWord;
use std::path::Path;

/// The largest manifest, bytes.
const BYTES_MAX: u64 = 1024 * 1024;

/// The manifests that come with the program.
const BUILTIN: &[(&str, &str)] = &[
    ("reference", include_str!("../../../manifests/reference.toml")),
    ("redis", include_str!("../../../manifests/redis.toml")),
    ("redis-sentinel", include_str!("../../../manifests/redis-sentinel.toml")),
    ("redis-cluster", include_str!("../../../manifests/redis-cluster.toml")),
    ("etcd", include_str!("../../../manifests/etcd.toml")),
    ("etcd-serializable", include_str!("../../../manifests/etcd-serializable.toml")),
    ("tarantool", include_str!("../../../manifests/tarantool.toml")),
    ("dns", include_str!("../../../manifests/dns.toml")),
    ("cassandra-one", include_str!("../../../manifests/cassandra-one.toml")),
    ("cassandra-quorum", include_str!("../../../manifests/cassandra-quorum.toml")),
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
/// an external client and of a command that is run on this machine are made absolute.
///
/// # Errors
/// There is no such target, or its manifest is wrong.
pub fn load(target: &str, protocols: &[ProtocolSpec]) -> Result<Manifest, ManifestError> {
    if !target.contains('/') && !target.ends_with(".toml") {
        let Some(text) = builtin(target) else {
            let unknown = UnknownWord::new("target", target, builtin_names().collect());
            return Err(ManifestError::Unknown { name: target.to_owned(), unknown });
        };
        return parse(text, &format!("{target}.toml"), protocols);
    }
    let path = Path::new(target);
    let read = |source| ManifestError::Read { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(read)?.len();
    if bytes > BYTES_MAX {
        return Err(ManifestError::TooLarge { path: path.to_owned(), bytes, max: BYTES_MAX });
    }
    let text = std::fs::read_to_string(path).map_err(read)?;
    let mut manifest = parse(&text, target, protocols)?;
    let folder = std::fs::canonicalize(path).map_err(read)?;
    for part in &mut manifest.client.command {
        let beside = folder.with_file_name(&*part);
        if !Path::new(&*part).is_absolute() && beside.exists() {
            *part = beside.display().to_string();
        }
    }
    let own = manifest.process.iter_mut().filter(|process| process.image.is_empty());
    for command in own.filter_map(|process| process.command.as_mut()) {
        command.change_lines(|line| {
            let beside = folder.with_file_name(line);
            let is_there = !line.is_empty() && Path::new(line).is_relative() && beside.is_file();
            is_there.then(|| beside.display().to_string())
        });
    }
    Ok(manifest)
}

/// A manifest from its text; `file` is what errors call it.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(
    text: &str,
    file: &str,
    protocols: &[ProtocolSpec],
) -> Result<Manifest, ManifestError> {
    let wrong = |offset: usize, lines_below: usize, problem: Problem| {
        let (line, column) = position(text, offset);
        let column = if lines_below == 0 { column } else { 1 };
        let (line, file) = (line + lines_below, file.to_owned());
        ManifestError::Invalid { file, line, column, problem: Box::new(problem) }
    };
    let (manifest, outline) = read::<Manifest>(text)
        .map_err(|misplaced| wrong(misplaced.offset, 0, Problem::Entry(misplaced.message)))?;
    check(&manifest, &outline, protocols)
        .map_err(|(path, problem)| wrong(outline.span(&path).start, 0, problem))?;
    let ips: Vec<String> = (1..=manifest.nodes).map(|n| format!("10.0.0.{n}")).collect();
    for node in 0..ips.len() {
        let place = Place::new(node, &ips, 1);
        for (what, path, template) in templates(&manifest) {
            let Err(error) = template.fill(&place) else { continue };
            let span = outline.span(&path);
            let below = outline.lines_to(&span, error.line);
            return Err(wrong(span.start, below, Problem::Template { what, error }));
        }
    }
    Ok(manifest)
}

impl Manifest {
    /// Fills in every template for a node.
    ///
    /// # Errors
    /// The first that cannot be filled in: what it is for, and what is wrong.
    pub fn fill_all(&self, place: &Place) -> Result<(), (String, TemplateError)> {
        for (what, _, template) in templates(self) {
            template.fill(place).map_err(|error| (what, error))?;
        }
        Ok(())
    }
}

/// All templates of a manifest: what each is for, and the way to it.
fn templates(manifest: &Manifest) -> Vec<(String, Vec<Segment>, &Template)> {
    let mut templates = Vec::new();
    for (place, process) in manifest.process.iter().enumerate() {
        let of = |what: &str| format!("{what} of process {}", process.name);
        if let Some(command) = &process.command {
            templates.push((of("command"), way!["process", place, "command"], command));
        }
        for (name, template) in &process.env {
            let way = way!["process", place, "env", name];
            templates.push((of(&format!("env {name}")), way, template));
        }
        for (file, template) in &process.files {
            let way = way!["process", place, "files", file];
            templates.push((of(&format!("file {file}")), way, template));
        }
    }
    for (key, commands) in [("setup", &manifest.setup), ("ready", &manifest.ready)] {
        for (place, command) in commands.iter().enumerate() {
            let way = way![key, place, "command"];
            templates.push((format!("a {key} command"), way, &command.command));
        }
    }
    templates
}

#[cfg(test)]
mod tests;
