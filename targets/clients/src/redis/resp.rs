//! RESP2, as much of it as the client needs. Written here, because the decoders that can be had follow nested arrays by
//! recursion as deep as the peer likes, and a broken peer must not end the harness.

use crate::error::Malformed;
use bytes::{Buf, BytesMut};
use std::fmt;

/// How deep arrays nest: those of ROLE and EXEC do not reach it.
const DEPTH_MAX: usize = 4;

/// What Redis answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A simple string: OK and its like.
    Status(String),
    /// An error, its code first.
    Error(String),
    /// A number.
    Int(i64),
    /// A bulk string.
    Text(Vec<u8>),
    /// An array.
    List(Vec<Reply>),
    /// Nothing: a bulk string or array that is not there.
    Nil,
}

impl fmt::Display for Reply {
    /// The reply in words, for errors; long ones are cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Status(text) | Reply::Error(text) => f.write_str(text),
            Reply::Int(n) => write!(f, "{n}"),
            Reply::Text(text) => {
                write!(f, "{:?}", String::from_utf8_lossy(&text[..text.len().min(200)]))
            }
            Reply::List(items) => write!(f, "an array of {}", items.len()),
            Reply::Nil => f.write_str("nothing"),
        }
    }
}

/// A command as bytes.
pub(crate) fn encode(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

/// Takes a reply off the front, once it is whole.
pub(crate) fn decode(received: &mut BytesMut) -> Result<Option<Reply>, Malformed> {
    let mut rest = &received[..];
    let reply = reply(&mut rest, DEPTH_MAX)?;
    let used = received.len() - rest.len();
    if reply.is_some() {
        received.advance(used);
    }
    Ok(reply)
}

fn reply(rest: &mut &[u8], depth: usize) -> Result<Option<Reply>, Malformed> {
    let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
    let (line, after) = rest.split_at(end);
    *rest = &after[2..];
    let Some((kind, line)) = line.split_first() else { return Err("an empty line".into()) };
    let text = || String::from_utf8_lossy(line).into_owned();
    let number =
        || text().parse::<i64>().map_err(|_| Malformed(format!("{:?} is not a number", text())));
    Ok(Some(match kind {
        b'+' => Reply::Status(text()),
        b'-' => Reply::Error(text()),
        b':' => Reply::Int(number()?),
        b'$' | b'*' if number()? < 0 => Reply::Nil,
        b'$' => {
            let length = usize::try_from(number()?).map_err(Malformed::by)?;
            if rest.len() < length.saturating_add(2) {
                return Ok(None);
            }
            let (bytes, after) = rest.split_at(length);
            if !after.starts_with(b"\r\n") {
                return Err("a bulk string is longer than it says".into());
            }
            *rest = &after[2..];
            Reply::Text(bytes.to_vec())
        }
        b'*' if depth == 0 => {
            return Err(Malformed(format!("arrays nest deeper than {DEPTH_MAX}")));
        }
        b'*' => {
            let mut items = Vec::new();
            for _ in 0..number()? {
                match reply(rest, depth - 1)? {
                    Some(item) => items.push(item),
                    None => return Ok(None),
                }
            }
            Reply::List(items)
        }
        _ => return Err(Malformed(format!("{:?} is not a reply", text()))),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = b"*5\r\n+OK\r\n-ERR no\r\n:-7\r\n$4\r\na\r\nb\r\n*2\r\n$-1\r\n*0\r\n";

    fn decoded(bytes: &[u8]) -> Result<Option<Reply>, Malformed> {
        decode(&mut BytesMut::from(bytes))
    }

    #[test]
    fn a_reply_is_taken_once_it_is_whole() {
        let expected = Reply::List(vec![
            Reply::Status("OK".to_owned()),
            Reply::Error("ERR no".to_owned()),
            Reply::Int(-7),
            Reply::Text(b"a\r\nb".to_vec()),
            Reply::List(vec![Reply::Nil, Reply::List(Vec::new())]),
        ]);
        for length in 0..WHOLE.len() {
            let mut part = BytesMut::from(&WHOLE[..length]);
            assert_eq!(decode(&mut part), Ok(None), "{length} bytes");
            assert_eq!(part.len(), length, "nothing is taken off");
        }
        let mut more = BytesMut::from(&[WHOLE, b":1"].concat()[..]);
        assert_eq!(decode(&mut more), Ok(Some(expected)));
        assert_eq!(&more[..], b":1");
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        for bad in ["\r\n", "HTTP/1.1 400\r\n", ":x\r\n", "$x\r\n", "$1\r\nabc\r\n", "*x\r\n"] {
            assert!(decoded(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let deep = "*1\r\n".repeat(100_000);
        assert!(decoded(deep.as_bytes()).unwrap_err().0.contains("nest deeper"));
        assert_eq!(decoded(b"*9223372036854775807\r\n:1\r\n"), Ok(None));
        assert_eq!(decoded(b"$9223372036854775807\r\nabc"), Ok(None));
    }

    #[test]
    fn commands_are_arrays_of_bulk_strings() {
        assert_eq!(encode(&["GET", "k"]), b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    }
}
