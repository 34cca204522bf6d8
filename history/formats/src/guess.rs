//! Which format a file is in, recognised by its beginning.

use crate::error::FormatError;
use crate::format::Format;
use crate::input::{Input, is_utf16, utf16, without_mark};
use crate::problem::Problem;
use crate::unpack::plain_name;
use crate::{dbcop, jepsen_log};
use afterall_history::FORMAT;
use std::io::{self, BufRead, Read};
use std::path::Path;

/// Bytes that are looked at.
const HEAD_BYTES: u64 = 1 << 16;
/// How far a log is searched for an operation, in bytes: setting up a cluster may take many lines.
const LOG_BYTES: u64 = 1 << 28;

/// Fields that dbcop's files have, one or the other.
const DBCOP: &[&str] = &["\"events\"", "\"committed\"", "\"variable\"", "\"params\""];

/// The format, and by what it was recognised.
pub(crate) fn guess(input: &Input<'_>, name: &str) -> Result<(Format, &'static str), FormatError> {
    if let Some(folder) = input.folder() {
        return Ok(if folder.join(dbcop::FILE).is_file() {
            (Format::DbcopBincode, "the file in the folder")
        } else {
            (Format::Cobra, "its being a folder")
        });
    }
    let io = |source| FormatError::Io { file: name.to_owned(), source };
    let mut head = Vec::new();
    input.open_binary(name)?.take(HEAD_BYTES).read_to_end(&mut head).map_err(io)?;
    let extension =
        Path::new(plain_name(name)).extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or("");
    if is_headless(&head) {
        let expected = format!("the first line of a history, with \"format\":\"{FORMAT}\"");
        let problem = Problem::expected(expected, "a later line: the file has lost its beginning");
        return Err(FormatError::Line { file: name.to_owned(), line: 1, problem });
    }
    if let Some(known) = of_head(&head, extension) {
        return Ok(known);
    }
    if is_utf16(&head) {
        return Err(utf16(name));
    }
    let cut = head.len() as u64 >= HEAD_BYTES;
    if cut && !head.contains(&0) && later_in_a_log(input.open(name)?).map_err(io)? {
        return Ok((Format::JepsenLog, "an operation far below its beginning"));
    }
    let what = if without_mark(&head).iter().all(u8::is_ascii_whitespace) {
        Problem::expected("a history", "nothing: the file is empty")
    } else {
        Problem::Format { known: Format::names().collect::<Vec<_>>().join(", ") }
    };
    Err(FormatError::File { file: name.to_owned(), problem: what })
}

/// Whether these are lines of a history of Afterall without the first: events that operations of no other format are.
fn is_headless(head: &[u8]) -> bool {
    const EVENTS: [&[u8]; 4] =
        [b"\"type\":\"node\"", b"\"type\":\"phase\"", b"\"type\":\"fault\"", b"\"type\":\"end\""];
    let is_event = |line: &[u8]| {
        let has = |part: &[u8]| line.windows(part.len()).any(|of| of == part);
        line.starts_with(b"{\"index\":") && EVENTS.into_iter().any(has)
    };
    let lines = || head.split(|&byte| byte == b'\n');
    lines().next().is_some_and(|line| line.starts_with(b"{\"index\":")) && lines().any(is_event)
}

/// Whether an operation stands in a log whose beginning shows none.
fn later_in_a_log(from: impl BufRead) -> io::Result<bool> {
    let mut from = from.take(LOG_BYTES);
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.by_ref().take(HEAD_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(false);
        }
        if jepsen_log::is_operation(&String::from_utf8_lossy(&line)) {
            return Ok(true);
        }
    }
}

fn of_head(head: &[u8], extension: &str) -> Option<(Format, &'static str)> {
    if extension == "bincode" {
        return Some((Format::DbcopBincode, "the file's name"));
    }
    // No text begins with the start of a transaction of a small number, or with small numbers of eight bytes.
    if head.len() >= 9 && head[..2] == *b"S\0" {
        return Some((Format::Cobra, "the first bytes"));
    }
    if head.len() >= 40 && head[..40].chunks(8).all(|number| number[4..] == [0; 4]) {
        return Some((Format::DbcopBincode, "the first bytes"));
    }
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut by the end of what is looked at.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return None,
    };
    // A text holds no zero bytes.
    if text.contains('\0') {
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = without_comments(text);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines().next()?;
    // What is inside the brackets, each of which may be on a line of its own.
    let inner = inside(text);
    let opened = |bracket: char| first.starts_with(bracket);
    let json = inner.starts_with('"') && (opened('{') || opened('['));
    let line = |what| (what, "the first line");
    Some(if json && first.contains(&format!("\"{FORMAT}\"")) {
        line(Format::Afterall)
    } else if json && ["\"type\"", "\":type\""].iter().any(|key| text.contains(key)) {
        (Format::JepsenJson, "the fields of its first objects")
    } else if json && DBCOP.iter().any(|field| text.contains(field)) {
        (Format::DbcopJson, "the fields of its first objects")
    } else if (opened('{') && inner.starts_with(':')) || is_tag(first) {
        if text.contains(":key") && (text.contains(":get") || text.contains(":put")) {
            (Format::Porcupine, "puts and gets with keys")
        } else {
            line(Format::JepsenEdn)
        }
    } else if (opened('[') || opened('(')) && (inner.starts_with(':') || is_tag(inner)) {
        line(Format::JepsenEdn)
    } else if lines().any(|line| line.contains("jepsen.util")) {
        (Format::JepsenLog, "lines with jepsen.util")
    } else if jepsen_log::is_bare(first) {
        line(Format::JepsenLog)
    } else if lines().any(jepsen_log::is_logged) {
        (Format::JepsenLog, "lines that Jepsen logged")
    } else if ["r(", "w("].iter().any(|start| first.starts_with(start)) {
        line(Format::Plume)
    } else if is_awdit(first) {
        line(Format::Awdit)
    } else if opened('[') && (first.contains(":=") || first.contains("==")) {
        line(Format::DbcopText)
    } else {
        return None;
    })
}

