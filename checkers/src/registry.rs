//! The registry: all properties, a row each. Everything that must know of every property walks over it.

use crate::findings::Claim;
use crate::measures::{levels, staleness, windows};
use crate::properties;
use crate::row::{Checker, Gravity, RestsOn, Row};
use crate::verdict::{Outcome, PropertyVerdict};
use afterall_history::{Property, Workload};
use std::collections::BTreeSet;

/// What can be judged, and what is measured beside it.
pub(crate) struct Registry {
    /// A row a property, in the order of the ladder: the strongest first.
    rows: Vec<&'static Row>,
    /// What is measured and promised by nobody.
    pub(crate) measures: Vec<&'static Checker>,
}

impl Registry {
    /// All properties that this version judges.
    pub(crate) fn standard() -> Registry {
        Registry::of(vec![
            &properties::linearizable::ROW,
            &properties::sequential::ROW,
            &properties::causal_convergence::ROW,
            &properties::causal_memory::ROW,
            &properties::causal::ROW,
            &properties::pram::ROW,
            &properties::read_atomic::ROW,
            &properties::read_committed::ROW,
            &properties::read_your_writes::ROW,
            &properties::monotonic_reads::ROW,
            &properties::monotonic_writes::ROW,
            &properties::writes_follow_reads::ROW,
            &properties::fresh_reads::ROW,
            &properties::no_lost_writes::ROW,
            &properties::no_causal_loss::ROW,
            &properties::convergence::ROW,
            &properties::no_lost_increments::ROW,
            &properties::no_double_increments::ROW,
            &properties::counter_bounds::ROW,
            &properties::no_lost_items::ROW,
            &properties::no_resurrected_items::ROW,
            &properties::no_oversell::ROW,
            &properties::no_phantoms::ROW,
            &properties::availability::ROW,
        ])
    }

    /// The rows of some properties alone, and nothing that is only measured.
    pub(crate) fn only(self, properties: &BTreeSet<Property>) -> Registry {
        let rows = self.rows.into_iter().filter(|row| properties.contains(&row.property));
        Registry { rows: rows.collect(), measures: Vec::new() }
    }

    /// Of these rows, in any order.
    pub(crate) fn of(mut rows: Vec<&'static Row>) -> Registry {
        rows.sort_by_key(|row| row.property);
        Registry {
            rows,
            measures: vec![
                &staleness::CHECKER,
                &windows::CHECKER,
                &levels::CHECKER,
                &properties::convergence::CHECKER,
            ],
        }
    }

    /// The rows, the strongest property first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'static Row> + '_ {
        self.rows.iter().copied()
    }

    pub(crate) fn row(&self, property: Property) -> Option<&'static Row> {
        self.rows().find(|row| row.property == property)
    }

    /// The rows that a workload can show. Where only completions were recorded, nothing is shown that needs to know what was
    /// over before what began.
    pub(crate) fn shown_rows(
        &self,
        workload: Workload,
        real_time: bool,
    ) -> impl Iterator<Item = &'static Row> + '_ {
        self.rows().filter(move |row| row.is_shown_by(workload, real_time))
    }

    /// The properties that a workload can show, and for which sessions.
    pub(crate) fn shown_by(
        &self,
        workload: Workload,
        real_time: bool,
    ) -> impl Iterator<Item = Claim> + '_ {
        self.shown_rows(workload, real_time).flat_map(Row::claims)
    }

    /// How early a reader should hear that the property is broken.
    pub(crate) fn gravity(&self, property: Property) -> Gravity {
        self.row(property).map_or(Gravity::Comparison, |row| row.gravity)
    }

    /// The reads that the property is judged on.
    pub(crate) fn rests_on(&self, property: Property) -> RestsOn {
        self.row(property).map_or(RestsOn::EveryRead, |row| row.rests_on)
    }

    /// All that a property implies.
    fn implied(&self, property: Property) -> BTreeSet<Property> {
        let mut implied = BTreeSet::new();
        let mut open = vec![property];
        while let Some(property) = open.pop() {
            let weaker = self.row(property).map_or(&[][..], |row| row.implies).iter().copied();
            open.extend(weaker.filter(|&weaker| implied.insert(weaker)));
        }
        implied
    }

    /// The strongest model that held, and that implies nothing that is broken.
    pub(crate) fn strongest(&self, properties: &[PropertyVerdict]) -> Option<Property> {
        let broken =
            |property| properties.iter().any(|p| p.property == property && p.outcome.is_broken());
        let held = |property| {
            properties.iter().any(|p| p.property == property && p.outcome.is_held())
                && !properties.iter().any(|p| {
                    p.property == property
                        && !p.outcome.is_held()
                        && !matches!(p.outcome, Outcome::NotExercised { .. })
                })
        };
        let models = self.rows().filter(|row| row.model).map(|row| row.property);
        let mut held = models.filter(|&property| held(property));
        held.find(|&property| !self.implied(property).into_iter().any(broken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_has_one_row() {
        let rows: Vec<Property> = Registry::standard().rows().map(|row| row.property).collect();
        assert_eq!(rows, Property::ALL);
    }

    #[test]
    fn a_session_guarantee_is_no_model() {
        let models = Registry::standard();
        let models = models.rows().filter(|row| row.model && row.gravity == Gravity::Session);
        assert_eq!(models.map(|row| row.property).collect::<Vec<_>>(), []);
    }

    #[test]
    fn a_row_and_its_walks_speak_of_the_same_workloads() {
        for row in Registry::standard().rows() {
            for &workload in row.workloads.iter().filter(|&&w| w != Workload::Transactions) {
                let judged = row.checkers.iter().any(|checker| {
                    checker.workloads.contains(&workload) && (row.real_time || !checker.real_time)
                });
                assert!(judged, "{} on {workload}", row.property);
            }
            let of_transactions = row.workloads.contains(&Workload::Transactions);
            assert_eq!(of_transactions, row.level.is_some(), "{}", row.property);
        }
    }
}
