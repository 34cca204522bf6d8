//! Text files, line by line.

use crate::error::FormatError;
use crate::problem::Problem;
use afterall_history::limits::LINE_BYTES_MAX;
use afterall_history::quoted;
use std::io::{BufRead, Read};

/// The lines of a text file.
pub(crate) struct Lines<'n, R> {
    from: R,
    name: &'n str,
    /// A line that is not in one piece in the reader's buffer.
    bytes: Vec<u8>,
    /// Bytes of the reader's buffer that were handed out.
    read: usize,
    number: u64,
}

impl<'n, R: BufRead> Lines<'n, R> {
    pub(crate) fn new(from: R, name: &'n str) -> Self {
        Lines { from, name, bytes: Vec::new(), read: 0, number: 0 }
    }

    /// The next line, without its end; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, FormatError> {
        self.from.consume(std::mem::take(&mut self.read));
        self.number += 1;
        // Most lines are in one piece in the reader's buffer, and are not copied.
        let file = || self.name.to_owned();
        let buffer =
            self.from.fill_buf().map_err(|source| FormatError::Io { file: file(), source })?;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        if let Some(end) = end.filter(|&end| end <= LINE_BYTES_MAX) {
            self.read = end + 1;
            let buffer = self.from.fill_buf();
            let buffer = buffer.map_err(|source| FormatError::Io { file: file(), source })?;
            return Ok(Some(without_return(&buffer[..end])));
        }
        self.bytes.clear();
        let most = LINE_BYTES_MAX as u64 + 1;
        let read = self.from.by_ref().take(most).read_until(b'\n', &mut self.bytes);
        read.map_err(|source| FormatError::Io { file: self.name.to_owned(), source })?;
        match self.bytes.last() {
            None => return Ok(None),
            Some(b'\n') => {
                self.bytes.pop();
            }
            Some(_) if self.bytes.len() > LINE_BYTES_MAX => {
                return Err(self.wrong(Problem::expected(
                    format!("at most {LINE_BYTES_MAX} bytes in a line"),
                    "more",
                )));
            }
            Some(_) => {}
        }
        Ok(Some(without_return(&self.bytes)))
    }

    /// The number of the line that was read last.
    pub(crate) fn number(&self) -> u32 {
        u32::try_from(self.number).unwrap_or(u32::MAX)
    }

    /// What is wrong with the line that was read last.
    pub(crate) fn wrong(&self, problem: impl Into<Problem>) -> FormatError {
        FormatError::Line { file: self.name.to_owned(), line: self.number, problem: problem.into() }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A cursor on one line.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'l> {
    pub(crate) left: &'l [u8],
}

impl<'l> Cursor<'l> {
    pub(crate) fn new(line: &'l [u8]) -> Self {
        Cursor { left: line }
    }

    /// Takes the byte if it comes next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        match self.left {
            [first, rest @ ..] if *first == byte => {
                self.left = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes a number of decimal digits; `None` if none comes next, or it is larger than 2⁶⁴−1.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        let mut digits = 0;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.left {
            number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.left = rest;
            digits += 1;
        }
        (digits > 0).then_some(number)
    }

    /// Skips spaces and tabs; whether there were any.
    pub(crate) fn space(&mut self) -> bool {
        let before = self.left.len();
        while let [b' ' | b'\t', rest @ ..] = self.left {
            self.left = rest;
        }
        self.left.len() < before
    }

    /// What is left, for messages.
    pub(crate) fn text(&self) -> String {
        let shown = &self.left[..self.left.len().min(40)];
        quoted(&String::from_utf8_lossy(shown), shown.len() < self.left.len())
    }
}
