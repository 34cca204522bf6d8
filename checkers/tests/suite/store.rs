//! Small replicated stores that are correct by construction, driven by a seed: what they record must raise no alarm.
//!
//! Replicas exchange whole states, so what a replica shows is causally closed; operations overlap, fail, are lost
//! before or after they take effect, and take effect late.

use afterall_history::{
    EndEvent, EndHow, Event, Function, Header, OpEvent, Outcome, Promise, Property, RegisterRule,
    Value, Workload,
};
use std::collections::{BTreeMap, BTreeSet};

/// A generator of numbers (splitmix64), so that a seed is a history.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// What kind of store, and what of it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Last write wins by logical clocks that clients pass along.
    Logical,
    /// Last write wins by wall clocks that are off.
    Skewed,
    SiblingsReplica,
    SiblingsClient,
    Counter,
    Cart,
    /// The greatest that was written wins.
    Position,
    /// Pieces that are appended, in the order of logical clocks.
    Text,
}

/// A store, and how it is driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) kind: Kind,
    pub(crate) versions: bool,
    pub(crate) roaming: bool,
    pub(crate) steps: u64,
}

const NODES: [&str; 3] = ["n1", "n2", "n3"];
const KEYS: [&str; 2] = ["x", "y"];
type Vector = BTreeMap<usize, i64>;

/// What a replica holds of one key, whatever the kind of store.
#[derive(Debug, Clone, Default)]
struct Object {
    /// The winner: its time, its node, its value.
    winner: Option<(i64, usize, i64)>,
    siblings: BTreeMap<(usize, i64), i64>,
    vector: Vector,
    /// By node: added, taken.
    counts: BTreeMap<usize, (i64, i64)>,
    items: BTreeMap<i64, i64>,
    removed: BTreeSet<i64>,
    furthest: Option<i64>,
    /// By time and node.
    pieces: BTreeMap<(i64, usize), String>,
}

impl Object {
    fn merge(&mut self, other: &Object) {
        self.winner = self.winner.max(other.winner);
        let known = |vector: &Vector, dot: &(usize, i64)| vector.get(&dot.0) >= Some(&dot.1);
        let (mine, theirs) = (self.siblings.clone(), other.siblings.clone());
        self.siblings.retain(|dot, _| theirs.contains_key(dot) || !known(&other.vector, dot));
        let new = theirs
            .into_iter()
            .filter(|(dot, _)| mine.contains_key(dot) || !known(&self.vector, dot));
        self.siblings.extend(new);
        for (&node, &count) in &other.vector {
            let at = self.vector.entry(node).or_default();
            *at = (*at).max(count);
        }
        for (&node, &(added, taken)) in &other.counts {
            let at = self.counts.entry(node).or_default();
            *at = (at.0.max(added), at.1.max(taken));
        }
        self.items.extend(&other.items);
        self.removed.extend(&other.removed);
        self.furthest = self.furthest.max(other.furthest);
        self.pieces.extend(other.pieces.clone());
    }
}

#[derive(Debug, Clone)]
struct Pending {
    event: OpEvent,
    key: usize,
    done: Option<(Value, Option<Value>)>,
}

#[derive(Debug, Clone, Default)]
struct Session {
    process: u64,
    home: usize,
    clock: i64,
    context: BTreeMap<usize, Vector>,
    pending: Option<Pending>,
}

struct Store {
    setup: Setup,
    dice: Dice,
    replicas: Vec<Vec<Object>>,
    clocks: Vec<i64>,
    time: i64,
    fresh: i64,
    events: Vec<Event>,
    seen: Vec<i64>,
}

