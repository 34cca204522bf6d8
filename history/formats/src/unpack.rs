//! What was packed with gzip or zstd, whatever its name says.

use crate::problem::Problem;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::io::{self, BufRead, Read, Write};

/// Bytes that tell how something is packed.
pub(crate) const MAGIC_BYTES: usize = 4;

/// How something is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// Recognised by the first bytes.
    pub(crate) fn of(head: &[u8]) -> Option<Packing> {
        match head {
            // Of gzip's methods there is only one, and three flags are reserved.
            [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => Some(Packing::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Some(Packing::Zstd)
            }
            _ => None,
        }
    }

    /// The extension of a file's name.
    fn extension(self) -> &'static str {
        match self {
            Packing::Gzip => "gz",
            Packing::Zstd => "zst",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
        }
    }

    pub(crate) fn refusal(self, error: io::Error) -> Problem {
        let name = self.name();
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Problem::cut_off(format!("the end of the {name} data")),
            // The limit says what to do.
            io::ErrorKind::Other => Problem::Packed { what: error.to_string() },
            _ => Problem::Packed {
                what: format!("the {name} data is damaged or was cut off: {error}"),
            },
        }
    }
}

/// The name that a file has once it is unpacked.
pub(crate) fn plain_name(name: &str) -> &str {
    let packed = [Packing::Gzip, Packing::Zstd].map(Packing::extension);
    match name.rsplit_once('.') {
        Some((plain, extension)) if packed.contains(&extension) => plain,
        _ => name,
    }
}

/// Unpacks everything, however many pieces were packed one after the other.
pub(crate) fn all(
    packing: Packing,
    from: &mut impl BufRead,
    to: &mut impl Write,
) -> io::Result<()> {
    match packing {
        Packing::Gzip => io::copy(&mut flate2::bufread::MultiGzDecoder::new(from), to).map(|_| ()),
        Packing::Zstd => {
            while !from.fill_buf()?.is_empty() {
                frame(from, to)?;
            }
            Ok(())
        }
    }
}

fn frame(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    let damaged = |error: &dyn std::fmt::Display| {
        io::Error::new(io::ErrorKind::InvalidData, error.to_string())
    };
    let mut decoder = match StreamingDecoder::new(&mut *from) {
        Ok(decoder) => decoder,
        Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
            length,
            ..
        })) => {
            let skipped = io::copy(&mut from.take(length.into()), &mut io::sink())?;
            let whole = skipped == u64::from(length);
            return if whole { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        Err(error) => return Err(damaged(&error)),
    };
    io::copy(&mut Decoded(&mut decoder), to)?;
    let (told, found) =
        (decoder.decoder.get_checksum_from_data(), decoder.decoder.get_calculated_checksum());
    if told.is_some() && told != found {
        return Err(damaged(&"its checksum differs"));
    }
    Ok(())
}

/// A decoder whose own errors can be told from those of writing.
struct Decoded<'d, R: Read>(&'d mut StreamingDecoder<R, FrameDecoder>);

impl<R: Read> Read for Decoded<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::Other => io::Error::new(io::ErrorKind::InvalidData, error),
            _ => error,
        })
    }
}
