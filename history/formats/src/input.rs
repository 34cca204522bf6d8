//! Where a history comes from: a folder, a file, a pipe, or bytes in memory.
//!
//! A history is read several times over: once for its format, once for its workload and layout, once for its operations. A pipe
//! can be read only once, and unpacking costs time, so both are kept: in memory, or beyond a limit in a temporary file.

use crate::error::FormatError;
use crate::problem::Problem;
use crate::unpack::{self, Packing};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of a pipe, or of what was unpacked, that are kept in memory.
const MEMORY_BYTES_MAX: usize = 1 << 26;
/// Bytes that are kept at all.
const KEPT_BYTES_MAX: u64 = 1 << 34;

const BUFFER_BYTES: usize = 1 << 18;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A history's bytes. They can be opened again and again, but not twice at the same time.
#[derive(Debug)]
pub(crate) enum Input<'a> {
    Folder(&'a Path),
    File(&'a Path),
    Bytes(Cow<'a, [u8]>),
    Kept(File),
}

/// An opened input.
#[derive(Debug)]
pub(crate) enum Opened<'a> {
    File(BufReader<File>),
    Bytes(&'a [u8]),
}

impl<'a> Input<'a> {
    /// What has this path; `name` stands for it in errors.
    pub(crate) fn of_path(path: &'a Path, name: &str) -> Result<Self, FormatError> {
        let io = |source| FormatError::Io { file: name.to_owned(), source };
        let kind = std::fs::metadata(path).map_err(io)?.file_type();
        if kind.is_dir() {
            return Ok(Input::Folder(path));
        }
        let mut file = File::open(path).map_err(io)?;
        // A file below /dev continues where it was last read.
        if !kind.is_file() || path.starts_with("/dev") {
            return Input::of_reader(file, name);
        }
        let mut magic = [0; unpack::MAGIC_BYTES];
        let read = read_full(&mut file, &mut magic).map_err(io)?;
        match Packing::of(&magic[..read]) {
            None => Ok(Input::File(path)),
            Some(_) => {
                file.seek(SeekFrom::Start(0)).map_err(io)?;
                Input::of_reader(file, name)
            }
        }
    }

    /// What comes out of a reader, to its end.
    pub(crate) fn of_reader(mut from: impl Read, name: &str) -> Result<Self, FormatError> {
        let io = |source| FormatError::Io { file: name.to_owned(), source };
        let mut magic = [0; unpack::MAGIC_BYTES];
        let read = read_full(&mut from, &mut magic).map_err(io)?;
        let packing = Packing::of(&magic[..read]);
        let mut from = BufReader::with_capacity(BUFFER_BYTES, magic[..read].chain(from));
        let mut keep = Keep::new(KEPT_BYTES_MAX);
        match packing {
            None => keep.all(&mut from).map_err(io)?,
            Some(packing) => unpack::all(packing, &mut from, &mut keep).map_err(|error| {
                FormatError::File { file: name.to_owned(), problem: packing.refusal(error) }
            })?,
        }
        keep.finish().map_err(io)
    }

    /// What is in memory.
    pub(crate) fn of_bytes(bytes: &'a [u8], name: &str) -> Result<Self, FormatError> {
        match Packing::of(bytes) {
            None => Ok(Input::Bytes(Cow::Borrowed(bytes))),
            Some(_) => Input::of_reader(bytes, name),
        }
    }

    /// Opens a text: a byte-order mark is skipped. `name` stands for the input in errors.
    pub(crate) fn open(&self, name: &str) -> Result<Opened<'_>, FormatError> {
        let mut opened = self.open_binary(name)?;
        let io = |source| FormatError::Io { file: name.to_owned(), source };
        let head = opened.fill_buf().map_err(io)?;
        if is_utf16(head) {
            return Err(utf16(name));
        }
        if head.starts_with(BYTE_ORDER_MARK) {
            opened.consume(BYTE_ORDER_MARK.len());
        }
        Ok(opened)
    }

    /// Opens what is not a text.
    pub(crate) fn open_binary(&self, name: &str) -> Result<Opened<'_>, FormatError> {
        let buffered = |file| Opened::File(BufReader::with_capacity(BUFFER_BYTES, file));
        let opened = match self {
            Input::Bytes(bytes) => Ok(Opened::Bytes(bytes)),
            Input::Folder(path) | Input::File(path) => File::open(path).map(buffered),
            Input::Kept(file) => file.try_clone().and_then(|mut file| {
                file.seek(SeekFrom::Start(0))?;
                Ok(buffered(file))
            }),
        };
        opened.map_err(|source| FormatError::Io { file: name.to_owned(), source })
    }

    /// The folder that it is, if it is one.
    pub(crate) fn folder(&self) -> Option<&'a Path> {
        match self {
            Input::Folder(path) => Some(path),
            _ => None,
        }
    }
}

