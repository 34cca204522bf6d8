//! What every link should be, given the faults in force; and the changes that make it so.
//!
//! Faults overlap: two may cut the same link. The state of a link is therefore always derived from all of them,
//! so that healing one does not heal the other.

use afterall_engine::faults::{ClockFault, Condition, Effect, Fate, Link};
use afterall_toxiproxy::{Change, Direction};
use std::collections::{BTreeMap, BTreeSet};

/// What a link should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Wanted {
    cut: bool,
    /// Everything towards the upstream vanishes.
    drop_up: bool,
    /// Everything on the way back vanishes.
    drop_down: bool,
    /// Towards the upstream: latency and jitter, milliseconds.
    up: Option<(u32, u32)>,
    /// Back.
    down: Option<(u32, u32)>,
    /// Towards the upstream: thousands of bytes per second at most.
    limit_up: Option<u32>,
    /// Back.
    limit_down: Option<u32>,
}

/// The names of links.
pub(crate) fn peer_link(from: usize, to: usize, port: usize) -> String {
    match port {
        0 => format!("n{}-n{}", from + 1, to + 1),
        port => format!("n{}-n{}.{port}", from + 1, to + 1),
    }
}

pub(crate) fn session_link(session: usize, to: usize) -> String {
    format!("c{session}-n{}", to + 1)
}

pub(crate) fn reader_link(to: usize) -> String {
    format!("reader-n{}", to + 1)
}

pub(crate) fn time_link(from: usize) -> String {
    format!("n{}-time", from + 1)
}

/// All links and the faults upon them.
#[derive(Debug)]
pub(crate) struct LinkPlan {
    nodes: usize,
    session_links: usize,
    /// How many ports nodes hear each other on: each has a link of its own.
    peer_ports: usize,
    /// Whether nodes ask the time over links.
    time_links: bool,
    effects: BTreeMap<usize, Effect>,
    wanted: BTreeMap<String, Wanted>,
    /// How many times links were changed.
    revision: u64,
}

impl LinkPlan {
    /// Every link is whole.
    pub(crate) fn new(nodes: usize, session_links: usize, peer_ports: usize) -> Self {
        let (effects, wanted, revision) = Default::default();
        LinkPlan { nodes, session_links, peer_ports, time_links: true, effects, wanted, revision }
    }

    /// The same where clocks are skewed in some other way than by links.
    pub(crate) fn without_time_links(self) -> Self {
        LinkPlan { time_links: false, ..self }
    }

    /// The links from one node to another.
    fn peer_links(&self, from: usize, to: usize) -> impl Iterator<Item = String> {
        (0..self.peer_ports).map(move |port| peer_link(from, to, port))
    }

    /// The changes that a new fault asks for.
    pub(crate) fn add(&mut self, id: usize, effect: Effect) -> Vec<(String, Change)> {
        self.effects.insert(id, effect);
        self.changes()
    }

    /// The changes that a fault's end asks for.
    pub(crate) fn remove(&mut self, id: usize) -> Vec<(String, Change)> {
        self.effects.remove(&id);
        self.changes()
    }

    /// How many times links were changed. Who measures while they are may see what was held back let go too early.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether nothing should pass from one node to another now.
    pub(crate) fn is_cut(&self, from: usize, to: usize) -> bool {
        self.refuses(from, to) || self.drops(from, to)
    }

    /// Whether connections over the link should be refused now: both ways are cut, or the node behind it is down.
    pub(crate) fn refuses(&self, from: usize, to: usize) -> bool {
        self.wanted.get(&peer_link(from, to, 0)).is_some_and(|wanted| wanted.cut)
    }

    /// Whether what one node sends to the other should vanish now, while the other is still heard.
    pub(crate) fn drops(&self, from: usize, to: usize) -> bool {
        self.wanted.get(&peer_link(from, to, 0)).is_some_and(|wanted| wanted.drop_up)
    }

    /// Whether other faults hide all that this one does to its links: nothing passes a link that is cut, slow or not, and nobody
    /// is refused whose words vanish.
    pub(crate) fn hides(&self, effect: &Effect) -> bool {
        let Effect::Links { links, condition } = effect else { return false };
        match condition {
            Condition::Slow { .. } | Condition::Limited { .. } => {
                links.iter().all(|&(from, to)| self.is_cut(from, to))
            }
            Condition::Refused => links.iter().all(|&link| self.swallows(link)),
            Condition::Swallowed | Condition::DatagramsDropped => false,
        }
    }

    /// Whether what is sent over the link vanishes before anybody could refuse it.
    pub(crate) fn swallows(&self, (from, to): Link) -> bool {
        self.black_holes(from).contains(&to)
    }

