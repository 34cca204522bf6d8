//! `check`, `report` and `export`: what was recorded, judged again or written for others.

use super::args::{CheckArgs, ExportArgs, ReportArgs};
use super::recorded::{promises, read};
use super::run::{judge, print_verdict};
use super::{Exit, Failure};
use crate::store::RunFolder;
use afterall_checkers::Verdict;
use afterall_formats::{Recorded, export};
use afterall_history::Header;
use afterall_reports::verdict_json;
use std::fs::File;
use std::io::Write;

pub(super) fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    let read = read(&args.history, &args.read)?;
    let promised = promises(&args.promises, read.format, &read.recorded)?;
    let hold = |header: &mut Header| {
        promised.to_header(header);
        if let Some(bound) = args.max_bound {
            header.floor = bound.floor();
        }
    };
    let verdict = match read.recorded {
        Recorded::Operations(mut history) => {
            hold(history.header_mut());
            afterall_checkers::check(&history)
        }
        Recorded::Transactions(mut transactions) => {
            hold(transactions.header_mut());
            afterall_checkers::check_transactions(&transactions)
        }
    };
    tell(&verdict, args.json)
}

fn tell(verdict: &Verdict, json: bool) -> Result<Exit, Failure> {
    if json {
        println!("{}", verdict_json(verdict)?);
    } else {
        print_verdict(verdict);
    }
    Ok(verdict.valid.into())
}

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Failure> {
    let folder = RunFolder::of(&args.run);
    // A history alone can be reported too; the report then does without the command.
    let config = folder.config().ok();
    judge(&folder, config.as_ref())
}

pub(super) fn export(args: &ExportArgs) -> Result<Exit, Failure> {
    let Recorded::Operations(history) = read(&args.history, &args.read)?.recorded else {
        return Err(Failure::usage("histories of transactions are not exported"));
    };
    let Some(path) = &args.out else {
        let mut stdout = std::io::stdout().lock();
        export::write(&history, args.to, &mut stdout)?;
        stdout.flush()?;
        return Ok(Exit::Valid);
    };
    let failed = |error: &dyn std::fmt::Display| Failure {
        exit: Exit::Failed,
        message: format!("write {}: {error}", path.display()),
    };
    // What is there already may be somebody's only copy.
    let file = File::create_new(path).map_err(|error| failed(&error))?;
    export::write(&history, args.to, file).map_err(|error| {
        // Half a history is none.
        let _ = std::fs::remove_file(path);
        failed(&error)
    })?;
    Ok(Exit::Valid)
}
