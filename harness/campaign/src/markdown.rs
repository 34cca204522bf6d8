//! A campaign's report in Markdown, for the summary of a CI step.

use crate::findings::{Finding, Seen};
use crate::line::Ended;
use crate::report::{Judgement, Report};
use afterall_checkers::words::{count, counted, percent};
use afterall_reports::inline;

/// How long it may be: GitHub refuses a step summary of more than a mebibyte.
pub const MARKDOWN_BYTES_MAX: usize = 1024 * 1024;

/// What is left for the words that say what was left out.
const RESERVED: usize = 4 * 1024;

/// A report in Markdown, at most [`MARKDOWN_BYTES_MAX`] long. `command`: what makes a run again.
#[must_use]
pub fn campaign_md(report: &Report, command: &dyn Fn(&Seen) -> String) -> String {
    let mark = match report.judgement {
        Judgement::Valid => "✅",
        Judgement::Unknown | Judgement::Void => "❔",
        Judgement::Invalid | Judgement::Crashed => "❌",
    };
    let mut text = format!("## {mark} {}: {}\n\n", inline(&report.file), inline(&report.line()));
    for reason in report.reasons.iter().take(20) {
        text.push_str(&format!("- {}\n", inline(reason)));
    }
    if let Some(canary) = &report.canary {
        let (mutant, runs) = (&canary.canary.mutant, counted(canary.made, "run"));
        text.push_str(&format!(
            "- Canary: {} was found in {} of {runs}\n",
            inline(mutant),
            count(canary.found)
        ));
    }
    if let Some((run, why)) = &report.first_crash {
        text.push_str(&format!("- The first run that crashed, {}: {}\n", count(*run), inline(why)));
    }
    if !report.findings.is_empty() {
        text.push_str(
            "\n| failure | standing | runs | odds | first seen | |\n|---|---|---|---|---|---|\n",
        );
        fill(&mut text, &report.findings, |finding| row(finding, command));
    }
    for known in report.unseen.iter().take(100) {
        let (key, owner) = (inline(&known.key), inline(&known.owner));
        text.push_str(&format!("\nKnown and not seen: {key} ({owner}, until {})\n", known.until));
    }
    if !report.cells.is_empty() {
        text.push_str("\n| cell | worst | together | failed |\n|---|---|---|---|\n");
        fill(&mut text, &report.worst_first(), |cell| {
            let mark = match cell.together {
                Ended::Valid => "✅",
                Ended::Unknown => "❔",
                Ended::Invalid | Ended::Crashed => "❌",
            };
            let (label, worst) = (inline(&cell.label), cell.worst);
            let failed = format!("{} of {}", count(cell.failed), count(cell.runs));
            format!("| {label} | {worst} | {mark} {} | {failed} |\n", cell.together)
        });
    }
    if report.cells_left_out > 0 {
        text.push_str(&format!("\n{} without a run.\n", counted(report.cells_left_out, "cell")));
    }
    text
}

/// Adds a row for each of several, as many as there is room for, and says how many are left out.
fn fill<T>(text: &mut String, all: &[T], row: impl Fn(&T) -> String) {
    for (place, one) in all.iter().enumerate() {
        let row = row(one);
        if text.len() + row.len() + RESERVED > MARKDOWN_BYTES_MAX {
            let left = counted((all.len() - place) as u64, "row");
            text.push_str(&format!("\n… and {left} more, which are left out\n"));
            return;
        }
        text.push_str(&row);
    }
}

fn row(finding: &Finding, command: &dyn Fn(&Seen) -> String) -> String {
    let mark = if finding.counts() { "❌ " } else { "" };
    let (low, high) = finding.odds();
    let mut standing = finding.standing.to_string();
    if let Some(luck) = finding.luck {
        standing.push_str(&format!(" (by luck in {})", percent(luck)));
    }
    if let Some(excuse) = &finding.excuse {
        standing.push_str(&format!("; {excuse}"));
    }
    let mut runs = format!("{} of {}", count(finding.now.0), count(finding.now.1));
    if finding.before.1 > 0 {
        runs.push_str(&format!(
            ", before {} of {}",
            count(finding.before.0),
            count(finding.before.1)
        ));
    }
    // A key may hold what a manifest is called, and a command the name of a folder.
    let cells = [
        format!("{mark}{}", inline(&finding.key)),
        inline(&standing),
        runs,
        format!("{} to {}", percent(low), percent(high)),
        inline(&format!(
            "{}, seed {} of {}",
            finding.first.night, finding.first.seed, finding.first.cell
        )),
        inline(&command(&finding.smallest)),
    ];
    format!("| {} |\n", cells.join(" | "))
}
