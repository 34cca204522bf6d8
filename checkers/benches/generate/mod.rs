//! Correct register histories: eight sticky sessions on three replicas that exchange their states, so that every checker
//! walks all of it. With and without versions: the exact and the inferred tier of the session guarantees.

use afterall_history::{
    EndEvent, EndHow, Event, Function, Header, OpEvent, Outcome, Value, Workload,
};

const NODES: [&str; 3] = ["n1", "n2", "n3"];
const SESSIONS: u64 = 8;
const KEYS: usize = 1_000;

/// A history of so many operations and the final reads.
pub(crate) fn events(ops: u64, versions: bool) -> (Header, Vec<Event>) {
    let header = Header::new("bench", Workload::Register, 1, NODES);
    let mut state = 1_u64;
    let mut below = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    // What each replica holds: the time of the write, and the value.
    let mut replicas = vec![vec![(0_i64, 0_i64); KEYS]; NODES.len()];
    let mut log: Vec<(usize, (i64, i64))> = Vec::new();
    let mut seen = [0_usize; 3];
    let mut events = Vec::new();
    let mut push =
        |process: u64, node: usize, key: usize, write: Option<i64>, read, version, last| {
            for outcome in [Outcome::Invoke, Outcome::Ok] {
                let done = outcome == Outcome::Ok;
                let index = events.len() as u64;
                events.push(Event::Op(OpEvent {
                    level: None,
                    index,
                    time: index as i64 * 1_000,
                    outcome,
                    process,
                    node: NODES[node].to_owned(),
                    f: if write.is_some() { Function::Write } else { Function::Read },
                    key: format!("key{key}"),
                    value: match (write, done) {
                        (Some(value), _) => Value::Int(value),
                        (None, true) => Vec::from_iter(Some(read).filter(|&v| v > 0)).into(),
                        (None, false) => Value::Nil,
                    },
                    version: (versions && done).then_some(Value::Int(version)),
                    error: None,
                    last,
                }));
            }
        };
    for n in 1..=ops as i64 {
        let process = below(SESSIONS);
        let node = process as usize % 3;
        // Everything that was written before a moment reaches the replica at once, in order.
        if below(20) == 0 {
            for &(key, at) in &log[seen[node]..] {
                replicas[node][key] = replicas[node][key].max(at);
            }
            seen[node] = log.len();
        }
        let key = (below(KEYS as u64) * below(KEYS as u64) / KEYS as u64) as usize;
        if below(2) == 0 {
            replicas[node][key] = (n, n);
            log.push((key, (n, n)));
            push(process, node, key, Some(n), 0, n, false);
        } else {
            let (version, value) = replicas[node][key];
            push(process, node, key, None, value, version, false);
        }
    }
    for &(key, at) in &log {
        replicas[0][key] = replicas[0][key].max(at);
    }
    for node in 0..NODES.len() {
        for (key, &(version, value)) in replicas[0].iter().enumerate() {
            push(100 + node as u64, node, key, None, value, version, true);
        }
    }
    let index = events.len() as u64;
    let time = index as i64 * 1_000;
    events.push(Event::End(EndEvent { index, time, how: EndHow::Complete, detail: None }));
    (header, events)
}
