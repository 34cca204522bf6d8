//! Tables for people: columns side by side, the text in them wrapped.

use afterall_reports::wrapped;
use std::fmt;

/// However narrow a terminal is, no column is narrower than this.
const COLUMN_MIN: usize = 8;
/// No column but the last is wider, unless a word of it is.
const COLUMN_MAX: usize = 26;
/// The last column takes what is left, and no less than this.
const LAST_MIN: usize = 18;

/// A table with a line of headings.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    /// How wide it is, characters.
    width: usize,
}

impl Table {
    pub(crate) fn new<const N: usize>(headings: [&str; N]) -> Table {
        let mut table = Table { rows: Vec::new(), width: crate::terminal::width() };
        table.row(headings.map(str::to_uppercase).each_ref().map(String::as_str));
        table
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.map(str::to_owned).to_vec());
    }

    /// Text below the last row, in the last column.
    pub(crate) fn under(&mut self, text: &str) {
        let columns = self.rows.first().map_or(1, Vec::len);
        let mut row = vec![String::new(); columns];
        if let Some(last) = row.last_mut() {
            text.clone_into(last);
        }
        self.rows.push(row);
    }

    /// The same table, as wide as a terminal.
    pub(crate) fn within(self, width: usize) -> Table {
        Table { width, ..self }
    }

    fn width_of(&self, column: usize) -> usize {
        let cells = || self.rows.iter().filter_map(|row| row.get(column)).flat_map(|of| of.lines());
        let longest = cells().map(|cell| cell.chars().count()).max().unwrap_or(0);
        let words = cells().flat_map(|cell| cell.split(' ')).map(|word| word.chars().count());
        longest.min(COLUMN_MAX).max(words.max().unwrap_or(0))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.first().map_or(0, Vec::len);
        let mut widths: Vec<usize> = (0..columns).map(|column| self.width_of(column)).collect();
        if let Some((last, others)) = widths.split_last_mut() {
            let taken = |others: &[usize]| others.iter().map(|width| width + 2).sum::<usize>();
            // Where there is no room, words are broken.
            while taken(others) + LAST_MIN > self.width {
                let widest = others.iter_mut().max_by_key(|width| **width);
                let Some(widest) = widest.filter(|width| **width > COLUMN_MIN) else { break };
                *widest -= 1;
            }
            *last = self.width.saturating_sub(taken(others)).max(LAST_MIN);
        }
        for row in &self.rows {
            let of = |(cell, width): (&String, &usize)| -> Vec<String> {
                cell.lines().flat_map(|line| wrapped(line, *width)).collect()
            };
            let cells: Vec<Vec<String>> = row.iter().zip(&widths).map(of).collect();
            let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
            for line in 0..lines {
                let mut text = String::new();
                for (cell, width) in cells.iter().zip(&widths) {
                    let part = cell.get(line).map_or("", String::as_str);
                    text.push_str(&format!("{part:<width$}  "));
                }
                writeln!(f, "{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_a_narrow_terminal() {
        for width in [40, 60, 80, 140] {
            let mut table = Table::new(["property", "first", "second"]);
            table.row(["monotonic-reads/roaming", "not exercised (promised)", "held"]);
            table.under(&"word ".repeat(30));
            let text = table.within(width).to_string();
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
        }
    }

    #[test]
    fn long_cells_are_wrapped_within_their_column() {
        let mut table = Table::new(["a", "b"]);
        table.width = 80;
        table.row(["x", &"word ".repeat(40)]);
        let text = table.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "A  B");
        assert!(lines[1].starts_with("x  word") && lines[2].starts_with("   word"));
        assert!(lines.iter().all(|line| line.chars().count() <= 80));
    }
}
