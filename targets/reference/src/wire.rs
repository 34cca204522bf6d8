//! The client protocol: JSON over HTTP. Both ends of it, so that they cannot drift apart.
//!
//! `POST /register`, `/counter`, `/cart`, `/set`, `/inventory`, `/chat`, `/position` or `/text` with one object:
//!
//! | field | |
//! |---|---|
//! | `key` | the object's name |
//! | `f` | `read`; register, position: `write`; counter: `increment`, `decrement`; cart: `add`, `remove`, `checkout`; set: `add`, `remove`; inventory: `restock`, `sell`; chat: `post`, `edit`; text: `append` |
//! | `value` | write: a whole number or text, of a position a whole number of at least 1 · increment, decrement, restock, sell: the amount · add to a cart: `[element, quantity]` · add to a set, remove: the element · post: `[message, the one it answers or null]` · edit: `[edit, message]` · append: the piece, a text |
//! | `adds` | remove: the adds that the client has seen, as a read gave them; none: whatever the replica holds |
//! | `level` | how many replicas take part: `one`, `quorum` or `all`; none: as the flavour has it |
//! | `after` | the greatest `clock` that the session has been given |
//! | `seen` | the version of this object that the session has been given, where it is a version vector |
//! | `made` | the session's own changes of this object, as answers gave them in `dot`, that `seen` does not cover |
//! | `past` | everything that the session has been given in `past`, the greatest numbers of each |
//!
//! The answer, status 200: `node` (the replica), `version`, `clock`, under some flavours `dot` and `past`, and with a read
//! `values`, `sum`, `items` (`[{"element": …, "quantity": …, "adds": […]}]`) or `messages`. Anything else: status 4xx or 5xx
//! and `{"error": …}`; a 4xx, a 503 or a 507 has changed nothing. A 503
//! says that the node takes no part in the cluster.

use crate::core::{
    Action, Answer, CausalContext, Content, DataType, Dot, Item, Key, Level, NodeId, Reading,
    Refusal, Request, Scalar, Token, VersionVector,
};
use afterall_history::{Function, Value};
use serde::{Deserialize, Serialize};

/// The longest request body, in bytes.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// A request or an answer that does not follow the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No such path.
    #[error(
        "expected the path /register, /counter, /cart, /set, /inventory, /chat, /position, /text, /status or /metrics, found {0:?}"
    )]
    Path(String),
    /// Not the JSON that it should be.
    #[error("{0}")]
    Json(String),
    /// An `f` that the object's type does not know.
    #[error("a {kind} has no operation {f}")]
    Function {
        /// The object's type.
        kind: DataType,
        /// What was asked.
        f: Function,
    },
    /// A `value` that does not fit its `f`.
    #[error("expected {wanted} as the value of {f}, found {got}")]
    Value {
        /// What was asked.
        f: Function,
        /// The shape it wants.
        wanted: &'static str,
        /// What it got.
        got: Value,
    },
    /// An add that is not written as a read gives it.
    #[error("expected an add as n1.1:4, found {0:?}")]
    Add(String),
    /// A version vector that is none.
    #[error("expected a version vector as {{\"n1.1\": 4}}, found {0}")]
    Versions(Value),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestBody {
    key: String,
    f: Function,
    #[serde(default, skip_serializing_if = "Value::is_nil")]
    value: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    adds: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<(u64, u32)>,
    #[serde(default, skip_serializing_if = "Value::is_nil")]
    seen: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    made: Vec<String>,
    #[serde(default, skip_serializing_if = "Value::is_nil")]
    past: Value,
}

