//! `campaign recheck`: what today's checkers say of the histories that are kept.

use super::attempt::line;
use super::folder::{kept, read, run_folder};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Doing};
use crate::store::{HISTORY, RunFolder};
use crate::table::Table;
use afterall_campaign::{Changed, Ended, Facts, Line};
use afterall_checkers::words::counted;
use afterall_engine::Recording;
use afterall_history::read_jsonl;
use std::path::Path;

pub(crate) fn recheck(campaign: &Path) -> Result<Exit, Failure> {
    let index = read(campaign)?;
    signals::now(Doing::Anything("interrupted before all was judged again".to_owned()));
    let (mut judged, mut worst) = (0, Exit::Valid);
    let mut changed = Vec::new();
    for run in kept(campaign) {
        let Some(was) = index.lines.get(&run).filter(|line| line.verdict != Ended::Crashed) else {
            continue;
        };
        match again(&run_folder(campaign, run), was) {
            Ok(is) => {
                judged += 1;
                changed.extend(Changed::between(was, &is));
            }
            Err(failure) => {
                eprintln!("error: the run {run} cannot be judged again: {failure}");
                worst = Exit::Failed;
            }
        }
    }
    if judged == 0 {
        println!("no run could be judged again: none is kept");
        return Ok(worst.worse(Exit::Unknown));
    }
    let histories = match judged {
        1 => "1 history".to_owned(),
        more => format!("{more} histories"),
    };
    println!(
        "{histories} judged again, {}",
        match changed.len() {
            0 => "no verdict changed".to_owned(),
            some => format!("{} changed", counted(some as u64, "verdict")),
        }
    );
    if changed.is_empty() {
        return Ok(worst);
    }
    print!("\n{}", table(&changed, ["was", "is"]));
    Ok(worst.worse(Exit::Invalid))
}

/// What today's checkers say of a run.
fn again(folder: &Path, was: &Line) -> Result<Line, Failure> {
    let folder = RunFolder::of(folder);
    let config = folder.config()?;
    let recording = Recording::new(read_jsonl(&folder.file(HISTORY))?);
    let verdict = recording.judge();
    let facts = Facts {
        run: was.run,
        canary: was.canary,
        cell: &was.cell,
        seed: was.seed,
        floor: was.floor,
    };
    let scenario = scenario(was);
    Ok(line(facts, &config, recording.history(), &verdict, folder.traffic(), scenario))
}

/// The scenario of a run, if it was one: a cell is named by it first.
fn scenario(line: &Line) -> Option<&str> {
    let named = line.cell.strip_prefix("scenario=")?;
    // The name of a file may have spaces in it: what was not as expected tells where it ends.
    let told = line.keys.first().and_then(|key| key.strip_prefix("scenario "));
    let told = told.and_then(|key| key.split(": not as expected").next());
    told.filter(|name| named.starts_with(name)).or_else(|| named.split(' ').next())
}

/// Runs that came out otherwise, one row each.
pub(crate) fn table(changed: &[Changed], [was, is]: [&str; 2]) -> Table {
    let mut table = Table::new([was, is, "run"]);
    for one in changed {
        let said = |(ended, key): &(Ended, Option<String>)| match key {
            Some(key) => format!("{ended} ({key})"),
            None => ended.to_string(),
        };
        table.row([
            &*said(&one.was),
            &said(&one.is),
            &format!("seed {} of {}", one.seed, one.cell),
        ]);
    }
    table
}
