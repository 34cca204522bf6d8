//! One event of dbcop's JSON, in both its forms.

use crate::problem::Problem;
use afterall_history::Name;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A read or write.
pub(super) struct Event {
    pub(super) write: bool,
    pub(super) variable: Variable,
    /// `None` where a read returned nothing.
    pub(super) version: Option<u64>,
}

/// What is read or written.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Variable {
    Number(u64),
    Text(String),
}

impl Variable {
    pub(super) fn name(&self) -> Name<'_> {
        match self {
            Variable::Number(number) => Name::Number(*number),
            Variable::Text(text) => Name::Text(text),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    variable: Variable,
    version: Option<u64>,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Forms)
    }
}

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an event: {\"Write\":{\"variable\":…,\"version\":…}}, {\"Read\":…}, [\"w\",…] or [\"r\",…]",
        )
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let Some(kind) = map.next_key::<Cow<'_, str>>()? else {
            return Err(A::Error::custom("expected a Read or a Write as an event"));
        };
        let write = match kind.as_ref() {
            "Write" => true,
            "Read" => false,
            other => {
                return Err(A::Error::custom(Problem::expected(
                    "a Read or a Write as an event",
                    format!("{other:?}"),
                )));
            }
        };
        let Fields { variable, version } = map.next_value()?;
        if let Some(more) = map.next_key::<Cow<'_, str>>()? {
            return Err(A::Error::custom(format!("{more:?} stands beside {kind:?}")));
        }
        Ok(Event { write, variable, version })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Event, A::Error> {
        let short = || {
            A::Error::custom(
                "expected a kind, a variable and a version in an event, found something else",
            )
        };
        let kind: Cow<'_, str> = seq.next_element()?.ok_or_else(short)?;
        let write = match kind.as_ref() {
            "w" => true,
            "r" => false,
            other => {
                return Err(A::Error::custom(Problem::expected(
                    "a Read or a Write as an event",
                    format!("{other:?}"),
                )));
            }
        };
        let variable = seq.next_element()?.ok_or_else(short)?;
        let version = seq.next_element()?.ok_or_else(short)?;
        if seq.next_element::<serde::de::IgnoredAny>()?.is_some() {
            return Err(short());
        }
        Ok(Event { write, variable, version })
    }
}
