//! Words of a vocabulary on the command line.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::error::Error;
use std::str::FromStr;

/// A word of a vocabulary, with all of them in the help.
pub(crate) fn words<W>(
    names: impl Iterator<Item = &'static str>,
) -> impl TypedValueParser<Value = W>
where
    W: FromStr<Err: Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<W>())
}
