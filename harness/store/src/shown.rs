//! Texts from files, as they may be shown.

/// A text of at most `max` characters, without control characters and without those that turn the direction of writing: what a target
/// is called decides neither what a terminal does nor how a line reads.
#[must_use]
pub fn shown(text: &str, max: usize) -> String {
    let mut chars = text.chars();
    let mut shown: String = chars.by_ref().take(max).map(plain).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

fn plain(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        '\u{061c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor_or_turns_the_line() {
        assert_eq!(shown("a\u{1b}[2Jb\nc\u{202e}d", 20), "a\u{fffd}[2Jb c\u{fffd}d");
        assert_eq!(shown("äöüß", 3), "äöü…");
        assert_eq!(shown("äöü", 3), "äöü");
    }
}
