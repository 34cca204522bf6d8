//! A TCP connection to a node, for protocols that answer each request in turn.

use crate::error::Malformed;
use bytes::BytesMut;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a new connection begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Greeting<'a> {
    /// What is sent, if anything.
    pub(crate) request: &'a [u8],
    /// Takes the whole answer off the front, or refuses it.
    pub(crate) welcome: fn(&mut BytesMut) -> Result<Option<()>, Malformed>,
}

/// A connection that cannot be made, or that broke.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    /// Nothing was sent.
    #[error("no connection")]
    Connect(#[source] io::Error),
    /// There was none.
    #[error("no connection")]
    NotOpen,
    /// The request may have arrived.
    #[error("connection lost")]
    Lost(#[source] io::Error),
    /// The same.
    #[error("connection lost: closed by the peer")]
    Closed,
    /// The answer is not of the protocol.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// A connection, made when it is needed and again when it is lost.
///
/// While something is being asked the connection is taken out, so a question that is dropped takes its connection
/// with it: no later question can be given its answer.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    stream: Option<TcpStream>,
}

impl Connection {
    /// Closes it.
    pub(crate) fn close(&mut self) {
        self.stream = None;
    }

    /// Makes sure that there is a connection. True: it is new, and the protocol has to greet. An error means that
    /// nothing was sent.
    pub(crate) async fn open(&mut self, address: SocketAddr) -> Result<bool, ConnectionError> {
        // A connection that was closed, or on which something arrived unasked, is replaced; nothing has been sent on it yet.
        let idle = |stream: &TcpStream| {
            let read = stream.try_read(&mut [0]);
            matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
        };
        if self.stream.as_ref().is_some_and(idle) {
            return Ok(false);
        }
        self.stream = None;
        let connect = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok::<_, io::Error>(stream)
        };
        self.stream = Some(connect.await.map_err(ConnectionError::Connect)?);
        Ok(true)
    }

    /// Sends a request and returns what `decode` makes of the bytes that come back. `decode` takes a whole answer
    /// off the front, or returns nothing as long as it is not whole. An error closes the connection; the request may
    /// have arrived.
    pub(crate) async fn ask<T>(
        &mut self,
        request: &[u8],
        mut decode: impl FnMut(&mut BytesMut) -> Result<Option<T>, Malformed>,
    ) -> Result<T, ConnectionError> {
        let mut stream = self.stream.take().ok_or(ConnectionError::NotOpen)?;
        stream.write_all(request).await.map_err(ConnectionError::Lost)?;
        let mut received = BytesMut::new();
        loop {
            if let Some(answer) = decode(&mut received)? {
                if !received.is_empty() {
                    return Err(Malformed(format!("{} bytes follow it", received.len())).into());
                }
                self.stream = Some(stream);
                return Ok(answer);
            }
            if received.len() > ANSWER_BYTES_MAX {
                return Err(Malformed(format!("more than {ANSWER_BYTES_MAX} bytes")).into());
            }
            if stream.read_buf(&mut received).await.map_err(ConnectionError::Lost)? == 0 {
                return Err(ConnectionError::Closed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, nowhere};

    /// Answers are lines.
    fn line(received: &mut BytesMut) -> Result<Option<String>, Malformed> {
        let Some(end) = received.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let line = received.split_to(end + 1);
        String::from_utf8(line.to_vec()).map(Some).map_err(Malformed::by)
    }

    #[tokio::test]
    async fn a_connection_is_kept_until_it_is_hung_up_and_then_made_anew() {
        let fake = Fake::start([b"one\n".as_slice(), b"two\n", b"", b"three\n"]).await;
        let mut connection = Connection::default();
        assert!(connection.open(fake.address).await.unwrap());
        assert_eq!(connection.ask(b"1", line).await.unwrap(), "one\n");
        assert!(!connection.open(fake.address).await.unwrap());
        assert_eq!(connection.ask(b"2", line).await.unwrap(), "two\n");
        let error = connection.ask(b"3", line).await.unwrap_err();
        assert!(error.to_string().starts_with("connection lost"), "{error}");
        assert!(connection.ask(b"4", line).await.is_err(), "it was closed");
        assert!(connection.open(fake.address).await.unwrap());
        assert_eq!(connection.ask(b"5", line).await.unwrap(), "three\n");
        assert_eq!(fake.requests(), [b"1", b"2", b"3", b"5"]);
    }

    #[tokio::test]
    async fn what_is_not_understood_closes_the_connection() {
        for answer in [b"\xff\n".as_slice(), b"one\ntwo\n"] {
            let fake = Fake::start([answer]).await;
            let mut connection = Connection::default();
            assert!(connection.open(fake.address).await.unwrap());
            let error = connection.ask(b"1", line).await.unwrap_err();
            assert!(error.to_string().starts_with("answer not understood"), "{error}");
            let again = connection.ask(b"2", line).await;
            assert!(matches!(again, Err(ConnectionError::NotOpen)), "{again:?}");
        }
    }

    #[tokio::test]
    async fn a_dropped_question_takes_its_connection_with_it() {
        let fake = Fake::start([b"no newline".as_slice(), b"second\n"]).await;
        let mut connection = Connection::default();
        assert!(connection.open(fake.address).await.unwrap());
        tokio::select! {
            biased;
            answer = connection.ask(b"1", line) => panic!("{answer:?}"),
            () = fake.asked(1) => {}
        }
        assert!(connection.open(fake.address).await.unwrap());
        assert_eq!(connection.ask(b"2", line).await.unwrap(), "second\n");
    }

    #[tokio::test]
    async fn nobody_listens() {
        let error = Connection::default().open(nowhere().await).await.unwrap_err();
        assert!(matches!(error, ConnectionError::Connect(_)), "{error}");
    }
}
