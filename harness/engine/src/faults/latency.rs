//! `latency`: links are slow.

use super::draw::{Draw, int, parameters};
use super::effect::{Ability, Condition, Effect, Fault};
use super::row::FaultRow;
use super::usual::{Plain, Usual};
use afterall_history::FaultKind;
use rand::RngExt;

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Latency,
    needs: Ability::SlowLinks,
    usual: Usual::Link(Plain::Slow),
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    let links = draw.some_links();
    let latency_ms = draw.random.random_range(50..=400);
    let jitter_ms = draw.random.random_range(0..=latency_ms / 4);
    Fault {
        kind: FaultKind::Latency,
        effect: Effect::Links { links, condition: Condition::Slow { latency_ms, jitter_ms } },
        parameters: parameters([("latency_ms", int(latency_ms)), ("jitter_ms", int(jitter_ms))]),
    }
}
