//! Words of a vocabulary on the command line.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::error::Error;
use std::str::FromStr;

/// A whole number that is not negative.
pub(crate) fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| {
        let most = u64::MAX >> (64 - 8 * size_of::<N>().clamp(1, 8));
        format!("expected a whole number from 0 to {most}, found {text:?}")
    })
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
