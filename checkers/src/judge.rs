//! From what the checkers handed in to a verdict: a broken promise makes a run invalid, and only that; a promise
//! that was not put to the test, or a run that was not what it was meant to be, makes it unknown.

use crate::cause::Cause;
use crate::context::{Context, covers, dead_nodes, injected, promised};
use crate::explain;
use crate::faults::{fault_verdict, untouched};
use crate::findings::{Claim, Finding, Findings, Group, Tested};
use crate::measures::staleness::wilson;
use crate::objectives;
use crate::registry::Registry;
use crate::row::RestsOn;
use crate::verdict::{
    Anomaly, AnomalyKind, Counts, CountsOf, Edge, FORMAT, FaultVerdict, Figures, Outcome,
    PropertyVerdict, SloVerdict, VERSION, Valid, Verdict,
};
use crate::words::{counted, percent};
use afterall_history::{
    EndHow, FaultKind, FaultKinds, Function, Header, History, KeyId, Lie, OpId, OpView, Promise,
    Property, RECORDED, Sessions, Status, Transactions,
};
use std::collections::BTreeMap;

/// Groups of anomalies that a verdict keeps.
const GROUPS_MAX: usize = 200;
/// Operations of one witness that a verdict keeps.
const WITNESS_MAX: usize = 200;

/// The verdict on a history.
pub(crate) fn verdict(ctx: &Context<'_>, registry: &Registry, findings: Findings) -> Verdict {
    let history = ctx.history;
    let (header, suspended) = in_force(history);
    let header = &header;
    let mut properties = properties(registry, header, history.has_real_time(), &findings);
    let updates =
        |op: &OpView<'_>| !op.f().is_read() && !op.is_setup() && op.status() != Status::Fail;
    if !history.ops().any(|op| updates(&op)) {
        nothing_was_updated(&mut properties);
    }
    let (groups, groups_left_out) = chosen(registry, header, &findings);
    let anomalies =
        groups.iter().zip(1..).map(|(group, id)| anomaly(ctx, header, group, id)).collect();
    let counts = counts(history);
    let faults: Vec<FaultVerdict> =
        history.faults().iter().map(|fault| fault_verdict(history, fault)).collect();
    let slos = objectives::judged(&header.slos, findings.figures.windows.as_ref());
    let one_of = one_of_promised(header, &findings);
    let decided = validity(ctx, registry, header, (&properties, &slos, &one_of), &faults);
    let mut notes = notes(header, &properties);
    notes.extend(lost_without_promise(header, &findings.figures));
    notes.extend(suspended);
    if !findings.notes.is_empty() {
        notes.extend(findings.notes.iter().cloned());
    }
    let mut verdict = Verdict {
        duration_ns: history.last_time(),
        untimed: !history.has_times(),
        notes,
        anomalies,
        controls: None,
        groups_left_out,
        faults,
        slos,
        ..untimed_verdict(registry, header, properties, decided, counts, findings.figures)
    };
    if let Some(lie) = verdict.lie {
        // First: whoever reads on has to know that this is not what the target did.
        verdict.notes.insert(0, told(lie, &verdict));
    }
    verdict
}

/// What is to be said of a run whose answers the harness falsified.
fn told(lie: Lie, verdict: &Verdict) -> String {
    let falsified = format!("the harness falsified some of the answers (--lie {lie})");
    if verdict.lie_found_by().is_empty() {
        return format!(
            "{falsified}, and the checkers did not find it: either too little was asked for the lie to be told, or a run like this one finds no such bug"
        );
    }
    // All of it, and not only what gives the lie away: it may come of the lie as well.
    let broken = verdict.properties.iter().filter(|p| p.promised && p.outcome.is_broken());
    let mut broken: Vec<&str> = broken.map(|p| p.property.name()).collect();
    broken.dedup();
    let broken = crate::words::list(&broken).unwrap_or_default();
    match verdict.mutant {
        Some(_) => format!(
            "{falsified}, and the target has a bug that was switched on: what is broken here ({broken}) may come of either"
        ),
        None => format!(
            "{falsified}, and the checkers found it: what is broken here ({broken}) says nothing of the target"
        ),
    }
}

