//! Where the key and the value of an operation are.

use crate::form::Form;
use crate::op::Op;
use crate::problem::Problem;
use crate::survey::Layout;
use std::borrow::Cow;

/// The key, if the operation names one, and the value without the key and the version.
///
/// # Errors
/// When the value is not laid out as those of the other operations.
pub(crate) fn key_and_value<'f>(
    op: &'f Op<'_>,
    layout: &Layout,
) -> Result<(Option<&'f Form<'f>>, Cow<'f, Form<'f>>), Problem> {
    let (key, value) = if !op.key.is_nil() {
        (Some(&op.key), Cow::Borrowed(&op.value))
    } else if !layout.tuples {
        (None, Cow::Borrowed(&op.value))
    } else {
        let Form::List(items) = &op.value else { return Err(not_a_tuple()) };
        match items.as_slice() {
            [key, value] => (Some(key), Cow::Borrowed(value)),
            // A cas of [key old new].
            [key, old, new] if op.name()? == "cas" => {
                (Some(key), Cow::Owned(Form::List(vec![old.clone(), new.clone()])))
            }
            _ => return Err(not_a_tuple()),
        }
    };
    if !layout.versions || value.is_nil() {
        return Ok((key, value));
    }
    match value {
        Cow::Borrowed(Form::List(items)) if items.len() == 2 => Ok((key, Cow::Borrowed(&items[1]))),
        _ => Err(Problem::expected(
            "[version value], as in the operations before it",
            "something else",
        )),
    }
}

fn not_a_tuple() -> Problem {
    Problem::expected("a tuple [key value], as in the operations before it", "something else")
}
