//! What was measured: convergence, the fates of writes and items, stale reads, counters.

use super::{Detail, Screen};
use crate::words;
use afterall_checkers::verdict::{
    AvailabilityFigures, LevelFigures, MixedFigures, StalenessFigures, WindowFigures,
};
use afterall_checkers::{Outcome, Verdict};
use afterall_history::{NODE_UNKNOWN, Property, Sessions, Workload};

/// What is known of writes where nobody said which reads are final.
const LAST_READS: &str = "No read is marked as final: that the last read of a replica shows a write does not say that it is there at the end.";

/// How often fresh reads were broken, where the property was judged at all.
fn fresh_reads_broken(verdict: &Verdict) -> Option<u64> {
    match &verdict.property(Property::FreshReads, Sessions::All)?.outcome {
        Outcome::Broken { count, .. } => Some(*count),
        Outcome::Held { .. } => Some(0),
        Outcome::NotExercised { .. } | Outcome::Undecided { .. } => None,
    }
}

impl Screen {
    /// Of each kind of fault the side on which least was answered, and all of them together.
    fn availability(&mut self, sides: &[AvailabilityFigures]) {
        if sides.iter().all(|side| side.faults.is_empty()) {
            return;
        }
        self.section("Availability, at nodes that did not fail themselves");
        let all: u64 = sides.iter().map(|side| side.ops).sum();
        if self.detail < Detail::Full && sides.iter().all(|side| side.ok == side.ops) {
            let text =
                format!("all of {} answered, under every fault", words::counted(all, "operation"));
            return self.wrap(2, &text);
        }
        for of_kind in sides.chunk_by(|a, b| a.faults == b.faults) {
            let ops: u64 = of_kind.iter().map(|side| side.ops).sum();
            let ok: u64 = of_kind.iter().map(|side| side.ok).sum();
            let name = words::kinds(&of_kind[0].faults);
            let mut text = format!(
                "{name}: {} of {} answered",
                words::share(ok as f64 / ops.max(1) as f64),
                words::counted(ops, "operation")
            );
            let worst = of_kind.iter().min_by(|a, b| a.share().total_cmp(&b.share()));
            if let Some(worst) = worst.filter(|side| of_kind.len() > 1 && side.ok < side.ops) {
                let nodes = words::side(&worst.side);
                text.push_str(&format!("; the least at {nodes}: {}", words::share(worst.share())));
            }
            self.wrap(2, &text);
        }
    }

    /// What each consistency level got, and what mixing them cost.
    fn levels(&mut self, levels: &[LevelFigures], mixed: Option<&MixedFigures>) {
        self.section("Consistency levels");
        let time = |ns: Option<i64>| ns.map_or("–".to_owned(), words::duration);
        for f in levels {
            let text = format!(
                "{}: {} of {} answered; {} of {} stale ({}); reads p50 {}, p99 {}; writes p50 {}, p99 {}",
                f.level,
                words::share(f.ok as f64 / f.ops.max(1) as f64),
                words::counted(f.ops, "operation"),
                words::count(f.stale),
                words::counted(f.reads, "read"),
                words::percent(f.stale as f64 / f.reads.max(1) as f64),
                time(f.read_p50_ns),
                time(f.read_p99_ns),
                time(f.write_p50_ns),
                time(f.write_p99_ns)
            );
            self.wrap(2, &text);
        }
        let Some(f) = mixed.filter(|f| f.after_weak_reads > 0) else { return };
        let text = format!(
            "Of {} at quorum or all, {} followed a read of the same key at level one by the same session; {} of these reads {} stale.",
            words::counted(f.strong_writes, "write"),
            words::count(f.after_weak_reads),
            words::count(f.after_stale_reads),
            if f.after_stale_reads == 1 { "was" } else { "were" }
        );
        self.wrap(2, &text);
        for example in f.examples.iter().take(3) {
            self.wrap(4, &example.sentence);
        }
    }

    /// How long writes took to be seen everywhere.
    fn windows(&mut self, f: &WindowFigures) {
        self.section("Windows: from a write's acknowledgement to the last stale read anywhere");
        let window = |ns: Option<i64>| ns.map_or("endless".to_owned(), words::duration);
        let mut text = format!(
            "{}: p50 {}, p99 {}, max {}",
            words::counted(f.writes, "write"),
            window(f.p50_ns),
            window(f.p99_ns),
            window(f.max_ns)
        );
        if f.never > 0 {
            text.push_str(&format!("; {} not seen everywhere by the end", words::count(f.never)));
        }
        if let Some(gap) = f.asked_every_ns {
            let gap = words::duration(gap);
            text.push_str(&format!("; each replica was asked for a key every {gap}"));
        }
        self.wrap(2, &text);
    }