/// The promises that the store keeps.
fn promises(setup: Setup) -> Vec<Promise> {
    use Property as P;
    let mut kept = vec![P::Convergence, P::NoPhantoms];
    let sessions = [P::ReadYourWrites, P::MonotonicReads, P::MonotonicWrites, P::WritesFollowReads];
    let causal = [P::CausalConvergence, P::Causal];
    match setup.kind {
        Kind::Logical => kept.push(P::NoCausalLoss),
        Kind::Skewed => {}
        Kind::SiblingsReplica | Kind::SiblingsClient | Kind::Position => kept.push(P::NoLostWrites),
        Kind::Counter => kept.extend([P::NoLostIncrements, P::NoDoubleIncrements]),
        Kind::Cart => kept.extend([P::NoLostItems, P::NoResurrectedItems]),
        Kind::Text => kept.push(P::NoLostItems),
    }
    if !setup.roaming {
        match setup.kind {
            Kind::Skewed if setup.versions => kept.extend([P::ReadYourWrites, P::MonotonicReads]),
            Kind::Skewed => {}
            Kind::Position => kept.extend([P::ReadYourWrites, P::MonotonicReads]),
            _ => kept.extend(sessions),
        }
        if !matches!(setup.kind, Kind::Skewed | Kind::Position | Kind::Text) {
            kept.extend(causal);
        }
    }
    kept.into_iter().map(Promise::to_all).collect()
}

/// The header and events of a run.
pub(crate) fn run(setup: Setup, seed: u64) -> (Header, Vec<Event>) {
    let workload = match setup.kind {
        Kind::Counter => Workload::Counter,
        Kind::Cart => Workload::Cart,
        Kind::Position => Workload::Position,
        Kind::Text => Workload::Text,
        _ => Workload::Register,
    };
    let mut header = Header::new("store", workload, seed, NODES);
    header.promises = promises(setup);
    header.semantics.register = match setup.kind {
        Kind::SiblingsReplica => RegisterRule::SiblingsReplica,
        Kind::SiblingsClient => RegisterRule::SiblingsClient,
        _ => RegisterRule::Lww,
    };
    let mut store = Store {
        setup,
        dice: Dice::new(seed),
        replicas: vec![vec![Object::default(); KEYS.len()]; NODES.len()],
        clocks: if setup.kind == Kind::Skewed { vec![0, 500, -500] } else { vec![0; 3] },
        time: 0,
        fresh: 0,
        events: Vec::new(),
        seen: Vec::new(),
    };
    let mut sessions: Vec<Session> = (0..4)
        .map(|n| Session { process: n, home: n as usize % 3, ..Session::default() })
        .collect();
    for _ in 0..setup.steps {
        store.step(&mut sessions);
    }
    for session in &mut sessions {
        while session.pending.is_some() {
            store.proceed(session);
        }
    }
    store.finals();
    (header, store.events)
}

impl Store {
    fn step(&mut self, sessions: &mut [Session]) {
        self.time += 1;
        if self.dice.below(4) == 0 {
            let (from, to) = (self.dice.below(3) as usize, self.dice.below(3) as usize);
            self.gossip(from, to);
        }
        let at = self.dice.below(sessions.len() as u64) as usize;
        let session = &mut sessions[at];
        if session.pending.is_some() { self.proceed(session) } else { self.invoke(session) }
    }

    fn gossip(&mut self, from: usize, to: usize) {
        let state = self.replicas[from].clone();
        for (mine, theirs) in self.replicas[to].iter_mut().zip(&state) {
            mine.merge(theirs);
        }
        if self.setup.kind != Kind::Skewed {
            self.clocks[to] = self.clocks[to].max(self.clocks[from]);
        }
    }

    fn invoke(&mut self, session: &mut Session) {
        let node = if self.setup.roaming { self.dice.below(3) as usize } else { session.home };
        let key = self.dice.below(KEYS.len() as u64) as usize;
        self.fresh += 1;
        let fresh = Value::Int(self.fresh);
        let (f, value) = match (self.setup.kind, self.dice.below(5)) {
            (Kind::Cart, 0) => (Function::Checkout, Value::Nil),
            (_, 0..2) => (Function::Read, Value::Nil),
            (Kind::Counter, 2) => (Function::Decrement, Value::Int(1 + self.dice.below(9) as i64)),
            (Kind::Counter, _) => (Function::Increment, Value::Int(1 + self.dice.below(9) as i64)),
            (Kind::Cart, 2) if !self.seen.is_empty() => {
                (Function::Remove, Value::Int(*self.dice.pick(&self.seen)))
            }
            (Kind::Cart, _) => (Function::Add, Value::List(vec![fresh, Value::Int(2)])),
            (Kind::Text, _) => (Function::Append, Value::Text(format!("{};", self.fresh))),
            (Kind::Position, _) => (Function::Write, Value::Int(1 + self.dice.below(200) as i64)),
            _ => (Function::Write, fresh),
        };
        let event = OpEvent {
            level: None,
            index: 0,
            time: self.time,
            outcome: Outcome::Invoke,
            process: session.process,
            node: NODES[node].to_owned(),
            f,
            key: KEYS[key].to_owned(),
            value,
            version: None,
            error: None,
            last: false,
        };
        self.events.push(Event::Op(event.clone()));
        session.pending = Some(Pending { event, key, done: None });
    }

