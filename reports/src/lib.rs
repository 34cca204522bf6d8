//! Verdicts for people and machines.
//!
//! Everything here is a pure function from a [`Verdict`](afterall_checkers::Verdict), and where it shows
//! operations the [`History`](afterall_history::History), to text: the caller writes the files.
//!
//! | file | function | for |
//! |---|---|---|
//! | `verdict.json` | [`verdict_json`] | other programs |
//! | `junit.xml` | [`junit_xml`] | CI servers |
//! | a step summary | [`summary_md`] | CI servers that show Markdown |
//! | the terminal | [`verdict_text`], of several histories [`verdict_line`] | whoever started the run |
//! | `report.html` | [`report_html`] | whoever wants to know why |

mod console;
mod context;
mod json;
mod junit;
mod line;
mod markdown;
mod page;
mod words;

pub use console::{Detail, Terminal, verdict_text, wrapped};
pub use context::{Context, NodeLog};
pub use json::{ReportError, verdict_json};
pub use junit::junit_xml;
pub use line::verdict_line;
pub use markdown::{SUMMARY_BYTES_MAX, inline, summary_md};
pub use page::{REPORT_BYTES_MAX, STYLE, report_html};
pub use words::{outcome as outcome_word, target as target_words, valid as valid_word};
