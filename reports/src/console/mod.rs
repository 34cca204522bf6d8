//! The end of a run on the terminal: what held, what broke, what was measured.

mod figures;
mod wrap;

pub use wrap::wrapped;

use crate::words;
use afterall_checkers::{Anomaly, Outcome, PropertyVerdict, Valid, Verdict};
use afterall_history::NODE_UNKNOWN;
use std::collections::BTreeSet;

/// Below this, lines are not wrapped any narrower.
const WIDTH_MIN: usize = 40;

/// The outcomes stand below each other, whichever there are in a run.
const OUTCOME_WIDTH: usize = "not exercised".len();

/// How many faults are told.
const FAULTS_MAX: usize = 12;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The verdict and what it rests on.
    Brief,
    /// What one looks at after each run: promises, the gravest anomalies, faults, and the main figures.
    Usual,
    /// Everything that was measured, too.
    Full,
}

impl Detail {
    /// How many groups of anomalies are told: those that break a promise, and those that break none. The latter are worth
    /// knowing where nothing is promised, and otherwise to who asks for them.
    fn anomalies(self, verdict: &Verdict) -> (usize, usize) {
        let promises_nothing = !verdict.properties.iter().any(|property| property.promised);
        match self {
            Detail::Brief => (0, 0),
            Detail::Usual => (3, if promises_nothing { 2 } else { 0 }),
            Detail::Full => (10, 2),
        }
    }
}

/// The terminal that a verdict is shown on.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Whether it shows ANSI colours.
    pub color: bool,
    /// Its width, columns. Below 40, lines are not wrapped any narrower.
    pub width: usize,
}

#[derive(Clone, Copy)]
enum Tone {
    Good,
    Bad,
    Unsure,
    Faint,
    Strong,
}

/// The verdict as text for a terminal. Ends with a newline.
#[must_use]
pub fn verdict_text(verdict: &Verdict, terminal: Terminal, detail: Detail) -> String {
    let Terminal { color, width } = terminal;
    let mut screen = Screen { text: String::new(), color, width: width.max(WIDTH_MIN), detail };
    screen.heading(verdict);
    screen.properties(verdict);
    if detail > Detail::Brief {
        screen.anomalies(verdict);
        screen.faults(verdict);
        screen.figures(verdict);
    }
    screen.text
}

struct Screen {
    text: String,
    color: bool,
    width: usize,
    detail: Detail,
}

