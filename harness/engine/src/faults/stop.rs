//! `stop`: a node is asked to end, and started again.

use super::draw::Draw;
use super::effect::{Ability, Effect, Fate, Fault};
use super::row::FaultRow;
use super::usual::{End, Usual};
use afterall_history::{FaultKind, Value};

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Stop,
    needs: Ability::TerminateProcesses,
    usual: Usual::Process(End::Terminated),
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    Fault {
        kind: FaultKind::Stop,
        effect: Effect::Process { node: draw.node, fate: Fate::Terminated },
        parameters: Value::Nil,
    }
}
