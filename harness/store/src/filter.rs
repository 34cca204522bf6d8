//! Which rows are wanted.

use crate::row::{Row, Standing};

/// Which rows are wanted. What is not given lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// How they stand.
    pub standing: Option<Standing>,
    /// The target, or its flavour or mutant, by name: `redis`, `crdt`, `reference/crdt`.
    pub target: Option<String>,
    /// The data type.
    pub workload: Option<String>,
    /// Words that all have to be somewhere in the row, in any case of letters.
    pub words: Vec<String>,
}

impl Filter {
    /// Whether all pass.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Filter::default()
    }

    /// Words of a search.
    #[must_use]
    pub fn words(text: &str) -> Vec<String> {
        text.split_whitespace().take(20).map(str::to_lowercase).collect()
    }

    /// Whether a row is wanted.
    #[must_use]
    pub fn lets(&self, row: &Row) -> bool {
        let what = row.what.as_ref();
        let stands = self.standing.is_none_or(|standing| standing == row.standing);
        let workload = self.workload.as_ref().is_none_or(|wanted| {
            what.is_some_and(|what| what.workload.eq_ignore_ascii_case(wanted))
        });
        let target = self.target.as_ref().is_none_or(|wanted| {
            what.is_some_and(|what| {
                let flavour = what.flavour.as_deref();
                let with = flavour.map(|flavour| format!("{}/{flavour}", what.target));
                [Some(what.target.as_str()), flavour, what.mutant.as_deref(), with.as_deref()]
                    .contains(&Some(wanted.as_str()))
            })
        });
        stands && workload && target && self.finds(row)
    }

    fn finds(&self, row: &Row) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let what = row.what.as_ref();
        let seed = what.map(|what| format!("seed {}", what.seed)).unwrap_or_default();
        let parts = [
            row.place.path.as_str(),
            row.place.when.as_deref().unwrap_or_default(),
            row.standing.name(),
            row.finding.as_deref().unwrap_or_default(),
            what.map_or("", |what| &what.workload),
            what.map_or("", |what| &what.world),
            &what.map(|what| what.system()).unwrap_or_default(),
            &seed,
        ];
        let all = parts.join("\n").to_lowercase();
        self.words.iter().all(|word| all.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::What;
    use crate::scan::Place;

    fn row() -> Row {
        Row {
            place: Place::new("reference-cart/20261128T185913Z-3"),
            what: Some(What {
                target: "reference".to_owned(),
                flavour: Some("crdt".to_owned()),
                mutant: Some("cart-union".to_owned()),
                workload: "cart".to_owned(),
                world: "sim".to_owned(),
                seed: 3,
                ..What::default()
            }),
            standing: Standing::Invalid,
            ops: Some(7),
            finding: Some("no-resurrected-items broken: resurrected item".to_owned()),
        }
    }

    #[test]
    fn each_condition_narrows() {
        let row = row();
        assert!(Filter::default().lets(&row) && Filter::default().is_open());
        let target = |text: &str| Filter { target: Some(text.to_owned()), ..Filter::default() };
        for yes in ["reference", "crdt", "reference/crdt", "cart-union"] {
            assert!(target(yes).lets(&row), "{yes}");
        }
        assert!(!target("redis").lets(&row) && !target("refer").lets(&row));
        let search = |text: &str| Filter { words: Filter::words(text), ..Filter::default() };
        for yes in ["Resurrected CART", "seed 3", "2026-11-28", "20261128T185913Z-3", "invalid"] {
            assert!(search(yes).lets(&row), "{yes}");
        }
        assert!(!search("resurrected register").lets(&row));
        assert!(!Filter { standing: Some(Standing::Valid), ..Filter::default() }.lets(&row));
        assert!(!Filter { workload: Some("set".to_owned()), ..Filter::default() }.lets(&row));
        let unknown = Row { what: None, ..row };
        assert!(!target("reference").lets(&unknown) && search("invalid").lets(&unknown));
    }
}
