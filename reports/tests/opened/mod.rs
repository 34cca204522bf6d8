//! A report, opened in a browser.

#![expect(clippy::disallowed_methods, reason = "waiting has a limit")]

use crate::webdriver::Browser;
use afterall_checkers::Verdict;
use afterall_history::History;
use afterall_reports::report_html;
use serde_json::{Value, json};
use std::path::PathBuf;

pub(crate) const READY: &str = "window.afterall && document.querySelector('#appendix-title')";

pub(crate) struct Page {
    pub(crate) browser: Browser,
    pub(crate) url: String,
    /// Of the file.
    pub(crate) bytes: usize,
    _folder: tempfile::TempDir,
}

impl Page {
    /// Opens a report.
    pub(crate) fn open(history: &History, verdict: &Verdict, address: &str) -> Page {
        let browser = Browser::start();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        let html = report_html(history, verdict, &crate::fixture::context()).unwrap();
        if let Some(folder) = std::env::var_os("AFTERALL_SHOTS") {
            let mutant = verdict.mutant.as_deref().unwrap_or("none");
            let name = format!("{mutant}-{}.html", verdict.counts.ops);
            std::fs::write(PathBuf::from(folder).join(name), &html).unwrap();
        }
        let bytes = html.len();
        std::fs::write(&path, html).unwrap();
        let url = format!("file://{}", path.display());
        browser.go(&format!("{url}{address}"));
        Page { browser, url, bytes, _folder: folder }
    }

    pub(crate) fn js(&self, script: &str) -> Value {
        self.browser.js(script)
    }

    /// Waits until a condition in the page holds.
    pub(crate) fn until(&self, condition: &str) {
        let begin = std::time::Instant::now();
        while self.js(&format!("return !!({condition})")) != json!(true) {
            assert!(begin.elapsed().as_secs() < 30, "never: {condition}\n{:?}", self.browser.log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// What an expression is once it is something, and the same in two pictures, one after the other.
    pub(crate) fn still(&self, expression: &str) -> Value {
        let next = format!(
            "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done({expression}))))"
        );
        let begin = std::time::Instant::now();
        let mut before = Value::Null;
        loop {
            let now = self.js(&next);
            if !now.is_null() && now == before {
                return now;
            }
            assert!(begin.elapsed().as_secs() < 30, "never still: {expression}: {now}");
            before = now;
        }
    }

    /// The share of a canvas's pixels that are not the commonest colour.
    pub(crate) fn drawn(&self, selector: &str) -> f64 {
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

    pub(crate) fn shot(&self, name: &str) {
        if let Some(folder) = std::env::var_os("AFTERALL_SHOTS") {
            let path = PathBuf::from(folder).join(format!("{name}.png"));
            std::fs::write(path, self.browser.screenshot()).unwrap();
        }
    }

    /// A picture of each section, where pictures are wanted.
    pub(crate) fn shots(&self, name: &str) {
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

    pub(crate) fn assert_no_complaints(&self) {
        let log = self.browser.log();
        assert!(log.is_empty(), "{log:?}");
    }
}
