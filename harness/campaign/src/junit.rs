//! A campaign's report as JUnit XML: a suite for each cell with a case for each promise, and one for what was found.
//!
//! A run is no suite: a night has thousands. A failure that is known is skipped, with its reason.

use crate::cells::CellSummary;
use crate::findings::{Finding, Seen};
use crate::line::Ended;
use crate::report::{Judgement, Report};
use afterall_checkers::words::{count, counted};
use afterall_reports::ReportError;
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

/// A report as JUnit XML. `command`: what makes a run again.
///
/// # Errors
/// Never: characters that XML does not allow are left out.
pub fn campaign_junit(
    report: &Report,
    command: &dyn Fn(&Seen) -> String,
) -> Result<String, ReportError> {
    let mut document = Document::new("afterall");
    document.add_test_suite(campaign(report, command));
    for cell in &report.cells {
        document.add_test_suite(suite(report, cell));
    }
    Ok(document.to_string()?)
}

fn failed(kind: NonSuccessKind, what: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message).set_type(what);
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

fn campaign(report: &Report, command: &dyn Fn(&Seen) -> String) -> TestSuite {
    let mut suite = TestSuite::new(format!("campaign {}", report.file));
    suite.add_property(("judgement", report.judgement.name()));
    let reasons = report.reasons.join(" ");
    let status = match report.judgement {
        Judgement::Valid => TestCaseStatus::success(),
        Judgement::Unknown => skipped(&reasons),
        // A void night that is green all over would be the worst of all.
        Judgement::Void => failed(NonSuccessKind::Error, "void", &reasons),
        Judgement::Invalid => failed(NonSuccessKind::Failure, "broken", &reasons),
        Judgement::Crashed => failed(NonSuccessKind::Error, "crashed", &reasons),
    };
    suite.add_test_case(TestCase::new("judgement", status));
    for finding in report.findings.iter().filter(|finding| finding.came()) {
        let (hits, runs) = finding.now;
        let message =
            format!("{}, in {} of {}", finding.standing, count(hits), counted(runs, "run"));
        let mut case = TestCase::new(&*finding.key, of(finding, &message, command));
        case.set_classname("findings");
        suite.add_test_case(case);
    }
    suite
}

fn of(finding: &Finding, message: &str, command: &dyn Fn(&Seen) -> String) -> TestCaseStatus {
    match &finding.excuse {
        Some(known) if !known.expired => skipped(&format!("{message}; {known}")),
        expired => {
            let message = match expired {
                Some(known) => {
                    format!("{message}; it was known to {} until {}", known.owner, known.until)
                }
                None => message.to_owned(),
            };
            let mut status = failed(NonSuccessKind::Failure, "broken", &message);
            status.set_description(format!(
                "{}\n{}",
                finding.smallest.why,
                command(&finding.smallest)
            ));
            status
        }
    }
}

fn suite(report: &Report, cell: &CellSummary) -> TestSuite {
    let mut suite = TestSuite::new(&*cell.label);
    suite.add_property(("runs", cell.runs.to_string().as_str()));
    let counts = report
        .findings
        .iter()
        .any(|finding| finding.counts() && finding.cells.contains(&cell.label));
    let runs = format!("{} of {} failed", count(cell.failed), counted(cell.runs, "run"));
    let broken = || match counts {
        true => failed(NonSuccessKind::Failure, "broken", &runs),
        false => skipped(&format!("{runs}, in ways that are known")),
    };
    for (promise, &chances) in &cell.promises {
        let status = match chances {
            None => broken(),
            Some(chances) if chances < cell.floor => skipped(&format!(
                "not put to the test often enough: {}",
                counted(chances, "chance")
            )),
            Some(_) => TestCaseStatus::success(),
        };
        suite.add_test_case(TestCase::new(&**promise, status));
    }
    // What no promise tells: scenarios that were not as expected, objectives, crashes.
    let status = match cell.worst {
        Ended::Invalid if cell.promises.values().all(Option::is_some) => Some(broken()),
        Ended::Crashed => {
            let message = format!("{} crashed", counted(cell.crashed, "run"));
            Some(failed(NonSuccessKind::Error, "crashed", &message))
        }
        _ if cell.promises.is_empty() && cell.together == Ended::Valid => {
            Some(TestCaseStatus::success())
        }
        _ if cell.promises.is_empty() => Some(skipped("nothing was put to the test")),
        _ => None,
    };
    if let Some(status) = status {
        suite.add_test_case(TestCase::new("runs", status));
    }
    suite
}
