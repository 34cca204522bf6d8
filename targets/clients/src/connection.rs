//! One TCP connection a node, for protocols that answer each request in turn.

use bytes::BytesMut;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A connection, made when it is needed and again when it is lost.
///
/// While something is being asked the connection is taken out, so a question that is dropped takes its connection
/// with it: no later question can be given its answer.
#[derive(Debug, Default)]
pub(super) struct Connection {
    stream: Option<TcpStream>,
}

impl Connection {
    /// Closes it.
    pub(super) fn close(&mut self) {
        self.stream = None;
    }

    /// Makes sure that there is a connection. True: it is new, and the protocol has to greet. An error means that
    /// nothing was sent.
    pub(super) async fn open(&mut self, address: SocketAddr) -> Result<bool, String> {
        // What was hung up, or says something unasked, serves no more; nothing has been sent yet, so that costs nothing.
        let idle = |stream: &TcpStream| matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
        if self.stream.as_ref().is_some_and(idle) {
            return Ok(false);
        }
        self.stream = None;
        let connect = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok::<_, std::io::Error>(stream)
        };
        self.stream = Some(connect.await.map_err(|error| format!("no connection: {error}"))?);
        Ok(true)
    }

    /// Sends a request and returns what `decode` makes of the bytes that come back. `decode` takes a whole answer
    /// off the front, or returns nothing as long as it is not whole. An error closes the connection; the request may
    /// have arrived.
    pub(super) async fn ask<T>(
        &mut self,
        request: &[u8],
        mut decode: impl FnMut(&mut BytesMut) -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        let lost = |error: std::io::Error| format!("connection lost: {error}");
        let mut stream = self.stream.take().ok_or("no connection")?;
        stream.write_all(request).await.map_err(lost)?;
        let mut received = BytesMut::new();
        loop {
            if let Some(answer) =
                decode(&mut received).map_err(|error| format!("answer not understood: {error}"))?
            {
                if !received.is_empty() {
                    return Err(format!(
                        "answer not understood: {} bytes follow it",
                        received.len()
                    ));
                }
                self.stream = Some(stream);
                return Ok(answer);
            }
            if received.len() > ANSWER_BYTES_MAX {
                return Err(format!("answer not understood: more than {ANSWER_BYTES_MAX} bytes"));
            }
            if stream.read_buf(&mut received).await.map_err(lost)? == 0 {
                return Err("connection lost: closed by the peer".to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, nowhere};
    use super::*;

    /// Answers are lines.
    fn line(received: &mut BytesMut) -> Result<Option<String>, String> {
        let Some(end) = received.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let line = received.split_to(end + 1);
        String::from_utf8(line.to_vec()).map(Some).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_connection_is_kept_until_it_is_hung_up_and_then_made_anew() {
        let fake = Fake::start([b"one\n".as_slice(), b"two\n", b"", b"three\n"]).await;
        let mut connection = Connection::default();
        assert_eq!(connection.open(fake.address).await, Ok(true));
        assert_eq!(connection.ask(b"1", line).await.as_deref(), Ok("one\n"));
        assert_eq!(connection.open(fake.address).await, Ok(false));
        assert_eq!(connection.ask(b"2", line).await.as_deref(), Ok("two\n"));
        let error = connection.ask(b"3", line).await.unwrap_err();
        assert!(error.starts_with("connection lost"), "{error}");
        assert!(connection.ask(b"4", line).await.is_err(), "it was closed");
        assert_eq!(connection.open(fake.address).await, Ok(true));
        assert_eq!(connection.ask(b"5", line).await.as_deref(), Ok("three\n"));
        assert_eq!(fake.requests(), [b"1", b"2", b"3", b"5"]);
    }

    #[tokio::test]
    async fn what_is_not_understood_closes_the_connection() {
        for answer in [b"\xff\n".as_slice(), b"one\ntwo\n"] {
            let fake = Fake::start([answer]).await;
            let mut connection = Connection::default();
            assert_eq!(connection.open(fake.address).await, Ok(true));
            let error = connection.ask(b"1", line).await.unwrap_err();
            assert!(error.starts_with("answer not understood"), "{error}");
            assert_eq!(connection.ask(b"2", line).await, Err("no connection".to_owned()));
        }
    }

    #[tokio::test]
    async fn a_dropped_question_takes_its_connection_with_it() {
        let fake = Fake::start([b"no newline".as_slice(), b"second\n"]).await;
        let mut connection = Connection::default();
        assert_eq!(connection.open(fake.address).await, Ok(true));
        tokio::select! {
            biased;
            answer = connection.ask(b"1", line) => panic!("{answer:?}"),
            () = fake.asked(1) => {}
        }
        assert_eq!(connection.open(fake.address).await, Ok(true));
        assert_eq!(connection.ask(b"2", line).await.as_deref(), Ok("second\n"));
    }

    #[tokio::test]
    async fn nobody_listens() {
        let error = Connection::default().open(nowhere().await).await.unwrap_err();
        assert!(error.starts_with("no connection"), "{error}");
    }
}
