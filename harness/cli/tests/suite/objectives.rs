//! Objectives on the command line: met, not met, and not measured.

use crate::program::{afterall, text};

fn run(words: &[&str], store: &std::path::Path) -> (Option<i32>, String) {
    let always = [
        "--world",
        "sim",
        "--faults",
        "none",
        "--time",
        "3s",
        "--seed",
        "1",
        "--max-bound",
        "none",
    ];
    let output =
        afterall("run").args(always).args(words).arg("--store").arg(store).output().unwrap();
    (output.status.code(), text(&output))
}

#[test]
fn an_objective_decides_the_exit_code_and_is_judged_again_from_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let (code, printed) = run(&["--slo", "p99<10s"], folder.path());
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("p99<10s: met: p99 of"), "{printed}");
    assert!(printed.contains("--slo 'p99<10s'"), "{printed}");
    let (code, printed) =
        run(&["--load", "usual", "--slo", "max<1ns", "--slo", "p50<1h"], folder.path());
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("objective max<0.000001ms: not met"), "{printed}");
    let again = afterall("check").arg(folder.path().join("latest")).output().unwrap();
    assert_eq!(again.status.code(), Some(1), "{}", text(&again));
}

#[test]
fn where_nothing_was_written_an_objective_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reads.toml");
    let scenario = "nodes = 2\ntime = '2s'\nmax_bound = 'none'\nslo = ['p99<1s']\nload = 'usual'\n[[operation]]\nwhen = '1s'\nsession = 0\n\
                    node = 'n1'\nf = 'read'\nkey = 'x'\n[expect]\nvalid = 'unknown'\n";
    std::fs::write(&file, scenario).unwrap();
    let output =
        afterall("scenario run").arg(&file).arg("--store").arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("objective not measured: p99<1s"), "{}", text(&output));
    let replayed = afterall("replay")
        .arg(folder.path().join("latest"))
        .arg("--store")
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(replayed.status.code(), Some(2), "{}", text(&replayed));
}

#[test]
fn what_no_run_could_measure_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (words, told) in [
        (vec!["--slo", "p98<1s"], "unknown percentile"),
        (vec!["--slo", "p99"], "expected an objective such as"),
        (vec!["--workload", "counter", "--slo", "p99<1s"], "expected the workload register"),
        (vec!["--workload", "counter", "--load", "probe"], "expected the workload register"),
    ] {
        let (code, printed) = run(&words, folder.path());
        assert_eq!(code, Some(254), "{printed}");
        assert!(printed.contains(told), "{words:?}: {printed}");
    }
}
