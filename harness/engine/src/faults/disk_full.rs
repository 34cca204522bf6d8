//! `disk-full`: the disk of a node takes nothing more. A commit that fails ends the node, which comes back when there is room.

use super::draw::Draw;
use super::effect::{Ability, Effect, Fate, Fault};
use super::row::FaultRow;
use super::usual::{End, Usual};
use afterall_history::{FaultKind, Value};

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::DiskFull,
    needs: Ability::FillDisks,
    usual: Usual::Process(End::DiskFull),
    only_if_asked: true,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    Fault {
        kind: FaultKind::DiskFull,
        effect: Effect::Process { node: draw.node, fate: Fate::DiskFull },
        parameters: Value::Nil,
    }
}
