//! A disk that is full, for one process: the system lets it write no file.
//!
//! The limit of the size of its files (RLIMIT_FSIZE in setrlimit(2)) is 0 bytes while the fault is in force. Every write to a file
//! is then an error, also one to a place that the file has already: storage engines reserve room and use it again, so that a limit
//! at the size of the file would refuse some commits and let others pass. The node's log is such a file, too, and is silent
//! meanwhile.

#![expect(clippy::disallowed_methods, reason = "it waits until a deadline")]

use super::node::{Filled, NodeProcess, SignalError};
use afterall_engine::{Evidence, Observation};
use rustix::process::{Pid, Rlimit};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// How long a process that has something to write may take to end, and another one to be believed that it has nothing.
const ENDS_MAX: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(20);
/// How long a node may take to tell how many commits it has made.
const METRICS_MAX: Duration = Duration::from_millis(500);
/// How long a process whose engine has failed may take to end.
const ENDING_MAX: Duration = Duration::from_secs(5);

impl NodeProcess {
    /// From now on the process can write no file.
    pub(super) async fn fill_disk(&mut self, fault: usize) -> Result<(), SignalError> {
        let pid = self.pid()?;
        let before = limit_files(pid, Some(0))?;
        // Asked afterwards: a commit that had begun before is among them, and one that begins now fails.
        let commits = self.commits().await;
        self.filled = Some(Filled { fault, before, commits, told: false });
        Ok(())
    }

    /// The fault that has filled the disk of the process, if the process has ended since; once.
    pub(super) fn ended_of_a_full_disk(&mut self) -> Option<usize> {
        self.filled.as_ref().filter(|filled| !filled.told)?;
        self.exit()?;
        let filled = self.filled.as_mut()?;
        filled.told = true;
        Some(filled.fault)
    }

    /// What shows that the disk is full: the process has failed, or it lives, may write nothing and has made no commit.
    pub(super) async fn disk_is_full(&mut self) -> Evidence {
        let began = Instant::now();
        while began.elapsed() < ENDS_MAX {
            if let Some(exit) = self.exit() {
                return failed(exit);
            }
            tokio::time::sleep(POLL).await;
        }
        let (forbidden, now) = (self.may_not_write(), self.commits().await);
        if let Some(exit) = self.exit() {
            return failed(exit);
        }
        let before = self.filled.as_ref().and_then(|filled| filled.commits);
        match (forbidden, before, now) {
            (Err(error), ..) => Evidence::against_it(Observation::failed(error)),
            (Ok(false), ..) => Evidence::against_it(Observation::WritesAllowed),
            (Ok(true), Some(before), Some(now)) if now > before => {
                Evidence::against_it(Observation::Committed { before, now })
            }
            (Ok(true), Some(commits), Some(_)) => Evidence::for_it([
                Observation::WritesForbidden,
                Observation::CommitsStand { commits },
            ]),
            (Ok(true), ..) => {
                Evidence::against_it(Observation::failed("it does not tell its commits"))
            }
        }
    }

    /// Whether the limit reads back by which the process can write no file.
    pub(super) fn may_not_write(&self) -> Result<bool, SignalError> {
        let limits =
            std::fs::read_to_string(format!("/proc/{}/limits", self.pid()?.as_raw_nonzero()))?;
        Ok(limit_in(&limits) == Some("0"))
    }

    /// The process can write again. If it has ended, or fails yet of what it could not write, it is started again. Returns
    /// what shows that.
    pub(super) async fn free_disk(&mut self, patience: Duration) -> Evidence {
        let Some(filled) = self.filled.take() else {
            return Evidence::against_it(Observation::failed("its disk was not filled"));
        };
        if self.exit().is_none()
            && let Err(error) =
                self.pid().and_then(|pid| Ok(limit_files(pid, filled.before.current)?))
            && self.exit().is_none()
        {
            return Evidence::against_it(Observation::failed(error));
        }
        // It answers from the thread that commits: whoever answers now has not failed before.
        let mut client = self.client();
        let answers = tokio::time::timeout(patience, client.status(0)).await;
        if matches!(answers, Ok(Ok(_))) {
            return match self.may_not_write() {
                Ok(false) => Evidence::for_it([Observation::WritesAllowed, Observation::Answers]),
                Ok(true) => Evidence::against_it(Observation::WritesForbidden),
                Err(error) => Evidence::against_it(Observation::failed(error)),
            };
        }
        let ended = match &mut self.child {
            Some(child) => tokio::time::timeout(ENDING_MAX, child.wait()).await.is_ok(),
            None => true,
        };
        if !ended {
            let error = "it neither answers nor ends".to_owned();
            return Evidence::against_it(Observation::NoAnswer {
                error,
                log: Some(self.log_tail()),
            });
        }
        let before = self.incarnation;
        if let Err(error) = self.start().await {
            return Evidence::against_it(Observation::failed(error));
        }
        match self.incarnation {
            // A start is counted on the disk before the node serves.
            now if now > before => {
                Evidence::for_it([Observation::DiskTakes, Observation::Restarted { before, now }])
            }
            incarnation => Evidence::against_it(Observation::NotRestarted { incarnation }),
        }
    }

