//! What measurements show of a fault: whether it took hold, or whether it is gone. The measurements are taken
//! through the very links, connections and clocks that the nodes and the sessions use.

use super::network::Link;
use crate::nemesis::Evidence;

/// How far a measured clock may be from where it should be: an exchange of time is off by half the difference
/// of its two ways, which is less than half a millisecond here.
pub(super) const CLOCK_TOLERANCE_US: i64 = 5_000;

/// What came of the probes on one link.
#[derive(Debug, Clone)]
pub(super) struct LinkProbes {
    pub(super) link: Link,
    /// Nanoseconds on the way; none: lost.
    pub(super) delays_ns: Vec<Option<u64>>,
}

impl LinkProbes {
    fn name(&self) -> String {
        format!("n{}→n{}", self.link.0 + 1, self.link.1 + 1)
    }

    fn fastest_ns(&self) -> Option<u64> {
        self.delays_ns.iter().copied().flatten().min()
    }
}

/// A cut link lets nothing through.
pub(super) fn cut(probed: &[LinkProbes]) -> Evidence {
    if let Some((link, delay)) = probed.iter().find_map(|link| Some((link, link.fastest_ns()?))) {
        return Evidence::against_it(format!(
            "a probe {} arrived after {}",
            link.name(),
            millis(delay)
        ));
    }
    let probes: usize = probed.iter().map(|link| link.delays_ns.len()).sum();
    if probes == 0 {
        return Evidence::against_it("there is no link to probe");
    }
    let links = probed.len();
    Evidence::for_it(format!("{probes} probes on {links} cut links: none arrived"))
}

/// A link that is no longer cut lets probes through.
pub(super) fn mended(probed: &[LinkProbes]) -> Evidence {
    match probed.iter().find(|link| link.fastest_ns().is_none()) {
        Some(link) => Evidence::against_it(format!("no probe {} arrived", link.name())),
        None if probed.is_empty() => Evidence::against_it("there is no link to probe"),
        None => Evidence::for_it(format!("probes on {} links arrived", probed.len())),
    }
}

/// A slow link takes at least the latency less the jitter.
pub(super) fn slow(probed: &[LinkProbes], least_ns: u64) -> Evidence {
    let fastest =
        probed.iter().filter_map(|link| Some((link.fastest_ns()?, link))).min_by_key(|f| f.0);
    match fastest {
        Some((delay, link)) if delay < least_ns => Evidence::against_it(format!(
            "a probe {} took {}, not {} or more",
            link.name(),
            millis(delay),
            millis(least_ns)
        )),
        Some((delay, _)) => Evidence::for_it(format!(
            "probes on {} links took {} or more",
            probed.len(),
            millis(delay)
        )),
        None => Evidence::against_it("no probe arrived"),
    }
}

/// A link that is no longer slow takes less.
pub(super) fn quick(probed: &[LinkProbes], least_ns: u64) -> Evidence {
    let slow = |link: &&LinkProbes| link.fastest_ns().is_none_or(|delay| delay >= least_ns);
    if let Some(link) = probed.iter().find(slow) {
        let took =
            link.fastest_ns().map_or("was lost".to_owned(), |d| format!("took {}", millis(d)));
        return Evidence::against_it(format!("a probe {} {took}", link.name()));
    }
    let slowest = probed.iter().filter_map(LinkProbes::fastest_ns).max();
    slowest.map_or(Evidence::against_it("there is no link to probe"), |delay| {
        Evidence::for_it(format!("probes on {} links took {} or less", probed.len(), millis(delay)))
    })
}

/// A killed node refuses connections.
pub(super) fn killed(accepts: bool, incarnation: u32) -> Evidence {
    if accepts {
        Evidence::against_it(format!("incarnation {incarnation} still accepts connections"))
    } else {
        Evidence::for_it(format!("incarnation {incarnation} is gone: connection refused"))
    }
}

/// A restarted node accepts them, in another life.
pub(super) fn restarted(accepts: bool, before: u32, now: u32) -> Evidence {
    if !accepts {
        Evidence::against_it("connection refused")
    } else if now <= before {
        Evidence::against_it(format!("it is still incarnation {now}"))
    } else {
        Evidence::for_it(format!("incarnation {before} → {now}"))
    }
}

/// A paused node takes connections and does not answer.
pub(super) fn silent(accepts: bool, answered: bool, waited_ns: u64) -> Evidence {
    if !accepts {
        Evidence::against_it("connection refused: a dead process cannot be paused")
    } else if answered {
        Evidence::against_it("a probe was answered")
    } else {
        Evidence::for_it(format!("no answer to a probe for {}", millis(waited_ns)))
    }
}

