//! The folder in which Jepsen keeps a run: `store/NAME/TIME/`, with `history.edn`, `history.txt` and `jepsen.log`.

use crate::error::FormatError;
use crate::format::Format;
use crate::problem::Problem;
use crate::recorded::stem;
use crate::unpack;
use std::path::{Path, PathBuf};

/// The files of a run that hold its history, the best first, with their formats.
const HISTORIES: &[(&str, Format)] = &[
    ("history.edn", Format::JepsenEdn),
    ("history.json", Format::JepsenJson),
    ("history.txt", Format::JepsenLog),
    ("jepsen.log", Format::JepsenLog),
];

/// The files that show that a folder is a run of Jepsen's.
const SIGNS: &[&str] = &["test.jepsen", "test.fressian", "results.edn"];

/// The history of a run.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    /// The name of the test.
    pub(crate) target: String,
    pub(crate) note: String,
}

/// The history in a folder of Jepsen's; `None` if it is another folder.
///
/// # Errors
/// When it is one, but holds no history that can be read.
pub(crate) fn history(folder: &Path, wanted: Option<Format>) -> Result<Option<Found>, FormatError> {
    let run =
        if folder.join("latest").is_dir() { folder.join("latest") } else { folder.to_owned() };
    let wanted_or_any = |format: Format| wanted.is_none_or(|wanted| wanted == format);
    for &(name, format) in HISTORIES.iter().filter(|&&(_, format)| wanted_or_any(format)) {
        for name in [name.to_owned(), format!("{name}.gz"), format!("{name}.zst")] {
            let path = run.join(&name);
            // Cobra's sessions are logs too, but have other names.
            if path.is_file() {
                let of = if run == folder { "" } else { "latest/" };
                let note = format!("read {of}{name} of the run's folder");
                return Ok(Some(Found { path, format, target: target(folder, &name), note }));
            }
        }
    }
    if SIGNS.iter().any(|sign| run.join(sign).is_file()) && wanted_or_any(Format::JepsenEdn) {
        let names: Vec<&str> = HISTORIES.iter().map(|&(name, _)| name).collect();
        let problem = Problem::expected(
            format!("one of {} in this folder of a Jepsen run", names.join(", ")),
            "none: test.jepsen is binary and cannot be read; \
             write the history with (jepsen.store/write-history! test)",
        );
        return Err(FormatError::File { file: folder.display().to_string(), problem });
    }
    Ok(None)
}

/// The name of the test: the name of the folder above, where this one is named after a time.
fn target(folder: &Path, file: &str) -> String {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let own = name(folder);
    let time = own.as_deref().is_some_and(|name| {
        name == "latest" || (name.len() > 8 && name.as_bytes()[..8].iter().all(u8::is_ascii_digit))
    });
    let named = if time { folder.parent().and_then(name) } else { own };
    named.unwrap_or_else(|| stem(unpack::plain_name(file)))
}
