//! `campaign report`: what a campaign comes to, for people and CI servers.

#![expect(clippy::disallowed_methods, reason = "which day it is, where nobody says it")]

use super::folder::{is_kept, read, run_folder};
use crate::args::quoted;
use crate::campaign_args::JudgingArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::table::Table;
use crate::unfinished::write_whole;
use afterall_campaign::{
    Date, Ended, Finding, Index, Judgement, Known, Night, Report, Seen, campaign_junit, campaign_md,
};
use afterall_checkers::words::{count, counted, percent};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The largest file of known failures, bytes.
const KNOWN_BYTES_MAX: u64 = 1024 * 1024;
/// How many findings and cells are printed.
const FINDINGS_MAX: usize = 50;
const CELLS_MAX: usize = 60;

impl JudgingArgs {
    /// What can be known to be wrong before anything is made.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.known()?;
        for baseline in &self.baseline {
            read(baseline)?;
        }
        for (flag, file) in [("--markdown", &self.markdown), ("--junit", &self.junit)] {
            let Some(file) = file else { continue };
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            if !folder.unwrap_or(Path::new(".")).is_dir() || file.is_dir() {
                let what =
                    format!("{flag} {}: expected a file in a folder that is there", file.display());
                return Err(Failure::usage(what));
            }
        }
        if self.markdown.is_some() && self.markdown == self.junit {
            return Err(Failure::usage("--junit: that is where the Markdown goes"));
        }
        Ok(())
    }

    fn known(&self) -> Result<Known, Failure> {
        known(self.known.as_deref())
    }

    fn today(&self) -> Result<Date, Failure> {
        let now = || humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let day = |time: String| time.split('T').next().unwrap_or_default().parse::<Date>();
        self.today.map_or_else(|| day(now()).map_err(Failure::from), Ok)
    }
}

/// The failures that are known: of the file that is named, or of the usual one if it is there.
pub(crate) fn known(named: Option<&Path>) -> Result<Known, Failure> {
    let path = named.unwrap_or(Path::new(Known::FILE));
    let cannot = |why: String| Failure::usage(format!("cannot read {}: {why}", path.display()));
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
            return Ok(Known::default());
        }
        Err(error) => return Err(cannot(error.to_string())),
        Ok(file) if file.len() > KNOWN_BYTES_MAX => {
            return Err(cannot(format!(
                "expected at most {KNOWN_BYTES_MAX} bytes, found {}",
                file.len()
            )));
        }
        Ok(_) => {}
    }
    let text = fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?;
    Known::parse(&text, &path.display().to_string()).map_err(Failure::usage)
}

/// Reports what a campaign comes to.
pub(crate) fn report(folder: &Path, args: &JudgingArgs) -> Result<Exit, Failure> {
    args.check()?;
    let index = read(folder)?;
    let mut before: Vec<(String, Index)> = Vec::new();
    for baseline in &args.baseline {
        before.push((baseline.display().to_string(), read(baseline)?));
    }
    let night = |name, index| Night { name, index };
    let before: Vec<Night<'_>> = before.iter().map(|(name, index)| night(name, index)).collect();
    let name = folder.display().to_string();
    let report = Report::new(&night(&name, &index), &before, &args.known()?, args.today()?);
    print(&report);
    write(&args.markdown, Ok(campaign_md(&report, &command)));
    write(&args.junit, campaign_junit(&report, &command).map_err(Failure::from));
    Ok(match report.judgement {
        Judgement::Valid => Exit::Valid,
        Judgement::Unknown | Judgement::Void => Exit::Unknown,
        Judgement::Invalid => Exit::Invalid,
        Judgement::Crashed => Exit::Failed,
    })
}

/// What was judged stands: a report that cannot be written is said, and changes nothing of it.
fn write(file: &Option<PathBuf>, text: Result<String, Failure>) {
    let Some(file) = file else { return };
    let written = text.and_then(|text| match write_whole(file, text.as_bytes()) {
        // A pipe whose reader wants no more.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Failure::from),
    });
    if let Err(failure) = written {
        eprintln!("warning: cannot write {}: {failure}; the judgement stands", file.display());
    }
}

/// What makes a run again.
fn command(seen: &Seen) -> String {
    let night = Path::new(&seen.night);
    match is_kept(night, seen.run) {
        true => format!(
            "afterall replay {}",
            quoted(&run_folder(night, seen.run).display().to_string())
        ),
        false => format!("not kept: the run {}, seed {} of {}", seen.run, seen.seed, seen.cell),
    }
}

fn print(report: &Report) {
    println!("{}", report.line());
    for reason in &report.reasons {
        println!("  {reason}");
    }
    if let Some((run, why)) = &report.first_crash {
        println!("  the first that crashed is the run {run}: {why}");
    }
    if let Some(canary) = &report.canary {
        let (found, made) = (count(canary.found), counted(canary.made, "run"));
        println!("canary {}: found in {found} of {made}", canary.canary.mutant);
    }
    for finding in report.findings.iter().take(FINDINGS_MAX) {
        print_finding(finding);
    }
    if report.findings.len() > FINDINGS_MAX {
        println!(
            "\nand {} more ways of failing: see --markdown",
            report.findings.len() - FINDINGS_MAX
        );
    }
    for known in &report.unseen {
        println!("\nknown, and not seen: {} ({}, until {})", known.key, known.owner, known.until);
    }
    let cells = report.worst_first();
    let mut table = Table::new(["worst", "together", "failed", "cell"]);
    for cell in cells.iter().take(CELLS_MAX) {
        let failed = format!("{} of {}", count(cell.failed), count(cell.runs));
        table.row([cell.worst.name(), cell.together.name(), &failed, &cell.label]);
    }
    if !cells.is_empty() {
        print!("\n{table}");
    }
    if let Some(rest) = cells.get(CELLS_MAX..).filter(|rest| !rest.is_empty()) {
        let worst = rest.iter().map(|cell| cell.worst).max().unwrap_or(Ended::Valid);
        println!("and {}, at worst {worst}", counted(rest.len() as u64, "more cell"));
    }
    if report.cells_left_out > 0 {
        println!("{} without a run", counted(report.cells_left_out, "cell"));
    }
}

fn print_finding(finding: &Finding) {
    let Finding { standing, now, before, first, smallest, .. } = finding;
    println!("\n{}", finding.key);
    let (low, high) = finding.odds();
    let odds =
        format!("it comes in {} to {} of them, with 95 % confidence", percent(low), percent(high));
    let times =
        |(hits, runs): (u64, u64)| format!("in {} of {}", count(hits), counted(runs, "run"));
    match finding.luck {
        None if before.1 == 0 => println!("  {standing}: {}; {odds}", times(*now)),
        None => println!("  {standing}: {}, before {}; {odds}", times(*now), times(*before)),
        Some(luck) => println!(
            "  {standing}: not seen in {}, before {}; by luck in {}",
            counted(now.1, "run"),
            times(*before),
            percent(luck)
        ),
    }
    if let Some(known) = &finding.excuse {
        println!("  {known}");
    }
    println!("  first seen in {}: seed {} of {}", first.night, first.seed, first.cell);
    if !finding.came() {
        println!("  last seen in {}", finding.last);
    }
    if !smallest.why.is_empty() {
        println!("  {}", smallest.why);
    }
    println!("  the smallest, {}: {}", counted(smallest.ops, "operation"), command(smallest));
}
