//! The kinds of faults that there are, one row each.

use super::effect::Ability;
use super::row::FaultRow;
use super::{
    bandwidth, black_hole, clock, corrupt, disk_full, kill, latency, leave, partition, pause, stop,
    truncate, udp_drop, wipe,
};
use afterall_history::FaultKind;

/// The kinds of faults that a schedule can be drawn from.
#[derive(Debug, Clone)]
pub struct Registry {
    rows: Vec<FaultRow>,
}

impl Registry {
    /// The kinds that the program knows. One row each.
    #[must_use]
    pub fn standard() -> Registry {
        let rows = vec![
            partition::ROW,
            latency::ROW,
            kill::ROW,
            pause::ROW,
            clock::ROW,
            stop::ROW,
            black_hole::ROW,
            udp_drop::ROW,
            truncate::ROW,
            corrupt::ROW,
            bandwidth::ROW,
            wipe::ROW,
            disk_full::ROW,
            leave::ROW,
        ];
        Registry { rows }
    }

    /// The same with another row, which takes the place of the one for the same word.
    #[must_use]
    pub fn with(mut self, row: FaultRow) -> Registry {
        self.rows.retain(|known| known.kind != row.kind);
        self.rows.push(row);
        self
    }

    /// The row of a kind.
    #[must_use]
    pub fn row(&self, kind: FaultKind) -> Option<&FaultRow> {
        self.rows.iter().find(|row| row.kind == kind)
    }

    /// The kinds that a world with these abilities can inject.
    pub fn kinds(&self, abilities: &[Ability]) -> Vec<FaultKind> {
        let able = self.rows.iter().filter(|row| abilities.contains(&row.needs));
        able.map(|row| row.kind).collect()
    }

    /// Those of them that a run has unless it is told.
    pub fn usual_kinds(&self, abilities: &[Ability]) -> Vec<FaultKind> {
        let usual = self.rows.iter().filter(|row| !row.only_if_asked);
        let able = usual.filter(|row| abilities.contains(&row.needs));
        able.map(|row| row.kind).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_one_row() {
        let registry = Registry::standard();
        assert_eq!(registry.rows.len(), FaultKind::ALL.len());
        for &kind in FaultKind::ALL {
            assert!(registry.row(kind).is_some(), "{kind}");
        }
    }
}