    fn proceed(&mut self, session: &mut Session) {
        self.time += 1;
        let Some(mut pending) = session.pending.take() else { return };
        if let Some((value, version)) = pending.done.take() {
            let version = version.filter(|_| self.setup.versions);
            self.complete(session, &pending, Outcome::Ok, value, version);
            return;
        }
        match self.dice.below(12) {
            // It failed before it did anything.
            0 => self.complete(session, &pending, Outcome::Fail, Value::Nil, None),
            // Lost on the way there, or on the way back.
            1 => self.complete(session, &pending, Outcome::Info, Value::Nil, None),
            2 => {
                self.perform(session, &pending);
                self.complete(session, &pending, Outcome::Info, Value::Nil, None);
            }
            // The answer is lost first, and then it takes effect.
            3 => {
                let mut late = session.clone();
                self.complete(session, &pending, Outcome::Info, Value::Nil, None);
                self.time += 1;
                self.perform(&mut late, &pending);
            }
            _ => {
                pending.done = Some(self.perform(session, &pending));
                session.pending = Some(pending);
            }
        }
    }

    fn complete(
        &mut self,
        session: &mut Session,
        pending: &Pending,
        outcome: Outcome,
        value: Value,
        version: Option<Value>,
    ) {
        let time = self.time;
        let event = OpEvent { time, outcome, value, version, ..pending.event.clone() };
        self.events.push(Event::Op(event));
        if outcome == Outcome::Info {
            *session = Session {
                process: session.process + 100,
                home: session.home,
                ..Session::default()
            };
        }
    }

    fn perform(&mut self, session: &mut Session, pending: &Pending) -> (Value, Option<Value>) {
        let node = NODES.iter().position(|&name| name == pending.event.node).unwrap();
        let wall = self.time;
        let logical = self.setup.kind != Kind::Skewed;
        let object = &mut self.replicas[node][pending.key];
        let input = pending.event.value.clone();
        match (pending.event.f, &input) {
            (Function::Write, Value::Int(value)) => {
                self.clocks[node] = if logical {
                    self.clocks[node].max(session.clock) + 1
                } else {
                    self.clocks[node]
                };
                let time = if logical { self.clocks[node] } else { self.clocks[node] + wall };
                let mine = (time, node, *value);
                object.winner = object.winner.max(Some(mine));
                object.furthest = object.furthest.max(Some(*value));
                session.clock = session.clock.max(time);
                let count = object.vector.get(&node).copied().unwrap_or(0) + 1;
                if self.setup.kind == Kind::SiblingsClient {
                    let context = session.context.entry(pending.key).or_default();
                    object.siblings.retain(|dot, _| context.get(&dot.0) < Some(&dot.1));
                } else {
                    object.siblings.clear();
                }
                object.siblings.insert((node, count), *value);
                object.vector.insert(node, count);
                let version = self.version(node, pending.key, Some((time, node)));
                (input, version)
            }
            (Function::Increment | Function::Decrement, Value::Int(amount)) => {
                let at = object.counts.entry(node).or_default();
                let side =
                    if pending.event.f == Function::Increment { &mut at.0 } else { &mut at.1 };
                *side += amount;
                let version = self.version(node, pending.key, None);
                (input, version)
            }
            (Function::Add, Value::List(parts)) => {
                object.items.insert(parts[0].as_int().unwrap(), 2);
                *object.vector.entry(node).or_default() += 1;
                let version = self.version(node, pending.key, None);
                (input, version)
            }
            (Function::Append, Value::Text(piece)) => {
                self.clocks[node] = self.clocks[node].max(session.clock) + 1;
                object.pieces.insert((self.clocks[node], node), piece.clone());
                session.clock = session.clock.max(self.clocks[node]);
                *object.vector.entry(node).or_default() += 1;
                let version = self.version(node, pending.key, None);
                (input, version)
            }
            (Function::Remove, Value::Int(element)) => {
                object.removed.insert(*element);
                *object.vector.entry(node).or_default() += 1;
                let version = self.version(node, pending.key, None);
                (input, version)
            }
            _ => {
                let vector = object.vector.clone();
                session.context.insert(pending.key, vector);
                if let Some((time, ..)) = object.winner {
                    session.clock = session.clock.max(time);
                }
                let value = self.show(node, pending.key);
                (value, self.version(node, pending.key, None))
            }
        }
    }