/// The header with the promises that hold for this run, and a note for each that one of its faults suspends.
fn in_force(history: &History) -> (Header, Vec<String>) {
    let mut header = history.header().clone();
    let injected = injected(history);
    let all = std::mem::take(&mut header.promises);
    let (kept, suspended): (Vec<Promise>, Vec<Promise>) =
        all.into_iter().partition(|promise| !promise.is_suspended_by(injected));
    // What promises nothing but under other conditions is measured, as it was meant to be.
    header.measure_only |= kept.is_empty() && !suspended.is_empty();
    header.promises = kept;
    let note = |promise: &Promise| {
        let by: Vec<&str> = promise.unless.and(injected).iter().map(FaultKind::name).collect();
        let by = crate::words::list(&by).unwrap_or_default();
        let plain = Promise { unless: FaultKinds::NONE, ..*promise };
        format!("{plain} is not promised in a run with {by}: it is only measured")
    };
    let notes = suspended.iter().map(note).collect();
    (header, notes)
}

/// Reads of what was there from the beginning put nothing to the test.
fn nothing_was_updated(properties: &mut [PropertyVerdict]) {
    for property in properties.iter_mut().filter(|property| property.outcome.is_held()) {
        let why = "nothing was updated".to_owned();
        let name = claim_name((property.property, property.sessions));
        property.summary = format!("{name}: not exercised: {why}");
        property.outcome = Outcome::NotExercised { why };
    }
}

/// A verdict without anomalies, faults and times.
fn untimed_verdict(
    registry: &Registry,
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
        notes: Vec::new(),
        target: header.target.clone(),
        flavour: header.flavour.clone(),
        mutant: header.mutant.clone(),
        lie: header.lie,
        world: header.world.clone(),
        workload: header.workload,
        seed: header.seed,
        nodes: header.nodes.clone(),
        started: header.started.clone(),
        duration_ns: 0,
        untimed: true,
        strongest: registry.strongest(&properties),
        properties,
        slos: Vec::new(),
        anomalies: Vec::new(),
        controls: None,
        groups_left_out: 0,
        faults: Vec::new(),
        counts,
        figures,
    }
}

/// The verdict on a history of transactions.
pub(crate) fn transactions(
    history: &Transactions,
    registry: &Registry,
    findings: Findings,
    counts: Counts,
) -> Verdict {
    let header = history.header();
    let properties = properties(registry, header, true, &findings);
    let (groups, groups_left_out) = chosen(registry, header, &findings);
    let mut doubts = Vec::new();
    if history.is_empty() {
        doubts.push("no transaction was made".to_owned());
    }
    let one_of = one_of_promised(header, &findings);
    let decided = outcome(header, (&properties, &[], &one_of), doubts, &header.promises);
    let number = |op: OpId| history.number(op);
    let key_name = |key| history.key_name(key).to_string();
    let cause_words = |cause: &Cause| cause.words_of_transactions(history);
    let told = groups.iter().zip(1..);
    Verdict {
        notes: notes(header, &properties),
        anomalies: told
            .map(|(group, id)| untimed(header, group, id, &number, &key_name, &cause_words))
            .collect(),
        controls: None,
        groups_left_out,
        ..untimed_verdict(registry, header, properties, decided, counts, findings.figures)
    }
}

fn properties(
    registry: &Registry,
    header: &Header,
    real_time: bool,
    findings: &Findings,
) -> Vec<PropertyVerdict> {
    let shown: Vec<Claim> = registry.shown_by(header.workload, real_time).collect();
    let mut verdicts = Vec::new();
    for &property in Property::ALL {
        for &(_, sessions) in shown.iter().filter(|claim| claim.0 == property) {
            verdicts.push(property_verdict(header, findings, (property, sessions)));
        }
    }
    for promise in &header.promises {
        let (chances, held) = chances_of(*promise, &verdicts);
        let few = held && chances < header.floor;
        let about = |p: &&mut PropertyVerdict| covers(*promise, p.property, p.sessions);
        let held = |p: &&mut PropertyVerdict| p.outcome.is_held();
        let of_promise = verdicts.iter_mut().filter(about).filter(held).filter(|_| few);
        of_promise.for_each(|property| property.hardly_exercised = true);
    }
    verdicts
}

