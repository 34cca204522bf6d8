//! What EDN and JSON have in common, as far as operations carry it.

use afterall_history::Value;
use std::borrow::Cow;

/// One value of a foreign file. Its texts lie in the file's window, where they need no unescaping.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Form<'a> {
    #[default]
    Nil,
    Bool(bool),
    Int(i64),
    /// A string, keyword, symbol or character: which of them makes no difference here, as in JSON.
    Text(Cow<'a, str>),
    /// A list, vector or set.
    List(Vec<Form<'a>>),
    Map(Vec<(Form<'a>, Form<'a>)>),
    /// A number that is no whole number of 64 bits. Harmless where nobody asks for it.
    Odd(Cow<'a, str>),
}

impl Form<'_> {
    pub(crate) fn is_nil(&self) -> bool {
        *self == Form::Nil
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Form::Text(text) => Some(text),
            _ => None,
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

    /// The value that a history keeps.
    ///
    /// # Errors
    /// In words, when it holds a number that is no whole number of 64 bits, or a map whose keys are not plain.
    pub(crate) fn value(&self) -> Result<Value, String> {
        Ok(match self {
            Form::Nil => Value::Nil,
            Form::Bool(b) => Value::Bool(*b),
            Form::Int(n) => Value::Int(*n),
            Form::Text(text) => Value::Text(text.clone().into_owned()),
            Form::List(items) => {
                Value::List(items.iter().map(Form::value).collect::<Result<_, _>>()?)
            }
            Form::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, item)| Ok((key.name()?.into_owned(), item.value()?)))
                    .collect::<Result<_, String>>()?,
            ),
            Form::Odd(text) => return Err(odd(text)),
        })
    }

    /// The text that names an object: of a text itself, of a number its digits.
    pub(crate) fn name(&self) -> Result<Cow<'_, str>, String> {
        match self {
            Form::Text(text) => Ok(Cow::Borrowed(text)),
            Form::Int(n) => Ok(Cow::Owned(n.to_string())),
            Form::Bool(b) => Ok(Cow::Borrowed(if *b { "true" } else { "false" })),
            Form::Odd(text) => Err(odd(text)),
            Form::Nil => Err("a key is nil".to_owned()),
            // Composite keys, as `[1 2]`: their JSON.
            Form::List(_) | Form::Map(_) => Ok(Cow::Owned(self.value()?.to_string())),
        }
    }
}

fn odd(text: &str) -> String {
    format!("{text} is no whole number of 64 bits; values are whole numbers, texts, lists and maps")
}