    fn show(&mut self, node: usize, key: usize) -> Value {
        let object = &self.replicas[node][key];
        match self.setup.kind {
            Kind::Logical | Kind::Skewed => {
                object.winner.iter().map(|winner| winner.2).collect::<Vec<_>>().into()
            }
            Kind::SiblingsReplica | Kind::SiblingsClient => {
                object.siblings.values().copied().collect::<Vec<_>>().into()
            }
            Kind::Position => object.furthest.map_or(Value::Nil, Value::Int),
            Kind::Text if object.pieces.is_empty() => Value::Nil,
            Kind::Text => Value::Text(object.pieces.values().map(String::as_str).collect()),
            Kind::Counter => Value::Int(object.counts.values().map(|(up, down)| up - down).sum()),
            Kind::Cart => {
                let there = object.items.keys().filter(|item| !object.removed.contains(item));
                let there: Vec<i64> = there.copied().collect();
                self.seen.extend(&there);
                Value::List(there.into_iter().map(|item| vec![item, 2].into()).collect())
            }
        }
    }

    fn version(&self, node: usize, key: usize, own: Option<(i64, usize)>) -> Option<Value> {
        let object = &self.replicas[node][key];
        let entry = |(&at, &count): (&usize, &i64)| (NODES[at].to_owned(), Value::Int(count));
        match self.setup.kind {
            Kind::Logical | Kind::Skewed => {
                let (time, node) = own.or(object.winner.map(|(time, node, _)| (time, node)))?;
                Some(vec![time, node as i64].into())
            }
            Kind::Counter => Some(Value::Map(
                object
                    .counts
                    .iter()
                    .map(|(&at, (up, down))| (NODES[at].to_owned(), Value::Int(up + down)))
                    .collect(),
            )),
            _ => Some(Value::Map(object.vector.iter().map(entry).collect())),
        }
    }

    /// Everything reaches everyone, and every key is read everywhere.
    fn finals(&mut self) {
        for _ in 0..2 {
            for from in 0..3 {
                for to in 0..3 {
                    self.gossip(from, to);
                }
            }
        }
        for (node, name) in NODES.iter().enumerate() {
            for (key, key_name) in KEYS.iter().enumerate() {
                self.time += 10;
                let invoke = OpEvent {
                    level: None,
                    index: 0,
                    time: self.time,
                    outcome: Outcome::Invoke,
                    process: 10_000 + node as u64,
                    node: (*name).to_owned(),
                    f: Function::Read,
                    key: (*key_name).to_owned(),
                    value: Value::Nil,
                    version: None,
                    error: None,
                    last: true,
                };
                let value = self.show(node, key);
                let version = self.version(node, key, None).filter(|_| self.setup.versions);
                self.events.push(Event::Op(invoke.clone()));
                let time = self.time + 5;
                self.events.push(Event::Op(OpEvent {
                    time,
                    outcome: Outcome::Ok,
                    value,
                    version,
                    ..invoke
                }));
            }
        }
        let time = self.time + 100;
        self.events.push(Event::End(EndEvent {
            index: 0,
            time,
            how: EndHow::Complete,
            detail: None,
        }));
    }
}
