//! Standard output and standard error, which may be closed, full, or a pipe that nobody reads any more.
//!
//! The macros of the standard library panic where they cannot write: `afterall run | head -1` would lose its verdict. The
//! macros here shadow them in this whole crate, so that no line can forget it. A reader who has gone away (`head`) wants
//! no more and is left alone; any other failure is said once, on standard error. Either way the program goes on, and its
//! exit code is what it would have been.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

macro_rules! print {
    ($($text:tt)*) => { $crate::output::print(format_args!($($text)*)) };
}

macro_rules! println {
    () => { $crate::output::print(format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($text)*))) };
}

macro_rules! eprintln {
    ($($text:tt)*) => { $crate::output::eprint(format_args!($($text)*)) };
}

/// Nobody reads standard output any more, or it cannot be written: nothing more goes there.
static LOST: AtomicBool = AtomicBool::new(false);
/// It could not be written although somebody wanted it.
static CUT: AtomicBool = AtomicBool::new(false);
/// What the lines on standard error are about, where that would not be clear.
static ABOUT: Mutex<String> = Mutex::new(String::new());

/// How long to wait for a pipe that does not block and is full.
const FULL_PIPE: Duration = Duration::from_millis(2);

/// Prints to standard output, and goes on if that is not possible.
pub(crate) fn print(text: Arguments<'_>) {
    // Said already.
    let _ = Stdout.write_all(text.to_string().as_bytes());
}

/// Prints a line to standard error, and goes on if that is not possible: there is nowhere left to say so.
pub(crate) fn eprint(text: Arguments<'_>) {
    let about = ABOUT.lock().unwrap_or_else(PoisonError::into_inner);
    let colon = if about.is_empty() { "" } else { ": " };
    let _ = write(&mut io::stderr().lock(), format!("{about}{colon}{text}\n").as_bytes());
}

/// Begins every further line on standard error with this and a colon; with nothing, as before.
pub(crate) fn about(what: &str) {
    what.clone_into(&mut ABOUT.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Whether a part of standard output is missing that somebody wanted: a disk was full, not a reader content.
pub(crate) fn is_cut() -> bool {
    CUT.load(Ordering::Relaxed)
}

/// Whether nothing more can be printed, for whatever reason.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Standard output as a writer. The first failure is said on standard error, and every later write fails at once.
#[derive(Debug)]
pub(crate) struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if is_lost() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        write(&mut io::stdout().lock(), bytes).inspect_err(|error| {
            LOST.store(true, Ordering::Relaxed);
            if error.kind() != ErrorKind::BrokenPipe {
                CUT.store(true, Ordering::Relaxed);
                eprintln!("warning: standard output cannot be written: {error}");
            }
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes everything out, also to a pipe that does not block.
fn write(to: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    loop {
        let done = if bytes.is_empty() { to.flush().map(|()| 0) } else { to.write(bytes) };
        match done {
            Ok(0) if bytes.is_empty() => return Ok(()),
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(FULL_PIPE),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a byte at a time, and every other time none.
    struct Reluctant {
        taken: Vec<u8>,
        calls: u32,
    }

    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.calls += 1;
            match self.calls % 3 {
                0 => Err(ErrorKind::WouldBlock.into()),
                1 => Err(ErrorKind::Interrupted.into()),
                _ => {
                    self.taken.push(bytes[0]);
                    Ok(1)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_pipe_that_does_not_block_gets_everything() {
        let mut pipe = Reluctant { taken: Vec::new(), calls: 0 };
        write(&mut pipe, b"a verdict\n").unwrap();
        assert_eq!(pipe.taken, b"a verdict\n");
    }
}
