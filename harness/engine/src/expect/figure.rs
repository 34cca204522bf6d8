//! The figures that bounds may be given for: one word, one unit and one way to measure each.

use super::bounds::Unit;
use super::spread::{by_formula, time_to_all};
use crate::config::RunConfig;
use crate::traffic::Traffic;
use afterall_checkers::Verdict;
use afterall_checkers::verdict::{
    CounterFigures, Fates, ItemFates, LevelFigures, StalenessFigures, WindowFigures,
};
use afterall_history::{History, Level, OpView, vocabulary};
use std::collections::BTreeMap;

vocabulary! {
    /// A figure that bounds may be given for.
    "figure" Figure {
        /// The share of the sessions' operations that were acknowledged.
        Acknowledged = "acknowledged",
        /// The same at the node where it is lowest.
        AcknowledgedAtWorstNode = "acknowledged-at-worst-node",
        /// How long the replicas disagreed after the last fault and the last update.
        ConvergedAfter = "converged-after",
        /// Keys on which replicas disagree at the end.
        DivergentKeys = "divergent-keys",
        /// The share of stale reads.
        StaleReads = "stale-reads",
        /// Half of the stale reads were no older.
        StalenessP50 = "staleness-p50",
        /// 99 % of the stale reads were no older.
        StalenessP99 = "staleness-p99",
        /// The age of the oldest value that was read.
        StalenessMax = "staleness-max",
        /// The share of stale reads among those at level one.
        StaleReadsAtOne = "stale-reads-at-one",
        /// The same at level quorum.
        StaleReadsAtQuorum = "stale-reads-at-quorum",
        /// The share of operations at level one that were acknowledged.
        AcknowledgedAtOne = "acknowledged-at-one",
        /// The same at level quorum.
        AcknowledgedAtQuorum = "acknowledged-at-quorum",
        /// Writes at quorum or all whose session had last read the key at level one, and got what had been overwritten.
        StrongWritesOnStaleReads = "strong-writes-on-stale-reads",
        /// Half of the windows of writes were no longer: from the acknowledgement to the last stale read anywhere.
        WindowP50 = "window-p50",
        /// 99 % of the windows were no longer.
        WindowP99 = "window-p99",
        /// The longest window.
        WindowMax = "window-max",
        /// Writes that some replica never showed.
        NeverSeen = "never-seen",
        /// Writes that were acknowledged.
        WritesAcknowledged = "writes-acknowledged",
        /// Acknowledged writes that are there at the end.
        WritesSurvived = "writes-survived",
        /// Acknowledged writes that were thrown away in favour of a concurrent one.
        WritesDiscarded = "writes-discarded",
        /// Acknowledged writes that are gone without cause.
        WritesLost = "writes-lost",
        /// Items that are there at the end.
        ItemsPresent = "items-present",
        /// Items that are gone although nobody removed them.
        ItemsLost = "items-lost",
        /// Items that are there although a session that had seen them removed them.
        ItemsResurrected = "items-resurrected",
        /// What counters lack at the end of what was acknowledged.
        CountMissing = "count-missing",
        /// How long after it was acknowledged the only update of a key was seen at every node that was asked for the key: the
        /// longest of all such keys.
        TimeToAll = "time-to-all",
        /// What that takes by the formula τ·ln n / ln k: τ between two rounds of rumors, n nodes, k peers a round.
        TimeToAllByFormula = "time-to-all-by-formula",
        /// How many times as long as by the formula it took.
        TimeToAllToFormula = "time-to-all-to-formula",
        /// Messages that the nodes sent to each other.
        MessagesSent = "messages-sent",
        /// The share of them that got lost on the way or were cut off.
        MessagesLost = "messages-lost",
        /// Messages that arrived twice.
        MessagesDoubled = "messages-doubled",
        /// Messages that were sent to spread news.
        RumorMessages = "rumor-messages",
        /// Messages that were sent to compare what replicas hold, and to mend it.
        AntiEntropyMessages = "anti-entropy-messages",
        /// Messages that were sent to compare what had been read, and to mend it.
        ReadRepairMessages = "read-repair-messages",
        /// Messages that were sent to hand over changes, and to confirm them.
        HintMessages = "hint-messages",
        /// Stale objects that reads had mended.
        ReadRepairs = "read-repairs",
        /// Changes that a peer confirmed only after it was handed them again.
        HintsHandedOver = "hints-handed-over",
        /// Changes that peers have not confirmed at the end.
        HintsHeld = "hints-held",
        /// Requests that were handed to a node that holds the object.
        RequestsForwarded = "requests-forwarded",
    }
}

