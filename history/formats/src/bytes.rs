//! Binary files, byte by byte. A length in the file is not trusted: it reserves no memory.

use crate::error::FormatError;
use crate::problem::Problem;
use std::io::{self, Read};

/// The bytes of a binary file.
pub(crate) struct Bytes<'n, R> {
    from: R,
    name: &'n str,
    offset: u64,
}

impl<'n, R: Read> Bytes<'n, R> {
    pub(crate) fn new(from: R, name: &'n str) -> Self {
        Bytes { from, name, offset: 0 }
    }

    /// What is wrong with what comes next.
    pub(crate) fn wrong(&self, problem: impl Into<Problem>) -> FormatError {
        self.wrong_at(self.offset, problem)
    }

    pub(crate) fn wrong_at(&self, offset: u64, problem: impl Into<Problem>) -> FormatError {
        FormatError::Offset { file: self.name.to_owned(), offset, problem: problem.into() }
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next byte; `None` after the last.
    pub(crate) fn byte(&mut self) -> Result<Option<u8>, FormatError> {
        let mut byte = [0];
        loop {
            match self.from.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => {
                    self.offset += 1;
                    return Ok(Some(byte[0]));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.io(source)),
            }
        }
    }

    /// The next bytes.
    pub(crate) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], FormatError> {
        let mut bytes = [0; N];
        match self.from.read_exact(&mut bytes) {
            Ok(()) => {
                self.offset += N as u64;
                Ok(bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self
                    .wrong(Problem::expected(format!("the end of {what}"), "the end of the file")))
            }
            Err(source) => Err(self.io(source)),
        }
    }

    /// Skips some bytes.
    pub(crate) fn skip(&mut self, length: u64, what: &str) -> Result<(), FormatError> {
        let skipped = io::copy(&mut self.from.by_ref().take(length), &mut io::sink());
        let skipped = skipped.map_err(|source| self.io(source))?;
        if skipped < length {
            return Err(
                self.wrong(Problem::expected(format!("the end of {what}"), "the end of the file"))
            );
        }
        self.offset += length;
        Ok(())
    }

    fn io(&self, source: io::Error) -> FormatError {
        FormatError::Io { file: self.name.to_owned(), source }
    }
}
