//! A child process that reads and writes lines.

use afterall_history::quoted;
use bytes::BytesMut;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// The longest line that is read.
pub(crate) const LINE_BYTES_MAX: usize = 1024 * 1024;

/// How much of its standard error is kept, from the end.
const TAIL_BYTES: usize = 2_048;

/// How long the rest of standard error is waited for once the child is dead: a process that left its group may hold it open.
const TAIL_WAIT: Duration = Duration::from_millis(200);

/// A child that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChildError {
    /// Its command is empty.
    #[error("the command names no program")]
    NoProgram,
    /// It cannot be started.
    #[error("{program} cannot be started")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It has no pipes.
    #[error("{0} has no pipes")]
    NoPipes(String),
    /// It does not read.
    #[error("its standard input is closed")]
    Stdin(#[source] std::io::Error),
    /// It cannot be read.
    #[error("its standard output cannot be read")]
    Stdout(#[source] std::io::Error),
    /// It has closed its output.
    #[error("its standard output is closed")]
    Closed,
    /// It has closed its output in the middle of a line.
    #[error("its last line has no end: {0}")]
    NoEnd(String),
    /// A line that is too long.
    #[error("it said more than {LINE_BYTES_MAX} bytes in a line: {0}")]
    TooLong(String),
}

/// A child process in a process group of its own. Dropped, it is killed with its group.
#[derive(Debug)]
pub(crate) struct Child {
    process: tokio::process::Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    received: BytesMut,
    tail: Arc<Mutex<Vec<u8>>>,
    listening: JoinHandle<()>,
}

impl Child {
    /// Starts a program with its arguments.
    pub(crate) fn start(command: &[String]) -> Result<Child, ChildError> {
        let (program, arguments) = command.split_first().ok_or(ChildError::NoProgram)?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C at the terminal is the harness's to handle.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| ChildError::Start { program: program.clone(), source })?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(ChildError::NoPipes(program.clone()));
        };
        let tail = Arc::default();
        let listening = tokio::spawn(listen(stderr, Arc::clone(&tail)));
        Ok(Child { process, stdin, stdout, received: BytesMut::new(), tail, listening })
    }

    /// Writes lines. Dropped before its end, some of them may have arrived, or part of one.
    pub(crate) async fn say(&mut self, lines: &str) -> Result<(), ChildError> {
        self.stdin.write_all(lines.as_bytes()).await.map_err(ChildError::Stdin)?;
        self.stdin.flush().await.map_err(ChildError::Stdin)
    }

    /// The next line that it writes, without its end. Dropped, nothing is lost.
    pub(crate) async fn hear(&mut self) -> Result<Vec<u8>, ChildError> {
        let mut searched = 0;
        loop {
            let found = self.received[searched..].iter().position(|byte| *byte == b'\n');
            let length = found.map_or(self.received.len(), |end| searched + end);
            if length > LINE_BYTES_MAX {
                return Err(ChildError::TooLong(quote(&self.received)));
            }
            if found.is_some() {
                let mut line = self.received.split_to(length + 1);
                line.truncate(length);
                return Ok(line.to_vec());
            }
            searched = length;
            match self.stdout.read_buf(&mut self.received).await {
                Ok(0) if searched > 0 => {
                    return Err(ChildError::NoEnd(quote(&self.received)));
                }
                Ok(0) => return Err(ChildError::Closed),
                Ok(_) => {}
                Err(error) => return Err(ChildError::Stdout(error)),
            }
        }
    }

    /// Whether it has ended. The dead process is left for [`Child::end`], because the
    /// group goes by its number as long as it is there.
    pub(crate) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match self.pid() {
            Some(pid) => !matches!(waitid(WaitId::Pid(pid), options), Ok(None)),
            None => true,
        }
    }

    /// Kills it with its group, and tells how it ended and what it last wrote to standard error.
    pub(crate) async fn end(mut self) -> String {
        self.kill();
        // A signal to a process that is ending by itself changes nothing: its own status is returned.
        let mut words = match self.process.wait().await {
            Ok(status) if status.signal() == Some(Signal::KILL.as_raw()) => {
                "it was killed".to_owned()
            }
            Ok(status) => format!("it ended: {status}"),
            Err(error) => format!("its end is not known: {error}"),
        };
        let _ = tokio::time::timeout(TAIL_WAIT, &mut self.listening).await;
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = String::from_utf8_lossy(&tail);
        if !tail.trim().is_empty() {
            words = format!("{words}; its standard error ends with: {}", tail.trim());
        }
        words
    }

    /// Its process number, and its group's.
    pub(crate) fn pid(&self) -> Option<Pid> {
        self.process.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?))
    }

    fn kill(&self) {
        if let Some(pid) = self.pid() {
            // An error says that nobody is left.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        self.listening.abort();
    }
}

/// Keeps the last of what it reads.
async fn listen(mut stderr: ChildStderr, tail: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = [0; TAIL_BYTES];
    while let Ok(length @ 1..) = stderr.read(&mut bytes).await {
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend_from_slice(&bytes[..length]);
        let excess = tail.len().saturating_sub(TAIL_BYTES);
        tail.drain(..excess);
    }
}

/// The beginning of a line, in quotes.
pub(crate) fn quote(line: &[u8]) -> String {
    const QUOTE_BYTES: usize = 200;
    let begin = String::from_utf8_lossy(&line[..line.len().min(QUOTE_BYTES)]);
    quoted(&begin, line.len() > QUOTE_BYTES)
}
