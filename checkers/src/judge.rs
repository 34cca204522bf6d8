//! From what the checkers handed in to a verdict: a broken promise makes a run invalid, and only that; a promise
//! that was not put to the test, or a run that was not what it was meant to be, makes it unknown.

use crate::context::{Context, covers, dead_nodes, promised};
use crate::explain;
use crate::findings::{Claim, Finding, Findings, Group};
use crate::verdict::{
    Anomaly, Counts, CountsOf, Edge, FORMAT, FaultVerdict, Figures, Outcome, PropertyVerdict,
    VERSION, Valid, Verdict,
};
use afterall_history::{
    EndHow, Fault, Function, Header, History, KeyId, OpId, Promise, Property, RECORDED, Sessions,
    Status, Transactions, Workload,
};
use std::collections::BTreeMap;

/// Groups of anomalies that a verdict keeps.
const GROUPS_MAX: usize = 200;
/// Operations of one witness that a verdict keeps.
const WITNESS_MAX: usize = 200;

/// What a session guarantee, or another property that depends on who asks, is judged for.
const APART: &[Sessions] = &[Sessions::Sticky, Sessions::Roaming];
const TOGETHER: &[Sessions] = &[Sessions::All];

/// The properties that a workload can show, and for which sessions; in the order of the ladder.
fn shown_by(workload: Workload) -> impl Iterator<Item = Claim> {
    use Property as P;
    let shows = move |property| {
        let register = workload == Workload::Register;
        let counter = matches!(workload, Workload::Counter | Workload::Inventory);
        let cart = workload == Workload::Cart;
        let items = matches!(workload, Workload::Cart | Workload::Set | Workload::Chat);
        let values = !matches!(workload, Workload::Text | Workload::Mutex | Workload::Transactions);
        match property {
            _ if workload == Workload::Transactions => match property {
                P::Causal | P::ReadAtomic | P::ReadCommitted => TOGETHER,
                _ => &[],
            },
            P::Linearizable if matches!(workload, Workload::Chat | Workload::Cart) => &[],
            P::Linearizable => TOGETHER,
            _ if !values => &[],
            P::ReadYourWrites | P::MonotonicReads | P::MonotonicWrites | P::WritesFollowReads => {
                APART
            }
            P::NoResurrectedItems if cart => APART,
            P::NoOversell if workload == Workload::Inventory => TOGETHER,
            P::Convergence | P::NoPhantoms => TOGETHER,
            P::Sequential
            | P::CausalConvergence
            | P::CausalMemory
            | P::Pram
            | P::NoLostWrites
            | P::NoCausalLoss
                if register =>
            {
                TOGETHER
            }
            // A counter's value does not say whose increments are in it.
            P::Causal if register || items => TOGETHER,
            P::NoLostIncrements | P::NoDoubleIncrements if counter => TOGETHER,
            P::NoLostItems if items => TOGETHER,
            _ => &[],
        }
    };
    let each = move |&property: &Property| shows(property).iter().map(move |&s| (property, s));
    Property::ALL.iter().flat_map(each)
}

/// The verdict on a history.
pub(crate) fn verdict(ctx: &Context<'_>, findings: &Findings, figures: Figures) -> Verdict {
    let history = ctx.history;
    let header = history.header();
    let properties = properties(header, findings);
    let (groups, groups_left_out) = chosen(header, findings);
    let anomalies = groups.iter().zip(1..).map(|(group, id)| anomaly(ctx, group, id)).collect();
    let counts = counts(history);
    let faults: Vec<FaultVerdict> =
        history.faults().iter().map(|fault| fault_verdict(history, fault)).collect();
    let decided = validity(ctx, &properties, &faults);
    Verdict {
        duration_ns: history.last_time(),
        anomalies,
        groups_left_out,
        faults,
        ..untimed_verdict(header, properties, decided, counts, figures)
    }
}

/// A verdict without anomalies, faults and times.
fn untimed_verdict(
    header: &Header,
    properties: Vec<PropertyVerdict>,
    (valid, reasons): (Valid, Vec<String>),
    counts: Counts,
    figures: Figures,
) -> Verdict {
    Verdict {
        format: FORMAT.to_owned(),
        version: VERSION,
        valid,
        reasons,
        target: header.target.clone(),
        flavour: header.flavour.clone(),
        mutant: header.mutant.clone(),
        world: header.world.clone(),
        workload: header.workload,
        seed: header.seed,
        nodes: header.nodes.clone(),
        started: header.started.clone(),
        duration_ns: 0,
        strongest: strongest(&properties),
        properties,
        anomalies: Vec::new(),
        groups_left_out: 0,
        faults: Vec::new(),
        counts,
        figures,
    }
}

