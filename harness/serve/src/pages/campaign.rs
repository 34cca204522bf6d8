//! A campaign: what it comes to, its heat map, its findings, and the nights before.

use super::campaigns::{CAMPAIGNS_MAX, minute};
use super::{Page, campaign_link, filled, message, missing, run_link, tone};
use crate::shelf::{Shelf, day};
use afterall_campaign::{Finding, Heat, Night, NightSummary, Report, Seen, heat};
use afterall_checkers::words::{count, counted, duration, percent};
use afterall_store::{Campaign, plain, same_name, scan, shown};
use minijinja::context;
use serde::Serialize;
use std::sync::Arc;
use std::time::SystemTime;

/// How many nights are shown, and held against each other.
const NIGHTS_MAX: usize = 30;
/// How many findings, and cells, are shown.
const FINDINGS_MAX: usize = 100;
const CELLS_MAX: usize = 200;
/// How many characters of a name or a sentence are shown.
const TEXT: usize = 300;

#[derive(Debug, Serialize)]
struct Told {
    key: String,
    standing: &'static str,
    tone: &'static str,
    now: String,
    before: String,
    odds: String,
    first: String,
    why: String,
    excuse: String,
    /// The page of the smallest run, where it is kept.
    smallest: Option<String>,
    seed: String,
}

#[derive(Debug, Serialize)]
struct Field {
    tone: &'static str,
    word: &'static str,
    failed: String,
    runs: String,
}

#[derive(Debug, Serialize)]
struct HeatLine {
    name: String,
    fields: Vec<Option<Field>>,
}

#[derive(Debug, Serialize)]
struct Cell {
    label: String,
    worst: &'static str,
    worst_tone: &'static str,
    together: &'static str,
    together_tone: &'static str,
    failed: String,
}

#[derive(Debug, Serialize)]
struct NightLine {
    link: String,
    name: String,
    ended: String,
    runs: String,
    failed: String,
    unknown: String,
    crashed: String,
    ways: String,
    took_hold: String,
    took: String,
    canary: String,
    /// The bar of its share of failures: where it stands, and how high it is, in hundredths.
    x: usize,
    height: u64,
    is_this: bool,
}

pub(super) fn page(shelf: &Shelf, path: &str, now: SystemTime) -> Page {
    if !plain(path) {
        return missing("There is no such campaign in the store.");
    }
    let one = match shelf.campaign(path) {
        Ok(one) => one,
        Err(error) => return missing(&error.to_string()),
    };
    let Some(today) = day(now) else { return message(500, "No day", "The clock tells no day.") };
    let others = others(shelf, path);
    let nights = same_name(others.iter().map(Arc::as_ref).chain([&*one]), &one);
    let nights = nights.get(nights.len().saturating_sub(NIGHTS_MAX)..).unwrap_or_default();
    let before: Vec<Night<'_>> = nights
        .iter()
        .filter(|campaign| campaign.path != path)
        .map(|campaign| Night { name: &campaign.path, index: &campaign.index })
        .collect();
    let this = Night { name: path, index: &one.index };
    let report = Report::new(&this, &before, shelf.known(), today);
    let findings: Vec<Told> =
        report.findings.iter().take(FINDINGS_MAX).map(|of| told(shelf, of)).collect();
    let heat = heat(&report.cells);
    let cells: Vec<Cell> = report
        .worst_first()
        .into_iter()
        .take(CELLS_MAX)
        .map(|cell| Cell {
            label: shown(&cell.label, TEXT),
            worst: cell.worst.name(),
            worst_tone: tone::of_end(cell.worst),
            together: cell.together.name(),
            together_tone: tone::of_end(cell.together),
            failed: format!("{} of {}", count(cell.failed), count(cell.runs)),
        })
        .collect();
    let canary = report.canary.as_ref().map(|canary| {
        let mutant = shown(&canary.canary.mutant, TEXT);
        format!("{mutant}: found in {} of {}", count(canary.found), counted(canary.made, "run"))
    });
    let crash = report.first_crash.as_ref().map(|(run, why)| {
        format!("The first run that crashed is {}: {}", count(*run), shown(why, TEXT))
    });
    let grows = shelf.grows(path, now) && report.made < report.runs;
    let mut page = filled(
        200,
        "campaign.html",
        context! {
            title => shown(&report.file, 80),
            here => "campaigns",
            path,
            judgement => report.judgement.name(),
            tone => tone::of_judgement(report.judgement),
            line => shown(&report.line(), TEXT),
            reasons => report.reasons.iter().take(10).map(|why| shown(why, TEXT)).collect::<Vec<_>>(),
            facts => [
                ("Runs", format!("{} of {}", count(report.made), count(report.runs))),
                ("Failed", count(report.failed)),
                ("Unknown", count(report.unknown)),
                ("Crashed", count(report.crashed)),
                ("Canary", canary.unwrap_or_else(|| "none".to_owned())),
                ("Last run ended (UTC)", if one.ended.is_empty() { "–".to_owned() } else { minute(&one.ended) }),
            ],
            crash,
            findings,
            findings_left => report.findings.len().saturating_sub(FINDINGS_MAX),
            columns => heat.columns.iter().map(|name| shown(name, 60)).collect::<Vec<_>>(),
            rows => lines(&heat),
            heat_left => heat.left_out,
            cells,
            cells_left => report.cells.len().saturating_sub(CELLS_MAX),
            highest => percent(highest(nights)),
            nights => night_lines(nights, path),
            chart_width => nights.len() * BAR,
            before => counted(before.len() as u64, "night"),
            grows,
        },
    );
    page.again = grows;
    page
}

