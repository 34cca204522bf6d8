//! A run: what it was, what came of it, and where to go on.

use super::runs::Line;
use super::{Page, filled, missing, tone};
use crate::address::encoded;
use crate::shelf::Shelf;
use afterall_checkers::Verdict;
use afterall_checkers::words::{count, counted, duration};
use afterall_history::Promise;
use afterall_reports::outcome_word;
use afterall_store::{Place, Row, Standing, plain, read_verdict, scan, shown};
use minijinja::context;
use serde::Serialize;
use std::time::SystemTime;

/// How many anomalies are told here; the report has them all.
const ANOMALIES: usize = 5;
/// How many characters of a sentence are shown.
const SENTENCE: usize = 600;

#[derive(Debug, Serialize)]
struct Rung {
    name: String,
    outcome: &'static str,
    tone: &'static str,
    promised: bool,
}

#[derive(Debug, Serialize)]
struct Anomaly {
    kind: &'static str,
    breaks: String,
    promised: bool,
    count: String,
    sentence: String,
    common: String,
}

/// What stands in large letters.
fn headline(standing: Standing) -> &'static str {
    match standing {
        Standing::Valid => "It held.",
        Standing::Invalid => "It broke.",
        Standing::Unknown => "Not known.",
        Standing::Measured => "Measured.",
        Standing::Running => "It runs.",
        Standing::Unjudged => "No verdict.",
        Standing::Unreadable => "Unreadable.",
        Standing::NotARun => "Not a run.",
    }
}

pub(super) fn page(shelf: &Shelf, path: &str, now: SystemTime) -> Page {
    let is_there = plain(path) && shelf.store().resolve(path).is_ok_and(|real| real.is_dir());
    if !is_there {
        return missing("There is no such folder in the store.");
    }
    let (row, _) = shelf.row(&Place::new(path), now);
    let verdict = row.ops.and_then(|_| read_verdict(shelf.store(), path).ok());
    let tally = match row.standing {
        Standing::Running | Standing::Unjudged => shelf.tally(path),
        _ => None,
    };
    let progress = tally.map(|(tally, whole)| {
        let at_least = if whole { "" } else { "at least " };
        let (begun, ok) = (counted(tally.begun, "operation"), count(tally.ok));
        format!("{at_least}{begun} so far, {ok} acknowledged")
    });
    let line = Line::of(shelf, &row);
    let facts = facts(&row, verdict.as_ref());
    let (ladder, anomalies, left) = verdict.as_ref().map(found).unwrap_or_default();
    let reasons: Vec<String> = match &verdict {
        Some(verdict) => verdict.reasons.iter().take(5).map(|why| shown(why, SENTENCE)).collect(),
        None => row.finding.clone().into_iter().collect(),
    };
    let running = row.standing == Standing::Running;
    let can_report = !running && shelf.has_report(path);
    let mut page = filled(
        200,
        "run.html",
        context! {
            title => format!("{}: {}", line.verdict, line.system),
            here => "runs",
            headline => headline(row.standing),
            subject => if line.facts.is_empty() { path.to_owned() } else { format!("{}, {}", line.system, line.facts) },
            report => can_report.then(|| super::report_link(path)),
            before => before(shelf, path),
            command => quoted(&shelf.store().path_of(path).display().to_string()),
            line, facts, ladder, anomalies, left, reasons, progress, running,
        },
    );
    page.again = running;
    page
}

/// A path as a shell reads it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=+".contains(c);
    match path.chars().all(plain) {
        true => path.to_owned(),
        false => format!("'{}'", shown(path, 4_096).replace('\'', "'\\''")),
    }
}

fn facts(row: &Row, verdict: Option<&Verdict>) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Began (UTC)", row.place.when.clone().unwrap_or_else(|| "–".to_owned()))];
    if let Some(verdict) = verdict {
        let took = verdict.faults.iter().filter(|fault| fault.took).count() as u64;
        let faults = verdict.faults.len() as u64;
        facts.push(("Nodes", count(verdict.nodes.len() as u64)));
        facts.push(("Operations", count(verdict.counts.ops)));
        if !verdict.untimed {
            facts.push(("Lasted", duration(verdict.duration_ns)));
        }
        facts.push((
            "Faults",
            if faults == 0 {
                "none".to_owned()
            } else {
                format!("{} of {} took hold", count(took), count(faults))
            },
        ));
    }
    facts
}

fn found(verdict: &Verdict) -> (Vec<Rung>, Vec<Anomaly>, u64) {
    let rung = |of: &afterall_checkers::PropertyVerdict| {
        let outcome = outcome_word(of);
        Rung {
            name: Promise::to(of.property, of.sessions).to_string(),
            outcome,
            tone: tone::of_word(outcome, of.promised),
            promised: of.promised,
        }
    };
    let mut ladder: Vec<Rung> = verdict.properties.iter().map(rung).collect();
    // Promised first; within, the strongest first.
    ladder.sort_by_key(|rung| !rung.promised);
    let anomaly = |of: &afterall_checkers::Anomaly| Anomaly {
        kind: of.kind.name(),
        breaks: Promise::to(of.property, of.sessions).to_string(),
        promised: of.promised,
        count: counted(of.count, "time"),
        sentence: shown(&of.sentence, SENTENCE),
        common: of.in_common().map(|text| shown(&text, SENTENCE)).unwrap_or_default(),
    };
    let anomalies: Vec<Anomaly> = verdict.anomalies.iter().take(ANOMALIES).map(anomaly).collect();
    let left = (verdict.anomalies.len() - anomalies.len()) as u64 + verdict.groups_left_out;
    (ladder, anomalies, left)
}

/// The comparison with the run before it in the same folder.
fn before(shelf: &Shelf, path: &str) -> Option<String> {
    let (group, _) = path.rsplit_once('/')?;
    let scan = scan(shelf.store()).ok()?;
    let at = scan.places.iter().position(|place| place.path == path)?;
    let in_group =
        |place: &&Place| place.path.rsplit_once('/').is_some_and(|(own, _)| own == group);
    let older = scan.places.get(at + 1..)?.iter().find(in_group)?;
    Some(format!("/compare?run={}&run={}", encoded(&older.path), encoded(path)))
}
