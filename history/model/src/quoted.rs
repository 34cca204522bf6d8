//! Texts in quotes, for messages.

/// The beginning of a text in quotes, which says whether there is more: `"abc…"`.
#[must_use]
pub fn quoted(begin: &str, is_cut: bool) -> String {
    let quoted = format!("{begin:?}");
    match quoted.strip_suffix('"') {
        Some(open) if is_cut => format!("{open}…\""),
        _ => quoted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_so_within_its_quotes() {
        assert_eq!(quoted("a\"b", false), r#""a\"b""#);
        assert_eq!(quoted("ab", true), "\"ab…\"");
    }
}
