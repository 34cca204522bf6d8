//! A node as a child process.

use super::error::StartError;
use super::program::Program;
use crate::live::evidence::ping_until;
use crate::live::tail;
use afterall_clients::{Client, ClientError, ReferenceClient};
use afterall_engine::Observation;
use afterall_history::Workload;
use rustix::process::{Pid, Rlimit, Signal};
use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a node may take to say that it is ready: its first commits are on disk then, and disks can be very slow.
const READY_MAX: Duration = Duration::from_secs(60);
const STATUS_MAX: Duration = Duration::from_secs(5);
/// How much of a log is quoted in an error.
const TAIL_BYTES: usize = 2_000;

/// The state of a thread that is stopped by a signal (proc_pid_stat(5)).
const STOPPED: char = 'T';
const STOPPED_POLL: Duration = Duration::from_millis(10);
/// Two seconds.
const STOPPED_POLLS_MAX: u32 = 200;

/// A signal that could not be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignalError {
    /// There is nobody to send it to.
    #[error("the node has no process")]
    NoProcess,
    /// The system refuses.
    #[error(transparent)]
    Refused(#[from] rustix::io::Errno),
    /// The system does not say what state it is in.
    #[error("cannot read the state of the process")]
    Unreadable(#[from] std::io::Error),
}

/// A node: how to start it, and its process while it has one.
#[derive(Debug)]
pub(crate) struct NodeProcess {
    pub(crate) name: String,
    pub(crate) client_address: SocketAddr,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Where it is a program of the user's, and not the reference store.
    pub(crate) own: Option<Program>,
    pub(crate) log: PathBuf,
    /// The folder of its storage.
    pub(crate) data: PathBuf,
    /// The last life that its storage knew of before it was emptied: whoever comes with an empty disk is somebody new.
    pub(crate) lives_before: Option<u32>,
    pub(crate) child: Option<Child>,
    /// The incarnation that the running process reported.
    pub(crate) incarnation: u32,
    /// While a fault fills its disk.
    pub(crate) filled: Option<Filled>,
}

/// What was so before the disk of a process was filled.
#[derive(Debug)]
pub(crate) struct Filled {
    /// The fault that fills it.
    pub(super) fault: usize,
    pub(super) before: Rlimit,
    /// How many commits the process had made by then; none: it ended before it could tell.
    pub(super) commits: Option<u64>,
    /// Whether it has been told that the process has ended.
    pub(super) told: bool,
}

impl NodeProcess {
    /// Starts the process and waits until it serves.
    pub(crate) async fn start(&mut self) -> Result<(), StartError> {
        let spawn_error = |error| StartError::Spawn { name: self.name.clone(), error };
        let log =
            OpenOptions::new().create(true).append(true).open(&self.log).map_err(spawn_error)?;
        if let Some(own) = self.own.clone() {
            return self.start_program(&own, log).await;
        }
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .args(
                self.lives_before
                    .iter()
                    .flat_map(|lives| ["--lives-before".to_owned(), lives.to_string()]),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            // Ctrl-C at the terminal is the harness's to handle.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(spawn_error)?;
        let ready = match child.stdout.take() {
            Some(stdout) => {
                let mut line = String::new();
                let mut stdout = BufReader::new(stdout);
                let read = tokio::time::timeout(READY_MAX, stdout.read_line(&mut line)).await;
                match read {
                    Ok(Ok(_)) if line.trim_end() == "ready" => Ok(()),
                    Ok(Ok(0)) => Err("it ended".to_owned()),
                    Ok(Ok(_)) => Err(format!("it printed {:?} in place of ready", line.trim_end())),
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_) => Err(format!("nothing within {} s", READY_MAX.as_secs())),
                }
            }
            None => Err("it has no standard output".to_owned()),
        };
        if let Err(mut what) = ready {
            // Whatever state it is in, it must not stay.
            let _ = child.start_kill();
            if let Ok(exit) = child.wait().await {
                what = format!("{what} ({exit})");
            }
            return Err(StartError::NotReady {
                name: self.name.clone(),
                what,
                tail: self.log_tail(),
            });
        }
        let mut client = self.client();
        let status = tokio::time::timeout(STATUS_MAX, client.status(0)).await;
        let status = match status {
            Ok(status) => status.map_err(|error| error.to_string()),
            Err(_) => Err("it does not tell its status".to_owned()),
        };
        match status {
            Ok(status) => self.incarnation = status.incarnation,
            Err(what) => {
                let name = self.name.clone();
                return Err(StartError::NotReady { name, what, tail: self.log_tail() });
            }
        }
        self.child = Some(child);
        Ok(())
    }

    /// Starts a program of the user's, and waits until it serves.
    async fn start_program(&mut self, own: &Program, log: File) -> Result<(), StartError> {
        let spawn_error = |error| StartError::Spawn { name: self.name.clone(), error };
        let printed = log.try_clone().map_err(spawn_error)?;
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .envs(own.env.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.data)
            .stdin(Stdio::null())
            .stdout(printed)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(spawn_error)?;
        let (address, within) = (self.client_address, own.within);
        let serves = async {
            let mut client = own.client(address).map_err(|error| error.to_string())?;
            let served = ping_until(&mut *client, 0, within).await;
            served.map_err(|error| {
                format!("it does not serve within {} s: {error}", within.as_secs())
            })
        };
        let outcome = tokio::select! {
            outcome = serves => outcome,
            ended = child.wait() => Err(match ended {
                Ok(exit) => format!("it ended ({exit})"),
                Err(error) => error.to_string(),
            }),
        };
        self.child = Some(child);
        if let Err(what) = outcome {
            // Whatever state it is in, it must not stay.
            let _ = self.kill().await;
            return Err(StartError::NotReady {
                name: self.name.clone(),
                what,
                tail: self.log_tail(),
            });
        }
        self.incarnation += 1;
        Ok(())
    }

    /// A client that asks this node directly, past all links, whatever it is.
    pub(crate) fn any_client(&self) -> Result<Box<dyn Client>, ClientError> {
        match &self.own {
            Some(own) => own.client(self.client_address),
            None => Ok(Box::new(self.client())),
        }
    }

    /// A client that asks this node of the reference store directly, past all links; the node is its only one.
    pub(crate) fn client(&self) -> ReferenceClient {
        ReferenceClient::new(Workload::Register, vec![self.client_address])
    }

    /// Sends SIGKILL and waits for the end.
    pub(crate) async fn kill(&mut self) -> std::io::Result<ExitStatus> {
        match &mut self.child {
            Some(child) => {
                // What it has started itself ends with it.
                if let Some(group) =
                    child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
                {
                    let _ = rustix::process::kill_process_group(group, Signal::KILL);
                }
                child.start_kill()?;
                let exit = child.wait().await?;
                self.child = None;
                Ok(exit)
            }
            None => Err(std::io::Error::other("it has no process")),
        }
    }

    /// Empties the disk of a process that has ended; returns how many files there were.
    pub(crate) fn wipe(&mut self) -> std::io::Result<usize> {
        let held = self.files()?;
        std::fs::remove_dir_all(&self.data)?;
        self.lives_before = Some(self.incarnation);
        Ok(held)
    }

    /// How many files its disk holds.
    pub(crate) fn files(&self) -> std::io::Result<usize> {
        match std::fs::read_dir(&self.data) {
            Ok(entries) => Ok(entries.count()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) -> Result<(), SignalError> {
        rustix::process::kill_process_group(self.pid()?, signal)?;
        Ok(())
    }

    /// The number of the process.
    pub(super) fn pid(&self) -> Result<Pid, SignalError> {
        let pid = self.child.as_ref().and_then(Child::id);
        let raw = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        raw.ok_or(SignalError::NoProcess)
    }

    /// Waits until every thread is stopped, or for a while; then says how many are not. Threads stop one after the other.
    pub(crate) async fn stopped_threads(&self) -> Result<Observation, SignalError> {
        let pid = self.child.as_ref().and_then(Child::id).ok_or(SignalError::NoProcess)?;
        let mut states = thread_states(pid)?;
        for _ in 0..STOPPED_POLLS_MAX {
            if states.iter().all(|&state| state == STOPPED) {
                break;
            }
            tokio::time::sleep(STOPPED_POLL).await;
            states = thread_states(pid)?;
        }
        let (threads, running) =
            (states.len(), states.iter().filter(|&&state| state != STOPPED).count());
        Ok(match (threads, running) {
            (0, _) => return Err(SignalError::NoProcess),
            (_, 0) => Observation::ThreadsStopped { threads },
            _ => Observation::ThreadsRun { running, threads },
        })
    }

    /// How the process has ended, if it has.
    pub(super) fn exit(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok()?
    }

    /// Whether the process has ended by itself, and not of a full disk; says so once.
    pub(crate) fn died(&mut self) -> Option<String> {
        if self.filled.is_some() {
            return None;
        }
        let exit = self.exit()?;
        self.child = None;
        Some(exit.to_string())
    }

    /// The end of the log.
    pub(crate) fn log_tail(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        tail(&String::from_utf8_lossy(&log), TAIL_BYTES).to_owned()
    }
}

/// The state of each thread of a process, by the system's letter.
fn thread_states(pid: u32) -> std::io::Result<Vec<char>> {
    let mut states = Vec::new();
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may have ended since.
        let Ok(stat) = std::fs::read_to_string(thread?.path().join("stat")) else { continue };
        // The state follows the name, which is in parentheses and may hold anything.
        let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
        states.extend(state);
    }
    Ok(states)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn start(script: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut node = NodeProcess {
            name: "n1".into(),
            client_address: SocketAddr::from(([127, 0, 0, 1], 1)),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            own: None,
            log: folder.path().join("n1.log"),
            data: folder.path().join("n1"),
            lives_before: None,
            child: None,
            incarnation: 0,
            filled: None,
        };
        node.start().await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_node_that_dies_at_the_start_is_told_with_the_end_of_its_log() {
        let error = start("echo no disk >&2; exit 3").await;
        assert!(error.contains("exit status: 3") && error.contains("no disk"), "{error}");
    }

    #[tokio::test]
    async fn a_node_that_says_something_else_is_not_ready() {
        let error = start("echo hello; sleep 60").await;
        assert!(error.contains("hello"), "{error}");
    }
}
