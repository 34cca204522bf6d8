//! `junit.xml`: one test case a property, in the dialect of Jenkins.
//!
//! A broken promise is a failure. What was not promised cannot fail: where it is broken the case passes and says
//! so in its output. An objective is a case of its own. What was not put to the test, or cannot be decided, is skipped.

use crate::json::ReportError;
use crate::words;
use afterall_checkers::{Anomaly, Outcome, PropertyVerdict, Valid, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// The contents of `junit.xml`.
///
/// # Errors
/// Never for a verdict that a checker made; characters that XML does not allow are left out.
pub fn junit_xml(verdict: &Verdict) -> Result<String, ReportError> {
    let mut name = format!("{} {}", words::target(verdict), verdict.workload.name());
    if !words::is_of_others(verdict) {
        name.push_str(&format!(" seed {}", verdict.seed));
    }
    let mut suite = TestSuite::new(name);
    suite.add_property(("valid", words::valid(verdict.valid)));
    if !words::is_of_others(verdict) {
        suite.add_property(("seed", verdict.seed.to_string().as_str()));
    }
    suite.add_property(("world", verdict.world.as_str()));
    for property in &verdict.properties {
        suite.add_test_case(case(verdict, property));
    }
    for slo in &verdict.slos {
        let status = match slo.met {
            Some(true) => TestCaseStatus::success(),
            Some(false) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(slo.summary.clone()).set_type("broken");
                status
            }
            None => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(slo.summary.clone());
                status
            }
        };
        suite.add_test_case(TestCase::new(format!("slo {}", slo.slo), status));
    }
    // So that a run that is unknown, or invalid, for another reason than one property is not green all over.
    let status = match verdict.valid {
        Valid::Unknown => Some(TestCaseStatus::skipped()),
        Valid::False if !has_failed(verdict) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("broken");
            Some(status)
        }
        _ => None,
    };
    if let Some(mut status) = status {
        status.set_message(verdict.reasons.join(" "));
        suite.add_test_case(TestCase::new("verdict", status));
    }
    let mut report = Report::new("afterall");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}

/// Whether a property or an objective of its own is a failure.
fn has_failed(verdict: &Verdict) -> bool {
    let broken = |p: &PropertyVerdict| p.promised && p.outcome.is_broken();
    verdict.properties.iter().any(broken) || verdict.slos.iter().any(|slo| slo.met == Some(false))
}

fn case(verdict: &Verdict, property: &PropertyVerdict) -> TestCase {
    let mut output = None;
    let status = match &property.outcome {
        Outcome::Held { .. } => TestCaseStatus::success(),
        Outcome::Broken { .. } if property.promised => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let anomalies = anomalies(verdict, property);
            let message = anomalies.first().map_or(&property.summary, |a| &a.sentence);
            status.set_message(message.clone()).set_type("broken");
            status.set_description(describe(property, &anomalies));
            status
        }
        Outcome::Broken { .. } => {
            output = Some(format!(
                "Not promised. {}",
                describe(property, &anomalies(verdict, property))
            ));
            TestCaseStatus::success()
        }
        Outcome::NotExercised { why } | Outcome::Undecided { why } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("{}: {why}", words::outcome(property)));
            status
        }
    };
    let mut case = TestCase::new(words::property(property), status);
    case.set_classname(format!("{}.{}", words::target(verdict), verdict.workload.name()));
    if let Some(output) = output {
        case.set_system_out(output);
    }
    case
}

fn anomalies<'v>(verdict: &'v Verdict, property: &PropertyVerdict) -> Vec<&'v Anomaly> {
    let of = |a: &&Anomaly| a.property == property.property && a.sessions == property.sessions;
    verdict.anomalies.iter().filter(of).collect()
}

fn describe(property: &PropertyVerdict, anomalies: &[&Anomaly]) -> String {
    let mut text = property.summary.clone();
    for anomaly in anomalies {
        text.push_str(&format!(
            "\n\n{}. {} ({}): {}",
            anomaly.id,
            anomaly.kind,
            words::counted(anomaly.count, "time"),
            anomaly.sentence
        ));
        if let Some(meaning) = anomaly.kind.explanation() {
            text.push_str(&format!("\n{}: {meaning}", anomaly.kind));
        }
        if let Some(in_common) = anomaly.in_common() {
            text.push_str(&format!("\n{in_common}"));
        }
    }
    text
}
