//! Whether an operation's values have the shape that its workload gives them: the table of
//! [`crate::Workload`]. Checked once, as a history is built, so that no checker meets anything else.

use crate::datum::{Data, Datum, View};
use crate::{Function, Workload};

const CART_READ: &str = "a cart's read returns a list of [element, quantity]";

/// What is wrong with what was asked, in words.
pub(crate) fn of_input(
    workload: Workload,
    data: &Data,
    f: Function,
    input: Datum,
) -> Result<(), &'static str> {
    let fits = match (workload, f) {
        (Workload::Register | Workload::Counter | Workload::Cart, Function::Read)
        | (Workload::Cart, Function::Checkout) => {
            return if input.is_nil() { Ok(()) } else { Err("a read is invoked without a value") };
        }
        (Workload::Register, Function::Write) | (Workload::Cart, Function::Remove) => {
            return if input.is_nil() { Err("it needs a value") } else { Ok(()) };
        }
        (Workload::Counter, Function::Increment | Function::Decrement) => {
            return match input.as_int() {
                Some(1..) => Ok(()),
                _ => Err("the amount is a whole number ≥ 1"),
            };
        }
        (Workload::Cart, Function::Add) => is_item(data, input, 1),
        _ => return Err("the header's workload has no such operation"),
    };
    if fits { Ok(()) } else { Err("an add carries [element, quantity], with quantity ≥ 1") }
}

/// What is wrong with what an acknowledged operation returned, in words.
pub(crate) fn of_output(
    workload: Workload,
    data: &Data,
    f: Function,
    output: Datum,
) -> Result<(), &'static str> {
    match (workload, f) {
        (Workload::Register, Function::Read) => match data.view(output) {
            View::Nil | View::List(_) => Ok(()),
            _ => Err("a register's read returns null or a list of values"),
        },
        (Workload::Counter, Function::Read) => match output.as_int() {
            Some(_) => Ok(()),
            None => Err("a counter's read returns a whole number"),
        },
        (Workload::Cart, Function::Read | Function::Checkout) => match data.view(output) {
            View::Nil => Ok(()),
            View::List(mut items) => {
                let fits = items.all(|item| is_item(data, item, i64::MIN));
                if fits { Ok(()) } else { Err(CART_READ) }
            }
            _ => Err(CART_READ),
        },
        _ => Ok(()),
    }
}

fn is_item(data: &Data, item: Datum, quantity_min: i64) -> bool {
    let mut parts = data.items(item);
    let (Some(element), Some(quantity), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    !element.is_nil() && quantity.as_int().is_some_and(|n| n >= quantity_min)
}
