//! Histories that were recorded, by this program or another: reading them, and what they are held to.

use super::{Exit, Failure};
use crate::store::HISTORY;
use afterall_formats::{Format, Nil, Options, Read, Recorded};
use afterall_history::{Promise, Property, Workload};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::Path;

/// How a history is to be read.
#[derive(Debug, Args)]
pub(super) struct ReadArgs {
    /// How it is written down [default: told from its beginning]
    #[arg(long, value_parser = formats())]
    pub(super) format: Option<Format>,
    /// The data type that was driven; only Jepsen's formats leave it open [default: told from the operations]
    #[arg(long, value_parser = workloads())]
    pub(super) workload: Option<Workload>,
    /// What a read of nil means: initial (nothing was written) or unknown (such reads are not judged) [default: unknown in
    /// Jepsen's EDN and JSON, else initial]
    #[arg(long, value_parser = nils())]
    pub(super) nil: Option<Nil>,
}

fn formats() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.iter().map(|format| format.name());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Format>())
}

fn workloads() -> impl TypedValueParser<Value = Workload> {
    const RECORDED: &[Workload] = &[
        Workload::Register,
        Workload::Counter,
        Workload::Cart,
        Workload::Set,
        Workload::Text,
        Workload::Mutex,
        Workload::Inventory,
        Workload::Chat,
        Workload::Transactions,
    ];
    let named = |name: &str| RECORDED.iter().copied().find(|workload| workload.name() == name);
    PossibleValuesParser::new(RECORDED.iter().map(|workload| workload.name()))
        .try_map(move |name| named(&name).ok_or("unknown workload"))
}

fn nils() -> impl TypedValueParser<Value = Nil> {
    PossibleValuesParser::new(["initial", "unknown"])
        .map(|name| if name == "initial" { Nil::Initial } else { Nil::Unknown })
}

/// What can be exported to.
pub(super) fn exports() -> impl TypedValueParser<Value = Format> {
    let names = [Format::JepsenEdn, Format::JepsenJson].map(Format::name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Format>())
}

/// Where a history is read from, if not from a file.
const STDIN: &str = "-";

/// Reads a history, or that of a run's folder, or what comes in.
pub(super) fn read(path: &Path, args: &ReadArgs) -> Result<Read, Failure> {
    let of_run = path.join(HISTORY);
    let path = if of_run.is_file() { &of_run } else { path };
    let format = args.format.or_else(|| (path == of_run).then_some(Format::Afterall));
    let options = Options { format, workload: args.workload, nil: args.nil };
    let read = if path.as_os_str() == STDIN {
        afterall_formats::read_from(std::io::stdin().lock(), "stdin", &options)
    } else {
        afterall_formats::read(path, &options)
    };
    let read = read.map_err(|error| Failure {
        exit: Exit::Failed,
        message: match format {
            None if path.is_dir() => format!("{error}, and no {HISTORY}"),
            _ => error.to_string(),
        },
    })?;
    let jepsen = [Format::JepsenEdn, Format::JepsenJson, Format::JepsenLog];
    let nil = [Format::Porcupine].iter().chain(&jepsen).any(|&format| format == read.format);
    if args.workload.is_some() && !jepsen.contains(&read.format) {
        let what = format!("--workload is for Jepsen's formats; {} says what it is", read.format);
        return Err(Failure::usage(what));
    }
    if args.nil.is_some() && !nil {
        let what = format!("--nil is for Jepsen's formats; in {} nothing is nil", read.format);
        return Err(Failure::usage(what));
    }
    if let Recorded::Operations(history) = &read.recorded
        && let Some(torn) = history.torn()
    {
        eprintln!("warning: {}: {torn}", path.display());
    }
    // Where warnings go, so that a verdict in JSON can be piped.
    for note in &read.notes {
        eprintln!("note: {note}");
    }
    Ok(read)
}

/// What the history is held to, where that is not what it says itself.
pub(super) fn promises(
    named: &[String],
    format: Format,
    workload: Workload,
) -> Result<Option<Vec<Promise>>, Failure> {
    match named {
        [] if format == Format::Afterall => return Ok(None),
        [] => {}
        [none] if none == "none" => return Ok(Some(Vec::new())),
        named => {
            let parsed: Result<Vec<Promise>, _> = named.iter().map(|name| name.parse()).collect();
            return parsed.map(Some).map_err(Failure::usage);
        }
    }
    let usual: Vec<Promise> = usual(workload).iter().copied().map(Promise::to_all).collect();
    let names: Vec<String> = usual.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => eprintln!("note: nothing is promised; --promise names what is to be judged"),
        names => eprintln!("note: held to {} (--promise names something else)", names.join(", ")),
    }
    Ok(Some(usual))
}

/// What systems are usually held to by those who record such histories.
fn usual(workload: Workload) -> &'static [Property] {
    use Property as P;
    match workload {
        Workload::Register | Workload::Text | Workload::Mutex => &[P::Linearizable],
        Workload::Set => &[P::NoLostItems, P::NoPhantoms],
        Workload::Counter => &[P::NoLostIncrements, P::NoDoubleIncrements, P::NoPhantoms],
        Workload::Transactions => &[P::Causal],
        Workload::Cart | Workload::Inventory | Workload::Chat => &[],
    }
}
