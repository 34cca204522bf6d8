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

/// How many names are told before the rest is counted.
const FEW: usize = 8;

/// The same for names, of which there may be many: `a, b and 3 more`.
pub(crate) fn few(names: &[&str]) -> String {
    let more = names.len().saturating_sub(FEW);
    let more = (more > 0).then(|| format!("{more} more"));
    let told: Vec<&str> = names.iter().take(FEW).copied().chain(more.as_deref()).collect();
    list(&told).unwrap_or_default()
}
