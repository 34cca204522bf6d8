//! The values that EDN and JSON have in common, as far as operations use them.

use crate::problem::Problem;
use afterall_history::Value;
use std::borrow::Cow;

/// One value of a foreign file. Its texts lie in the file's window, where they need no unescaping.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Form<'a> {
    #[default]
    Nil,
    Bool(bool),
    Int(i64),
    /// A string, keyword, symbol or character; the difference does not matter here, as in JSON.
    Text(Cow<'a, str>),
    /// A list or vector.
    List(Vec<Form<'a>>),
    /// A set of EDN, whose items have no order. JSON has no sets.
    Set(Vec<Form<'a>>),
    Map(Vec<(Form<'a>, Form<'a>)>),
    /// A number that is not a whole number of 64 bits. An error only where the value is used.
    Odd(Cow<'a, str>),
}

impl Form<'_> {
    pub(crate) fn is_nil(&self) -> bool {
        *self == Form::Nil
    }

    pub(crate) fn is_collection(&self) -> bool {
        matches!(self, Form::List(_) | Form::Set(_) | Form::Map(_))
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Form::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A copy that does not borrow from the file's window.
    pub(crate) fn detached(&self) -> Form<'static> {
        let all = |items: &[Form<'_>]| items.iter().map(Form::detached).collect();
        match self {
            Form::Nil => Form::Nil,
            Form::Bool(b) => Form::Bool(*b),
            Form::Int(n) => Form::Int(*n),
            Form::Text(text) => Form::Text(Cow::Owned(text.clone().into_owned())),
            Form::List(items) => Form::List(all(items)),
            Form::Set(items) => Form::Set(all(items)),
            Form::Map(entries) => Form::Map(
                entries.iter().map(|(key, item)| (key.detached(), item.detached())).collect(),
            ),
            Form::Odd(text) => Form::Odd(Cow::Owned(text.clone().into_owned())),
        }
    }

    /// The two items of a list of two.
    pub(crate) fn as_pair(&self) -> Option<(&Form<'_>, &Form<'_>)> {
        match self {
            Form::List(items) => match items.as_slice() {
                [first, second] => Some((first, second)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The items of a list or set.
    pub(crate) fn items(&self) -> Option<&[Form<'_>]> {
        match self {
            Form::List(items) | Form::Set(items) => Some(items),
            _ => None,
        }
    }

    /// The value that a history keeps. The items of sets and the entries of maps are sorted, so that equal
    /// values are equal however they were written. A set becomes a list.
    ///
    /// # Errors
    /// When it holds a number that is not a whole number of 64 bits, or a map whose keys are not plain.
    pub(crate) fn value(&self) -> Result<Value, Problem> {
        Ok(match self {
            Form::Nil => Value::Nil,
            Form::Bool(b) => Value::Bool(*b),
            Form::Int(n) => Value::Int(*n),
            Form::Text(text) => Value::Text(text.clone().into_owned()),
            Form::List(items) => {
                Value::List(items.iter().map(Form::value).collect::<Result<_, _>>()?)
            }
            Form::Set(items) => {
                let items: Result<Vec<Value>, Problem> = items.iter().map(Form::value).collect();
                let mut items = items?;
                items.sort_unstable();
                Value::List(items)
            }
            Form::Map(entries) => {
                let named = |(key, item): &(Form<'_>, Form<'_>)| {
                    Ok((key.name()?.into_owned(), item.value()?))
                };
                let entries: Result<Vec<_>, Problem> = entries.iter().map(named).collect();
                let mut entries = entries?;
                entries.sort_unstable();
                Value::Map(entries)
            }
            Form::Odd(text) => return Err(odd(text)),
        })
    }

    /// The text that names an object: a text itself, or the digits of a number.
    pub(crate) fn name(&self) -> Result<Cow<'_, str>, Problem> {
        match self {
            Form::Text(text) => Ok(Cow::Borrowed(text)),
            Form::Int(n) => Ok(Cow::Owned(n.to_string())),
            Form::Bool(b) => Ok(Cow::Borrowed(if *b { "true" } else { "false" })),
            Form::Odd(text) => Err(odd(text)),
            Form::Nil => Err(Problem::expected("a key, a text or a number", "nil")),
            // Composite keys, as `[1 2]`: their JSON.
            Form::List(_) | Form::Set(_) | Form::Map(_) => {
                Ok(Cow::Owned(self.value()?.to_string()))
            }
        }
    }
}

fn odd(text: &str) -> Problem {
    Problem::expected("a whole number of 64 bits, a text, a list, a set or a map", text.to_string())
        .hint("record fractions and larger numbers as texts")
}