    /// To whom nothing that this node sends arrives, by TCP.
    pub(crate) fn black_holes(&self, from: usize) -> BTreeSet<usize> {
        self.targets(from, |condition| condition == Condition::Swallowed)
    }

    /// To whom no datagram of this node arrives: there is no proxy for these, so a partition is one of the reasons.
    pub(crate) fn udp_drops(&self, from: usize) -> BTreeSet<usize> {
        self.targets(from, |condition| match condition {
            Condition::Refused | Condition::Swallowed | Condition::DatagramsDropped => true,
            Condition::Slow { .. } | Condition::Limited { .. } => false,
        })
    }

    fn targets(&self, from: usize, of: impl Fn(Condition) -> bool) -> BTreeSet<usize> {
        let links = self.effects.values().filter_map(|effect| match effect {
            Effect::Links { links, condition } if of(*condition) => Some(links),
            _ => None,
        });
        links.flatten().filter(|link| link.0 == from).map(|link| link.1).collect()
    }

    fn changes(&mut self) -> Vec<(String, Change)> {
        let wanted = self.derive();
        let mut changes = Vec::new();
        let names: BTreeSet<&String> = self.wanted.keys().chain(wanted.keys()).collect();
        for name in names {
            let before = self.wanted.get(name).copied().unwrap_or_default();
            let after = wanted.get(name).copied().unwrap_or_default();
            let mut change = |change| changes.push((name.clone(), change));
            let toxics = |wanted: &Wanted| {
                let limits = (wanted.limit_up, wanted.limit_down);
                (wanted.up, wanted.down, limits, wanted.drop_up, wanted.drop_down)
            };
            // Toxics are removed all at once: nothing may slip through a cut while they are made anew.
            let drops = |wanted: &Wanted| wanted.drop_up || wanted.drop_down;
            let anew = toxics(&before) != toxics(&after) && drops(&before) && drops(&after);
            if !before.cut && (after.cut || anew) {
                change(Change::Cut);
            }
            if toxics(&before) != toxics(&after) {
                if toxics(&before) != toxics(&Wanted::default()) {
                    change(Change::Clear);
                }
                let vanish = [
                    (after.drop_up, Direction::Upstream),
                    (after.drop_down, Direction::Downstream),
                ];
                for (_, direction) in vanish.into_iter().filter(|(drops, _)| *drops) {
                    change(Change::black_hole(direction));
                }
                let ways = [(after.up, Direction::Upstream), (after.down, Direction::Downstream)];
                for (slow, direction) in ways {
                    if let Some((latency_ms, jitter_ms)) = slow {
                        change(Change::latency(direction, latency_ms, jitter_ms));
                    }
                }
                let limits = [
                    (after.limit_up, Direction::Upstream),
                    (after.limit_down, Direction::Downstream),
                ];
                for (limit, direction) in limits {
                    if let Some(kb_per_s) = limit {
                        change(Change::bandwidth(direction, kb_per_s));
                    }
                }
            }
            if !after.cut && (before.cut || anew) {
                change(Change::Mend);
            }
        }
        self.wanted = wanted;
        self.revision += u64::from(!changes.is_empty());
        changes
    }

    /// Every link that is cut, in the direction from which nothing may come.
    fn cuts(&self) -> BTreeSet<Link> {
        let links = self.effects.values().filter_map(|effect| match effect {
            Effect::Links { links, condition: Condition::Refused } => Some(links),
            _ => None,
        });
        links.flatten().copied().collect()
    }

