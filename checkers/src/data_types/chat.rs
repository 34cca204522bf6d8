//! Chats: no answer without the message that it answers, no edit without what it changes.
//!
//! Whoever answers a message has seen it: the message comes before the answer causally, though no read may show how
//! it was seen (`reads_from` knows). So whoever sees the answer must see the message: otherwise causality is broken, in the
//! words of the application. Messages are never taken back. What is true of any element is in `set`.

use crate::case::Case;
use crate::cause::{Cause, Place};
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::row::{Checker, Turn};
use crate::verdict::{AnomalyKind, Label};
use crate::words;
use afterall_history::{Function, OpId, OpView, Property, Sessions, Workload};

const CLAIM: Claim = (Property::Causal, Sessions::All);

/// Looks for reads that show an answer or an edit alone.
pub(crate) static CHECKER: Checker = Checker {
    name: "chats",
    workloads: &[Workload::Chat],
    real_time: false,
    turn: Turn::Main,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let (ctx, reads_from) = (case.ctx, case.reads_from);
    for read in ctx.history.ops().filter(|op| op.f().is_read() && op.is_ok()) {
        let mut shown = reads_from.of(read.id()).to_vec();
        shown.sort_unstable();
        for &answer in &shown {
            for &message in reads_from.of(answer) {
                if shown.binary_search(&message).is_err() {
                    findings.add(alone(ctx, message, answer, read));
                }
            }
        }
    }
}

fn alone(ctx: &Context<'_>, message: OpId, answer: OpId, read: OpView<'_>) -> Finding {
    let edit = ctx.op(answer).f() == Function::Edit;
    let kind =
        if edit { AnomalyKind::EditWithoutMessage } else { AnomalyKind::AnswerWithoutMessage };
    let (what, it) =
        if edit { ("an edit", "that it edits") } else { ("an answer", "that it answers") };
    let edges = vec![
        Dependency {
            from: message,
            to: answer,
            label: Label::ReadsFrom,
            why: format!("#{} names the message", ctx.op(answer).number()),
        },
        Dependency {
            from: answer,
            to: read.id(),
            label: Label::ReadsFrom,
            why: crate::inference::paths::why_reads_from(ctx, answer, read.id()),
        },
        Dependency {
            from: read.id(),
            to: message,
            label: Label::Conflict,
            why: format!("#{} does not show the message", read.number()),
        },
    ];
    Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind,
        cause: Cause::ReadAt(Place::of(ctx, read.id())),
        sentence: format!(
            "{} shows {what}, but not the message {it}: {}, and before that {}.",
            words::briefly(read),
            explain::op(ctx, answer),
            explain::op(ctx, message)
        ),
        key: Some(read.key()),
        ops: vec![message, answer, read.id()],
        edges,
    }
}
