//! The run as the page's script reads it: columns, tables of texts, differences of times.

use super::aggregate::{self, Density, Performance};
use super::convergence::{self, KeyTrack};
use super::counts::Counts;
use super::select;
use super::status::status;
use super::texts::{Texts, VALUE_CHARS};
use super::witness;
use crate::context::{Context, NodeLog};
use crate::words;
use afterall_checkers::verdict::Grounds;
use afterall_checkers::{Anomaly, Verdict};
use afterall_history::{
    FaultKind, Function, History, KeyId, NodeChange, NodeId, OpId, Phase, SessionId,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Characters shown of a key, a node's name, an error.
const NAME_CHARS: usize = 200;
/// Of what only the verdict has: anomalies, and together their size; edges of one; faults; and so on.
const ANOMALIES_MAX: usize = 200;
const ANOMALIES_BYTES: usize = 1024 * 1024;
const EDGES_MAX: usize = 60;
const WITNESSES_MAX: usize = 400;
const FAULTS_MAX: usize = 400;
const EVIDENCE_MAX: usize = 4;
const REASONS_MAX: usize = 40;
const EXAMPLES_MAX: usize = 20;
const HELD_MAX: usize = 40;
const LOG_BYTES: usize = 16 * 1024;
const LOGS_MAX: usize = 10;
const CONFIG_CHARS: usize = 16 * 1024;

/// Everything the page shows.
#[derive(Serialize)]
pub(super) struct Run {
    verdict: Verdict,
    context: Context,
    words: Words,
    nodes: Vec<String>,
    /// Process numbers by session, of those that are shown.
    sessions: BTreeMap<u32, u64>,
    /// Names by key, of those that are shown.
    keys: BTreeMap<u32, String>,
    functions: Vec<&'static str>,
    texts: Vec<String>,
    ops: Ops,
    total: usize,
    end: i64,
    complete: Option<&'static str>,
    torn: Option<String>,
    phases: Vec<(i64, Phase)>,
    faults: Vec<FaultBand>,
    faults_left_out: usize,
    turns: Vec<Turn>,
    /// Only where not every operation is embedded.
    density: Option<Density>,
    /// Likewise.
    counts: Option<Counts>,
    /// By anomaly: its witness as a history of its own.
    witnesses: BTreeMap<u32, String>,
    tracks: Vec<KeyTrack>,
    performance: Performance,
}

/// What is said where it is needed, in the words of the other reports.
#[derive(Serialize)]
struct Words {
    strongest: &'static str,
    numbers: &'static str,
    tiers: Option<String>,
    /// What kinds of anomalies mean that are called as in the literature.
    kinds: BTreeMap<&'static str, &'static str>,
    /// What groups have in common is called after its grounds.
    grounds: BTreeMap<&'static str, &'static str>,
    phases: BTreeMap<&'static str, &'static str>,
}

impl Words {
    fn new(verdict: &Verdict) -> Words {
        let kinds = verdict.anomalies.iter().map(|anomaly| anomaly.kind);
        Words {
            strongest: words::STRONGEST,
            numbers: words::numbers(verdict),
            tiers: words::tiers_differ(verdict),
            kinds: kinds.filter_map(|kind| Some((kind.name(), kind.explanation()?))).collect(),
            grounds: Grounds::ALL.iter().filter_map(|of| Some((of.name(), of.label()?))).collect(),
            phases: Phase::ALL.iter().map(|&of| (of.name(), words::phase(of))).collect(),
        }
    }
}

/// Operations, a list a field. Times are nanoseconds: `at` the difference to the operation before, `took` from
/// invocation to completion, −1 for never. `input` to `error` are places in [`Run::texts`], −1 for none.
#[derive(Serialize, Default)]
struct Ops {
    index: Vec<i64>,
    session: Vec<u32>,
    key: Vec<u32>,
    sent: Vec<u16>,
    node: Vec<u16>,
    f: Vec<u8>,
    status: Vec<u8>,
    /// Places of the final reads.
    last: Vec<usize>,
    at: Vec<i64>,
    took: Vec<i64>,
    input: Vec<i64>,
    output: Vec<i64>,
    version: Vec<i64>,
    error: Vec<i64>,
}

/// A fault for the bands of timeline and charts.
#[derive(Serialize)]
struct FaultBand {
    fault: u32,
    kind: FaultKind,
    from: i64,
    to: Option<i64>,
    took: bool,
    nodes: Vec<u16>,
    links: Vec<(u16, u16)>,
}

/// A node became ready, or died unasked.
#[derive(Serialize)]
struct Turn {
    time: i64,
    node: u16,
    change: NodeChange,
    detail: String,
}

impl Run {
    pub(super) fn new(
        history: &History,
        verdict: &Verdict,
        context: &Context,
        ops_bytes: usize,
    ) -> Run {
        let exact = select::exact(history, verdict, ops_bytes);
        let mut texts = Texts::new(history);
        texts.whole(select::witnesses(history, verdict));
        let ops = Ops::new(history, &exact, &mut texts);
        let tracks = convergence::tracks(history, verdict, &mut texts, ops_bytes / 8);
        let density = (exact.len() < history.len()).then(|| aggregate::density(history));
        let counts = density.is_some().then(|| Counts::new(history));
        let mut keys: BTreeMap<u32, String> = BTreeMap::new();
        let shown = exact.iter().map(|op| history.op(*op).key().0);
        let dense = density.iter().flat_map(Density::keys);
        let dense = dense.chain(counts.iter().flat_map(Counts::keys));
        for key in shown.chain(dense).chain(tracks.iter().map(KeyTrack::key)) {
            keys.entry(key).or_insert_with(|| words::cut(history.key_name(KeyId(key)), NAME_CHARS));
        }
        let shown = exact.iter().map(|op| history.op(*op).session().0);
        let sessions: BTreeMap<u32, u64> = shown
            .chain(density.iter().flat_map(Density::sessions))
            .chain(counts.iter().flat_map(Counts::sessions))
            .map(|session| (session, history.process(SessionId(session))))
            .collect();
        Run {
            verdict: trimmed(verdict),
            context: trimmed_context(context),
            words: Words::new(verdict),
            nodes: (0..history.nodes() as u16)
                .map(|node| words::cut(history.node_name(NodeId(node)), NAME_CHARS))
                .collect(),
            sessions,
            keys,
            functions: Function::ALL.iter().map(|f| f.name()).collect(),
            texts: texts.into_list(),
            ops,
            total: history.len(),
            end: history.last_time(),
            complete: history.end().map(|end| end.how.name()),
            torn: history.torn().map(str::to_owned),
            phases: history.phases().to_vec(),
            faults_left_out: history.faults().len().saturating_sub(FAULTS_MAX),
            faults: history.faults().iter().take(FAULTS_MAX).map(FaultBand::new).collect(),
            turns: history.node_turns().iter().take(FAULTS_MAX).map(Turn::new).collect(),
            density,
            counts,
            witnesses: witness::histories(history, verdict),
            tracks,
            performance: aggregate::performance(history),
        }
    }
}

impl Ops {
    fn new(history: &History, exact: &[OpId], texts: &mut Texts<'_>) -> Ops {
        let mut ops = Ops::default();
        let (mut index, mut at) = (0, 0);
        for id in exact {
            let op = history.op(*id);
            ops.index.push(i64::from(op.number()) - index);
            ops.at.push(op.invoked() - at);
            (index, at) = (i64::from(op.number()), op.invoked());
            ops.session.push(op.session().0);
            ops.key.push(op.key().0);
            ops.sent.push(op.sent_to().0);
            ops.node.push(op.served_by().0);
            let f = Function::ALL.iter().position(|f| *f == op.f()).unwrap_or(0);
            ops.f.push(u8::try_from(f).unwrap_or(u8::MAX));
            ops.status.push(status(op.status()));
            if op.is_final() {
                ops.last.push(ops.index.len() - 1);
            }
            ops.took.push(op.completed().map_or(-1, |completed| completed - op.invoked()));
            ops.input.push(texts.datum(op.input()));
            ops.output.push(texts.datum(op.output()));
            ops.version.push(texts.datum(op.version()));
            ops.error.push(op.error().map_or(-1, |error| texts.text(error, NAME_CHARS)));
        }
        ops
    }
}

impl FaultBand {
    fn new(fault: &afterall_history::Fault) -> FaultBand {
        FaultBand {
            fault: fault.id,
            kind: fault.kind,
            from: fault.inject,
            to: fault.healed,
            took: fault.took_hold(),
            nodes: fault.nodes.iter().map(|node| node.0).collect(),
            links: fault.links.iter().map(|(from, to)| (from.0, to.0)).collect(),
        }
    }
}

impl Turn {
    fn new(turn: &afterall_history::NodeTurn) -> Turn {
        Turn {
            time: turn.time,
            node: turn.node.0,
            change: turn.change,
            detail: words::cut(&turn.detail, NAME_CHARS),
        }
    }
}

/// The verdict without what only a machine would read to its end.
fn trimmed(verdict: &Verdict) -> Verdict {
    let mut verdict = verdict.clone();
    verdict.reasons.truncate(REASONS_MAX);
    for text in &mut verdict.reasons {
        *text = words::cut(text, VALUE_CHARS);
    }
    let all = std::mem::take(&mut verdict.anomalies);
    let (groups, mut bytes) = (all.len(), 0);
    for anomaly in all.into_iter().take(ANOMALIES_MAX) {
        let anomaly = trimmed_anomaly(anomaly);
        bytes += written_size(&anomaly);
        if bytes > ANOMALIES_BYTES {
            break;
        }
        verdict.anomalies.push(anomaly);
    }
    verdict.groups_left_out += (groups - verdict.anomalies.len()) as u64;
    verdict.faults.truncate(FAULTS_MAX);
    for fault in &mut verdict.faults {
        fault.what = words::cut(&fault.what, NAME_CHARS);
        fault.evidence.truncate(EVIDENCE_MAX);
        for evidence in &mut fault.evidence {
            *evidence = words::cut(evidence, NAME_CHARS);
        }
    }
    for counter in &mut verdict.figures.counters {
        counter.key = words::cut(&counter.key, NAME_CHARS / 4);
    }
    if let Some(convergence) = &mut verdict.figures.convergence {
        convergence.examples.truncate(EXAMPLES_MAX);
        for example in &mut convergence.examples {
            example.key = words::cut(&example.key, NAME_CHARS);
            example.replicas.truncate(HELD_MAX);
            for held in &mut example.replicas {
                // As its text: the page shows it and nothing more.
                held.value = words::cut(&held.value.to_string(), NAME_CHARS).into();
            }
        }
    }
    verdict
}

fn trimmed_anomaly(mut anomaly: Anomaly) -> Anomaly {
    anomaly.edges.truncate(EDGES_MAX);
    anomaly.witness.truncate(WITNESSES_MAX);
    anomaly.faults.truncate(EDGES_MAX);
    anomaly.replicas.truncate(EDGES_MAX);
    for text in [&mut anomaly.sentence, &mut anomaly.cause] {
        *text = words::cut(text, 2 * VALUE_CHARS);
    }
    for edge in &mut anomaly.edges {
        edge.why = words::cut(&edge.why, NAME_CHARS);
    }
    anomaly.key = anomaly.key.as_ref().map(|key| words::cut(key, NAME_CHARS));
    anomaly
}

/// What something takes in the file, where a `<` is written with six characters.
fn written_size(part: &impl Serialize) -> usize {
    serde_json::to_string(part)
        .map_or(0, |json| json.len() + 5 * json.bytes().filter(|byte| *byte == b'<').count())
}

fn trimmed_context(context: &Context) -> Context {
    let log = |log: &NodeLog| NodeLog {
        node: words::cut(&log.node, NAME_CHARS),
        tail: end_of(&log.tail, LOG_BYTES),
    };
    let line = |(name, value): &(String, String)| {
        (words::cut(name, NAME_CHARS), words::cut(value, VALUE_CHARS))
    };
    Context {
        command: words::cut(&context.command, 10 * VALUE_CHARS),
        run_toml: words::cut(&context.run_toml, CONFIG_CHARS),
        logs: context.logs.iter().take(LOGS_MAX).map(log).collect(),
        machine: context.machine.iter().take(100).map(line).collect(),
        traffic: context
            .traffic
            .iter()
            .take(100)
            .map(|(name, count)| (words::cut(name, NAME_CHARS), *count))
            .collect(),
        history_path: words::cut(&context.history_path, VALUE_CHARS),
    }
}

/// The last bytes of a text, from the beginning of a line.
fn end_of(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut start = text.len() - bytes;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let tail = &text[start..];
    let line = tail.find('\n').map_or(tail, |at| &tail[at + 1..]);
    format!(
        "… {} bytes before this are left out\n{line}",
        words::count((text.len() - line.len()) as u64)
    )
}
