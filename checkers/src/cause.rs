//! What findings have in common, as data: findings of one kind with one cause are a group.

use crate::attribution;
use crate::context::Context;
use crate::verdict::Grounds;
use afterall_history::{
    ActsOn, FaultKind, FaultKinds, History, NODE_UNKNOWN, NodeId, OpId, Transactions,
};

/// A replica, and the faults that were in force on it, clocks aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The replica; none if nobody knows which it was.
    pub(crate) node: Option<NodeId>,
    pub(crate) faults: FaultKinds,
    /// Whether it can be said that no fault was felt there.
    pub(crate) quiet: bool,
}

/// Which operations of a counter are off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Off {
    Missing,
    /// Counted more than once.
    Again,
    /// One of the two; the values do not tell which.
    Either,
}

/// How many sides are told where replicas differ.
const FEW: usize = 8;

/// Which replicas differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Apart {
    /// These, from the others, which agree and are more than any that agree on something else. In the order of replicas.
    From(Vec<NodeId>),
    /// Sides of which none is the largest. Those of a side in the order of replicas, and the sides in that of their first.
    Sides(Vec<Vec<NodeId>>),
}

/// What others of its kind have in common with a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// Nothing is known.
    Unknown,
    /// The operation was served there.
    ServedAt(Place),
    /// The read was served there.
    ReadAt(Place),
    /// Both operations of a session were.
    BothServedAt(Place),
    /// The replica was killed after it had acknowledged the update.
    KilledAfter(NodeId),
    /// The replica was killed between two operations of a session.
    KilledBetween(NodeId),
    /// The update was acknowledged there.
    AcknowledgedAt(Place),
    /// The session moved between its two operations.
    ChangedReplica,
    /// An older write won by its version: the clock of the replica that took it was ahead, or that of the later write's was behind.
    ClockWrong {
        /// The replica whose clock was ahead.
        ahead: Option<NodeId>,
        /// The replica whose clock was behind.
        behind: Option<NodeId>,
    },
    /// An older write won by a version that the replica gave it before its clock went back.
    ClockWentBack(NodeId),
    /// An older write won, for a reason that nobody knows.
    OlderWon,
    /// Replicas differ at the end, and these faults stood between the updates that tell it.
    Apart(Apart, FaultKinds),
    /// Operations begun while faults of these kinds were in force together, at the nodes of one side; none: at any that did not
    /// fail.
    Side(FaultKinds, Vec<NodeId>),
    /// Operations of a counter.
    Operations(Off),
    /// A remove at the replica that had taken the add, or at another.
    RemovedAtAdder(bool),
    /// Effects come before their causes.
    EffectsBeforeCauses,
    /// Sessions disagree on the order of conflicting writes.
    Disagreement,
    /// A session cannot order the writes that it saw.
    NoSessionOrder,
    /// No order of the values satisfies the sessions.
    NoValueOrder,
    /// Sessions cannot be put into one order.
    NoCommonOrder,
    /// Reads of one session, by its number.
    ReadsOfSession(u32),
    /// Reads of sessions that were not told apart.
    ReadsOfOtherSessions,
    /// Reads of any of very many sessions.
    ReadsOfAnySession,
}

