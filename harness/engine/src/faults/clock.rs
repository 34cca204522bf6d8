//! `clock`: the clock of a node is wrong.

use super::draw::{Draw, int, parameters};
use super::effect::{Ability, ClockFault, Effect, Fault};
use super::row::FaultRow;
use super::usual::Usual;
use afterall_history::{FaultKind, Value};
use rand::RngExt;

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Clock,
    needs: Ability::SkewClocks,
    usual: Usual::Clock,
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    let how = how(draw);
    Fault {
        kind: FaultKind::Clock,
        effect: Effect::Clock { node: draw.node, how },
        parameters: parameters_of(how),
    }
}

/// What histories record of it.
pub(super) fn parameters_of(how: ClockFault) -> Value {
    match how {
        ClockFault::Asymmetric { up_ms, down_ms } => parameters([
            ("how", "asymmetric".into()),
            ("up_ms", int(up_ms)),
            ("down_ms", int(down_ms)),
        ]),
        ClockFault::Bump { by_ms } => {
            parameters([("how", "bump".into()), ("by_ms", Value::Int(by_ms))])
        }
        ClockFault::Strobe { by_ms, period_ms } => parameters([
            ("how", "strobe".into()),
            ("by_ms", Value::Int(by_ms)),
            ("period_ms", int(period_ms)),
        ]),
        ClockFault::Drift { by_ms, over_ms } => parameters([
            ("how", "drift".into()),
            ("by_ms", Value::Int(by_ms)),
            ("over_ms", int(over_ms)),
        ]),
    }
}

fn how(draw: &mut Draw<'_>) -> ClockFault {
    let random = &mut *draw.random;
    let sign = if random.random_range(0..2) == 0 || draw.clocks_forward { 1 } else { -1 };
    let ways = if draw.clocks_drift { 4 } else { 3 };
    match random.random_range(0..ways) {
        0 => {
            let slow = random.random_range(200..=500);
            let fast = random.random_range(0..=50);
            let (up_ms, down_ms) = if sign > 0 { (slow, fast) } else { (fast, slow) };
            ClockFault::Asymmetric { up_ms, down_ms }
        }
        1 => ClockFault::Bump { by_ms: sign * random.random_range(500..=5_000) },
        2 => ClockFault::Strobe {
            by_ms: sign * random.random_range(200..=2_000),
            period_ms: random.random_range(150..=400),
        },
        // Slow enough to be seen on its way, and there within the time that a fault may take to show.
        _ => ClockFault::Drift {
            by_ms: sign * random.random_range(600..=3_000),
            over_ms: random.random_range(800..=1_600),
        },
    }
}
