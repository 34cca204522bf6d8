//! The HTML report in a real browser: headless Chromium, driven through chromedriver by plain WebDriver calls.
//!
//! Needs `chromium` and `chromedriver` in `/usr/bin` (or where `CHROMIUM` and `CHROMEDRIVER` say). Without them the
//! tests are counted as ignored; with `AFTERALL_REQUIRE_ALL=1` they fail. `AFTERALL_SHOTS=DIR` keeps screenshots and
//! pages.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod fixture;
mod opened;
mod real;
mod webdriver;

use afterall_checkers::verdict::AnomalyKind;
use afterall_needs::{NOTHING, tests};
use opened::{Page, READY};
use real::{
    a_copied_witness_is_judged_the_same, a_divergence_joins_the_reads_that_disagree,
    a_lost_write_joins_the_final_reads_that_do_not_show_it,
    an_address_brings_back_zoom_filter_and_pin, filters_say_how_much_is_here,
    nothing_serious_stands_in_the_way_of_anybody,
    the_page_of_a_broken_run_begins_with_the_gravest_and_is_short,
    the_page_of_a_valid_run_is_short, what_cannot_have_influenced_a_clicked_operation_is_greyed,
};
use serde_json::{Value, json};
use std::process::ExitCode;
use webdriver::Browser;

fn main() -> ExitCode {
    afterall_needs::run(tests! {
        Browser::is_there =>
            a_report_loads_draws_and_leads_from_an_anomaly_to_the_timeline,
            what_the_checkers_find_can_be_looked_at,
            permalinks_lead_to_anomalies_and_operations,
            hostile_data_is_shown_and_not_run,
            nothing_sticks_out_at_any_width_in_light_or_dark,
            an_empty_run_and_a_large_one_load_too,
            transactions_are_shown_without_a_timeline,
            the_page_of_a_valid_run_is_short,
            the_page_of_a_broken_run_begins_with_the_gravest_and_is_short,
            a_divergence_joins_the_reads_that_disagree,
            a_lost_write_joins_the_final_reads_that_do_not_show_it,
            filters_say_how_much_is_here,
            an_address_brings_back_zoom_filter_and_pin,
            what_cannot_have_influenced_a_clicked_operation_is_greyed;
        NOTHING => a_copied_witness_is_judged_the_same;
        axe_is_there => nothing_serious_stands_in_the_way_of_anybody;
    })
}

/// The browser, and axe-core, which looks for what keeps people out. It comes with `npm ci` in `reports`, is injected by
/// the test, and is no part of the page.
fn axe_is_there() -> Result<(), String> {
    Browser::is_there()?;
    match real::axe().exists() {
        true => Ok(()),
        false => Err("there is no axe-core: run `npm ci` in reports".to_owned()),
    }
}

fn a_report_loads_draws_and_leads_from_an_anomaly_to_the_timeline() {
    let history = fixture::history(3000, false);
    let verdict = fixture::verdict(&history);
    let page = Page::open(&history, &verdict, "");
    page.until(READY);
    page.until("document.querySelector('#timeline canvas').width > 0");
    assert!(page.drawn("#timeline canvas") > 0.05, "{}", page.drawn("#timeline canvas"));
    page.js("location.hash = '#convergence'");
    page.until("document.querySelector('#convergence canvas').width > 0");
    assert!(page.drawn("#convergence canvas") > 0.05);
    let section = page.js("return document.querySelector('#convergence').textContent");
    for says in ["6.7 %of 900 reads were stale", "the oldest, at n3, 7 writes behind at most"] {
        assert!(section.as_str().unwrap().contains(says), "{says}: {section}");
    }
    assert_eq!(
        page.js("return document.querySelectorAll('#anomalies article').length"),
        json!(verdict.anomalies.len())
    );
    assert_eq!(page.js("return document.querySelector('h1').textContent"), json!("It broke."));
    assert!(
        page.js("return document.querySelectorAll('#performance path').length").as_u64().unwrap()
            >= 3
    );

    // A click on an anomaly zooms to its operations.
    let anomaly = &verdict.anomalies[0];
    let before = page.js("return window.afterall.view");
    page.js("document.querySelector('#anomaly-1 button.show').click()");
    let after = page.js("return window.afterall.view");
    let span = |view: &Value| view["to"].as_f64().unwrap() - view["from"].as_f64().unwrap();
    assert!(span(&after) < span(&before) / 2.0, "{before} {after}");
    assert!(after["from"].as_f64().unwrap() <= anomaly.from as f64);
    assert!(after["to"].as_f64().unwrap() >= anomaly.to as f64);
    assert_eq!(after["marked"], json!(anomaly.witness));

    // Keys zoom and move; a pinned operation is told in full.
    page.js("const c = document.querySelector('#timeline canvas'); c.focus();
             for (const key of ['+', 'ArrowRight', 'n']) c.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));");
    let keyed = page.js("return window.afterall.view");
    assert!(span(&keyed) < span(&after), "{keyed}");
    assert!(keyed["pinned"].is_u64(), "{keyed}");
    page.until("document.querySelector('.pinned dl')");
    page.assert_no_complaints();
}

