//! How long writes took to be seen everywhere, and objectives about it.

use crate::table::judge;
use afterall_checkers::{Valid, Verdict};

fn history(slo: &str, table: &str) -> Verdict {
    judge(&format!("! slo {slo}\n! promise no-phantoms\n{table}"))
}

/// A write that n1 shows at once, and n2 at first not, then, then not again, and then for good.
const FLICKERS: &str = "p1@n1 write x 1 10..20
    p1@n1 write x 2 30..40
    p2@n1 read x [2] 41..42
    p3@n2 read x [1] 50..51
    p3@n2 read x [2] 60..61
    p3@n2 read x [1] 70..71
    p3@n2 read x [2] 80..81
    p2@n1 read x [2] 90..91 final
    p3@n2 read x [2] 92..93 final";

#[test]
fn the_window_ends_at_the_last_stale_read_and_not_at_the_first_fresh_one() {
    let windows = history("max<1us", FLICKERS).figures.windows.unwrap();
    // The first write: n2 shows it, or what is newer, from the first read on.
    assert_eq!((windows.writes, windows.never, windows.unasked), (2, 0, 0));
    assert_eq!((windows.p50_ns, windows.max_ns), (Some(0), Some(30)));
    assert_eq!(windows.asked_every_ns, Some(10));
}

#[test]
fn an_objective_is_met_below_its_limit_and_missed_at_it() {
    let met = history("max<31ns", FLICKERS);
    assert_eq!(met.valid, Valid::True, "{:?}", met.reasons);
    assert_eq!((met.slos[0].met, met.slos[0].observed_ns), (Some(true), Some(30)));
    let missed = history("max<30ns", FLICKERS);
    assert_eq!(missed.valid, Valid::False);
    assert!(
        missed.reasons[0].starts_with("objective max<0.00003ms: not met: max of 2 writes is"),
        "{:?}",
        missed.reasons
    );
    assert_eq!(history("p50<1ns", FLICKERS).valid, Valid::True);
}

#[test]
fn what_is_never_seen_is_endless_and_counts() {
    let never = FLICKERS.replace("read x [2] 92", "read x [1] 92");
    let verdict = history("p50<1s", &never);
    let windows = verdict.figures.windows.as_ref().unwrap();
    assert_eq!((windows.never, windows.p50_ns, windows.max_ns), (1, Some(0), None));
    assert_eq!(verdict.slos[0].met, Some(true));
    let missed = history("max<1h", &never);
    assert_eq!((missed.slos[0].met, missed.slos[0].observed_ns), (Some(false), None));
    assert!(
        missed.slos[0].summary.ends_with("is endless, 1 write not seen everywhere by the end"),
        "{:?}",
        missed.slos
    );
}

#[test]
fn without_data_nobody_knows() {
    for table in [
        "p2@n1 read x [] 10..20 final\np3@n2 read x [] 30..40 final",
        // Nobody asked n2 after the write.
        "p1@n1 write x 1 10..20\np2@n1 read x [1] 30..40 final",
    ] {
        let verdict = history("p99<1s", table);
        assert_eq!(verdict.slos[0].met, None);
        assert_eq!(verdict.valid, Valid::Unknown, "{:?}", verdict.reasons);
        assert!(
            verdict.reasons.iter().any(|why| why.starts_with("objective not measured: p99<1s"))
        );
    }
}

#[test]
fn an_objective_alone_decides_a_run_that_promises_nothing() {
    let verdict = judge(&format!("! slo max<1s\n{FLICKERS}"));
    assert_eq!(verdict.valid, Valid::True, "{:?}", verdict.reasons);
    let verdict = judge(&format!("! slo max<1ns\n{FLICKERS}"));
    assert_eq!(verdict.valid, Valid::False, "{:?}", verdict.reasons);
}

/// Straight from the definition.
#[test]
fn small_histories_agree_with_the_definition() {
    use crate::oracles_registers::{Draw, PLAIN, draw};
    let mut late = 0;
    for seed in 0..2_000 {
        let history = draw(Draw { finals: true, ..PLAIN }, seed);
        let over = |op: &afterall_history::OpView<'_>| op.completion_index().filter(|_| op.is_ok());
        let found = afterall_checkers::check(&history).figures.windows.unwrap_or_default();
        let (mut windows, mut never) = (Vec::new(), 0);
        for write in history.ops().filter(|op| !op.f().is_read()) {
            let Some(end) = over(&write) else { continue };
            let reads = |node| {
                history.ops().filter(move |op| {
                    op.f().is_read()
                        && op.is_ok()
                        && op.key() == write.key()
                        && op.served_by() == node
                        && op.index() > end
                })
            };
            let stale = |read: &afterall_history::OpView<'_>| {
                history.data().items(read.output()).all(|value| {
                    let writer = history.ops().find(|op| {
                        !op.f().is_read() && op.key() == read.key() && op.input() == value
                    });
                    writer
                        .is_some_and(|writer| over(&writer).is_some_and(|end| end < write.index()))
                })
            };
            if history.replicas().any(|node| reads(node).next().is_none()) {
                continue;
            }
            let endless = history
                .replicas()
                .any(|node| reads(node).next_back().is_some_and(|read| stale(&read)));
            let last =
                history.replicas().flat_map(reads).filter(stale).map(|read| read.invoked()).max();
            never += u64::from(endless);
            windows.push(if endless {
                i64::MAX
            } else {
                last.map_or(0, |last| last - write.until())
            });
        }
        // A read of what nobody wrote, or had not written yet, is not told here.
        if found.writes != windows.len() as u64 {
            continue;
        }
        assert_eq!(found.never, never, "seed {seed}");
        let longest = windows.iter().max().copied().filter(|&longest| longest < i64::MAX);
        assert_eq!(found.max_ns, longest, "seed {seed}");
        late += u64::from(longest.is_some_and(|longest| longest > 0));
    }
    assert!(late > 100, "{late}");
}

#[test]
fn where_replicas_differ_at_the_end_what_one_shows_and_another_does_not_is_endless() {
    let ends = |first: &str, at_n1: u32, at_n2: u32| {
        let table = format!(
            "p1@n1 write x 1 {first}
            p2@n2 write x 2 11..21
            p3@n1 read x [{at_n1}] 90..91 final
            p4@n2 read x [{at_n2}] 92..93 final"
        );
        let verdict = history("max<1h", &table);
        (verdict.figures.windows.unwrap().never, verdict.slos[0].met)
    };
    // At the same time: neither is older, and each is missing at one replica for ever.
    assert_eq!(ends("10..20", 1, 2), (2, Some(false)));
    // Where they agree, the other one was replaced.
    assert_eq!(ends("10..20", 2, 2), (0, Some(true)));
    // The later one is missing at n1; the earlier one was replaced at n2.
    assert_eq!(ends("1..2", 1, 2), (1, Some(false)));
}