fn claim_name((property, sessions): Claim) -> String {
    claimed(property, sessions).to_string()
}

fn claimed(property: Property, sessions: Sessions) -> Promise {
    Promise::to(property, sessions)
}

/// The promises of which one is broken for certain, and the history does not tell which; each choice once.
fn one_of_promised(header: &Header, findings: &Findings) -> Vec<String> {
    let groups = findings.groups.values().map(|group| &group.smallest);
    let either = groups.filter(|finding| !finding.or.is_empty() && certain(header, finding));
    let mut names: Vec<String> = either.map(names_of).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Why each of several properties is undecided of which one is broken.
fn one_is_broken(names: &str) -> String {
    format!("one of {names} is broken, but the values do not show which")
}

/// What a finding may break.
fn names_of(finding: &Finding) -> String {
    let claims = std::iter::once(finding.claim).chain(finding.or.iter().copied());
    let mut names: Vec<String> = claims.map(claim_name).collect();
    names.sort_unstable();
    names.dedup();
    crate::words::list(&names).unwrap_or_default()
}

/// Whether the group breaks a promise for certain: that of the property it is filed under, since nothing else could be it, or one
/// of several, since all that could be it are promised.
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
        if smallest.or.is_empty() && smallest.claim == claim {
            count += found;
            groups += 1;
        } else if smallest.claim == claim || smallest.or.contains(&claim) {
            either = Some(smallest);
        }
    }
    let undecided = tested.and_then(|tested| tested.undecided.clone());
    let outcome = if count > 0 {
        Outcome::Broken { count, groups, chances: chances.max(count) }
    } else if let Some(finding) = either {
        Outcome::Undecided { why: one_is_broken(&names_of(finding)) }
    } else if let Some(why) = undecided {
        Outcome::Undecided { why }
    } else {
        held(chances, tested)
    };
    let name = claim_name(claim);
    let summary = match &outcome {
        Outcome::Held { chances, bound } => {
            let (chances, share) = (counted(*chances, "chance"), percent(*bound));
            format!(
                "{name}: held in {chances}, breaks in at most {share} of them (95 % confidence)"
            )
        }
        Outcome::Broken { count, groups, chances } => {
            let (times, chances) = (counted(*count, "time"), counted(*chances, "chance"));
            let groups = match groups {
                1 => String::new(),
                groups => format!(", {}", counted(*groups, "group")),
            };
            format!("{name}: broken {times} ({chances}{groups})")
        }
        Outcome::NotExercised { why } => format!("{name}: not exercised: {why}"),
        Outcome::Undecided { why } => format!("{name}: undecided: {why}"),
    };
    let promised = promised(header, property, sessions);
    let tier = tested.and_then(|tested| tested.tier);
    PropertyVerdict {
        property,
        sessions,
        promised,
        outcome,
        tier,
        hardly_exercised: false,
        summary,
    }
}

/// What held, to all that is known: in how many chances, and in which share it may still break.
fn held(chances: u64, tested: Option<&Tested>) -> Outcome {
    match tested {
        Some(tested) if tested.tolerated > 0 && chances > 0 => {
            Outcome::Held { chances, bound: wilson(tested.tolerated, chances).1 }
        }
        tested => {
            Outcome::held(chances, tested.map_or("nothing put it to the test", |t| t.why_none))
        }
    }
}

/// The share of chances at which a property may still break, above which it is said how little is known: 3/60.
const FEW_CHANCES: u64 = 60;