    fn staleness(&mut self, f: &StalenessFigures, verdict: &Verdict) {
        self.section("Stale reads");
        if verdict.untimed {
            let text = format!(
                "{} of {} ({}); at most {} behind",
                words::count(f.stale),
                words::counted(f.reads, "read"),
                words::percent(f.stale as f64 / f.reads as f64),
                words::counted(f.versions_max, "write")
            );
            return self.wrap(2, &text);
        }
        let age = |ns: Option<i64>| words::duration(ns.unwrap_or_default());
        let text = format!(
            "at least {} of {} ({}): age p50 {}, p99 {}, max {}; at most {} behind",
            words::count(f.stale),
            words::counted(f.reads, "read"),
            words::percent(f.stale as f64 / f.reads as f64),
            age(f.p50_ns),
            age(f.p99_ns),
            age(f.max_ns),
            words::counted(f.versions_max, "write")
        );
        self.wrap(2, &text);
        if let Some(broken) = fresh_reads_broken(verdict).filter(|&broken| broken != f.stale) {
            let text = format!(
                "fresh-reads was broken {}: it compares versions where every update of a key has one, counts writes that nobody \
                 read, too, and leaves out keys with deletes and what faults excuse",
                words::counted(broken, "time")
            );
            self.wrap(4, &text);
        }
        if self.detail < Detail::Full {
            return;
        }
        // Nothing is healed where there were no faults.
        let phases = if verdict.faults.is_empty() { &[] } else { f.phases.as_slice() };
        for phase in phases.iter().filter(|phase| phase.reads > 0) {
            let mut text = format!(
                "{}: {} of {}",
                words::phase(phase.phase),
                words::count(phase.stale),
                words::counted(phase.reads, "read")
            );
            if phase.stale > 0 {
                text.push_str(&format!(", the oldest by {}", age(phase.max_ns)));
            }
            self.wrap(4, &text);
        }
    }

