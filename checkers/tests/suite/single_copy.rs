//! A linearizable store of any data type: one copy, on which operations take effect one after the other, each at some
//! moment between its invocation and its completion. Faults are planted into it at a moment when nothing else goes on.

use crate::store::Dice;
use afterall_history::{
    EndEvent, EndHow, Event, Function, Header, OpEvent, Outcome, Promise, Property, Value, Workload,
};

pub(crate) const NODES: [&str; 2] = ["n1", "n2"];

/// Values that a register is written with, if they are few.
const FEW: u64 = 5;

/// A store, and how it is driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) workload: Workload,
    /// Registers: few values, and compare-and-set; texts: few letters. Otherwise every value is written once.
    pub(crate) few: bool,
    pub(crate) clients: u64,
    pub(crate) keys: u64,
    pub(crate) ops: u64,
    /// Of one operation in so many nobody knows what came of it; with 0, of none.
    pub(crate) doubt: u64,
}

/// What goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    /// A read shows what was there before an update that was acknowledged.
    StaleRead,
    /// An update is acknowledged and never happens.
    LostUpdate,
    /// A lock that is held is given to a second client.
    DoubleGrant,
    /// One more is sold than there is.
    Oversale,
    /// A read shows an answer and not what it answers.
    AnswerAlone,
}

struct Client {
    process: u64,
    /// The invocation; once it is performed, how it will be answered.
    pending: Option<(OpEvent, Option<(Outcome, Value)>)>,
}

struct Store {
    setup: Setup,
    dice: Dice,
    objects: Vec<Value>,
    clients: Vec<Client>,
    time: i64,
    fresh: i64,
    events: Vec<Event>,
}

/// The header and the events of a run; with a fault, the operations before it and the fault.
pub(crate) fn run(setup: Setup, plant: Option<(u64, Plant)>, seed: u64) -> (Header, Vec<Event>) {
    let mut header = Header::new("single copy", setup.workload, seed, NODES);
    header.promises = promises(setup);
    let nothing = match setup.workload {
        Workload::Counter | Workload::Inventory => Value::Int(0),
        Workload::Text => Value::Text(String::new()),
        Workload::Mutex => Value::Bool(false),
        Workload::Register => Value::Nil,
        _ => Value::List(Vec::new()),
    };
    let mut store = Store {
        setup,
        dice: Dice::new(seed),
        objects: vec![nothing; setup.keys as usize],
        clients: (0..setup.clients).map(|process| Client { process, pending: None }).collect(),
        time: 0,
        fresh: 0,
        events: Vec::new(),
    };
    let mut asked = 0;
    while asked < setup.ops {
        if let Some((_, plant)) = plant.filter(|(at, _)| *at == asked) {
            asked += 1;
            store.quiet();
            store.go_wrong(plant);
            continue;
        }
        let client = store.dice.below(setup.clients) as usize;
        asked += u64::from(store.clients[client].pending.is_none());
        store.step(client);
    }
    store.quiet();
    store.finals();
    (header, store.events)
}

/// What such a store keeps.
fn promises(setup: Setup) -> Vec<Promise> {
    use Property as P;
    let kept: &[P] = match setup.workload {
        Workload::Register if setup.few => &[P::Linearizable, P::Convergence],
        Workload::Register => &[P::Linearizable, P::Sequential, P::CausalMemory, P::NoLostWrites],
        Workload::Counter => &[P::Linearizable, P::NoLostIncrements, P::NoDoubleIncrements],
        Workload::Cart => &[P::Causal, P::NoLostItems, P::NoResurrectedItems],
        Workload::Set => &[P::Linearizable, P::Causal, P::NoLostItems, P::ReadYourWrites],
        Workload::Chat => &[P::Causal, P::NoLostItems, P::MonotonicReads],
        Workload::Inventory => &[P::Linearizable, P::NoOversell],
        _ => &[P::Linearizable],
    };
    kept.iter().map(|&property| Promise::to_all(property)).collect()
}

