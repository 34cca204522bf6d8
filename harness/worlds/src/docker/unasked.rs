//! What happens to a cluster in containers that nobody asked for: nodes that end, containers that somebody else removes or
//! pauses, an engine that dies.

use super::cluster::{Cluster, Node, infra, is_over, proxy};
use afterall_engine::Happened;
use afterall_history::{EndHow, NodeChange};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long the engine may take to say how its containers are.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// After so many looks in a row that it did not answer, the engine has died.
const UNANSWERED_MAX: u32 = 3;

/// What somebody else did to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meddling {
    /// It is gone.
    Removed,
    /// It is paused, and no fault asked for that.
    Paused,
    /// It has ended.
    Ended,
}

/// What the state of a container shows, given what its node is meant to be.
fn meddling(state: Option<&String>, node: &Node) -> Option<Meddling> {
    match state.map(String::as_str) {
        None => Some(Meddling::Removed),
        Some("paused") if !node.paused => Some(Meddling::Paused),
        Some(state) if node.up && is_over(state) => Some(Meddling::Ended),
        Some(_) => None,
    }
}

fn over(why: String) -> Happened {
    Happened::Over { how: EndHow::CutShort, why }
}

impl Cluster {
    /// Looks at all containers once.
    pub(super) async fn look_at_nodes(&self) -> Vec<Happened> {
        // Locked before the engine is asked: what a fault is being worked on is nobody else's doing.
        let nodes: Vec<_> = self.nodes.iter().map(|node| node.try_lock()).collect();
        let states = tokio::time::timeout(ANSWER_MAX, self.engine.states(&self.run)).await;
        let error = match states {
            Ok(Ok(states)) => {
                self.unanswered.store(0, Ordering::Relaxed);
                let mut happened = Vec::new();
                for (id, node) in nodes.into_iter().enumerate() {
                    if let Ok(mut node) = node {
                        happened.extend(self.look_at(id, &mut node, &states).await);
                    }
                }
                if states.get(&proxy(&self.run)).is_none_or(|state| is_over(state)) {
                    happened
                        .push(over("the container of the proxies was ended or removed".to_owned()));
                }
                return happened;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("nothing within {} s", ANSWER_MAX.as_secs()),
        };
        let unanswered = self.unanswered.fetch_add(1, Ordering::Relaxed) + 1;
        let died = || over(format!("the container engine does not answer any more: {error}"));
        (unanswered == UNANSWERED_MAX).then(died).into_iter().collect()
    }

    async fn look_at(
        &self,
        id: usize,
        node: &mut Node,
        states: &BTreeMap<String, String>,
    ) -> Option<Happened> {
        let containers = self.containers(id).chain([infra(&self.run, id)]);
        let met = |name: String| Some((meddling(states.get(&name), node)?, name));
        let (what, name) = containers.into_iter().find_map(met)?;
        let number = id + 1;
        Some(match what {
            Meddling::Removed => over(format!(
                "n{number} is gone: its container {name} was removed by somebody else"
            )),
            Meddling::Paused => over(format!(
                "n{number} was paused by somebody else: its container {name} is paused"
            )),
            Meddling::Ended => {
                node.up = false;
                let detail = format!("{name} ended; its log ends: {}", self.log_tail(id).await);
                Happened::Node { node: id, change: NodeChange::Died, detail }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_fault_asked_for_is_somebody_elses_doing() {
        let node = |up, paused| Node { up, paused };
        let state = |state: &str| Some(state.to_owned());
        for (state, node, expected) in [
            (None, node(true, false), Some(Meddling::Removed)),
            (None, node(false, false), Some(Meddling::Removed)),
            (state("paused"), node(true, false), Some(Meddling::Paused)),
            (state("paused"), node(true, true), None),
            (state("exited"), node(true, false), Some(Meddling::Ended)),
            (state("exited"), node(false, false), None),
            (state("running"), node(true, false), None),
        ] {
            assert_eq!(meddling(state.as_ref(), &node), expected, "{state:?} {node:?}");
        }
    }
}