/// What is to be said beside the reasons: promises that held, and were put to the test only a few times.
fn notes(header: &Header, properties: &[PropertyVerdict]) -> Vec<String> {
    let few = |promise: &Promise| {
        let (chances, held) = chances_of(*promise, properties);
        let few = held && chances < FEW_CHANCES && chances >= header.floor.max(1);
        few.then(|| format!("{promise} ({})", counted(chances, "chance")))
    };
    let mut few: Vec<String> = header.promises.iter().filter_map(few).collect();
    few.dedup();
    let say =
        |list| format!("the run tells little of {list}: expected {FEW_CHANCES} chances or more");
    crate::words::list(&few).map(say).into_iter().collect()
}

/// That something acknowledged is gone which nobody promised to keep: the run may be valid, and a reader has to know.
fn lost_without_promise(header: &Header, figures: &Figures) -> Option<String> {
    let unpromised = |property| {
        !header.measure_only && !header.promises.iter().any(|p| covers(*p, property, Sessions::All))
    };
    let of = |lost: u64, one: &str, property| {
        let lost = Some(lost).filter(|&lost| lost > 0 && unpromised(property))?;
        let was = if lost == 1 { "was" } else { "were" };
        Some(format!(
            "{} {was} lost, which {property} would forbid: the target does not promise it",
            counted(lost, one)
        ))
    };
    let writes = figures.fates.as_ref().map_or(0, |fates| fates.lost);
    let items = figures.items.as_ref().map_or(0, |items| items.lost);
    of(writes, "acknowledged write", Property::NoLostWrites)
        .or_else(|| of(items, "acknowledged item", Property::NoLostItems))
}

/// How often what a promise speaks of could have been broken, where it held; and whether it held.
fn chances_of(promise: Promise, properties: &[PropertyVerdict]) -> (u64, bool) {
    let about = properties.iter().filter(|p| covers(promise, p.property, p.sessions));
    let mut sum = 0;
    let mut held = false;
    for p in about {
        match p.outcome {
            Outcome::Held { chances, .. } => {
                sum += chances;
                held = true;
            }
            Outcome::NotExercised { .. } => {}
            Outcome::Broken { .. } | Outcome::Undecided { .. } => return (0, false),
        }
    }
    (sum, held)
}

/// What held and what did not: properties, objectives, and promises of which one is broken.
type Held<'v> = (&'v [PropertyVerdict], &'v [SloVerdict], &'v [String]);

fn validity(
    ctx: &Context<'_>,
    registry: &Registry,
    header: &Header,
    held: Held<'_>,
    faults: &[FaultVerdict],
) -> (Valid, Vec<String>) {
    let history = ctx.history;
    let mut doubts = Vec::new();
    match history.end() {
        None => {
            let how = history.torn().unwrap_or("it does not say how the run ended");
            // What its promises lack follows from this, and stands beside each of them.
            return outcome(header, held, vec![format!("the history is cut off: {how}")], &[]);
        }
        Some(end) => {
            let how = match end.how {
                EndHow::Complete => None,
                EndHow::Interrupted => Some("was interrupted"),
                EndHow::CutShort => Some("was cut short"),
                EndHow::Failed => Some("failed"),
            };
            let why = end.detail.as_ref().map_or(String::new(), |why| format!(": {why}"));
            doubts.extend(how.map(|how| format!("the run {how}{why}")));
            if matches!(end.how, EndHow::CutShort | EndHow::Failed) {
                // Everything else that is in doubt follows from this.
                return outcome(header, held, doubts, &header.promises);
            }
        }
    }
    if let Some(torn) = history.torn() {
        doubts.push(format!("the history is cut off: {torn}"));
    }
    if history.is_empty() {
        doubts.push("no operation was made".to_owned());
    } else if !ctx.any_final() && wants_the_end(registry, header) {
        doubts.push("no replica was read at the end".to_owned());
    }
    let reads = || history.ops().filter(|op| op.f().is_read());
    let unjudged = history.unjudged();
    if unjudged > 0 && !reads().any(|op| op.is_ok()) {
        doubts.push(format!(
            "none of the {unjudged} reads was judged: each returned nil, which may mean anything (use --nil initial if it means that nothing had been written)"
        ));
    }
    doubts.extend(untouched(faults));
    for fault in faults {
        if let Some(doubt) = &fault.doubt {
            doubts.push(format!("fault {} ({}) {doubt}", fault.fault, fault.what));
        }
        if !fault.healed {
            doubts.push(format!("fault {} ({}) was not healed", fault.fault, fault.what));
        }
    }
    for turn in history.node_turns() {
        if turn.change == afterall_history::NodeChange::Died {
            let name = history.node_name(turn.node);
            doubts.push(format!("{name} died without a fault: {}", turn.detail));
        }
    }
    for node in dead_nodes(history) {
        doubts.push(format!("{} never came back", history.node_name(node)));
    }
    outcome(header, held, doubts, &header.promises)
}