fn what_the_checkers_find_can_be_looked_at() {
    let history = fixture::history(3000, false);
    let verdict = afterall_checkers::check(&history);
    assert!(!verdict.anomalies.is_empty(), "{:?}", verdict.reasons);
    let page = Page::open(&history, &verdict, "");
    page.until(READY);
    for anomaly in &verdict.anomalies {
        let id = anomaly.id;
        page.js(&format!("location.hash = '#anomaly-{id}'"));
        page.until(&format!("document.querySelector('#anomaly-{id} button.show')"));
        if !anomaly.edges.is_empty() {
            page.until(&format!("document.querySelectorAll('#anomaly-{id} svg rect').length >= 2"));
        }
        page.js(&format!("document.querySelector('#anomaly-{id} button.show').click()"));
        let view = page.js("return window.afterall.view");
        assert_eq!(view["marked"], json!(anomaly.witness));
        assert!(view["from"].as_f64().unwrap() <= anomaly.from as f64, "{id}: {view}");
        assert!(view["to"].as_f64().unwrap() >= anomaly.to as f64, "{id}: {view}");
    }
    page.browser.resize(1280, 1400);
    page.shots("checked");
    page.assert_no_complaints();
}

fn permalinks_lead_to_anomalies_and_operations() {
    let history = fixture::history(3000, false);
    let verdict = fixture::verdict(&history);
    let page = Page::open(&history, &verdict, "#anomaly-2");
    page.until("document.querySelector('#anomaly-2.target')");
    page.until("(() => { const b = document.querySelector('#anomaly-2').getBoundingClientRect(); return b.top < innerHeight && b.bottom > 0; })()");
    let op = verdict.anomalies[0].witness[0];
    page.browser.go("about:blank");
    page.browser.go(&format!("{}#op-{op}", page.url));
    page.until(&format!("window.afterall && window.afterall.view.pinned === {op}"));
    // And from within the page.
    let other = verdict.anomalies[0].witness[1];
    page.js(&format!(
        "document.querySelector('#anomalies .graph a[href=\"#op-{other}\"]')
           .dispatchEvent(new MouseEvent('click', {{ bubbles: true, cancelable: true }}))"
    ));
    page.until(&format!("window.afterall.view.pinned === {other}"));
    // One that is not there is no error.
    page.js("location.hash = '#op-99999999'");
    page.until("document.querySelector('.pinned').textContent.includes('99999999')");
    page.assert_no_complaints();
}

fn hostile_data_is_shown_and_not_run() {
    let history = fixture::history(3000, true);
    let mut verdict = fixture::verdict(&history);
    for text in [&mut verdict.target, &mut verdict.world, &mut verdict.reasons[0]] {
        *text = format!("</script>{}<img src=x onerror=alert(2)>", fixture::HOSTILE);
    }
    // It turns the direction of all that follows.
    verdict.anomalies[0].sentence.push_str(" \u{202e}desrever");
    let page = Page::open(&history, &verdict, "");
    page.until(READY);
    assert!(page.browser.no_dialog());
    let text = page.js("return document.body.textContent");
    assert!(text.as_str().unwrap().contains("⟨U+202E⟩desrever"));
    assert_eq!(
        page.js("return document.querySelector('main').textContent.includes('\\u202e')"),
        json!(false)
    );
    assert_eq!(page.js("return document.querySelectorAll('img, main script').length"), json!(0));
    let text = page.js("return document.body.innerText");
    assert!(text.as_str().unwrap().contains(fixture::HOSTILE));
    page.js("document.querySelectorAll('#anomalies button.show').forEach(b => b.click())");
    let op = verdict.anomalies[0].witness[0];
    page.js(&format!("location.hash = '#op-{op}'"));
    page.until("document.querySelector('.pinned code').textContent.includes('<script>')");
    assert!(page.browser.no_dialog());
    // Even if something got in, the policy would not run it.
    page.js("const s = document.createElement('script'); s.textContent = 'window.got_in = 1'; document.body.append(s);");
    assert_eq!(page.js("return window.got_in === undefined"), json!(true));
}