/// The other campaigns of the store that can be read.
fn others(shelf: &Shelf, path: &str) -> Vec<Arc<Campaign>> {
    let all = scan(shelf.store()).map(|scan| scan.campaigns).unwrap_or_default();
    let others = all.iter().rev().filter(|other| *other != path).take(CAMPAIGNS_MAX);
    others.filter_map(|other| shelf.campaign(other).ok()).collect()
}

fn told(shelf: &Shelf, finding: &Finding) -> Told {
    let Finding { key, standing, now, before, first, smallest, .. } = finding;
    let times = |(hits, runs): (u64, u64)| format!("{} of {}", count(hits), count(runs));
    let (low, high) = finding.odds();
    let odds = match finding.luck {
        None => format!("{} to {}", percent(low), percent(high)),
        Some(luck) => format!("by luck in {}", percent(luck)),
    };
    let Seen { night, run, cell, seed, why, .. } = smallest;
    let kept = shelf.is_kept(night, *run);
    Told {
        key: shown(key, TEXT),
        standing: standing.name(),
        tone: if finding.excuse.as_ref().is_some_and(|excuse| !excuse.expired) {
            "plain"
        } else {
            tone::of_finding(*standing)
        },
        now: times(*now),
        before: if before.1 == 0 { "–".to_owned() } else { times(*before) },
        odds,
        first: format!(
            "{}, seed {} of {}",
            shown(&first.night, 80),
            first.seed,
            shown(&first.cell, TEXT)
        ),
        why: shown(why, TEXT),
        excuse: finding.excuse.as_ref().map(|of| shown(&of.to_string(), TEXT)).unwrap_or_default(),
        smallest: kept.then(|| run_link(&format!("{night}/runs/{run}"))),
        seed: format!("run {run}, seed {seed} of {}", shown(cell, TEXT)),
    }
}

fn lines(heat: &Heat) -> Vec<HeatLine> {
    let field = |of: &afterall_campaign::Field| Field {
        tone: tone::of_end(of.worst),
        word: of.worst.name(),
        failed: count(of.failed),
        runs: count(of.runs),
    };
    let line = |row: &afterall_campaign::HeatRow| HeatLine {
        name: shown(&row.name, 120),
        fields: row.fields.iter().map(|of| of.as_ref().map(field)).collect(),
    };
    heat.rows.iter().map(line).collect()
}

/// How wide the bar of a night is, with the gap beside it.
const BAR: usize = 24;

/// The share of failed runs of the worst night.
fn highest(nights: &[&Campaign]) -> f64 {
    let share = |campaign: &&Campaign| {
        NightSummary::of(&Night { name: &campaign.path, index: &campaign.index }).failed_share()
    };
    nights.iter().map(share).fold(0.0, f64::max)
}

fn night_lines(nights: &[&Campaign], path: &str) -> Vec<NightLine> {
    let summed: Vec<NightSummary> = nights
        .iter()
        .map(|campaign| NightSummary::of(&Night { name: &campaign.path, index: &campaign.index }))
        .collect();
    let most = summed.iter().map(NightSummary::failed_share).fold(f64::MIN_POSITIVE, f64::max);
    let line = |(place, night): (usize, &NightSummary)| NightLine {
        link: campaign_link(&night.name),
        name: night.name.clone(),
        ended: minute(&night.ended),
        runs: count(night.runs),
        failed: format!("{} ({})", count(night.failed), percent(night.failed_share())),
        unknown: count(night.unknown),
        crashed: count(night.crashed),
        ways: count(night.ways),
        took_hold: match night.faults {
            (0, _) => "–".to_owned(),
            (all, took) => percent(took as f64 / all as f64),
        },
        took: duration(i64::try_from(night.took_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX)),
        canary: night.canary.map_or("–".to_owned(), |(found, made)| {
            format!("{} of {}", count(found), count(made))
        }),
        x: place * BAR,
        height: (night.failed_share() / most * 100.0).round() as u64,
        is_this: night.name == path,
    };
    summed.iter().enumerate().map(line).collect()
}