/// The object after an operation, and what it returns; nothing if it fails.
fn perform(object: &Value, f: Function, input: &Value) -> Option<(Value, Value)> {
    use Function as F;
    let after = match (f, object, input) {
        (F::Read, Value::Nil, _) => return Some((Value::Nil, Value::List(Vec::new()))),
        // A register is read as a list of one; whatever else is an integer is a sum.
        (F::Read, _, _) => return Some((object.clone(), object.clone())),
        (F::Write, _, _) => input.clone(),
        (F::Cas, _, Value::List(pair)) if pair[0] == *object => pair[1].clone(),
        (F::Increment | F::Restock, Value::Int(sum), Value::Int(by)) => Value::Int(sum + by),
        (F::Decrement, Value::Int(sum), Value::Int(by)) => Value::Int(sum - by),
        (F::Sell, Value::Int(sum), Value::Int(by)) if by <= sum => Value::Int(sum - by),
        (F::Append, Value::Text(text), Value::Text(more)) => Value::Text(text.clone() + more),
        (F::Acquire, Value::Bool(false), _) => Value::Bool(true),
        (F::Release, Value::Bool(true), _) => Value::Bool(false),
        (F::Add | F::Post | F::Edit, Value::List(there), _) => {
            let new = match input {
                Value::List(pair) if f != F::Add => pair[0].clone(),
                other => other.clone(),
            };
            Value::List(there.iter().cloned().chain([new]).collect())
        }
        (F::Remove, Value::List(there), _) => {
            let stays = |item: &&Value| item.as_list().is_none_or(|item| item[0] != *input);
            Value::List(there.iter().filter(stays).cloned().collect())
        }
        _ => return None,
    };
    Some((after, input.clone()))
}

impl Store {
    fn step(&mut self, client: usize) {
        self.time += 1 + self.dice.below(9) as i64;
        let Some((invoke, done)) = self.clients[client].pending.take() else {
            let key = self.dice.below(self.setup.keys) as usize;
            let (f, input) = self.ask(key);
            self.invoke(client, f, key, input, None);
            return;
        };
        let Some((outcome, value)) = done else {
            let lost = self.setup.doubt > 0 && self.dice.below(self.setup.doubt) == 0;
            let input = invoke.value.clone();
            let done = if lost && self.dice.below(2) == 0 {
                (Outcome::Info, input)
            } else {
                match self.apply(&invoke) {
                    _ if lost => (Outcome::Info, input),
                    Some(output) => (Outcome::Ok, output),
                    None => (Outcome::Fail, input),
                }
            };
            self.clients[client].pending = Some((invoke, Some(done)));
            return;
        };
        if outcome == Outcome::Info {
            self.clients[client].process += self.setup.clients;
        }
        let (index, time) = (self.events.len() as u64, self.time);
        self.events.push(Event::Op(OpEvent { index, time, outcome, value, ..invoke }));
    }

    fn invoke(&mut self, client: usize, f: Function, key: usize, value: Value, last: Option<&str>) {
        let node = last.unwrap_or(*self.dice.pick(&NODES)).to_owned();
        let invoke = OpEvent {
            level: None,
            index: self.events.len() as u64,
            time: self.time,
            outcome: Outcome::Invoke,
            process: self.clients[client].process,
            node,
            f,
            key: format!("k{key}"),
            value,
            version: None,
            error: None,
            last: last.is_some(),
        };
        self.events.push(Event::Op(invoke.clone()));
        self.clients[client].pending = Some((invoke, None));
    }

    /// Performs an operation on the copy; what it returns, if it does not fail.
    fn apply(&mut self, invoke: &OpEvent) -> Option<Value> {
        let object = &mut self.objects[invoke.key[1..].parse::<usize>().ok()?];
        let (after, output) = perform(object, invoke.f, &invoke.value)?;
        *object = after;
        Some(self.shown(invoke.f, output))
    }

    /// What a read of a register returns is a list.
    fn shown(&self, f: Function, output: Value) -> Value {
        match output {
            Value::Int(_) if f.is_read() && self.setup.workload == Workload::Register => {
                Value::List(vec![output])
            }
            output => output,
        }
    }

    fn value(&mut self) -> i64 {
        self.fresh += 1;
        if self.setup.few { self.dice.below(FEW) as i64 } else { self.fresh }
    }

    /// What a client asks for next.
    fn ask(&mut self, key: usize) -> (Function, Value) {
        use Function as F;
        if self.setup.workload == Workload::Mutex {
            return (if self.dice.below(2) == 0 { F::Acquire } else { F::Release }, Value::Nil);
        }
        if self.dice.below(2) == 0 {
            return (F::Read, Value::Nil);
        }
        let object = self.objects[key].clone();
        let there = object.as_list().unwrap_or_default();
        let known = (!there.is_empty()).then(|| self.dice.pick(there).clone());
        match (self.setup.workload, self.dice.below(4)) {
            (Workload::Register, 0..2) if self.setup.few => {
                (F::Cas, Value::List(vec![object, Value::Int(self.value())]))
            }
            (Workload::Counter, 0) => (F::Decrement, Value::Int(1 + self.dice.below(5) as i64)),
            (Workload::Inventory, 0..3) => (F::Sell, Value::Int(1 + self.dice.below(3) as i64)),
            (Workload::Text, 0) if self.dice.below(5) == 0 => (F::Write, self.letters()),
            (Workload::Chat, 0) if known.is_some() => {
                let edit = Value::Int(self.value());
                (F::Edit, Value::List([edit].into_iter().chain(known).collect()))
            }
            (Workload::Chat, 1) => {
                let answer = Value::Int(self.value());
                (F::Post, Value::List(vec![answer, known.unwrap_or(Value::Nil)]))
            }
            (Workload::Cart, 0) if known.is_some() => {
                let element = known.as_ref().and_then(Value::as_list).map(|item| item[0].clone());
                (F::Remove, element.unwrap_or(Value::Nil))
            }
            _ => self.update(key),
        }
    }

