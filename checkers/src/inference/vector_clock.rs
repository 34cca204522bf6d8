//! Vector clocks over sessions that share what they have in common.
//!
//! A clock is a tree of sixteen-way nodes over the sessions' counts. Copying a clock is copying a pointer; a change copies
//! the nodes on the way to it; a join passes over whatever both share. So sessions that have ended cost nothing
//! more, and neither do a million sessions of one transaction each.

use std::sync::Arc;

const BITS: u32 = 4;
const WAYS: usize = 1 << BITS;

#[derive(Debug, Clone)]
enum Node {
    Counts([u32; WAYS]),
    /// Boxed, so that a node of counts takes no more room than its counts.
    Nodes(Box<[Option<Arc<Node>>; WAYS]>),
}

/// For every session, how many of its operations are in the past.
#[derive(Debug, Clone, Default)]
pub(crate) struct VectorClock {
    root: Option<Arc<Node>>,
    /// Of the tree: the sessions it has room for are those below `16^(height + 1)`.
    height: u32,
}

/// Which child of a node at this height leads to the session.
fn child(session: u32, height: u32) -> usize {
    (session >> (BITS * height)) as usize % WAYS
}

impl VectorClock {
    fn has_room(&self, session: u32) -> bool {
        let bits = BITS * (self.height + 1);
        bits >= u32::BITS || session >> bits == 0
    }

    /// How many operations of the session are in the past.
    pub(crate) fn get(&self, session: u32) -> u32 {
        if !self.has_room(session) {
            return 0;
        }
        let (mut node, mut height) = (self.root.as_ref(), self.height);
        loop {
            match node.map(Arc::as_ref) {
                None => return 0,
                Some(Node::Counts(counts)) => return counts[child(session, 0)],
                Some(Node::Nodes(nodes)) => node = nodes[child(session, height)].as_ref(),
            }
            height = height.saturating_sub(1);
        }
    }

    /// Whether both are one and the same in memory; two that are equal need not be.
    fn is_shared_with(&self, other: &VectorClock) -> bool {
        match (&self.root, &other.root) {
            (None, None) => true,
            (Some(our), Some(their)) => Arc::ptr_eq(our, their),
            _ => false,
        }
    }

    /// Calls `visit` with every session of which operations are in the past, and how many.
    pub(crate) fn each(&self, visit: &mut impl FnMut(u32, u32)) {
        fn walk(node: &Node, first: u32, height: u32, visit: &mut impl FnMut(u32, u32)) {
            match node {
                Node::Counts(counts) => {
                    for (session, &count) in (first..).zip(counts) {
                        if count > 0 {
                            visit(session, count);
                        }
                    }
                }
                Node::Nodes(nodes) => {
                    for (at, node) in (0_u32..).zip(nodes.iter()) {
                        if let Some(node) = node {
                            walk(node, first + (at << (BITS * height)), height - 1, visit);
                        }
                    }
                }
            }
        }
        if let Some(root) = &self.root {
            walk(root, 0, self.height, visit);
        }
    }

