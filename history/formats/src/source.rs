//! A file read piece by piece: the next piece is parsed out of a window over the file, which grows only as far as one
//! piece needs. So a file of any size takes the memory of its largest piece, and every error knows its line.

use crate::error::FormatError;
use crate::problem::Problem;
use std::io::Read;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 1 << 18;
/// Bytes of one piece: an operation, with the value that it read.
pub(crate) const PIECE_BYTES_MAX: usize = 1 << 26;

/// Why a piece could not be parsed.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The window ends in the middle of it.
    More,
    /// It is wrong, this many lines below the window's first.
    Wrong { lines: u64, problem: Problem },
}

impl Stop {
    /// Something is wrong at an offset of the window.
    pub(crate) fn at(window: &[u8], offset: usize, problem: impl Into<Problem>) -> Stop {
        Stop::Wrong {
            lines: newlines(&window[..offset.min(window.len())]),
            problem: problem.into(),
        }
    }
}

/// A file, and the window over it.
pub(crate) struct Source<'n> {
    from: Box<dyn Read + 'n>,
    name: &'n str,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    line: u64,
    ended: bool,
}

impl<'n> Source<'n> {
    /// `name` stands for the file in errors.
    pub(crate) fn new(from: Box<dyn Read + 'n>, name: &'n str) -> Self {
        Source { from, name, bytes: Vec::new(), start: 0, end: 0, line: 1, ended: false }
    }

    /// The line in which the window begins.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The first byte of the window, if there is one.
    pub(crate) fn byte(&self) -> Option<u8> {
        self.bytes[self.start..self.end].first().copied()
    }

    /// Skips the first byte of the window, which is not a newline.
    pub(crate) fn skip(&mut self) {
        self.start = self.end.min(self.start + 1);
    }

    /// What is wrong in the line in which the window begins.
    pub(crate) fn wrong(&self, problem: impl Into<Problem>) -> FormatError {
        self.wrong_in(self.line, problem)
    }

    /// What is wrong in a line.
    pub(crate) fn wrong_in(&self, line: u64, problem: impl Into<Problem>) -> FormatError {
        FormatError::Line { file: self.name.to_owned(), line, problem: problem.into() }
    }

    /// Gives the window to a parser, which returns how many bytes it took, or that it needs more; its second argument says
    /// whether the file ends with the window. Returns how many bytes were taken.
    pub(crate) fn take(
        &mut self,
        mut parse: impl FnMut(&[u8], bool) -> Result<usize, Stop>,
    ) -> Result<usize, FormatError> {
        loop {
            let window = &self.bytes[self.start..self.end];
            match parse(window, self.ended) {
                Ok(taken) => {
                    self.line += newlines(&window[..taken]);
                    self.start += taken;
                    return Ok(taken);
                }
                Err(Stop::More) if self.ended => {
                    return Err(self.wrong(Problem::cut_off("the end of what begins here")));
                }
                Err(Stop::More) => self.fill()?,
                Err(Stop::Wrong { lines, problem }) => {
                    self.line += lines;
                    return Err(self.wrong(problem));
                }
            }
        }
    }

    fn fill(&mut self) -> Result<(), FormatError> {
        if self.end - self.start > PIECE_BYTES_MAX {
            let mib = PIECE_BYTES_MAX >> 20;
            return Err(self.wrong(Problem::expected(
                format!("at most {mib} MiB of what begins here"),
                format!("it longer than {mib} MiB"),
            )));
        }
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        // At least half of the window is new each time, so that a long piece is parsed again only a few times.
        self.bytes.resize((self.end * 2).max(CHUNK_BYTES), 0);
        while self.end < self.bytes.len() && !self.ended {
            match self.from.read(&mut self.bytes[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(FormatError::Io { file: self.name.to_owned(), source });
                }
            }
        }
        Ok(())
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}
