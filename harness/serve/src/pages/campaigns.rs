//! The campaigns of the store.

use super::{Page, campaign_link, filled, message, tone};
use crate::shelf::{Shelf, day};
use afterall_campaign::{Night, Report};
use afterall_checkers::words::count;
use afterall_store::{scan, shown};
use minijinja::context;
use serde::Serialize;
use std::time::SystemTime;

/// How many campaigns are read for a page.
pub(super) const CAMPAIGNS_MAX: usize = 200;

#[derive(Debug, Serialize)]
struct Line {
    path: String,
    link: String,
    file: String,
    ended: String,
    judgement: &'static str,
    tone: &'static str,
    made: String,
    says: String,
    wrong: String,
}

/// `2026-11-28T07:00:00Z` as `2026-11-28 07:00`.
pub(super) fn minute(time: &str) -> String {
    shown(time.get(..16).unwrap_or(time), 20).replace('T', " ")
}

pub(super) fn page(shelf: &Shelf, now: SystemTime) -> Page {
    let scan = match scan(shelf.store()) {
        Ok(scan) => scan,
        Err(error) => return message(500, "The store cannot be read", &error.to_string()),
    };
    let Some(today) = day(now) else { return message(500, "No day", "The clock tells no day.") };
    let mut lines: Vec<Line> = Vec::new();
    for path in scan.campaigns.iter().rev().take(CAMPAIGNS_MAX) {
        let link = campaign_link(path);
        let line = match shelf.campaign(path) {
            Ok(campaign) => {
                let night = Night { name: path, index: &campaign.index };
                let report = Report::new(&night, &[], shelf.known(), today);
                Line {
                    path: path.clone(),
                    link,
                    file: shown(&campaign.index.header.file, 80),
                    ended: minute(&campaign.ended),
                    judgement: report.judgement.name(),
                    tone: tone::of_judgement(report.judgement),
                    made: format!("{} of {}", count(report.made), count(report.runs)),
                    says: report.reasons.first().map(|why| shown(why, 300)).unwrap_or_default(),
                    wrong: String::new(),
                }
            }
            Err(error) => Line {
                path: path.clone(),
                link,
                file: "–".to_owned(),
                ended: String::new(),
                judgement: "unreadable",
                tone: "unsure",
                made: "–".to_owned(),
                says: String::new(),
                wrong: shown(&error.to_string(), 300),
            },
        };
        lines.push(line);
    }
    // The newest first; those of one minute by name.
    lines.sort_by(|a, b| (&b.ended, &a.path).cmp(&(&a.ended, &b.path)));
    let left = scan.campaigns.len().saturating_sub(CAMPAIGNS_MAX);
    filled(
        200,
        "campaigns.html",
        context! { title => "Campaigns", here => "campaigns", lines, left },
    )
}