/// The verdict on a history of transactions.
pub(crate) fn transactions(
    history: &Transactions,
    findings: &Findings,
    counts: Counts,
    figures: Figures,
) -> Verdict {
    let header = history.header();
    let properties = properties(header, findings);
    let (groups, groups_left_out) = chosen(header, findings);
    let mut doubts = Vec::new();
    if history.is_empty() {
        doubts.push("no transaction was made".to_owned());
    }
    let decided = outcome(header, &properties, doubts);
    let number = |op: OpId| history.number(op);
    let key_name = |key| history.key_name(key).to_string();
    let told = groups.iter().zip(1..);
    Verdict {
        anomalies: told.map(|(group, id)| untimed(header, group, id, &number, &key_name)).collect(),
        groups_left_out,
        ..untimed_verdict(header, properties, decided, counts, figures)
    }
}

fn properties(header: &Header, findings: &Findings) -> Vec<PropertyVerdict> {
    let shown: Vec<Claim> = shown_by(header.workload).collect();
    let mut verdicts = Vec::new();
    for &property in Property::ALL {
        for &(_, sessions) in shown.iter().filter(|claim| claim.0 == property) {
            verdicts.push(property_verdict(header, findings, (property, sessions)));
        }
    }
    verdicts
}

fn claim_name((property, sessions): Claim) -> String {
    Promise { property, sessions }.to_string()
}

/// Whether the group breaks the property it is filed under for certain: nothing else could be it, or all else that
/// could be it is promised too.
fn certain(header: &Header, finding: &Finding) -> bool {
    finding.or.is_empty()
        || std::iter::once(&finding.claim).chain(&finding.or).all(|&(p, s)| promised(header, p, s))
}

fn property_verdict(header: &Header, findings: &Findings, claim: Claim) -> PropertyVerdict {
    let (property, sessions) = claim;
    let tested = findings.tested.get(&claim);
    let chances = tested.map_or(0, |tested| tested.chances);
    let (mut count, mut groups, mut either) = (0, 0, None);
    for Group { count: found, smallest } in findings.groups.values() {
        if certain(header, smallest) {
            if smallest.claim == claim {
                count += found;
                groups += 1;
            }
        } else if smallest.claim == claim || smallest.or.contains(&claim) {
            either = Some(smallest);
        }
    }
    let undecided = tested.and_then(|tested| tested.undecided.clone());
    let outcome = if count > 0 {
        Outcome::Broken { count, groups, chances: chances.max(count) }
    } else if let Some(finding) = either {
        let claims = std::iter::once(finding.claim).chain(finding.or.iter().copied());
        let names: Vec<String> = claims.map(claim_name).collect();
        let names = explain::list(&names).unwrap_or_default();
        Outcome::Undecided {
            why: format!("one of {names} is broken, and values do not tell which"),
        }
    } else if let Some(why) = undecided {
        Outcome::Undecided { why }
    } else {
        Outcome::held(chances, tested.map_or("nothing put it to the test", |t| t.why_none))
    };
    let name = claim_name(claim);
    let summary = match &outcome {
        Outcome::Held { chances, bound } => {
            format!("{name}: held, {chances} chances (at most {bound:.2e} of them, 95 %)")
        }
        Outcome::Broken { count, groups: 1, chances } => {
            format!("{name}: broken, {count} of {chances} times")
        }
        Outcome::Broken { count, groups, chances } => {
            format!("{name}: broken, {count} of {chances} times, in {groups} groups")
        }
        Outcome::NotExercised { why } => format!("{name}: not exercised: {why}"),
        Outcome::Undecided { why } => format!("{name}: undecided: {why}"),
    };
    let promised = promised(header, property, sessions);
    let tier = tested.and_then(|tested| tested.tier);
    PropertyVerdict { property, sessions, promised, outcome, tier, summary }
}

