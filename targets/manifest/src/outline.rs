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

    /// How many lines below the start of a text its line with this number, from 0, begins. Where a line of the file goes on in
    /// the next (`\` at its end), the text has fewer lines than the file.
    pub(crate) fn lines_to(&self, span: &Range<usize>, line: usize) -> usize {
        let source = &self.text[span.clone()];
        let (source, escapes) = match (source.strip_prefix("\"\"\""), source.strip_prefix("'''")) {
            (Some(source), _) => (source, true),
            (None, Some(source)) => (source, false),
            (None, None) => return 0,
        };
        let mut lines = source.lines().enumerate().peekable();
        // A line break right after the quotes is not part of the text.
        lines.next_if(|(_, line)| line.is_empty());
        let (mut of_text, mut goes_on) = (0, true);
        for (below, source) in lines {
            if goes_on && below > 0 && source.trim().is_empty() {
                // All white space up to the next word is skipped.
                continue;
            }
            of_text += usize::from(!goes_on);
            let breaks;
            (breaks, goes_on) = if escapes { line_breaks(source) } else { (0, false) };
            of_text += breaks;
            if of_text >= line {
                return below;
            }
        }
        0
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

/// How many line breaks are written as escapes in a line of a text, and whether it goes on in the next line.
fn line_breaks(source: &str) -> (usize, bool) {
    let (mut breaks, mut chars) = (0, source.trim_end().chars());
    while let Some(char) = chars.next() {
        if char == '\\' {
            match chars.next() {
                Some('n') => breaks += 1,
                Some(_) => {}
                None => return (breaks, true),
            }
        }
    }
    (breaks, false)
}

/// The line and column, from 1, in which a byte stands.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (1 + before.matches('\n').count(), 1 + line.chars().count())
}
