//! What is known of one property: its row in the registry, which stands in the property's own file.

use crate::case::Case;
use crate::findings::{Claim, Findings};
use crate::transactions::level::Level;
use afterall_history::{Property, Sessions, Workload};

/// All that the rest of the crate knows of a property.
pub(crate) struct Row {
    /// Its word.
    pub(crate) property: Property,
    /// The workloads that can show it.
    pub(crate) workloads: &'static [Workload],
    /// The sessions it is judged for: [`TOGETHER`], or [`APART`].
    pub(crate) sessions: &'static [Sessions],
    /// Whether it cannot be judged without knowing what was over before what began.
    pub(crate) real_time: bool,
    /// Whether it is a consistency model: it says which reads are right, at any moment.
    pub(crate) model: bool,
    /// What it implies directly, as far as this crate judges both. The source is the paper on top of the property's file.
    pub(crate) implies: &'static [Property],
    /// How early a reader should hear that it is broken.
    pub(crate) gravity: Gravity,
    /// The reads it is judged on.
    pub(crate) rests_on: RestsOn,
    /// The workloads of other tools' histories that are held to it where nobody says what was promised.
    pub(crate) usual_for: &'static [Workload],
    /// The walks that judge it. One walk may judge several properties, and is made once.
    pub(crate) checkers: &'static [&'static Checker],
    /// What it demands of transactions, if it is judged for them.
    pub(crate) level: Option<Level>,
}

impl Row {
    /// The property for each kind of session that it is judged for.
    pub(crate) fn claims(&self) -> impl Iterator<Item = Claim> + use<> {
        let property = self.property;
        self.sessions.iter().map(move |&sessions| (property, sessions))
    }

    /// Whether a history can show it.
    pub(crate) fn is_shown_by(&self, workload: Workload, real_time: bool) -> bool {
        self.workloads.contains(&workload) && (real_time || !self.real_time)
    }
}

/// Judged for all sessions alike.
pub(crate) const TOGETHER: &[Sessions] = &[Sessions::All];
/// Judged for sessions that stay with one replica, and for those that roam.
pub(crate) const APART: &[Sessions] = &[Sessions::Sticky, Sessions::Roaming];

/// Where a broken property stands among the findings: the first of these come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gravity {
    /// Something is wrong for good.
    Lasting,
    /// A session saw something wrong on its way.
    Session,
    /// Only a comparison of sessions shows it.
    Comparison,
}

/// The reads that a property is judged on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RestsOn {
    /// Any read.
    EveryRead,
    /// What the reads of a session show after its own operations.
    OwnSession,
    /// The final reads of all replicas: without them it is not put to the test.
    FinalReads,
    /// What is there to be seen, or no read at all: a read that shows nothing says nothing about it.
    WhatIsShown,
}

/// A walk over a history that judges one property, or several.
pub(crate) struct Checker {
    /// Its name: no two have the same.
    pub(crate) name: &'static str,
    /// The workloads it is for.
    pub(crate) workloads: &'static [Workload],
    /// Whether it needs to know what was over before what began.
    pub(crate) real_time: bool,
    /// When it runs.
    pub(crate) turn: Turn,
    /// What must have run before, whether its properties are asked for or not.
    pub(crate) after: &'static [&'static Checker],
    /// Judges, and files what it finds.
    pub(crate) check: fn(&Case<'_>, &mut Findings),
}

/// When a checker runs. Those of the first two run side by side, each in the order of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// What leads to the causal order, and what needs nothing but that.
    Main,
    /// What needs nothing of the others.
    Beside,
    /// What asks first what the others found.
    Last,
}
