//! What is new, ongoing, rare and resolved; what is known.

use crate::made::{index, line, runs};
use afterall_campaign::{Date, Ended, Finding, Index, Judgement, Known, Night, Report, Standing};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn report_with(now: &Index, before: &[&Index], known: &Known, today: &str) -> Report {
    let names = ["first", "second", "third"];
    let before: Vec<Night<'_>> =
        before.iter().zip(names).map(|(index, name)| Night { name, index }).collect();
    Report::new(&Night { name: "now", index: now }, &before, known, day(today))
}

fn report(now: &Index, before: &[&Index]) -> Report {
    report_with(now, before, &Known::default(), "2026-11-28")
}

fn finding(report: &Report) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    &report.findings[0]
}

#[test]
fn a_failure_is_new_or_ongoing() {
    let clean = index(40, runs(2, 40, "a", 0, ""));
    let failing = index(40, runs(2, 40, "a", 4, "k"));
    let new = report(&failing, &[&clean]);
    let found = finding(&new);
    assert_eq!((found.standing, found.now, found.before), (Standing::New, (4, 40), (0, 40)));
    assert_eq!((found.first.night.as_str(), found.first.run, found.smallest.run), ("now", 2, 2));
    assert!(found.counts() && new.judgement == Judgement::Invalid);
    let (low, high) = found.odds();
    assert!(low < 0.1 && 0.1 < high);
    let ongoing = report(&failing, &[&clean, &failing]);
    let found = finding(&ongoing);
    assert_eq!((found.standing, found.before), (Standing::Ongoing, (4, 80)));
    assert_eq!((found.first.night.as_str(), found.last.as_str()), ("second", "now"));
    // Whoever has failed before fails on.
    assert_eq!(ongoing.judgement, Judgement::Invalid);
    assert_eq!(report(&clean, &[]).judgement, Judgement::Valid);
}

#[test]
fn a_failure_that_does_not_come_is_resolved_only_if_that_is_hardly_luck() {
    let clean = index(40, runs(2, 40, "a", 0, ""));
    let standing = |before: &Index, now: &Index| {
        let report = report(now, &[before]);
        let found = finding(&report);
        assert!(!found.counts() && report.judgement == Judgement::Valid);
        (found.standing, found.luck.unwrap())
    };
    let (often, luck) = standing(&index(40, runs(2, 40, "a", 10, "k")), &clean);
    assert!(often == Standing::Resolved && luck < 0.05, "{luck}");
    let (seldom, luck) = standing(&index(40, runs(2, 40, "a", 1, "k")), &clean);
    assert!(seldom == Standing::Rare && (luck - 0.5).abs() < 1e-9, "{luck}");
    // A short night tells less of the same failure.
    let short = index(40, runs(2, 2, "a", 0, ""));
    assert_eq!(
        report(&short, &[&index(40, runs(2, 40, "a", 10, "k"))]).findings[0].standing,
        Standing::Rare
    );
    // Nor does one of other cells, or one that crashed.
    for other in
        [runs(2, 40, "b", 0, ""), (2..42).map(|n| line(n, "a", Ended::Crashed, &[])).collect()]
    {
        let report = report(&index(40, other), &[&index(40, runs(2, 40, "a", 10, "k"))]);
        assert_eq!(
            (report.findings[0].standing, report.findings[0].luck),
            (Standing::Rare, Some(1.0))
        );
    }
}

fn known(text: &str) -> Known {
    Known::parse(text, "k.toml").unwrap()
}

const KNOWN: &str = "[[known]]\nkey = 'k'\nreason = 'r'\nowner = 'ann'\nuntil = 2026-12-31\n";

#[test]
fn what_is_known_does_not_fail_until_it_expires() {
    let failing = index(40, runs(2, 40, "a", 4, "k"));
    let judged = |today: &str| report_with(&failing, &[], &known(KNOWN), today);
    let let_pass = judged("2026-12-31");
    assert!(!finding(&let_pass).counts());
    assert_ne!(let_pass.judgement, Judgement::Invalid);
    let expired = judged("2027-01-01");
    assert!(finding(&expired).counts() && finding(&expired).excuse.as_ref().unwrap().expired);
    assert_eq!(expired.judgement, Judgement::Invalid);
    assert!(expired.reasons[0].contains("until a day that is over"), "{:?}", expired.reasons);
    // What was never seen may be struck off the list.
    let clean = index(40, runs(2, 40, "a", 0, ""));
    assert_eq!(report_with(&clean, &[], &known(KNOWN), "2026-12-31").unseen.len(), 1);
}

#[test]
fn a_known_failure_hides_no_other() {
    let both = index(
        40,
        [line(2, "a", Ended::Invalid, &["k", "worse"]), line(3, "a", Ended::Invalid, &["k"])],
    );
    let judged = report_with(&both, &[], &known(KNOWN), "2026-12-31");
    let keys: Vec<(&str, bool)> =
        judged.findings.iter().map(|finding| (finding.key.as_str(), finding.counts())).collect();
    assert_eq!(keys, [("worse", true), ("k", false)]);
    // Where nothing is known a run counts once, under its gravest.
    let judged = report(&both, &[]);
    assert_eq!((finding(&judged).key.as_str(), finding(&judged).now.0), ("k", 2));
}
