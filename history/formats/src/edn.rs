//! A reader of EDN, form by form, for windows of a file.
//!
//! Why not a library: clojure-reader 0.7 and edn-format 3.3 need the whole text in memory and do not give the line of a form
//! that is valid; edn-format's recursion overflows the stack on a megabyte of `(`; edn-rs is deprecated. This one holds one
//! form at a time, bounds its depth, and leaves out what histories do not need: the names of tags, and the differences
//! between keywords, symbols and strings and between lists and vectors.

use crate::form::Form;
use crate::problem::Problem;
use crate::source::Stop;
use std::borrow::Cow;

/// How deep forms may be nested.
const DEPTH_MAX: usize = 100;

/// Reads forms out of a window.
pub(crate) struct Reader<'a> {
    window: &'a [u8],
    at: usize,
    /// Whether the file ends with the window.
    ended: bool,
    /// Forms that are open.
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(window: &'a [u8], ended: bool) -> Self {
        Reader { window, at: 0, ended, depth: 0 }
    }

    /// How many bytes were read.
    pub(crate) fn taken(&self) -> usize {
        self.at
    }

    /// The next byte, if it is in the window.
    pub(crate) fn byte(&self) -> Option<u8> {
        self.window.get(self.at).copied()
    }

    pub(crate) fn wrong(&self, problem: impl Into<Problem>) -> Stop {
        Stop::at(self.window, self.at, problem)
    }

    fn need(&self) -> Result<u8, Stop> {
        self.byte().ok_or(Stop::More)
    }

    /// Skips white space. Comments and discarded forms too, as far as they lie in the window as a whole.
    pub(crate) fn blank(&mut self) -> Result<(), Stop> {
        loop {
            match self.byte() {
                Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x0c) => self.at += 1,
                Some(b';') => match self.window[self.at..].iter().position(|&b| b == b'\n') {
                    Some(length) => self.at += length + 1,
                    None if self.ended => self.at = self.window.len(),
                    None => return Err(Stop::More),
                },
                Some(b'#') if self.window.get(self.at + 1) == Some(&b'_') => {
                    self.at += 2;
                    self.form()?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Skips a tag and the blank after it, if there is one; also over the namespace of a map, as `#:op{`.
    pub(crate) fn tag(&mut self) -> Result<(), Stop> {
        if self.byte() == Some(b'#') {
            match self.window.get(self.at + 1) {
                None => return Err(Stop::More),
                Some(byte) if byte.is_ascii_alphabetic() || *byte == b':' => {
                    self.at += 1;
                    self.token()?;
                    self.blank()?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Reads a map that must stand here, entry by entry; keys that are not keywords or texts are skipped.
    pub(crate) fn map(
        &mut self,
        mut entry: impl FnMut(&str, Form<'a>) -> Result<(), Problem>,
    ) -> Result<(), Stop> {
        if self.need()? != b'{' {
            return Err(
                self.wrong(Problem::expected("an operation as a map, {:type …}", "something else"))
            );
        }
        self.at += 1;
        loop {
            self.blank()?;
            let key = match self.need()? {
                b'}' => break,
                // Most of the time goes into this loop, and most keys are keywords.
                b':' => {
                    self.at += 1;
                    Cow::Borrowed(self.token()?)
                }
                _ => match self.form()? {
                    Form::Text(text) => text,
                    _ => Cow::Borrowed(""),
                },
            };
            self.blank()?;
            if self.need()? == b'}' {
                return Err(self.no_value());
            }
            let value = self.form()?;
            entry(&key, value).map_err(|problem| self.wrong(problem))?;
        }
        self.at += 1;
        Ok(())
    }

    fn no_value(&self) -> Stop {
        self.wrong(Problem::expected("a value for the last key of this map", "its end"))
    }

    /// The next form before a closing bracket, or `None` behind it.
    fn item(&mut self, close: u8) -> Result<Option<Form<'a>>, Stop> {
        self.blank()?;
        if self.need()? == close {
            self.at += 1;
            return Ok(None);
        }
        self.form().map(Some)
    }

    fn items(&mut self, close: u8) -> Result<Vec<Form<'a>>, Stop> {
        self.at += 1;
        let mut items = Vec::new();
        while let Some(item) = self.item(close)? {
            items.push(item);
        }
        Ok(items)
    }

    /// Reads a form.
    pub(crate) fn form(&mut self) -> Result<Form<'a>, Stop> {
        if self.depth >= DEPTH_MAX {
            return Err(self.wrong(Problem::expected(
                format!("forms nested at most {DEPTH_MAX} deep"),
                "more",
            )));
        }
        // After an error nobody reads on.
        self.depth += 1;
        let form = self.form_within()?;
        self.depth -= 1;
        Ok(form)
    }

    fn form_within(&mut self) -> Result<Form<'a>, Stop> {
        self.blank()?;
        match self.need()? {
            b'"' => self.string(),
            b'\\' => self.character(),
            b':' => {
                self.at += 1;
                Ok(Form::Text(Cow::Borrowed(self.token()?)))
            }
            b'[' => self.items(b']').map(Form::List),
            b'(' => self.items(b')').map(Form::List),
            b'{' => {
                self.at += 1;
                let mut entries = Vec::new();
                while let Some(key) = self.item(b'}')? {
                    let Some(value) = self.item(b'}')? else {
                        return Err(self.no_value());
                    };
                    entries.push((key, value));
                }
                Ok(Form::Map(entries))
            }
            b'#' => self.dispatch(),
            byte @ (b')' | b']' | b'}') => Err(self.wrong(Problem::expected(
                "a form",
                format!("{:?}, which closes nothing", char::from(byte)),
            ))),
            b'^' | b'`' | b'~' | b'@' | b'\'' => {
                Err(self.wrong(Problem::expected("EDN", "syntax that only Clojure has")))
            }
            byte @ (b'0'..=b'9' | b'+' | b'-') => {
                if let Some(form) = self.digits() {
                    return Ok(form);
                }
                let token = self.token()?;
                let digits = byte.is_ascii_digit()
                    || token.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
                Ok(if digits { number(token) } else { Form::Text(Cow::Borrowed(token)) })
            }
            _ => Ok(match self.token()? {
                "nil" => Form::Nil,
                "true" => Form::Bool(true),
                "false" => Form::Bool(false),
                symbol => Form::Text(Cow::Borrowed(symbol)),
            }),
        }
    }

    /// What begins with `#`: a set, a tagged form, `##Inf`.
    fn dispatch(&mut self) -> Result<Form<'a>, Stop> {
        match self.window.get(self.at + 1) {
            None => Err(Stop::More),
            Some(b'{') => {
                self.at += 1;
                self.items(b'}').map(Form::Set)
            }
            Some(b'"') => {
                self.at += 1;
                self.string()
            }
            Some(b'#') => {
                self.at += 2;
                Ok(Form::Odd(Cow::Borrowed(self.token()?)))
            }
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b':' => {
                self.tag()?;
                self.form()
            }
            Some(_) => {
                Err(self.wrong(Problem::expected("a set or a tag after #", "something else")))
            }
        }
    }

    /// A number of a few digits, as most numbers are.
    fn digits(&mut self) -> Option<Form<'a>> {
        let rest = &self.window[self.at..];
        let mut n = 0;
        for (at, &byte) in rest.iter().enumerate().take(19) {
            match byte {
                b'0'..=b'9' if at < 18 => n = n * 10 + i64::from(byte - b'0'),
                _ if at > 0 && is_delimiter(byte) && (rest[0] != b'0' || at == 1) => {
                    self.at += at;
                    return Some(Form::Int(n));
                }
                _ => return None,
            }
        }
        None
    }

    /// What reaches to the next delimiter.
    fn token(&mut self) -> Result<&'a str, Stop> {
        let window = self.window;
        let rest = &window[self.at..];
        let length = match rest.iter().position(|&byte| is_delimiter(byte)) {
            Some(length) => length,
            None if self.ended => rest.len(),
            None => return Err(Stop::More),
        };
        let token = std::str::from_utf8(&rest[..length])
            .map_err(|_| self.wrong(Problem::expected("text in UTF-8", "other bytes")))?;
        if token.is_empty() {
            return Err(match rest.first() {
                Some(&byte) => {
                    self.wrong(Problem::expected("a name", format!("{:?}", char::from(byte))))
                }
                // The file ends where the name should begin.
                None => Stop::More,
            });
        }
        self.at += length;
        Ok(token)
    }

    fn string(&mut self) -> Result<Form<'a>, Stop> {
        let window = self.window;
        let from = self.at + 1;
        let mut to = from;
        let mut escaped = false;
        loop {
            match window.get(to) {
                None => return Err(Stop::More),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    to += 2;
                }
                Some(_) => to += 1,
            }
        }
        let text = std::str::from_utf8(&window[from..to])
            .map_err(|_| self.wrong(Problem::expected("text in UTF-8", "other bytes")))?;
        let text = if escaped {
            Cow::Owned(unescape(text).map_err(|problem| self.wrong(problem))?)
        } else {
            Cow::Borrowed(text)
        };
        self.at = to + 1;
        Ok(Form::Text(text))
    }

    fn character(&mut self) -> Result<Form<'a>, Stop> {
        self.at += 1;
        let first = self.need()?;
        // A delimiter may itself be the character: `\(`.
        let name = if first.is_ascii() && is_delimiter(first) {
            self.at += 1;
            return Ok(Form::Text(Cow::Owned(char::from(first).to_string())));
        } else {
            self.token()?
        };
        let text = match name {
            "newline" => "\n",
            "return" => "\r",
            "space" => " ",
            "tab" => "\t",
            "formfeed" => "\u{c}",
            "backspace" => "\u{8}",
            _ if name.chars().count() == 1 => name,
            _ => {
                let code = name.strip_prefix('u').and_then(|hex| u32::from_str_radix(hex, 16).ok());
                return match code.and_then(char::from_u32) {
                    Some(character) => Ok(Form::Text(Cow::Owned(character.to_string()))),
                    None => Err(self.wrong(Problem::expected("a character", format!("\\{name}")))),
                };
            }
        };
        Ok(Form::Text(Cow::Borrowed(text)))
    }
}

