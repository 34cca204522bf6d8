//! `list`: what there is, one table for each kind of thing, made from the registries.

use crate::bundled::SCENARIOS;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::store::parse_config;
use crate::store_args::Listed;
use crate::stored;
use crate::table::Table;
use afterall_checkers::can_show;
use afterall_engine::WorldKind;
use afterall_engine::config::REFERENCE;
use afterall_engine::faults::Registry;
use afterall_history::{ActsOn, FaultKind, Promise, Property, Workload};
use afterall_reference::core::{Flavour, MUTANTS};
use afterall_workloads::driven;
use clap::Subcommand;

pub(crate) fn list(what: Option<Listed>) -> Result<Exit, Failure> {
    let Some(what) = what else {
        print!("{}", kinds());
        return Ok(Exit::Valid);
    };
    let table = match what {
        Listed::Flavours => flavours(),
        Listed::Mutants => mutants(),
        Listed::Workloads => workloads(),
        Listed::Faults => faults(),
        Listed::Properties => properties(),
        Listed::Scenarios => scenarios()?,
        Listed::Targets => targets()?,
        Listed::Worlds => worlds(),
        Listed::Runs(args) => return stored::list(&args),
    };
    print!("{table}");
    Ok(Exit::Valid)
}

/// The kinds of things that there are lists of.
fn kinds() -> Table {
    let mut table = Table::new(["afterall list …", "what it lists"]);
    let of = Listed::augment_subcommands(clap::Command::new("list"));
    for kind in of.get_subcommands() {
        let about = kind.get_about().map(ToString::to_string).unwrap_or_default();
        table.row([kind.get_name(), &about]);
    }
    table
}

/// Names with commas between them; `none` where there are none.
pub(crate) fn joined<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn flavours() -> Table {
    let mut table = Table::new(["flavour", "workload", "what it promises"]);
    for flavour in Flavour::ALL {
        table.row([flavour.name(), "", flavour.summary()]);
        for workload in driven().filter(|&workload| flavour.has(workload)) {
            let promises: Vec<String> =
                flavour.promises(workload).iter().map(Promise::to_string).collect();
            table.row(["", workload.name(), &joined(promises.iter().map(String::as_str))]);
        }
    }
    table
}

fn mutants() -> Table {
    let mut table = Table::new([
        "mutant",
        "property it breaks",
        "flavour, workload",
        "faults it needs",
        "what it does",
    ]);
    for row in MUTANTS {
        let of = format!("{} {}", row.flavour, row.workload);
        let faults = joined(row.faults.iter().map(|kind| kind.name()));
        table.row([row.name, row.breaks.name(), &of, &faults, row.summary]);
    }
    table
}

/// Whether a data type can show that a property is broken, for all sessions or for those that stay.
pub(crate) fn shows(workload: Workload, property: Property) -> bool {
    let promises = [Promise::to_all(property), Promise::to_sticky(property)];
    promises.into_iter().any(|promise| can_show(workload, true, promise).is_ok())
}

/// The names of the worlds that have a fault.
pub(crate) fn worlds_of(kind: FaultKind) -> Vec<&'static str> {
    let registry = Registry::standard();
    let has = |world: &&WorldKind| registry.kinds(world.abilities()).contains(&kind);
    WorldKind::ALL.iter().filter(has).map(|world| world.name()).collect()
}

fn workloads() -> Table {
    let mut table =
        Table::new(["workload", "runs drive it", "what it is, and the properties that it shows"]);
    for &workload in Workload::ALL {
        let is_driven = if driven().any(|driven| driven == workload) { "yes" } else { "no" };
        table.row([workload.name(), is_driven, workload.summary()]);
        let shown = Property::ALL.iter().filter(|&&property| shows(workload, property));
        table.row(["", "", &joined(shown.map(|property| property.name()))]);
    }
    table
}

fn faults() -> Table {
    let mut table = Table::new(["fault", "acts on", "worlds", "what happens"]);
    for &kind in FaultKind::ALL {
        let acts_on = match kind.acts_on() {
            ActsOn::Links => "links",
            ActsOn::Process => "a process",
            ActsOn::Clock => "a clock",
        };
        let worlds = joined(worlds_of(kind));
        table.row([kind.name(), acts_on, &worlds, kind.summary()]);
    }
    table
}

fn properties() -> Table {
    let mut table =
        Table::new(["property", "what it demands, where it shows, and the mutants that break it"]);
    for &property in Property::ALL {
        let shown = Workload::ALL.iter().filter(|&&workload| shows(workload, property));
        let workloads = joined(shown.map(|workload| workload.name()));
        table.row([property.name(), property.summary()]);
        table.row(["", &format!("shown by {workloads}")]);
        let mut mutants = MUTANTS.iter().filter(|row| row.breaks == property).peekable();
        if mutants.peek().is_some() {
            table.row(["", &format!("broken by {}", joined(mutants.map(|row| row.name)))]);
        }
    }
    table
}

fn targets() -> Result<Table, Failure> {
    let mut table = Table::new(["target", "what it is, and what it promises"]);
    for name in afterall_manifest::builtin_names() {
        let manifest = afterall_manifest::load(name, &afterall_clients::specs())?;
        table.row([name, &manifest.summary]);
        if name == REFERENCE {
            table.row(["", "promises: by flavour, see `afterall list flavours`"]);
            continue;
        }
        for (workload, promises) in &manifest.promises {
            let promises: Vec<String> = promises.iter().map(ToString::to_string).collect();
            let promises = joined(promises.iter().map(String::as_str));
            table.row(["", &format!("{workload}: {promises}")]);
        }
    }
    Ok(table)
}

fn worlds() -> Table {
    let mut table = Table::new(["world", "what it is"]);
    for world in WorldKind::ALL {
        table.row([world.name(), world.summary()]);
    }
    table
}

fn scenarios() -> Result<Table, Failure> {
    let mut table = Table::new(["scenario", "what it shows"]);
    for (name, text) in SCENARIOS {
        let config = parse_config(text, name).map_err(Failure::failed)?;
        table.row([name, config.summary.as_deref().unwrap_or_default().trim()]);
    }
    Ok(table)
}
