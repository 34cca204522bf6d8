//! Stock: no more is sold than there was.
//!
//! Per item, at the end of each sale that was acknowledged: all that had been sold by then, together, is at most what had by
//! then begun to be put into stock, acknowledged or not. That is sound whatever the order, and needs no read. What was there before anybody recorded anything is not known of histories of
//! other tools, unless the item was put into stock before anything else was done with it, or somebody says so
//! (`--initial`): then too many sales are undecided. What is read of an item must be a sum as a counter's must: `counter`.
//!
//! The sales that were one too many are those that were acknowledged last; who took them, and on which side of which
//! partition, tells the cause. A chance is a sale that was acknowledged.

use crate::case::Case;
use crate::cause::Cause;
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Finding, Findings};
use crate::row::{Checker, Gravity, RestsOn, Row, TOGETHER, Turn};
use crate::verdict::AnomalyKind;
use afterall_history::{
    Function, KeyId, OpId, OpView, Property, RECORDED, Sessions, Status, Workload,
};

const CLAIM: Claim = (Property::NoOversell, Sessions::All);
const WHY_NONE: &str = "nothing was sold";

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::NoOversell,
    workloads: &[Workload::Inventory],
    sessions: TOGETHER,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::WhatIsShown,
    usual_for: &[Workload::Inventory],
    checkers: &[&CHECKER],
    level: None,
};

/// Judges every item.
static CHECKER: Checker = Checker {
    name: "stock",
    workloads: &[Workload::Inventory],
    real_time: true,
    turn: Turn::Main,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let ctx = case.ctx;
    findings.chances(CLAIM, 0, WHY_NONE);
    for key in ctx.keys() {
        item(ctx, key, findings);
    }
}

fn amount(op: &OpView<'_>) -> i128 {
    i128::from(op.input().as_int().unwrap_or(0))
}

/// A number of units in a sentence. None of those that are told is less than nothing.
fn number(units: i128) -> String {
    crate::words::count(u64::try_from(units).unwrap_or_default())
}

fn item(ctx: &Context<'_>, key: KeyId, findings: &mut Findings) {
    let of = |f: Function| ctx.on(key).filter(move |op| op.f() == f && op.status() != Status::Fail);
    let mut sales: Vec<OpView<'_>> = of(Function::Sell).filter(|op| op.is_ok()).collect();
    findings.chances(CLAIM, sales.len() as u64, WHY_NONE);
    let over = |sale: &OpView<'_>| sale.completion_index().unwrap_or(u32::MAX);
    sales.sort_by_key(|sale| (over(sale), sale.id()));
    let mut restocks = of(Function::Restock).peekable();
    let (mut stock, mut sold) = (0_i128, 0_i128);
    // The first sale at whose end more was sold than had by then begun to be put into stock.
    let too_many = sales.iter().position(|sale| {
        while let Some(restock) = restocks.next_if(|restock| restock.index() < over(sale)) {
            stock += amount(&restock);
        }
        sold += amount(sale);
        sold > stock
    });
    let Some(until) = too_many else { return };
    let sold_in_all: i128 = sales.iter().map(amount).sum();
    let stock_in_all: i128 = of(Function::Restock).map(|restock| amount(&restock)).sum();
    sales.truncate(until + 1);
    let last = sales.last().map_or(u32::MAX, over);
    let name = ctx.history.key_name(key);
    if ctx.history.updates_left_out(key, Some(Function::Restock), last) {
        let why = format!("not all that was put into stock of {name} is part of this history");
        findings.undecided(CLAIM, why);
        return;
    }
    if let Some(first) = ctx.on(key).next()
        && ctx.history.header().world == RECORDED
        && first.f() != Function::Restock
    {
        let why = format!(
            "{} of {name} were sold when {} had been put into stock, and what was there at first is not recorded: --initial says it",
            number(sold),
            number(stock)
        );
        findings.undecided(CLAIM, why);
        return;
    }
    let restocked = of(Function::Restock).filter(|restock| restock.index() < last);
    let restocked: Vec<OpId> = restocked.map(|op| op.id()).collect();
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
    let (cause, why) = last.first().map_or((Cause::Unknown, String::new()), |sale| {
        explain::where_acknowledged(ctx, sale.id())
    });
    // The witness ends with the first sale that was too much; more may have come after it.
    let (sold_more, stock_more) = (sold_in_all > sold, stock_in_all > stock);
    let said = format!("{} unit{} of {name}", number(sold), if sold == 1 { "" } else { "s" },);
    let said = match sales.last().filter(|_| sold_more || stock_more) {
        None => format!("{said} were sold, but only {} had been there to sell", number(stock)),
        Some(sale) => format!(
            "When #{} was acknowledged, {said} had been sold, but only {} had been there to sell",
            sale.number(),
            number(stock)
        ),
    };
    let in_all = match (sold_more, stock_more) {
        (false, false) => String::new(),
        (true, false) => format!("; in all {} were sold", number(sold_in_all)),
        (false, true) => format!("; in all {} were put into stock", number(stock_in_all)),
        (true, true) => format!(
            "; in all {} were sold, and {} put into stock",
            number(sold_in_all),
            number(stock_in_all)
        ),
    };
    let by_then = if sold_more || stock_more { " by then" } else { "" };
    let mut ops: Vec<OpId> = restocked;
    ops.extend(sales.iter().map(|sale| sale.id()));
    findings.add(Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind: AnomalyKind::Oversold,
        cause,
        sentence: format!(
            "{said}{in_all}. The last {}{by_then}: {}; {why}.",
            if who.len() == 1 { "sale" } else { "sales" },
            crate::words::list(&who).unwrap_or_default()
        ),
        key: Some(key),
        ops,
        edges: Vec::new(),
    });
}
