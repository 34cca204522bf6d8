//! What a run in real time needs to know of this machine.

#![expect(
    clippy::disallowed_methods,
    reason = "runs are named by the time, so that no two have one name"
)]

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Runs of this process, so that those that go on side by side do not share names.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// Told what people may want to know while a cluster is set up: an image is pulled, something is left over.
pub type Notice = Arc<dyn Fn(&str) + Send + Sync>;

/// What a run in real time needs to know of this machine.
#[derive(Clone)]
pub struct Settings {
    /// The folder where nodes leave their logs. It is there already.
    pub logs: PathBuf,
    /// The program that is a reference node, `afterall-node`; none: this very program, whose command `node` is one.
    pub node_program: Option<PathBuf>,
    /// A name for everything of this run, which no other run has.
    pub run_id: String,
    /// Told what people may want to know.
    pub notice: Notice,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("run_id", &self.run_id).finish_non_exhaustive()
    }
}

impl Settings {
    /// The settings for one run, whose nodes are this very program's.
    #[must_use]
    pub fn new(logs: PathBuf) -> Settings {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let run_id = format!("afterall-{:x}-{:x}-{run:x}", since.as_millis(), std::process::id());
        Settings { logs, node_program: None, run_id, notice: Arc::new(|_| ()) }
    }
}
