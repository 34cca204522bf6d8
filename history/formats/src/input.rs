//! Where a history comes from.

use crate::FormatError;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// A file, or what somebody read already. It can be opened again and again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Input<'a> {
    Path(&'a Path),
    Bytes(&'a [u8]),
}

/// An opened input.
#[derive(Debug)]
pub(crate) enum Opened<'a> {
    File(BufReader<File>),
    Bytes(&'a [u8]),
}

impl<'a> Input<'a> {
    /// Opens it; `name` stands for it in errors.
    pub(crate) fn open(self, name: &str) -> Result<Opened<'a>, FormatError> {
        match self {
            Input::Bytes(bytes) => Ok(Opened::Bytes(bytes)),
            Input::Path(path) => File::open(path)
                .map(|file| Opened::File(BufReader::with_capacity(1 << 18, file)))
                .map_err(|source| FormatError::Io { file: name.to_owned(), source }),
        }
    }

    /// The folder that it is, if it is one.
    pub(crate) fn folder(self) -> Option<&'a Path> {
        match self {
            Input::Path(path) if path.is_dir() => Some(path),
            _ => None,
        }
    }
}

impl Read for Opened<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Opened::File(file) => file.read(bytes),
            Opened::Bytes(rest) => rest.read(bytes),
        }
    }
}

impl BufRead for Opened<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Opened::File(file) => file.fill_buf(),
            Opened::Bytes(rest) => Ok(rest),
        }
    }

    fn consume(&mut self, count: usize) {
        match self {
            Opened::File(file) => file.consume(count),
            Opened::Bytes(rest) => rest.consume(count),
        }
    }
}
