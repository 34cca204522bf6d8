//! What a signal means, by what the program is doing.
//!
//! Ctrl-C, `kill` and a terminal that is closed all mean the same. While a run goes on the first asks it to end, so that
//! it heals, writes how it ended and is judged; the second ends the program. While a history is judged the first ends
//! the program: nothing is lost by it, since the history is on disk.

use crate::exit::Exit;
use crate::unfinished;
use std::sync::{Mutex, Once, PoisonError, mpsc};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the program is doing.
pub(crate) enum Doing {
    /// Something that may end at any time, with this to say.
    Anything(String),
    /// A run: how to ask it to end, and what to say if it must end at once.
    Running(Box<dyn Fn() + Send>, &'static str),
    /// A run that was asked to end.
    Stopping(&'static str),
    /// Writing reports: the exit code is known, and this is to be said.
    Judged(Exit, String),
}

static NOW: Mutex<Option<Doing>> = Mutex::new(None);
static LISTENING: Once = Once::new();

/// From now on signals mean what `doing` says.
pub(crate) fn now(doing: Doing) {
    *NOW.lock().unwrap_or_else(PoisonError::into_inner) = Some(doing);
    LISTENING.call_once(|| {
        let (ready, listening) = mpsc::channel();
        // A thread of its own, which ends with the program: the others may be busy for long.
        let thread = std::thread::Builder::new().name("signals".to_owned());
        if let Err(error) = thread.spawn(move || listen(&ready)) {
            warn(&error);
        }
        // Ends with the thread at the latest.
        let _ = listening.recv();
    });
}

fn warn(error: &std::io::Error) {
    eprintln!("warning: signals cannot be caught ({error}): Ctrl-C ends the run without a verdict");
}

fn listen(ready: &mpsc::Sender<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return warn(&error),
    };
    runtime.block_on(async {
        let streams = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
            // `nohup` means that the terminal may go.
            if ignores_hangup() { Ok(None) } else { signal(SignalKind::hangup()).map(Some) },
        );
        let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = streams else {
            return warn(&std::io::Error::last_os_error());
        };
        let _limit = afterall_node::files_may_be_limited();
        let _ = ready.send(());
        loop {
            tokio::select! {
                Some(()) = interrupt.recv() => {}
                Some(()) = terminate.recv() => {}
                Some(()) = received(&mut hangup) => {}
            }
            came();
        }
    });
}

async fn received(stream: &mut Option<Signal>) -> Option<()> {
    match stream {
        Some(stream) => stream.recv().await,
        None => std::future::pending().await,
    }
}

fn came() {
    let mut now = NOW.lock().unwrap_or_else(PoisonError::into_inner);
    let (exit, say) = match now.take() {
        Some(Doing::Running(stop, leaves)) => {
            eprintln!("stopping; press Ctrl-C again to exit immediately");
            stop();
            *now = Some(Doing::Stopping(leaves));
            return;
        }
        Some(Doing::Stopping(leaves)) => (Exit::Failed, format!("error: stopped at once{leaves}")),
        Some(Doing::Anything(say)) => (Exit::Failed, format!("error: {say}")),
        Some(Doing::Judged(exit, say)) => (exit, format!("warning: {say}")),
        None => (Exit::Failed, "error: interrupted".to_owned()),
    };
    unfinished::remove_all();
    eprintln!("{say}");
    std::process::exit(exit.code().into());
}

/// Whether the program was started with SIGHUP ignored. Where the system does not say, it was not.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_in(&status)
}

fn ignored_in(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A bit for each signal, and SIGHUP is the first.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::ignored_in;

    #[test]
    fn whether_hangups_are_ignored_is_in_the_status_of_the_process() {
        assert!(ignored_in("Name:\tx\nSigIgn:\t0000000000001001\n"));
        assert!(!ignored_in("Name:\tx\nSigIgn:\t0000000000001000\n"));
        assert!(!ignored_in(""));
    }
}
