//! `leave`: a node leaves the cluster in an orderly way, and joins it again.

use super::draw::Draw;
use super::effect::{Ability, Effect, Fate, Fault};
use super::row::FaultRow;
use super::usual::{End, Usual};
use afterall_history::{FaultKind, Value};

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Leave,
    needs: Ability::ChangeMembership,
    usual: Usual::Process(End::Left),
    only_if_asked: true,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    Fault {
        kind: FaultKind::Leave,
        effect: Effect::Process { node: draw.node, fate: Fate::Left },
        parameters: Value::Nil,
    }
}
