//! Words of a vocabulary on the command line.

use afterall_history::Span;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

/// A whole number that is not negative, and that nothing else bounds.
pub(crate) fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| {
        if is_digits(text) {
            let most = u64::MAX >> (64 - 8 * size_of::<N>().clamp(1, 8));
            return format!("expected a whole number of at most {most}, found {text}");
        }
        format!("expected a whole number from 0, found {}", found(text))
    })
}

/// A whole number that has bounds: one that the type cannot hold is told by the same bounds as one that it can.
pub(crate) fn within<N: FromStr>(
    bounds: &'static str,
) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync {
    move |text| text.parse().map_err(|_| format!("expected {bounds}, found {}", found(text)))
}

/// A length of time: as in `run.toml`, or with the longer names of units.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let error = match text.parse::<Span>() {
        Ok(Span(ns)) => return Ok(Duration::from_nanos(ns)),
        Err(error) => error,
    };
    humantime::parse_duration(text).map_err(|_| error.to_string())
}

/// What was found, in quotes unless it is a number.
fn found(text: &str) -> String {
    match is_digits(text.strip_prefix('-').unwrap_or(text)) {
        true => text.to_owned(),
        false => format!("{text:?}"),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word of a vocabulary, with all of them in the help.
pub(crate) fn words<W>(
    names: impl Iterator<Item = &'static str>,
) -> impl TypedValueParser<Value = W>
where
    W: FromStr<Err: Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<W>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_told_with_what_is_expected() {
        assert_eq!(number::<u64>("7"), Ok(7));
        let wrong = |text: &str| number::<u32>(text).unwrap_err();
        assert_eq!(wrong("-1"), "expected a whole number from 0, found -1");
        assert_eq!(wrong("many"), "expected a whole number from 0, found \"many\"");
        assert_eq!(wrong(""), "expected a whole number from 0, found \"\"");
        assert_eq!(
            wrong("5000000000"),
            "expected a whole number of at most 4294967295, found 5000000000"
        );
        let nodes = within::<u16>("1 to 99");
        assert_eq!(nodes("5"), Ok(5));
        assert_eq!(nodes("100000").unwrap_err(), "expected 1 to 99, found 100000");
    }

    #[test]
    fn times_have_one_way_to_be_wrong() {
        assert_eq!(time("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(time("2min 3sec"), Ok(Duration::from_secs(123)));
        for wrong in ["foo", "20", "", "-5s"] {
            let expected = "expected a time such as \"250ms\", \"1.5s\" or \"18h\", found ";
            assert_eq!(time(wrong).unwrap_err(), format!("{expected}{wrong:?}"));
        }
    }
}