    pub(super) fn figures(&mut self, verdict: &Verdict) {
        let figures = &verdict.figures;
        if let Some(convergence) = &figures.convergence {
            self.section("Convergence");
            let undecided = verdict.properties.iter().find_map(|p| match &p.outcome {
                Outcome::Undecided { why } if p.property == Property::Convergence => Some(why),
                _ => None,
            });
            let text = match (undecided, convergence.window_ns, convergence.last_stale) {
                (Some(why), ..) => format!("not known: {why}"),
                _ if convergence.divergent > 0 => format!(
                    "at the end the replicas differ on {} of {}",
                    words::count(convergence.divergent),
                    words::counted(convergence.keys, "key")
                ),
                (_, Some(_), None) if unnamed(verdict) => format!(
                    "{} read at the end; the history does not name the replicas, so whether they agree is not judged",
                    words::counted(convergence.keys, "key")
                ),
                (_, Some(_), None) => format!(
                    "all replicas agreed on {} at the first read after the updates stopped",
                    words::counted(convergence.keys, "key")
                ),
                (_, Some(_), Some(_)) if verdict.untimed => {
                    format!("all replicas agree on {}", words::counted(convergence.keys, "key"))
                }
                (_, Some(window), Some(_)) => format!(
                    "all replicas agree on {}; the last answer that differed from that came {} after the updates stopped",
                    words::counted(convergence.keys, "key"),
                    words::duration(window)
                ),
                (_, None, _) => {
                    format!("{} read at the end", words::counted(convergence.keys, "key"))
                }
            };
            self.wrap(2, &text);
            if convergence.unread > 0 {
                let text = format!(
                    "{} not read on every replica",
                    words::counted(convergence.unread, "key")
                );
                self.wrap(2, &text);
            }
        }
        if let Some(f) = &figures.fates {
            self.section("Acknowledged writes");
            let survived = if f.unmarked { "in a last read" } else { "survived" };
            self.table(&[
                (survived, f.survived),
                ("superseded", f.superseded),
                ("discarded", f.discarded),
                ("lost", f.lost),
                ("undecided", f.undecided),
                ("= acknowledged", f.acknowledged),
            ]);
            self.rest(&[
                (
                    f.recovered,
                    "write was never acknowledged and is there",
                    "writes were never acknowledged and are there",
                ),
                (
                    f.resurrected,
                    "older value came back over a write whose own session had already read it",
                    "older values came back over a write whose own session had already read them",
                ),
                (f.phantom, "value read that nobody wrote", "values read that nobody wrote"),
                (
                    f.aborted,
                    "value read whose write had failed",
                    "values read whose writes had failed",
                ),
            ]);
            if f.unmarked && f.survived > 0 {
                self.wrap(2, LAST_READS);
            }
        }
        if let Some(f) = figures.staleness.as_ref().filter(|f| f.stale > 0) {
            self.staleness(f, verdict);
        }
        if let Some(f) = figures.windows.as_ref().filter(|f| f.writes > 0 && !verdict.untimed) {
            self.windows(f);
        }
        if !figures.levels.is_empty() {
            self.levels(&figures.levels, figures.mixed.as_ref());
        }
        self.availability(&figures.availability);
        if let Some(f) = &figures.items {
            self.section(words::items(verdict.workload));
            self.table(&[
                ("present", f.present),
                ("removed", f.removed),
                ("lost", f.lost),
                ("undecided", f.undecided),
                ("= acknowledged", f.acknowledged),
            ]);
            self.rest(&[
                (f.resurrected, "removed, but present again", "removed, but present again"),
                (f.recovered, "never acknowledged, but present", "never acknowledged, but present"),
            ]);
        }
        if !figures.visibility.is_empty() {
            self.section("Visibility, replica by replica");
        }
        for f in &figures.visibility {
            let text = format!(
                "{}: {} shown, {} of them late{}; {} missing, {} never read",
                f.node,
                words::count(f.shown),
                words::count(f.late),
                match f.max_ns.filter(|_| f.late > 0 && !verdict.untimed) {
                    Some(max) => format!(", the latest after {}", words::duration(max)),
                    None => String::new(),
                },
                words::count(f.missing),
                words::count(f.never_read)
            );
            self.wrap(2, &text);
        }
        let wrong: Vec<_> = figures
            .counters
            .iter()
            .filter(|c| c.value.is_none_or(|value| value < c.lowest || value > c.highest))
            .collect();
        if !figures.counters.is_empty() {
            let (heading, one) = match verdict.workload {
                Workload::Inventory => ("Stock", "item"),
                _ => ("Counters", "counter"),
            };
            self.section(heading);
            let right = figures.counters.len() - wrong.len();
            self.line(&format!(
                "  {right} of {} as expected",
                words::counted(figures.counters.len() as u64, one)
            ));
            for counter in wrong.iter().take(5) {
                let expected = if counter.lowest == counter.highest {
                    counter.lowest.to_string()
                } else {
                    format!("{} to {}", counter.lowest, counter.highest)
                };
                let text = match counter.value {
                    Some(value) => format!("{}: expected {expected}, found {value}", counter.key),
                    None => format!(
                        "{}: expected {expected}, found no value that all replicas hold",
                        counter.key
                    ),
                };
                self.wrap(2, &text);
            }
            if wrong.len() > 5 {
                self.line(&format!("  and {} more", words::count(wrong.len() as u64 - 5)));
            }
        }
    }

    fn table(&mut self, rows: &[(&str, u64)]) {
        for (name, n) in rows {
            self.line(&format!("  {name:16}{:>12}", words::count(*n)));
        }
    }

    /// Counts that matter only where there are any: what is counted, one and several.
    fn rest(&mut self, rows: &[(u64, &str, &str)]) {
        let some: Vec<String> = rows
            .iter()
            .filter(|(n, ..)| *n > 0)
            .map(|(n, one, several)| {
                format!("{} {}", words::count(*n), if *n == 1 { one } else { several })
            })
            .collect();
        if !some.is_empty() {
            self.wrap(2, &format!("also: {}", some.join("; ")));
        }
    }
}

/// Whether no replica is named, so that nothing is known of which replica was read.
fn unnamed(verdict: &Verdict) -> bool {
    verdict.nodes.iter().all(|node| node == NODE_UNKNOWN)
}