/// A node that goes on answers.
pub(super) fn responsive(answered: bool) -> Evidence {
    if answered {
        Evidence::for_it("a probe was answered")
    } else {
        Evidence::against_it("no answer to a probe")
    }
}

/// A clock under fault is off by the skew, and a strobing one, jumping by so much, is also without it at times.
/// `offsets_us`: measured since the fault was injected.
pub(super) fn skewed(offsets_us: &[i64], skew_us: i64, jumps_by_us: Option<i64>) -> Evidence {
    let seen = |wanted: i64| {
        let near = |offset: &&i64| (**offset - wanted).abs() <= CLOCK_TOLERANCE_US;
        offsets_us.iter().find(near).copied()
    };
    let last = offsets_us.last().map_or("not measured".to_owned(), |&last| micros(last));
    let Some(there) = seen(skew_us) else {
        return Evidence::against_it(format!("clock offset {last}, not {}", micros(skew_us)));
    };
    match jumps_by_us {
        None => Evidence::for_it(format!("clock offset {}", micros(there))),
        Some(by) => match seen(skew_us - by) {
            None => Evidence::against_it(format!("the clock does not jump: offset {last}")),
            Some(back) => Evidence::for_it(format!(
                "clock offset jumps between {} and {}",
                micros(back),
                micros(there)
            )),
        },
    }
}

/// A healed clock has been right, but for the skew of other faults, in all of the last measurements.
pub(super) fn right(offsets_us: &[i64], skew_us: i64) -> Evidence {
    let wrong = |offset: &&i64| (**offset - skew_us).abs() > CLOCK_TOLERANCE_US;
    match (offsets_us.last(), offsets_us.iter().find(wrong)) {
        (None, _) => Evidence::against_it("the clock was not measured"),
        (_, Some(&offset)) => Evidence::against_it(format!("clock offset {}", micros(offset))),
        (Some(&last), None) => Evidence::for_it(format!("clock offset {}", micros(last))),
    }
}

fn millis(ns: u64) -> String {
    format!("{:.1} ms", ns as f64 / 1e6)
}

fn micros(us: i64) -> String {
    format!("{:+.1} ms", us as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn probes(link: Link, delays_ms: &[Option<u64>]) -> LinkProbes {
        LinkProbes { link, delays_ns: delays_ms.iter().map(|d| d.map(|ms| ms * MS)).collect() }
    }

    #[test]
    fn a_probe_that_arrives_speaks_against_a_cut() {
        let dead = probes((0, 1), &[None, None]);
        let alive = probes((1, 0), &[None, Some(1)]);
        assert!(cut(std::slice::from_ref(&dead)).holds);
        assert!(!cut(&[dead.clone(), alive.clone()]).holds);
        assert!(!cut(&[]).holds);
        assert!(mended(std::slice::from_ref(&alive)).holds);
        assert!(!mended(&[dead, alive]).holds);
        assert!(!mended(&[]).holds);
    }

    #[test]
    fn a_quick_probe_speaks_against_a_slow_link() {
        let dragging = probes((0, 1), &[Some(60), None, Some(52)]);
        let fast = probes((1, 0), &[Some(1), Some(60)]);
        assert!(slow(std::slice::from_ref(&dragging), 50 * MS).holds);
        assert!(!slow(&[dragging.clone(), fast.clone()], 50 * MS).holds);
        assert!(!slow(&[probes((0, 1), &[None])], 50 * MS).holds);
        assert!(quick(std::slice::from_ref(&fast), 50 * MS).holds);
        assert!(!quick(&[fast, dragging], 50 * MS).holds);
        assert!(!quick(&[], 50 * MS).holds);
    }

    #[test]
    fn a_node_that_answers_was_neither_killed_nor_paused() {
        assert!(killed(false, 1).holds && !killed(true, 1).holds);
        assert!(restarted(true, 1, 2).holds);
        assert!(!restarted(true, 1, 1).holds && !restarted(false, 1, 2).holds);
        assert!(silent(true, false, MS).holds);
        assert!(!silent(true, true, MS).holds && !silent(false, false, MS).holds);
        assert!(responsive(true).holds && !responsive(false).holds);
    }

    #[test]
    fn a_clock_that_is_right_was_not_skewed() {
        assert!(skewed(&[0, 150_300], 150_000, None).holds);
        assert!(!skewed(&[0, 0], 150_000, None).holds && !skewed(&[], 150_000, None).holds);
        assert!(skewed(&[0, 500_000], 500_000, Some(500_000)).holds);
        assert!(!skewed(&[500_000], 500_000, Some(500_000)).holds);
        assert!(right(&[300, -300], 0).holds && right(&[1_000_200], 1_000_000).holds);
        assert!(!right(&[0, 150_000], 0).holds && !right(&[], 0).holds);
    }
}
