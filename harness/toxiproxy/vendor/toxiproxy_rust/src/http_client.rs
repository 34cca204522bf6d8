use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use std::{
    error::Error,
    io::{Cursor, Read},
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Blocks: it is not to be used within an asynchronous runtime. Each request has a connection of its own.
#[derive(Debug)]
pub struct HttpClient {
    runtime: Runtime,
    toxiproxy_addr: SocketAddr,
}

/// The body of an answer, whatever its status.
pub struct Response(Cursor<Bytes>);

impl Response {
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.0.get_ref())
    }
}

impl Read for Response {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl HttpClient {
    pub(crate) fn new<U: ToSocketAddrs>(toxiproxy_addr: U) -> Self {
        Self {
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            toxiproxy_addr: toxiproxy_addr.to_socket_addrs().unwrap().next().unwrap(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Response, String> {
        self.send(Method::GET, path, String::new())
    }

    pub(crate) fn post(&self, path: &str) -> Result<Response, String> {
        self.send(Method::POST, path, String::new())
    }

    pub(crate) fn post_with_data(&self, path: &str, body: String) -> Result<Response, String> {
        self.send(Method::POST, path, body)
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Response, String> {
        self.send(Method::DELETE, path, String::new())
    }

    fn send(&self, method: Method, path: &str, body: String) -> Result<Response, String> {
        let exchange = exchange(self.toxiproxy_addr, method.clone(), path, body);
        let answer = self
            .runtime
            .block_on(async { tokio::time::timeout(TIMEOUT, exchange).await });
        match answer {
            Ok(Ok(body)) => Ok(Response(Cursor::new(body))),
            Ok(Err(err)) => Err(format!("{} error: {}", method, err)),
            Err(_) => Err(format!("{} error: no answer within {:?}", method, TIMEOUT)),
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        std::net::TcpStream::connect(self.toxiproxy_addr)
            .map(|_| true)
            .unwrap_or(false)
    }
}

async fn exchange(
    address: SocketAddr,
    method: Method,
    path: &str,
    body: String,
) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::builder()
        .method(method)
        .uri(encode(path))
        .header("Host", address.to_string())
        .header("Content-Type", "application/json")
        .header("Connection", "close")
        .body(Full::new(Bytes::from(body)))?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let body = answer.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok(body)
}

/// The path of a URL: what may not stand in one is written as its bytes.
fn encode(path: &str) -> String {
    let mut encoded = String::from("/");
    for byte in path.bytes() {
        match byte {
            b' ' | b'"' | b'#' | b'<' | b'>' | b'?' | b'`' | b'{' | b'}' => {
                encoded.push_str(&format!("%{:02X}", byte))
            }
            0..=0x1f | 0x7f..=0xff => encoded.push_str(&format!("%{:02X}", byte)),
            byte => encoded.push(char::from(byte)),
        }
    }
    encoded
}
