//! The beginning of a sentence.

/// The text with a capital letter first: `Session 3 wrote …`. A sentence never begins with a name of the history, which
/// would become another name.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
