//! Whether an operation's values have the shape that its workload gives them: the table of
//! [`crate::Workload`]. Checked once, as a history is built, so that no checker meets anything else.

use crate::datum::{Data, Datum, View};
use crate::function::Function;
use crate::workload::Workload;

/// Why an operation is not one of its workload.
pub(crate) enum Misfit {
    /// The workload has no such operation.
    NoSuchOperation,
    /// It carries another value than it should; what, in words.
    Value(&'static str),
}

impl From<&'static str> for Misfit {
    fn from(why: &'static str) -> Misfit {
        Misfit::Value(why)
    }
}

const CART_READ: &str = "a cart's read returns a list of [element, quantity]";

const TEXT: &str = "the value is a text";
const AMOUNT: &str = "the amount is a whole number ≥ 1";
const ELEMENTS: &str = "a read returns null or a list of elements";

/// What is wrong with what was asked.
pub(crate) fn of_input(
    workload: Workload,
    data: &Data,
    f: Function,
    input: Datum,
) -> Result<(), Misfit> {
    use Function as F;
    use Workload as W;
    let (fits, why) = match (workload, f) {
        (W::Transactions, _) => (false, "a transaction is not a single operation"),
        (_, F::Read) | (W::Cart, F::Checkout) => {
            (input.is_nil(), "a read is invoked without a value")
        }
        (W::Register, F::Delete) => (input.is_nil(), "a delete carries no value"),
        (W::Register, F::Write) | (W::Cart | W::Set, F::Remove) | (W::Set, F::Add) => {
            (!input.is_nil(), "it needs a value")
        }
        (W::Register, F::Cas) => (pair(data, input).is_some(), "a cas carries [old, new]"),
        (W::Counter, F::Increment | F::Decrement) | (W::Inventory, F::Restock | F::Sell) => {
            (input.as_int().is_some_and(|amount| amount >= 1), AMOUNT)
        }
        (W::Cart, F::Add) => {
            (is_item(data, input, 1), "an add carries [element, quantity], with quantity ≥ 1")
        }
        (W::Text, F::Write | F::Append) => (matches!(data.view(input), View::Text(_)), TEXT),
        (W::Mutex, F::Acquire | F::Release) => (true, ""),
        (W::Chat, F::Post) => (
            pair(data, input).is_some_and(|(message, _)| !message.is_nil()),
            "a post carries [message, parent or null]",
        ),
        (W::Chat, F::Edit) => (
            pair(data, input).is_some_and(|(edit, message)| !edit.is_nil() && !message.is_nil()),
            "an edit carries [edit, message]",
        ),
        (W::Position, F::Write) => (
            input.as_int().is_some_and(|position| position >= 1),
            "a position is a whole number ≥ 1",
        ),
        _ => return Err(Misfit::NoSuchOperation),
    };
    if fits { Ok(()) } else { Err(why.into()) }
}

/// What is wrong with what an acknowledged operation returned, in words.
pub(crate) fn of_output(
    workload: Workload,
    data: &Data,
    f: Function,
    output: Datum,
) -> Result<(), &'static str> {
    use Workload as W;
    if !f.is_read() {
        return Ok(());
    }
    let (fits, why) = match (workload, data.view(output)) {
        (W::Counter | W::Inventory, View::Int(_)) => (true, ""),
        (W::Counter | W::Inventory, _) => (false, "the read returns a whole number"),
        (W::Mutex | W::Transactions, _) => (false, "the workload has no reads"),
        (_, View::Nil) => (true, ""),
        (W::Text, found) => (matches!(found, View::Text(_)), TEXT),
        (W::Cart, View::List(mut items)) => {
            (items.all(|item| is_item(data, item, i64::MIN)), CART_READ)
        }
        (W::Cart, _) => (false, CART_READ),
        (W::Register, found) => {
            (matches!(found, View::List(_)), "a register's read returns null or a list of values")
        }
        (W::Position, found) => {
            (matches!(found, View::Int(_)), "a position's read returns null or a whole number")
        }
        (W::Set | W::Chat, found) => (matches!(found, View::List(_)), ELEMENTS),
    };
    if fits { Ok(()) } else { Err(why) }
}

/// The two items of a list of two.
fn pair(data: &Data, list: Datum) -> Option<(Datum, Datum)> {
    let mut parts = data.items(list);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(first), Some(second), None) => Some((first, second)),
        _ => None,
    }
}

fn is_item(data: &Data, item: Datum, quantity_min: i64) -> bool {
    pair(data, item).is_some_and(|(element, quantity)| {
        !element.is_nil() && quantity.as_int().is_some_and(|n| n >= quantity_min)
    })
}
