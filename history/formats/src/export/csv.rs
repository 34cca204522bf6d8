//! Comma-separated values (RFC 4180), with a line of names first.

use super::ExportError;
use super::row::Row;
use afterall_history::History;
use std::borrow::Cow;
use std::io::{BufWriter, Write};

const NAMES: &str = "operation,session,f,key,input,output,version,outcome,error,sent_to,answered_by,invoked_ns,completed_ns,phase,final,faults";

pub(super) fn write(history: &History, out: impl Write) -> Result<(), ExportError> {
    let mut out = BufWriter::new(out);
    writeln!(out, "{NAMES}")?;
    for op in history.ops() {
        let row = Row::of(history, op);
        let Row { operation, session, f, invoked_ns, is_final, .. } = row;
        let completed = row.completed_ns.map(|ns| ns.to_string());
        let texts = [
            Some(row.key),
            row.input.as_deref(),
            row.output.as_deref(),
            row.version.as_deref(),
            Some(row.outcome),
            row.error,
            Some(row.sent_to),
            row.answered_by,
        ];
        write!(out, "{operation},{session},{f}")?;
        for text in texts {
            write!(out, ",{}", text.map_or(Cow::Borrowed(""), field))?;
        }
        let (completed, phase) = (completed.unwrap_or_default(), row.phase.unwrap_or_default());
        writeln!(out, ",{invoked_ns},{completed},{phase},{is_final},{}", row.faults)?;
    }
    Ok(out.flush()?)
}

/// A text as a field. What a spreadsheet would take for a formula stays what it is: whoever opens the file is told nothing else.
fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        return Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")));
    }
    // An empty text is not the same as none.
    if text.is_empty() { Cow::Borrowed("\"\"") } else { Cow::Borrowed(text) }
}
