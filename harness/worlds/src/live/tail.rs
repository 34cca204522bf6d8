//! The end of a log.

/// The last bytes of a text, from the start of a line.
#[must_use]
pub fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let tail = &text[start..];
    match tail.find('\n') {
        Some(end) if start > 0 => &tail[end + 1..],
        _ => tail,
    }
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn a_tail_starts_with_a_line() {
        let text = "first\nsecond\nthird\n";
        assert_eq!(tail(text, 10), "third\n");
        assert_eq!(tail(text, 100), text);
        assert_eq!(tail("", 10), "");
        assert_eq!(tail("ééé", 3), "é");
    }
}
