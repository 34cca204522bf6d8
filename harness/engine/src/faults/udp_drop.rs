//! `udp-drop`: datagrams over links vanish.

use super::draw::Draw;
use super::effect::{Ability, Condition, Effect, Fault};
use super::row::FaultRow;
use super::usual::{Plain, Usual};
use afterall_history::{FaultKind, Value};

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::UdpDrop,
    needs: Ability::DropDatagrams,
    usual: Usual::Link(Plain::DatagramsDropped),
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    Fault {
        kind: FaultKind::UdpDrop,
        effect: Effect::Links { links: draw.some_links(), condition: Condition::DatagramsDropped },
        parameters: Value::Nil,
    }
}
