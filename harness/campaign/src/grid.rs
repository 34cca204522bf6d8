//! Which runs a campaign is made of, and in which order.

use crate::entries::{SEEDS, VARY, alternatives, axes, label};
use crate::file::CampaignFile;
use crate::header::{CampaignHeader, Canary, INDEX_VERSION};
use crate::resolve::{Cell, Outside, Resolved, resolve};
use crate::seeds::seeds;
use crate::shard::Shard;
use afterall_engine::RunConfig;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// The most cells.
const CELLS_MAX: usize = 10_000;
/// The most runs.
const RUNS_MAX: usize = 1_000_000;

/// Why a file makes no campaign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    /// There is nothing to do.
    #[error("expected at least one run, found none: every cell is left out")]
    Empty,
    /// Too many cells.
    #[error("expected at most {CELLS_MAX} cells, found more")]
    Cells,
    /// Too many runs.
    #[error("expected at most {RUNS_MAX} runs, found more")]
    Runs,
    /// A cell that is there already.
    #[error("expected each cell once, found this one twice: {0}")]
    Twice(String),
    /// A row that excludes nothing.
    #[error("expected each [[exclude]] to leave a cell out, found one that leaves none out: {0}")]
    ExcludesNothing(String),
    /// A cell that cannot be.
    #[error("the cell {cell:?}: {why}")]
    Cell {
        /// What it is called.
        cell: String,
        /// What is wrong with it.
        why: String,
    },
    /// A seed that is too large.
    #[error("expected seeds below 2^63, found {seed} with {add} added to it")]
    Seed {
        /// The file's.
        seed: u64,
        /// What is added.
        add: u64,
    },
    /// A configuration that cannot be written down.
    #[error("the configuration of a cell cannot be written")]
    Text(#[from] toml::ser::Error),
}

/// A run of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Its number, from 0: the canary's runs are the first.
    pub number: u64,
    /// The place of its cell.
    pub cell: usize,
    /// Its seed.
    pub seed: u64,
}

/// A campaign, worked out.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// What its file says.
    pub file: CampaignFile,
    cells: Vec<Resolved>,
    runs: Vec<Run>,
    canary: Option<Canary>,
    added: u64,
    digest: String,
}

impl Campaign {
    /// Works out the campaign of a file. `text` is that of the file, and `add` is added to each of its seeds.
    ///
    /// # Errors
    /// The cells do not fit together, or one of them means no run.
    pub fn new(
        file: CampaignFile,
        text: &str,
        add: u64,
        outside: &Outside<'_>,
    ) -> Result<Campaign, GridError> {
        let mut grids = vec![cells(&file.grid, &file.exclude, false)?];
        for include in &file.include {
            grids.push(cells(include, &[], false)?);
        }
        let mut digest = Sha256::new();
        digest.update(text);
        let mut all = Vec::new();
        let mut runs = Vec::new();
        let mut canary = None;
        if let Some(grid) = &file.canary {
            all = resolved(&cells(grid, &[], true)?, &mut runs, 0, add, outside)?;
            canary = all.first().and_then(|cell| cell.base().mutant).map(|mutant| {
                let row = mutant.row();
                Canary {
                    mutant: row.name.to_owned(),
                    breaks: row.breaks.name().to_owned(),
                    runs: 0,
                }
            });
        }
        let canary_cells = all.len();
        let mut known = BTreeSet::new();
        for grid in &grids {
            if let Some(twice) = grid.0.iter().find(|cell| !known.insert(cell.label.clone())) {
                return Err(GridError::Twice(twice.label.clone()));
            }
            let more = resolved(grid, &mut runs, all.len(), add, outside)?;
            all.extend(more);
        }
        if all.len() == canary_cells {
            return Err(GridError::Empty);
        }
        for cell in &all {
            digest.update(cell.label());
            digest.update(toml::to_string(cell.base())?);
        }
        // Each cell has its first run before any has its second: what a short night leaves out is left out everywhere. A stable order.
        runs.sort_by_key(|&(cell, place, _)| (cell >= canary_cells, place, cell));
        let numbered =
            runs.iter().zip(0..).map(|(&(cell, _, seed), number)| Run { number, cell, seed });
        let runs: Vec<Run> = numbered.collect();
        if let Some(canary) = &mut canary {
            canary.runs = runs.iter().filter(|run| run.cell < canary_cells).count() as u64;
        }
        let digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Campaign { file, cells: all, runs, canary, added: add, digest })
    }

    /// All runs, in the order in which they are to be made.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The runs of a part, or all of them. The canary's are in each part: without them it tells nothing.
    pub fn runs_of(&self, shard: Option<Shard>) -> impl Iterator<Item = &Run> {
        let canary = self.canary.as_ref().map_or(0, |canary| canary.runs);
        self.runs.iter().filter(move |run| match (shard, run.number.checked_sub(canary)) {
            (Some(shard), Some(place)) => shard.has(place),
            _ => true,
        })
    }

    /// All cells.
    #[must_use]
    pub fn cells(&self) -> &[Resolved] {
        &self.cells
    }

    /// The cell of a run of this campaign.
    #[must_use]
    pub fn cell(&self, run: &Run) -> &Resolved {
        &self.cells[run.cell]
    }

    /// What is carried out.
    #[must_use]
    pub fn config(&self, run: &Run) -> RunConfig {
        self.cell(run).config(run.seed)
    }

    /// The first line of its index. `name`: what its file is called; `program`: the version of the program.
    #[must_use]
    pub fn header(&self, name: &str, program: &str, shard: Option<Shard>) -> CampaignHeader {
        CampaignHeader {
            format: CampaignHeader::FORMAT.to_owned(),
            version: INDEX_VERSION,
            afterall: program.to_owned(),
            file: name.to_owned(),
            digest: self.digest.clone(),
            added: self.added,
            shards: shard.map(|shard| vec![shard.number()]).unwrap_or_default(),
            of: shard.map_or(1, Shard::of),
            runs: self.runs.len() as u64,
            cells: self.cells.iter().filter(|cell| !cell.is_canary()).count() as u64,
            canary: self.canary.clone(),
            retention: self.file.retention,
            thresholds: self.file.thresholds,
        }
    }
}

