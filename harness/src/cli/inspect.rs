//! `check` and `report`: what was recorded, judged again.

use super::args::{CheckArgs, ReportArgs};
use super::run::{judge, print_verdict};
use super::{Exit, Failure};
use crate::store::{HISTORY, RunFolder};
use afterall_history::read_jsonl;
use afterall_reports::verdict_json;

pub(super) fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    let path =
        if args.history.is_dir() { args.history.join(HISTORY) } else { args.history.clone() };
    let history = read_jsonl(&path)?;
    if let Some(torn) = history.torn() {
        eprintln!("warning: {}: {torn}", path.display());
    }
    let verdict = afterall_checkers::check(&history);
    if args.json {
        println!("{}", verdict_json(&verdict)?);
    } else {
        print_verdict(&verdict);
    }
    Ok(verdict.valid.into())
}

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Failure> {
    let folder = RunFolder::of(&args.run);
    // A history alone can be reported too; the report then does without the command.
    let config = folder.config().ok();
    judge(&folder, config.as_ref())
}