impl Cause {
    /// In words, for a history of operations.
    pub(crate) fn words(&self, history: &History) -> String {
        let name = |node: NodeId| history.node_name(node);
        let kinds = |faults: FaultKinds| list_of(faults);
        let place = |place: &Place| match (place.node, kinds(place.faults)) {
            (None, _) => "a node that the history does not name".to_owned(),
            (Some(node), Some(faults)) => format!("{}, under {faults}", name(node)),
            (Some(node), None) if place.quiet => {
                format!("{}, with no fault in force on it", name(node))
            }
            (Some(node), None) => name(node).to_owned(),
        };
        match self {
            Cause::ServedAt(at) => format!("served by {}", place(at)),
            Cause::ReadAt(at) => format!("read at {}", place(at)),
            Cause::BothServedAt(at) => format!("both served by {}", place(at)),
            Cause::KilledAfter(node) => {
                format!("{} was killed after it acknowledged", name(*node))
            }
            Cause::KilledBetween(node) => format!("{} was killed in between", name(*node)),
            Cause::AcknowledgedAt(Place { node: None, .. }) => {
                "acknowledged by a node that the history does not name".to_owned()
            }
            Cause::AcknowledgedAt(Place { node: Some(node), faults, quiet }) => {
                let node = name(*node);
                match kinds(*faults) {
                    Some(kinds) if faults.contains(FaultKind::Partition) => {
                        format!("acknowledged by {node} while it was cut off ({kinds})")
                    }
                    Some(kinds) => format!("acknowledged by {node} under {kinds}"),
                    None if *quiet => {
                        format!("acknowledged by {node} with no fault in force on it")
                    }
                    None => format!("acknowledged by {node}"),
                }
            }
            Cause::ChangedReplica => "the session went from one replica to another".to_owned(),
            Cause::ClockWrong { ahead, behind } => {
                let said = |node: &Option<NodeId>, how| {
                    node.map(|node| format!("the clock of {} was {how}", name(node)))
                };
                let wrong = said(ahead, "ahead").into_iter().chain(said(behind, "behind"));
                let wrong: Vec<String> = wrong.collect();
                let wrong = crate::words::list(&wrong).unwrap_or_default();
                format!("an older write won: {wrong}")
            }
            Cause::ClockWentBack(node) => {
                format!("an older write won: the clock of {} went back in between", name(*node))
            }
            Cause::Apart(apart, faults) => {
                let of = |links: bool| {
                    let acts =
                        faults.iter().filter(|kind| (kind.acts_on() == ActsOn::Links) == links);
                    kinds(acts.collect())
                };
                let mut said = apart.words(history);
                if let Some(kinds) = of(true) {
                    said = format!("{said}; {kinds} stood between them when the updates were made");
                }
                if let Some(kinds) = of(false) {
                    said = format!(
                        "{said}; a replica that lacks an update, or took it, was under {kinds}"
                    );
                }
                said
            }
            Cause::Side(faults, nodes) if nodes.is_empty() => {
                format!("under {}, at nodes that did not fail", kinds(*faults).unwrap_or_default())
            }
            Cause::Side(faults, nodes) => {
                let names: Vec<&str> = nodes.iter().map(|&node| name(node)).collect();
                let kinds = kinds(*faults).unwrap_or_default();
                format!("under {kinds}, at {}", crate::words::few(&names))
            }
            Cause::RemovedAtAdder(true) => {
                "removed at the replica that had taken the add".to_owned()
            }
            Cause::RemovedAtAdder(false) => {
                "removed at another replica than the one that had taken the add".to_owned()
            }
            other => other.plain(),
        }
    }

    /// In words, for a history of transactions.
    pub(crate) fn words_of_transactions(&self, history: &Transactions) -> String {
        match self {
            Cause::ReadsOfSession(session) => {
                let session = afterall_history::SessionId(*session);
                format!("reads of session {}", history.session_name(session))
            }
            other => other.plain(),
        }
    }

    /// The kinds of faults that it names.
    pub(crate) fn faults(&self) -> FaultKinds {
        match self {
            Cause::ServedAt(at)
            | Cause::ReadAt(at)
            | Cause::BothServedAt(at)
            | Cause::AcknowledgedAt(at) => at.faults,
            Cause::KilledAfter(_) | Cause::KilledBetween(_) => {
                [FaultKind::Kill].into_iter().collect()
            }
            Cause::ClockWrong { .. } | Cause::ClockWentBack(_) => {
                [FaultKind::Clock].into_iter().collect()
            }
            Cause::Apart(_, faults) => *faults,
            Cause::Side(faults, _) => *faults,
            _ => FaultKinds::NONE,
        }
    }