    fn derive(&self) -> BTreeMap<String, Wanted> {
        let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
        let cuts = self.cuts();
        for &(from, to) in &cuts {
            // Two nodes between which nothing passes refuse each other. If one is still heard, what the other sends vanishes
            // on the connections of both: whoever opened one, it carries data both ways.
            let both_ways = cuts.contains(&(to, from));
            for name in self.peer_links(from, to) {
                let link = wanted.entry(name).or_default();
                link.cut |= both_ways;
                link.drop_up |= !both_ways;
            }
            for name in self.peer_links(to, from) {
                wanted.entry(name).or_default().drop_down |= !both_ways;
            }
        }
        for effect in self.effects.values() {
            match effect {
                // What one node sends to another is carried by the connections of both: towards the upstream on those that it
                // opened, and back on those that the other opened.
                Effect::Links { links, condition } => {
                    for &(from, to) in links {
                        match *condition {
                            Condition::Slow { latency_ms, jitter_ms } => {
                                let slow = Some((latency_ms, jitter_ms));
                                for name in self.peer_links(from, to) {
                                    let link = wanted.entry(name).or_default();
                                    link.up = link.up.max(slow);
                                }
                                for name in self.peer_links(to, from) {
                                    let link = wanted.entry(name).or_default();
                                    link.down = link.down.max(slow);
                                }
                            }
                            Condition::Limited { kb_per_s } => {
                                for name in self.peer_links(from, to) {
                                    let link = wanted.entry(name).or_default();
                                    link.limit_up = tighter(link.limit_up, kb_per_s);
                                }
                                for name in self.peer_links(to, from) {
                                    let link = wanted.entry(name).or_default();
                                    link.limit_down = tighter(link.limit_down, kb_per_s);
                                }
                            }
                            // Cuts are dealt with above, and proxies have no part in the others.
                            Condition::Refused
                            | Condition::Swallowed
                            | Condition::DatagramsDropped => {}
                        }
                    }
                }
                // Who finds the disk full may live on; once it has ended its links are cut as those of the dead.
                // Who has left the cluster lives on as well, and refuses clients itself.
                Effect::Process { fate: Fate::Paused | Fate::DiskFull | Fate::Left, .. } => {}
                // A proxy would accept for a node that is dead and then hang up; the dead refuse.
                Effect::Process { node, .. } => {
                    let peers = (0..self.nodes).filter(|from| from != node);
                    let names = peers
                        .flat_map(|from| self.peer_links(from, *node))
                        .chain((0..self.session_links).map(|s| session_link(s, *node)))
                        .chain([reader_link(*node)]);
                    for name in names {
                        wanted.entry(name).or_default().cut = true;
                    }
                }
                Effect::Clock { node, how } => {
                    if let ClockFault::Asymmetric { up_ms, down_ms } = *how
                        && self.time_links
                    {
                        let link = wanted.entry(time_link(*node)).or_default();
                        link.up = (up_ms > 0).then_some((up_ms, 0));
                        link.down = (down_ms > 0).then_some((down_ms, 0));
                    }
                }
            }
        }
        wanted.retain(|_, wanted| *wanted != Wanted::default());
        wanted
    }
}

