//! A heat map of a campaign: what was tested against the faults that it was tested under.

use crate::cells::CellSummary;
use crate::entries::{SCENARIO, entries_of};
use crate::line::Ended;
use std::collections::BTreeMap;

/// How many rows and columns are told; the others are counted.
const ROWS_MAX: usize = 200;
const COLUMNS_MAX: usize = 30;

/// A field of the map: all runs of a row under the faults of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The worst end of a run.
    pub worst: Ended,
    /// How many runs broke a promise, or were not as expected.
    pub failed: u64,
    /// How many runs were made.
    pub runs: u64,
}

/// What was tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeatRow {
    /// The target, its flavour or mutant, and the data type, as far as the cells tell them.
    pub name: String,
    /// A field for each column; none where nothing was run.
    pub fields: Vec<Option<Field>>,
}

/// A heat map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heat {
    /// The faults, as the cells tell them: `partition`, `kill+pause`, `none`; `usual` where they do not.
    pub columns: Vec<String>,
    /// What was tested, the worst first.
    pub rows: Vec<HeatRow>,
    /// How many rows and columns there are beyond these.
    pub left_out: usize,
}

/// What was tested in a cell, and under which faults.
fn place(label: &str) -> (String, String) {
    let entries = entries_of(label);
    let of = |key: &str| entries.iter().find(|(name, _)| *name == key).map(|&(_, value)| value);
    let named = [SCENARIO, "target", "flavour", "mutant", "lie", "workload", "load"];
    let mut row: Vec<String> = Vec::new();
    for key in named {
        // A mutant and a scenario say of themselves what they are of.
        let said = of(key).map(|value| match key {
            "mutant" | "lie" | SCENARIO => format!("{key} {value}"),
            _ => value.to_owned(),
        });
        row.extend(said);
    }
    let row = if row.is_empty() { "all".to_owned() } else { row.join(", ") };
    (row, of("faults").unwrap_or("usual").to_owned())
}

/// The heat map of some cells.
#[must_use]
pub fn heat(cells: &[CellSummary]) -> Heat {
    let mut columns: Vec<String> = Vec::new();
    let mut rows: BTreeMap<String, BTreeMap<String, Field>> = BTreeMap::new();
    for cell in cells {
        let (row, column) = place(&cell.label);
        if !columns.contains(&column) {
            columns.push(column.clone());
        }
        let fields = rows.entry(row).or_default();
        let field = fields.entry(column).or_insert(Field { worst: cell.worst, failed: 0, runs: 0 });
        field.worst = field.worst.max(cell.worst);
        field.failed += cell.failed;
        field.runs += cell.runs;
    }
    let left_out = rows.len().saturating_sub(ROWS_MAX) + columns.len().saturating_sub(COLUMNS_MAX);
    columns.truncate(COLUMNS_MAX);
    let mut rows: Vec<HeatRow> = rows
        .into_iter()
        .map(|(name, of)| HeatRow {
            name,
            fields: columns.iter().map(|column| of.get(column).copied()).collect(),
        })
        .collect();
    // Stable: by name within.
    rows.sort_by_key(|row| {
        std::cmp::Reverse(row.fields.iter().flatten().map(|field| field.worst).max())
    });
    rows.truncate(ROWS_MAX);
    Heat { columns, rows, left_out }
}
