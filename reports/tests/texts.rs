//! What people and machines read, held against files in `snapshots/`. `cargo xtask snapshots` writes them anew.

mod fixture;

use afterall_checkers::{Valid, Verdict};
use afterall_reports::{
    Detail, SUMMARY_BYTES_MAX, Terminal, junit_xml, summary_md, verdict_json, verdict_text,
};

fn matches_snapshot(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

/// What is shown of everything, without colours.
fn full(verdict: &Verdict, width: usize) -> String {
    verdict_text(verdict, Terminal { color: false, width }, Detail::Full)
}

fn run() -> Verdict {
    fixture::verdict(&fixture::history(3000, false))
}

/// At the widths that people have, with and without colours.
#[test]
fn a_broken_run_on_a_terminal() {
    for width in [40, 80, 120] {
        for (color, of) in [(false, ""), (true, "-colour")] {
            let text = verdict_text(&run(), Terminal { color, width }, Detail::Usual);
            matches_snapshot(&format!("broken-{width}{of}.txt"), &text);
        }
    }
    let terminal = Terminal { color: false, width: 80 };
    matches_snapshot("broken-brief.txt", &verdict_text(&run(), terminal, Detail::Brief));
    matches_snapshot("broken-full.txt", &full(&run(), 100));
}

#[test]
fn a_good_run_on_a_terminal() {
    let good = fixture::good(&fixture::history(3000, false));
    for width in [40, 80, 120] {
        let text = verdict_text(&good, Terminal { color: false, width }, Detail::Usual);
        matches_snapshot(&format!("good-{width}.txt"), &text);
    }
    let terminal = Terminal { color: false, width: 80 };
    matches_snapshot("good-brief.txt", &verdict_text(&good, terminal, Detail::Brief));
}

/// What nobody promised is no news where something was promised, and all there is to say where nothing was.
#[test]
fn what_was_not_promised_is_folded_only_where_something_was() {
    let terminal = Terminal { color: false, width: 100 };
    let mut verdict = run();
    let unpromised = verdict.anomalies.iter().find(|anomaly| !anomaly.promised).unwrap().clone();
    let head = format!("{}. {}", unpromised.id, unpromised.kind);
    let text = verdict_text(&verdict, terminal, Detail::Usual);
    assert!(text.contains("Not promised, only measured: ") && !text.contains(&head), "{text}");
    assert!(full(&verdict, 100).contains("Not promised, only measured\n"));
    verdict.properties.iter_mut().for_each(|property| property.promised = false);
    verdict.anomalies.iter_mut().for_each(|anomaly| anomaly.promised = false);
    let text = verdict_text(&verdict, terminal, Detail::Usual);
    assert!(text.contains("Not promised, only measured\n") && text.contains("  ○ "), "{text}");
    assert!(text.contains("Anomalies") && !text.contains("✗ no"), "{text}");
}

#[test]
fn the_terminal_is_never_wider_than_asked_and_gets_no_control_characters() {
    let mut verdict = run();
    verdict.anomalies[0].sentence =
        format!("a\u{1b}[2J {} {}", "x".repeat(500), "word ".repeat(50));
    verdict.reasons = vec!["y".repeat(300)];
    for width in [40, 60, 79, 100, 200] {
        let text = full(&verdict, width);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
        let too_wide: Vec<_> = text.lines().filter(|l| l.chars().count() > width.max(64)).collect();
        assert!(too_wide.is_empty(), "{width}: {too_wide:?}");
    }
}

/// The word agrees with the mark beside it.
#[test]
fn what_held_in_too_few_chances_is_not_said_to_have_held() {
    let mut verdict = fixture::good(&fixture::history(300, false));
    verdict.properties.iter_mut().for_each(|property| property.hardly_exercised = true);
    let text = full(&verdict, 100);
    let unsure: Vec<&str> = text.lines().filter(|line| line.starts_with("  ? ")).collect();
    let hardly = unsure.iter().filter(|line| line.contains("  hardly exercised  "));
    assert!(hardly.count() > 0 && !unsure.iter().any(|line| line.contains("  held  ")), "{text}");
    let summary = summary_md(&verdict, &fixture::context());
    assert!(summary.contains("❔ hardly exercised") && !summary.contains("❔ held"), "{summary}");
}

#[test]
fn what_a_last_read_shows_that_nobody_called_final_is_not_said_to_have_survived() {
    let mut verdict = run();
    assert!(full(&verdict, 100).contains("  survived  "));
    verdict.figures.fates.as_mut().unwrap().unmarked = true;
    let text = full(&verdict, 100);
    assert!(text.contains("  in a last read  ") && !text.contains("survived"), "{text}");
    assert!(text.contains("No read is marked as final"), "{text}");
}

#[test]
fn junit_has_a_case_a_property() {
    let xml = junit_xml(&run()).unwrap();
    matches_snapshot("broken.xml", &xml);
    assert_eq!(xml.matches("<testcase").count(), run().properties.len());
    assert_eq!(xml.matches("<failure").count(), 3);
    assert_eq!(xml.matches("<skipped").count(), 1);
}

#[test]
fn an_unknown_run_is_not_green_in_junit() {
    let mut verdict = fixture::good(&fixture::history(300, false));
    verdict.valid = Valid::Unknown;
    verdict.reasons = vec!["fault 0 did not take hold".to_owned()];
    let xml = junit_xml(&verdict).unwrap();
    assert!(xml.contains("<skipped message=\"fault 0 did not take hold\""), "{xml}");
}

#[test]
fn junit_takes_any_text() {
    let mut verdict = run();
    verdict.anomalies[0].sentence = "\u{0}\u{1b}]]><script>&\u{fffe}".to_owned();
    let xml = junit_xml(&verdict).unwrap();
    assert!(!xml.contains('\u{0}') && !xml.contains("<script>"), "{xml}");
}

#[test]
fn a_summary_for_ci() {
    matches_snapshot("broken.md", &summary_md(&run(), &fixture::context()));
}

#[test]
fn a_summary_is_bounded_and_its_data_no_markup() {
    let mut verdict = run();
    for id in 0..5000 {
        let mut anomaly = verdict.anomalies[0].clone();
        anomaly.id = id;
        anomaly.sentence = format!("<img src=x> | {}", "long ".repeat(10_000));
        verdict.anomalies.push(anomaly);
    }
    verdict.reasons = vec!["<script>".repeat(10_000); 100];
    let text = summary_md(&verdict, &fixture::context());
    assert!(text.len() <= SUMMARY_BYTES_MAX, "{}", text.len());
    assert!(!text.contains("<script>") && !text.contains("<img"));
}

#[test]
fn verdict_json_comes_back_the_same() {
    let verdict = run();
    let again: Verdict = serde_json::from_str(&verdict_json(&verdict).unwrap()).unwrap();
    assert_eq!(again, verdict);
}
