//! `truncate`: a node is killed, one of its files loses its end, and the node is started again.

use super::draw::{Draw, int, parameters};
use super::effect::{Ability, Damage, Effect, Fate, Fault};
use super::row::FaultRow;
use super::usual::{End, Usual};
use afterall_history::FaultKind;
use rand::RngExt;

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Truncate,
    needs: Ability::DamageFiles,
    usual: Usual::Process(End::Truncated),
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    let bytes = draw.random.random_range(1..=64);
    Fault {
        kind: FaultKind::Truncate,
        effect: Effect::Process {
            node: draw.node,
            fate: Fate::Damaged { how: Damage::Truncated, bytes },
        },
        parameters: parameters([("bytes", int(bytes))]),
    }
}
