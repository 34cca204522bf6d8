//! Edges of witnesses that show the contradiction itself: what should have been seen and was not, what should be the same and is
//! not. Only where the finding proves it.

use crate::context::Context;
use crate::findings::Dependency;
use crate::verdict::Label;
use afterall_history::OpId;

/// The read had to show the effect of the update, and does not.
pub(crate) fn must_see(ctx: &Context<'_>, update: OpId, read: OpId) -> Dependency {
    let (shown, number) = (ctx.op(read).number(), ctx.op(update).number());
    let why = match ctx.op(update).f().is_read() {
        false => format!("#{shown} does not show the effect of #{number}"),
        true => format!("#{shown} does not keep to what #{number} had shown"),
    };
    Dependency { from: update, to: read, label: Label::MustSee, why }
}

/// As [`must_see`], of a write that something else may have replaced.
pub(crate) fn must_see_or_what_replaced(ctx: &Context<'_>, write: OpId, read: OpId) -> Dependency {
    let (shown, number) = (ctx.op(read).number(), ctx.op(write).number());
    let why = format!("#{shown} shows neither #{number} nor what may have replaced it");
    Dependency { from: write, to: read, label: Label::MustSee, why }
}

/// The two reads had to return the same, and do not.
pub(crate) fn must_agree(ctx: &Context<'_>, one: OpId, other: OpId) -> Dependency {
    let (from, to) = (one.min(other), one.max(other));
    let why = format!(
        "#{} and #{} are final reads of one key, and return different values",
        ctx.op(from).number(),
        ctx.op(to).number()
    );
    Dependency { from, to, label: Label::MustAgree, why }
}
