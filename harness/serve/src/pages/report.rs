//! The report on a run, as its file has it, or made where that is missing.

use super::{HTML, Page, message, missing};
use crate::shelf::{NoReport, Shelf};
use afterall_store::{Refusal, plain};
use std::time::SystemTime;

pub(super) fn page(shelf: &Shelf, path: &str, now: SystemTime) -> Page {
    if !plain(path) {
        return missing("There is no such folder in the store.");
    }
    match shelf.report(path, now) {
        Ok(bytes) => Page { is_report: true, ..Page::of(200, HTML, bytes) },
        Err(NoReport::Refused(refusal)) if refusal.is_missing() => {
            missing("There is no such run, or nothing is recorded of it.")
        }
        Err(error @ NoReport::Refused(Refusal::Outside(_))) => {
            message(403, "Not answered", &error.to_string())
        }
        Err(error @ NoReport::Running) => message(409, "It runs", &error.to_string()),
        Err(error @ NoReport::TooLarge(_)) => message(413, "Too large", &error.to_string()),
        Err(error) => message(500, "No report", &error.to_string()),
    }
}
