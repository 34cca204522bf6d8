//! What measurements show of a fault: whether it took hold, or whether it is gone. The measurements are taken through
//! the very links, connections and clocks that the nodes and the sessions use.

use afterall_engine::evidence::Drift;
use afterall_engine::faults::Link;
use afterall_engine::{Evidence, Observation};

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
    fn fastest_ns(&self) -> Option<u64> {
        self.delays_ns.iter().copied().flatten().min()
    }
}

/// A cut link lets nothing through.
pub(super) fn cut(probed: &[LinkProbes]) -> Evidence {
    if let Some((link, after_ns)) = probed.iter().find_map(|of| Some((of.link, of.fastest_ns()?))) {
        return Evidence::against_it(Observation::ProbeArrived { link, after_ns });
    }
    let probes: usize = probed.iter().map(|link| link.delays_ns.len()).sum();
    if probes == 0 {
        return Evidence::against_it(Observation::NoLink);
    }
    Evidence::for_it(Observation::ProbesLost { probes, links: probed.len() })
}

/// A link that is no longer cut lets probes through.
pub(super) fn mended(probed: &[LinkProbes]) -> Evidence {
    match probed.iter().find(|link| link.fastest_ns().is_none()) {
        Some(of) => Evidence::against_it(Observation::NoProbeArrived(of.link)),
        None if probed.is_empty() => Evidence::against_it(Observation::NoLink),
        None => Evidence::for_it(Observation::ProbesArrived { links: probed.len() }),
    }
}

/// A slow link takes at least the latency less the jitter.
pub(super) fn slow(probed: &[LinkProbes], least_ns: u64, asked_ms: (u32, u32)) -> Evidence {
    late(probed, least_ns, |answered, fastest_ns| {
        let links = probed.len();
        Observation::SlowProbes { answered, links, fastest_ns, asked_ms }
    })
}

/// A limited link takes as long for a probe as its size asks for. `probe`: its size in bytes, and what it takes at least.
pub(super) fn limited(probed: &[LinkProbes], probe: (u64, u64), kb_per_s: u32) -> Evidence {
    let (bytes, least_ns) = probe;
    late(probed, least_ns, |answered, fastest_ns| {
        let links = probed.len();
        Observation::LimitedProbes { answered, links, bytes, fastest_ns, kb_per_s }
    })
}

/// No probe may arrive sooner than this. `observed` is given how many links carried one, and what the fastest took.
fn late(
    probed: &[LinkProbes],
    least_ns: u64,
    observed: impl FnOnce(usize, u64) -> Observation,
) -> Evidence {
    let arrived = || probed.iter().filter_map(|of| Some((of.fastest_ns()?, of.link)));
    match arrived().min() {
        Some((took_ns, link)) if took_ns < least_ns => {
            Evidence::against_it(Observation::TooFast { link, took_ns, least_ns })
        }
        Some((fastest_ns, _)) => Evidence::for_it(observed(arrived().count(), fastest_ns)),
        None => Evidence::against_it(Observation::NoProbeAnswered),
    }
}

/// A link that is no longer slow takes less.
pub(super) fn quick(probed: &[LinkProbes], least_ns: u64) -> Evidence {
    let slow = |of: &&LinkProbes| of.fastest_ns().is_none_or(|delay_ns| delay_ns >= least_ns);
    if let Some(of) = probed.iter().find(slow) {
        let (link, took_ns) = (of.link, of.fastest_ns());
        return Evidence::against_it(Observation::StillSlow { link, took_ns });
    }
    match probed.iter().filter_map(LinkProbes::fastest_ns).max() {
        Some(slowest_ns) => {
            Evidence::for_it(Observation::QuickProbes { links: probed.len(), slowest_ns })
        }
        None => Evidence::against_it(Observation::NoLink),
    }
}

/// A killed node refuses connections.
pub(super) fn killed(accepts: bool) -> Evidence {
    if accepts {
        Evidence::against_it(Observation::StillAccepts)
    } else {
        Evidence::for_it(Observation::ConnectionRefused { error: None })
    }
}

/// A wiped node refuses connections, and its disk is empty.
pub(super) fn wiped(accepts: bool, emptied: Option<usize>, holds: usize) -> Evidence {
    match (killed(accepts), emptied) {
        (evidence, _) if !evidence.holds => evidence,
        (mut evidence, Some(held)) if holds == 0 => {
            evidence.observed.push(Observation::DiskEmptied { held });
            evidence
        }
        _ => Evidence::against_it(Observation::DiskNotEmpty { holds }),
    }
}

