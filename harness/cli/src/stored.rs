//! `list runs` and `diff`: what a store has, in the terminal.

#![expect(clippy::disallowed_methods, reason = "whether a history grows is told by the clock")]

use crate::exit::Exit;
use crate::failure::Failure;
use crate::store::RunFolder;
use crate::store_args::{DiffRunsArgs, RunsArgs};
use crate::table::Table;
use crate::terminal::width;
use afterall_checkers::Verdict;
use afterall_checkers::words::{count, counted};
use afterall_reports::wrapped;
use afterall_store::{
    Comparison, Filter, INDEX, Inside, KeyCounts, Pair, Row, Rung, comparison, read_row,
    read_verdict, scan,
};
use std::path::Path;
use std::time::SystemTime;

/// From which width on a list is a table: below it the path of a run does not fit into its column.
const TABLE_WIDTH: usize = 100;
/// How many failures are printed.
const FAILURES_MAX: usize = 40;

pub(crate) fn list(args: &RunsArgs) -> Result<Exit, Failure> {
    let cannot = |error: std::io::Error| {
        let what =
            format!("{}: expected a store of runs, cannot read it: {error}", args.store.display());
        Failure::usage(what)
    };
    let store = Inside::new(&args.store).map_err(cannot)?;
    let scan = scan(&store).map_err(cannot)?;
    let filter = Filter {
        standing: args.verdict,
        target: args.target.clone(),
        workload: args.workload.map(|workload| workload.name().to_owned()),
        words: Vec::new(),
    };
    let (now, width) = (SystemTime::now(), width());
    let mut listed = Listing { rows: Vec::new(), more: false };
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let all = scan.places.len();
    for place in scan.places {
        let row = read_row(&store, place, now);
        if !filter.lets(&row) {
            continue;
        }
        if listed.rows.len() == limit {
            listed.more = true;
            break;
        }
        listed.rows.push(row);
    }
    print!("{}", listed.text(width));
    let shown = listed.rows.len() as u64;
    let campaigns = counted(scan.campaigns.len() as u64, "campaign");
    let of = match filter.is_open() && !listed.more {
        true => format!("{} and {campaigns}", counted(all as u64, "run")),
        false => format!("{} of {}", count(shown), counted(all as u64, "run")),
    };
    let mut summary = format!("{of} in {}", args.store.display());
    if listed.more {
        summary.push_str("; --limit lists more");
    }
    if scan.more {
        summary.push_str("; the store has more folders, which were not looked at");
    }
    if scan.nameless > 0 {
        summary.push_str(&format!(
            "; {} not listed, since the name is no text",
            counted(scan.nameless, "folder")
        ));
    }
    for line in wrapped(&summary, width) {
        println!("{line}");
    }
    Ok(Exit::Valid)
}

/// The runs of a list.
struct Listing {
    rows: Vec<Row>,
    more: bool,
}

/// `reference/crdt (mutant cart-union), cart, sim, seed 3`
fn what(row: &Row) -> String {
    match &row.what {
        Some(what) => {
            format!("{}, {}, {}, seed {}", what.system(), what.workload, what.world, what.seed)
        }
        None => "not known".to_owned(),
    }
}

impl Listing {
    fn text(&self, width: usize) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let text = if width >= TABLE_WIDTH { self.table(width) } else { self.blocks(width) };
        format!("{text}\n")
    }

    fn table(&self, width: usize) -> String {
        let mut table =
            Table::new(["began (UTC)", "verdict", "run", "gravest finding, and the folder"]);
        for row in &self.rows {
            let when = row.place.when.as_deref().unwrap_or("–");
            let path = &row.place.path;
            let found = match &row.finding {
                Some(finding) => format!("{finding}\n{path}"),
                None => path.clone(),
            };
            table.row([when, row.standing.name(), &what(row), &found]);
        }
        table.within(width).to_string()
    }

    fn blocks(&self, width: usize) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let when = row.place.when.as_deref().unwrap_or("–");
            let lines = [
                format!("{} {when}", row.standing),
                what(row),
                row.finding.clone().unwrap_or_default(),
                row.place.path.clone(),
            ];
            for (place, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
                let indent = if place == 0 { 0 } else { 2 };
                for part in wrapped(line, width.saturating_sub(indent).max(20)) {
                    text.push_str(&format!("{:indent$}{part}\n", ""));
                }
            }
        }
        text
    }
}

pub(crate) fn diff(args: &DiffRunsArgs) -> Result<Exit, Failure> {
    let [first, second] = [verdict(&args.first)?, verdict(&args.second)?];
    let difference = comparison(&first, &second);
    print!("{}", told(&difference, width()));
    Ok(if difference.is_same() { Exit::Valid } else { Exit::Invalid })
}

/// The verdict of a run.
fn verdict(path: &Path) -> Result<Verdict, Failure> {
    if let Err(error) = std::fs::metadata(path) {
        return Err(Failure::usage(format!("cannot read {}: {error}", path.display())));
    }
    let folder = RunFolder::of(path);
    let expected = |what: &str| {
        Failure::usage(format!("{}: expected the folder of a run, {what}", path.display()))
    };
    if folder.file(INDEX).exists() {
        return Err(expected("found that of a campaign: see `afterall campaign diff`"));
    }
    let verdict = folder.file(afterall_store::VERDICT);
    if !verdict.exists() {
        crate::runs::expected_one(path, afterall_store::VERDICT).map_err(Failure::usage)?;
        return Err(match folder.file(crate::store::HISTORY).exists() {
            true => expected(&format!(
                "found one without a verdict: `afterall report {}` judges it",
                folder.path().display()
            )),
            false => expected("found no verdict"),
        });
    }
    let store = Inside::new(folder.path()).map_err(Failure::failed)?;
    let named = |error| Failure::failed(format!("{}: {error}", path.display()));
    read_verdict(&store, "").map_err(named)
}

