//! Text within so many columns.

/// Whether the text has an open quote at its end.
fn is_open(text: &str) -> bool {
    let mut escaped = false;
    let quotes = text.chars().filter(|&c| {
        let is_quote = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_quote
    });
    quotes.count() % 2 == 1
}

/// What stays on one line: words, and quoted texts that were cut, since who reads their end below would take it for that of
/// the text.
fn unbroken(text: &str, width: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if !is_open(word) {
            parts.push(word.to_owned());
            continue;
        }
        let mut quoted = vec![word];
        let mut closed = false;
        for word in words.by_ref() {
            quoted.push(word);
            closed = is_open(word);
            if closed {
                break;
            }
        }
        let is_cut = closed && quoted.last().is_some_and(|last| last.contains("…\""));
        let together = quoted.join(" ");
        if is_cut && together.chars().count() <= width {
            parts.push(together);
        } else {
            parts.extend(quoted.into_iter().map(str::to_owned));
        }
    }
    parts
}

/// Breaks at spaces, but not within a quoted text that was cut; what is longer than a line is broken within.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in unbroken(text, width) {
        let mut word: Vec<char> = word.chars().collect();
        if length > 0 && length + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        while word.len() > width {
            let rest = word.split_off(width);
            lines.push(word.into_iter().collect());
            word = rest;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        length += word.len();
        line.extend(word);
    }
    if length > 0 {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_spaces_and_within_long_words() {
        assert_eq!(wrapped("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrapped("a bbbbbbbb c", 3), ["a", "bbb", "bbb", "bb", "c"]);
        assert!(wrapped("  ", 3).is_empty());
    }

    #[test]
    fn a_quoted_text_that_was_cut_stays_on_one_line() {
        assert_eq!(wrapped("read \"a b…\" at n1", 8), ["read", "\"a b…\"", "at n1"]);
        assert_eq!(wrapped("[\"x\", \"a b…\"] at", 9), ["[\"x\",", "\"a b…\"]", "at"]);
        // What is whole, or does not fit, is broken.
        assert_eq!(wrapped("read \"a b\" at n1", 8), ["read \"a", "b\" at n1"]);
        assert_eq!(wrapped("\"a b c d…\"", 5), ["\"a b", "c d…\""]);
        assert_eq!(wrapped("\"a b", 5), ["\"a b"]);
        assert_eq!(wrapped(r#""a\" b…" c"#, 8), [r#""a\" b…""#, "c"]);
    }
}
