//! As much of WebDriver (W3C) as the tests need.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

pub(crate) struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    /// Kept open: the driver goes on printing.
    _printed: Lines<BufReader<ChildStdout>>,
    _profile: tempfile::TempDir,
}

fn program(variable: &str, usual: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from)
}

/// Chromium and its driver.
fn programs() -> [PathBuf; 2] {
    [program("CHROMIUM", "/usr/bin/chromium"), program("CHROMEDRIVER", "/usr/bin/chromedriver")]
}

impl Browser {
    /// Whether there is one.
    pub(crate) fn is_there() -> Result<(), String> {
        match programs().into_iter().find(|path| !path.exists()) {
            None => Ok(()),
            Some(missing) => Err(format!("there is no {}", missing.display())),
        }
    }

    /// A browser of its own, with a fresh profile.
    pub(crate) fn start() -> Browser {
        let [chromium, chromedriver] = programs();
        let mut driver = Command::new(chromedriver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                port.trim_end_matches('.').parse::<u16>().ok()
            })
            .unwrap();
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(120)))
            .http_status_as_error(false)
            .proxy(None);
        let agent = ureq::Agent::new_with_config(config.build());
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
            "unhandledPromptBehavior": "ignore",
        }}});
        let base = format!("http://127.0.0.1:{port}/session");
        let mut browser =
            Browser { driver, session: base, agent, _printed: lines, _profile: profile };
        let answer = browser.post("", &capabilities);
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("{answer}"));
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    fn value(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
        let mut json: Value = answer.unwrap().body_mut().read_json().unwrap();
        json["value"].take()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        self.value(self.agent.post(url).send_json(body))
    }

    fn get(&self, path: &str) -> Value {
        self.value(self.agent.get(format!("{}{path}", self.session)).call())
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        let answer = self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}));
        assert!(answer.get("error").is_none(), "{answer}");
    }

    pub(crate) fn go(&self, url: &str) {
        let answer = self.post("/url", &json!({ "url": url }));
        assert!(answer.is_null(), "{answer}");
    }

    pub(crate) fn js(&self, script: &str) -> Value {
        let answer = self.post("/execute/sync", &json!({"script": script, "args": []}));
        assert!(answer.get("error").is_none(), "{script}: {answer}");
        answer
    }

    /// What the browser has complained about since the last call.
    pub(crate) fn log(&self) -> Vec<Value> {
        let log = self.post("/se/log", &json!({"type": "browser"}));
        log.as_array().unwrap_or_else(|| panic!("{log}")).clone()
    }

    pub(crate) fn no_dialog(&self) -> bool {
        self.get("/alert/text")["error"] == "no such alert"
    }

    /// The size of the page's window, in its own pixels.
    pub(crate) fn resize(&self, width: u64, height: u64) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// `light` or `dark`.
    pub(crate) fn scheme(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// A PNG.
    pub(crate) fn screenshot(&self) -> Vec<u8> {
        use base64::Engine;
        let picture = self.get("/screenshot");
        base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser; killing the driver alone would leave it.
        let _ended = self.agent.delete(&self.session).call();
        let _gone = self.driver.kill();
        let _reaped = self.driver.wait();
    }
}
