//! Lists in sentences.

/// `a`, `a and b`, `a, b and c`; nothing for nothing.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> Option<String> {
    let (last, others) = items.split_last()?;
    if others.is_empty() {
        return Some(last.as_ref().to_owned());
    }
    let others: Vec<&str> = others.iter().map(AsRef::as_ref).collect();
    Some(format!("{} and {}", others.join(", "), last.as_ref()))
}
