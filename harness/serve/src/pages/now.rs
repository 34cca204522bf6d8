//! What runs now.

use super::runs::Line;
use super::{Page, campaign_link, filled, message};
use crate::shelf::Shelf;
use afterall_checkers::words::{count, counted};
use afterall_store::{Place, Standing, scan, shown};
use minijinja::context;
use serde::Serialize;
use std::time::SystemTime;

/// How many of the newest runs are looked at: what runs now began not long ago.
const NEWEST: usize = 500;

#[derive(Debug, Serialize)]
struct Running {
    line: Line,
    progress: String,
}

#[derive(Debug, Serialize)]
struct Growing {
    link: String,
    path: String,
    progress: String,
    made: u64,
    of: u64,
}

pub(super) fn page(shelf: &Shelf, now: SystemTime) -> Page {
    let scan = match scan(shelf.store()) {
        Ok(scan) => scan,
        Err(error) => return message(500, "The store cannot be read", &error.to_string()),
    };
    let parts = scan.campaigns.iter().flat_map(|path| shelf.parts(path)).map(Place::new);
    let places = scan.places.iter().take(NEWEST).cloned().chain(parts);
    let running: Vec<Running> = places
        .map(|place| shelf.row(&place, now).0)
        .filter(|row| row.standing == Standing::Running)
        .map(|row| {
            let progress = match shelf.tally(&row.place.path) {
                Some((tally, whole)) => {
                    let at_least = if whole { "" } else { "at least " };
                    let begun = counted(tally.begun, "operation");
                    format!("{at_least}{begun}, {} acknowledged", count(tally.ok))
                }
                None => "nothing is recorded yet".to_owned(),
            };
            Running { line: Line::of(shelf, &row), progress }
        })
        .collect();
    let growing: Vec<Growing> = scan
        .campaigns
        .iter()
        .filter(|path| shelf.grows(path, now))
        .filter_map(|path| {
            let campaign = shelf.campaign(path).ok()?;
            let (made, of) = (campaign.index.lines.len() as u64, campaign.index.header.own_runs());
            let failed = campaign.index.runs().filter(|line| line.fails()).count() as u64;
            let progress =
                format!("{} of {}, {} failed", count(made), counted(of, "run"), count(failed));
            let path = path.clone();
            (made < of).then(|| Growing {
                link: campaign_link(&path),
                path: shown(&path, 200),
                progress,
                made,
                of,
            })
        })
        .collect();
    let mut page = filled(
        200,
        "now.html",
        context! { title => "Running now", here => "now", running, growing },
    );
    page.again = true;
    page
}
