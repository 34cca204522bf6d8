//! The HTTP API: Toxiproxy's, version 2.
//!
//! Paths, shapes, statuses and error texts follow the original (Shopify/toxiproxy v2.12, `api.go`,
//! `proxy_collection.go`, `toxic_collection.go`); the conformance suite compares the two.

use super::proxy::{Proxy, listen_address};
use super::tally::{SystemErrors, Traffic};
use super::toxic::{Toxic, ToxicType};
use crate::direction::Direction;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What `/version` answers: the version whose API this is, and whose it is not.
const VERSION: &str = concat!("2.12.0+afterall.", env!("CARGO_PKG_VERSION"));

/// All proxies. One lock: the API is used by one harness, and each call is short.
#[derive(Debug)]
pub(super) struct Registry {
    state: Mutex<RegistryState>,
    errors: Arc<SystemErrors>,
    seed: u64,
}

#[derive(Debug, Default)]
struct RegistryState {
    proxies: BTreeMap<String, Proxy>,
    proxies_ever: u64,
    toxics_ever: u64,
}

type Shared = State<Arc<Registry>>;

/// A refusal, in the original's shape.
#[derive(Debug)]
struct ApiError {
    status: StatusCode,
    text: String,
}

impl ApiError {
    fn new(status: StatusCode, text: &str) -> ApiError {
        ApiError { status, text: text.to_owned() }
    }

    fn bad_body(why: impl std::fmt::Display) -> ApiError {
        ApiError { status: StatusCode::BAD_REQUEST, text: format!("bad request body: {why}") }
    }

    fn missing(field: &str) -> ApiError {
        let text = format!("missing required field: {field}");
        ApiError { status: StatusCode::BAD_REQUEST, text }
    }

    fn no_proxy() -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "proxy not found")
    }

    fn no_toxic() -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "toxic not found")
    }

    fn body(&self) -> Json {
        json!({"error": self.text, "status": self.status.as_u16()})
    }
}

impl From<io::Error> for ApiError {
    fn from(error: io::Error) -> ApiError {
        ApiError { status: StatusCode::INTERNAL_SERVER_ERROR, text: error.to_string() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // As plain text: the original sets JSON and its library overwrites that.
        let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        (self.status, kind, format!("{}\n", self.body())).into_response()
    }
}

fn answer(status: StatusCode, body: &Json) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

type Answer = Result<Response, ApiError>;

pub(super) fn router(registry: Arc<Registry>) -> Router {
    Router::new()
        .route("/version", get(version))
        .route("/reset", post(reset))
        .route("/populate", post(populate))
        .route("/proxies", get(list).post(create))
        .route("/proxies/{proxy}", get(show).post(update).patch(update).delete(delete))
        .route("/proxies/{proxy}/toxics", get(toxic_list).post(toxic_create))
        .route(
            "/proxies/{proxy}/toxics/{toxic}",
            get(toxic_show).post(toxic_update).patch(toxic_update).delete(toxic_delete),
        )
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") })
        .layer(middleware::from_fn(no_browsers))
        .with_state(registry)
}

/// A page in a browser must not be able to drive the API.
async fn no_browsers(request: Request, next: Next) -> Response {
    let agent = request.headers().get(header::USER_AGENT);
    if agent.is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/")) {
        return (StatusCode::FORBIDDEN, "User agent not allowed\n").into_response();
    }
    next.run(request).await
}

async fn version() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json;charset=utf-8")];
    (kind, format!("{{\"version\": \"{VERSION}\"}}\n")).into_response()
}

async fn list(State(registry): Shared) -> Response {
    let state = registry.state.lock().await;
    let proxies: Map<String, Json> =
        state.proxies.iter().map(|(name, proxy)| (name.clone(), proxy.to_json())).collect();
    answer(StatusCode::OK, &Json::Object(proxies))
}

