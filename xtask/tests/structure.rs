//! The shape of the house: arrows between crates point downwards, and no files of a crate form a circle.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The storeys of the house, the highest first. A crate depends only on crates of storeys below its own.
const STOREYS: &[&[&str]] = &[
    &["afterall"],
    &["afterall-serve"],
    &["afterall-store"],
    &["afterall-campaign", "afterall-worlds"],
    &["afterall-crdt-libraries", "afterall-search"],
    &["afterall-sim"],
    &["afterall-engine", "afterall-reports"],
    &["afterall-clients", "afterall-node", "afterall-toxiproxy"],
    &["afterall-checkers", "afterall-formats", "afterall-manifest", "afterall-reference"],
    &["afterall-workloads"],
    &["afterall-history"],
    &["afterall-needs", "xtask"],
];

fn crates() -> Vec<Package> {
    let metadata = MetadataCommand::new().no_deps().other_options(["--offline".into()]).exec();
    let packages = metadata.unwrap().packages;
    assert!(packages.len() > 10);
    packages
}

fn storey(name: &str) -> Option<usize> {
    STOREYS.iter().position(|storey| storey.contains(&name))
}

#[test]
fn arrows_between_crates_point_downwards() {
    for package in crates() {
        let own = storey(&package.name)
            .unwrap_or_else(|| panic!("{} has no storey: give it one in STOREYS", package.name));
        for dependency in &package.dependencies {
            let Some(other) = storey(&dependency.name) else { continue };
            let used = dependency.kind == DependencyKind::Normal;
            assert!(!used || own < other, "{} depends on {}", package.name, dependency.name);
        }
    }
}

#[test]
fn a_top_level_folder_is_one_crate_or_a_wing_of_crates() {
    for package in crates() {
        let folder = package.manifest_path.parent().unwrap();
        let around = folder.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").exists());
        let around = around.unwrap_or(folder);
        let is_workspace =
            fs::read_to_string(around.join("Cargo.toml")).unwrap().contains("[workspace]");
        assert!(is_workspace, "{} lies inside another crate, {around}", package.name);
    }
}

/// Every module file below `src`, by its path as a module: `crate::a::b`.
fn modules(src: &Path) -> BTreeMap<Vec<String>, PathBuf> {
    let mut modules = BTreeMap::new();
    let mut folders = vec![(src.to_owned(), Vec::new())];
    while let Some((folder, path)) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut own: Vec<String> = path.clone();
            if file.is_dir() {
                own.push(stem);
                folders.push((file, own));
            } else if file.extension().is_some_and(|extension| extension == "rs") {
                if !["mod", "lib", "main"].contains(&stem.as_str()) {
                    own.push(stem.clone());
                }
                // `main.rs` is a crate of its own.
                if stem != "main" || !src.join("lib.rs").exists() {
                    assert!(
                        modules.insert(own.clone(), file.clone()).is_none(),
                        "two files are {own:?}"
                    );
                }
            }
        }
    }
    modules
}

/// The code of a file: without comments, strings, and the tests at its end.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths that begin with `crate::` or `super::` in some code, from the crate's root; groups in braces are opened.
fn paths(code: &str, own: &[String]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (keyword, at) in code
        .match_indices("crate::")
        .map(|(at, _)| ("crate::", at))
        .chain(code.match_indices("super::").map(|(at, _)| ("super::", at)))
    {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == ':') {
            continue;
        }
        let mut rest = &code[at + keyword.len()..];
        let mut base = if keyword == "crate::" { Vec::new() } else { parent(own) };
        while let Some(further) = rest.strip_prefix("super::") {
            base = parent(&base);
            rest = further;
        }
        open(rest, &base, &mut paths);
    }
    paths
}

fn parent(path: &[String]) -> Vec<String> {
    path[..path.len().saturating_sub(1)].to_vec()
}

/// `a::{b, c::d}` as two paths.
fn open(text: &str, base: &[String], paths: &mut Vec<Vec<String>>) {
    let mut path = base.to_vec();
    let mut rest = text;
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut from = 0;
            for (at, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth > 0 => depth -= 1,
                    ',' | '}' if depth == 0 => {
                        let item = group[from..at].trim();
                        if item == "self" {
                            paths.push(path.clone());
                        } else if !item.is_empty() {
                            open(item, &path, paths);
                        }
                        from = at + 1;
                        if c == '}' {
                            return;
                        }
                    }
                    _ => {}
                }
            }
            return;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        path.push(rest[..end].to_owned());
        match rest[end..].strip_prefix("::") {
            Some(further) => rest = further,
            None => break,
        }
    }
    paths.push(path);
}

