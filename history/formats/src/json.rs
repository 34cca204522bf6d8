//! Operations written as JSON objects, by way of serde_json.

use crate::form::Form;
use crate::op::Op;
use crate::problem::Problem;
use crate::source::Stop;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The operation at the beginning of a window, and how many bytes it takes.
pub(crate) fn op(window: &[u8], ended: bool) -> Result<(Op<'_>, usize), Stop> {
    let mut ops = serde_json::Deserializer::from_slice(window).into_iter::<Op<'_>>();
    match ops.next() {
        Some(Ok(op)) => Ok((op, ops.byte_offset())),
        None => Err(Stop::More),
        Some(Err(error)) if error.is_eof() && !ended => Err(Stop::More),
        Some(Err(error)) => {
            let lines = (error.line() as u64).saturating_sub(1);
            Err(Stop::Wrong { lines, problem: Problem::json(&error, false) })
        }
    }
}

/// The value that a text is, if it is one in JSON.
pub(crate) fn form(text: &str) -> Option<Form<'_>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let form = FormSeed.deserialize(&mut deserializer).ok()?;
    deserializer.end().is_ok().then_some(form)
}

impl<'de> Deserialize<'de> for Op<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OpVisitor)
    }
}

struct OpVisitor;

impl<'de> Visitor<'de> for OpVisitor {
    type Value = Op<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an operation as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Op<'de>, A::Error> {
        let mut op = Op::default();
        while let Some(key) = map.next_key_seed(FormSeed)? {
            let value = map.next_value_seed(FormSeed)?;
            op.set(key.as_text().unwrap_or_default(), value).map_err(A::Error::custom)?;
        }
        Ok(op)
    }
}

struct FormSeed;

impl<'de> DeserializeSeed<'de> for FormSeed {
    type Value = Form<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Form<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FormSeed {
    type Value = Form<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Form<'de>, E> {
        Ok(Form::Nil)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Form<'de>, E> {
        Ok(Form::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Form<'de>, E> {
        Ok(Form::Int(n))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Form<'de>, E> {
        Ok(i64::try_from(n).map_or_else(|_| Form::Odd(Cow::Owned(n.to_string())), Form::Int))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Form<'de>, E> {
        Ok(Form::Odd(Cow::Owned(n.to_string())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Form<'de>, E> {
        Ok(Form::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Form<'de>, E> {
        Ok(Form::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Form<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(FormSeed)? {
            items.push(item);
        }
        Ok(Form::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Form<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(FormSeed)? {
            entries.push((key, map.next_value_seed(FormSeed)?));
        }
        Ok(Form::Map(entries))
    }
}