    /// Whether it is the cause, or how it came about, or neither. Of clocks it is calculated that the older write won by
    /// them ([`attribution::clocks`]); that a fault was in force does not show that it would not have come without.
    pub(crate) fn grounds(&self) -> Grounds {
        match self {
            Cause::ClockWrong { .. } | Cause::ClockWentBack(_) => Grounds::Cause,
            Cause::ServedAt(_)
            | Cause::ReadAt(_)
            | Cause::BothServedAt(_)
            | Cause::KilledAfter(_)
            | Cause::KilledBetween(_)
            | Cause::AcknowledgedAt(_)
            | Cause::ChangedReplica
            | Cause::Apart(..)
            | Cause::Side(..)
            | Cause::RemovedAtAdder(_) => Grounds::Circumstances,
            Cause::Unknown
            | Cause::OlderWon
            | Cause::Operations(_)
            | Cause::EffectsBeforeCauses
            | Cause::Disagreement
            | Cause::NoSessionOrder
            | Cause::NoValueOrder
            | Cause::NoCommonOrder
            | Cause::ReadsOfSession(_)
            | Cause::ReadsOfOtherSessions
            | Cause::ReadsOfAnySession => Grounds::Description,
        }
    }

    fn plain(&self) -> String {
        let words = match self {
            Cause::EffectsBeforeCauses => "effects come before their causes",
            Cause::Disagreement => "sessions disagree on the order of conflicting writes",
            Cause::NoSessionOrder => "a session cannot order the writes that it saw",
            Cause::NoValueOrder => "no order of the values satisfies the sessions",
            Cause::OlderWon => "an older write won",
            Cause::Operations(Off::Missing) => "operations are missing",
            Cause::Operations(Off::Again) => "operations count more than once",
            Cause::Operations(Off::Either) => "operations are missing, or count more than once",
            Cause::NoCommonOrder => "sessions cannot be put into one order",
            Cause::ReadsOfOtherSessions => "reads of other sessions",
            Cause::ReadsOfAnySession => "reads of any session",
            _ => "",
        };
        words.to_owned()
    }
}

impl Apart {
    /// Replicas by what they hold, each side in any order.
    pub(crate) fn of(mut sides: Vec<Vec<NodeId>>) -> Apart {
        sides.iter_mut().for_each(|side| side.sort_unstable());
        sides.sort_unstable();
        let most = sides.iter().map(Vec::len).max().unwrap_or(0);
        let mut largest = (0..sides.len()).filter(|&at| sides[at].len() == most);
        match (largest.next(), largest.next()) {
            (Some(at), None) => {
                sides.remove(at);
                let mut apart: Vec<NodeId> = sides.into_iter().flatten().collect();
                apart.sort_unstable();
                Apart::From(apart)
            }
            _ => Apart::Sides(sides),
        }
    }

    fn words(&self, history: &History) -> String {
        let listed = |nodes: &[NodeId]| {
            let names: Vec<&str> = nodes.iter().map(|&node| history.node_name(node)).collect();
            crate::words::few(&names)
        };
        let differ = |nodes: &[NodeId]| if nodes.len() == 1 { "differs" } else { "differ" };
        match self {
            Apart::From(nodes) => format!("{} {} from the others", listed(nodes), differ(nodes)),
            Apart::Sides(sides) => match sides.as_slice() {
                [one, other] => {
                    format!("{} {} from {}", listed(one), differ(one), listed(other))
                }
                sides if sides.iter().all(|side| side.len() == 1) => {
                    format!("{} all differ", listed(&sides.concat()))
                }
                sides => {
                    let said: Vec<String> = sides.iter().take(FEW).map(|s| listed(s)).collect();
                    let more = if sides.len() > FEW { "; …" } else { "" };
                    format!("{} sides differ ({}{more})", sides.len(), said.join("; "))
                }
            },
        }
    }
}

impl Place {
    /// The replica that served an operation, if it is one whose name is known.
    pub(crate) fn of(ctx: &Context<'_>, op: OpId) -> Place {
        let node = ctx.op(op).served_by();
        if ctx.history.node_name(node) == NODE_UNKNOWN {
            return Place { node: None, faults: FaultKinds::NONE, quiet: false };
        }
        let faults = attribution::on_replica(ctx, op);
        Place { node: Some(node), faults, quiet: attribution::is_quiet(ctx, op) }
    }
}

/// The names of kinds of faults, sorted: `clock and partition`.
fn list_of(faults: FaultKinds) -> Option<String> {
    let mut names: Vec<&str> = faults.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    crate::words::list(&names)
}
