//! The client protocol: JSON over HTTP. Both ends of it, so that they cannot drift apart.
//!
//! `POST /register`, `/counter` or `/cart` with one object:
//!
//! | field | |
//! |---|---|
//! | `key` | the object's name |
//! | `f` | `read`; register: `write`; counter: `increment`, `decrement`; cart: `add`, `remove`, `checkout` |
//! | `value` | write: a whole number or text · increment, decrement: the amount · add: `[element, quantity]` · remove: the element |
//! | `adds` | remove: the adds that the client has seen, as a read gave them; none: whatever the replica holds |
//! | `after` | the greatest `clock` that the session has been given |
//!
//! The answer, status 200: `node` (the replica), `version`, `clock`, and with a read `values`, `sum` or `items`
//! (`[{"element": …, "quantity": …, "adds": […]}]`). Anything else: status 4xx or 5xx and `{"error": …}`;
//! a 4xx or 507 has changed nothing.

use crate::core::{
    Action, Answer, Content, DataType, Dot, Item, Key, NodeId, Reading, Refusal, Request, Scalar,
};
use afterall_history::{Function, Value};
use serde::{Deserialize, Serialize};

/// The longest request body, in bytes.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// A request or an answer that does not follow the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No such path.
    #[error("expected the path /register, /counter, /cart, /status or /metrics, found {0:?}")]
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
    after: Option<(u64, u32)>,
}

