//! `partition`: links between nodes are cut.

use super::draw::{Draw, parameters};
use super::effect::{Ability, Condition, Effect, Fault};
use super::row::FaultRow;
use super::usual::{Plain, Usual};
use afterall_history::{FaultKind, vocabulary};
use rand::RngExt;
use rand::seq::SliceRandom;

vocabulary! {
    /// How a partition divides the cluster.
    "shape" Shape {
        /// One node against all others.
        Isolate = "isolate",
        /// Two halves.
        Halves = "halves",
        /// Every node sees a majority, and no two see the same one.
        MajoritiesRing = "majorities-ring",
        /// Two halves, and one node that sees both.
        Bridge = "bridge",
        /// One node is not heard by the others, though it hears them.
        OneWay = "one-way",
    }
}

pub(super) const ROW: FaultRow = FaultRow {
    kind: FaultKind::Partition,
    needs: Ability::RefuseConnections,
    usual: Usual::Link(Plain::Refused),
    only_if_asked: false,
    draw,
};

fn draw(draw: &mut Draw<'_>) -> Fault {
    let nodes = draw.nodes;
    let mut order: Vec<usize> = (0..nodes).collect();
    order.shuffle(draw.random);
    let mut shapes = vec![Shape::Isolate, Shape::Halves, Shape::OneWay];
    if nodes >= 4 {
        shapes.extend([Shape::MajoritiesRing, Shape::Bridge]);
    }
    let shape = shapes[draw.random.random_range(0..shapes.len())];
    // Places in the shuffled order, so that every rule below can speak of first, middle and distance.
    let half = nodes / 2;
    let severed = |a: usize, b: usize| match shape {
        Shape::Isolate => a == 0 || b == 0,
        Shape::Halves => (a < half) != (b < half),
        Shape::OneWay => a == 0,
        Shape::Bridge => a != half && b != half && (a < half) != (b < half),
        Shape::MajoritiesRing => {
            let distance = a.abs_diff(b).min(nodes - a.abs_diff(b));
            distance > (nodes / 2).div_ceil(2)
        }
    };
    let severed = draw.all_links().filter(|&(a, b)| severed(a, b));
    let mut links: Vec<_> = severed.map(|(a, b)| (order[a], order[b])).collect();
    links.sort_unstable();
    Fault {
        kind: FaultKind::Partition,
        effect: Effect::Links { links, condition: Condition::Refused },
        parameters: parameters([("shape", shape.name().into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;
    use std::collections::BTreeSet;

    #[test]
    fn partitions_cut_what_their_shape_says() {
        let mut seen = BTreeSet::new();
        for seed in 0..100 {
            let mut random = Pcg64::seed_from_u64(seed);
            let mut from = Draw {
                nodes: 5,
                node: 0,
                clocks_forward: false,
                clocks_drift: true,
                random: &mut random,
            };
            let fault = draw(&mut from);
            let cut = fault.links().to_vec();
            let shape = Shape::ALL
                .iter()
                .copied()
                .find(|shape| fault.parameters == parameters([("shape", shape.name().into())]));
            let shape = shape.unwrap();
            let both_ways = cut.iter().all(|&(a, b)| cut.contains(&(b, a)));
            assert_eq!(both_ways, shape != Shape::OneWay);
            let cut = &cut;
            let peers =
                |node: usize| (0..5).filter(move |&to| to == node || !cut.contains(&(node, to)));
            match shape {
                Shape::Isolate => assert_eq!(cut.len(), 8),
                Shape::Halves => assert_eq!(cut.len(), 12),
                Shape::OneWay => assert_eq!(cut.len(), 4),
                Shape::Bridge => assert_eq!(cut.len(), 8),
                Shape::MajoritiesRing => {
                    let views: BTreeSet<Vec<usize>> =
                        (0..5).map(|node| peers(node).collect()).collect();
                    assert!(views.iter().all(|view| view.len() >= 3));
                    assert_eq!(views.len(), 5);
                }
            }
            seen.insert(format!("{shape:?}"));
        }
        assert_eq!(seen.len(), 5);
    }
}
