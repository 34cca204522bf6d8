//! The socket, and answers with their headers.

#![expect(clippy::disallowed_methods, reason = "what runs now is told by the clock")]

use crate::address::{Query, Route};
use crate::door::{Asked, Door, Refused};
use crate::pages::{self, Page};
use crate::shelf::Shelf;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;

/// How many requests are answered at a time; the others wait.
const AT_ONCE: usize = 8;
/// How long answers that are being made may take once the server is to end.
const GRACE: Duration = Duration::from_secs(2);

/// What a page may do: it has no script, asks for nothing from elsewhere, and stands in no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// What a report may do: run its own script, in a sandbox where it sees no other page and asks for nothing. Its own policy, which names the
/// script by its hash, holds as well.
const REPORT_POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Nothing can be listened on there.
    #[error("cannot listen on {address}")]
    Listen {
        /// As it was named.
        address: String,
        /// The system's word.
        #[source]
        error: io::Error,
    },
    /// The server cannot be started.
    #[error("cannot serve")]
    Start(#[source] io::Error),
}

/// A socket that is listened on.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    door: Door,
}

impl Bound {
    /// Listens on an address, such as `127.0.0.1:0`.
    ///
    /// # Errors
    /// It cannot be listened on.
    pub fn new(address: &str) -> Result<Bound, ServeError> {
        let failed = |error| ServeError::Listen { address: address.to_owned(), error };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let named = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
        Ok(Bound { listener, door: Door { named, address: bound } })
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.door.address
    }

    /// Whether others than this machine may ask.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.door.address.ip().is_loopback()
    }

    /// Answers until `stop` is ready.
    ///
    /// # Errors
    /// The server cannot be started.
    pub fn serve(
        self,
        shelf: Shelf,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(ServeError::Start)?;
        let front = Front {
            shelf: Arc::new(shelf),
            door: self.door,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        };
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let app = Router::new().fallback(answer).with_state(Arc::new(front));
            // Connections that idle are not waited for.
            tokio::select! {
                served = async { axum::serve(listener, app).await } => served,
                () = stop => Ok(()),
            }
        });
        runtime.shutdown_timeout(GRACE);
        served.map_err(ServeError::Start)
    }
}

struct Front {
    shelf: Arc<Shelf>,
    door: Door,
    turns: Arc<Semaphore>,
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let hosts: Vec<&str> = request
        .headers()
        .get_all(header::HOST)
        .iter()
        .map(|host| host.to_str().unwrap_or_default())
        .collect();
    let asked = Asked {
        method: request.method().as_str(),
        path: request.uri().path(),
        authority: request.uri().authority().map(|authority| authority.as_str()),
        hosts: &hosts,
    };
    let path = match front.door.path(asked) {
        Ok(path) => path,
        Err(Refused { status, why }) => return finished(pages::refused(status, why)),
    };
    let query = Query::of(request.uri().query().unwrap_or_default());
    let Ok(turn) = front.turns.clone().acquire_owned().await else {
        return finished(pages::refused(503, "The server is ending."));
    };
    let shelf = front.shelf.clone();
    // Files are read, and reports made.
    let made = tokio::task::spawn_blocking(move || {
        let page = pages::page(&shelf, &Route::of(&path), &query, SystemTime::now());
        drop(turn);
        page
    });
    finished(made.await.unwrap_or_else(|_| pages::refused(500, "The page could not be made.")))
}

fn finished(page: Page) -> Response {
    let policy = if page.is_report { REPORT_POLICY } else { POLICY };
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers: [(HeaderName, &str); 8] = [
        (header::CONTENT_TYPE, page.kind),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::ALLOW, "GET, HEAD"),
    ];
    let mut answer = (status, headers, Body::from(page.body)).into_response();
    if page.again {
        let again = header::HeaderValue::from_static("2");
        answer.headers_mut().insert(header::REFRESH, again);
    }
    answer
}
