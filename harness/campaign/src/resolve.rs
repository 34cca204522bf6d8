//! From the entries of a cell to the runs that they mean.

use crate::entries::{SCENARIO, USUAL};
use afterall_engine::config::REFERENCE;
use afterall_engine::{Plan, RunConfig, WorldKind};
use afterall_history::parser_words::{TOML, in_plain_words};
use afterall_manifest::Manifest;
use afterall_search::{Fixed, draw};
use toml::{Table, Value};

/// A manifest, and the path that it was read from, if that was named; or what is wrong with it.
pub type Found = Result<(Manifest, Option<String>), String>;

/// What a campaign's file names and does not hold.
pub struct Outside<'a> {
    /// The text of a scenario, by its name or path.
    pub scenario: &'a dyn Fn(&str) -> Result<String, String>,
    /// The manifest of a target, by its name or path.
    pub manifest: &'a dyn Fn(&str) -> Found,
}

/// The entries of a cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// What it is called.
    pub(crate) label: String,
    pub(crate) entries: Table,
    pub(crate) vary: bool,
    pub(crate) canary: bool,
}

/// A cell: what its runs have in common.
#[derive(Debug, Clone)]
pub struct Resolved {
    label: String,
    scenario: Option<String>,
    canary: bool,
    base: RunConfig,
    /// What is not drawn, where runs vary.
    fixed: Option<Fixed>,
}

impl Resolved {
    /// What it is called: `flavour=crdt faults=partition`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The scenario that its runs are, if they are one.
    #[must_use]
    pub fn scenario(&self) -> Option<&str> {
        self.scenario.as_deref()
    }

    /// Whether its runs are the canary's.
    #[must_use]
    pub fn is_canary(&self) -> bool {
        self.canary
    }

    /// What its runs have in common.
    #[must_use]
    pub fn base(&self) -> &RunConfig {
        &self.base
    }

    /// The run of a seed.
    #[must_use]
    pub fn config(&self, seed: u64) -> RunConfig {
        match self.fixed {
            Some(fixed) => draw(&self.base, fixed, seed),
            None => RunConfig { seed, ..self.base.clone() },
        }
    }
}

/// What the entries of a cell mean.
///
/// # Errors
/// They mean no run.
pub(crate) fn resolve(cell: &Cell, seed: u64, outside: &Outside<'_>) -> Result<Resolved, String> {
    let mut table = cell.entries.clone();
    let name = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let scenario = name(&table, SCENARIO);
    table.remove(SCENARIO);
    if let Some(scenario) = &scenario {
        let text = (outside.scenario)(scenario)?;
        let mut whole: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        whole.extend(table);
        table = whole;
    }
    let target = name(&table, "target").unwrap_or(REFERENCE.to_owned());
    let docker = name(&table, "world").as_deref() == Some(WorldKind::Docker.name());
    if !table.contains_key("manifest") && (target != REFERENCE || docker) {
        let (manifest, path) = (outside.manifest)(&target)?;
        table.insert("target".to_owned(), Value::String(manifest.name.clone()));
        if let Some(path) = path {
            table.insert("manifest_path".to_owned(), Value::String(path));
        }
        let world = Value::String(WorldKind::Docker.name().to_owned());
        table.entry("world".to_owned()).or_insert(world);
        let manifest = Value::try_from(manifest).map_err(|error| error.to_string())?;
        table.insert("manifest".to_owned(), manifest);
    }
    let given = table.get("faults").is_some_and(|faults| faults.as_str() != Some(USUAL));
    let usual = match table.contains_key("faults") {
        true => !given,
        // As `afterall run` has it: a known bug brings the faults that show it.
        false => cell.vary || (scenario.is_none() && cell.entries.contains_key("mutant")),
    };
    if usual {
        table.remove("faults");
    }
    let fixed = cell.vary.then(|| Fixed {
        nodes: table.contains_key("nodes"),
        sessions: table.contains_key("sessions"),
        faults: given,
    });
    let read = Value::Table(table).try_into::<RunConfig>();
    let mut base = read.map_err(|error| in_plain_words(error.message(), TOML))?;
    if usual {
        base.faults = usual_faults(&base);
    }
    if cell.vary && base.world != WorldKind::Sim {
        return Err(format!("expected the world sim where runs vary, found {}", base.world));
    }
    let canary = cell.canary;
    let resolved = Resolved { label: cell.label.clone(), scenario, canary, base, fixed };
    // What no seed can mend.
    Plan::new(resolved.config(seed)).map_err(|error| error.to_string())?;
    Ok(resolved)
}

/// The kinds of faults that `afterall run` would have.
fn usual_faults(config: &RunConfig) -> Vec<afterall_history::FaultKind> {
    let mut usual =
        RunConfig::builder().mutant(config.mutant).world(config.world).nodes(config.nodes);
    if let Some(manifest) = &config.manifest {
        usual = usual.target(manifest.clone(), None);
    }
    usual.build().faults
}
