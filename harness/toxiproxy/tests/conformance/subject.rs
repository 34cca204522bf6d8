//! A server under test, a bare HTTP client for it, and peers to put behind its proxies.

use afterall_toxiproxy::Server;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What no step of a test may exceed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

enum Implementation {
    Embedded(Server),
    Original(tokio::process::Child),
}

pub(crate) struct Subject {
    pub(crate) api: SocketAddr,
    kind: Implementation,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        let mut json =
            serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {:?}", self.text));
        forget_loggers(&mut json);
        json
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.trim().is_empty() { Value::Null } else { self.json() }
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16, text: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.json(), json!({"error": text, "status": status}));
    }
}

/// The original shows an empty `Logger` in every proxy, since one of its fields lacks the mark that hides it.
fn forget_loggers(json: &mut Value) {
    match json {
        Value::Object(map) => {
            map.retain(|key, value| key != "Logger" || *value != json!({}));
            map.values_mut().for_each(forget_loggers);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_loggers),
        _ => {}
    }
}

impl Subject {
    pub(crate) async fn embedded() -> Subject {
        let server = Server::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        Subject { api: server.addr(), kind: Implementation::Embedded(server) }
    }

    /// Whether there is the original.
    pub(crate) fn original_is_there() -> Result<(), String> {
        let missing = "AFTERALL_TOXIPROXY_SERVER does not name a Toxiproxy server";
        std::env::var_os("AFTERALL_TOXIPROXY_SERVER").map(drop).ok_or(missing.to_owned())
    }

    pub(crate) async fn original() -> Subject {
        let binary = std::env::var_os("AFTERALL_TOXIPROXY_SERVER").unwrap();
        for _ in 0..20 {
            let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
            let mut child = tokio::process::Command::new(&binary)
                .args(["-host", "127.0.0.1", "-port", &free.port().to_string()])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .unwrap_or_else(|error| panic!("{binary:?}: {error}"));
            let started = std::time::Instant::now();
            while started.elapsed() < PATIENCE {
                if TcpStream::connect(free).await.is_ok() {
                    return Subject { api: free, kind: Implementation::Original(child) };
                }
                if child.try_wait().unwrap().is_some() {
                    // Somebody else took the port.
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        panic!("{binary:?} does not start");
    }

    pub(crate) async fn stop(self) {
        match self.kind {
            Implementation::Embedded(server) => server.shutdown().await,
            Implementation::Original(mut child) => child.kill().await.unwrap(),
        }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.call_as("afterall-conformance", method, path, body).await
    }

    pub(crate) async fn call_as(
        &self,
        agent: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> Answer {
        let mut socket = TcpStream::connect(self.api).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        within(socket.read_to_string(&mut answer)).await.unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(!head.to_lowercase().contains("chunked"), "{head}");
        Answer { status, text: text.to_owned() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, "").await
    }

    /// Creates a proxy and says where it listens.
    pub(crate) async fn proxy(&self, name: &str, upstream: SocketAddr) -> SocketAddr {
        let body = json!({"name": name, "listen": "127.0.0.1:0", "upstream": upstream.to_string()});
        let proxy = self.post("/proxies", &body).await.expect(201);
        proxy["listen"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn toxic(&self, proxy: &str, kind: &str, stream: &str, attributes: Value) {
        let body = json!({"name": kind, "type": kind, "stream": stream, "attributes": attributes});
        self.post(&format!("/proxies/{proxy}/toxics"), &body).await.expect(200);
    }
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("this takes too long")
}

/// A peer that sends back what it gets.
pub(crate) async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = socket.split();
                let _gone = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    address
}

/// A peer that sends `data` to whoever connects, and closes.
pub(crate) async fn speaker(data: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _gone = socket.write_all(&data).await;
        }
    });
    address
}

pub(crate) async fn dial(address: SocketAddr) -> TcpStream {
    within(TcpStream::connect(address)).await.unwrap()
}

/// Sends `data` and waits until it is back.
pub(crate) async fn round_trip(socket: &mut TcpStream, data: &[u8]) {
    socket.write_all(data).await.unwrap();
    let mut back = vec![0; data.len()];
    within(socket.read_exact(&mut back)).await.unwrap();
    assert_eq!(back, data);
}

/// Reads to the end, whatever kind of end, and returns what came.
pub(crate) async fn drain(socket: &mut TcpStream) -> Vec<u8> {
    let mut got = Vec::new();
    let _reset = within(socket.read_to_end(&mut got)).await;
    got
}

/// Whether nothing arrives for a while although the connection stands.
pub(crate) async fn is_silent(socket: &mut TcpStream) -> bool {
    let mut byte = [0];
    tokio::time::timeout(Duration::from_millis(200), socket.read(&mut byte)).await.is_err()
}

/// Waits until the address refuses connections.
pub(crate) async fn refuses(address: SocketAddr) -> bool {
    within(TcpStream::connect(address)).await.is_err()
}
