//! What a campaign's file says.

use crate::entries::{self, DRAWN, SCENARIO, VARY};
use afterall_history::{Share, Span, vocabulary};
use afterall_manifest::{Step, WrongEntry, read_toml};
use serde::{Deserialize, Serialize};
use toml::Table;

/// The largest file, bytes.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// How often a run that crashed may be made again.
const RETRIES_MAX: u32 = 10;

vocabulary! {
    /// Which of the runs that fail are kept whole.
    "retention" Retention {
        /// The smallest of each failure key.
        Smallest = "smallest",
        /// All of them.
        All = "all",
        /// None: their lines are enough.
        None = "none",
    }
}

/// What a campaign's result may be, and still be good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Which share of the runs may be unknown. All, where nothing is said: what counts is what the runs of a cell show together.
    pub unknown: Share,
    /// How many runs may crash. None, where nothing is said.
    pub crashed: u64,
    /// Which share of the runs has to be made. All, where nothing is said.
    pub made: Share,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        let all = Share::millionths(1_000_000);
        Thresholds { unknown: all, crashed: 0, made: all }
    }
}

/// A campaign's file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignFile {
    /// What it is for, for people.
    pub summary: Option<String>,
    /// After how long no further run begins.
    pub budget: Option<Span>,
    /// How long one run may take in real time. One that takes longer has crashed.
    #[serde(default = "limit")]
    pub limit: Span,
    /// How often a run that crashed is made again, outside the sim.
    #[serde(default)]
    pub retries: u32,
    /// Which of the runs that fail are kept whole.
    #[serde(default = "smallest")]
    pub retention: Retention,
    /// What is good enough.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// Runs with a known bug, which has to be found.
    pub(crate) canary: Option<Table>,
    /// Lists whose product is the cells.
    #[serde(default)]
    pub(crate) grid: Table,
    /// Further grids.
    #[serde(default)]
    pub(crate) include: Vec<Table>,
    /// Which cells of the grid are left out.
    #[serde(default)]
    pub(crate) exclude: Vec<Table>,
}

fn limit() -> Span {
    Span(600 * 1_000_000_000)
}

fn smallest() -> Retention {
    Retention::Smallest
}

/// The way to something that is wrong, and what is wrong.
type Wrong = (Vec<Step>, String);

impl CampaignFile {
    /// A file from its text. `name`: what errors call it.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str, name: &str) -> Result<CampaignFile, WrongEntry> {
        read_toml(text, name, CampaignFile::check)
    }

    fn check(&self) -> Result<(), Wrong> {
        let key = |name: &str| vec![Step::Key(name.to_owned())];
        if self.retries > RETRIES_MAX {
            let found = self.retries;
            return Err((key("retries"), format!("expected 0 to {RETRIES_MAX}, found {found}")));
        }
        if self.limit.0 == 0 {
            let what = "expected a time in which a run can be made, found 0".to_owned();
            return Err((key("limit"), what));
        }
        if self.grid.is_empty() && self.include.is_empty() {
            let what = "expected a table [grid] or [[include]], found neither".to_owned();
            return Err((Vec::new(), what));
        }
        check_grid(&key("grid"), &self.grid)?;
        for (place, grid) in self.include.iter().enumerate() {
            check_grid(&[key("include"), vec![Step::Place(place)]].concat(), grid)?;
        }
        for (place, row) in self.exclude.iter().enumerate() {
            let way = [key("exclude"), vec![Step::Place(place)]].concat();
            check_entries(&way, row)?;
            if let Some(name) = row.keys().find(|name| !self.grid.contains_key(*name)) {
                let what = format!("expected an entry that the grid has, found {name:?}");
                return Err(([way, key(name)].concat(), what));
            }
            if row.is_empty() {
                return Err((way, "expected what cells have in common, found nothing".to_owned()));
            }
        }
        let Some(canary) = &self.canary else { return Ok(()) };
        check_grid(&key("canary"), canary)?;
        match canary.get("mutant") {
            Some(toml::Value::String(_)) => {}
            Some(other) => {
                let what = format!("expected one known bug, found {other}");
                return Err(([key("canary"), key("mutant")].concat(), what));
            }
            None => {
                let what =
                    "expected the entry `mutant`, a known bug that has to be found, found none";
                return Err((key("canary"), what.to_owned()));
            }
        }
        if canary.contains_key(SCENARIO) {
            let what = "expected a canary without a scenario, found one".to_owned();
            return Err(([key("canary"), key(SCENARIO)].concat(), what));
        }
        Ok(())
    }
}

