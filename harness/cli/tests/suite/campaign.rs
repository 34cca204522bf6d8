//! `campaign`: many runs as one undertaking, killed, resumed, joined and reported.

use crate::program::{AFTERALL, names, signal, text};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// Short runs, of which some fail.
const CAMPAIGN: &str = "[canary]
mutant = 'no-anti-entropy'
vary = true
seeds = '1..5'
[grid]
flavour = ['crdt', 'siblings']
vary = true
seeds = '1..20'
[[include]]
mutant = ['cart-union', 'no-anti-entropy']
vary = true
seeds = '6..20'
";

/// Runs the program in a folder, so that what it prints does not depend on where that is.
fn campaign(words: &str, folder: &Path) -> Output {
    command(words, folder).output().unwrap()
}

fn command(words: &str, folder: &Path) -> Command {
    let mut command = Command::new(AFTERALL);
    command.arg("campaign").args(words.split_whitespace()).current_dir(folder);
    command
}

fn folder_with(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.toml"), text).unwrap();
    folder
}

fn index_text(campaign: &Path) -> String {
    fs::read_to_string(campaign.join("index.jsonl")).unwrap_or_default()
}

/// The header and the lines of an index, in the order of the runs, without when they ended.
fn untimed(campaign: &Path) -> (Value, Vec<Value>) {
    let text = index_text(campaign);
    let mut values = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let header = values.next().unwrap();
    let mut lines: Vec<Value> = values
        .map(|mut line| {
            assert!(line.as_object_mut().unwrap().remove("wall").is_some());
            line
        })
        .collect();
    lines.sort_by_key(|line| line["run"].as_u64());
    (header, lines)
}

/// The runs that are kept, and of each what is the same wherever it is kept.
fn kept(campaign: &Path) -> Vec<(String, [Vec<u8>; 3])> {
    let runs = campaign.join("runs");
    let of = |run: String| {
        let files = ["run.toml", "history.jsonl", "verdict.json"];
        let read = files.map(|file| fs::read(runs.join(&run).join(file)).unwrap());
        assert!(runs.join(&run).join("report.html").is_file());
        (run, read)
    };
    names(&runs).into_iter().map(of).collect()
}

/// What a report says: printed, as Markdown and as JUnit.
fn reported(folder: &Path, exit: i32) -> [String; 3] {
    let output = campaign("report out --today 2026-11-28 --markdown r.md --junit r.xml", folder);
    assert_eq!(output.status.code(), Some(exit), "{}", text(&output));
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    [text(&output), read("r.md"), read("r.xml")]
}