    /// How many commits the node says it has made.
    async fn commits(&self) -> Option<u64> {
        let mut client = self.client();
        let metrics = tokio::time::timeout(METRICS_MAX, client.metrics(0)).await;
        metrics.ok()?.ok()?.get("commits_total").copied()
    }
}

/// A process that could not write has failed by itself: nobody sent it a signal.
fn failed(exit: ExitStatus) -> Evidence {
    let ended = Observation::Ended { how: vec![exit.to_string()] };
    if exit.code().is_some_and(|code| code != 0) {
        Evidence::for_it(ended)
    } else {
        Evidence::against_it(ended)
    }
}

/// The limit of the size of files among the limits of a process (proc(5)).
fn limit_in(limits: &str) -> Option<&str> {
    let of_files = limits.lines().find_map(|line| line.strip_prefix("Max file size"))?;
    of_files.split_whitespace().next()
}

/// Changes the limit of the size of the files of a process; returns the limit that it had. None: no limit.
#[cfg(target_os = "linux")]
fn limit_files(pid: Pid, bytes: Option<u64>) -> rustix::io::Result<Rlimit> {
    use rustix::process::{Resource, getrlimit, prlimit};
    // Nodes have the harness's limits: what it may not pass, they may not.
    let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum })
}

#[cfg(not(target_os = "linux"))]
fn limit_files(_: Pid, _: Option<u64>) -> rustix::io::Result<Rlimit> {
    Err(rustix::io::Errno::NOSYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn the_limit_of_files_is_read_back() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max cpu time              unlimited            unlimited            seconds\n\
                      Max file size             0                    unlimited            bytes\n";
        assert_eq!(limit_in(limits), Some("0"));
        assert_eq!(limit_in(&limits.replace(" 0 ", " unlimited ")), Some("unlimited"));
        assert_eq!(limit_in(""), None);
    }

    /// A process that writes a file again and again, until it cannot.
    fn writer(folder: &std::path::Path) -> NodeProcess {
        let script = "trap '' 25; while echo x >> written; do sleep 0.01; done; exit 3";
        let mut command = tokio::process::Command::new("/bin/sh");
        command.args(["-c", script]).current_dir(folder).kill_on_drop(true);
        NodeProcess {
            name: "n1".into(),
            client_address: ([127, 0, 0, 1], 1).into(),
            program: "/bin/sh".into(),
            arguments: Vec::new(),
            own: None,
            log: folder.join("n1.log"),
            data: folder.join("n1"),
            lives_before: None,
            child: Some(command.spawn().unwrap()),
            incarnation: 1,
            filled: None,
        }
    }

    #[tokio::test]
    async fn a_process_that_has_to_write_fails_and_its_end_is_no_accident() {
        let folder = tempfile::tempdir().unwrap();
        let mut node = writer(folder.path());
        node.fill_disk(7).await.unwrap();
        let evidence = node.disk_is_full().await;
        assert!(evidence.holds, "{evidence}");
        assert_eq!(evidence.to_string(), "exit status: 3");
        assert_eq!(node.died(), None);
        assert_eq!((node.ended_of_a_full_disk(), node.ended_of_a_full_disk()), (Some(7), None));
    }

    #[tokio::test]
    async fn a_disk_that_was_not_filled_is_not_full_and_an_end_without_it_is_an_accident() {
        let folder = tempfile::tempdir().unwrap();
        let mut node = writer(folder.path());
        let evidence = node.disk_is_full().await;
        assert_eq!(evidence, Evidence::against_it(Observation::WritesAllowed));
        assert!(!node.free_disk(METRICS_MAX).await.holds);
        limit_files(node.pid().unwrap(), Some(0)).unwrap();
        node.child.as_mut().unwrap().wait().await.unwrap();
        assert_eq!(node.ended_of_a_full_disk(), None);
        assert_eq!(node.died().as_deref(), Some("exit status: 3"));
    }

    #[test]
    fn only_a_process_that_failed_by_itself_shows_that_it_could_not_write() {
        assert!(failed(ExitStatus::from_raw(1 << 8)).holds);
        // It ended of its own will, was killed, or was ended by the signal that it should not heed.
        for status in [0, 9, 25] {
            assert!(!failed(ExitStatus::from_raw(status)).holds, "{status}");
        }
    }
}
