//! `wipe`: a node is killed, its disk is emptied, and the node comes back with nothing.

use super::draw::Draw;
use super::effect::{Ability, Effect, Fate, Fault};
use super::row::FaultRow;
use super::usual::{End, Usual};
use afterall_history::{FaultKind, Value};

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Wipe,
    needs: Ability::EmptyDisks,
    usual: Usual::Process(End::Wiped),
    only_if_asked: true,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    Fault {
        kind: FaultKind::Wipe,
        effect: Effect::Process { node: draw.node, fate: Fate::Wiped },
        parameters: Value::Nil,
    }
}
