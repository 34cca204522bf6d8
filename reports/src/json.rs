//! `verdict.json`: the verdict as it is. The format is documented with [`Verdict`].

use afterall_checkers::Verdict;

/// A report could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// As JSON.
    #[error("the verdict cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// As XML.
    #[error("the verdict cannot be written as XML: {0}")]
    Xml(#[from] quick_junit::SerializeError),
}

/// The contents of `verdict.json`.
///
/// # Errors
/// Never for a verdict that a checker made: its values all have a place in JSON.
pub fn verdict_json(verdict: &Verdict) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(verdict)?;
    text.push('\n');
    Ok(text)
}
