//! What is said of the faults of a run: whether they took hold, and whether anything met them.

use crate::verdict::FaultVerdict;
use afterall_history::{ActsOn, Fault, FaultKind, FaultStage, History, OpId};

/// Whether a kind of fault works on what nodes say to each other.
fn is_on_links(kind: FaultKind) -> bool {
    kind.acts_on() == ActsOn::Links
}

/// The kinds of faults on links none of which any operation met: they tested nothing.
pub(crate) fn untouched(faults: &[FaultVerdict]) -> Vec<String> {
    let tested_nothing = |kind: &FaultKind| {
        let mut of = faults.iter().filter(|fault| fault.kind == *kind && fault.took).peekable();
        of.peek().is_some() && of.all(|fault| fault.touched == Some(0))
    };
    let say = |kind| {
        format!(
            "no operation was begun on the nodes of any {kind} while it was seen to be in force: it tested nothing"
        )
    };
    let on_links = FaultKind::ALL.iter().copied().filter(|&kind| is_on_links(kind));
    on_links.filter(tested_nothing).map(say).collect()
}

/// Operations that were begun while the fault was in force, on the nodes that it is about.
fn touched(history: &History, fault: &Fault) -> u64 {
    let Some(took) = fault.took else { return 0 };
    let until = fault.heal.or(fault.healed).unwrap_or(i64::MAX);
    let (mut from, mut to) = (0, history.len() as u32);
    // Operations stand in the order of their invocation.
    while from < to {
        let middle = from + (to - from) / 2;
        if history.op(OpId(middle)).invoked() < took { from = middle + 1 } else { to = middle }
    }
    let in_force = (from..history.len() as u32).map(|id| history.op(OpId(id)));
    let in_force = in_force.take_while(|op| op.invoked() <= until);
    in_force.filter(|op| fault.touches(op.sent_to())).count() as u64
}

/// Why a fault did not hold from its injection to its healing, if that is so.
fn doubt(fault: &Fault) -> Option<String> {
    if fault.took_hold() {
        return None;
    }
    let (what, stage) = match fault {
        Fault { lapsed: Some(_), .. } => ("did not hold until it was healed", FaultStage::Lapsed),
        Fault { missed: Some(_), .. } => ("did not take hold", FaultStage::Missed),
        _ => return Some("did not take hold: no evidence".to_owned()),
    };
    let said = fault.evidence.iter().find(|(of, _)| *of == stage).map(|(_, said)| said.trim());
    Some(match said.filter(|said| !said.is_empty()) {
        Some(said) => format!("{what}: {said}"),
        None => what.to_owned(),
    })
}

/// The verdict on one fault.
pub(crate) fn fault_verdict(history: &History, fault: &Fault) -> FaultVerdict {
    let names: Vec<&str> = fault.nodes.iter().map(|&node| history.node_name(node)).collect();
    let mut what = fault.kind.name().to_owned();
    let on_links = !fault.links.is_empty();
    if let Some(names) = crate::words::list(&names).filter(|_| !on_links) {
        what.push_str(" of ");
        what.push_str(&names);
    }
    if on_links {
        let name = |node| history.node_name(node);
        let links: Vec<_> = fault.links.iter().map(|&(from, to)| (name(from), name(to))).collect();
        what.push_str(&crate::words::links(&links));
    }
    if !fault.value.is_nil() {
        what.push_str(&format!(": {}", crate::words::parameters(fault.kind, &fault.value)));
    }
    let doubt = doubt(fault);
    FaultVerdict {
        fault: fault.id,
        kind: fault.kind,
        what,
        took: doubt.is_none(),
        doubt,
        shown_from: fault.took,
        shown_to: fault.held,
        touched: is_on_links(fault.kind).then(|| touched(history, fault)),
        healed: fault.healed.is_some(),
        evidence: fault.evidence.iter().map(|(_, text)| text.clone()).collect(),
        from: fault.inject,
        to: fault.healed,
    }
}
