//! A command that ends with an error.

use crate::exit::Exit;
use std::error::Error;
use std::fmt;

/// A command that ends with an error: what is printed, with everything that caused it, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    error: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// The command line makes no sense.
    pub(crate) fn usage(error: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
        Failure { exit: Exit::Usage, error: error.into() }
    }

    /// The harness failed.
    pub(crate) fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
        Failure { exit: Exit::Failed, error: error.into() }
    }

    /// The same, with a sentence more.
    pub(crate) fn with(self, more: &str) -> Failure {
        Failure { exit: self.exit, error: format!("{self}\n{more}").into() }
    }
}

/// Any other error is the harness's.
impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::failed(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(self.error.as_ref()))
    }
}

/// An error with everything that caused it: `what: why: why that`. A cause whose words the error ends with already is
/// not said twice.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let why = error.to_string();
        if !text.ends_with(&why) {
            text.push_str(": ");
            text.push_str(&why);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{words}")]
    struct Link {
        words: &'static str,
        source: Option<Box<Link>>,
    }

    #[test]
    fn every_cause_is_told_once() {
        let link = |words, source: Option<Link>| Link { words, source: source.map(Box::new) };
        let told = chain(&link("a", Some(link("b", Some(link("c", None))))));
        assert_eq!(told, "a: b: c");
        let told = chain(&link("read x: no such file", Some(link("no such file", None))));
        assert_eq!(told, "read x: no such file");
    }
}