/// The text from the first line on that is not a comment.
fn without_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        if !text.starts_with([';', '/']) {
            return text;
        }
        text = text.split_once('\n').map_or("", |(_, rest)| rest);
    }
}

/// The text behind its first brackets.
fn inside(mut text: &str) -> &str {
    loop {
        let brackets = |c: char| "[({,".contains(c) || c.is_whitespace();
        let inner = without_comments(text.trim_start_matches(brackets));
        if inner.len() == text.len() {
            return text;
        }
        text = inner;
    }
}

/// The tag of an operation or of a list of them, as `#jepsen.history.Op{`, `#knossos.op.Op{` and `#jepsen.history [`.
fn is_tag(line: &str) -> bool {
    line.strip_prefix('#')
        .is_some_and(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic() || c == ':'))
}

/// `r k v` or `w k v`, or the end of an empty transaction or session.
fn is_awdit(line: &str) -> bool {
    let mut words = line.split_whitespace();
    line.starts_with("-----")
        || line.starts_with("=====")
        || (matches!(words.next(), Some("r" | "w")) && words.count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_from_their_first_bytes() {
        for (head, format) in [
            ("{\"format\":\"afterall-history\",\"version\":1", Format::Afterall),
            ("{:type :invoke, :f :read, :process 0}\n", Format::JepsenEdn),
            ("; by hand\n\n[{:type :invoke", Format::JepsenEdn),
            ("[\n{:type :invoke", Format::JepsenEdn),
            ("({:type :invoke", Format::JepsenEdn),
            ("#jepsen.history.Op{:index 0", Format::JepsenEdn),
            ("[#jepsen.history.Op{:index 0", Format::JepsenEdn),
            ("(#knossos.op.Op{:process 0", Format::JepsenEdn),
            ("[{\"type\":\"invoke\"", Format::JepsenJson),
            ("{\"index\":0,\"type\":\"invoke\"", Format::JepsenJson),
            ("INFO  jepsen.util - 0\t:invoke\t:read\tnil\n", Format::JepsenLog),
            ("2020 starting\nINFO  jepsen.util - 0\t:invoke\t:read\tnil\n", Format::JepsenLog),
            ("{:process 9, :type :invoke, :f :get, :key \"0\", :value nil}", Format::Porcupine),
            (
                "{GMT}\tINFO\t[jepsen worker 1] jepsen.util: 1\t:invoke\t:read\tnil\n",
                Format::JepsenLog,
            ),
            ("0\t:invoke\t:read\tnil\n", Format::JepsenLog),
            ("[\n  {\n    \"process\": 0,\n    \"type\": \"invoke\"", Format::JepsenJson),
            ("[\r\n  {\r\n    \"process\": 0,\r\n    \"type\": \"invoke\"", Format::JepsenJson),
            ("\u{feff}[{:type :invoke", Format::JepsenEdn),
            ("[\n {\n  :type :invoke", Format::JepsenEdn),
            ("#jepsen.history.DenseHistory\n[\n{:type :invoke", Format::JepsenEdn),
            ("lein run\n2020 INFO [main] jepsen.core: Test version\n", Format::JepsenLog),
            ("r(1,2,0,0)\n", Format::Plume),
            ("w 1 2\n-----\n", Format::Awdit),
            ("// by hand\n[x:=1 y==2]\n", Format::DbcopText),
            ("{\"params\":{\"id\":0},\"info\":\"\"", Format::DbcopJson),
            ("[[{\"events\":[{\"Write\":{\"variable\":0", Format::DbcopJson),
        ] {
            assert_eq!(
                of_head(head.as_bytes(), "").map(|(format, _)| format),
                Some(format),
                "{head}"
            );
        }
        assert_eq!(of_head(&[0; 64], "").map(|(format, _)| format), Some(Format::DbcopBincode));
        assert_eq!(
            of_head(b"S\0\0\0\0\0\0\0\x01", "").map(|(format, _)| format),
            Some(Format::Cobra)
        );
        for head in ["", "hello", "\0\0\0\0", "[]", "\u{feff}", "<html>"] {
            assert_eq!(of_head(head.as_bytes(), ""), None, "{head}");
        }
    }
}