/// Whether a text begins with the byte-order mark of UTF-16.
pub(crate) fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff")
}

pub(crate) fn utf16(name: &str) -> FormatError {
    let problem = Problem::expected("text in UTF-8", "UTF-16: convert it first")
        .hint("iconv -f UTF-16 -t UTF-8");
    FormatError::File { file: name.to_owned(), problem }
}

/// The text without its byte-order mark.
pub(crate) fn without_mark(head: &[u8]) -> &[u8] {
    head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head)
}

/// As many bytes as there are, and as there is room for.
fn read_full(from: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < bytes.len() {
        match from.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// What is kept of a stream: in memory, or beyond the limit in a temporary file.
pub(crate) struct Keep {
    memory: Vec<u8>,
    file: Option<File>,
    length: u64,
    /// Bytes that may be kept.
    most: u64,
}

impl Keep {
    fn new(most: u64) -> Self {
        Keep { memory: Vec::new(), file: None, length: 0, most }
    }

    /// Keeps all that a reader has left.
    pub(crate) fn all(&mut self, from: &mut impl Read) -> io::Result<()> {
        io::copy(from, self).map(|_| ())
    }

    /// Moves what is in memory to the file.
    fn put_down(&mut self) -> io::Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        file.write_all(&self.memory)?;
        self.memory.clear();
        self.file = Some(file);
        Ok(())
    }

    fn finish<'a>(mut self) -> io::Result<Input<'a>> {
        if self.file.is_some() {
            self.put_down().map_err(no_room)?;
        }
        Ok(match self.file {
            None => Input::Bytes(Cow::Owned(self.memory)),
            Some(file) => Input::Kept(file),
        })
    }
}

/// An error of the temporary folder, not of the history.
fn no_room(error: io::Error) -> io::Error {
    let folder = std::env::temp_dir();
    io::Error::other(format!(
        "a history that does not come from a plain file is kept in {} while it is read, but: {error} (set TMPDIR to \
         another folder, or unpack it into a file)",
        folder.display()
    ))
}

impl Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.length += bytes.len() as u64;
        if self.length > self.most {
            let gib = self.most >> 30;
            return Err(io::Error::other(
                Problem::expected(
                    format!("at most {gib} GiB from a pipe or a packed file"),
                    "more",
                )
                .hint("unpack it into a plain file, and check that"),
            ));
        }
        self.memory.extend_from_slice(bytes);
        if self.memory.len() >= MEMORY_BYTES_MAX {
            self.put_down().map_err(no_room)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_swells_beyond_the_limit_is_refused_while_it_is_unpacked() {
        // A megabyte of zeros, many times over.
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..16 {
            bomb.write_all(&vec![0; 1 << 20]).expect("memory");
        }
        let bomb = bomb.finish().expect("memory");
        let zeros = vec![0; 16 << 20];
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let other = ruzstd::encoding::compress_to_vec(zeros.as_slice(), level);
        for (packing, packed) in [(Packing::Gzip, bomb), (Packing::Zstd, other)] {
            let mut keep = Keep::new(1 << 22);
            let error =
                unpack::all(packing, &mut packed.as_slice(), &mut keep).expect_err("a bomb");
            let refusal = packing.refusal(error).to_string();
            assert!(
                refusal.starts_with("expected at most 0 GiB from a pipe or a packed file"),
                "{refusal}"
            );
            assert!(keep.length < 1 << 23);
        }
    }
}
