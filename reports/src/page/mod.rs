//! `report.html`: one file that opens from disk, without a server and without anything from elsewhere.
//!
//! The page is a frame ([`report.html`](../src/page/report.html)), a style sheet, a script in parts, and the run as
//! JSON. What the target said is data throughout: in the file it stands in a block that browsers do not execute,
//! with every `<` escaped, and the script puts it on the page as text only. A content security policy allows exactly
//! this script and this style sheet, by their hashes, and nothing else.

mod aggregate;
mod convergence;
mod counts;
mod data;
mod select;
mod status;
mod texts;
mod witness;

use crate::context::Context;
use crate::json::ReportError;
use crate::words;
use afterall_checkers::Verdict;
use afterall_history::History;
use base64::Engine;
use sha2::{Digest, Sha256};

/// The size that a report stays under, whatever the run.
pub const REPORT_BYTES_MAX: usize = 5 * 1024 * 1024;

/// The size of the page of a usual run.
const USUAL_BYTES: usize = 2_000_000;

/// What the operations embedded exactly may take, about: the first of these with which the page is of a usual size; and if none
/// is, ever less than the last, until the page is under its limit.
const OPS_BYTES: [usize; 3] = [3 * 1024 * 1024, 2 * 1024 * 1024, 1536 * 1024];

const FRAME: &str = include_str!("report.html");
/// The style sheet of the page: whatever else is shown in a browser looks the same.
pub const STYLE: &str = include_str!("report.css");
/// In the order in which they need each other.
const SCRIPT: [&str; 24] = [
    "\"use strict\";\n(() => {\n",
    include_str!("run.js"),
    include_str!("page.js"),
    include_str!("value.js"),
    include_str!("verdict.js"),
    include_str!("picture.js"),
    include_str!("ribbon.js"),
    include_str!("card.js"),
    include_str!("anomalies.js"),
    include_str!("totals.js"),
    include_str!("cone.js"),
    include_str!("address.js"),
    include_str!("legend.js"),
    include_str!("pinned.js"),
    include_str!("search.js"),
    include_str!("lanes.js"),
    include_str!("brush.js"),
    include_str!("paint.js"),
    include_str!("pinch.js"),
    include_str!("minimap.js"),
    include_str!("timeline.js"),
    include_str!("convergence.js"),
    include_str!("performance.js"),
    concat!(include_str!("main.js"), "\n})();\n"),
];

/// The contents of `report.html`, under [`REPORT_BYTES_MAX`] in size.
///
/// # Errors
/// Never for a verdict that a checker made.
pub fn report_html(
    history: &History,
    verdict: &Verdict,
    context: &Context,
) -> Result<String, ReportError> {
    let script = SCRIPT.concat();
    let page = |ops_bytes| {
        let run = data::Run::new(history, verdict, context, ops_bytes);
        // Inside a script element only `<` can end or confuse it.
        let json = serde_json::to_string(&run)?.replace('<', "\\u003c");
        Ok::<_, ReportError>(fill(verdict, &script, &json))
    };
    let (mut ops_bytes, mut text) = (0, String::new());
    for bytes in OPS_BYTES {
        (ops_bytes, text) = (bytes, page(bytes)?);
        if text.len() <= USUAL_BYTES {
            return Ok(text);
        }
    }
    while text.len() > REPORT_BYTES_MAX && ops_bytes >= 16 * 1024 {
        ops_bytes /= 2;
        text = page(ops_bytes)?;
    }
    Ok(text)
}

fn fill(verdict: &Verdict, script: &str, json: &str) -> String {
    let title = format!("{}: {}", words::valid(verdict.valid), words::subject(verdict));
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(script),
        hash(STYLE)
    );
    let parts = [
        ("{{policy}}", policy.as_str()),
        ("{{title}}", &escaped(&title)),
        ("{{style}}", STYLE),
        ("{{json}}", json),
        ("{{script}}", script),
    ];
    // One pass from front to back: what is put in is not searched again.
    let mut page = String::with_capacity(FRAME.len() + STYLE.len() + script.len() + json.len());
    let mut rest = FRAME;
    for (mark, text) in parts {
        if let Some((before, after)) = rest.split_once(mark) {
            page.push_str(before);
            page.push_str(text);
            rest = after;
        }
    }
    page.push_str(rest);
    page
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(digest))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
