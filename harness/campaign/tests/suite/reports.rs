//! What a campaign comes to, and how it is told.

use crate::made::{index, line, runs};
use afterall_campaign::{
    Ended, Index, Judgement, Known, Line, MARKDOWN_BYTES_MAX, Night, Report, Seen, campaign_junit,
    campaign_md,
};
use afterall_history::Share;

fn report(index: &Index) -> Report {
    Report::new(
        &Night { name: "now", index },
        &[],
        &Known::default(),
        "2026-11-28".parse().unwrap(),
    )
}

fn command(seen: &Seen) -> String {
    format!("replay {}", seen.run)
}

#[test]
fn the_worst_reason_decides() {
    let valid = index(4, runs(2, 4, "a", 0, ""));
    assert_eq!(
        (report(&valid).judgement, report(&valid).line()),
        (Judgement::Valid, "valid: 4 runs, none broke a promise".to_owned())
    );
    // The canary was looked for, and not found.
    let mut void = index(4, []);
    for line in void.lines.values_mut() {
        (line.verdict, line.promises) =
            (Ended::Valid, [("convergence".to_owned(), Some(50))].into());
    }
    let judged = report(&void);
    assert_eq!(judged.judgement, Judgement::Void);
    assert!(
        judged.reasons[0].starts_with("the canary no-anti-entropy was not found in 2 runs"),
        "{:?}",
        judged.reasons
    );
    // It was found broken by another property than the known bug breaks.
    for line in void.lines.values_mut() {
        line.promises = [("no-lost-writes".to_owned(), None)].into();
    }
    assert_eq!(report(&void).judgement, Judgement::Void);
    void.lines.remove(&1);
    assert_eq!(report(&void).judgement, Judgement::Unknown, "one of its runs is still to come");
    // Runs that crashed, with and without a threshold.
    let mut crashed = index(4, runs(2, 4, "a", 1, "k"));
    crashed.lines.insert(5, line(5, "a", Ended::Crashed, &[]));
    assert_eq!(report(&crashed).judgement, Judgement::Crashed);
    crashed.header.thresholds.crashed = 1;
    assert_eq!(report(&crashed).judgement, Judgement::Invalid);
    crashed.lines.insert(2, line(2, "a", Ended::Valid, &[]));
    assert_eq!(report(&crashed).judgement, Judgement::Valid);
}

#[test]
fn what_was_not_made_or_not_tried_is_not_valid() {
    let mut short = index(4, runs(2, 3, "a", 0, ""));
    assert_eq!(report(&short).judgement, Judgement::Unknown);
    assert!(
        report(&short).reasons[0].starts_with("3 of 4 runs were made"),
        "{:?}",
        report(&short).reasons
    );
    short.header.thresholds.made = Share::millionths(750_000);
    assert_eq!(report(&short).judgement, Judgement::Valid);
    assert_eq!(report(&index(4, [])).judgement, Judgement::Unknown);
    let with = |chances, verdict| {
        let one = |run| Line {
            promises: [("convergence".to_owned(), chances)].into(),
            ..line(run, "a", verdict, &[])
        };
        report(&index(2, [one(2), one(3)]))
    };
    // Five chances are too few for a run, and twice as many are enough.
    assert_eq!(with(Some(5), Ended::Valid).judgement, Judgement::Valid);
    let few = with(Some(4), Ended::Unknown);
    assert_eq!(few.judgement, Judgement::Unknown);
    assert!(
        few.reasons.iter().any(|why| why.contains("not put to the test often enough: convergence")),
        "{:?}",
        few.reasons
    );
    // Most runs are unknown, more than the threshold of a half.
    let doubtful = with(Some(50), Ended::Unknown);
    assert!(
        doubtful.reasons[0].starts_with("100 % of the runs are unknown, and 50% may be"),
        "{:?}",
        doubtful.reasons
    );
    // What lacks chances alone others make up for; what is in doubt for another reason shows nothing.
    let few = |run, faults| Line {
        promises: [("convergence".to_owned(), Some(9))].into(),
        faults,
        took_hold: 1,
        ..line(run, "a", Ended::Unknown, &[])
    };
    let together = |lines: [Line; 2]| report(&index(2, lines)).cells[0].together;
    assert_eq!(together([few(2, 1), few(3, 1)]), Ended::Valid);
    assert_eq!(together([few(2, 1), few(3, 2)]), Ended::Unknown, "a fault that did not take hold");
    let tested = |run| line(run, "a", Ended::Unknown, &[]);
    assert_eq!(together([tested(2), tested(3)]), Ended::Unknown, "a node died, or the like");
    assert_eq!(together([tested(2), line(3, "a", Ended::Valid, &[])]), Ended::Valid);
}

#[test]
fn a_report_in_markdown_fits_into_a_step_and_says_what_is_left_out() {
    let text = campaign_md(&report(&index(4, runs(2, 4, "a|b", 1, "k_1"))), &command);
    assert!(
        text.starts_with("## ❌ x.toml: invalid: 4 runs, 1 broke a promise, in 1 way, 1 new\n"),
        "{text}"
    );
    assert!(
        text.contains("| ❌ k\\_1 | new | 1 of 4 |") && text.contains("| replay 2 |"),
        "{text}"
    );
    assert!(text.contains("| a\\|b | invalid | ❌ invalid | 1 of 4 |"), "{text}");
    let key = |run: u64| format!("{run} {}", "key ".repeat(200));
    let many = (2..4_000).map(|run| line(run, &key(run), Ended::Invalid, &[&key(run)]));
    let text = campaign_md(&report(&index(4_000, many)), &command);
    assert!(
        text.len() <= MARKDOWN_BYTES_MAX && text.contains("more, which are left out"),
        "{}",
        text.len()
    );
}

#[test]
fn junit_has_a_suite_for_each_cell_and_fails_only_where_something_counts() {
    let failing = index(8, runs(2, 4, "a", 1, "k").into_iter().chain(runs(6, 4, "b", 0, "")));
    let text = campaign_junit(&report(&failing), &command).unwrap();
    assert_eq!(text.matches("<testsuite ").count(), 3);
    // The judgement, the finding, and the promise of its cell.
    assert_eq!(text.matches("<failure").count(), 3, "{text}");
    assert!(text.contains("replay 2") && text.contains("1 of 4 runs failed"), "{text}");
    let known = "[[known]]\nkey = 'k'\nreason = 'r'\nowner = 'ann'\nuntil = 2026-12-31\n";
    let known = Known::parse(known, "k").unwrap();
    let let_pass = |today: &str| {
        let night = Night { name: "now", index: &failing };
        let report = Report::new(&night, &[], &known, today.parse().unwrap());
        campaign_junit(&report, &command).unwrap()
    };
    assert_eq!(let_pass("2026-12-31").matches("<failure").count(), 0);
    assert!(let_pass("2026-12-31").contains("known to ann until 2026-12-31: r"));
    assert_eq!(let_pass("2027-01-01").matches("<failure").count(), 3);
}