/// What ends a name or number, by byte.
const DELIMITERS: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b" \t\r\n,\x0c\";()[]{}\\";
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};

fn is_delimiter(byte: u8) -> bool {
    DELIMITERS[usize::from(byte)]
}

fn number(token: &str) -> Form<'_> {
    let digits = token.strip_suffix('N').unwrap_or(token);
    let bare = digits.trim_start_matches(['+', '-']);
    // Clojure reads 010 as eight: no number is better than a wrong one.
    let octal = bare.len() > 1 && bare.starts_with('0');
    match digits.parse() {
        Ok(n) if !octal => Form::Int(n),
        _ => Form::Odd(Cow::Borrowed(token)),
    }
}

fn unescape(text: &str) -> Result<String, Problem> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest[at + 1..]
            .chars()
            .next()
            .ok_or(Problem::expected("an escape", "the end of the string"))?;
        rest = &rest[at + 1 + escape.len_utf8()..];
        out.push(match escape {
            't' => '\t',
            'r' => '\r',
            'n' => '\n',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '\\' | '"' => escape,
            'u' => {
                let (unit, after) = hex(rest)?;
                rest = after;
                // Java writes characters beyond the basic plane as two surrogates.
                let low = rest.strip_prefix("\\u").map(hex).transpose()?;
                match (char::from_u32(unit), low) {
                    (Some(character), _) => character,
                    (None, Some((low, after))) => {
                        rest = after;
                        char::decode_utf16([unit as u16, low as u16])
                            .next()
                            .and_then(Result::ok)
                            .ok_or(
                                Problem::expected("a character in the string", "half of one")
                                    .hint("a lone surrogate"),
                            )?
                    }
                    (None, None) => {
                        return Err(Problem::expected("a character in the string", "half of one")
                            .hint("a lone surrogate"));
                    }
                }
            }
            _ => {
                return Err(Problem::expected(
                    "an escape of EDN in the string",
                    format!("\\{escape}"),
                ));
            }
        });
    }
    out.push_str(rest);
    Ok(out)
}

/// The four hexadecimal digits at the beginning, and what follows.
fn hex(text: &str) -> Result<(u32, &str), Problem> {
    let parsed = text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    parsed
        .map(|unit| (unit, &text[4..]))
        .ok_or_else(|| Problem::expected("four hexadecimal digits after \\u", "something else"))
}