fn check_entries(way: &[Step], grid: &Table) -> Result<(), Wrong> {
    for (name, value) in grid {
        entries::check(name, value).map_err(|(place, message)| {
            let mut way = way.to_vec();
            way.push(Step::Key(name.clone()));
            way.extend(place.map(Step::Place));
            (way, message)
        })?;
    }
    Ok(())
}

fn check_grid(way: &[Step], grid: &Table) -> Result<(), Wrong> {
    check_entries(way, grid)?;
    if grid.get(VARY) != Some(&toml::Value::Boolean(true)) {
        return Ok(());
    }
    let drawn = |name: &&&str| grid.contains_key(**name);
    match DRAWN.iter().chain([&SCENARIO]).find(drawn) {
        None => Ok(()),
        Some(name) => {
            let way = [way, &[Step::Key((*name).to_owned())]].concat();
            let what = format!("expected no `{name}` where `vary` draws it, found one");
            Err((way, if *name == SCENARIO { no_scenario() } else { what }))
        }
    }
}

fn no_scenario() -> String {
    "expected no `scenario` beside `vary`, since all of it is given, found one".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"summary = "a night"
budget = "8h"
retention = "all"

[thresholds]
crashed = 2
unknown = "10%"

[canary]
mutant = "no-anti-entropy"
vary = true
seeds = "1..5"

[grid]
flavour = ["crdt", "lww"]
workload = ["register", "cart"]
faults = ["partition", ["kill", "clock"]]
seeds = "1..20"

[[include]]
scenario = "alice-and-bob"

[[exclude]]
flavour = "lww"
workload = "cart"
"#;

    #[test]
    fn what_is_not_said_has_a_default() {
        let file = CampaignFile::parse("[grid]\nseeds = 1", "x.toml").unwrap();
        assert_eq!((file.retention, file.retries), (Retention::Smallest, 0));
        assert_eq!(file.thresholds, Thresholds::default());
        assert_eq!(file.limit, Span(600_000_000_000));
        let file = CampaignFile::parse(GOOD, "x.toml").unwrap();
        assert_eq!((file.thresholds.crashed, file.thresholds.made.of_one()), (2, 1.0));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (from, to, says) in [
            ("\"crdt\", \"lww\"", "\"crdt\", \"lwv\"", "x.toml:15:20: "),
            ("seeds = \"1..20\"", "seeds = \"20..1\"", "x.toml:18:9: expected a first seed"),
            (
                "seeds = \"1..20\"",
                "seed = 1",
                "unknown entry of a grid \"seed\", did you mean \"seeds\"?",
            ),
            ("mutant = \"no-anti-entropy\"\n", "", "expected the entry `mutant`"),
            ("mutant = \"no-anti-entropy\"", "mutant = [\"cart-union\"]", "expected one known bug"),
            ("vary = true", "vary = true\nrate = 5", "expected no `rate` where `vary` draws it"),
            ("vary = true", "vary = true\nscenario = \"slo\"", "expected no `scenario`"),
            ("budget = \"8h\"", "budget = 8", "budget: expected"),
            ("budget = \"8h\"", "retries = 11", "x.toml:2:11: expected 0 to 10, found 11"),
            ("crashed = 2", "crashes = 2", "unknown entry `crashes`"),
            ("retention = \"all\"", "retention = \"al\"", "unknown retention \"al\""),
            (
                "[[exclude]]\nflavour",
                "[[exclude]]\nnodes = 3\nflavour",
                "an entry that the grid has",
            ),
        ] {
            assert_eq!(GOOD.matches(from).count(), 1, "{from}");
            let error = CampaignFile::parse(&GOOD.replace(from, to), "x.toml").unwrap_err();
            assert!(error.to_string().contains(says), "{to}: {error}");
        }
        let error = CampaignFile::parse("budget = \"1h\"", "x.toml").unwrap_err().to_string();
        assert!(error.contains("expected a table [grid]"), "{error}");
    }
}
