//! The runs of the store.

use super::{Page, filled, message, report_link, run_link, tone};
use crate::address::Query;
use crate::shelf::Shelf;
use afterall_checkers::words::{count, counted};
use afterall_history::Workload;
use afterall_store::{Filter, Place, Row, Standing, scan};
use minijinja::context;
use serde::Serialize;
use std::time::SystemTime;

/// How many runs a page has.
const ROWS: usize = 100;
/// How many verdicts are read for a page. The next one goes on from there: what was read is remembered.
const READS_MAX: usize = 5_000;

/// A run as a line of a page.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) path: String,
    pub(super) link: String,
    pub(super) judged: bool,
    pub(super) report: Option<String>,
    pub(super) when: String,
    pub(super) verdict: &'static str,
    pub(super) tone: &'static str,
    pub(super) system: String,
    pub(super) facts: String,
    pub(super) finding: String,
    pub(super) ops: String,
}

impl Line {
    pub(super) fn of(shelf: &Shelf, row: &Row) -> Line {
        let judged = row.ops.is_some();
        let facts = row
            .what
            .as_ref()
            .map(|what| format!("{}, {}, seed {}", what.workload, what.world, what.seed));
        Line {
            path: row.place.path.clone(),
            link: run_link(&row.place.path),
            judged,
            report: (judged && shelf.has_report(&row.place.path))
                .then(|| report_link(&row.place.path)),
            when: row.place.when.clone().unwrap_or_else(|| "–".to_owned()),
            verdict: match row.standing {
                Standing::NotARun => "not a run",
                standing => standing.name(),
            },
            tone: tone::of_run(row.standing),
            system: row.what.as_ref().map_or("–".to_owned(), |what| what.system()),
            facts: facts.unwrap_or_default(),
            finding: row.finding.clone().unwrap_or_default(),
            ops: row.ops.map(count).unwrap_or_default(),
        }
    }
}

/// What was found for a page.
struct Found {
    rows: Vec<Row>,
    /// Whether there are more that fit.
    more: bool,
    /// How many were looked at, where that is not all.
    looked_at: Option<usize>,
}

fn find(shelf: &Shelf, places: &[Place], filter: &Filter, from: usize, now: SystemTime) -> Found {
    // Without a filter every one fits: those before need not be read.
    let (skip, mut to_skip) = if filter.is_open() { (from, 0) } else { (0, from) };
    let mut found = Found { rows: Vec::new(), more: false, looked_at: None };
    let mut reads = 0;
    for (at, place) in places.iter().enumerate().skip(skip) {
        if found.rows.len() == ROWS && filter.is_open() {
            found.more = true;
            break;
        }
        if reads >= READS_MAX {
            found.looked_at = Some(at);
            break;
        }
        let (row, was_read) = shelf.row(place, now);
        reads += usize::from(was_read);
        if !filter.lets(&row) {
            continue;
        }
        if to_skip > 0 {
            to_skip -= 1;
        } else if found.rows.len() == ROWS {
            found.more = true;
            break;
        } else {
            found.rows.push(row);
        }
    }
    found
}

pub(super) fn page(shelf: &Shelf, query: &Query, now: SystemTime) -> Page {
    let scan = match scan(shelf.store()) {
        Ok(scan) => scan,
        Err(error) => return message(500, "The store cannot be read", &error.to_string()),
    };
    let filter = Filter {
        standing: query.one("verdict").and_then(|word| word.parse().ok()),
        target: query.one("target").map(str::to_owned),
        workload: query.one("workload").map(str::to_owned),
        words: query.one("q").map(Filter::words).unwrap_or_default(),
    };
    let from = query.one("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let found = find(shelf, &scan.places, &filter, from, now);
    let all = scan.places.len();
    let lines: Vec<Line> = found.rows.iter().map(|row| Line::of(shelf, row)).collect();
    let shown = match (lines.len(), from) {
        (0, _) => String::new(),
        (n, from) => format!("{} to {}", count(from as u64 + 1), count((from + n) as u64)),
    };
    let mut notes = Vec::new();
    if let Some(looked_at) = found.looked_at {
        notes.push(format!(
            "The newest {} of {} were looked at; load the page again to look further.",
            count(looked_at as u64),
            counted(all as u64, "run")
        ));
    }
    if scan.more {
        notes.push("The store has more folders than are looked at.".to_owned());
    }
    if scan.nameless > 0 {
        let folders = counted(scan.nameless, "folder");
        notes.push(format!("{folders} cannot be shown, since the name is no text."));
    }
    let workloads: Vec<&str> = Workload::names().collect();
    let standings: Vec<&str> = Standing::names().collect();
    let value = |name: &str| query.one(name).unwrap_or_default().to_owned();
    filled(
        200,
        "runs.html",
        context! {
            title => "Runs",
            here => "runs",
            store => shelf.store().named().display().to_string(),
            total => counted(all as u64, "run"),
            filtered => !filter.is_open(),
            lines,
            shown,
            notes,
            workloads,
            standings,
            q => value("q"),
            verdict => value("verdict"),
            target => value("target"),
            workload => value("workload"),
            next => found.more.then(|| query.with("from", &(from + ROWS).to_string())),
            previous => (from > 0).then(|| query.with("from", &from.saturating_sub(ROWS).to_string())),
        },
    )
}