#[derive(Serialize, Deserialize)]
struct AnswerBody {
    node: String,
    version: Value,
    clock: (u64, u32),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sum: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<Vec<ItemBody>>,
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

/// The path and body of a request.
#[must_use]
pub fn encode_request(request: &Request) -> (&'static str, Vec<u8>) {
    let (f, value, adds) = match &request.action {
        Action::Read => (Function::Read, Value::Nil, Vec::new()),
        Action::Write(value) => (Function::Write, value.clone().into(), Vec::new()),
        Action::Change(by) => {
            let f = if *by < 0 { Function::Decrement } else { Function::Increment };
            (f, Value::Int(by.saturating_abs()), Vec::new())
        }
        Action::Add { element, quantity } => {
            let quantity = Value::Int(i64::try_from(*quantity).unwrap_or(i64::MAX));
            (Function::Add, Value::List(vec![element.as_str().into(), quantity]), Vec::new())
        }
        Action::Remove { element, dots } => {
            (Function::Remove, element.as_str().into(), dots.iter().map(dot_text).collect())
        }
    };
    let path = match request.key.kind {
        DataType::Register => "/register",
        DataType::Counter => "/counter",
        DataType::Cart => "/cart",
    };
    let after = request.after.map(|reading| (reading.wall_ms, reading.logical));
    (path, to_json(&RequestBody { key: request.key.name.clone(), f, value, adds, after }))
}

/// Reads a request.
///
/// # Errors
/// What does not follow the protocol. Bounds are [`Request::check`]'s business.
pub fn decode_request(path: &str, body: &[u8]) -> Result<Request, Malformed> {
    let kind = match path {
        "/register" => DataType::Register,
        "/counter" => DataType::Counter,
        "/cart" => DataType::Cart,
        other => return Err(Malformed::Path(other.chars().take(100).collect())),
    };
    let body: RequestBody = from_json(body)?;
    let wrong = |f, wanted| Malformed::Value { f, wanted, got: body.value.clone() };
    let action = match (kind, body.f) {
        (_, Function::Read) | (DataType::Cart, Function::Checkout) => Action::Read,
        (DataType::Register, Function::Write) => match &body.value {
            Value::Int(n) => Action::Write(Scalar::Int(*n)),
            Value::Text(text) => Action::Write(Scalar::Text(text.clone())),
            _ => return Err(wrong(body.f, "a whole number or text")),
        },
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
        (DataType::Cart, f @ Function::Remove) => Action::Remove {
            element: body.value.as_text().ok_or_else(|| wrong(f, "an element"))?.to_owned(),
            dots: body.adds.iter().map(|text| dot(text)).collect::<Result<_, _>>()?,
        },
        (kind, f) => return Err(Malformed::Function { kind, f }),
    };
    let after = body.after.map(|(wall_ms, logical)| Reading { wall_ms, logical });
    Ok(Request { key: Key { kind, name: body.key }, action, after })
}

/// The body of an answer.
#[must_use]
pub fn encode_answer(answer: Answer) -> Vec<u8> {
    let mut body = AnswerBody {
        node: answer.node.to_string(),
        version: answer.version,
        clock: (answer.clock.wall_ms, answer.clock.logical),
        values: None,
        sum: None,
        items: None,
    };
    match answer.content {
        Content::Done => {}
        Content::Values(values) => {
            body.values = Some(values.into_iter().map(Value::from).collect())
        }
        Content::Sum(sum) => body.sum = Some(sum),
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
    let content = match (body.values, body.sum, body.items) {
        (Some(values), None, None) => Content::Values(
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
        (None, Some(sum), None) => Content::Sum(sum),
        (None, None, Some(items)) => Content::Items(
            items
                .into_iter()
                .map(|item| {
                    let dots = item.adds.iter().map(|text| dot(text)).collect::<Result<_, _>>()?;
                    Ok(Item { element: item.element, quantity: item.quantity, dots })
                })
                .collect::<Result<_, _>>()?,
        ),
        (None, None, None) => Content::Done,
        _ => return Err(Malformed::Json("more than one of values, sum and items".into())),
    };
    let node: NodeId = body.node.parse().map_err(|e| Malformed::Json(format!("{e}")))?;
    let clock = Reading { wall_ms: body.clock.0, logical: body.clock.1 };
    Ok(Answer { node, version: body.version, clock, content })
}

/// The status and body of a refusal.
#[must_use]
pub fn encode_refusal(refusal: &Refusal) -> (u16, Vec<u8>) {
    let status = if matches!(refusal, Refusal::Full(_)) { 507 } else { 400 };
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

    fn requests() -> impl Strategy<Value = Request> {
        let actor = (1u16..9, 1u32..4)
            .prop_map(|(node, incarnation)| crate::core::Actor { node: NodeId(node), incarnation });
        let dots = prop::collection::vec(
            (actor, 1u64..99).prop_map(|(actor, counter)| Dot { actor, counter }),
            0..4,
        );
        let action = prop_oneof![
            (0usize..3).prop_map(|kind| (
                [DataType::Register, DataType::Counter, DataType::Cart][kind],
                Action::Read
            )),
            any::<i64>().prop_map(|n| (DataType::Register, Action::Write(Scalar::Int(n)))),
            ".*".prop_map(|text| (DataType::Register, Action::Write(Scalar::Text(text)))),
            (1i64..1000, any::<bool>())
                .prop_map(|(n, up)| (DataType::Counter, Action::Change(if up { n } else { -n }))),
            (".+", 1u64..9).prop_map(|(element, quantity)| (
                DataType::Cart,
                Action::Add { element, quantity }
            )),
            (".+", dots)
                .prop_map(|(element, dots)| (DataType::Cart, Action::Remove { element, dots })),
        ];
        (".+", action, prop::option::of((0..i64::MAX as u64, any::<u32>()))).prop_map(
            |(name, (kind, action), after)| Request {
                key: Key { kind, name },
                action,
                after: after.map(|(wall_ms, logical)| Reading { wall_ms, logical }),
            },
        )
    }

    proptest! {
        #[test]
        fn a_request_survives_the_wire(request in requests()) {
            let (path, body) = encode_request(&request);
            prop_assert_eq!(decode_request(path, &body), Ok(request));
        }

        #[test]
        fn garbage_is_an_error_and_no_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            for path in ["/register", "/counter", "/cart", "/nowhere"] {
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
