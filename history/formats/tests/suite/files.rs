//! Files to be read.

use afterall_formats::{FormatError, InitialValue, Options, Read, Recorded};
use afterall_history::History;

pub(crate) fn read_as(bytes: impl AsRef<[u8]>, options: &Options) -> Result<Read, FormatError> {
    afterall_formats::read_bytes(bytes.as_ref(), "history", options)
}

pub(crate) fn read(text: &str) -> Result<Read, FormatError> {
    read_as(text, &Options::default())
}

/// The operations, and what was said of the file.
pub(crate) fn kept(text: &str) -> (History, Vec<String>) {
    match read(text) {
        Ok(Read { recorded: Recorded::Operations(history), notes, .. }) => (history, notes),
        Ok(other) => panic!("{other:?}"),
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// Why it was refused.
pub(crate) fn refused(text: &str) -> String {
    match read(text) {
        Ok(read) => panic!("{read:?}\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// Options with these initial values.
pub(crate) fn initial(values: &[&str]) -> Options {
    let initial = values.iter().map(|value| value.parse::<InitialValue>().unwrap()).collect();
    Options { initial, ..Options::default() }
}
