//! One HTTP/1 connection a node.

use super::Trouble;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A connection, made when it is needed and again when it is lost.
#[derive(Debug, Default)]
pub(super) struct HttpConnection {
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl HttpConnection {
    /// Closes it.
    pub(super) fn close(&mut self) {
        self.sender = None;
    }

    /// Sends a request and returns the status and body of whatever was answered.
    pub(super) async fn ask(
        &mut self,
        address: SocketAddr,
        request: Request<Full<Bytes>>,
    ) -> Result<(u16, Bytes), Trouble> {
        // The connection may still be busy with the end of the last answer, or have been closed since.
        if let Some(sender) = &mut self.sender
            && sender.ready().await.is_err()
        {
            self.sender = None;
        }
        let sender = match &mut self.sender {
            Some(sender) => sender,
            place => place.insert(connect(address).await.map_err(Trouble::Failed)?),
        };
        let unknown =
            |error: &dyn std::fmt::Display| Trouble::Unknown(format!("connection lost: {error}"));
        let response = sender.send_request(request).await.map_err(|error| unknown(&error))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        Ok((status, body.map_err(|error| unknown(&error))?.to_bytes()))
    }
}

/// Opens a connection. An error means that nothing was sent.
async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) =
        handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    // It ends when its sender is dropped or the peer hangs up; whoever asked learns of errors.
    tokio::spawn(connection);
    Ok(sender)
}
