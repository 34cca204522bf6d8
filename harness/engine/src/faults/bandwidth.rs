//! `bandwidth`: links carry only so many bytes per second.

use super::draw::{Draw, int, parameters};
use super::effect::{Ability, Condition, Effect, Fault};
use super::row::FaultRow;
use super::usual::{Plain, Usual};
use afterall_history::FaultKind;
use rand::RngExt;

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Bandwidth,
    needs: Ability::LimitLinks,
    usual: Usual::Link(Plain::Limited),
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    let links = draw.some_links();
    let kb_per_s = draw.random.random_range(4..=64);
    Fault {
        kind: FaultKind::Bandwidth,
        effect: Effect::Links { links, condition: Condition::Limited { kb_per_s } },
        parameters: parameters([("kb_per_s", int(kb_per_s))]),
    }
}
