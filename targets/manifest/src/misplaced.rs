//! Reading TOML, with errors that say where something stands that should not.

use crate::outline::{Outline, Segment, position};
use serde::de::DeserializeOwned;
use std::ops::Range;

/// Something in a TOML text that cannot be read.
#[derive(Debug)]
pub(crate) struct Misplaced {
    /// The byte where it stands.
    pub(crate) offset: usize,
    /// What is wrong.
    pub(crate) message: String,
}

/// Reads a text, and where its entries stand.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<(T, Outline<'_>), Misplaced> {
    let syntax = |error: toml::de::Error| Misplaced {
        offset: error.span().map_or(0, |span| span.start),
        message: plain(error.message()),
    };
    let outline = Outline::parse(text).map_err(syntax)?;
    let deserializer = toml::Deserializer::parse(text).map_err(syntax)?;
    match serde_path_to_error::deserialize::<_, T>(deserializer) {
        Ok(value) => Ok((value, outline)),
        Err(error) => {
            // The parser points to a key, or to the value; or to an array around the element that serde was reading.
            let pointed = error.inner().span();
            let read = outline.span_of_serde(error.path(), pointed.as_ref());
            let around = |span: &Range<usize>| span.start <= read.start && read.end <= span.end;
            let pointed = pointed.filter(|span| !around(span));
            let message = of_entry(error.path(), plain(error.inner().message()));
            Err(Misplaced { offset: pointed.unwrap_or(read).start, message })
        }
    }
}

/// The parser's words in the form of every other error: `expected X, found Y`.
#[must_use]
pub fn plain(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("missing field ") {
        return format!("expected the entry {rest}, found none");
    }
    let said = ["invalid type: ", "invalid value: ", "invalid length "]
        .into_iter()
        .find_map(|kind| message.strip_prefix(kind))
        .and_then(|said| said.rsplit_once(", expected "));
    match said {
        Some((found, expected)) => format!("expected {}, found {}", wanted(expected), met(found)),
        None => message.to_owned(),
    }
}

/// What was expected, with Rust's types in plain English.
fn wanted(expected: &str) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0",
        "i64" => "a whole number",
        "f64" => "a number",
        "a string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        of_rust if of_rust.starts_with("struct ") => "a table",
        other => other,
    }
    .to_owned()
}

/// What was found, as the file has it.
fn met(found: &str) -> String {
    let quoted = ["integer ", "floating point ", "boolean "];
    let number = quoted.into_iter().find_map(|kind| found.strip_prefix(kind));
    match (found, number, found.strip_prefix("string ")) {
        // The largest are followed by their type.
        (_, Some(number), _) => number.split('`').nth(1).unwrap_or(number).to_owned(),
        (_, _, Some(text)) => text.to_owned(),
        ("sequence", ..) => "a list".to_owned(),
        ("map", ..) => "a table".to_owned(),
        _ => found.to_owned(),
    }
}

/// What is expected of an entry is said with its name.
fn of_entry(path: &serde_path_to_error::Path, message: String) -> String {
    let mut keys = path.iter().filter_map(|segment| match segment {
        serde_path_to_error::Segment::Map { key } => Some(key),
        _ => None,
    });
    match keys.next_back() {
        Some(key) if message.starts_with("expected ") && !message.ends_with(", found none") => {
            format!("{key}: {message}")
        }
        _ => message,
    }
}

/// A file in TOML that is wrong somewhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct WrongEntry {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// A step on the way to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To an element of a list, from 0.
    Place(usize),
}

/// Reads any TOML as manifests are read. `file` is what errors call it; `check` finds what no type can say, and tells the
/// way to the entry that is wrong.
///
/// # Errors
/// What is wrong, and where.
pub fn read_toml<T: DeserializeOwned>(
    text: &str,
    file: &str,
    check: impl FnOnce(&T) -> Result<(), (Vec<Step>, String)>,
) -> Result<T, WrongEntry> {
    let wrong = |offset: usize, message: String| {
        let (line, column) = position(text, offset);
        WrongEntry { file: file.to_owned(), line, column, message }
    };
    let (value, outline) =
        read::<T>(text).map_err(|misplaced| wrong(misplaced.offset, misplaced.message))?;
    match check(&value) {
        Ok(()) => Ok(value),
        Err((way, message)) => {
            let way: Vec<Segment> = way.into_iter().map(Segment::from).collect();
            // What is not there at all is missing from the file, and not from one of its lines.
            let offset = if outline.has(&way) { outline.span(&way).start } else { 0 };
            Err(wrong(offset, message))
        }
    }
}

impl From<Step> for Segment {
    fn from(step: Step) -> Segment {
        match step {
            Step::Key(key) => Segment::Value(key),
            Step::Place(place) => Segment::Element(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    type File = BTreeMap<String, Vec<u32>>;

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let read = |text: &str| {
            let way = vec![Step::Key("b".to_owned()), Step::Place(1)];
            let check = |file: &File| match file["b"][1] {
                2 => Ok(()),
                found => Err((way, format!("expected 2, found {found}"))),
            };
            read_toml::<File>(text, "x.toml", check).map_err(|error| error.to_string())
        };
        assert!(read("a = [1]\nb = [1, 2]").is_ok());
        assert_eq!(read("a = [1]\nb = [1, 3]").unwrap_err(), "x.toml:2:9: expected 2, found 3");
        let wrong = |b: &str| read(&format!("a = [1]\nb = {b}")).unwrap_err();
        let number = "x.toml:2:9: b: expected a whole number from 0 to 4294967295, found";
        assert_eq!(wrong("[1, -3]"), format!("{number} -3"));
        assert_eq!(wrong("[1, 4294967296]"), format!("{number} 4294967296"));
        let huge = "9".repeat(25);
        assert_eq!(wrong(&format!("[1, {huge}]")), format!("{number} {huge}"));
        assert_eq!(wrong("[1, 'one']"), format!("{number} \"one\""));
        assert_eq!(wrong("[1, [2]]"), format!("{number} a list"));
        assert_eq!(wrong("{ c = 1 }"), "x.toml:2:5: b: expected a list, found a table");
        assert!(read("a = [1]\nb = [1, ").unwrap_err().starts_with("x.toml:2:"));
    }
}
