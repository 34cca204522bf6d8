//! The sim runs other state machines than the reference node: a store of registers in a few lines, whose nodes tell each
//! other what they were told, or keep it to themselves.

use crate::runs::config;
use afterall_checkers::{Valid, Verdict};
use afterall_engine::driver::Completion;
use afterall_engine::{Plan, RunConfig, run};
use afterall_history::{FaultKind, Function, Promise, Property, Value, Workload};
use afterall_reference::core::Flavour;
use afterall_sim::{Effects, Input, Moment, Record, Replica, Simulation};
use afterall_workloads::Operation;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;

/// Registers: the greatest value wins.
#[derive(Debug, Clone)]
struct Toy {
    config: ToyConfig,
    values: BTreeMap<String, i64>,
    wake_ns: u64,
}

#[derive(Debug, Clone)]
struct ToyConfig {
    name: usize,
    nodes: usize,
    tells_others: bool,
}

impl Replica for Toy {
    type Config = ToyConfig;
    type Request = Operation;
    type Answer = (usize, Option<i64>);
    type Message = BTreeMap<String, i64>;
    type Session = ();
    type Damaged = Infallible;

    fn start(
        config: &ToyConfig,
        _: u32,
        stored: impl Iterator<Item = Record>,
    ) -> Result<Self, Infallible> {
        let value = |bytes: Vec<u8>| i64::from_le_bytes(bytes.try_into().unwrap());
        let values = stored.map(|(key, bytes)| (String::from_utf8(key).unwrap(), value(bytes)));
        Ok(Toy { config: config.clone(), values: values.collect(), wake_ns: 0 })
    }

    fn wake_ns(&self) -> u64 {
        self.wake_ns
    }

    fn handle(&mut self, now: Moment, input: Input<Self>, effects: &mut Effects<Self>) {
        effects.hold = true;
        match input {
            Input::Request(number, Operation { f: Function::Read, key, .. }) => {
                effects.replies.push((number, (self.config.name, self.values.get(&key).copied())));
            }
            Input::Request(number, Operation { key, value, .. }) => {
                let Value::Int(value) = value else { panic!("{value}") };
                self.learn(key, value, effects);
                effects.replies.push((number, (self.config.name, None)));
            }
            Input::Message(_, values) => {
                values.into_iter().for_each(|(key, value)| self.learn(key, value, effects));
            }
            Input::Wake => {
                self.wake_ns = now.mono_ns + 100_000_000;
                let name = self.config.name;
                let peers = (0..self.config.nodes).filter(|&peer| peer != name);
                if self.config.tells_others {
                    effects.sends.extend(peers.map(|peer| (peer, self.values.clone())));
                }
            }
        }
    }

    fn request(_: &mut (), _: Workload, asked: &Operation) -> Result<Operation, Box<dyn Error>> {
        Ok(asked.clone())
    }

    fn completed((): &mut (), _: Workload, _: &str, (node, read): Self::Answer) -> Completion {
        let read = Some(read.map_or(Value::Nil, |value| Value::List(vec![Value::Int(value)])));
        Completion::Ok { node: format!("n{}", node + 1), read, version: None }
    }
}

impl Toy {
    fn learn(&mut self, key: String, value: i64, effects: &mut Effects<Self>) {
        let known = self.values.entry(key.clone()).or_insert(i64::MIN);
        *known = value.max(*known);
        effects.persist.push((key.into_bytes(), known.to_le_bytes().to_vec()));
    }
}

fn judged(tells_others: bool) -> Verdict {
    let faults = vec![FaultKind::Partition, FaultKind::Kill, FaultKind::Pause];
    let config = RunConfig { faults, ..config(Flavour::Lww, Workload::Register, 3) };
    let plan = Plan::new(config).unwrap();
    let nodes = plan.course().nodes.len();
    let toys = (0..nodes).map(|name| ToyConfig { name, nodes, tells_others });
    let mut world = Simulation::<Toy>::new(&plan, toys.collect());
    let mut history = run(&plan, &mut world, &mut ()).unwrap().into_history();
    history.header_mut().promises = vec![Promise::to_all(Property::Convergence)];
    afterall_checkers::check(&history)
}

#[test]
fn a_toy_store_that_tells_the_others_converges() {
    let verdict = judged(true);
    assert_eq!(verdict.valid, Valid::True, "{:?}", verdict.reasons);
}

#[test]
fn a_toy_store_that_keeps_everything_to_itself_does_not() {
    let verdict = judged(false);
    assert_eq!(verdict.valid, Valid::False, "{:?}", verdict.reasons);
}