/// A restarted node accepts them, in another life.
pub(super) fn restarted(accepts: bool, before: u32, now: u32) -> Evidence {
    if !accepts {
        Evidence::against_it(Observation::ConnectionRefused { error: None })
    } else if now <= before {
        Evidence::against_it(Observation::NotRestarted { incarnation: now })
    } else {
        Evidence::for_it(Observation::Restarted { before, now })
    }
}

/// A full disk refuses a write.
pub(super) fn full(takes_a_write: bool) -> Evidence {
    if takes_a_write {
        Evidence::against_it(Observation::DiskTakes)
    } else {
        Evidence::for_it(Observation::DiskRefuses)
    }
}

/// A disk that has room again takes one, and its node answers: in another life, if it had ended. `lives`: the node's
/// incarnations when the fault was injected, and now.
pub(super) fn freed(
    takes_a_write: bool,
    accepts: bool,
    answered: bool,
    (before, now): (u32, u32),
) -> Evidence {
    if !takes_a_write {
        Evidence::against_it(Observation::DiskRefuses)
    } else if !accepts {
        Evidence::against_it(Observation::ConnectionRefused { error: None })
    } else if !answered {
        Evidence::against_it(Observation::SilentSoFar)
    } else if now > before {
        Evidence::for_it([Observation::DiskTakes, Observation::Restarted { before, now }])
    } else {
        // In the same life: it had nothing to write.
        Evidence::for_it([Observation::DiskTakes, Observation::Answers])
    }
}

/// A paused node takes connections and does not answer.
pub(super) fn silent(accepts: bool, answered: bool, waited_ns: u64) -> Evidence {
    if !accepts {
        // A dead process cannot be paused.
        Evidence::against_it(Observation::ConnectionRefused { error: None })
    } else if answered {
        Evidence::against_it(Observation::Answers)
    } else {
        Evidence::for_it(Observation::Silence { waited_ns })
    }
}

/// A node that goes on answers.
pub(super) fn responsive(answered: bool) -> Evidence {
    if answered {
        Evidence::for_it(Observation::Answers)
    } else {
        Evidence::against_it(Observation::SilentSoFar)
    }
}

/// A clock under fault is off by the skew, and a strobing one, jumping by so much, is also without it at times.
/// `offsets_us`: measured since the fault was injected.
pub(super) fn skewed(offsets_us: &[i64], skew_us: i64, jumps_by_us: Option<i64>) -> Evidence {
    let seen = |wanted: i64| {
        let near = |offset: &&i64| (**offset - wanted).abs() <= CLOCK_TOLERANCE_US;
        offsets_us.iter().find(near).copied()
    };
    let last_us = offsets_us.last().copied();
    let Some(there_us) = seen(skew_us) else {
        let wanted_us = skew_us;
        return Evidence::against_it(Observation::ClockOffsetNot { offset_us: last_us, wanted_us });
    };
    match jumps_by_us {
        None => Evidence::for_it(Observation::ClockOffset { offset_us: there_us }),
        Some(by) => match seen(skew_us - by) {
            None => Evidence::against_it(Observation::ClockSteady { offset_us: last_us }),
            Some(back_us) => {
                Evidence::for_it(Observation::ClockJumps { between_us: back_us, and_us: there_us })
            }
        },
    }
}

/// A clock that drifts by so much was seen on its way, and then where it should arrive. `offsets_us`: measured since the
/// fault was injected.
pub(super) fn drifted(offsets_us: &[i64], skew_us: i64, by_us: i64) -> Evidence {
    let drift = Drift { by: by_us, tolerance: CLOCK_TOLERANCE_US };
    let start_us = skew_us.saturating_sub(by_us);
    let last_us = offsets_us.last().copied();
    let gone = |offset: &i64| offset.saturating_sub(start_us);
    let on_its_way = offsets_us.iter().position(|offset| drift.is_on_its_way(gone(offset)));
    let (before, after) = offsets_us.split_at(on_its_way.map_or(0, |place| place + 1));
    let arrived_us = after.iter().find(|offset| drift.has_arrived(gone(offset))).copied();
    match (before.last(), arrived_us, last_us) {
        (Some(&between_us), Some(then_us), _) => {
            Evidence::for_it(Observation::ClockDrifts { between_us, then_us })
        }
        (None, Some(_), Some(offset_us)) => {
            Evidence::against_it(Observation::ClockDoesNotDrift { offset_us })
        }
        _ => {
            let (offset_us, wanted_us) = (last_us, skew_us);
            Evidence::against_it(Observation::ClockOffsetNot { offset_us, wanted_us })
        }
    }
}

