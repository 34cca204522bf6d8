//! `check`: histories that were recorded, judged, one or several.

use crate::args::{CheckArgs, ReportFiles, quoted};
use crate::control::compare_with_kept;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::recorded::{promises, read};
use crate::run::machine;
use crate::signals::{self, Doing};
use crate::store::RunFolder;
use crate::unfinished::write_whole;
use afterall_checkers::Verdict;
use afterall_formats::{Format, Recorded};
use afterall_history::{Header, HistoryBuilder, Promise};
use afterall_reports::{Context, junit_xml, report_html, summary_md, verdict_line};
use serde::Serialize;
use std::error::Error;
use std::path::{Path, PathBuf};

pub(crate) fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    // Before anything is read: of several histories each would say it.
    for promise in args.promises.iter().filter(|promise| *promise != "none") {
        promise.parse::<Promise>().map_err(Failure::usage)?;
    }
    args.reports.check(&args.histories)?;
    let say = "interrupted before there was a verdict";
    signals::now(Doing::Anything(say.to_owned()));
    match args.histories.as_slice() {
        [history] => one(history, args),
        several => Ok(all(several, args)),
    }
}

/// What a history is called whose file does not say what was tested.
const UNNAMED: &str = "history";

/// A history and the verdict on it.
fn judged(history: &Path, args: &CheckArgs) -> Result<(Recorded, Verdict), Failure> {
    let mut read = read(history, &args.read)?;
    let promised = promises(&args.promises, read.format, &args.read, &read.recorded)?;
    let hold = |header: &mut Header| {
        promised.write_to(header);
        if let Some(bound) = args.max_bound {
            header.floor = bound.floor();
        }
    };
    let mut verdict = match &mut read.recorded {
        Recorded::Operations(history) => {
            hold(history.header_mut());
            afterall_checkers::check(history)
        }
        Recorded::Transactions(transactions) => {
            hold(transactions.header_mut());
            afterall_checkers::check_transactions(transactions)
        }
    };
    if read.format != Format::Afterall && !history.is_dir() {
        // What is printed of a history does not depend on whether it came by its name or through a pipe.
        verdict.target = UNNAMED.to_owned();
    }
    if read.format == Format::Afterall && history.is_dir() {
        compare_with_kept(&RunFolder::of(history), &mut verdict);
    }
    Ok((read.recorded, verdict))
}

fn one(history: &Path, args: &CheckArgs) -> Result<Exit, Failure> {
    let (recorded, mut verdict) = judged(history, args)?;
    args.showing.verdict(&verdict)?;
    let exit = verdict.valid.into();
    let say = "interrupted before the reports were written";
    signals::now(Doing::Judged(exit, say.to_owned()));
    if let (UNNAMED, Some(stem)) = (verdict.target.as_str(), history.file_stem()) {
        // Reports are looked at without the command that made them.
        verdict.target = stem.to_string_lossy().into_owned();
    }
    args.reports.write(history, &recorded, &verdict);
    Ok(exit)
}

/// What is printed of one of several histories, as JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Verdict {
        file: &'a str,
        #[serde(flatten)]
        verdict: &'a Verdict,
    },
    Error {
        file: &'a str,
        error: &'a str,
    },
}

/// A line for each; one that cannot be read does not hide the others.
fn all(histories: &[PathBuf], args: &CheckArgs) -> Exit {
    let mut worst = Exit::Valid;
    for history in histories {
        let file = history.to_string_lossy();
        // Notes and warnings say of which file they are.
        output::about(&file);
        let judged = judged(history, args);
        output::about("");
        let (exit, plain, line) = match &judged {
            Ok((_, verdict)) => {
                let line = Line::Verdict { file: &file, verdict };
                (verdict.valid.into(), verdict_line(verdict), serde_json::to_string(&line))
            }
            Err(failure) => {
                let error = failure.to_string();
                let line = Line::Error { file: &file, error: &error };
                let plain = format!("error: {}", error.replace('\n', "; "));
                (failure.exit, plain, serde_json::to_string(&line))
            }
        };
        match line {
            Ok(line) if args.showing.json => println!("{line}"),
            // One line, whatever the file is called.
            _ => println!("{}: {plain}", file.replace(char::is_control, "\u{fffd}")),
        }
        worst = worst.worse(exit);
    }
    worst
}

impl ReportFiles {
    fn named(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files =
            [("--html", &self.html), ("--junit", &self.junit), ("--markdown", &self.markdown)];
        files.into_iter().filter_map(|(flag, file)| Some((flag, file.as_deref()?)))
    }

    /// What can be known to be wrong before anything is judged.
    fn check(&self, histories: &[PathBuf]) -> Result<(), Failure> {
        let mut places: Vec<PathBuf> = Vec::new();
        for (flag, file) in self.named() {
            let wrong =
                |why: &str| Err(Failure::usage(format!("{flag} {}: {why}", file.display())));
            if file == Path::new("-") {
                return wrong("name a file (standard output is /dev/stdout)");
            }
            if histories.len() > 1 {
                return wrong("a report is about one history, and here are several");
            }
            let Some(name) = file.file_name().filter(|_| !file.is_dir()) else {
                return wrong("it is a folder: name a file");
            };
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            let Ok(folder) = folder.unwrap_or(Path::new(".")).canonicalize() else {
                return wrong("there is no such folder");
            };
            let place = file.canonicalize().unwrap_or_else(|_| folder.join(name));
            if place.is_file()
                && histories.iter().any(|history| history.canonicalize().is_ok_and(|h| h == place))
            {
                return wrong("that is the history itself");
            }
            if places.contains(&place) {
                return wrong("that is where another report goes");
            }
            places.push(place);
        }
        Ok(())
    }

    /// The verdict is known: what cannot be written is said, and changes nothing of it.
    fn write(&self, path: &Path, recorded: &Recorded, verdict: &Verdict) {
        if self.named().next().is_none() {
            return;
        }
        let context = Context {
            command: typed(),
            machine: machine(),
            history_path: path.display().to_string(),
            ..Context::default()
        };
        for (flag, file) in self.named() {
            let text = match flag {
                "--junit" => junit_xml(verdict).map_err(Into::into),
                "--markdown" => Ok(summary_md(verdict, &context)),
                _ => page(recorded, verdict, &context),
            };
            let written = text.and_then(|text| match write_whole(file, text.as_bytes()) {
                // A pipe whose reader wants no more.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                written => written.map_err(Into::into),
            });
            if let Err(error) = written {
                eprintln!("warning: cannot write {}: {error}; the verdict stands", file.display());
            }
        }
    }
}

fn page(
    recorded: &Recorded,
    verdict: &Verdict,
    context: &Context,
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let page = match recorded {
        Recorded::Operations(history) => report_html(history, verdict, context),
        // Transactions have no times, and thus no timeline: the page does without.
        Recorded::Transactions(transactions) => {
            let builder = HistoryBuilder::new(transactions.header().clone());
            let none = builder?.finish();
            report_html(&none, verdict, context)
        }
    };
    Ok(page?)
}

/// The command line as it was typed, quoted for a shell where needed.
fn typed() -> String {
    let words = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy()));
    let words: Vec<String> = words.collect();
    format!("afterall {}", words.join(" "))
}
