//! Positions in a film, in seconds: each session watches on, and reports ever greater ones.
//!
//! Most of the time a session goes on from where the film had come to when it last looked. Now and then it reports what it had
//! played before it looked, as a device does that was offline: less than others have reached by then, and nothing that may
//! take theirs back.

use crate::operation::Operation;
use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// The most seconds that pass between two reports.
const STEP_MAX: i64 = 30;

/// Where a session is in a film.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// The furthest that it has reported.
    own: i64,
    /// The furthest that it has read.
    seen: i64,
}

/// Reports and reads of positions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Positions {
    /// By session.
    places: BTreeMap<usize, BTreeMap<String, Place>>,
}

impl Positions {
    fn place(&mut self, slot: usize, film: &str) -> &mut Place {
        self.places.entry(slot).or_default().entry(film.to_owned()).or_default()
    }
}

impl Source for Positions {
    fn next(&mut self, random: &mut Pcg64, slot: usize, film: &str) -> (Function, Value) {
        if random.random_range(0..2) == 0 {
            return (Function::Read, Value::Nil);
        }
        let looks = random.random_range(0..4) != 0;
        let step = random.random_range(1..=STEP_MAX);
        let place = self.place(slot, film);
        let from = if looks { place.own.max(place.seen) } else { place.own };
        place.own = from.saturating_add(step);
        (Function::Write, Value::Int(place.own))
    }

    fn learn(&mut self, slot: usize, operation: &Operation, read: &Value) {
        if let (true, Some(at)) = (operation.f.is_read(), read.as_int()) {
            let place = self.place(slot, &operation.key);
            place.seen = place.seen.max(at);
        }
    }

    fn forget(&mut self, slot: usize) {
        self.places.remove(&slot);
    }
}