/// A broken promise makes it invalid; a doubt, or one of these promises that was not put to the test, unknown.
fn outcome(
    header: &Header,
    (properties, slos, one_of): Held<'_>,
    mut doubts: Vec<String>,
    wanted: &[Promise],
) -> (Valid, Vec<String>) {
    if header.promises.is_empty() && !header.measure_only && slos.is_empty() {
        doubts.push("nothing was promised: measured only".to_owned());
    }
    let missed = slos.iter().filter(|slo| slo.met == Some(false));
    let missed = missed.map(|slo| format!("objective {}", slo.summary));
    let unmeasured = slos.iter().filter(|slo| slo.met.is_none());
    doubts.extend(unmeasured.map(|slo| format!("objective not measured: {}", slo.summary)));
    let broken: Vec<String> = properties
        .iter()
        .filter(|p| p.promised && p.outcome.is_broken())
        .map(|p| format!("promise broken: {}", p.summary.replacen(": broken ", ", ", 1)))
        .chain(one_of.iter().map(|names| {
            format!("promise broken: one of {names}, but the values do not show which")
        }))
        .chain(missed)
        .collect();
    // That of several promises one is broken is said already.
    let told: Vec<String> = one_of.iter().map(|names| one_is_broken(names)).collect();
    for promise in wanted {
        doubts.extend(untested(header, *promise, properties, &told));
    }
    doubts.dedup();
    let valid = match (broken.is_empty(), doubts.is_empty()) {
        (false, _) => Valid::False,
        (true, false) => Valid::Unknown,
        (true, true) if header.promises.is_empty() && slos.is_empty() => Valid::Measured,
        (true, true) => Valid::True,
    };
    (valid, broken.into_iter().chain(doubts).collect())
}

/// Whether the run is worth little without reads at its end. Ours all have them; what somebody else recorded needs them only
/// where a promise speaks of the end.
fn wants_the_end(registry: &Registry, header: &Header) -> bool {
    let of_the_end = |promise: &Promise| registry.rests_on(promise.property) == RestsOn::FinalReads;
    header.world != RECORDED || header.promises.iter().any(of_the_end)
}

/// Why a promise was not decided, if so; nothing where that is told already. One made to all sessions is put to the test by either kind of session.
fn untested(
    header: &Header,
    promise: Promise,
    properties: &[PropertyVerdict],
    told: &[String],
) -> Option<String> {
    let about: Vec<&PropertyVerdict> =
        properties.iter().filter(|p| covers(promise, p.property, p.sessions)).collect();
    if about.iter().any(|p| p.outcome.is_broken()) {
        return None;
    }
    let undecided = about.iter().find_map(|p| match &p.outcome {
        Outcome::Undecided { why } => Some((p, why)),
        _ => None,
    });
    if let Some((p, why)) = undecided {
        let doubt = format!("promise undecided: {}", p.summary.replacen(": undecided: ", ": ", 1));
        return (!told.contains(why)).then_some(doubt);
    }
    let Some(first) = about.first() else {
        let workload = header.workload.name();
        return Some(format!("promise not exercised: no {workload} history shows {promise}"));
    };
    let (chances, held) = chances_of(promise, properties);
    if !held {
        return Some(format!(
            "promise not exercised: {}",
            first.summary.replacen(": not exercised: ", ": ", 1)
        ));
    }
    (chances < header.floor).then(|| {
        let times = if chances == 1 { "once".to_owned() } else { format!("{chances} times") };
        let more = match header.world.as_str() {
            RECORDED => "a longer history gives more",
            _ => "more time, keys or sessions give more",
        };
        format!(
            "promise hardly exercised: {promise} could have been broken {times}, expected at least {} chances: {more} (a larger max-bound asks for fewer)",
            header.floor
        )
    })
}