#[derive(Serialize, Deserialize)]
struct AnswerBody {
    node: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dot: Option<String>,
    clock: (u64, u32),
    #[serde(default, skip_serializing_if = "Value::is_nil")]
    past: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sum: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<Vec<ItemBody>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
struct ItemBody {
    element: String,
    quantity: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    adds: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct ErrorBody {
    error: String,
}

const KINDS: [DataType; 8] = [
    DataType::Register,
    DataType::Counter,
    DataType::Cart,
    DataType::Set,
    DataType::Inventory,
    DataType::Chat,
    DataType::Position,
    DataType::Text,
];

fn path_of(kind: DataType) -> &'static str {
    match kind {
        DataType::Register => "/register",
        DataType::Counter => "/counter",
        DataType::Cart => "/cart",
        DataType::Set => "/set",
        DataType::Inventory => "/inventory",
        DataType::Chat => "/chat",
        DataType::Position => "/position",
        DataType::Text => "/text",
    }
}

/// The path and body of a request.
#[must_use]
pub fn encode_request(request: &Request) -> (&'static str, Vec<u8>) {
    let number = |n: u64| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let text = |text: &String| Value::Text(text.clone());
    let (f, value, adds) = match &request.action {
        Action::Read => (Function::Read, Value::Nil, Vec::new()),
        Action::Write(value) => (Function::Write, value.clone().into(), Vec::new()),
        Action::Change(by) => {
            let f = if *by < 0 { Function::Decrement } else { Function::Increment };
            (f, Value::Int(by.saturating_abs()), Vec::new())
        }
        Action::Add { element, .. } if request.key.kind == DataType::Set => {
            (Function::Add, text(element), Vec::new())
        }
        Action::Add { element, quantity } => {
            (Function::Add, Value::List(vec![text(element), number(*quantity)]), Vec::new())
        }
        Action::Restock(n) => (Function::Restock, number(*n), Vec::new()),
        Action::Sell(n) => (Function::Sell, number(*n), Vec::new()),
        Action::Post { message, parent } => {
            let parent = parent.as_ref().map_or(Value::Nil, text);
            (Function::Post, Value::List(vec![text(message), parent]), Vec::new())
        }
        Action::Edit { edit, message } => {
            (Function::Edit, Value::List(vec![text(edit), text(message)]), Vec::new())
        }
        Action::Remove { element, dots } => {
            (Function::Remove, element.as_str().into(), dots.iter().map(dot_text).collect())
        }
        Action::Append(piece) => (Function::Append, text(piece), Vec::new()),
    };
    let token = &request.token;
    let body = RequestBody {
        key: request.key.name.clone(),
        f,
        value,
        adds,
        level: request.level,
        after: token.clock.map(|reading| (reading.wall_ms, reading.logical)),
        seen: versions_value(&token.seen.vector),
        made: token.seen.cloud.iter().map(dot_text).collect(),
        past: versions_value(&token.past),
    };
    (path_of(request.key.kind), to_json(&body))
}

/// Reads a request.
///
/// # Errors
/// What does not follow the protocol. Bounds are [`Request::check`]'s business.
pub fn decode_request(path: &str, body: &[u8]) -> Result<Request, Malformed> {
    let kind = KINDS.into_iter().find(|&kind| path_of(kind) == path);
    let kind = kind.ok_or_else(|| Malformed::Path(path.chars().take(100).collect()))?;
    let body: RequestBody = from_json(body)?;
    let wrong = |f, wanted| Malformed::Value { f, wanted, got: body.value.clone() };
    let action = match (kind, body.f) {
        (_, Function::Read) | (DataType::Cart, Function::Checkout) => Action::Read,
        (DataType::Register, Function::Write) => match &body.value {
            Value::Int(n) => Action::Write(Scalar::Int(*n)),
            Value::Text(text) => Action::Write(Scalar::Text(text.clone())),
            _ => return Err(wrong(body.f, "a whole number or text")),
        },
        (DataType::Position, f @ Function::Write) => {
            let at = body.value.as_int().filter(|&at| at > 0);
            let at = at.ok_or_else(|| wrong(f, "a position of at least 1"))?;
            Action::Write(Scalar::Int(at))
        }
        (DataType::Counter, f @ (Function::Increment | Function::Decrement)) => {
            let amount = body.value.as_int().filter(|&n| n > 0);
            let amount = amount.ok_or_else(|| wrong(f, "an amount of at least 1"))?;
            Action::Change(if f == Function::Decrement { -amount } else { amount })
        }
        (DataType::Cart, f @ Function::Add) => match body.value.as_list() {
            Some([Value::Text(element), Value::Int(quantity)]) => Action::Add {
                element: element.clone(),
                quantity: u64::try_from(*quantity).map_err(|_| wrong(f, "[element, quantity]"))?,
            },
            _ => return Err(wrong(f, "[element, quantity]")),
        },
        (DataType::Set, f @ Function::Add) => Action::Add {
            element: body.value.as_text().ok_or_else(|| wrong(f, "an element"))?.to_owned(),
            quantity: 1,
        },
        (DataType::Inventory, f @ (Function::Restock | Function::Sell)) => {
            let amount = body.value.as_int().and_then(|n| u64::try_from(n).ok());
            let amount =
                amount.filter(|&n| n > 0).ok_or_else(|| wrong(f, "an amount of at least 1"))?;
            if f == Function::Sell { Action::Sell(amount) } else { Action::Restock(amount) }
        }
        (DataType::Chat, f @ Function::Post) => match body.value.as_list() {
            Some([Value::Text(message), Value::Nil]) => {
                Action::Post { message: message.clone(), parent: None }
            }
            Some([Value::Text(message), Value::Text(parent)]) => {
                Action::Post { message: message.clone(), parent: Some(parent.clone()) }
            }
            _ => return Err(wrong(f, "[message, parent or null]")),
        },
        (DataType::Chat, f @ Function::Edit) => match body.value.as_list() {
            Some([Value::Text(edit), Value::Text(message)]) => {
                Action::Edit { edit: edit.clone(), message: message.clone() }
            }
            _ => return Err(wrong(f, "[edit, message]")),
        },
        (DataType::Cart | DataType::Set, f @ Function::Remove) => Action::Remove {
            element: body.value.as_text().ok_or_else(|| wrong(f, "an element"))?.to_owned(),
            dots: body.adds.iter().map(|text| dot(text)).collect::<Result<_, _>>()?,
        },
        (DataType::Text, f @ Function::Append) => {
            let piece = body.value.as_text().ok_or_else(|| wrong(f, "a text"))?;
            Action::Append(piece.to_owned())
        }
        (kind, f) => return Err(Malformed::Function { kind, f }),
    };
    let cloud = body.made.iter().map(|text| dot(text)).collect::<Result<_, _>>()?;
    let token = Token {
        clock: body.after.map(|(wall_ms, logical)| Reading { wall_ms, logical }),
        seen: CausalContext { vector: versions(&body.seen)?, cloud },
        past: versions(&body.past)?,
    };
    Ok(Request { key: Key { kind, name: body.key }, action, token, level: body.level })
}

/// The body of an answer.
#[must_use]
pub fn encode_answer(answer: Answer) -> Vec<u8> {
    let mut body = AnswerBody {
        node: answer.node.to_string(),
        version: answer.version,
        dot: answer.dot.as_ref().map(dot_text),
        clock: (answer.clock.wall_ms, answer.clock.logical),
        past: versions_value(&answer.past),
        values: None,
        sum: None,
        items: None,
        messages: None,
    };
    match answer.content {
        Content::Done => {}
        Content::Values(values) => {
            body.values = Some(values.into_iter().map(Value::from).collect())
        }
        Content::Sum(sum) => body.sum = Some(sum),
        Content::Messages(messages) => body.messages = Some(messages),
        Content::Items(items) => {
            let item = |item: Item| ItemBody {
                element: item.element,
                quantity: item.quantity,
                adds: item.dots.iter().map(dot_text).collect(),
            };
            body.items = Some(items.into_iter().map(item).collect());
        }
    }
    to_json(&body)
}

/// Reads an answer.
///
/// # Errors
/// What does not follow the protocol.
pub fn decode_answer(body: &[u8]) -> Result<Answer, Malformed> {
    let body: AnswerBody = from_json(body)?;
    let content = match (body.values, body.sum, body.items, body.messages) {
        (Some(values), None, None, None) => Content::Values(
            values
                .into_iter()
                .map(|value| match value {
                    Value::Int(n) => Ok(Scalar::Int(n)),
                    Value::Text(text) => Ok(Scalar::Text(text)),
                    other => {
                        Err(Malformed::Json(format!("{other} is not the value of a register")))
                    }
                })
                .collect::<Result<_, _>>()?,
        ),
        (None, Some(sum), None, None) => Content::Sum(sum),
        (None, None, None, Some(messages)) => Content::Messages(messages),
        (None, None, Some(items), None) => Content::Items(
            items
                .into_iter()
                .map(|item| {
                    let dots = item.adds.iter().map(|text| dot(text)).collect::<Result<_, _>>()?;
                    Ok(Item { element: item.element, quantity: item.quantity, dots })
                })
                .collect::<Result<_, _>>()?,
        ),
        (None, None, None, None) => Content::Done,
        _ => {
            return Err(Malformed::Json("more than one of values, sum, items and messages".into()));
        }
    };
    let node: NodeId = body.node.parse().map_err(|e| Malformed::Json(format!("{e}")))?;
    let clock = Reading { wall_ms: body.clock.0, logical: body.clock.1 };
    let past = versions(&body.past)?;
    let dot = body.dot.as_deref().map(dot).transpose()?;
    Ok(Answer { node, version: body.version, dot, clock, past, content })
}

/// The status and body of a refusal.
#[must_use]
pub fn encode_refusal(refusal: &Refusal) -> (u16, Vec<u8>) {
    let status = match refusal {
        Refusal::Full(_) => 507,
        Refusal::SoldOut { .. } => 409,
        Refusal::Away(_) => 503,
        refusal if refusal.is_open() => 504,
        Refusal::Behind | Refusal::Unavailable { .. } | Refusal::Elsewhere { .. } => 412,
        _ => 400,
    };
    (status, encode_error(refusal))
}

/// The body of an error.
pub fn encode_error(error: &dyn std::error::Error) -> Vec<u8> {
    to_json(&ErrorBody { error: error.to_string() })
}

/// The message in the body of an error, or the start of the body where it is something else.
#[must_use]
pub fn decode_error(body: &[u8]) -> String {
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(body) => body.error,
        Err(_) => String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned(),
    }
}