async fn create(State(registry): Shared, body: Bytes) -> Answer {
    let fields = Fields::parse(&body)?;
    let name = fields.text("name")?.unwrap_or_default();
    let listen = fields.text("listen")?.unwrap_or_default();
    let upstream = fields.text("upstream")?.unwrap_or_default();
    let enabled = fields.flag("enabled")?.unwrap_or(true);
    if name.is_empty() {
        return Err(ApiError::missing("name"));
    }
    if upstream.is_empty() {
        return Err(ApiError::missing("upstream"));
    }
    let mut state = registry.state.lock().await;
    if state.proxies.contains_key(&name) {
        return Err(ApiError::new(StatusCode::CONFLICT, "proxy already exists"));
    }
    let proxy = registry.add(&mut state, name, listen, upstream, enabled)?;
    Ok(answer(StatusCode::CREATED, &proxy))
}

async fn populate(State(registry): Shared, body: Bytes) -> Response {
    let mut done = Vec::new();
    let result = registry.populate(&body, &mut done).await;
    // The original writes an empty list as null.
    let proxies = if done.is_empty() { Json::Null } else { Json::Array(done) };
    match result {
        Ok(()) => answer(StatusCode::CREATED, &json!({ "proxies": proxies })),
        Err(error) => {
            let mut body = error.body();
            if let Json::Object(map) = &mut body {
                map.insert("proxies".to_owned(), proxies);
            }
            answer(error.status, &body)
        }
    }
}