/// What a property implies, as far as this crate judges both.
fn implies(property: Property) -> &'static [Property] {
    use Property as P;
    match property {
        P::CausalConvergence => &[
            P::Causal,
            P::ReadYourWrites,
            P::MonotonicReads,
            P::MonotonicWrites,
            P::WritesFollowReads,
        ],
        P::Linearizable => {
            &[P::Sequential, P::CausalConvergence, P::CausalMemory, P::Causal, P::Pram]
        }
        P::Sequential => &[P::CausalConvergence, P::CausalMemory, P::Causal, P::Pram],
        P::CausalMemory => &[
            P::Causal,
            P::Pram,
            P::ReadYourWrites,
            P::MonotonicReads,
            P::MonotonicWrites,
            P::WritesFollowReads,
        ],
        P::Pram => &[P::ReadYourWrites, P::MonotonicReads, P::MonotonicWrites],
        // The session guarantees are not judged where transactions are, nor the other way round.
        P::Causal => &[
            P::ReadAtomic,
            P::ReadCommitted,
            P::ReadYourWrites,
            P::MonotonicReads,
            P::MonotonicWrites,
            P::WritesFollowReads,
        ],
        P::ReadAtomic => &[P::ReadCommitted],
        _ => &[],
    }
}

fn strongest(properties: &[PropertyVerdict]) -> Option<Property> {
    let broken =
        |property| properties.iter().any(|p| p.property == property && p.outcome.is_broken());
    let held = |property| {
        properties.iter().any(|p| p.property == property && p.outcome.is_held())
            && !properties.iter().any(|p| {
                p.property == property
                    && !p.outcome.is_held()
                    && !matches!(p.outcome, Outcome::NotExercised { .. })
            })
    };
    Property::ALL
        .iter()
        .copied()
        .find(|&property| held(property) && !implies(property).iter().any(|&weaker| broken(weaker)))
}

fn validity(
    ctx: &Context<'_>,
    properties: &[PropertyVerdict],
    faults: &[FaultVerdict],
) -> (Valid, Vec<String>) {
    let history = ctx.history;
    let mut doubts = Vec::new();
    if let Some(torn) = history.torn() {
        doubts.push(format!("the history is torn: {torn}"));
    }
    match history.end() {
        None => doubts.push("the history has no end: the run was cut off".to_owned()),
        Some(end) if end.how != EndHow::Complete => {
            let how = if end.how == EndHow::Interrupted { "was interrupted" } else { "failed" };
            let why = end.detail.as_ref().map_or(String::new(), |why| format!(": {why}"));
            doubts.push(format!("the run {how}{why}"));
        }
        Some(_) => {}
    }
    if history.is_empty() {
        doubts.push("no operation was made".to_owned());
    } else if !ctx.any_final() && wants_the_end(history) {
        doubts.push("no replica was read at the end".to_owned());
    }
    for fault in faults {
        if !fault.took {
            let said = fault.evidence.last().map_or(String::new(), |said| format!(": {said}"));
            doubts.push(format!("fault {} ({}) did not take hold{said}", fault.fault, fault.what));
        }
        if !fault.healed {
            doubts.push(format!("fault {} ({}) was not healed", fault.fault, fault.what));
        }
    }
    for turn in history.node_turns() {
        if turn.change == afterall_history::NodeChange::Died {
            let name = history.node_name(turn.node);
            doubts.push(format!("{name} died unasked: {}", turn.detail));
        }
    }
    for node in dead_nodes(history) {
        doubts.push(format!("{} never came back", history.node_name(node)));
    }
    outcome(history.header(), properties, doubts)
}

/// A broken promise makes it invalid; a doubt, or a promise that was not put to the test, unknown.
fn outcome(
    header: &Header,
    properties: &[PropertyVerdict],
    mut doubts: Vec<String>,
) -> (Valid, Vec<String>) {
    let broken: Vec<String> = properties
        .iter()
        .filter(|p| p.promised && p.outcome.is_broken())
        .map(|p| format!("promise broken: {}", p.summary))
        .collect();
    for promise in &header.promises {
        doubts.extend(untested(*promise, properties));
    }
    doubts.dedup();
    let valid = match (broken.is_empty(), doubts.is_empty()) {
        (false, _) => Valid::False,
        (true, false) => Valid::Unknown,
        (true, true) => Valid::True,
    };
    (valid, broken.into_iter().chain(doubts).collect())
}

