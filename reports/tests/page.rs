//! The HTML report as text: its size, its data, its policy. What it does in a browser: `browser.rs`. With
//! `AFTERALL_SHOTS=DIR` the page of a million operations stays there, to be measured by hand.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod fixture;

use afterall_checkers::Edge;
use afterall_history::{Header, HistoryBuilder, Workload};
use afterall_reports::{Context, REPORT_BYTES_MAX, report_html};

fn data(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"run\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_small_run_is_embedded_whole() {
    let history = fixture::history(3000, false);
    let page = report_html(&history, &fixture::verdict(&history), &fixture::context()).unwrap();
    let data = data(&page);
    assert_eq!(data["ops"]["index"].as_array().unwrap().len(), history.len());
    assert!(data["density"].is_null());
    // The differences add up to the times.
    let at: i64 = data["ops"]["at"].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).sum();
    assert_eq!(at, history.ops().last().unwrap().invoked());
}

#[test]
fn a_million_operations_stay_under_the_budget_with_every_witness_exact() {
    let history = fixture::history(1_500_000, false);
    assert!(history.len() > 800_000, "{}", history.len());
    let verdict = fixture::verdict(&history);
    let page = report_html(&history, &verdict, &fixture::context()).unwrap();
    if let Some(folder) = std::env::var_os("AFTERALL_SHOTS") {
        std::fs::write(std::path::Path::new(&folder).join("million.html"), &page).unwrap();
    }
    assert!(page.len() <= REPORT_BYTES_MAX, "{}", page.len());
    let data = data(&page);
    let mut index = 0;
    let embedded: std::collections::BTreeSet<u64> = data["ops"]["index"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| {
            index += n.as_u64().unwrap();
            index
        })
        .collect();
    assert!(embedded.len() > 20_000, "{}", embedded.len());
    for anomaly in &verdict.anomalies {
        assert!(anomaly.witness.iter().all(|op| embedded.contains(&u64::from(*op))), "{anomaly:?}");
    }
    // The density counts what the columns leave out.
    let lanes = data["density"]["node"]["lanes"].as_array().unwrap();
    let cells = lanes.iter().flat_map(|lane| lane[1].as_array().unwrap().chunks(4));
    let counted: u64 = cells.map(|c| c[1..].iter().map(|n| n.as_u64().unwrap()).sum::<u64>()).sum();
    assert_eq!(counted, history.len() as u64);
}

#[test]
fn huge_values_do_not_break_the_budget() {
    let history = fixture::history(20_000, true);
    let mut verdict = fixture::verdict(&history);
    let model = verdict.anomalies[0].clone();
    for id in 0..500 {
        let mut anomaly = model.clone();
        anomaly.id = id;
        anomaly.sentence = "<".repeat(100_000);
        let edge = anomaly.edges[0].clone();
        let why = "<".repeat(1000);
        anomaly.edges = vec![Edge { why, ..edge }; 200];
        verdict.anomalies.push(anomaly);
    }
    let mut fault = verdict.faults[0].clone();
    fault.evidence = vec!["<".repeat(10_000); 100];
    verdict.faults = vec![fault; 3000];
    verdict.reasons = vec!["<".repeat(100_000); 1000];
    let context = Context { run_toml: "<".repeat(3_000_000), ..fixture::context() };
    let page = report_html(&history, &verdict, &context).unwrap();
    assert!(page.len() <= REPORT_BYTES_MAX, "{}", page.len());
}

#[test]
fn data_cannot_leave_its_block() {
    let history = fixture::history(3000, true);
    let mut verdict = fixture::verdict(&history);
    verdict.target = format!("</title>{}", fixture::HOSTILE);
    let page = report_html(&history, &verdict, &fixture::context()).unwrap();
    assert!(!page.contains(fixture::HOSTILE));
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(data(&page)["texts"].to_string().contains(fixture::HOSTILE), "and it is still there");
}

#[test]
fn nothing_is_taken_from_elsewhere() {
    let history = fixture::history(300, false);
    let page = report_html(&history, &fixture::verdict(&history), &fixture::context()).unwrap();
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
    let outside = page.replace("http://www.w3.org/2000/svg", "");
    for word in [
        "http://",
        "https://",
        "src=",
        "@import",
        "url(",
        "innerHTML",
        "insertAdjacentHTML",
        "eval(",
    ] {
        let found = outside.matches(word).count();
        // Arrow heads in drawings are named by url(#…).
        let allowed = if word == "url(" { outside.matches("url(#").count() } else { 0 };
        assert_eq!(found, allowed, "{word}");
    }
}

#[test]
fn the_same_run_gives_the_same_page() {
    let page = || {
        let history = fixture::history(3000, false);
        report_html(&history, &fixture::verdict(&history), &fixture::context()).unwrap()
    };
    assert!(page() == page());
}

#[test]
fn a_history_of_nothing_is_reported_too() {
    let header = Header::new("reference", Workload::Register, 1, ["n1"]);
    let history = HistoryBuilder::new(header).unwrap().finish();
    let page = report_html(&history, &fixture::good(&history), &Context::default()).unwrap();
    assert!(page.contains("</html>"));
}