async fn reset(State(registry): Shared) -> Answer {
    let mut state = registry.state.lock().await;
    for proxy in state.proxies.values_mut() {
        proxy.start()?;
        proxy.live().remove(|_| true);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn show(State(registry): Shared, Path(name): Path<String>) -> Answer {
    let state = registry.state.lock().await;
    let proxy = state.proxies.get(&name).ok_or_else(ApiError::no_proxy)?;
    Ok(answer(StatusCode::OK, &proxy.to_json()))
}

async fn update(State(registry): Shared, Path(name): Path<String>, body: Bytes) -> Answer {
    let mut state = registry.state.lock().await;
    let proxy = state.proxies.get_mut(&name).ok_or_else(ApiError::no_proxy)?;
    let fields = Fields::parse(&body)?;
    let listen = fields.text("listen")?.unwrap_or_else(|| proxy.listen.clone());
    let upstream = fields.text("upstream")?.unwrap_or_else(|| proxy.upstream.clone());
    let enabled = fields.flag("enabled")?.unwrap_or(proxy.is_enabled());
    if proxy.differs(&listen, &upstream)? {
        proxy.move_to(listen, upstream).await;
    }
    if enabled {
        proxy.start()?;
    } else {
        proxy.stop().await;
    }
    Ok(answer(StatusCode::OK, &proxy.to_json()))
}

async fn delete(State(registry): Shared, Path(name): Path<String>) -> Answer {
    let mut state = registry.state.lock().await;
    let mut proxy = state.proxies.remove(&name).ok_or_else(ApiError::no_proxy)?;
    proxy.stop().await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn toxic_list(State(registry): Shared, Path(name): Path<String>) -> Answer {
    let state = registry.state.lock().await;
    let proxy = state.proxies.get(&name).ok_or_else(ApiError::no_proxy)?;
    let toxics = proxy.live().toxics().iter().map(Toxic::to_json).collect();
    Ok(answer(StatusCode::OK, &Json::Array(toxics)))
}

async fn toxic_create(State(registry): Shared, Path(name): Path<String>, body: Bytes) -> Answer {
    let mut state = registry.state.lock().await;
    let id = state.toxics_ever;
    let proxy = state.proxies.get(&name).ok_or_else(ApiError::no_proxy)?;
    let fields = Fields::parse(&body)?;
    let type_name = fields.text("type")?.unwrap_or_default();
    let stream = fields.text("stream")?.unwrap_or_else(|| "downstream".to_owned());
    let given_name = fields.text("name")?.filter(|name| !name.is_empty());
    let toxicity = fields.fraction("toxicity")?.unwrap_or(1.0);
    let direction = Direction::parse(&stream).ok_or_else(|| {
        let text = "stream was invalid, can be either upstream or downstream";
        ApiError::new(StatusCode::BAD_REQUEST, text)
    })?;
    let mut kind = ToxicType::named(&type_name)
        .ok_or_else(|| ApiError::new(StatusCode::BAD_REQUEST, "invalid toxic type"))?;
    let toxic_name = given_name.unwrap_or_else(|| format!("{type_name}_{stream}"));
    if proxy.live().toxics().iter().any(|toxic| toxic.name == toxic_name) {
        return Err(ApiError::new(StatusCode::CONFLICT, "toxic already exists"));
    }
    kind.merge(fields.get("attributes").unwrap_or(&Json::Null)).map_err(ApiError::bad_body)?;
    let toxic =
        Toxic { id, revision: 0, name: toxic_name, type_name, stream, direction, toxicity, kind };
    let json = toxic.to_json();
    proxy.live().add(toxic);
    state.toxics_ever += 1;
    Ok(answer(StatusCode::OK, &json))
}

async fn toxic_show(State(registry): Shared, Path(path): Path<(String, String)>) -> Answer {
    let state = registry.state.lock().await;
    let (_, toxic) = find_toxic(&state, &path)?;
    Ok(answer(StatusCode::OK, &toxic.to_json()))
}

async fn toxic_update(
    State(registry): Shared,
    Path(path): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let state = registry.state.lock().await;
    let (proxy, mut toxic) = find_toxic(&state, &path)?;
    let fields = Fields::parse(&body)?;
    toxic.toxicity = fields.fraction("toxicity")?.unwrap_or(toxic.toxicity);
    toxic
        .kind
        .merge(fields.get("attributes").unwrap_or(&Json::Null))
        .map_err(ApiError::bad_body)?;
    toxic.revision += 1;
    let json = toxic.to_json();
    proxy.live().update(toxic);
    Ok(answer(StatusCode::OK, &json))
}

async fn toxic_delete(State(registry): Shared, Path(path): Path<(String, String)>) -> Answer {
    let state = registry.state.lock().await;
    let (proxy, toxic) = find_toxic(&state, &path)?;
    proxy.live().remove(|other| other.id == toxic.id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn find_toxic<'a>(
    state: &'a RegistryState,
    (proxy, toxic): &(String, String),
) -> Result<(&'a Proxy, Toxic), ApiError> {
    let proxy = state.proxies.get(proxy).ok_or_else(ApiError::no_proxy)?;
    let found = proxy.live().toxics().into_iter().find(|found| found.name == *toxic);
    Ok((proxy, found.ok_or_else(ApiError::no_toxic)?))
}

impl Registry {
    pub(super) fn new(seed: u64) -> Registry {
        Registry { state: Mutex::default(), errors: Arc::default(), seed }
    }

    pub(super) async fn traffic(&self) -> BTreeMap<String, Traffic> {
        let state = self.state.lock().await;
        let of = |(name, proxy): (&String, &Proxy)| (name.clone(), proxy.live().traffic());
        state.proxies.iter().map(of).collect()
    }

    pub(super) fn system_errors(&self) -> Vec<io::Error> {
        self.errors.all()
    }

    /// Stops and removes every proxy.
    pub(super) async fn clear(&self) {
        let mut state = self.state.lock().await;
        for proxy in state.proxies.values_mut() {
            proxy.stop().await;
        }
        state.proxies.clear();
    }

    fn add(
        &self,
        state: &mut RegistryState,
        name: String,
        listen: String,
        upstream: String,
        enabled: bool,
    ) -> Result<Json, ApiError> {
        // Far apart, so that the connections of one proxy don't repeat those of the next.
        let seed = self.seed.wrapping_add(state.proxies_ever.wrapping_shl(32));
        state.proxies_ever += 1;
        let mut proxy = Proxy::new(name.clone(), listen, upstream, seed, Arc::clone(&self.errors));
        if enabled {
            proxy.start()?;
        }
        let json = proxy.to_json();
        state.proxies.insert(name, proxy);
        Ok(json)
    }

    /// Creates the proxies of a list; those that are there already and the same are left alone, others of the same
    /// name replaced. What was done before an error stays done.
    async fn populate(&self, body: &[u8], done: &mut Vec<Json>) -> Result<(), ApiError> {
        let entries = match serde_json::from_slice(body).map_err(ApiError::bad_body)? {
            Json::Array(entries) => entries,
            Json::Null => Vec::new(),
            other => return Err(ApiError::bad_body(format!("expected a list, found {other}"))),
        };
        let mut wanted = Vec::new();
        for (position, entry) in entries.into_iter().enumerate() {
            let fields = Fields::new(entry)?;
            let name = fields.text("name")?.unwrap_or_default();
            let listen = fields.text("listen")?.unwrap_or_default();
            let upstream = fields.text("upstream")?.unwrap_or_default();
            let enabled = fields.flag("enabled")?.unwrap_or(true);
            if name.is_empty() {
                return Err(ApiError::missing(&format!("name at proxy {}", position + 1)));
            }
            if upstream.is_empty() {
                return Err(ApiError::missing(&format!("upstream at proxy {}", position + 1)));
            }
            wanted.push((name, listen, upstream, enabled));
        }
        let mut state = self.state.lock().await;
        for (name, listen, upstream, enabled) in wanted {
            if let Some(existing) = state.proxies.get_mut(&name) {
                if !existing.differs(&listen, &upstream)? {
                    done.push(existing.to_json());
                    continue;
                }
                existing.stop().await;
                // Gives up its port: the new one may want the same.
                state.proxies.remove(&name);
            }
            done.push(self.add(&mut state, name, listen, upstream, enabled)?);
        }
        Ok(())
    }
}

impl Proxy {
    /// Whether these addresses are others than the proxy's.
    fn differs(&self, listen: &str, upstream: &str) -> Result<bool, ApiError> {
        let address = listen_address(listen)?;
        Ok(self.listen != listen && self.listen != address.to_string() || self.upstream != upstream)
    }
}

/// A JSON object read as the original's language reads it: the case of names does not matter, null is as good as
/// absent, unknown names are ignored.
struct Fields(Map<String, Json>);

impl Fields {
    fn parse(body: &[u8]) -> Result<Fields, ApiError> {
        // The first value counts; what follows is not looked at.
        let first = serde_json::Deserializer::from_slice(body).into_iter().next();
        let value = first.ok_or_else(|| ApiError::bad_body("EOF"))?.map_err(ApiError::bad_body)?;
        Fields::new(value)
    }

    fn new(value: Json) -> Result<Fields, ApiError> {
        match value {
            Json::Object(map) => Ok(Fields(map)),
            Json::Null => Ok(Fields(Map::new())),
            other => Err(ApiError::bad_body(format!("expected an object, found {other}"))),
        }
    }

    fn get(&self, name: &str) -> Option<&Json> {
        let same = |(key, _): &(&String, &Json)| key.eq_ignore_ascii_case(name);
        self.0.iter().filter(same).map(|(_, value)| value).rfind(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(other) => {
                Err(ApiError::bad_body(format!("{name}: expected a text, found {other}")))
            }
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => {
                Err(ApiError::bad_body(format!("{name}: expected true or false, found {other}")))
            }
        }
    }

    fn fraction(&self, name: &str) -> Result<Option<f32>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "precision, as in the original"
                )]
                Some(number) => Ok(Some(number as f32)),
                None => {
                    Err(ApiError::bad_body(format!("{name}: expected a number, found {value}")))
                }
            },
        }
    }
}
