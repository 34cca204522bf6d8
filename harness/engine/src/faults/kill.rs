//! `kill`: a node is killed, and started again.

use super::draw::Draw;
use super::effect::{Ability, Effect, Fate, Fault};
use super::row::FaultRow;
use super::usual::{End, Usual};
use afterall_history::{FaultKind, Value};

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Kill,
    needs: Ability::KillProcesses,
    usual: Usual::Process(End::Killed),
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    Fault {
        kind: FaultKind::Kill,
        effect: Effect::Process { node: draw.node, fate: Fate::Killed },
        parameters: Value::Nil,
    }
}
