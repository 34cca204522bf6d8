//! Stock: no more is sold than there was.
//!
//! Per item: the sales that were acknowledged, together, are at most what was put into stock, acknowledged or not. That
//! is sound whatever the order, and needs no read. What is read of an item must be a sum as a counter's must: `counter`.
//!
//! The sales that were one too many are those that were acknowledged last; who took them, and on which side of which
//! partition, tells the cause. A chance is a sale that was acknowledged.

use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Finding, Findings};
use afterall_history::{Function, KeyId, OpId, OpView, Property, Sessions, Status};

const CLAIM: Claim = (Property::NoOversell, Sessions::All);
const WHY_NONE: &str = "nothing was sold";

/// Judges every item.
pub(crate) fn check(ctx: &Context<'_>, findings: &mut Findings) {
    findings.chances(CLAIM, 0, WHY_NONE);
    for key in ctx.keys() {
        item(ctx, key, findings);
    }
}

fn amount(op: &OpView<'_>) -> i128 {
    i128::from(op.input().as_int().unwrap_or(0))
}

fn item(ctx: &Context<'_>, key: KeyId, findings: &mut Findings) {
    let of = |f: Function| ctx.on(key).filter(move |op| op.f() == f && op.status() != Status::Fail);
    let mut sales: Vec<OpView<'_>> = of(Function::Sell).filter(|op| op.is_ok()).collect();
    findings.chances(CLAIM, sales.len() as u64, WHY_NONE);
    let stock: i128 = of(Function::Restock).map(|op| amount(&op)).sum();
    let sold: i128 = sales.iter().map(amount).sum();
    if sold <= stock {
        return;
    }
    let name = ctx.history.key_name(key);
    if ctx.history.updates_left_out(key, Some(Function::Restock), u32::MAX) {
        let why = format!("not all that was put into stock of {name} is part of this history");
        findings.undecided(CLAIM, why);
        return;
    }
    sales.sort_by_key(|sale| (sale.until(), sale.id()));
    // From the last back, as many as make up what was sold too much.
    let mut too_much = sold - stock;
    let last: Vec<OpView<'_>> = sales
        .iter()
        .rev()
        .take_while(|sale| {
            let more = too_much > 0;
            too_much -= amount(sale);
            more
        })
        .copied()
        .collect();
    let who: Vec<String> = last.iter().take(4).map(|sale| explain::op(ctx, sale.id())).collect();
    let (cause, why) = last
        .first()
        .map_or((String::new(), String::new()), |sale| explain::why_gone(ctx, sale.id()));
    let mut ops: Vec<OpId> = of(Function::Restock).map(|op| op.id()).collect();
    ops.extend(sales.iter().map(|sale| sale.id()));
    findings.add(Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind: "oversold",
        cause,
        sentence: format!(
            "{name} was sold {sold} times and there were {stock}: the last sales were {}; {why}.",
            explain::list(&who).unwrap_or_default()
        ),
        key: Some(key),
        ops,
        edges: Vec::new(),
    });
}