/// Whether the run is worth little without reads at its end. Ours all have them; what somebody else recorded needs them only
/// where a promise speaks of the end.
fn wants_the_end(history: &History) -> bool {
    let header = history.header();
    let of_the_end = |promise: &Promise| {
        use Property as P;
        matches!(
            promise.property,
            P::Convergence
                | P::NoLostWrites
                | P::NoCausalLoss
                | P::NoLostIncrements
                | P::NoDoubleIncrements
                | P::NoLostItems
                | P::NoResurrectedItems
        )
    };
    header.world != RECORDED || header.promises.iter().any(of_the_end)
}

/// Why a promise was not decided, if so. One made to all sessions is put to the test by either kind of session.
fn untested(promise: Promise, properties: &[PropertyVerdict]) -> Option<String> {
    let about: Vec<&PropertyVerdict> =
        properties.iter().filter(|p| covers(promise, p.property, p.sessions)).collect();
    if about.iter().any(|p| p.outcome.is_broken()) {
        return None;
    }
    if let Some(p) = about.iter().find(|p| matches!(p.outcome, Outcome::Undecided { .. })) {
        return Some(format!("promise undecided: {}", p.summary));
    }
    // A property that the workload cannot show is no promise about this run.
    let first = about.first()?;
    let held = about.iter().any(|p| p.outcome.is_held());
    (!held).then(|| format!("promise not put to the test: {}", first.summary))
}

fn fault_verdict(history: &History, fault: &Fault) -> FaultVerdict {
    let names: Vec<&str> = fault.nodes.iter().map(|&node| history.node_name(node)).collect();
    let mut what = fault.kind.clone();
    if let Some(names) = explain::list(&names) {
        what.push_str(" of ");
        what.push_str(&names);
    }
    if !fault.links.is_empty() {
        let name = |node| history.node_name(node);
        let links: Vec<String> = fault
            .links
            .iter()
            .take(8)
            .map(|&(from, to)| format!("{}→{}", name(from), name(to)))
            .collect();
        let more = if fault.links.len() > 8 { ", …" } else { "" };
        what.push_str(&format!(" on {}{more}", links.join(", ")));
    }
    if !fault.value.is_nil() {
        what.push_str(&format!(" {}", fault.value));
    }
    FaultVerdict {
        fault: fault.id,
        kind: fault.kind.clone(),
        what,
        took: fault.took.is_some() && fault.missed.is_none(),
        healed: fault.healed.is_some(),
        evidence: fault.evidence.iter().map(|(_, text)| text.clone()).collect(),
        from: fault.inject,
        to: fault.healed,
    }
}

fn counts(history: &History) -> Counts {
    let mut by_f = vec![[0_u64; 3]; Function::ALL.len()];
    for op in history.ops() {
        by_f[op.f() as usize][op.status() as usize] += 1;
    }
    let sum = |status: Status| by_f.iter().map(|of| of[status as usize]).sum();
    Counts {
        ops: history.len() as u64,
        ok: sum(Status::Ok),
        fail: sum(Status::Fail),
        info: sum(Status::Info),
        sessions: history.sessions() as u64,
        keys: history.keys() as u64,
        by_f: Function::ALL
            .iter()
            .zip(&by_f)
            .filter(|(_, of)| **of != [0; 3])
            .map(|(f, &[ok, fail, info])| CountsOf { f: f.name().to_owned(), ok, fail, info })
            .collect(),
    }
}