/// Two runs side by side, for a terminal.
fn told(of: &Comparison, width: usize) -> String {
    let mut text = String::new();
    let verdict = match of.verdict.differs() {
        true => format!("first {}, second {}", of.verdict.first, of.verdict.second),
        false => format!("both {}", of.verdict.first),
    };
    let mut section = |heading: &str, table: Option<Table>| {
        if let Some(table) = table {
            text.push_str(&format!("\n{heading}\n{}", table.within(width)));
        }
    };
    section("What was run", pairs(of.facts.iter()));
    let differ = of.ladder.iter().filter(|rung| rung.differs());
    section("Properties that came out otherwise", ladder(differ));
    section("Figures", pairs(of.figures.iter()));
    section("New in the second", failures(of, KeyCounts::is_new));
    section("Gone in the second", failures(of, KeyCounts::is_gone));
    section("In both", failures(of, |of| !of.is_new() && !of.is_gone()));
    let alike = of.ladder.iter().filter(|rung| !rung.differs()).count() as u64;
    let same = format!("{} came out the same", counted(alike, "property"));
    format!("{verdict}; {same}\n{text}")
}

fn pairs<'p>(all: impl Iterator<Item = &'p Pair>) -> Option<Table> {
    let mut table = Table::new(["", "first", "second"]);
    let mut any = false;
    for pair in all {
        any = true;
        let mark = if pair.differs() { " ≠" } else { "" };
        table.row([&format!("{}{mark}", pair.name), &pair.first, &pair.second]);
    }
    any.then_some(table)
}

fn ladder<'r>(all: impl Iterator<Item = &'r Rung>) -> Option<Table> {
    let mut table = Table::new(["property", "first", "second"]);
    let mut any = false;
    for rung in all {
        any = true;
        let said = |outcome: &str, promised: bool| match promised {
            true => format!("{outcome} (promised)"),
            false => outcome.to_owned(),
        };
        let (first, second) = rung.promised;
        let Pair { name, first: a, second: b } = &rung.pair;
        table.row([&**name, &said(a, first), &said(b, second)]);
    }
    any.then_some(table)
}

fn failures(of: &Comparison, wanted: fn(&KeyCounts) -> bool) -> Option<Table> {
    let all: Vec<&KeyCounts> = of.failures.iter().filter(|of| wanted(of)).collect();
    let mut table = Table::new(["first", "second", "failure"]);
    for one in all.iter().take(FAILURES_MAX) {
        let promised = if one.promised { "" } else { " (not promised)" };
        let (first, second) = (count(one.counts.0), count(one.counts.1));
        table.row([&*first, &second, &format!("{}{promised}", one.key)]);
        table.under(&one.sentence);
    }
    if let Some(rest) = all.len().checked_sub(FAILURES_MAX).filter(|&rest| rest > 0) {
        table.under(&format!("and {rest} more"));
    }
    (!all.is_empty()).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterall_store::{Place, Standing, What};

    #[test]
    fn a_list_fits_every_terminal() {
        let row = |standing: Standing, finding: &str| Row {
            place: Place::new("reference-cart/20261128T190017Z-3"),
            what: Some(What {
                target: "reference".to_owned(),
                flavour: Some("crdt".to_owned()),
                mutant: Some("cart-union".to_owned()),
                workload: "cart".to_owned(),
                world: "sim".to_owned(),
                seed: 3,
                ..What::default()
            }),
            standing,
            ops: Some(7),
            finding: Some(finding.to_owned()),
        };
        let finding = "no-resurrected-items broken: resurrected item, 472 times";
        let rows = vec![row(Standing::Invalid, finding), row(Standing::Unreadable, "")];
        let listing = Listing { rows, more: false };
        for width in [40, 60, 80, 100, 120] {
            let text = listing.text(width);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
            for says in ["invalid", "unreadable", "reference-cart/20261128T190017Z-3"] {
                assert!(text.contains(says), "{width}: {says} is missing in\n{text}");
            }
        }
    }

    #[test]
    fn two_runs_side_by_side_fit_every_terminal() {
        let pair = |name: &str| Pair {
            name: name.to_owned(),
            first: "reference/crdt".to_owned(),
            second: "4,123 of 10,252 (40 %)".to_owned(),
        };
        let of = Comparison {
            verdict: pair("verdict"),
            facts: vec![pair("target")],
            ladder: vec![Rung { pair: pair("monotonic-reads/roaming"), promised: (true, false) }],
            figures: vec![pair("keys on which replicas differ")],
            failures: vec![KeyCounts {
                key: "causal broken, missing item, by partition and bandwidth".to_owned(),
                promised: false,
                counts: (0, 4_120),
                sentence: "word ".repeat(40),
            }],
        };
        for width in [40, 60, 80, 100, 120] {
            let text = told(&of, width);
            // The first line is as long as two verdicts are.
            let long = text.lines().skip(1).find(|line| line.chars().count() > width);
            assert_eq!(long, None, "{width}\n{text}");
            assert!(text.contains("New in the second") && text.contains("≠"), "{text}");
        }
    }
}
