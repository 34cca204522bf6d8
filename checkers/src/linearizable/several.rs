//! Reads of several values at once, which have no place in any order of reads and writes of single values.

use super::words;
use crate::context::Context;
use crate::findings::Finding;
use afterall_history::{OpView, Workload};

/// Whether the operation is a read of several values at once, which has no place in any order of reads and writes of single
/// values: linearizability and sequential consistency know nothing else.
pub(super) fn shows_several(ctx: &Context<'_>, op: OpView<'_>) -> bool {
    ctx.history.header().workload == Workload::Register
        && op.is_ok()
        && op.f().is_read()
        && ctx.history.data().items(op.output()).len() > 1
}

/// The first read of several values at once.
pub(crate) fn several_values(ctx: &Context<'_>) -> Option<Finding> {
    let read = ctx.history.ops().find(|op| shows_several(ctx, *op))?;
    Some(words::several(ctx, read.id()))
}
