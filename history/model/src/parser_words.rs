//! What serde and its parsers say of a text, in the form of every other error: `expected X, found Y`.

/// What a format calls the two things that serde has Rust's names for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What holds values by name.
    pub table: &'static str,
    /// One of them.
    pub entry: &'static str,
}

/// JSON's terms.
pub const JSON: Terms = Terms { table: "an object", entry: "field" };
/// TOML's terms.
pub const TOML: Terms = Terms { table: "a table", entry: "entry" };

/// What serde_json says, in plain English and without its position, which is that of the text that it was given.
#[must_use]
pub fn of_json(error: &serde_json::Error) -> String {
    let said = error.to_string();
    in_plain_words(said.rsplit_once(" at line ").map_or(&*said, |(said, _)| said), JSON)
}

/// The words of a parser, without a position, in plain English; as they are where they are not known.
#[must_use]
pub fn in_plain_words(said: &str, terms: Terms) -> String {
    let entry = terms.entry;
    if let Some(name) = said.strip_prefix("missing field ") {
        return format!("expected the {entry} {name}, found none");
    }
    if let Some(name) = said.strip_prefix("duplicate field ") {
        return format!("expected the {entry} {name} once, found it twice");
    }
    if let Some(rest) = said.strip_prefix("unknown field ") {
        return unknown(entry, rest);
    }
    if let Some(rest) = said.strip_prefix("unknown variant ") {
        return unknown("word", rest);
    }
    let kinds = ["invalid type: ", "invalid value: ", "invalid length "];
    let mismatch = kinds.into_iter().find_map(|kind| said.strip_prefix(kind));
    if let Some((found, expected)) = mismatch.and_then(|said| said.rsplit_once(", expected ")) {
        return format!("expected {}, found {}", wanted(expected, terms), met(found, terms));
    }
    of_json_syntax(said).unwrap_or_else(|| said.to_owned())
}

fn unknown(what: &str, rest: &str) -> String {
    match rest.split_once(", expected ") {
        Some((name, expected)) => format!("unknown {what} {name}: expected {expected}"),
        None => format!("unknown {what} {rest}"),
    }
}

/// What was expected, with Rust's types in plain English.
fn wanted(expected: &str, terms: Terms) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0",
        "i64" => "a whole number",
        "f64" => "a number",
        "a string" | "a borrowed string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => terms.table,
        of_rust if of_rust.starts_with("struct ") => terms.table,
        other => other,
    }
    .to_owned()
}

/// What was found, as the file has it.
fn met(found: &str, terms: Terms) -> String {
    let quoted = ["integer ", "floating point ", "boolean "];
    let number = quoted.into_iter().find_map(|kind| found.strip_prefix(kind));
    match (found, number, found.strip_prefix("string ")) {
        // The largest are followed by their type.
        (_, Some(number), _) => number.split('`').nth(1).unwrap_or(number).to_owned(),
        (_, _, Some(text)) => text.to_owned(),
        ("sequence", ..) => "a list".to_owned(),
        ("map", ..) => terms.table.to_owned(),
        _ => found.to_owned(),
    }
}

/// What serde_json says of what is not JSON: some of its words do not say what was expected, some not what was found.
fn of_json_syntax(said: &str) -> Option<String> {
    let words = match said {
        "EOF while parsing a list" => "expected the rest of a list, found the end",
        "EOF while parsing an object" => "expected the rest of an object, found the end",
        "EOF while parsing a string" => "expected the rest of a text in quotes, found the end",
        "EOF while parsing a value" => "expected a value, found the end",
        "expected value" => {
            "expected a value: a number, a text in quotes, a list, an object, true, false or null"
        }
        "expected ident" => "expected true, false or null",
        "expected `:`" => "expected a colon after the name of a field",
        "expected `,` or `]`" => "expected a comma, or the end of the list",
        "expected `,` or `}`" => "expected a comma, or the end of the object",
        "key must be a string" => "expected the name of a field in double quotes",
        "trailing characters" => "expected nothing after the value, found more",
        "trailing comma" => "expected a value after the comma, found the end of the list or object",
        "invalid number" => "expected a number",
        "number out of range" => "expected a number that 64 bits hold, found one beyond",
        "recursion limit exceeded" => {
            "expected at most 127 lists and objects within each other, found more"
        }
        "invalid escape" => "expected an escape that JSON has after the backslash",
        _ if said.starts_with("control character") => {
            "expected an escape, such as \\n, found a control character as it is"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read")]
    struct Asked {
        count: u32,
        #[serde(default)]
        colour: Colour,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        #[default]
        Red,
        Blue,
    }

    fn said(json: &str) -> String {
        let error = serde_json::from_str::<Asked>(json).unwrap_err().to_string();
        in_plain_words(error.split(" at line ").next().unwrap(), JSON)
    }

    #[test]
    fn what_serde_says_is_said_as_every_other_error_is() {
        for (json, expected) in [
            ("{}", "expected the field `count`, found none"),
            (r#"{"count":1,"count":2}"#, "expected the field `count` once, found it twice"),
            (r#"{"count":1,"size":2}"#, "unknown field `size`: expected `count` or `colour`"),
            (r#"{"count":1,"colour":"green"}"#, "unknown word `green`: expected `red` or `blue`"),
            (r#"{"count":-1}"#, "expected a whole number from 0 to 4294967295, found -1"),
            (r#"{"count":"a, b"}"#, "expected a whole number from 0 to 4294967295, found \"a, b\""),
            (r#"{"count":[]}"#, "expected a whole number from 0 to 4294967295, found a list"),
            ("7", "expected an object, found 7"),
            (r#"{"count":1"#, "expected the rest of an object, found the end"),
            (r#"{"count":1 "colour":"red"}"#, "expected a comma, or the end of the object"),
            (r#"{"count" 1}"#, "expected a colon after the name of a field"),
            (r"{count:1}", "expected the name of a field in double quotes"),
            (r#"{"count":1}}"#, "expected nothing after the value, found more"),
            (r#"{"count":nil}"#, "expected true, false or null"),
            ("{\"a\nb\":1}", "expected an escape, such as \\n, found a control character as it is"),
        ] {
            assert_eq!(said(json), expected, "{json}");
        }
    }
}
