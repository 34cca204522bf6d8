//! Where each entry of a TOML text stands, by the parser's own spans.

use serde_path_to_error::Segment as SerdeSegment;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A step on the way to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// To the value of a key.
    Value(String),
    /// To the key itself.
    Key(String),
    /// To an element of an array.
    Element(usize),
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Segment::Value(key.to_owned())
    }
}

impl From<&String> for Segment {
    fn from(key: &String) -> Self {
        Segment::Value(key.clone())
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Segment::Element(index)
    }
}

/// The way to an entry: keys and places in arrays.
macro_rules! way {
    ($($step:expr),* $(,)?) => { vec![$($crate::outline::Segment::from($step)),*] };
}
pub(crate) use way;

/// The entries of a text.
#[derive(Debug)]
pub(crate) struct Outline<'t> {
    text: &'t str,
    root: Spanned<DeValue<'t>>,
}

impl<'t> Outline<'t> {
    /// Reads a text.
    pub(crate) fn parse(text: &'t str) -> Result<Self, toml::de::Error> {
        let root = DeTable::parse(text)?;
        let span = root.span();
        Ok(Outline { text, root: Spanned::new(span, DeValue::Table(root.into_inner())) })
    }

    /// Whether there is such an entry.
    pub(crate) fn has(&self, path: &[Segment]) -> bool {
        self.follow(path).2 == path.len()
    }

    /// The bytes of an entry; those of the innermost one around it where it is not there.
    pub(crate) fn span(&self, path: &[Segment]) -> Range<usize> {
        self.follow(path).1
    }

    /// The bytes of what serde was reading. A key that is read as an enum is missing on serde's way: there the entry is
    /// taken whose value the parser points to.
    pub(crate) fn span_of_serde(
        &self,
        path: &serde_path_to_error::Path,
        pointed: Option<&Range<usize>>,
    ) -> Range<usize> {
        let mut way = Vec::new();
        for segment in path.iter() {
            way.push(match segment {
                SerdeSegment::Seq { index } => Segment::Element(*index),
                SerdeSegment::Map { key } => Segment::Value(key.clone()),
                SerdeSegment::Enum { .. } | SerdeSegment::Unknown => {
                    match self.entry_around(&way, pointed) {
                        Some(key) => Segment::Value(key),
                        None => break,
                    }
                }
            });
        }
        self.span(&way)
    }

    /// The key of the entry of a table whose value holds these bytes.
    fn entry_around(&self, table: &[Segment], bytes: Option<&Range<usize>>) -> Option<String> {
        let (bytes, table) = (bytes?, self.follow(table).0.as_table()?);
        let holds = |span: Range<usize>| span.start <= bytes.start && bytes.end <= span.end;
        let (key, _) = table.iter().find(|(_, value)| holds(value.span()))?;
        Some(key.get_ref().to_string())
    }

    /// How many lines below its start the first line of a text begins.
    pub(crate) fn lines_before_text(&self, span: &Range<usize>) -> usize {
        let opening = &self.text[span.start..];
        let begins = |quotes: &str| {
            opening.strip_prefix(quotes).is_some_and(|text| text.starts_with(['\n', '\r']))
        };
        usize::from(begins("\"\"\"") || begins("'''"))
    }

    /// Whether a text may go over several lines.
    pub(crate) fn is_multi_line(&self, span: &Range<usize>) -> bool {
        let opening = &self.text[span.start..];
        opening.starts_with("\"\"\"") || opening.starts_with("'''")
    }

    /// The innermost value on the way that is there, the bytes of what the last step leads to, and how many steps lead
    /// there.
    fn follow(&self, path: &[Segment]) -> (&DeValue<'t>, Range<usize>, usize) {
        let (mut at, mut span) = (self.root.get_ref(), self.root.span());
        for (taken, step) in path.iter().enumerate() {
            let next = match (step, at) {
                (Segment::Element(index), DeValue::Array(array)) => {
                    array.get(*index).map(|element| (element.span(), element))
                }
                (Segment::Value(name), DeValue::Table(table)) => {
                    let entry = table.iter().find(|(key, _)| key.get_ref() == name);
                    entry.map(|(_, value)| (value.span(), value))
                }
                (Segment::Key(name), DeValue::Table(table)) => {
                    let entry = table.iter().find(|(key, _)| key.get_ref() == name);
                    entry.map(|(key, value)| (key.span(), value))
                }
                _ => None,
            };
            let Some((next_span, value)) = next else { return (at, span, taken) };
            (at, span) = (value.get_ref(), next_span);
        }
        (at, span, path.len())
    }
}

/// The line and column, from 1, in which a byte stands.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (1 + before.matches('\n').count(), 1 + line.chars().count())
}
