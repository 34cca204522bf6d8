//! `campaign diff`: where two campaigns came out otherwise.

use super::folder::read;
use super::recheck::table;
use crate::campaign_args::DiffArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::table::Table;
use afterall_campaign::difference;
use afterall_checkers::words::{count, counted};

/// How many runs are listed.
const RUNS_MAX: usize = 200;

pub(crate) fn diff(args: &DiffArgs) -> Result<Exit, Failure> {
    let difference = difference(&read(&args.first)?, &read(&args.second)?);
    let changed = &difference.changed;
    println!(
        "{} of both, {} came out otherwise; {} only of the first, {} only of the second",
        counted(difference.both, "run"),
        count(changed.len() as u64),
        count(difference.only_first),
        count(difference.only_second)
    );
    let differs = difference.keys.iter().filter(|(_, (first, second))| first != second);
    let mut keys = Table::new(["first", "second", "failure"]);
    for (key, (first, second)) in differs.clone() {
        keys.row([&*count(*first), &count(*second), key]);
    }
    if differs.count() > 0 {
        print!("\n{keys}");
    }
    if !changed.is_empty() {
        print!("\n{}", table(&changed[..changed.len().min(RUNS_MAX)], ["first", "second"]));
    }
    if changed.len() > RUNS_MAX {
        println!("and {} more runs", changed.len() - RUNS_MAX);
    }
    Ok(if difference.is_empty() { Exit::Valid } else { Exit::Invalid })
}
