//! Values in sentences: what a read returned, and what an update carried.

use super::{count, list};
use afterall_history::{Value, Workload};

/// A value in a sentence is cut after about this many characters.
const CHARS_MAX: usize = 120;
/// A text in quotes is cut sooner, so that what is left of it stands on one line.
const TEXT_CHARS_MAX: usize = 80;

/// A value as it is, cut where it is long: a list between two of its items, so that nothing looks like a part of it that is
/// none.
pub(crate) fn value(value: &Value) -> String {
    match value.as_list() {
        Some(items) => listed(items, ToString::to_string),
        None => cut(&value.to_string()),
    }
}

/// What a read returned: of a register its one value and not a list of it, of a cart its items with their quantities, of a
/// position or a text that nobody has written nothing.
pub(crate) fn returned(workload: Workload, output: &Value) -> String {
    match (workload, output.as_list()) {
        (Workload::Register, Some([])) | (Workload::Register, None) if shows_nothing(output) => {
            "nothing".to_owned()
        }
        (Workload::Register, Some([one])) => value(one),
        (Workload::Register, Some(several)) => {
            let several: Vec<String> = several.iter().map(value).collect();
            list(&several).unwrap_or_default()
        }
        (Workload::Cart, Some(items)) => listed(items, item),
        (Workload::Position | Workload::Text, None) if output.is_nil() => "nothing".to_owned(),
        _ => value(output),
    }
}

/// Whether a read of a register returned nothing.
pub(crate) fn shows_nothing(output: &Value) -> bool {
    output.is_nil() || output.as_list().is_some_and(<[Value]>::is_empty)
}

/// An item of a cart: `"apple" × 3`.
pub(crate) fn item(of: &Value) -> String {
    match of.as_list() {
        Some([element, Value::Int(quantity)]) => format!("{} × {quantity}", value(element)),
        _ => value(of),
    }
}

fn listed(items: &[Value], words: fn(&Value) -> String) -> String {
    let mut text = String::from("[");
    for (at, of) in items.iter().enumerate() {
        let of = words(of);
        if at > 0 && text.chars().count() + of.chars().count() > CHARS_MAX {
            let left = count((items.len() - at) as u64);
            return format!("{text}, … and {left} more]");
        }
        text.push_str(if at > 0 { ", " } else { "" });
        text.push_str(&cut(&of));
    }
    text.push(']');
    text
}

/// A text that was quoted stays so, and is not cut within an escape: `"abc…"`.
fn cut(text: &str) -> String {
    let quoted = text.starts_with('"');
    let most = if quoted { TEXT_CHARS_MAX } else { CHARS_MAX };
    let Some((at, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let begin = &text[..at];
    if !quoted {
        return format!("{begin}…");
    }
    let slashes = begin.len() - begin.trim_end_matches('\\').len();
    format!("{}…\"", &begin[..begin.len() - slashes % 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_register_shows_its_value_and_a_cart_its_items() {
        let register = |json| returned(Workload::Register, &of(json));
        assert_eq!(register("[]"), "nothing");
        assert_eq!(register("null"), "nothing");
        assert_eq!(register("[1]"), "1");
        assert_eq!(register("[1,\"b\",3]"), "1, \"b\" and 3");
        assert_eq!(returned(Workload::Cart, &of("[[\"a\",1],[7,2]]")), "[\"a\" × 1, 7 × 2]");
        assert_eq!(returned(Workload::Set, &of("[[1],2]")), "[[1], 2]");
    }

    #[test]
    fn a_long_list_is_cut_between_two_items() {
        let items: Vec<Value> = (1000..3000).map(Value::Int).collect();
        let text = value(&Value::List(items));
        assert!(text.starts_with("[1000, 1001, 1002"), "{text}");
        assert!(text.ends_with(", … and 1,980 more]"), "{text}");
        let text = value(&Value::Text("ä".repeat(500)));
        assert_eq!(text.chars().count(), TEXT_CHARS_MAX + 2);
        assert!(text.ends_with("ä…\""), "{text}");
    }

    #[test]
    fn a_quoted_text_is_not_cut_within_an_escape() {
        let begin = "a".repeat(TEXT_CHARS_MAX - 2);
        let text = value(&Value::Text(format!("{begin}\"bcd")));
        assert_eq!(text, format!("\"{begin}…\""));
    }
}