    /// Calls `visit` with every session of which more operations are in the past than `known` has, and how many. What both
    /// share is passed over.
    pub(crate) fn each_beyond(&self, known: &VectorClock, visit: &mut impl FnMut(u32, u32)) {
        fn walk(
            ours: &Arc<Node>,
            known: Option<&Arc<Node>>,
            first: u32,
            height: u32,
            visit: &mut impl FnMut(u32, u32),
        ) {
            if known.is_some_and(|known| Arc::ptr_eq(ours, known)) {
                return;
            }
            match (ours.as_ref(), known.map(Arc::as_ref)) {
                (Node::Counts(counts), known) => {
                    let none = [0; WAYS];
                    let known = match known {
                        Some(Node::Counts(known)) => known,
                        _ => &none,
                    };
                    for (session, (&count, &known)) in (first..).zip(counts.iter().zip(known)) {
                        if count > known {
                            visit(session, count);
                        }
                    }
                }
                (Node::Nodes(nodes), known) => {
                    for (at, node) in (0_u32..).zip(nodes.iter()) {
                        let Some(node) = node else { continue };
                        let known = match known {
                            Some(Node::Nodes(known)) => known[at as usize].as_ref(),
                            _ => None,
                        };
                        walk(node, known, first + (at << (BITS * height)), height - 1, visit);
                    }
                }
            }
        }
        // Of what is not as high the upper levels have one child.
        let (mut theirs, mut height) = (known.root.as_ref(), known.height);
        while height > self.height {
            theirs = match theirs.map(Arc::as_ref) {
                Some(Node::Nodes(nodes)) => nodes[0].as_ref(),
                _ => None,
            };
            height -= 1;
        }
        let (mut ours, mut our_height) = (self.root.as_ref(), self.height);
        while our_height > height {
            let Some(Node::Nodes(nodes)) = ours.map(Arc::as_ref) else { return };
            for (at, node) in (0_u32..).zip(nodes.iter()).skip(1) {
                if let Some(node) = node {
                    walk(node, None, at << (BITS * our_height), our_height - 1, visit);
                }
            }
            ours = nodes[0].as_ref();
            our_height -= 1;
        }
        if let Some(ours) = ours {
            walk(ours, theirs, 0, our_height, visit);
        }
    }

    /// Makes the tree as high as it must be.
    fn grow(&mut self, height: u32) {
        while self.height < height {
            if let Some(root) = self.root.take() {
                let mut nodes = Box::new([const { None }; WAYS]);
                nodes[0] = Some(root);
                self.root = Some(Arc::new(Node::Nodes(nodes)));
            }
            self.height += 1;
        }
    }

    /// So many operations of the session are in the past.
    pub(crate) fn set(&mut self, session: u32, count: u32) {
        while !self.has_room(session) {
            self.grow(self.height + 1);
        }
        let (mut slot, mut height) = (&mut self.root, self.height);
        loop {
            let empty = || match height {
                0 => Node::Counts([0; WAYS]),
                _ => Node::Nodes(Box::new([const { None }; WAYS])),
            };
            match Arc::make_mut(slot.get_or_insert_with(|| Arc::new(empty()))) {
                Node::Counts(counts) => {
                    counts[child(session, 0)] = count;
                    return;
                }
                Node::Nodes(nodes) => slot = &mut nodes[child(session, height)],
            }
            height = height.saturating_sub(1);
        }
    }

    /// The past of both.
    pub(crate) fn join(&mut self, other: &VectorClock) {
        let Some(theirs) = &other.root else { return };
        self.grow(other.height);
        // Ours may be higher: then theirs is about the first sessions of ours.
        let (mut slot, mut height) = (&mut self.root, self.height);
        while height > other.height {
            let inner =
                slot.get_or_insert_with(|| Arc::new(Node::Nodes(Box::new([const { None }; WAYS]))));
            match Arc::make_mut(inner) {
                Node::Nodes(nodes) => slot = &mut nodes[0],
                Node::Counts(_) => return,
            }
            height -= 1;
        }
        match slot {
            None => *slot = Some(Arc::clone(theirs)),
            Some(ours) => {
                if let Some(both) = joined(ours, theirs) {
                    *ours = both;
                }
            }
        }
    }
}

/// Sessions up to which clocks are rows of counts.
const ROW_MAX: usize = 64;

/// The clock of a session that goes on: of few sessions a row of counts, of many a tree.
#[derive(Debug, Clone)]
pub(crate) enum Running {
    Row(Box<[u32]>),
    Tree(VectorClock),
}

impl Running {
    /// As [`VectorClock::get`].
    pub(crate) fn get(&self, session: u32) -> u32 {
        match self {
            Running::Row(row) => row.get(session as usize).copied().unwrap_or(0),
            Running::Tree(clock) => clock.get(session),
        }
    }

    /// As [`VectorClock::set`].
    pub(crate) fn set(&mut self, session: u32, count: u32) {
        match self {
            Running::Row(row) => {
                if let Some(known) = row.get_mut(session as usize) {
                    *known = count;
                }
            }
            Running::Tree(clock) => clock.set(session, count),
        }
    }
}