/// The groups that are told, in their order, and how many are left out.
fn chosen<'f>(header: &Header, findings: &'f Findings) -> (Vec<&'f Group>, u64) {
    let rank = |group: &&Group| {
        let (property, sessions) = group.smallest.claim;
        let broken = promised(header, property, sessions) && certain(header, &group.smallest);
        (
            !broken,
            gravity(property),
            property,
            sessions,
            group.smallest.ops.len(),
            u64::MAX - group.count,
        )
    };
    // What breaks a level breaks all above it, by the same operations: it is told of the lowest, or of the lowest of
    // those that are promised.
    fn same(group: &Group) -> (&str, &str, &[OpId]) {
        (group.smallest.kind, &group.smallest.cause, &group.smallest.ops)
    }
    let mut lowest: BTreeMap<_, (bool, Property)> = BTreeMap::new();
    for group in findings.groups.values() {
        let (property, sessions) = group.smallest.claim;
        let of = (promised(header, property, sessions), property);
        let known = lowest.entry(same(group)).or_insert(of);
        *known = of.max(*known);
    }
    let mut groups: Vec<&Group> = findings
        .groups
        .values()
        .filter(|group| lowest[&same(group)].1 == group.smallest.claim.0)
        .collect();
    groups.sort_by_key(rank);
    // The first of each property before the second of any: what a reader sees first should not be one story ten times.
    let mut told: BTreeMap<Claim, u32> = BTreeMap::new();
    let mut groups: Vec<(u32, &Group)> = groups
        .into_iter()
        .map(|group| {
            let turn = told.entry(group.smallest.claim).or_default();
            *turn += 1;
            (*turn, group)
        })
        .collect();
    groups.sort_by_key(|(turn, group)| (rank(group).0, *turn));
    let left_out = groups.len().saturating_sub(GROUPS_MAX) as u64;
    groups.truncate(GROUPS_MAX);
    (groups.into_iter().map(|(_, group)| group).collect(), left_out)
}

/// What is told first, 0 before 1: what is wrong for good, then what a session saw on the way, then what only a
/// comparison of sessions shows.
fn gravity(property: Property) -> u8 {
    match property {
        Property::Convergence
        | Property::NoLostWrites
        | Property::NoCausalLoss
        | Property::NoLostIncrements
        | Property::NoDoubleIncrements
        | Property::NoLostItems
        | Property::NoResurrectedItems
        | Property::NoOversell
        | Property::NoPhantoms => 0,
        Property::ReadYourWrites
        | Property::MonotonicReads
        | Property::MonotonicWrites
        | Property::WritesFollowReads => 1,
        _ => 2,
    }
}

/// An anomaly as far as its finding tells it: without replicas, faults and times.
fn untimed(
    header: &Header,
    group: &Group,
    id: u32,
    index: &dyn Fn(OpId) -> u32,
    key_name: &dyn Fn(KeyId) -> String,
) -> Anomaly {
    let finding = &group.smallest;
    let (property, sessions) = finding.claim;
    Anomaly {
        id,
        property,
        sessions,
        promised: promised(header, property, sessions),
        kind: finding.kind.to_owned(),
        cause: finding.cause.clone(),
        count: group.count,
        sentence: finding.sentence.clone(),
        key: finding.key.map(key_name),
        witness: witness(finding).into_iter().map(index).collect(),
        edges: finding
            .edges
            .iter()
            .map(|edge| Edge {
                from: index(edge.from),
                to: index(edge.to),
                label: edge.label,
                why: edge.why.clone(),
            })
            .collect(),
        replicas: Vec::new(),
        faults: Vec::new(),
        phase: None,
        from: 0,
        to: 0,
    }
}

fn witness(finding: &Finding) -> Vec<OpId> {
    let mut ops: Vec<OpId> = finding.ops.clone();
    ops.sort_unstable();
    ops.dedup();
    ops.truncate(WITNESS_MAX);
    ops
}

fn anomaly(ctx: &Context<'_>, group: &Group, id: u32) -> Anomaly {
    let history = ctx.history;
    let ops = witness(&group.smallest);
    let index = |op: OpId| history.op(op).number();
    let mut replicas: Vec<_> = ops.iter().map(|&op| history.op(op).served_by()).collect();
    replicas.sort_unstable();
    replicas.dedup();
    let mut faults: Vec<u32> =
        ops.iter().flat_map(|&op| explain::faults(ctx, op)).map(|fault| fault.id).collect();
    faults.sort_unstable();
    faults.dedup();
    let last = ops.iter().map(|&op| history.op(op).invoked()).max().unwrap_or(0);
    let key_name = |key| history.key_name(key).to_owned();
    Anomaly {
        replicas: replicas.iter().map(|&node| history.node_name(node).to_owned()).collect(),
        faults,
        phase: history.phase_at(last),
        from: ops.iter().map(|&op| history.op(op).invoked()).min().unwrap_or(0),
        to: ops.iter().map(|&op| history.op(op).until()).max().unwrap_or(0),
        ..untimed(history.header(), group, id, &index, &key_name)
    }
}