    fn letters(&mut self) -> Value {
        let value = self.value();
        Value::Text(if self.setup.few { value.to_string() } else { format!("{value} ") })
    }

    /// An update after which the object is another.
    fn update(&mut self, key: usize) -> (Function, Value) {
        use Function as F;
        let value = self.value();
        match self.setup.workload {
            Workload::Register => {
                let same = self.objects[key] == Value::Int(value);
                (F::Write, Value::Int(if same { (value + 1) % FEW as i64 } else { value }))
            }
            Workload::Counter => (F::Increment, Value::Int(1 + self.dice.below(5) as i64)),
            Workload::Inventory => (F::Restock, Value::Int(1 + self.dice.below(3) as i64)),
            Workload::Cart => (F::Add, vec![value, 1 + self.dice.below(3) as i64].into()),
            Workload::Text => (F::Append, self.letters()),
            Workload::Chat => (F::Post, Value::List(vec![Value::Int(value), Value::Nil])),
            _ => (F::Add, Value::Int(value)),
        }
    }

    /// Lets everything that is under way come to its end.
    fn quiet(&mut self) {
        for client in 0..self.clients.len() {
            self.finish(client);
        }
    }

    fn finish(&mut self, client: usize) {
        while self.clients[client].pending.is_some() {
            self.step(client);
        }
    }

    /// An operation while nothing else goes on, that is answered like this, or as the copy says.
    fn alone(
        &mut self,
        client: usize,
        f: Function,
        key: usize,
        input: Value,
        forged: Option<Value>,
    ) {
        self.time += 10;
        self.invoke(client, f, key, input, None);
        if let (Some(value), Some((_, done))) = (forged, &mut self.clients[client].pending) {
            *done = Some((Outcome::Ok, value));
        }
        self.finish(client);
    }

    fn go_wrong(&mut self, plant: Plant) {
        use Function as F;
        let key = self.dice.below(self.setup.keys) as usize;
        let before = self.objects[key].clone();
        match plant {
            Plant::StaleRead | Plant::LostUpdate => {
                let (f, input) = self.update(key);
                self.alone(0, f, key, input, None);
                let after = std::mem::replace(&mut self.objects[key], before);
                self.alone(1, F::Read, key, Value::Nil, None);
                if plant == Plant::StaleRead {
                    self.objects[key] = after;
                }
            }
            Plant::DoubleGrant => {
                if before == Value::Bool(true) {
                    self.alone(0, F::Release, key, Value::Nil, None);
                }
                self.alone(0, F::Acquire, key, Value::Nil, None);
                self.alone(1, F::Acquire, key, Value::Nil, Some(Value::Nil));
            }
            Plant::Oversale => {
                let more = before.as_int().unwrap_or(0) + 1;
                self.alone(0, F::Sell, key, Value::Int(more), Some(Value::Int(more)));
                self.objects[key] = Value::Int(-1);
            }
            Plant::AnswerAlone => {
                let (message, answer) = (Value::Int(self.value()), Value::Int(self.value()));
                let post = |of: &Value, to: &Value| Value::List(vec![of.clone(), to.clone()]);
                self.alone(0, F::Post, key, post(&message, &Value::Nil), None);
                self.alone(0, F::Post, key, post(&answer, &message), None);
                let there = self.objects[key].as_list().unwrap_or_default();
                let shown = there.iter().filter(|item| **item != message).cloned().collect();
                self.alone(1, F::Read, key, Value::Nil, Some(Value::List(shown)));
            }
        }
    }

    /// Every key is read on every replica, and the run ends.
    fn finals(&mut self) {
        self.setup.doubt = 0;
        let keys = if self.setup.workload == Workload::Mutex { 0 } else { self.objects.len() };
        for (at, node) in NODES.iter().enumerate() {
            self.clients[0].process = 1_000_000 + at as u64;
            for key in 0..keys {
                self.invoke(0, Function::Read, key, Value::Nil, Some(node));
                self.finish(0);
            }
        }
        let (index, time) = (self.events.len() as u64, self.time + 100);
        self.events.push(Event::End(EndEvent { index, time, how: EndHow::Complete, detail: None }));
    }
}
