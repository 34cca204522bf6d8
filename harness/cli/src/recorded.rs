//! Histories that were recorded, by this program or another: reading them, and what they are held to.

use crate::failure::Failure;
use crate::runs::expected_one;
use crate::store::HISTORY;
use afterall_formats::export::Export;
use afterall_formats::{
    Finals, Format, FormatError, InitialValue, Nil, Options, Order, Problem, Read, Recorded,
};
use afterall_history::{Damage, Header, Promise, Property, Workload};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::path::Path;

/// How a history is to be read.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// The format of the history [default: guessed from the beginning of the file]
    #[arg(long, value_parser = formats())]
    pub(crate) format: Option<Format>,
    /// The data type that was driven, where the format is one of Jepsen's [default: guessed from the operations]
    #[arg(long, value_parser = workloads())]
    pub(crate) workload: Option<Workload>,
    /// What a read of nil means, since tools disagree: nothing had been written (initial), or nobody knows, and the read is not
    /// judged (unknown) [default: unknown in Jepsen's EDN and JSON, otherwise initial]
    #[arg(long, value_parser = nils())]
    pub(crate) nil: Option<Nil>,
    /// What keys held before the first operation: VALUE for every key, or KEY=VALUE, which may be repeated. In JSON or EDN: the
    /// value of a register, the sum of a counter, the elements of a set, the items of a cart as [[element quantity]], a text,
    /// or the stock of an inventory
    #[arg(long, value_name = "[KEY=]VALUE", allow_negative_numbers = true)]
    pub(crate) initial: Vec<InitialValue>,
    /// How events are ordered: by their lines (lines), or by their times (time), for recorders that write both ends of an
    /// operation when it completes
    #[arg(long, value_parser = orders(), default_value = "lines")]
    pub(crate) order: Order,
    /// Which reads are final, for convergence: those that are marked with `:final? true` (marked), or also the last acknowledged
    /// read of each key at each node after the last update of the key (last)
    #[arg(long = "final", value_parser = finals(), default_value = "marked")]
    pub(crate) finals: Finals,
}

impl ReadArgs {
    /// What was given that only some formats leave open.
    fn of_jepsen(&self) -> Option<&'static str> {
        let given = [
            (self.nil.is_some(), "--nil"),
            (!self.initial.is_empty(), "--initial"),
            (self.order != Order::Lines, "--order"),
            (self.finals != Finals::Marked, "--final"),
        ];
        given.into_iter().find_map(|(given, name)| given.then_some(name))
    }
}

fn formats() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.iter().map(|format| format.name());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Format>())
}

fn workloads() -> impl TypedValueParser<Value = Workload> {
    PossibleValuesParser::new(Workload::names()).try_map(|name| name.parse::<Workload>())
}

fn nils() -> impl TypedValueParser<Value = Nil> {
    PossibleValuesParser::new(["initial", "unknown"])
        .map(|name| if name == "initial" { Nil::Initial } else { Nil::Unknown })
}

fn orders() -> impl TypedValueParser<Value = Order> {
    PossibleValuesParser::new(["lines", "time"])
        .map(|name| if name == "time" { Order::Time } else { Order::Lines })
}

fn finals() -> impl TypedValueParser<Value = Finals> {
    PossibleValuesParser::new(["marked", "last"])
        .map(|name| if name == "last" { Finals::Last } else { Finals::Marked })
}

/// What can be exported to.
pub(crate) fn exports() -> impl TypedValueParser<Value = Export> {
    let built_in = Export::ALL.iter().filter(|export| export.is_built_in());
    let names = built_in.map(|export| PossibleValue::new(export.name()).help(export.summary()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Export>())
}

/// Where a history is read from, if not from a file.
const STDIN: &str = "-";

/// Reads a history, or that of a run's folder, or what comes in.
pub(crate) fn read(path: &Path, args: &ReadArgs) -> Result<Read, Failure> {
    let of_run = path.join(HISTORY);
    let path = if of_run.is_file() { &of_run } else { path };
    let format = args.format.or_else(|| (path == of_run).then_some(Format::Afterall));
    let options = Options {
        format,
        workload: args.workload,
        nil: args.nil,
        initial: args.initial.clone(),
        order: args.order,
        finals: args.finals,
    };
    let read = if path.as_os_str() == STDIN {
        afterall_formats::read_from(std::io::stdin().lock(), "stdin", &options)
    } else {
        afterall_formats::read(path, &options)
    };
    let read = read.map_err(|error| match format {
        None if path.is_dir() => match expected_one(path, HISTORY) {
            Err(several) => Failure::usage(several),
            Ok(()) if !holds_logs(path) => Failure::usage(format!("{error}, and no {HISTORY}")),
            Ok(()) => Failure::failed(format!("{error}, and no {HISTORY}")),
        },
        _ if path.as_os_str() != STDIN && !path.exists() => Failure::usage(error),
        // What was given for the file does not fit it.
        _ if blames_an_option(&error, args) => Failure::usage(error),
        _ => Failure::from(error),
    })?;
    let jepsen = [Format::JepsenEdn, Format::JepsenJson, Format::JepsenLog];
    let open = [Format::Porcupine].iter().chain(&jepsen).any(|&format| format == read.format);
    if args.workload.is_some() && !jepsen.contains(&read.format) {
        let what = format!(
            "--workload: a history in the format {} says itself what was driven ({}): leave --workload out",
            read.format,
            workload_of(&read.recorded)
        );
        return Err(Failure::usage(what));
    }
    if let Some(option) = args.of_jepsen().filter(|_| !open) {
        let what = format!(
            "{option} is for Jepsen's formats and Porcupine's; {} leaves nothing open",
            read.format
        );
        return Err(Failure::usage(what));
    }
    if args.nil == Some(Nil::Unknown) && matches!(read.recorded, Recorded::Transactions(_)) {
        let what = "--nil unknown is for single operations: in transactions a read of nil is one of the initial state";
        return Err(Failure::usage(what));
    }
    if let Recorded::Operations(history) = &read.recorded
        && let Some(torn) = history.torn()
    {
        eprintln!("warning: {torn}");
    }
    if let Recorded::Operations(history) = &read.recorded {
        refuse_empty_promises(history.header(), path)?;
    }
    // Where warnings go, so that a verdict in JSON can be piped.
    for note in &read.notes {
        eprintln!("note: {note}");
    }
    Ok(read)
}

/// Whether a folder holds anything that Cobra could have left. Without it there is no history to be read.
fn holds_logs(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().extension().is_some_and(|it| it == "log"))
}

