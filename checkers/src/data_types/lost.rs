//! What is said of items of carts, and elements of sets, that are gone.

use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Finding};
use crate::must_see::must_see;
use crate::verdict::AnomalyKind;
use afterall_history::{OpView, Property, Sessions};

pub(crate) const NO_LOST: Claim = (Property::NoLostItems, Sessions::All);

/// A lost item of a cart, or element of a set: what was acknowledged, and what became of it.
pub(crate) fn lost(ctx: &Context<'_>, add: OpView<'_>, kind: AnomalyKind, gone: &str) -> Finding {
    let (cause, why) = explain::why_gone(ctx, add.id());
    let sentence = explain::gone(ctx, add.id(), gone, &cause, &why);
    let finals = ctx.finals(add.key()).iter().map(|&(_, read)| read);
    let edges = finals.clone().map(|read| must_see(ctx, add.id(), read)).collect();
    Finding {
        claim: NO_LOST,
        or: Vec::new(),
        kind,
        cause,
        sentence,
        key: Some(add.key()),
        ops: std::iter::once(add.id()).chain(finals).collect(),
        edges,
    }
}