/// Waits until a condition holds, or the program has ended; whether it goes on.
fn goes_on_until(child: &mut Child, condition: impl Fn() -> bool) -> bool {
    for _ in 0..60_000 {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if condition() {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    panic!("waited two minutes");
}

#[test]
fn a_campaign_that_is_killed_ten_times_comes_out_as_one_that_is_not() {
    let through = folder_with(CAMPAIGN);
    let ran = campaign("run c.toml --out out", through.path());
    assert_eq!(ran.status.code(), Some(1), "{}", text(&ran));
    let killed = folder_with(CAMPAIGN);
    let out = killed.path().join("out");
    let whole = || index_text(&out).matches('\n').count();
    let mut kills = 0;
    // How many further lines to wait for: from before the first to somewhere among the runs.
    for (place, more) in [0, 1, 2, 7, 1, 5, 9, 3, 11, 4, 6, 2].into_iter().enumerate() {
        let wanted = whole() + more;
        let mut command = command("run c.toml --out out", killed.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let alive =
            goes_on_until(&mut child, || out.join("index.jsonl").exists() && whole() >= wanted);
        if alive {
            signal(&child, "-KILL");
            kills += 1;
        }
        child.wait().unwrap();
        if place % 4 == 1 {
            // What a power cut leaves of a line.
            let mut index =
                fs::OpenOptions::new().append(true).open(out.join("index.jsonl")).unwrap();
            index.write_all(b"{\"run\":7,\"cell\":\"fla").unwrap();
        }
    }
    assert!(kills >= 10, "{kills}");
    // Once more while runs are kept.
    let mut child =
        command("run c.toml --out out", killed.path()).stdout(Stdio::null()).spawn().unwrap();
    if goes_on_until(&mut child, || !names(&out.join("runs")).is_empty()) {
        signal(&child, "-KILL");
    }
    child.wait().unwrap();
    let resumed = campaign("run c.toml --out out", killed.path());
    assert_eq!(resumed.status.code(), Some(1), "{}", text(&resumed));
    let theirs = through.path().join("out");
    assert_eq!(untimed(&out), untimed(&theirs));
    assert!(
        kept(&out) == kept(&theirs),
        "{:?} {:?}",
        names(&out.join("runs")),
        names(&theirs.join("runs"))
    );
    assert!(kept(&out).len() >= 2);
    assert_eq!(reported(killed.path(), 1), reported(through.path(), 1));
    // What is finished is not made again.
    let before = index_text(&out);
    let again = campaign("run c.toml --out out", killed.path());
    assert!(text(&again).contains("75 runs finished already"), "{}", text(&again));
    assert_eq!(index_text(&out), before);
}

#[test]
fn a_signal_ends_a_campaign_and_nobody_else_may_go_on_with_it_until_then() {
    let folder = folder_with("[grid]\nflavour = 'crdt'\nvary = true\nseeds = '1..100000'\n");
    let mut command = command("run c.toml --out out", folder.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let out = folder.path().join("out");
    assert!(goes_on_until(&mut child, || index_text(&out).lines().count() > 3));
    let second = campaign("run c.toml --out out", folder.path());
    assert_eq!(second.status.code(), Some(254), "{}", text(&second));
    assert!(text(&second).contains("another command is making runs of this campaign"));
    // Whoever only looks may.
    assert_eq!(campaign("report out", folder.path()).status.code(), Some(2));
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(
        text(&output).starts_with("unknown: ") && text(&output).contains(" of 100,000 runs"),
        "{}",
        text(&output)
    );
    let (_, lines) = untimed(&out);
    let further = campaign("run c.toml --out out --budget 200ms", folder.path());
    assert_eq!(further.status.code(), Some(2), "{}", text(&further));
    let (_, more) = untimed(&out);
    assert!(more.len() > lines.len() && lines.iter().all(|line| more.contains(line)));
}

#[test]
fn two_parts_joined_are_the_whole() {
    let whole = folder_with(CAMPAIGN);
    assert_eq!(campaign("run c.toml --out out -j 2", whole.path()).status.code(), Some(1));
    let parts = folder_with(CAMPAIGN);
    for part in ["1", "2"] {
        let output =
            campaign(&format!("run c.toml --shard {part}/2 --out {part} -j 1"), parts.path());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    }
    let merged = campaign("merge out 2 1", parts.path());
    assert_eq!(merged.status.code(), Some(0), "{}", text(&merged));
    let [ours, theirs] = [&parts, &whole].map(|folder| folder.path().join("out"));
    assert_eq!(untimed(&ours), untimed(&theirs));
    assert!(
        kept(&ours) == kept(&theirs),
        "{:?} {:?}",
        names(&ours.join("runs")),
        names(&theirs.join("runs"))
    );
    assert_eq!(reported(parts.path(), 1), reported(whole.path(), 1));
    let same = campaign("diff out 1", parts.path());
    assert_eq!(same.status.code(), Some(1), "the part lacks half of the runs: {}", text(&same));
    let other = parts.path().join("elsewhere");
    fs::create_dir(&other).unwrap();
    fs::rename(whole.path().join("out"), other.join("out")).unwrap();
    let same = campaign("diff out elsewhere/out", parts.path());
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    for (words, says) in [
        ("merge out 1 2", "out is there already; nothing was changed"),
        ("merge new 1 c.toml", "expected the folder of a campaign"),
        ("run c.toml --out 1", "expected the part 1 of 2, with which it was begun, found all"),
    ] {
        let output = campaign(words, parts.path());
        assert!(text(&output).contains(says), "{words}: {}", text(&output));
        assert!(output.status.code() >= Some(254), "{words}");
    }
}

#[test]
fn a_night_whose_canary_is_not_found_is_void() {
    // The bug is there, and nothing brings it out: without a fault, without loss, all is told at once.
    let silent = CAMPAIGN.replace("vary = true\nseeds = '1..5'", "faults = 'none'\ntime = '3s'\nrate = 20\nconcurrency = 2\nnetwork = { loss = '0%' }\nseeds = '1..3'");
    let folder = folder_with(&silent);
    let output = campaign("run c.toml --out out --junit void.xml", folder.path());
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("void: 0 of 70 runs")
            && said.contains("the canary no-anti-entropy was not found in 3 runs"),
        "{said}"
    );
    // Nothing but the canary was run.
    assert_eq!(untimed(&folder.path().join("out")).1.len(), 3);
    assert!(fs::read_to_string(folder.path().join("void.xml")).unwrap().contains("type=\"void\""));
}

#[test]
fn a_known_failure_is_let_pass_until_it_expires_and_says_what_is_new() {
    let folder = folder_with("[grid]\nmutant = 'cart-union'\nvary = true\nseeds = '1..8'\n");
    let ran = campaign("run c.toml --out out", folder.path());
    assert_eq!(ran.status.code(), Some(1), "{}", text(&ran));
    let keys: Vec<String> = text(&ran)
        .lines()
        .filter(|line| line.starts_with("reference/crdt: "))
        .map(str::to_owned)
        .collect();
    assert!(!keys.is_empty(), "{}", text(&ran));
    let mut known = String::new();
    for key in &keys {
        known.push_str(&format!("[[known]]\nkey = \"{key}\"\nreason = \"a bug for tests\"\nowner = \"ann\"\nuntil = 2026-12-31\n"));
    }
    fs::write(folder.path().join("afterall.known.toml"), &known).unwrap();
    let on =
        |day: &str| campaign(&format!("report out --baseline out --today {day}"), folder.path());
    let let_pass = on("2026-12-31");
    // What else such runs broke comes to light once the gravest is known.
    let said = text(&let_pass);
    assert!(
        said.contains("known to ann until 2026-12-31: a bug for tests")
            && said.contains("ongoing: in "),
        "{said}"
    );
    let unknown = said
        .lines()
        .filter(|line| line.starts_with("reference/crdt: ") && !keys.contains(&(*line).to_owned()));
    let unknown = unknown.count();
    assert_ne!(let_pass.status.code(), Some(if unknown == 0 { 1 } else { 0 }), "{said}");
    let expired = on("2027-01-01");
    assert_eq!(expired.status.code(), Some(1), "{}", text(&expired));
    assert!(text(&expired).contains("was known to ann until 2026-12-31"), "{}", text(&expired));
    fs::write(folder.path().join("afterall.known.toml"), format!("max = 0\n{known}")).unwrap();
    let many = on("2026-12-31");
    assert_eq!(many.status.code(), Some(254), "{}", text(&many));
    assert!(text(&many).contains("expected at most 0 known failures"), "{}", text(&many));
}

#[test]
fn a_verdict_that_today_is_another_is_shown() {
    let folder = folder_with("[grid]\nmutant = 'cart-union'\nvary = true\nseeds = '1..3'\n");
    assert_eq!(campaign("run c.toml --out out", folder.path()).status.code(), Some(1));
    let same = campaign("recheck out", folder.path());
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    assert!(text(&same).contains("judged again, no verdict changed"), "{}", text(&same));
    let out = folder.path().join("out");
    let run: u64 = names(&out.join("runs"))[0].parse().unwrap();
    // As if the checkers had been blind when the run was made.
    let was = index_text(&out);
    let blind: Vec<String> = was
        .lines()
        .map(|line| {
            let mut value: Value = serde_json::from_str(line).unwrap();
            if value["run"] == run {
                value["verdict"] = "valid".into();
                value.as_object_mut().unwrap().remove("keys");
            }
            value.to_string()
        })
        .collect();
    fs::write(out.join("index.jsonl"), blind.join("\n") + "\n").unwrap();
    let changed = campaign("recheck out", folder.path());
    let said = text(&changed);
    assert_eq!(changed.status.code(), Some(1), "{said}");
    assert!(
        said.contains("1 verdict changed") && said.contains("invalid (reference/crdt:"),
        "{said}"
    );
    // A history that is gone is told.
    fs::remove_file(out.join("runs").join(run.to_string()).join("history.jsonl")).unwrap();
    assert_eq!(campaign("recheck out", folder.path()).status.code(), Some(255));
    fs::remove_dir_all(out.join("runs")).unwrap();
    assert_eq!(campaign("recheck out", folder.path()).status.code(), Some(2));
}

#[test]
fn nothing_is_made_of_what_makes_no_sense() {
    let folder = folder_with(CAMPAIGN);
    let out = folder.path().join("out");
    assert_eq!(campaign("run c.toml --out out --budget 1ns", folder.path()).status.code(), Some(2));
    assert_eq!(untimed(&out).1.len(), 0);
    for (text_of_file, words, says) in [
        (CAMPAIGN.replace("'siblings'", "'sibling'"), "--out new", "c.toml:6:20: "),
        (CAMPAIGN.replace("'siblings'", "'lww'"), "--out out", "found a changed one"),
        (CAMPAIGN.to_owned(), "--out out --add-to-seeds 5", "seeds to which is added 0"),
        (CAMPAIGN.to_owned(), "--out new --shard 3/2", "expected a part such as 1/4"),
        (CAMPAIGN.to_owned(), "--out new --known nowhere.toml", "cannot read nowhere.toml"),
        (CAMPAIGN.to_owned(), "--out new --baseline nowhere", "expected the folder of a campaign"),
        (CAMPAIGN.to_owned(), "--out new --today tomorrow", "expected a day such as 2026-12-31"),
        (
            CAMPAIGN.to_owned(),
            "--out new --markdown no/such/r.md",
            "expected a file in a folder that is there",
        ),
    ] {
        fs::write(folder.path().join("c.toml"), text_of_file).unwrap();
        let output = campaign(&format!("run c.toml {words}"), folder.path());
        assert_eq!(output.status.code(), Some(254), "{words}: {}", text(&output));
        assert!(text(&output).contains(says), "{words}: {}", text(&output));
    }
    assert_eq!(names(folder.path()), ["c.toml", "out"]);
}

#[test]
fn a_run_that_takes_longer_than_its_limit_is_a_failure() {
    let folder = folder_with("limit = '1ms'\n[grid]\nflavour = 'crdt'\ntime = '20s'\nseeds = 1\n");
    let output = campaign("run c.toml --out out", folder.path());
    let said = text(&output);
    assert_eq!(output.status.code(), Some(255), "{said}");
    assert!(
        said.contains("crashed: 1 run") && said.contains("it took longer than its limit of 1ms"),
        "{said}"
    );
}

#[test]
fn runs_with_processes_are_kept_as_they_are_made_and_only_if_they_fail() {
    let text = "limit = '2m'\n[grid]\nworld = 'process'\nmutant = 'cart-union'\nnodes = 3\ntime = '4s'\nrate = 300\nseeds = 1\n\
                [[include]]\nworld = 'process'\nflavour = 'crdt'\nnodes = 2\ntime = '2s'\nrate = 300\nseeds = 1\n";
    let folder = folder_with(text);
    let output = campaign("run c.toml --out out", folder.path());
    let said = crate::program::text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let out = folder.path().join("out");
    let (_, lines) = untimed(&out);
    assert_eq!(lines.len(), 2, "{said}");
    let failing =
        lines.iter().find(|line| line["cell"].as_str().unwrap().contains("cart-union")).unwrap();
    assert_eq!(names(&out.join("runs")), [failing["run"].to_string()], "{said}");
    let run = out.join("runs").join(failing["run"].to_string());
    for file in ["run.toml", "history.jsonl", "verdict.json", "report.html", "nodes/n1.log"] {
        assert!(run.join(file).is_file(), "{file}");
    }
    assert!(said.contains(&format!("afterall replay out/runs/{}", failing["run"])), "{said}");
    let same = campaign("recheck out", folder.path());
    assert_eq!(same.status.code(), Some(0), "{}", crate::program::text(&same));
}

#[test]
fn the_campaigns_that_come_with_the_program_can_be_begun() {
    let campaigns = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../campaigns");
    let files = names(&campaigns);
    assert!(files.contains(&"ci.toml".to_owned()) && files.contains(&"nightly.toml".to_owned()));
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = campaigns.join(&file);
        let output = campaign(&format!("run {} --budget 1ns", path.display()), folder.path());
        assert_eq!(output.status.code(), Some(2), "{file}: {}", text(&output));
        assert!(
            text(&output).contains(" of 0 runs") || text(&output).contains("unknown: 0 of "),
            "{file}: {}",
            text(&output)
        );
    }
}