/// Whether a file cannot be read as it was said on the command line that it is.
fn blames_an_option(error: &FormatError, args: &ReadArgs) -> bool {
    match error.problem() {
        Some(Problem::Initial { .. }) => true,
        Some(Problem::Damage { damage, .. }) => {
            let of_the_workload =
                matches!(**damage, Damage::NoSuchOperation { .. } | Damage::Shape { .. });
            of_the_workload && args.workload.is_some()
        }
        _ => false,
    }
}

fn workload_of(recorded: &Recorded) -> Workload {
    match recorded {
        Recorded::Operations(history) => history.header().workload,
        Recorded::Transactions(_) => Workload::Transactions,
    }
}

/// Refuses a history whose first line promises what nothing in it could break.
pub(crate) fn refuse_empty_promises(header: &Header, path: &Path) -> Result<(), Failure> {
    match afterall_checkers::cannot_show(header, true) {
        None => Ok(()),
        Some(refused) => Err(Failure::failed(format!("{}:1: {refused}", path.display()))),
    }
}

/// What the history is held to: what is asked for, what it says itself, or what is usual.
pub(crate) fn promises(
    named: &[String],
    format: Format,
    args: &ReadArgs,
    recorded: &Recorded,
) -> Result<Promised, Failure> {
    let workload = workload_of(recorded);
    let real_time = match recorded {
        Recorded::Operations(history) => history.has_real_time(),
        Recorded::Transactions(_) => true,
    };
    match named {
        [] if format == Format::Afterall => return Ok(Promised::AsItSays),
        [] => {}
        [none] if none == "none" => return Ok(Promised::Nothing),
        named => {
            let shown = |name: &String| {
                if name == "none" {
                    let what = "--promise none promises nothing: leave out the other promises";
                    return Err(Failure::usage(what));
                }
                let promise: Promise = name.parse().map_err(Failure::usage)?;
                afterall_checkers::can_show(workload, real_time, promise)
                    .map_err(Failure::usage)?;
                Ok(promise)
            };
            return named.iter().map(shown).collect::<Result<_, _>>().map(Promised::To);
        }
    }
    let convergence = Promise::to_all(Property::Convergence);
    let usual = match recorded {
        Recorded::Operations(history) => {
            let mut usual = afterall_checkers::usual_promises(history);
            // Who says which reads are final asks whether they agree, also where too few of them are there.
            let asked = args.finals == Finals::Last
                && history.replicas().len() > 1
                && afterall_checkers::can_show(workload, real_time, convergence).is_ok();
            if asked && !usual.contains(&convergence) {
                usual.push(convergence);
            }
            usual
        }
        Recorded::Transactions(_) => afterall_checkers::usual_promises_of_transactions(),
    };
    let names: Vec<String> = usual.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => eprintln!("note: nothing is promised; --promise names what is to be judged"),
        names => eprintln!(
            "note: held to {} (use --promise to hold it to another property)",
            names.join(", ")
        ),
    }
    Ok(Promised::To(usual))
}

/// What a history is held to.
#[derive(Debug)]
pub(crate) enum Promised {
    /// What stands in its header.
    AsItSays,
    /// Nothing, and that is meant so: it is measured.
    Nothing,
    /// These.
    To(Vec<Promise>),
}

impl Promised {
    /// Writes it into the header.
    pub(crate) fn write_to(self, header: &mut Header) {
        match self {
            Promised::AsItSays => {}
            Promised::Nothing => {
                header.promises.clear();
                header.measure_only = true;
            }
            Promised::To(promises) => {
                header.promises = promises;
                header.measure_only = false;
            }
        }
    }
}
