//! What is answered: pages from templates. What decides what stands on them is in the modules, how it looks in the `.html` files.

mod campaign;
mod campaigns;
mod compare;
mod now;
mod report;
mod run;
mod runs;
mod tone;

use crate::address::{Query, Route, encoded};
use crate::shelf::Shelf;
use afterall_reports::STYLE;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;
use std::time::SystemTime;

/// What is answered.
#[derive(Debug)]
pub(crate) struct Page {
    /// The status.
    pub(crate) status: u16,
    /// The content type.
    pub(crate) kind: &'static str,
    /// The content.
    pub(crate) body: Vec<u8>,
    /// Whether it is a report, which has a script.
    pub(crate) is_report: bool,
    /// Whether it changes, and is to be asked for again.
    pub(crate) again: bool,
}

const HTML: &str = "text/html; charset=utf-8";

impl Page {
    fn of(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Page {
        Page { status, kind, body: body.into(), is_report: false, again: false }
    }
}

/// The templates, by name.
const TEMPLATES: [(&str, &str); 10] = [
    ("base.html", include_str!("base.html")),
    ("facts.html", include_str!("facts.html")),
    ("both.html", include_str!("both.html")),
    ("runs.html", include_str!("runs.html")),
    ("run.html", include_str!("run.html")),
    ("compare.html", include_str!("compare.html")),
    ("campaigns.html", include_str!("campaigns.html")),
    ("campaign.html", include_str!("campaign.html")),
    ("now.html", include_str!("now.html")),
    ("message.html", include_str!("message.html")),
];

const OWN_STYLE: &str = include_str!("serve.css");
const ICON: &str = include_str!("icon.svg");

/// A template filled in. What is put in is text, whatever it holds.
fn filled(status: u16, template: &str, with: impl Serialize) -> Page {
    let render = || {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in TEMPLATES {
            templates.add_template(name, text)?;
        }
        templates.get_template(template)?.render(with)
    };
    match render() {
        Ok(html) => Page::of(status, HTML, html),
        Err(error) => {
            Page::of(500, "text/plain; charset=utf-8", format!("The page cannot be made: {error}"))
        }
    }
}

/// A page with nothing but a sentence.
fn message(status: u16, title: &str, why: &str) -> Page {
    filled(status, "message.html", context! { title, why, here => "", tone => "unsure" })
}

/// That something is not answered.
pub(crate) fn refused(status: u16, why: &str) -> Page {
    message(status, "Not answered", why)
}

/// That something is not there.
fn missing(why: &str) -> Page {
    message(404, "Not found", why)
}

/// The address of a run's page, of its report and of a campaign's page.
fn run_link(path: &str) -> String {
    format!("/run/{}", encoded(path))
}

fn report_link(path: &str) -> String {
    format!("/report/{}", encoded(path))
}

fn campaign_link(path: &str) -> String {
    format!("/campaign/{}", encoded(path))
}

/// Answers what is asked for.
pub(crate) fn page(shelf: &Shelf, route: &Route, query: &Query, now: SystemTime) -> Page {
    match route {
        Route::Runs => runs::page(shelf, query, now),
        Route::Run(path) => run::page(shelf, path, now),
        Route::Report(path) => report::page(shelf, path, now),
        Route::Compare => compare::page(shelf, query),
        Route::Campaigns => campaigns::page(shelf, now),
        Route::Campaign(path) => campaign::page(shelf, path, now),
        Route::Now => now::page(shelf, now),
        Route::Style => Page::of(200, "text/css; charset=utf-8", [STYLE, OWN_STYLE].concat()),
        Route::Icon => Page::of(200, "image/svg+xml", ICON),
        Route::Nothing => missing("There is no such page."),
    }
}
