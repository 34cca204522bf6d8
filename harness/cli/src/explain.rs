//! `explain`: what a word means that stands in a verdict, a report or on a command line. Everything is from the registries.

use crate::bundled::SCENARIOS;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::list::{joined, shows, worlds_of};
use crate::store::parse_config;
use crate::terminal;
use afterall_checkers::AnomalyKind;
use afterall_engine::{SessionKind, WorldKind};
use afterall_history::{
    FaultKind, Level, Lie, Outcome, Phase, Promise, Property, UnknownWord, Workload,
};
use afterall_reference::core::{Flavour, MUTANTS, Mechanism};
use afterall_reports::wrapped;

/// What the literature calls properties for short (Viotti and Vukolić, Consistency in non-transactional distributed storage
/// systems, 2016; Bouajjani and others, On verifying causal consistency, 2017).
const ABBREVIATIONS: &[(&str, Property)] = &[
    ("RYW", Property::ReadYourWrites),
    ("MR", Property::MonotonicReads),
    ("MW", Property::MonotonicWrites),
    ("WFR", Property::WritesFollowReads),
    ("CC", Property::Causal),
    ("CCv", Property::CausalConvergence),
    ("CM", Property::CausalMemory),
    ("SC", Property::Sequential),
    ("RA", Property::ReadAtomic),
    ("RC", Property::ReadCommitted),
];

/// The words of verdicts that are in no registry.
const OF_VERDICTS: &[(&str, &str, &str)] = &[
    ("valid", "a verdict", "No promise was broken, and each was put to the test often enough."),
    ("invalid", "a verdict", "A promise was broken, or an objective was missed."),
    (
        "unknown",
        "a verdict",
        "Nothing was found broken, and not every promise was put to the test.",
    ),
    (
        "held",
        "an outcome of a property",
        "Nothing broke it, and it could have been broken as often as its chances say.",
    ),
    (
        "broken",
        "an outcome of a property",
        "Operations of the history contradict it; an anomaly shows which.",
    ),
    ("not exercised", "an outcome of a property", "Nothing in the history could have broken it."),
    (
        "hardly exercised",
        "an outcome of a property",
        "Nothing broke it, and it could have been broken too seldom to mean much (see --max-bound).",
    ),
    ("undecided", "an outcome of a property, or of a write", "The history does not tell."),
    (
        "chances",
        "a figure",
        "How often a property could have been broken, and was not. What may break in less than a bound is not excluded: with no break in n chances the share of breaks is, with 95 % confidence, at most 3 in n.",
    ),
    ("survived", "what became of an acknowledged write", "The replicas show it at the end."),
    (
        "superseded",
        "what became of an acknowledged write",
        "A write that came after it took its place.",
    ),
    (
        "discarded",
        "what became of an acknowledged write",
        "A concurrent write took its place: last write wins threw it away. That is legal, and silent loss of data.",
    ),
    (
        "lost",
        "what became of an acknowledged write",
        "It is gone, and no write that may replace it took its place.",
    ),
    ("recovered", "what became of a write", "It was never acknowledged, and is there at the end."),
    (
        "sticky",
        "the sessions a promise is made to",
        "Sessions all of whose operations were sent to one replica.",
    ),
    (
        "roaming",
        "the sessions a promise is made to",
        "Sessions whose operations went to more than one replica.",
    ),
];

/// A meaning of a word.
struct Meaning {
    word: &'static str,
    /// What kind of thing it is: `a property`.
    kind: &'static str,
    /// What it is, a paragraph each.
    text: Vec<String>,
    /// A command that shows it.
    shown_by: Option<String>,
}

pub(crate) fn explain(word: &str) -> Result<Exit, Failure> {
    let long = ABBREVIATIONS.iter().find(|(short, _)| short.eq_ignore_ascii_case(word));
    // A property is also said with its sessions.
    let name = long.map_or(word, |(_, property)| property.name());
    let name = name.split_once('/').map_or(name, |(name, _)| name);
    let all = meanings()?;
    let found: Vec<&Meaning> =
        all.iter().filter(|meaning| meaning.word.eq_ignore_ascii_case(name)).collect();
    if found.is_empty() {
        let mut words: Vec<&str> = all.iter().map(|meaning| meaning.word).collect();
        words.dedup();
        let unknown = UnknownWord::new("word", word, words);
        let nearest = unknown.nearest().map(|near| format!(", did you mean {near:?}?"));
        return Err(Failure::usage(format!(
            "expected a word of a verdict or of the command line, found {word:?}{} (see `afterall list`)",
            nearest.unwrap_or_default()
        )));
    }
    let width = terminal::width();
    for (place, meaning) in found.into_iter().enumerate() {
        if place > 0 {
            println!();
        }
        println!("{}: {}", meaning.word, meaning.kind);
        for line in meaning.text.iter().flat_map(|text| wrapped(text, width - 2)) {
            println!("  {line}");
        }
        if let Some(command) = &meaning.shown_by {
            println!("  Try: {command}");
        }
    }
    Ok(Exit::Valid)
}