/// What the faces (`mod.rs`, `lib.rs`) pass on: the names that they re-export, each with the module that has it.
fn passed_on(
    modules: &BTreeMap<Vec<String>, PathBuf>,
) -> BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>> {
    let mut all = BTreeMap::new();
    for (own, file) in modules {
        let code = code(file);
        let mut names = BTreeMap::new();
        for (at, _) in code.match_indices("use ") {
            let before = code[..at].trim_end_matches(' ').rsplit('\n').next().unwrap_or_default();
            if !before.trim_start().starts_with("pub") {
                continue;
            }
            let mut paths = Vec::new();
            let text = &code[at + 4..];
            match ["crate::", "self::"].iter().find_map(|prefix| text.strip_prefix(prefix)) {
                Some(rest) if text.starts_with("crate::") => open(rest, &[], &mut paths),
                Some(rest) => open(rest, own, &mut paths),
                None => open(text, own, &mut paths),
            }
            for path in paths {
                if let Some(name) = path.last() {
                    names.insert(name.clone(), path.clone());
                }
            }
        }
        all.insert(own.clone(), names);
    }
    all
}

/// The module that a path leads to: the file that has its last name, whoever passes it on.
fn file_of(
    path: &[String],
    modules: &BTreeMap<Vec<String>, PathBuf>,
    passed_on: &BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
) -> Vec<String> {
    let mut path = path.to_vec();
    for _ in 0..10 {
        let length =
            (0..=path.len()).rev().find(|&n| modules.contains_key(&path[..n])).unwrap_or(0);
        let (module, rest) = path.split_at(length);
        let further = rest.first().and_then(|name| passed_on.get(module)?.get(name));
        match further {
            Some(further) if further[..] != path[..] => {
                path = further.iter().chain(&rest[1..]).cloned().collect();
            }
            _ => return module.to_vec(),
        }
    }
    panic!("{path:?} is passed on in a circle");
}

#[test]
fn no_files_of_a_crate_form_a_circle() {
    let mut circles = Vec::new();
    for package in crates() {
        let src = package.manifest_path.parent().unwrap().join("src");
        let modules = modules(src.as_std_path());
        let passed_on = passed_on(&modules);
        let names: Vec<&Vec<String>> = modules.keys().collect();
        let number = |module: &Vec<String>| names.iter().position(|name| *name == module).unwrap();
        let mut graph: DiGraph<(), ()> = DiGraph::new();
        for _ in &names {
            graph.add_node(());
        }
        for (own, file) in &modules {
            let code = code(file);
            for path in paths(&code, own) {
                let used = file_of(&path, &modules, &passed_on);
                if used != *own {
                    let edge = (NodeIndex::new(number(own)), NodeIndex::new(number(&used)));
                    graph.update_edge(edge.0, edge.1, ());
                }
            }
        }
        for circle in tarjan_scc(&graph).into_iter().filter(|circle| circle.len() > 1) {
            let files: BTreeSet<String> =
                circle.iter().map(|&file| names[file.index()].join("::")).collect();
            circles.push(format!("{}: {files:?}", package.name));
        }
    }
    assert!(circles.is_empty(), "files that use each other in a circle:\n{}", circles.join("\n"));
}

#[test]
fn modules_with_files_below_them_are_called_mod_rs() {
    for package in crates() {
        let src = package.manifest_path.parent().unwrap().join("src");
        for file in modules(src.as_std_path()).values() {
            let folder = file.with_extension("");
            let face =
                ["mod", "lib", "main"].contains(&file.file_stem().unwrap().to_str().unwrap());
            assert!(
                face || !folder.is_dir(),
                "{} has files below it: call it mod.rs",
                file.display()
            );
        }
    }
}

#[test]
fn the_paths_of_a_group_are_opened() {
    let own = ["a".to_owned(), "b".to_owned()];
    let found = paths("use crate::x::{self, y::{Z, W}, v};\nuse super::c::D;", &own);
    let text: Vec<String> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(text, ["x", "x::y::Z", "x::y::W", "x::v", "a::c::D"]);
}

/// Every page of the workspace, but for those of vendored code and of test data.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["target", "vendor", "cases", "node_modules", ".git"].contains(&name) {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut all = Vec::new();
    pages(root, &mut all);
    assert!(all.len() > 20, "{}", all.len());
    let mut broken = Vec::new();
    for page in all {
        let text = fs::read_to_string(&page).unwrap();
        for (at, _) in text.match_indices("](") {
            let link = text[at + 2..].split([')', ' ']).next().unwrap_or_default();
            let file = link.split('#').next().unwrap_or_default();
            let elsewhere = file.is_empty() || file.contains("://") || file.starts_with("mailto:");
            if !elsewhere && !page.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {link}", page.strip_prefix(root).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}