impl Screen {
    fn painted(&self, tone: Tone, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "1;31",
            Tone::Unsure => "33",
            Tone::Faint => "2",
            Tone::Strong => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// Wraps `text` between `indent` and the width.
    fn wrap(&mut self, indent: usize, text: &str) {
        let room = self.width.saturating_sub(indent).max(20);
        for line in wrapped(&shown(text), room) {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    /// A mark, and the text beside it.
    fn marked(&mut self, mark: &str, tone: Tone, text: &str) {
        let mark = self.painted(tone, mark);
        let mut lines = wrapped(&shown(text), self.width - 4).into_iter();
        self.line(&format!("  {mark} {}", lines.next().unwrap_or_default()));
        for line in lines {
            self.line(&format!("    {line}"));
        }
    }

    fn section(&mut self, title: &str) {
        let title = self.painted(Tone::Strong, title);
        self.text.push('\n');
        self.line(&title);
    }

    fn heading(&mut self, verdict: &Verdict) {
        let tone = match verdict.valid {
            Valid::True => Tone::Good,
            Valid::False => Tone::Bad,
            Valid::Unknown => Tone::Unsure,
            Valid::Measured => Tone::Strong,
        };
        let word = self.painted(tone, words::valid(verdict.valid));
        let what =
            format!("{}, {}", shown(&words::subject(verdict)), shown(&words::origin(verdict)));
        let length = words::valid(verdict.valid).len() + ": ".len() + what.chars().count();
        if length <= self.width {
            self.line(&format!("{word}: {what}"));
        } else {
            self.line(&word);
            self.wrap(2, &what);
        }
        let counts = &verdict.counts;
        let text = format!(
            "{} on {} by {}{}: {}",
            words::counted(counts.ops, "operation"),
            words::counted(counts.keys, "key"),
            words::counted(counts.sessions, "session"),
            words::lasted(verdict),
            words::statuses(counts)
        );
        self.wrap(0, &text);
        if counts.unjudged > 0 {
            let text = format!(
                "{} returned nil and {} not judged",
                words::counted(counts.unjudged, "read"),
                if counts.unjudged == 1 { "was" } else { "were" }
            );
            self.wrap(0, &text);
        }
        for reason in &verdict.reasons {
            self.wrap(2, reason);
        }
        for note in &verdict.notes {
            self.wrap(2, &format!("note: {note}"));
        }
    }

    fn properties(&mut self, verdict: &Verdict) {
        let (promised, other): (Vec<_>, Vec<_>) =
            verdict.properties.iter().partition(|p| p.promised);
        let folded = !promised.is_empty() && self.detail < Detail::Full;
        if folded {
            self.list_of("Promised", &promised);
            self.measured(&other);
        } else {
            self.list_of("Promised", &promised);
            self.list_of("Not promised, only measured", &other);
        }
        if !verdict.slos.is_empty() {
            self.section("Objectives");
            for slo in &verdict.slos {
                let (mark, tone) = match slo.met {
                    Some(true) => ("✓", Tone::Good),
                    Some(false) => ("✗", Tone::Bad),
                    None => ("?", Tone::Unsure),
                };
                self.marked(mark, tone, &slo.summary);
            }
        }
        if let Some(strongest) = verdict.strongest {
            self.text.push('\n');
            self.wrap(
                0,
                &format!(
                    "The strongest consistency model that held: {strongest} ({})",
                    words::STRONGEST
                ),
            );
        }
        if let Some(note) = words::tiers_differ(verdict) {
            self.text.push('\n');
            self.wrap(0, &note);
        }
    }

    fn list_of(&mut self, title: &str, properties: &[&PropertyVerdict]) {
        if properties.is_empty() {
            return;
        }
        self.section(title);
        let column = properties.iter().map(|p| words::property(p).chars().count()).max();
        let words = properties.iter().map(|p| words::outcome(p).len()).max().unwrap_or(0);
        for property in properties {
            self.property(property, column.unwrap_or(0), words.max(OUTCOME_WIDTH));
        }
    }

    /// What nobody promised, in one line: that it is broken is no news.
    fn measured(&mut self, properties: &[&PropertyVerdict]) {
        if properties.is_empty() || self.detail == Detail::Brief {
            return;
        }
        let of = |is: fn(&Outcome) -> bool| properties.iter().filter(|p| is(&p.outcome)).count();
        let held = of(|outcome| matches!(outcome, Outcome::Held { .. }));
        let broken = of(Outcome::is_broken);
        let open = properties.len() - held - broken;
        let mut parts = vec![format!("{held} held"), format!("{broken} did not")];
        if open > 0 {
            parts.push(format!("{open} cannot be told"));
        }
        self.text.push('\n');
        let text = format!(
            "Not promised, only measured: {} (-v and the report list them)",
            parts.join(", "),
        );
        self.wrap(0, &text);
    }

    /// A line of the table: `column` wide is its name, and `words` its outcome.
    fn property(&mut self, property: &PropertyVerdict, column: usize, words: usize) {
        let (mark, tone) = match &property.outcome {
            Outcome::Held { .. } if property.hardly_exercised => ("?", Tone::Unsure),
            Outcome::Held { .. } => ("✓", Tone::Good),
            Outcome::Broken { .. } if property.promised => ("✗", Tone::Bad),
            Outcome::Broken { .. } => ("○", Tone::Faint),
            Outcome::NotExercised { .. } | Outcome::Undecided { .. } => ("?", Tone::Unsure),
        };
        let name = words::property(property);
        let word = words::outcome(property);
        let pad = " ".repeat(column - name.chars().count());
        let outcome = self.painted(tone, &format!("{word:words$}"));
        let indent = 4 + column + 2 + words + 2;
        let mark = self.painted(tone, mark);
        let grounds = shown(&words::grounds(&property.outcome));
        // On a narrow terminal the grounds go below.
        if indent + 24 <= self.width {
            let mut lines = wrapped(&grounds, self.width - indent).into_iter();
            let first = lines.next().unwrap_or_default();
            self.line(&format!("  {mark} {name}{pad}  {outcome}  {first}"));
            for line in lines {
                self.line(&format!("{:indent$}{line}", ""));
            }
        } else {
            self.line(&format!("  {mark} {name}{pad}  {outcome}"));
            self.wrap(6, &grounds);
        }
    }

    fn anomalies(&mut self, verdict: &Verdict) {
        let told = self.told(verdict);
        if told.is_empty() {
            return;
        }
        self.section("Anomalies");
        self.wrap(2, &format!("({})", words::numbers(verdict)));
        let mut explained = BTreeSet::new();
        for anomaly in &told {
            self.anomaly(anomaly, verdict.untimed, explained.insert(anomaly.kind));
        }
        let more = (verdict.anomalies.len() - told.len()) as u64 + verdict.groups_left_out;
        if more > 0 {
            let text = format!("and {} more, see the report", words::counted(more, "group"));
            self.wrap(2, &text);
        }
    }

    /// The anomalies that are told, in their order: the gravest of each kind, and where there is room for more, these.
    fn told<'a>(&self, verdict: &'a Verdict) -> Vec<&'a Anomaly> {
        let (promised, unpromised) = self.detail.anomalies(verdict);
        let mut told: Vec<&Anomaly> = Vec::new();
        for (is_promised, most) in [(true, promised), (false, unpromised)] {
            let mut kinds = BTreeSet::new();
            let of = || verdict.anomalies.iter().filter(|anomaly| anomaly.promised == is_promised);
            let mut chosen: Vec<&Anomaly> =
                of().filter(|anomaly| kinds.insert(anomaly.kind)).take(most).collect();
            let is_chosen = |anomaly: &Anomaly| chosen.iter().any(|other| other.id == anomaly.id);
            let room = most - chosen.len();
            let more: Vec<&Anomaly> =
                of().filter(|anomaly| !is_chosen(anomaly)).take(room).collect();
            chosen.extend(more);
            told.extend(chosen);
        }
        told.sort_by_key(|anomaly| anomaly.id);
        told
    }

    fn anomaly(&mut self, anomaly: &Anomaly, untimed: bool, first_of_kind: bool) {
        let promised = if anomaly.promised { "" } else { ", not promised" };
        let tone = if anomaly.promised { Tone::Bad } else { Tone::Strong };
        let head = self.painted(tone, &format!("{}. {}", anomaly.id, anomaly.kind));
        let times = words::counted(anomaly.count, "time");
        let of = format!("{} ({times}{promised})", words::broken_by(anomaly));
        let length = anomaly.id.to_string().len() + anomaly.kind.name().len() + of.len() + 6;
        if length <= self.width {
            self.line(&format!("  {head}  {of}"));
        } else {
            self.line(&format!("  {head}"));
            self.wrap(5, &of);
        }
        if let Some(meaning) = anomaly.kind.explanation().filter(|_| first_of_kind) {
            self.wrap(5, meaning);
        }
        self.wrap(5, &anomaly.sentence);
        if let Some(in_common) = anomaly.in_common() {
            self.wrap(5, &in_common);
        }
        if let Some(control) = &anomaly.control {
            self.wrap(5, control);
        }
        // Reads and writes of one transaction have one number.
        let mut numbers = anomaly.witness.clone();
        numbers.dedup();
        let ops: Vec<String> = numbers.iter().take(8).map(|op| format!("#{op}")).collect();
        let s = if ops.len() == 1 { "" } else { "s" };
        let more = if numbers.len() > 8 { " …" } else { "" };
        let mut at = format!("Operation{s} {}{more}", ops.join(", "));
        let named =
            anomaly.replicas.iter().map(String::as_str).filter(|&name| name != NODE_UNKNOWN);
        let named: Vec<&str> = named.collect();
        if !named.is_empty() {
            at.push_str(&format!(" on {}", named.join(", ")));
        }
        if !untimed {
            let (from, to) = (words::duration(anomaly.from), words::duration(anomaly.to));
            at.push_str(&format!(", from {from} to {to}"));
        }
        if !anomaly.faults.is_empty() {
            let faults: Vec<String> =
                anomaly.faults.iter().take(8).map(|f| format!("{f}")).collect();
            let s = if faults.len() == 1 { "" } else { "s" };
            at.push_str(&format!(", where fault{s} {} may have been in force", faults.join(", ")));
        }
        self.wrap(5, &at);
    }

    fn faults(&mut self, verdict: &Verdict) {
        if verdict.faults.is_empty() {
            return;
        }
        let took = verdict.faults.iter().filter(|fault| fault.took).count();
        self.section(&format!("Faults: {took} of {} took hold", verdict.faults.len()));
        // Those that did not come first: they are what the reader has to know.
        let (took, missed): (Vec<_>, Vec<_>) = verdict.faults.iter().partition(|fault| fault.took);
        for fault in missed.iter().chain(&took).take(FAULTS_MAX) {
            let (mark, tone) = if fault.took { ("✓", Tone::Good) } else { ("✗", Tone::Bad) };
            let until = match fault.to {
                Some(to) => words::duration(to),
                None => "never healed".to_owned(),
            };
            let touched = fault.touched.map_or(String::new(), |touched| {
                format!(", {} sent to these nodes", words::counted(touched, "operation"))
            });
            let seen = match (fault.shown_from, fault.shown_to) {
                (Some(from), Some(to)) if fault.took => {
                    format!(", seen from {} to {}", words::duration(from), words::duration(to))
                }
                _ => String::new(),
            };
            let what = format!(
                "fault {}: {} ({} to {until}{seen}{touched})",
                fault.fault,
                fault.what,
                words::duration(fault.from)
            );
            self.marked(mark, tone, &what);
            if let Some(doubt) = &fault.doubt {
                self.wrap(6, &format!("it {doubt}"));
            }
        }
        if verdict.faults.len() > FAULTS_MAX {
            let more = verdict.faults.len() - FAULTS_MAX;
            self.line(&format!("  and {more} more, see the report"));
        }
    }
}

/// Data on a terminal: no control characters, of bounded length.
pub(crate) fn shown(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    words::cut(text, 2000).chars().map(clean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\u{7}"), "a\u{fffd}[31mb\u{fffd}");
    }
}
