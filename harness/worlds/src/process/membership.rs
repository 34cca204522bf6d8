//! Letting a node leave its cluster, and join it again; and what it and the others say of that.

#![expect(clippy::disallowed_methods, reason = "it waits until a deadline")]

use super::cluster::Cluster;
use crate::live::evidence::{Look, PingError, no_answer};
use afterall_clients::Status;
use afterall_engine::evidence::membership::{Standing, joined, left};
use afterall_engine::{Evidence, Observation};
use afterall_reference::core;
use std::time::{Duration, Instant};

/// How long a node may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// How long a node may take to leave before it is enough that it is leaving.
const LEAVES_MAX: Duration = Duration::from_secs(3);
/// How long a node may take to join: another fault may have to end first.
const JOINS_MAX: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

impl Cluster {
    /// Lets a node leave, and waits until it has that on its disk.
    pub(super) async fn let_leave(&self, node: usize) -> Result<(), Observation> {
        self.turn(node, true).await
    }

    async fn turn(&self, node: usize, leaves: bool) -> Result<(), Observation> {
        let mut client = self.nodes[node].lock().await.client();
        match tokio::time::timeout(ANSWER_MAX, client.turn(0, leaves)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(no_answer(&PingError::Client(error))),
            Err(_) => Err(Observation::SilentSoFar),
        }
    }

    /// What shows that a node has left. At first that it is out for all that it can reach is waited for.
    pub(super) async fn has_left(&self, node: usize, look: Look) -> Evidence {
        let began = Instant::now();
        loop {
            let (mine, out) = match self.standing(node).await {
                Ok(seen) => seen,
                Err(silent) => return Evidence::against_it(silent),
            };
            let is_seen = mine == Standing::Out && out.iter().all(|&out| out);
            if is_seen || matches!(look, Look::Again) || began.elapsed() >= LEAVES_MAX {
                return left(mine, &out, self.nodes.len().saturating_sub(1));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Lets a node join again, and returns what shows that it has.
    pub(super) async fn let_join(&self, node: usize) -> Evidence {
        let began = Instant::now();
        if let Err(against) = self.turn(node, false).await {
            return Evidence::against_it(against);
        }
        loop {
            let evidence = match self.standing(node).await {
                Ok((mine, out)) => joined(mine, &out),
                Err(silent) => Evidence::against_it(silent),
            };
            if evidence.holds || began.elapsed() >= JOINS_MAX {
                return evidence;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// How a node stands to the cluster, as it says, and of each other that answers and that it can reach, whether that sees it as
    /// out.
    async fn standing(&self, node: usize) -> Result<(Standing, Vec<bool>), Observation> {
        let mine = self.status_of(node).await?;
        let mut out = Vec::new();
        for other in (0..self.nodes.len()).filter(|&other| other != node) {
            let plan = self.plan.lock().await;
            let is_cut = plan.is_cut(node, other) || plan.is_cut(other, node);
            drop(plan);
            if is_cut {
                continue;
            }
            // Who is silent is under a fault of its own.
            if let Ok(theirs) = self.status_of(other).await {
                let name = format!("n{}", node + 1);
                out.push(theirs.others.get(&name) == Some(&core::Standing::Out));
            }
        }
        let standing = match mine.standing {
            core::Standing::Member => Standing::Member,
            core::Standing::Leaving => {
                Standing::Leaving { taken_by: mine.taken_by, owes: mine.owes }
            }
            core::Standing::Out => Standing::Out,
            core::Standing::Joining => Standing::Joining,
        };
        Ok((standing, out))
    }

    async fn status_of(&self, node: usize) -> Result<Status, Observation> {
        let mut client = self.nodes[node].lock().await.client();
        match tokio::time::timeout(ANSWER_MAX, client.status(0)).await {
            Ok(Ok(status)) => Ok(status),
            Ok(Err(error)) => Err(no_answer(&PingError::Client(error))),
            Err(_) => Err(Observation::SilentSoFar),
        }
    }
}