/// VectorClocks that are kept, numbered from 0.
#[derive(Debug)]
pub(crate) struct VectorClocks {
    /// The length of a row; none, where trees are kept.
    row: Option<usize>,
    rows: Vec<u32>,
    trees: Vec<VectorClock>,
}

impl VectorClocks {
    pub(crate) fn new(sessions: usize) -> VectorClocks {
        let row = (1..=ROW_MAX).contains(&sessions).then_some(sessions);
        VectorClocks { row, rows: Vec::new(), trees: Vec::new() }
    }

    /// A clock with nothing in the past.
    pub(crate) fn running(&self) -> Running {
        match self.row {
            Some(row) => Running::Row(vec![0; row].into()),
            None => Running::Tree(VectorClock::default()),
        }
    }

    fn row(&self, number: u32) -> Option<&[u32]> {
        let row = self.row?;
        self.rows.get(number as usize * row..(number as usize + 1) * row)
    }

    /// The number of a clock: that of one that is there, if it is the same, or else of a new one.
    pub(crate) fn keep(&mut self, clock: &Running, last: u32) -> u32 {
        match clock {
            Running::Row(row) => {
                if self.row(last) == Some(row) {
                    return last;
                }
                self.rows.extend(row);
                (self.rows.len() / row.len()) as u32 - 1
            }
            Running::Tree(clock) => {
                let known = self.trees.get(last as usize);
                if known.is_some_and(|known| known.is_shared_with(clock)) {
                    return last;
                }
                self.trees.push(clock.clone());
                self.trees.len() as u32 - 1
            }
        }
    }

    /// As [`VectorClock::get`]; 0 where there is no such clock.
    pub(crate) fn get(&self, number: u32, session: u32) -> u32 {
        match self.row(number) {
            Some(row) => row.get(session as usize).copied().unwrap_or(0),
            None => self.trees.get(number as usize).map_or(0, |clock| clock.get(session)),
        }
    }

    /// As [`VectorClock::each`].
    pub(crate) fn each(&self, number: u32, visit: &mut impl FnMut(u32, u32)) {
        match self.row(number) {
            Some(row) => {
                for (session, &count) in (0..).zip(row) {
                    if count > 0 {
                        visit(session, count);
                    }
                }
            }
            None => self.trees.get(number as usize).into_iter().for_each(|clock| clock.each(visit)),
        }
    }

    /// As [`VectorClock::each_beyond`]. Rows are walked whole, and so are their sessions visited.
    pub(crate) fn each_beyond(
        &self,
        number: u32,
        known: &VectorClock,
        visit: &mut impl FnMut(u32, u32),
    ) {
        match self.trees.get(number as usize) {
            Some(clock) => clock.each_beyond(known, visit),
            None => self.each(number, visit),
        }
    }

    /// Whether [`VectorClocks::each_beyond`] looks at what is known.
    pub(crate) fn are_trees(&self) -> bool {
        self.row.is_none()
    }

    /// Adds what is past in a clock that is kept.
    pub(crate) fn join_into(&self, number: u32, clock: &mut Running) {
        match clock {
            Running::Row(row) => {
                for (ours, &theirs) in row.iter_mut().zip(self.row(number).unwrap_or_default()) {
                    *ours = theirs.max(*ours);
                }
            }
            Running::Tree(clock) => {
                if let Some(known) = self.trees.get(number as usize) {
                    clock.join(known);
                }
            }
        }
    }

    /// The same, of a tree.
    pub(crate) fn join_into_tree(&self, number: u32, clock: &mut VectorClock) {
        if let Some(known) = self.trees.get(number as usize) {
            clock.join(known);
        }
    }
}

