//! As much of WebDriver (W3C) as the tests need.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// How long the driver may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Browser {
    driver: Child,
    /// Where the driver listens, on loopback.
    port: u16,
    /// The path of the session.
    session: String,
    runtime: tokio::runtime::Runtime,
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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
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
        let session = "/session".to_owned();
        let mut browser =
            Browser { driver, port, session, runtime, _printed: lines, _profile: profile };
        let answer = browser.post("", &capabilities);
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("{answer}"));
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Asks the driver, whatever status it answers with.
    fn ask(&self, method: Method, path: &str, body: String) -> hyper::Result<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.session))
            .header("Host", format!("127.0.0.1:{}", self.port))
            .header("Content-Type", "application/json")
            .header("Connection", "close")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let exchange = async {
            let stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
            let stream = TokioIo::new(stream);
            let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
            tokio::spawn(connection);
            let answer = sender.send_request(request).await?;
            Ok(answer.into_body().collect().await?.to_bytes())
        };
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, exchange).await.unwrap() })
    }

    fn value(&self, method: Method, path: &str, body: String) -> Value {
        let answer = self.ask(method, path, body).unwrap();
        let mut json: Value = serde_json::from_slice(&answer).unwrap();
        json["value"].take()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.value(Method::POST, path, body.to_string())
    }

    fn get(&self, path: &str) -> Value {
        self.value(Method::GET, path, String::new())
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

    /// A click with the mouse, at a place in the window.
    #[allow(dead_code, reason = "one of the test files that share this clicks")]
    pub(crate) fn click(&self, x: f64, y: f64) {
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.devtools("Input.dispatchMouseEvent", &event);
        }
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
        let _ended = self.ask(Method::DELETE, "", String::new());
        let _gone = self.driver.kill();
        let _reaped = self.driver.wait();
    }
}