fn counts(history: &History) -> Counts {
    let mut by_f = vec![[0_u64; 3]; Function::ALL.len()];
    // The state in which everything began was made by nobody.
    for op in history.ops().filter(|op| !op.is_setup()) {
        // What was not judged was acknowledged all the same.
        let status = if op.is_unjudged() { Status::Ok } else { op.status() };
        by_f[op.f() as usize][status as usize] += 1;
    }
    let setup = history.ops().find(|op| op.is_setup()).is_some();
    let sum = |status: Status| by_f.iter().map(|of| of[status as usize]).sum();
    Counts {
        ops: by_f.iter().flatten().sum(),
        unjudged: history.unjudged(),
        ok: sum(Status::Ok),
        fail: sum(Status::Fail),
        info: sum(Status::Info),
        sessions: history.sessions() as u64 - u64::from(setup),
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
fn chosen<'f>(
    registry: &Registry,
    header: &Header,
    findings: &'f Findings,
) -> (Vec<&'f Group>, u64) {
    let rank = |group: &&Group| {
        let (property, sessions) = group.smallest.claim;
        let broken = promised(header, property, sessions) && certain(header, &group.smallest);
        (
            !broken,
            registry.gravity(property),
            property,
            sessions,
            group.smallest.ops.len(),
            u64::MAX - group.count,
        )
    };
    // What breaks a level breaks all above it, by the same operations: it is told of the lowest, or of the lowest of
    // those that are promised.
    fn same(group: &Group) -> (AnomalyKind, &Cause, &[OpId]) {
        (group.smallest.kind, &group.smallest.cause, &group.smallest.ops)
    }
    // What is one of several properties, nobody knows which, is a story of its own.
    let one_of_several = |group: &&Group| !group.smallest.or.is_empty();
    let mut lowest: BTreeMap<_, (bool, Property)> = BTreeMap::new();
    for group in findings.groups.values().filter(|group| !one_of_several(group)) {
        let (property, sessions) = group.smallest.claim;
        let of = (promised(header, property, sessions), property);
        let known = lowest.entry(same(group)).or_insert(of);
        *known = of.max(*known);
    }
    let mut groups: Vec<&Group> = findings
        .groups
        .values()
        .filter(|group| one_of_several(group) || lowest[&same(group)].1 == group.smallest.claim.0)
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

/// An anomaly as far as its finding tells it: without replicas, faults and times.
fn untimed(
    header: &Header,
    group: &Group,
    id: u32,
    index: &dyn Fn(OpId) -> u32,
    key_name: &dyn Fn(KeyId) -> String,
    cause_words: &dyn Fn(&Cause) -> String,
) -> Anomaly {
    let finding = &group.smallest;
    let (property, sessions) = finding.claim;
    Anomaly {
        id,
        property,
        sessions,
        promised: promised(header, property, sessions) && certain(header, finding),
        or: finding.or.iter().map(|&(p, s)| claimed(p, s)).collect(),
        kind: finding.kind,
        cause: cause_words(&finding.cause),
        grounds: finding.cause.grounds(),
        blames: finding.cause.faults().iter().collect(),
        without_faults: None,
        control: None,
        count: group.count,
        sentence: crate::words::sentence(&finding.sentence),
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

fn anomaly(ctx: &Context<'_>, header: &Header, group: &Group, id: u32) -> Anomaly {
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
        ..untimed(header, group, id, &index, &key_name, &|cause| cause.words(history))
    }
}
