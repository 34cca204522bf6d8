//! An HTTP/1 connection to a node.

use crate::error::OpError;
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
pub(crate) struct HttpConnection {
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl HttpConnection {
    /// Closes it.
    pub(crate) fn close(&mut self) {
        self.sender = None;
    }

    /// Sends a request and returns the status and body of whatever was answered.
    pub(crate) async fn ask(
        &mut self,
        address: SocketAddr,
        request: Request<Full<Bytes>>,
    ) -> Result<(u16, Bytes), OpError> {
        // The connection may still be busy with the end of the last answer, or have been closed since.
        if let Some(sender) = &mut self.sender
            && sender.ready().await.is_err()
        {
            self.sender = None;
        }
        let sender = match &mut self.sender {
            Some(sender) => sender,
            place => place.insert(connect(address).await.map_err(OpError::failed)?),
        };
        let response = sender.send_request(request).await.map_err(lost)?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        Ok((status, body.map_err(lost)?.to_bytes()))
    }
}

/// The request may have arrived.
fn lost(error: impl std::fmt::Display) -> OpError {
    OpError::Indeterminate(format!("connection lost: {error}"))
}

/// A connection that cannot be made: nothing was sent.
#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error("no connection")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Handshake(#[from] hyper::Error),
}

/// Opens a connection.
async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, ConnectError> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends when its sender is dropped or the peer hangs up; the session that asked learns of errors.
    tokio::spawn(connection);
    Ok(sender)
}
