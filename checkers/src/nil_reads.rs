//! Reads that returned nil, where nobody says what that means: nothing, or nothing known.
//!
//! Such a read is not judged. If there was something to be read when it began, then what it returned may be wrong, and nobody
//! knows: what it could have broken is undecided, and not held.

use crate::context::Context;
use crate::findings::Findings;
use crate::registry::Registry;
use crate::row::RestsOn;
use afterall_history::{KeyId, OpView, Sessions, Workload};
use std::collections::{BTreeMap, BTreeSet};

/// Casts the doubts.
pub(crate) fn doubts(ctx: &Context<'_>, registry: &Registry, findings: &mut Findings) {
    let unjudged: Vec<OpView<'_>> = ctx.history.ops().filter(|op| op.is_unjudged()).collect();
    if unjudged.is_empty() {
        return;
    }
    let keys: BTreeSet<KeyId> = unjudged.iter().map(|read| read.key()).collect();
    let known: BTreeMap<KeyId, u32> =
        keys.into_iter().filter_map(|key| Some((key, known_from(ctx, key)?))).collect();
    let late = unjudged.iter().filter(|read| {
        known
            .get(&read.key())
            .is_some_and(|&from| from < read.index() || !ctx.history.has_real_time())
    });
    for &read in late {
        let name = read.key_name();
        let number = read.number();
        let why = format!(
            "#{number} read {name} as nil when something had been there, and nil may mean anything: use --nil initial if it means that nothing is there"
        );
        let at_the_end = ctx
            .finals(read.key())
            .iter()
            .any(|&(node, last)| node == read.sent_to() && last < read.id());
        let workload = ctx.history.header().workload;
        for claim in registry.shown_by(workload, ctx.history.has_real_time()) {
            let affected = match registry.rests_on(claim.0) {
                RestsOn::WhatIsShown => false,
                RestsOn::OwnSession => {
                    let sessions = ctx.kind_of(read.session());
                    (claim.1 == Sessions::All || claim.1 == sessions) && was_there(ctx, read)
                }
                RestsOn::FinalReads => at_the_end || read.is_final(),
                RestsOn::EveryRead => true,
            };
            if affected {
                findings.undecided(claim, why.clone());
            }
        }
    }
}

/// The event from which on it is known that the key holds something: an update was acknowledged, or somebody had read
/// something.
fn known_from(ctx: &Context<'_>, key: KeyId) -> Option<u32> {
    let data = ctx.history.data();
    let shows = |op: &OpView<'_>| {
        let output = op.output();
        match ctx.history.header().workload {
            _ if !op.f().is_read() => true,
            Workload::Counter | Workload::Inventory => output.as_int() != Some(0),
            Workload::Text | Workload::Position => !output.is_nil(),
            _ => data.items(output).next().is_some(),
        }
    };
    let known = ctx.on(key).filter(|op| op.is_ok()).filter(shows);
    known.filter_map(OpView::completion_index).min()
}

/// Whether the session of a read had used its key before.
fn was_there(ctx: &Context<'_>, read: OpView<'_>) -> bool {
    let earlier = ctx.by_session().of(read.session().0).iter().take_while(|&&op| op < read.id());
    let mut earlier = earlier.map(|&op| ctx.op(op));
    earlier.any(|op| op.key() == read.key() && op.is_ok())
}