/// What a run left, from which figures are taken.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    /// The configuration.
    pub config: &'a RunConfig,
    /// What happened.
    pub history: &'a History,
    /// The verdict on it.
    pub verdict: &'a Verdict,
    /// What the nodes sent to each other, where the world has seen it.
    pub traffic: Option<Traffic>,
}

impl Figure {
    /// In what it is measured.
    #[must_use]
    pub fn unit(self) -> Unit {
        use Figure as F;
        match self {
            F::Acknowledged
            | F::AcknowledgedAtOne
            | F::AcknowledgedAtQuorum
            | F::StaleReadsAtOne
            | F::StaleReadsAtQuorum
            | F::AcknowledgedAtWorstNode
            | F::StaleReads
            | F::MessagesLost => Unit::Share,
            F::ConvergedAfter
            | F::StalenessP50
            | F::StalenessP99
            | F::StalenessMax
            | F::WindowP50
            | F::WindowP99
            | F::WindowMax
            | F::TimeToAll
            | F::TimeToAllByFormula => Unit::Time,
            F::DivergentKeys
            | F::NeverSeen
            | F::StrongWritesOnStaleReads
            | F::WritesAcknowledged
            | F::WritesSurvived
            | F::WritesDiscarded
            | F::WritesLost
            | F::ItemsPresent
            | F::ItemsLost
            | F::ItemsResurrected
            | F::CountMissing
            | F::TimeToAllToFormula
            | F::MessagesSent
            | F::MessagesDoubled
            | F::RumorMessages
            | F::AntiEntropyMessages
            | F::ReadRepairMessages
            | F::HintMessages
            | F::ReadRepairs
            | F::HintsHandedOver
            | F::HintsHeld
            | F::RequestsForwarded => Unit::Number,
        }
    }