fn versions_value(versions: &VersionVector) -> Value {
    if versions.0.is_empty() { Value::Nil } else { versions.to_value() }
}

fn versions(value: &Value) -> Result<VersionVector, Malformed> {
    if value.is_nil() {
        return Ok(VersionVector::default());
    }
    VersionVector::of_value(value).ok_or_else(|| Malformed::Versions(value.clone()))
}

fn dot_text(dot: &Dot) -> String {
    format!("{}:{}", dot.actor, dot.counter)
}

fn dot(text: &str) -> Result<Dot, Malformed> {
    let bad = || Malformed::Add(text.chars().take(100).collect());
    let (actor, counter) = text.split_once(':').ok_or_else(bad)?;
    Ok(Dot {
        actor: actor.parse().map_err(|_| bad())?,
        counter: counter.parse().map_err(|_| bad())?,
    })
}

fn to_json(body: &impl Serialize) -> Vec<u8> {
    // Plain structures of text and numbers: there is nothing in them that JSON cannot hold.
    serde_json::to_vec(body).unwrap_or_default()
}

fn from_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Malformed> {
    serde_json::from_slice(body).map_err(|error| Malformed::Json(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn actor() -> impl Strategy<Value = crate::core::Actor> {
        (1u16..9, 1u32..4)
            .prop_map(|(node, incarnation)| crate::core::Actor { node: NodeId(node), incarnation })
    }

    fn dot() -> impl Strategy<Value = Dot> {
        (actor(), 1u64..99).prop_map(|(actor, counter)| Dot { actor, counter })
    }

    fn requests() -> impl Strategy<Value = Request> {
        let dots = prop::collection::vec(dot(), 0..4);
        let action = prop_oneof![
            prop::sample::select(&KINDS[..]).prop_map(|kind| (kind, Action::Read)),
            (".+").prop_map(|element| (DataType::Set, Action::Add { element, quantity: 1 })),
            (1u64..99).prop_map(|n| (DataType::Inventory, Action::Restock(n))),
            (1u64..99).prop_map(|n| (DataType::Inventory, Action::Sell(n))),
            (".+", prop::option::of(".+"))
                .prop_map(|(message, parent)| (DataType::Chat, Action::Post { message, parent })),
            (".+", ".+")
                .prop_map(|(edit, message)| (DataType::Chat, Action::Edit { edit, message })),
            any::<i64>().prop_map(|n| (DataType::Register, Action::Write(Scalar::Int(n)))),
            ".*".prop_map(|text| (DataType::Register, Action::Write(Scalar::Text(text)))),
            ".*".prop_map(|piece| (DataType::Text, Action::Append(piece))),
            (1i64..99).prop_map(|at| (DataType::Position, Action::Write(Scalar::Int(at)))),
            (1i64..1000, any::<bool>())
                .prop_map(|(n, up)| (DataType::Counter, Action::Change(if up { n } else { -n }))),
            (".+", 1u64..9).prop_map(|(element, quantity)| (
                DataType::Cart,
                Action::Add { element, quantity }
            )),
            (".+", dots)
                .prop_map(|(element, dots)| (DataType::Cart, Action::Remove { element, dots })),
        ];
        let clock = prop::option::of((0..i64::MAX as u64, any::<u32>()));
        let versions = || prop::collection::btree_map(actor(), 1..i64::MAX as u64, 0..4);
        let cloud = prop::collection::btree_set(dot(), 0..3);
        let token =
            (clock, versions(), cloud, versions()).prop_map(|(clock, seen, cloud, past)| Token {
                clock: clock.map(|(wall_ms, logical)| Reading { wall_ms, logical }),
                seen: CausalContext { vector: VersionVector(seen), cloud },
                past: VersionVector(past),
            });
        let level = prop::option::of(prop::sample::select(Level::ALL));
        (".+", action, token, level).prop_map(|(name, (kind, action), token, level)| Request {
            key: Key { kind, name },
            action,
            token,
            level,
        })
    }

    proptest! {
        #[test]
        fn a_request_survives_the_wire(request in requests()) {
            let (path, body) = encode_request(&request);
            prop_assert_eq!(decode_request(path, &body), Ok(request));
        }

        #[test]
        fn garbage_is_an_error_and_no_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            for path in KINDS.map(path_of).into_iter().chain(["/nowhere"]) {
                let _ = decode_request(path, &body);
            }
            let _ = decode_answer(&body);
            let _ = decode_error(&body);
        }
    }

    #[test]
    fn a_checkout_reads_the_cart() {
        let request = decode_request("/cart", br#"{"key":"c","f":"checkout"}"#).unwrap();
        assert_eq!(request.action, Action::Read);
    }

    #[test]
    fn a_value_that_does_not_fit_is_named() {
        let error =
            decode_request("/counter", br#"{"key":"c","f":"increment","value":0}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected an amount of at least 1 as the value of increment, found 0"
        );
    }
}