/// Every word and what it means; words that mean several things stand several times.
fn meanings() -> Result<Vec<Meaning>, Failure> {
    let mut all: Vec<Meaning> =
        Property::ALL.iter().map(|&property| of_property(property)).collect();
    all.extend(
        AnomalyKind::ALL.iter().map(|kind| plain(kind.name(), "a kind of anomaly", kind.summary())),
    );
    all.extend(FaultKind::ALL.iter().map(|&kind| of_fault(kind)));
    all.extend(Workload::ALL.iter().map(|&workload| of_workload(workload)));
    all.extend(Flavour::ALL.iter().map(|&flavour| of_flavour(flavour)));
    all.extend(mutants());
    all.extend(Mechanism::ALL.iter().map(|mechanism| {
        plain(
            mechanism.name(),
            "a way in which changes come to the reference store's other replicas",
            mechanism.summary(),
        )
    }));
    all.extend(Lie::ALL.iter().map(|lie| {
        let run = "afterall run --world sim --lie ".to_owned() + lie.name();
        Meaning {
            shown_by: Some(run),
            ..plain(
                lie.name(),
                "a way to falsify a store's answers, to see that it is found",
                lie.summary(),
            )
        }
    }));
    all.extend(
        Level::ALL.iter().map(|level| {
            plain(level.name(), "a consistency level of an operation", level.summary())
        }),
    );
    all.extend(
        Outcome::ALL
            .iter()
            .map(|outcome| plain(outcome.name(), "how an operation ends", outcome.summary())),
    );
    all.extend(
        Phase::ALL.iter().map(|phase| plain(phase.name(), "a phase of a run", phase.summary())),
    );
    all.extend(
        WorldKind::ALL
            .iter()
            .map(|world| plain(world.name(), "a world: where runs take place", world.summary())),
    );
    all.extend(
        SessionKind::ALL
            .iter()
            .map(|kind| plain(kind.name(), "where the operations of a session go", kind.summary())),
    );
    all.extend(OF_VERDICTS.iter().map(|(word, kind, text)| plain(word, kind, text)));
    for &(name, text) in SCENARIOS {
        let config = parse_config(text, name).map_err(Failure::failed)?;
        let summary = config.summary.unwrap_or_default();
        let run = format!("afterall scenario run {name}");
        all.push(Meaning { shown_by: Some(run), ..plain(name, "a scenario", summary.trim()) });
    }
    Ok(all)
}

fn plain(word: &'static str, kind: &'static str, text: &str) -> Meaning {
    Meaning { word, kind, text: vec![text.to_owned()], shown_by: None }
}

fn of_property(property: Property) -> Meaning {
    let shown = Workload::ALL.iter().filter(|&&workload| shows(workload, property));
    let workloads = joined(shown.map(|workload| workload.name()));
    let mut meaning = plain(property.name(), "a property", property.summary());
    if let Some((short, _)) = ABBREVIATIONS.iter().find(|(_, of)| *of == property) {
        meaning.text.push(format!("In the literature also {short}."));
    }
    meaning.text.push(format!("Shown by: {workloads}."));
    let mutants: Vec<_> = MUTANTS.iter().filter(|row| row.breaks == property).collect();
    if let Some(first) = mutants.first() {
        meaning.text.push(format!("Broken by: {}.", joined(mutants.iter().map(|row| row.name))));
        meaning.shown_by = Some(format!("afterall run --world sim --mutant {}", first.name));
    }
    meaning
}

fn of_fault(kind: FaultKind) -> Meaning {
    let worlds = worlds_of(kind);
    let mut meaning = plain(kind.name(), "a fault", kind.summary());
    meaning.text.push(format!("In the worlds: {}.", worlds.join(", ")));
    if worlds.contains(&WorldKind::Sim.name()) {
        meaning.shown_by = Some(format!("afterall run --world sim --faults {kind}"));
    }
    meaning
}

fn of_workload(workload: Workload) -> Meaning {
    let flavours: Vec<_> = Flavour::ALL.iter().filter(|flavour| flavour.has(workload)).collect();
    let mut meaning = plain(workload.name(), "a workload", workload.summary());
    if !flavours.is_empty() {
        let names = joined(flavours.iter().map(|flavour| flavour.name()));
        meaning.text.push(format!("Flavours of the reference store that have it: {names}."));
    }
    meaning
}

fn of_flavour(flavour: Flavour) -> Meaning {
    let mut meaning = plain(flavour.name(), "a flavour of the reference store", flavour.summary());
    for &workload in Workload::ALL.iter().filter(|&&workload| flavour.has(workload)) {
        let promises: Vec<String> =
            flavour.promises(workload).iter().map(Promise::to_string).collect();
        if !promises.is_empty() {
            meaning.text.push(format!("It promises of {workload}: {}.", promises.join(", ")));
        }
    }
    meaning.shown_by = Some(format!("afterall run --world sim --flavour {flavour}"));
    meaning
}

fn mutants() -> impl Iterator<Item = Meaning> {
    MUTANTS.iter().map(|row| {
        let faults = joined(row.faults.iter().map(|kind| kind.name()));
        let needs = if row.faults.is_empty() { "no faults".to_owned() } else { faults };
        let of = format!(
            "It breaks {} of the workload {}, flavour {}; it needs {needs}.",
            row.breaks, row.workload, row.flavour
        );
        let text = vec![format!("{}.", row.summary), of];
        let run = format!("afterall run --world sim --mutant {}", row.name);
        Meaning {
            word: row.name,
            kind: "a known bug of the reference store",
            text,
            shown_by: Some(run),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A word of any registry can be asked for, and no meaning is empty.
    #[test]
    fn every_word_means_something() {
        let all = meanings().unwrap();
        for meaning in &all {
            let said = meaning.text.iter().all(|text| text.trim().len() > 3);
            assert!(said && !meaning.text.is_empty(), "{}", meaning.word);
        }
        let words: BTreeSet<&str> = all.iter().map(|meaning| meaning.word).collect();
        for word in ["convergence", "partition", "cart", "crdt", "cart-union", "lost write", "sim"]
        {
            assert!(words.contains(word), "{word}");
        }
        for (short, property) in ABBREVIATIONS {
            assert!(words.contains(property.name()) && !words.contains(short));
        }
    }
}