    /// What it came to in a run; nothing where the run does not show it.
    #[must_use]
    pub fn of(self, measured: &Measured<'_>) -> Option<f64> {
        let figures = &measured.verdict.figures;
        let fates = |of: fn(&Fates) -> u64| figures.fates.as_ref().map(|fates| of(fates) as f64);
        let items =
            |of: fn(&ItemFates) -> u64| figures.items.as_ref().map(|items| of(items) as f64);
        let age = |of: fn(&StalenessFigures) -> Option<i64>| {
            figures.staleness.as_ref().map(|staleness| of(staleness).unwrap_or(0) as f64)
        };
        let at = |level: Level| figures.levels.iter().find(|of| of.level == level);
        let of = |part: u64, all: u64| (all > 0).then(|| part as f64 / all as f64);
        let stale = |level: &LevelFigures| of(level.stale, level.reads);
        let answered = |level: &LevelFigures| of(level.ok, level.ops);
        // What does not end is longer than every bound.
        let window = |of: fn(&WindowFigures) -> Option<i64>| {
            let windows = figures.windows.as_ref().filter(|windows| windows.writes > 0)?;
            Some(of(windows).map_or(f64::INFINITY, |ns| ns as f64))
        };
        let messages = measured.traffic.and_then(|traffic| traffic.messages);
        let traffic = |of: fn(&Traffic) -> u64| measured.traffic.as_ref().map(|it| of(it) as f64);
        match self {
            Figure::Acknowledged => acknowledged(measured.history.ops().filter(by_a_session)),
            Figure::AcknowledgedAtWorstNode => worst_node(measured.history),
            Figure::ConvergedAfter => {
                figures.convergence.as_ref()?.window_ns.map(|window| window as f64)
            }
            Figure::DivergentKeys => figures.convergence.as_ref().map(|of| of.divergent as f64),
            Figure::StaleReads => {
                let staleness = figures.staleness.as_ref().filter(|of| of.reads > 0)?;
                Some(staleness.stale as f64 / staleness.reads as f64)
            }
            Figure::StalenessP50 => age(|of| of.p50_ns),
            Figure::StalenessP99 => age(|of| of.p99_ns),
            Figure::StalenessMax => age(|of| of.max_ns),
            Figure::StaleReadsAtOne => stale(at(Level::One)?),
            Figure::StaleReadsAtQuorum => stale(at(Level::Quorum)?),
            Figure::AcknowledgedAtOne => answered(at(Level::One)?),
            Figure::AcknowledgedAtQuorum => answered(at(Level::Quorum)?),
            Figure::StrongWritesOnStaleReads => {
                figures.mixed.as_ref().map(|of| of.after_stale_reads as f64)
            }
            Figure::WindowP50 => window(|of| of.p50_ns),
            Figure::WindowP99 => window(|of| of.p99_ns),
            Figure::WindowMax => window(|of| of.max_ns),
            Figure::NeverSeen => figures.windows.as_ref().map(|of| of.never as f64),
            Figure::WritesAcknowledged => fates(|of| of.acknowledged),
            Figure::WritesSurvived => fates(|of| of.survived),
            Figure::WritesDiscarded => fates(|of| of.discarded),
            Figure::WritesLost => fates(|of| of.lost),
            Figure::ItemsPresent => items(|of| of.present),
            Figure::ItemsLost => items(|of| of.lost),
            Figure::ItemsResurrected => items(|of| of.resurrected),
            Figure::CountMissing => missing(&figures.counters),
            Figure::TimeToAll => time_to_all(measured.history),
            Figure::TimeToAllByFormula => by_formula(measured.config),
            Figure::TimeToAllToFormula => {
                Some(time_to_all(measured.history)? / by_formula(measured.config)?)
            }
            Figure::MessagesSent => messages.map(|of| of.sent as f64),
            Figure::MessagesLost => {
                messages.filter(|of| of.sent > 0).map(|of| of.lost as f64 / of.sent as f64)
            }
            Figure::MessagesDoubled => messages.map(|of| of.doubled as f64),
            Figure::RumorMessages => traffic(|of| of.by_mechanism.rumors),
            Figure::AntiEntropyMessages => traffic(|of| of.by_mechanism.anti_entropy),
            Figure::ReadRepairMessages => traffic(|of| of.by_mechanism.read_repair),
            Figure::HintMessages => traffic(|of| of.by_mechanism.hints),
            Figure::ReadRepairs => traffic(|of| of.by_mechanism.read_repairs),
            Figure::HintsHandedOver => traffic(|of| of.by_mechanism.hints_handed_over),
            Figure::HintsHeld => traffic(|of| of.by_mechanism.hints_held),
            Figure::RequestsForwarded => traffic(|of| of.by_mechanism.forwarded),
        }
    }
}

/// Not one of the reads at the end: those are the harness's own.
fn by_a_session(op: &OpView<'_>) -> bool {
    !op.is_final()
}

/// A sale that was refused counts as not acknowledged: a customer goes without. For the property `availability` it is an answer.
fn acknowledged<'h>(ops: impl Iterator<Item = OpView<'h>>) -> Option<f64> {
    let (mut all, mut ok) = (0_u64, 0_u64);
    for op in ops {
        all += 1;
        ok += u64::from(op.is_ok());
    }
    (all > 0).then(|| ok as f64 / all as f64)
}

fn worst_node(history: &History) -> Option<f64> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for op in history.ops().filter(by_a_session) {
        let (all, ok) = counts.entry(history.node_name(op.sent_to())).or_default();
        *all += 1;
        *ok += u64::from(op.is_ok());
    }
    let shares = counts.values().map(|&(all, ok)| ok as f64 / all as f64);
    shares.min_by(f64::total_cmp)
}

/// The sum over all counters whose replicas agree.
fn missing(counters: &[CounterFigures]) -> Option<f64> {
    let of = |counter: &CounterFigures| Some(counter.acknowledged - counter.value?);
    let missing: Vec<i64> = counters.iter().filter_map(of).collect();
    (!missing.is_empty()).then(|| missing.iter().sum::<i64>() as f64)
}
