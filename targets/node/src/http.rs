//! The sockets that clients see.

use crate::engine::{Event, Report, WallClock};
use crate::peers::LinkState;
use afterall_reference::core::{Config, NodeId};
use afterall_reference::wire;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use tokio::sync::oneshot;

/// What the handlers share.
pub(crate) struct Front {
    pub(crate) config: Config,
    pub(crate) events: SyncSender<Event>,
    pub(crate) clock: WallClock,
    pub(crate) links: BTreeMap<NodeId, Arc<LinkState>>,
}

/// The routes.
pub(crate) fn router(front: Front) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .route("/leave", post(|state| turn(state, true)))
        .route("/join", post(|state| turn(state, false)))
        .fallback(any(request))
        .layer(DefaultBodyLimit::max(wire::BODY_BYTES_MAX))
        .with_state(Arc::new(front))
}

async fn request(State(front): State<Arc<Front>>, uri: Uri, body: Bytes) -> Response {
    let request = match wire::decode_request(uri.path(), &body) {
        Ok(request) => request,
        Err(error @ wire::Malformed::Path(_)) => {
            return json_response(404, wire::encode_error(&error));
        }
        Err(error) => return json_response(400, wire::encode_error(&error)),
    };
    let (reply, answer) = oneshot::channel();
    if let Err(not_taken) = front.send(Event::Request(request, reply)) {
        return not_taken.into_response();
    }
    match answer.await {
        Ok(Ok(answer)) => json_response(200, wire::encode_answer(answer)),
        Ok(Err(refusal)) => {
            let (status, body) = wire::encode_refusal(&refusal);
            json_response(status, body)
        }
        Err(_) => NotTaken::Ending.into_response(),
    }
}

/// The operator lets the node leave the cluster, or join it again. The answer says that this is on disk, and not that it is done:
/// see `/status`.
async fn turn(State(front): State<Arc<Front>>, leaves: bool) -> Response {
    let (reply, turned) = oneshot::channel();
    if let Err(not_taken) = front.send(Event::Turn(leaves, reply)) {
        return not_taken.into_response();
    }
    match turned.await {
        Ok(true) => json_response(200, json!({}).to_string().into_bytes()),
        Ok(false) => {
            let flavour = front.config.flavour;
            let error = match flavour.has_membership() {
                true => "a node can leave only where each node holds everything".to_owned(),
                false => format!("a node of the flavour {flavour} cannot leave its cluster"),
            };
            json_response(409, json!({ "error": error }).to_string().into_bytes())
        }
        Err(_) => NotTaken::Ending.into_response(),
    }
}

async fn status(State(front): State<Arc<Front>>) -> Response {
    let report = match front.report().await {
        Ok(report) => report,
        Err(not_taken) => return not_taken.into_response(),
    };
    let links: serde_json::Map<_, _> = front
        .links
        .iter()
        .map(|(peer, link)| (peer.to_string(), json!(link.connected.load(Ordering::Relaxed))))
        .collect();
    let membership = report.membership;
    let others = membership.others.iter();
    let others: serde_json::Map<_, _> =
        others.map(|(peer, standing)| (peer.to_string(), json!(standing))).collect();
    let body = json!({
        "node": front.config.id.to_string(),
        "incarnation": report.incarnation,
        "flavour": front.config.flavour.name(),
        "mutant": front.config.mutant.map(|mutant| mutant.row().name),
        "objects": report.objects,
        "wall_ms": front.clock.now_ms(),
        "offset_us": front.clock.offset_us(),
        "connected": links,
        "standing": membership.standing,
        "others": others,
        "taken_by": membership.taken_by,
        "owes": membership.owes,
    });
    json_response(200, body.to_string().into_bytes())
}