fn nothing_sticks_out_at_any_width_in_light_or_dark() {
    let history = fixture::history(3000, false);
    let verdict = fixture::verdict(&history);
    let page = Page::open(&history, &verdict, "");
    for (scheme, width, height) in
        [("light", 1280, 900), ("dark", 1280, 900), ("light", 390, 844), ("dark", 390, 844)]
    {
        page.browser.scheme(scheme);
        page.browser.resize(width, height);
        page.browser.go("about:blank");
        page.browser.go(&page.url);
        page.until(READY);
        assert_eq!(page.js("return innerWidth").as_u64().unwrap(), width);
        let wide = page.js("return document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(wide <= width, "{wide} at {width}");
        page.until("document.querySelector('#timeline canvas').width > 0");
        let dark = page.js("return matchMedia('(prefers-color-scheme: dark)').matches");
        assert_eq!(dark, json!(scheme == "dark"));
        page.shots(&format!("{scheme}-{width}"));
        // Nor when all is unfolded.
        page.js("document.querySelectorAll('main details').forEach(d => { d.open = true; })");
        page.until("document.querySelectorAll('.graph > svg').length > 1");
        let wide = page.js("return document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(wide <= width, "{wide} at {width}, unfolded");
        page.js("document.querySelector('#anomaly-1 button.show').click()");
        page.js("document.getElementById('timeline').scrollIntoView({ behavior: 'instant' })");
        page.until("window.afterall.view.marked.length > 0");
        page.shot(&format!("{scheme}-{width}-zoomed"));
    }
    page.assert_no_complaints();
}

fn an_empty_run_and_a_large_one_load_too() {
    use afterall_history::{Header, HistoryBuilder, Workload};
    let header = Header::new("reference", Workload::Register, 1, ["n1"]);
    let empty = HistoryBuilder::new(header).unwrap().finish();
    let mut nothing = fixture::good(&empty);
    nothing.figures = afterall_checkers::verdict::Figures::default();
    let page = Page::open(&empty, &nothing, "");
    page.until(READY);
    page.assert_no_complaints();
    drop(page);
    let large = fixture::history(300_000, false);
    let page = Page::open(&large, &fixture::verdict(&large), "");
    page.until(READY);
    page.until("document.querySelector('#timeline canvas').width > 0");
    assert!(page.drawn("#timeline canvas") > 0.05);
    assert!(
        page.js("return document.querySelector('#timeline .lead').textContent")
            .as_str()
            .unwrap()
            .contains(" of ")
    );
    page.browser.resize(1280, 900);
    page.js("document.querySelector('#timeline').scrollIntoView({ behavior: 'instant' })");
    page.shot("large");
    page.assert_no_complaints();
}

fn transactions_are_shown_without_a_timeline() {
    use afterall_history::{Header, HistoryBuilder, Workload};
    let mut verdict = fixture::verdict(&fixture::history(300, false));
    let header = Header::new("plume", Workload::Transactions, 0, ["?"]);
    let none = HistoryBuilder::new(header).unwrap().finish();
    verdict.workload = Workload::Transactions;
    verdict.world = "recorded".to_owned();
    verdict.faults.clear();
    verdict.untimed = true;
    verdict.anomalies[0].kind = AnomalyKind::CausalStaleRead;
    let page = Page::open(&none, &verdict, "#op-1");
    page.until(READY);
    let gone =
        "return document.querySelectorAll('canvas, #timeline, #convergence, #performance').length";
    assert_eq!(page.js(gone), json!(0));
    let shown = page.js("return document.querySelectorAll('#anomalies article').length");
    assert_eq!(shown, json!(verdict.anomalies.len()));
    let text = page.js("return document.body.innerText");
    for claim in ["SEED", "None were injected", "cut off", "Show in timeline", "LASTED"] {
        assert!(!text.as_str().unwrap().contains(claim), "{claim}");
    }
    let text = page.js("return document.querySelector('main').textContent");
    for claim in [AnomalyKind::CausalStaleRead.summary(), "nothing that it implies was broken"] {
        assert!(text.as_str().unwrap().contains(claim), "{claim}: {text}");
    }
    page.assert_no_complaints();
}