/// Both, of the same height; `None` if that is what ours is already.
fn joined(ours: &Arc<Node>, theirs: &Arc<Node>) -> Option<Arc<Node>> {
    if Arc::ptr_eq(ours, theirs) {
        return None;
    }
    match (ours.as_ref(), theirs.as_ref()) {
        (Node::Counts(our), Node::Counts(their)) => {
            if their.iter().zip(our).all(|(their, our)| their <= our) {
                return None;
            }
            if our.iter().zip(their).all(|(our, their)| our <= their) {
                return Some(Arc::clone(theirs));
            }
            Some(Arc::new(Node::Counts(std::array::from_fn(|at| our[at].max(their[at])))))
        }
        (Node::Nodes(our), Node::Nodes(their)) => {
            let mut both: Option<Box<[Option<Arc<Node>>; WAYS]>> = None;
            let mut all_theirs = true;
            for (at, (our, their)) in our.iter().zip(their.iter()).enumerate() {
                let new = match (our, their) {
                    (None, None) => continue,
                    (Some(_), None) => None,
                    (None, Some(their)) => Some(Arc::clone(their)),
                    (Some(our), Some(their)) if Arc::ptr_eq(our, their) => continue,
                    (Some(our), Some(their)) => joined(our, their),
                };
                match (new, their) {
                    (Some(new), Some(their)) => {
                        all_theirs &= Arc::ptr_eq(&new, their);
                        both.get_or_insert_with(|| match ours.as_ref() {
                            Node::Nodes(nodes) => nodes.clone(),
                            Node::Counts(_) => Box::new([const { None }; WAYS]),
                        })[at] = Some(new);
                    }
                    _ => all_theirs = false,
                }
            }
            let both = both?;
            if all_theirs { Some(Arc::clone(theirs)) } else { Some(Arc::new(Node::Nodes(both))) }
        }
        // The heights are the same, so the kinds are.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn what_is_kept_is_what_was_given(
            sessions in 1..100_usize,
            steps in proptest::collection::vec((0..60_u32, 1..9_u32), 1..40),
        ) {
            let mut clocks = VectorClocks::new(sessions);
            let (mut clock, mut all, mut last) = (clocks.running(), Vec::new(), u32::MAX);
            for (session, more) in steps {
                let session = session % sessions as u32;
                clock.set(session, clock.get(session) + more);
                last = clocks.keep(&clock, last);
                prop_assert_eq!(clocks.keep(&clock, last), last);
                all.push((last, clock.clone()));
            }
            for (number, clock) in all {
                let mut joined = clocks.running();
                clocks.join_into(number, &mut joined);
                let mut kept = BTreeMap::new();
                clocks.each(number, &mut |session, count| {
                    kept.insert(session, count);
                });
                for session in 0..sessions as u32 {
                    let count = clock.get(session);
                    prop_assert_eq!(count, clocks.get(number, session));
                    prop_assert_eq!(count, joined.get(session));
                    prop_assert_eq!(count, kept.get(&session).copied().unwrap_or(0));
                }
            }
        }

        #[test]
        fn clocks_are_what_maps_are(
            steps in proptest::collection::vec((0..3_usize, 0..3_usize, 0..1_u32 << 20, 1..9_u32), 1..200),
            low in proptest::bool::ANY,
        ) {
            let mut clocks = vec![VectorClock::default(); 3];
            let mut maps = vec![BTreeMap::<u32, u32>::new(); 3];
            for (a, b, session, count) in steps {
                let session = if low { session % 40 } else { session };
                if a == b {
                    clocks[a].set(session, count);
                    maps[a].insert(session, count);
                } else {
                    let (their, map) = (clocks[b].clone(), maps[b].clone());
                    clocks[a].join(&their);
                    for (session, count) in map {
                        let known = maps[a].entry(session).or_default();
                        *known = (*known).max(count);
                    }
                }
                for (a, b) in [(0, 1), (1, 2), (2, 0)] {
                    let mut beyond = BTreeMap::new();
                    clocks[a].each_beyond(&clocks[b], &mut |session, count| {
                        beyond.insert(session, count);
                    });
                    let more = |&(session, count): &(&u32, &u32)| maps[b].get(session) < Some(count);
                    prop_assert!(maps[a].iter().filter(more).eq(beyond.iter()));
                }
                for (clock, map) in clocks.iter().zip(&maps) {
                    for session in map.keys().flat_map(|&s| [s, s + 1, s ^ 16, s ^ 256]) {
                        prop_assert_eq!(clock.get(session), map.get(&session).copied().unwrap_or(0));
                    }
                }
            }
        }
    }
}
