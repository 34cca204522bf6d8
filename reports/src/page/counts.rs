//! How many operations there are in all, for the filters of the timeline: a page that has only some of them exactly says of
//! each choice how many are left out.

use super::status::status;
use afterall_history::{Function, History};
use serde::Serialize;

/// Keys counted, and sessions: those with the most operations.
const COUNTED_MAX: usize = 12_000;

/// Operations by outcome, for each value of a filter: `[number, ok, fail, info, …]`.
#[derive(Serialize)]
pub(super) struct Counts {
    key: Vec<u32>,
    session: Vec<u32>,
    node: Vec<u32>,
    f: Vec<u32>,
    /// Of all operations.
    all: [u32; 3],
    /// Keys and sessions that are not counted one by one.
    keys_left_out: usize,
    sessions_left_out: usize,
}

impl Counts {
    /// The keys that it counts.
    pub(super) fn keys(&self) -> impl Iterator<Item = u32> {
        self.key.iter().step_by(4).copied()
    }

    /// The sessions that it counts.
    pub(super) fn sessions(&self) -> impl Iterator<Item = u32> {
        self.session.iter().step_by(4).copied()
    }

    pub(super) fn new(history: &History) -> Counts {
        let mut keys = vec![[0; 3]; history.keys()];
        let mut sessions = vec![[0; 3]; history.sessions()];
        let mut nodes = vec![[0; 3]; history.nodes()];
        let mut functions = vec![[0; 3]; Function::ALL.len()];
        let mut all = [0; 3];
        for op in history.ops() {
            let outcome = usize::from(status(op.status()));
            let f = Function::ALL.iter().position(|f| *f == op.f()).unwrap_or(0);
            for cells in [
                &mut keys[op.key().0 as usize],
                &mut sessions[op.session().0 as usize],
                &mut nodes[usize::from(op.served_by().0)],
                &mut functions[f],
                &mut all,
            ] {
                cells[outcome] += 1;
            }
        }
        Counts {
            keys_left_out: keys.len().saturating_sub(COUNTED_MAX),
            sessions_left_out: sessions.len().saturating_sub(COUNTED_MAX),
            key: flat(&keys),
            session: flat(&sessions),
            node: flat(&nodes),
            f: flat(&functions),
            all,
        }
    }
}

/// Those that occur, the most frequent of them where they are many, in the order of their numbers.
fn flat(cells: &[[u32; 3]]) -> Vec<u32> {
    let total = |number: &u32| cells[*number as usize].iter().sum::<u32>();
    let mut numbers: Vec<u32> =
        (0..cells.len() as u32).filter(|number| total(number) > 0).collect();
    if numbers.len() > COUNTED_MAX {
        numbers.sort_by_key(|number| std::cmp::Reverse(total(number)));
        numbers.truncate(COUNTED_MAX);
        numbers.sort_unstable();
    }
    let entry = |&number: &u32| {
        let [ok, fail, info] = cells[number as usize];
        [number, ok, fail, info]
    };
    numbers.iter().flat_map(entry).collect()
}