async fn metrics(State(front): State<Arc<Front>>) -> Response {
    let report = match front.report().await {
        Ok(report) => report,
        Err(not_taken) => return not_taken.into_response(),
    };
    let figures = report.figures;
    let mut text = String::new();
    for (name, kind, help, value) in [
        ("requests_total", "counter", "Client requests answered.", figures.requests),
        ("objects", "gauge", "Objects held.", report.objects as u64),
        ("commits_total", "counter", "Commits to disk.", report.commits),
        ("rumor_messages_total", "counter", "Rumor messages sent.", figures.rumor_messages_sent),
        ("rumor_objects_total", "counter", "Objects sent as rumors.", figures.rumor_objects_sent),
        ("sync_rounds_total", "counter", "Anti-entropy rounds begun.", figures.sync_rounds),
        (
            "sync_messages_total",
            "counter",
            "Anti-entropy messages sent.",
            figures.sync_messages_sent,
        ),
        (
            "sync_objects_total",
            "counter",
            "Objects sent by anti-entropy.",
            figures.sync_objects_sent,
        ),
        ("merges_total", "counter", "Received objects that were news.", figures.merges),
        (
            "merges_idle_total",
            "counter",
            "Received objects that were no news.",
            figures.merges_idle,
        ),
        (
            "read_repairs_total",
            "counter",
            "Stale objects that a read had mended, here or elsewhere.",
            figures.read_repairs,
        ),
        (
            "read_repair_messages_total",
            "counter",
            "Messages of read repair sent after reads that one replica answers.",
            figures.repair_messages_sent,
        ),
        ("hints", "gauge", "Changes that peers have not confirmed yet.", figures.hints_held),
        (
            "hints_handed_over_total",
            "counter",
            "Changes that a peer confirmed only after it was handed them again.",
            figures.hints_handed_over,
        ),
        (
            "hints_dropped_total",
            "counter",
            "Changes that were not kept for a peer, for lack of room.",
            figures.hints_dropped,
        ),
        (
            "hint_messages_total",
            "counter",
            "Messages of hinted handoff sent.",
            figures.hint_messages_sent,
        ),
        (
            "requests_waited_total",
            "counter",
            "Requests that waited for what their session had been given elsewhere.",
            figures.requests_waited,
        ),
        (
            "requests_refused_total",
            "counter",
            "Requests that waited in vain, or found too few replicas.",
            figures.requests_refused,
        ),
        (
            "requests_forwarded_total",
            "counter",
            "Requests handed to a node that holds the object.",
            figures.requests_forwarded,
        ),
        (
            "membership_messages_total",
            "counter",
            "Messages about who takes part in the cluster, and of what is handed over then.",
            figures.membership_messages_sent,
        ),
        (
            "updates_sent_total",
            "counter",
            "Changes of the log sent to peers.",
            figures.updates_sent,
        ),
    ] {
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "# HELP afterall_{name} {help}\n# TYPE afterall_{name} {kind}\nafterall_{name} {value}"
        );
    }
    for (name, help, value) in [
        ("peer_bytes_total", "Bytes sent to a peer.", |link: &LinkState| {
            link.bytes_sent.load(Ordering::Relaxed)
        }),
        ("peer_connects_total", "Connections made to a peer.", |link: &LinkState| {
            link.connects.load(Ordering::Relaxed)
        }),
    ] as [(_, _, fn(&LinkState) -> u64); 2]
    {
        let _ = writeln!(text, "# HELP afterall_{name} {help}\n# TYPE afterall_{name} counter");
        for (peer, link) in &front.links {
            let _ = writeln!(text, "afterall_{name}{{peer=\"{peer}\"}} {}", value(link));
        }
    }
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

impl Front {
    /// Hands an event to the engine, unless the engine is overloaded or gone.
    fn send(&self, event: Event) -> Result<(), NotTaken> {
        match self.events.try_send(event) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(NotTaken::Full),
            Err(TrySendError::Disconnected(_)) => Err(NotTaken::Ending),
        }
    }

    async fn report(&self) -> Result<Report, NotTaken> {
        let (reply, report) = oneshot::channel();
        self.send(Event::Report(reply))?;
        report.await.map_err(|_| NotTaken::Ending)
    }
}

/// Why a node did not take in what it was asked.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("more is waiting for this node than it keeps")]
    Full,
    #[error("this node is ending")]
    Ending,
}

impl IntoResponse for NotTaken {
    fn into_response(self) -> Response {
        let status = match self {
            NotTaken::Full => StatusCode::TOO_MANY_REQUESTS,
            NotTaken::Ending => StatusCode::INTERNAL_SERVER_ERROR,
        };
        json_response(status.as_u16(), wire::encode_error(&self))
    }
}

fn json_response(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