/// The cells of a grid and their seeds.
type Grid = (Vec<Cell>, Vec<u64>);

fn cells(grid: &Table, exclude: &[Table], canary: bool) -> Result<Grid, GridError> {
    let seeds = grid.get(SEEDS).map_or(Ok(vec![1]), seeds).unwrap_or_default();
    let vary = grid.get(VARY) == Some(&Value::Boolean(true));
    let mut all: Vec<Vec<(&str, Value)>> = if grid.is_empty() { vec![] } else { vec![vec![]] };
    for (key, values) in axes(grid) {
        if all.len().saturating_mul(values.len()) > CELLS_MAX {
            return Err(GridError::Cells);
        }
        let with = |cell: &Vec<(&'static str, Value)>, value: &Value| {
            cell.iter().cloned().chain([(key, value.clone())]).collect()
        };
        all =
            all.iter().flat_map(|cell| values.iter().map(move |value| with(cell, value))).collect();
    }
    for row in exclude {
        let before = all.len();
        all.retain(|cell| !excludes(row, cell));
        if all.len() == before {
            return Err(GridError::ExcludesNothing(row.to_string().trim().replace('\n', ", ")));
        }
    }
    let cell = |entries: Vec<(&'static str, Value)>| {
        let mut parts: Vec<String> =
            entries.iter().map(|(key, value)| format!("{key}={}", label(value))).collect();
        parts.extend(vary.then(|| VARY.to_owned()));
        let label = if parts.is_empty() { "default".to_owned() } else { parts.join(" ") };
        let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Cell { label, entries, vary, canary }
    };
    Ok((all.into_iter().map(cell).collect(), seeds))
}

/// Whether a row leaves a cell out: the cell has one of the values of each entry of it.
fn excludes(row: &Table, cell: &[(&str, Value)]) -> bool {
    row.iter().all(|(key, values)| {
        let mut of_cell =
            cell.iter().filter(|(name, _)| name == key).map(|(_, value)| label(value));
        let has =
            |found: String| alternatives(key, values).iter().any(|value| label(value) == found);
        of_cell.next().is_some_and(has)
    })
}

/// What the cells of a grid mean; their runs are added to `runs`: the cell's place, that of the seed, and the seed.
fn resolved(
    (cells, seeds): &Grid,
    runs: &mut Vec<(usize, usize, u64)>,
    before: usize,
    add: u64,
    outside: &Outside<'_>,
) -> Result<Vec<Resolved>, GridError> {
    if cells.len().saturating_mul(seeds.len()).saturating_add(runs.len()) > RUNS_MAX {
        return Err(GridError::Runs);
    }
    let added = |&seed: &u64| {
        let sum = seed.checked_add(add).filter(|&sum| i64::try_from(sum).is_ok());
        sum.ok_or(GridError::Seed { seed, add })
    };
    let seeds: Vec<u64> = seeds.iter().map(added).collect::<Result<_, _>>()?;
    let Some(&first) = seeds.first() else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for (cell, place) in cells.iter().zip(before..) {
        let wrong = |why| GridError::Cell { cell: cell.label.clone(), why };
        all.push(resolve(cell, first, outside).map_err(wrong)?);
        runs.extend(seeds.iter().enumerate().map(|(of, &seed)| (place, of, seed)));
    }
    Ok(all)
}
