//! `pause`: a node is stopped, and continued.

use super::draw::Draw;
use super::effect::{Ability, Effect, Fate, Fault};
use super::row::FaultRow;
use super::usual::{End, Usual};
use afterall_history::{FaultKind, Value};

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Pause,
    needs: Ability::PauseProcesses,
    usual: Usual::Process(End::Paused),
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    Fault {
        kind: FaultKind::Pause,
        effect: Effect::Process { node: draw.node, fate: Fate::Paused },
        parameters: Value::Nil,
    }
}
