//! `report` and `export`: what was recorded, reported again or written for others.

use crate::args::{ExportArgs, ReportArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Stdout};
use crate::recorded::read;
use crate::run::judge;
use crate::runs::expected_one;
use crate::signals::{self, Doing};
use crate::store::{HISTORY, RunFolder};
use crate::unfinished::Unfinished;
use afterall_formats::{Recorded, export};
use std::fs::{self, File};
use std::io::ErrorKind;

pub(crate) fn report(args: &ReportArgs) -> Result<Exit, Failure> {
    expected_one(&args.run, HISTORY).map_err(Failure::usage)?;
    if let Err(error) = fs::metadata(&args.run) {
        return Err(Failure::usage(format!("cannot read {}: {error}", args.run.display())));
    }
    let folder = RunFolder::of(&args.run);
    // It may be a pipe.
    if !folder.file(HISTORY).exists() {
        let what =
            format!("{}: expected the folder of a run, found no {HISTORY}", args.run.display());
        return Err(Failure::usage(what));
    }
    // A history alone can be reported too; the report then does without the command.
    let config = folder.config().ok();
    let judged = judge(&folder, config.as_ref(), 0, args.showing)?;
    // Here the reports are what was asked for.
    if !judged.reported {
        return Err(Failure::failed("not every report could be written"));
    }
    Ok(judged.exit)
}

pub(crate) fn export(args: &ExportArgs) -> Result<Exit, Failure> {
    signals::now(Doing::Anything("interrupted before everything was written".to_owned()));
    let Recorded::Operations(history) = read(&args.history, &args.read)?.recorded else {
        return Err(Failure::usage("histories of transactions are not exported"));
    };
    let Some(path) = &args.out else {
        return match export::write(&history, args.to, Stdout) {
            // A reader who wants no more is content, and of anything else was told already.
            Err(_) if output::is_lost() => Ok(Exit::Valid),
            written => written.map(|()| Exit::Valid).map_err(Failure::from),
        };
    };
    let failed = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("cannot write {}: {error}", path.display()))
    };
    // What is there already may be somebody's only copy.
    let file = File::create_new(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!(
            "--out: {} is there already; name another file, or remove it",
            path.display()
        )),
        ErrorKind::NotFound => {
            Failure::usage(format!("--out: cannot write {}: {error}", path.display()))
        }
        _ => failed(&error),
    })?;
    // Half a history is none.
    let unfinished = Unfinished::file(path.clone());
    export::write(&history, args.to, &file).map_err(|error| failed(&error))?;
    file.sync_data().map_err(|error| failed(&error))?;
    unfinished.finish();
    Ok(Exit::Valid)
}