/// Of two limits the tighter counts.
fn tighter(limit: Option<u32>, kb_per_s: u32) -> Option<u32> {
    Some(limit.map_or(kb_per_s, |limit| limit.min(kb_per_s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_links(links: &[(usize, usize)], condition: Condition) -> Effect {
        Effect::Links { links: links.to_vec(), condition }
    }

    fn cut(links: &[(usize, usize)]) -> Effect {
        on_links(links, Condition::Refused)
    }

    #[test]
    fn a_link_that_two_faults_cut_is_whole_when_both_are_healed() {
        let mut plan = LinkPlan::new(3, 1, 1);
        assert_eq!(plan.add(0, cut(&[(0, 1), (1, 0)])).len(), 2);
        assert_eq!(plan.add(1, cut(&[(0, 1), (1, 0)])), []);
        assert_eq!(plan.remove(0), []);
        assert!(plan.is_cut(0, 1) && plan.is_cut(1, 0));
        assert_eq!(plan.remove(1).len(), 2);
        assert!(!plan.is_cut(0, 1) && !plan.is_cut(1, 0));
    }

    #[test]
    fn a_cut_in_one_direction_drops_what_is_sent_on_the_connections_of_both() {
        let mut plan = LinkPlan::new(3, 1, 1);
        let (there, back) = ("n1-n2".to_owned(), "n2-n1".to_owned());
        let (up, down) = (Direction::Upstream, Direction::Downstream);
        let changes = plan.add(0, cut(&[(0, 1)]));
        let drops =
            [(there.clone(), Change::black_hole(up)), (back.clone(), Change::black_hole(down))];
        assert_eq!(changes, drops);
        assert!(plan.drops(0, 1) && !plan.refuses(0, 1) && !plan.is_cut(1, 0));
        // The other direction, too: now they refuse each other.
        plan.add(1, cut(&[(1, 0)]));
        assert!(plan.refuses(0, 1) && plan.refuses(1, 0) && !plan.drops(0, 1));
        let changes = plan.remove(0);
        assert!(plan.drops(1, 0) && !plan.is_cut(0, 1));
        assert!(changes.contains(&(back, Change::black_hole(up))), "{changes:?}");
        assert!(changes.contains(&(there, Change::black_hole(down))), "{changes:?}");
    }

    #[test]
    fn nothing_slips_through_a_cut_while_other_toxics_change() {
        let mut plan = LinkPlan::new(2, 0, 1);
        plan.add(0, cut(&[(0, 1)]));
        let slow = on_links(&[(0, 1)], Condition::Slow { latency_ms: 50, jitter_ms: 0 });
        let changes = plan.add(1, slow).into_iter().filter(|(name, _)| name == "n1-n2");
        let changes: Vec<Change> = changes.map(|(_, change)| change).collect();
        let up = Direction::Upstream;
        let expected = [
            Change::Cut,
            Change::Clear,
            Change::black_hole(up),
            Change::latency(up, 50, 0),
            Change::Mend,
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_cut_hides_a_slow_link() {
        let mut plan = LinkPlan::new(2, 0, 1);
        let slow = on_links(&[(0, 1)], Condition::Slow { latency_ms: 50, jitter_ms: 0 });
        plan.add(0, slow.clone());
        assert!(!plan.hides(&slow));
        plan.add(1, cut(&[(0, 1)]));
        assert!(plan.hides(&slow) && !plan.hides(&cut(&[(0, 1)])));
    }

    #[test]
    fn a_black_hole_hides_a_cut_if_it_swallows_all_of_its_links() {
        let mut plan = LinkPlan::new(3, 0, 1);
        let (one, both) = (cut(&[(0, 1)]), cut(&[(0, 1), (0, 2)]));
        plan.add(0, both.clone());
        assert!(!plan.hides(&one) && !plan.swallows((0, 1)));
        plan.add(1, on_links(&[(0, 1)], Condition::Swallowed));
        assert!(plan.swallows((0, 1)) && !plan.swallows((1, 0)) && !plan.swallows((0, 2)));
        assert!(plan.hides(&one) && !plan.hides(&both));
        plan.remove(1);
        assert!(!plan.hides(&one));
    }

    #[test]
    fn a_dead_node_refuses_everybody() {
        let mut plan = LinkPlan::new(3, 2, 1);
        let changes = plan.add(0, Effect::Process { node: 1, fate: Fate::Killed });
        let names: Vec<&str> = changes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["c0-n2", "c1-n2", "n1-n2", "n3-n2", "reader-n2"]);
    }

    #[test]
    fn the_slower_of_two_latencies_counts() {
        let slow = |latency_ms| on_links(&[(0, 1)], Condition::Slow { latency_ms, jitter_ms: 0 });
        let mut plan = LinkPlan::new(2, 0, 1);
        plan.add(0, slow(100));
        let (there, back) = ("n1-n2".to_owned(), "n2-n1".to_owned());
        assert_eq!(
            plan.add(1, slow(300)),
            [
                (there.clone(), Change::Clear),
                (there.clone(), Change::latency(Direction::Upstream, 300, 0)),
                (back.clone(), Change::Clear),
                (back.clone(), Change::latency(Direction::Downstream, 300, 0)),
            ]
        );
        assert_eq!(plan.revision(), 2);
        // What changes no link disturbs nobody who measures one.
        assert_eq!(plan.remove(0), []);
        assert_eq!(plan.revision(), 2);
        assert_eq!(plan.remove(1), [(there, Change::Clear), (back, Change::Clear)]);
        assert_eq!(plan.revision(), 3);
    }

    #[test]
    fn the_tighter_of_two_limits_counts() {
        let limit = |kb_per_s| on_links(&[(0, 1)], Condition::Limited { kb_per_s });
        let mut plan = LinkPlan::new(2, 0, 1);
        let limits = |kb_per_s, clear: bool| {
            let of = |name: &str, direction| {
                let limit = Change::bandwidth(direction, kb_per_s);
                let clear = clear.then(|| (name.to_owned(), Change::Clear));
                clear.into_iter().chain([(name.to_owned(), limit)])
            };
            let both = of("n1-n2", Direction::Upstream).chain(of("n2-n1", Direction::Downstream));
            both.collect::<Vec<_>>()
        };
        assert_eq!(plan.add(0, limit(10)), limits(10, false));
        assert_eq!(plan.add(1, limit(20)), []);
        assert_eq!(plan.remove(0), limits(20, true));
        let clear = |name: &str| (name.to_owned(), Change::Clear);
        assert_eq!(plan.remove(1), [clear("n1-n2"), clear("n2-n1")]);
    }

    #[test]
    fn every_port_of_a_link_shares_its_fate() {
        let mut plan = LinkPlan::new(2, 0, 2);
        let changes = plan.add(0, cut(&[(0, 1), (1, 0)]));
        let names: Vec<&str> = changes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["n1-n2", "n1-n2.1", "n2-n1", "n2-n1.1"]);
    }

    #[test]
    fn what_no_proxy_carries_is_dropped_by_partitions_too() {
        let mut plan = LinkPlan::new(3, 0, 1);
        plan.add(0, cut(&[(0, 1)]));
        plan.add(1, on_links(&[(0, 2), (2, 0)], Condition::Swallowed));
        assert_eq!(plan.black_holes(0), BTreeSet::from([2]));
        assert_eq!(plan.udp_drops(0), BTreeSet::from([1, 2]));
        plan.remove(1);
        assert!(plan.black_holes(0).is_empty());
    }
}
