//! The store in a real browser: headless Chromium walks from the runs to a report, two runs side by side, and a campaign.
//!
//! Needs what the tests of the report need; `AFTERALL_SHOTS=DIR` keeps screenshots.

#![expect(clippy::disallowed_methods, reason = "waiting has a limit")]
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod stored;
#[path = "../../../reports/tests/webdriver/mod.rs"]
mod webdriver;

use afterall_needs::tests;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use stored::{BAD, HOSTILE, Server, UNREPORTED};
use webdriver::Browser;

fn main() -> ExitCode {
    afterall_needs::run(tests! {
        Browser::is_there =>
            a_report_draws_itself_in_its_sandbox_and_sees_nothing_else,
            one_walks_from_the_runs_to_a_report_a_comparison_and_a_campaign,
            nothing_sticks_out_at_any_width_in_light_or_dark;
    })
}

/// Waits until a condition in the page holds.
fn until(browser: &Browser, condition: &str) {
    let begin = std::time::Instant::now();
    while browser.js(&format!("return !!({condition})")) != json!(true) {
        let page = browser.js("return location.href + ' ' + document.body.innerText");
        assert!(begin.elapsed().as_secs() < 30, "never: {condition}\n{page}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn says(browser: &Browser, words: &str) {
    until(browser, &format!("document.body && document.body.innerText.includes({})", json!(words)));
}

fn click(browser: &Browser, selector: &str) {
    browser.js(&format!("document.querySelector({}).click()", json!(selector)));
}

/// The report as the program makes it.
fn report(folder: &Path) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let history = afterall_history::read_jsonl(&folder.join("history.jsonl"))?;
    let verdict = afterall_checkers::check(&history);
    Ok(afterall_reports::report_html(&history, &verdict, &Default::default())?)
}

fn a_report_draws_itself_in_its_sandbox_and_sees_nothing_else() {
    let server = Server::with(report);
    let browser = Browser::start();
    browser.go(&format!("http://{}/report/{UNREPORTED}#op-1", server.address));
    until(&browser, "window.afterall && document.querySelector('#appendix-title')");
    let log = browser.log();
    assert!(log.is_empty(), "{log:?}");
    assert_eq!(browser.js("return window.origin"), json!("null"));
    browser.js("window.got = 'asked'; fetch('/').then(() => { window.got = 'read'; }, () => { window.got = 'refused'; })");
    until(&browser, "window.got === 'refused'");
}

fn one_walks_from_the_runs_to_a_report_a_comparison_and_a_campaign() {
    let server = Server::start();
    let browser = Browser::start();
    let address = format!("http://{}", server.address);
    browser.go(&address);
    says(&browser, "no-lost-writes broken: lost write");
    // What a target calls itself is text.
    says(&browser, HOSTILE);
    assert!(browser.no_dialog());
    // Without a script of ours: fields and a button.
    browser.js("document.querySelector('input[name=q]').value = 'Lost 20261127'");
    browser.js("document.querySelector('form.filter').requestSubmit()");
    until(&browser, "location.search.includes('q=Lost')");
    assert_eq!(browser.js("return document.querySelectorAll('tbody tr').length"), json!(1));
    click(&browser, &format!("a[href='/run/{BAD}']"));
    says(&browser, "It broke.");
    click(&browser, &format!("a[href='/report/{BAD}']"));
    until(&browser, "document.querySelector('#kept')");
    browser.go(&address);
    says(&browser, "Compare the two");
    browser.js("[...document.querySelectorAll('input[name=run]:not([disabled])')].slice(0, 2).forEach(box => { box.checked = true; })");
    browser.js("document.querySelector('form[action=\"/compare\"]').requestSubmit()");
    says(&browser, "They came out otherwise.");
    click(&browser, "nav a[href='/campaigns']");
    says(&browser, "nightly.toml");
    click(&browser, "a[href='/campaign/campaigns/night-28']");
    says(&browser, "What under which faults");
    assert_eq!(browser.js("return document.querySelectorAll('svg.nights rect').length"), json!(3));
    click(&browser, "a[href='/run/campaigns/night-28/runs/0']");
    says(&browser, "It broke.");
    click(&browser, "nav a[href='/now']");
    says(&browser, "Nothing runs.");
    let log = browser.log();
    assert!(log.is_empty(), "{log:?}");
}

fn nothing_sticks_out_at_any_width_in_light_or_dark() {
    let server = Server::start();
    let browser = Browser::start();
    let address = format!("http://{}", server.address);
    let compare = format!("/compare?run=reference-register/20261128T030000Z-2&run={BAD}");
    let run = format!("/run/{BAD}");
    let pages = [
        ("runs", "/"),
        ("run", run.as_str()),
        ("compare", compare.as_str()),
        ("campaigns", "/campaigns"),
        ("campaign", "/campaign/campaigns/night-28"),
        ("now", "/now"),
        ("nothing", "/nowhere"),
    ];
    for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)] {
        browser.scheme(scheme);
        browser.resize(width, 1200);
        for (name, path) in pages {
            browser.go(&format!("{address}{path}"));
            until(&browser, "document.querySelector('h1')");
            let wide = browser.js("return document.documentElement.scrollWidth").as_u64().unwrap();
            assert!(wide <= width, "{name}: {wide} at {width}");
            if let Some(folder) = std::env::var_os("AFTERALL_SHOTS") {
                let path = PathBuf::from(folder).join(format!("{name}-{scheme}-{width}.png"));
                std::fs::write(path, browser.screenshot()).unwrap();
            }
        }
    }
}