/// A healed clock has been right, but for the skew of other faults, in all of the last measurements.
pub(super) fn right(offsets_us: &[i64], skew_us: i64) -> Evidence {
    let wrong = |offset: &&i64| (**offset - skew_us).abs() > CLOCK_TOLERANCE_US;
    match (offsets_us.last(), offsets_us.iter().find(wrong)) {
        (None, _) => Evidence::against_it(Observation::ClockNotMeasured),
        (_, Some(&wrong_us)) => Evidence::against_it(Observation::ClockOffsetNot {
            offset_us: Some(wrong_us),
            wanted_us: skew_us,
        }),
        (Some(&last_us), None) => Evidence::for_it(Observation::ClockOffset { offset_us: last_us }),
    }
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
        assert!(slow(std::slice::from_ref(&dragging), 50 * MS, (50, 0)).holds);
        assert!(!slow(&[dragging.clone(), fast.clone()], 50 * MS, (50, 0)).holds);
        assert!(!slow(&[probes((0, 1), &[None])], 50 * MS, (50, 0)).holds);
        assert!(quick(std::slice::from_ref(&fast), 50 * MS).holds);
        assert!(!quick(&[fast, dragging], 50 * MS).holds);
        assert!(!quick(&[], 50 * MS).holds);
    }

    #[test]
    fn a_node_that_answers_was_neither_killed_nor_paused() {
        assert!(killed(false).holds && !killed(true).holds);
        assert!(restarted(true, 1, 2).holds);
        assert!(!restarted(true, 1, 1).holds && !restarted(false, 1, 2).holds);
        assert!(silent(true, false, MS).holds);
        assert!(!silent(true, true, MS).holds && !silent(false, false, MS).holds);
        assert!(responsive(true).holds && !responsive(false).holds);
    }

    #[test]
    fn a_disk_that_takes_a_write_is_not_full_and_one_that_refuses_is_not_freed() {
        assert!(full(false).holds && !full(true).holds);
        let restarted = freed(true, true, true, (1, 2));
        assert_eq!(restarted.to_string(), "its disk takes a write; incarnation 1 → 2");
        assert!(restarted.holds && freed(true, true, true, (1, 1)).holds);
        assert!(!freed(false, true, true, (1, 2)).holds);
        assert!(!freed(true, false, false, (1, 1)).holds);
        assert!(!freed(true, true, false, (1, 2)).holds);
    }

    #[test]
    fn a_clock_that_is_right_was_not_skewed() {
        assert!(skewed(&[0, 150_300], 150_000, None).holds);
        assert!(!skewed(&[0, 0], 150_000, None).holds && !skewed(&[], 150_000, None).holds);
        assert!(skewed(&[0, 500_000], 500_000, Some(500_000)).holds);
        assert!(!skewed(&[500_000], 500_000, Some(500_000)).holds);
        for sign in [1, -1] {
            let of = |offsets: &[i64]| {
                let offsets: Vec<i64> = offsets.iter().map(|offset| sign * offset).collect();
                drifted(&offsets, sign * 480_000, sign * 480_000)
            };
            let evidence = of(&[0, 100_000, 240_000, 478_000]);
            let seen =
                Observation::ClockDrifts { between_us: sign * 240_000, then_us: sign * 478_000 };
            assert_eq!(evidence, Evidence::for_it(seen));
            // On its way only, there at once, there and back, the other way, or not at all.
            for not in
                [&[0, 240_000][..], &[0, 480_000], &[480_000, 240_000], &[-240_000, -480_000]]
            {
                assert!(!of(not).holds, "{not:?}");
            }
            assert!(!of(&[0, 0]).holds && !of(&[]).holds);
        }
        // Where another fault skews the clock already, it begins there.
        assert!(drifted(&[1_000_000, 1_240_000, 1_480_000], 1_480_000, 480_000).holds);
        assert!(right(&[300, -300], 0).holds && right(&[1_000_200], 1_000_000).holds);
        assert!(!right(&[0, 150_000], 0).holds && !right(&[], 0).holds);
    }
}
