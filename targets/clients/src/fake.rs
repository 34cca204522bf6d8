//! For tests: a server that gives prepared answers, whatever it is asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A server on loopback. It ends with the test.
pub(crate) struct Fake {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    asked: watch::Receiver<usize>,
}

impl Fake {
    /// A server that reads a request and says the next of these, and so on; for an empty one it hangs up and waits
    /// for the next connection. After the last it refuses all.
    pub(crate) async fn start<T: AsRef<[u8]>>(answers: impl IntoIterator<Item = T>) -> Fake {
        Fake::greeting(b"", answers).await
    }

    /// One that speaks first, on every connection.
    pub(crate) async fn greeting<T: AsRef<[u8]>>(
        greeting: &[u8],
        answers: impl IntoIterator<Item = T>,
    ) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let (count, asked) = watch::channel(0);
        let (seen, greeting) = (Arc::clone(&requests), greeting.to_vec());
        let mut answers =
            answers.into_iter().map(|answer| answer.as_ref().to_vec()).collect::<Vec<_>>();
        answers.reverse();
        tokio::spawn(async move {
            while !answers.is_empty() {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(&greeting).await.unwrap();
                let mut request = vec![0; 65_536];
                while let Ok(length @ 1..) = stream.read(&mut request).await {
                    seen.lock().unwrap().push(request[..length].to_vec());
                    let answer = answers.pop().unwrap_or_default();
                    if answer.is_empty() || stream.write_all(&answer).await.is_err() {
                        count.send_modify(|count| *count += 1);
                        break;
                    }
                    count.send_modify(|count| *count += 1);
                }
            }
        });
        Fake { address, requests, asked }
    }

    /// What it was asked, so far.
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until it has been asked so often.
    pub(crate) async fn asked(&self, times: usize) {
        self.asked.clone().wait_for(|count| *count >= times).await.unwrap();
    }
}

/// An address at which nobody listens.
pub(crate) async fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
