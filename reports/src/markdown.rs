//! `summary.md`: the top findings in Markdown, for the summary of a CI step.

use crate::context::Context;
use crate::words;
use afterall_checkers::{Anomaly, Outcome, Valid, Verdict};

/// How long a summary may be. GitHub refuses a step summary of more than a mebibyte; people stop far earlier.
pub const SUMMARY_BYTES_MAX: usize = 64 * 1024;

/// How many anomalies are told.
const ANOMALIES_MAX: usize = 10;

/// The contents of `summary.md`, at most [`SUMMARY_BYTES_MAX`] long.
#[must_use]
pub fn summary_md(verdict: &Verdict, context: &Context) -> String {
    let mark = match verdict.valid {
        Valid::True => "✅",
        Valid::False => "❌",
        Valid::Unknown => "❔",
        Valid::Measured => "➖",
    };
    let mut text = format!(
        "## {mark} {}: {}\n\n",
        words::valid(verdict.valid),
        inline(&words::subject(verdict)),
    );
    for reason in verdict.reasons.iter().take(5) {
        text.push_str(&format!("- {}\n", inline(reason)));
    }
    for note in verdict.notes.iter().take(5) {
        text.push_str(&format!("- Note: {}\n", inline(note)));
    }
    text.push_str(&format!(
        "\n{} ({}){}, {}.\n\n",
        words::counted(verdict.counts.ops, "operation"),
        words::statuses(&verdict.counts),
        words::lasted(verdict),
        inline(&words::origin(verdict)),
    ));
    if !context.command.is_empty() {
        // Four spaces instead of a fence: nothing in a command can end it.
        let command = context.command.replace(['\n', '\r'], " ");
        text.push_str(&format!("    {}\n\n", words::cut(&command, 1000)));
    }
    text.push_str("| promise | outcome | |\n|---|---|---|\n");
    for property in verdict.properties.iter().filter(|p| p.promised || p.outcome.is_broken()) {
        let mark = match &property.outcome {
            Outcome::Held { .. } if property.hardly_exercised => "❔",
            Outcome::Held { .. } => "✅",
            Outcome::Broken { .. } if property.promised => "❌",
            Outcome::Broken { .. } => "➖",
            Outcome::NotExercised { .. } | Outcome::Undecided { .. } => "❔",
        };
        let promised = if property.promised { "" } else { " (not promised)" };
        text.push_str(&format!(
            "| {}{promised} | {mark} {} | {} |\n",
            words::property(property),
            words::outcome(property),
            inline(&words::grounds(&property.outcome)),
        ));
    }
    text.push('\n');
    if let Some(note) = words::tiers_differ(verdict) {
        text.push_str(&format!("{}\n\n", inline(&note)));
    }
    if !verdict.anomalies.is_empty() {
        text.push_str(&format!("Anomalies ({}):\n\n", inline(words::numbers(verdict))));
    }
    let mut left_out = 0;
    for (position, anomaly) in verdict.anomalies.iter().enumerate() {
        let told = tell(anomaly);
        if position >= ANOMALIES_MAX || text.len() + told.len() + 1000 > SUMMARY_BYTES_MAX {
            left_out += 1;
        } else {
            text.push_str(&told);
        }
    }
    let left_out = left_out + verdict.groups_left_out;
    if left_out > 0 {
        text.push_str(&format!(
            "\n{} more in the report.\n",
            words::counted(left_out, "anomaly group")
        ));
    }
    let missed: Vec<_> = verdict.faults.iter().filter(|fault| !fault.took).collect();
    if !missed.is_empty() {
        let names: Vec<String> = missed.iter().take(10).map(|fault| inline(&fault.what)).collect();
        text.push_str(&format!(
            "\n**{} did not take hold**: {}\n",
            words::counted(missed.len() as u64, "fault"),
            names.join("; ")
        ));
    }
    if text.len() > SUMMARY_BYTES_MAX {
        let mut end = SUMMARY_BYTES_MAX - 100;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str("\n\n… The rest is in the report.\n");
    }
    text
}

fn tell(anomaly: &Anomaly) -> String {
    let promised = if anomaly.promised { "" } else { ", not promised" };
    let mut text = format!(
        "**{}. {}** ({}, {}{promised}): {}\n",
        anomaly.id,
        anomaly.kind,
        anomaly.property,
        words::counted(anomaly.count, "time"),
        inline(&anomaly.sentence),
    );
    if let Some(meaning) = anomaly.kind.explanation() {
        text.push_str(&format!("{}: {}\n", anomaly.kind, inline(meaning)));
    }
    if let Some(in_common) = anomaly.in_common() {
        text.push_str(&format!("{}\n", inline(&in_common)));
    }
    if let Some(control) = &anomaly.control {
        text.push_str(&format!("{}\n", inline(control)));
    }
    text.push('\n');
    text
}

/// Data as Markdown text: one line, no markup, no HTML, of bounded length.
#[must_use]
pub fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // The invisible space keeps addresses from becoming links, and names from being called.
    let text = words::cut(text, 1000).replace("://", ":\u{200b}//").replace('@', "@\u{200b}");
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::inline;

    #[test]
    fn data_is_no_markup() {
        assert_eq!(inline("<b>a|b</b>\n`x` @me"), "&lt;b&gt;a\\|b&lt;/b&gt; \\`x\\` @\u{200b}me");
    }
}
