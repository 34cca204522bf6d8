//! `black-hole`: everything that is sent over links vanishes, and connecting hangs.

use super::draw::Draw;
use super::effect::{Ability, Condition, Effect, Fault};
use super::row::FaultRow;
use super::usual::{Plain, Usual};
use afterall_history::{FaultKind, Value};

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::BlackHole,
    needs: Ability::SwallowTraffic,
    usual: Usual::Link(Plain::Swallowed),
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    Fault {
        kind: FaultKind::BlackHole,
        effect: Effect::Links { links: draw.some_links(), condition: Condition::Swallowed },
        parameters: Value::Nil,
    }
}
