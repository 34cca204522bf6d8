//! Which operations the report embeds exactly.
//!
//! All of them where there is room. Otherwise first every anomaly's witnesses and the reads that show divergence,
//! then what failed and what nobody knows the outcome of, then what surrounds the witnesses, then whole slices of the run
//! spread evenly over it, so that there is something exact to look at everywhere.

use afterall_checkers::Verdict;
use afterall_history::{History, OpId, Status};

/// Witnesses embedded of one anomaly.
const WITNESSES_MAX: usize = 400;
/// Operations before and after a witness that are embedded with it.
const AROUND: u32 = 60;
/// Slices of the run.
const SLICES: u32 = 24;
/// What an operation takes without its values.
const OP_BYTES: usize = 48;
/// What one takes with them, about.
const ABOUT_BYTES: usize = 120;

/// The operations to embed, in the order of invocation.
pub(super) fn exact(history: &History, verdict: &Verdict, bytes: usize) -> Vec<OpId> {
    let mut chosen = Chosen { history, in_it: vec![false; history.len()], bytes };
    let witnesses: Vec<OpId> = witnesses(history, verdict).collect();
    let divergent = verdict.figures.convergence.iter().flat_map(|c| &c.examples);
    let held = divergent.flat_map(|example| &example.replicas);
    for op in witnesses.iter().copied().chain(held.filter_map(|h| history.op_of_number(h.op))) {
        chosen.add(op);
    }
    let total = history.len() as u32;
    // All that was not ok, or where that would leave no room for the rest, some of it from everywhere.
    let others: Vec<OpId> =
        history.ops().filter(|op| op.status() != Status::Ok).map(|op| op.id()).collect();
    let room = (chosen.bytes / 2 / ABOUT_BYTES).max(1);
    for op in others.iter().step_by(others.len().div_ceil(room).max(1)) {
        chosen.add(*op);
    }
    // The nearest first, for all witnesses in turn, so that none goes without.
    for distance in 1..=AROUND {
        for op in &witnesses {
            if let Some(before) = op.0.checked_sub(distance) {
                chosen.add(OpId(before));
            }
            if op.0 + distance < total {
                chosen.add(OpId(op.0 + distance));
            }
        }
    }
    // Slices grow side by side until the room is used up, or they meet and everything is in.
    let step = total.div_ceil(SLICES).max(1);
    'grow: for offset in 0..step {
        for slice in 0..SLICES {
            let op = slice * step + offset;
            if op < total && !chosen.add(OpId(op)) {
                break 'grow;
            }
        }
    }
    let ids = 0..total;
    ids.filter(|id| chosen.in_it[*id as usize]).map(OpId).collect()
}

/// The operations that prove the anomalies, in the order of these.
pub(super) fn witnesses(history: &History, verdict: &Verdict) -> impl Iterator<Item = OpId> {
    let indices = verdict.anomalies.iter().flat_map(|a| a.witness.iter().take(WITNESSES_MAX));
    indices.filter_map(|index| history.op_of_number(*index))
}

struct Chosen<'h> {
    history: &'h History,
    in_it: Vec<bool>,
    bytes: usize,
}

impl Chosen<'_> {
    /// Whether there was room.
    fn add(&mut self, id: OpId) -> bool {
        let place = &mut self.in_it[id.0 as usize];
        if *place {
            return true;
        }
        let op = self.history.op(id);
        let values = [op.input(), op.output(), op.version()]
            .map(|datum| super::texts::size(self.history, datum));
        let size = OP_BYTES
            + values.iter().sum::<usize>()
            + op.error().map_or(0, |e| e.len().min(40))
            + op.key_name().len().min(40);
        if size > self.bytes {
            return false;
        }
        self.bytes -= size;
        *place = true;
        true
    }
}
