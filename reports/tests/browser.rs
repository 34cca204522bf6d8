//! The HTML report in a real browser: headless Chromium, driven through chromedriver by plain WebDriver calls.
//!
//! Needs `chromium` and `chromedriver` in `/usr/bin` (or where `CHROMIUM` and `CHROMEDRIVER` say). Without them the
//! tests are counted as ignored; with `AFTERALL_REQUIRE_ALL=1` they fail. `AFTERALL_SHOTS=DIR` keeps screenshots.

#![expect(clippy::disallowed_methods, reason = "waiting has a limit")]
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod fixture;
mod webdriver;

use afterall_checkers::Verdict;
use afterall_checkers::verdict::AnomalyKind;
use afterall_history::History;
use afterall_needs::tests;
use afterall_reports::report_html;
use serde_json::{Value, json};
use std::path::PathBuf;
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
            transactions_are_shown_without_a_timeline;
    })
}

struct Page {
    browser: Browser,
    url: String,
    _folder: tempfile::TempDir,
}

impl Page {
    /// Opens a report.
    fn open(history: &History, verdict: &Verdict, address: &str) -> Page {
        let browser = Browser::start();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        std::fs::write(&path, report_html(history, verdict, &fixture::context()).unwrap()).unwrap();
        let url = format!("file://{}", path.display());
        browser.go(&format!("{url}{address}"));
        Page { browser, url, _folder: folder }
    }

    fn js(&self, script: &str) -> Value {
        self.browser.js(script)
    }

    /// Waits until a condition in the page holds.
    fn until(&self, condition: &str) {
        let begin = std::time::Instant::now();
        while self.js(&format!("return !!({condition})")) != json!(true) {
            assert!(begin.elapsed().as_secs() < 30, "never: {condition}\n{:?}", self.browser.log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// The share of a canvas's pixels that are not the commonest colour.
    fn drawn(&self, selector: &str) -> f64 {
        let script = format!(
            "const c = document.querySelector('{selector}');
             const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
             const n = new Map();
             for (let i = 0; i < d.length; i += 4) {{
               const k = d[i] << 24 | d[i+1] << 16 | d[i+2] << 8 | d[i+3];
               n.set(k, (n.get(k) ?? 0) + 1);
             }}
             return 1 - Math.max(...n.values()) / (d.length / 4);"
        );
        self.js(&script).as_f64().unwrap()
    }

    fn shot(&self, name: &str) {
        if let Some(folder) = std::env::var_os("AFTERALL_SHOTS") {
            let path = PathBuf::from(folder).join(format!("{name}.png"));
            std::fs::write(path, self.browser.screenshot()).unwrap();
        }
    }

    /// A picture of each section, where pictures are wanted.
    fn shots(&self, name: &str) {
        if std::env::var_os("AFTERALL_SHOTS").is_none() {
            return;
        }
        for id in ["verdict", "anomalies", "timeline", "convergence", "performance", "appendix"] {
            self.js(&format!(
                "document.getElementById('{id}').scrollIntoView({{ behavior: 'instant' }})"
            ));
            std::thread::sleep(std::time::Duration::from_millis(150));
            self.shot(&format!("{name}-{id}"));
        }
    }

    fn assert_no_complaints(&self) {
        let log = self.browser.log();
        assert!(log.is_empty(), "{log:?}");
    }
}

const READY: &str = "window.afterall && document.querySelector('#appendix-title')";

fn a_report_loads_draws_and_leads_from_an_anomaly_to_the_timeline() {
    let history = fixture::history(3000, false);
    let verdict = fixture::verdict(&history);
    let page = Page::open(&history, &verdict, "");
    page.until(READY);
    page.until("document.querySelector('#timeline canvas').width > 0");
    assert!(page.drawn("#timeline canvas") > 0.05, "{}", page.drawn("#timeline canvas"));
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
        page.js(&format!("document.querySelector('#anomaly-{id} button.show').click()"));
        let view = page.js("return window.afterall.view");
        assert_eq!(view["marked"], json!(anomaly.witness));
        assert!(view["from"].as_f64().unwrap() <= anomaly.from as f64, "{id}: {view}");
        assert!(view["to"].as_f64().unwrap() >= anomaly.to as f64, "{id}: {view}");
        let boxes =
            page.js(&format!("return document.querySelectorAll('#anomaly-{id} svg rect').length"));
        assert!(anomaly.edges.is_empty() || boxes.as_u64().unwrap() >= 2, "{id}: {boxes}");
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
    page.js(&format!("document.querySelector('#anomalies table a[href=\"#op-{other}\"]').click()"));
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
    let page = Page::open(&history, &verdict, "");
    page.until(READY);
    assert!(page.browser.no_dialog());
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
    for claim in [AnomalyKind::CausalStaleRead.summary(), "nothing that it implies was broken"] {
        assert!(text.as_str().unwrap().contains(claim), "{claim}: {text}");
    }
    page.assert_no_complaints();
}
