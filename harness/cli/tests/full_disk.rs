//! A disk that is full: a small file system in memory, which only root can make. Elsewhere these tests are counted as
//! ignored; with `AFTERALL_REQUIRE_ALL=1` they fail.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod program;

use afterall_needs::tests;
use program::{afterall, latest, names, nodes_of, text, verdict};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

fn main() -> ExitCode {
    afterall_needs::run(tests! {
        small_disks =>
            a_full_disk_costs_the_reports_and_not_the_verdict,
            a_disk_that_fills_up_ends_the_run_and_what_was_recorded_is_judged,
            a_full_disk_leaves_no_folder_of_a_run;
    })
}

/// A file system of so many kibibytes; it goes with this.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new(kibibytes: u32) -> Result<Disk, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "afterall"]);
        let output =
            mount.arg(folder.path()).output().map_err(|error| format!("mount: {error}"))?;
        if !output.status.success() {
            return Err(text(&output).trim().to_owned());
        }
        Ok(Disk(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves so many kibibytes.
    fn fill(&self, kibibytes: usize) {
        let fill = self.path().join("fill");
        // As much as there is.
        let _ = std::fs::write(&fill, vec![0; 64 << 20]);
        let file = std::fs::OpenOptions::new().write(true).open(&fill).unwrap();
        let size = file.metadata().unwrap().len();
        file.set_len(size - kibibytes as u64 * 1024).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(self.path()).status();
    }
}

fn small_disks() -> Result<(), String> {
    Disk::new(64).map(drop)
}

fn run(disk: &Disk, more: &str) -> Output {
    let store = disk.path().display();
    afterall(&format!("run --faults none --max-bound none --seed 893001 --store {store} {more}"))
        .output()
        .unwrap()
}

fn a_full_disk_costs_the_reports_and_not_the_verdict() {
    let disk = Disk::new(1024).unwrap();
    disk.fill(100);
    let output = run(&disk, "--world sim --time 2s --rate 50");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("valid: register workload on reference/crdt"), "{said}");
    assert!(said.contains("report.html: No space left on device"), "{said}");
    let folder = std::fs::canonicalize(disk.path().join("latest")).unwrap();
    let names = names(&folder);
    assert!(!names.iter().any(|name| name.contains("report.html") || name.ends_with(".part")));
    // What was written before is whole.
    for name in ["history.jsonl", "run.toml"] {
        assert!(names.iter().any(|found| found == name), "{names:?}");
    }
    assert!(std::fs::read_to_string(folder.join("history.jsonl")).unwrap().ends_with('\n'));
}

fn a_disk_that_fills_up_ends_the_run_and_what_was_recorded_is_judged() {
    for world in ["--world sim --rate 2000", "--world process --nodes 3"] {
        let disk = Disk::new(1024).unwrap();
        let output = run(&disk, &format!("{world} --time 600s"));
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        let says = "error: the run ended early, since its history cannot be written: No space left";
        assert!(said.contains(says), "{said}");
        assert!(said.contains("unknown: register workload on reference/crdt"), "{said}");
        assert!(nodes_of(893_001).is_empty());
        // Half a line may be its last.
        let history = std::fs::read_to_string(latest(disk.path(), "history.jsonl")).unwrap();
        assert!(history.lines().count() > 1_000, "{}", history.lines().count());
        std::fs::remove_file(latest(disk.path(), "verdict.json")).ok();
        let check = afterall("check").arg(disk.path().join("latest")).output().unwrap();
        assert_eq!(check.status.code(), Some(2), "{}", text(&check));
    }
}

fn a_full_disk_leaves_no_folder_of_a_run() {
    let disk = Disk::new(256).unwrap();
    disk.fill(0);
    let output = run(&disk, "--world sim --time 2s");
    assert_eq!(output.status.code(), Some(255), "{}", text(&output));
    assert!(text(&output).contains("No space left on device"), "{}", text(&output));
    assert_eq!(names(disk.path()), ["fill"]);
    std::fs::remove_file(disk.path().join("fill")).unwrap();
    assert_eq!(run(&disk, "--world sim --time 2s --rate 50").status.code(), Some(0));
    assert_eq!(verdict(disk.path())["valid"], Value::Bool(true));
}
