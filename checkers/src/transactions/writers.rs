//! Who wrote which value to which key.
//!
//! The writes of a key lie side by side, in the order of their values. A search begins where the last one for the
//! key ended and gallops from there, because what is read one after another was mostly written one after another.

use afterall_history::{KeyId, Status, Transactions, TxnId, ValueId};

/// The bit of a write that its own transaction replaced.
const REPLACED: u32 = 1 << 31;
const NONE: u32 = u32::MAX;

/// A transaction wrote a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Write {
    value: u32,
    /// With [`REPLACED`].
    txn: u32,
}

impl Write {
    pub(super) fn txn(self) -> TxnId {
        TxnId(self.txn & !REPLACED)
    }

    /// Whether the transaction itself wrote another value to the key afterwards.
    pub(super) fn replaced(self) -> bool {
        self.txn & REPLACED != 0
    }
}

/// The writes of all transactions, by key and value.
pub(super) struct Writers {
    starts: Vec<u32>,
    ends: Vec<u32>,
    writes: Vec<Write>,
    /// By key: where the last search ended.
    hint: Vec<u32>,
    /// By key: whether a committed transaction wrote it.
    committed: Vec<bool>,
}

impl Writers {
    /// Gathers the writes of the transactions for which `counts` holds.
    pub(super) fn new(history: &Transactions, counts: impl Fn(TxnId) -> bool) -> Self {
        let mut starts = vec![0_u32; history.keys() + 1];
        let mut committed = vec![false; history.keys()];
        for txn in history.txns().filter(|&txn| counts(txn)) {
            let sure = history.status(txn) == Status::Ok;
            for op in history.ops_of(txn).filter(|op| op.write) {
                starts[op.key.0 as usize + 1] += 1;
                committed[op.key.0 as usize] |= sure;
            }
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let total = starts.last().copied().unwrap_or(0) as usize;
        let mut writes = vec![Write { value: NONE, txn: NONE }; total];
        // By key: the transaction that was seen to write it last, and its last value.
        let mut last = vec![(NONE, NONE); history.keys()];
        for txn in history.txns().filter(|&txn| counts(txn)) {
            for op in history.ops_of(txn).rev().filter(|op| op.write) {
                let key = op.key.0 as usize;
                let replaced = last[key].0 == txn.0;
                if !replaced {
                    last[key] = (txn.0, op.value.0);
                }
                // The same value again is what is there in the end.
                let replaced = if replaced && last[key].1 != op.value.0 { REPLACED } else { 0 };
                writes[next[key] as usize] = Write { value: op.value.0, txn: txn.0 | replaced };
                next[key] += 1;
            }
        }
        let mut ends = starts[1..].to_vec();
        for key in 0..history.keys() {
            let of = &mut writes[starts[key] as usize..starts[key + 1] as usize];
            if !of.is_sorted_by_key(|write| write.value) {
                of.sort_by_key(|write| write.value);
            }
            if of.windows(2).any(|pair| pair[0].value == pair[1].value) {
                ends[key] = starts[key] + thin_out(history, of) as u32;
            }
        }
        starts.truncate(history.keys());
        Writers { hint: starts.clone(), starts, ends, writes, committed }
    }

    /// Whether a committed transaction wrote the key.
    pub(super) fn any_committed(&self, key: KeyId) -> bool {
        self.committed[key.0 as usize]
    }

    /// The number of writes.
    pub(super) fn len(&self) -> usize {
        self.writes.len()
    }

    /// The writes of a value to a key.
    pub(super) fn of(&mut self, key: KeyId, value: ValueId) -> &[Write] {
        let key = key.0 as usize;
        let (from, to) = (self.starts[key] as usize, self.ends[key] as usize);
        let writes = &self.writes[from..to];
        let first = gallop(writes, self.hint[key] as usize - from, value.0);
        self.hint[key] = (from + first) as u32;
        let same = writes[first..].iter().take_while(|write| write.value == value.0).count();
        &writes[first..first + same]
    }
}

/// Of writes of one value, keeps as many as tell whether it can be traced: three of transactions that were not aborted,
/// and two of others. How many are left.
fn thin_out(history: &Transactions, writes: &mut [Write]) -> usize {
    let (mut kept, mut run, mut sound, mut aborted) = (0, 0, 0, 0);
    for at in 0..writes.len() {
        let write = writes[at];
        if at == 0 || writes[at - 1].value != write.value {
            (run, sound, aborted) = (kept, 0, 0);
        }
        // One transaction's writes of a value come together. It was not replaced if one of them was not.
        if kept > run && writes[kept - 1].txn() == write.txn() {
            if !write.replaced() {
                writes[kept - 1] = write;
            }
            continue;
        }
        let (count, max) = if history.status(write.txn()) == Status::Fail {
            (&mut aborted, 2)
        } else {
            (&mut sound, 3)
        };
        *count += 1;
        if *count <= max {
            writes[kept] = write;
            kept += 1;
        }
    }
    kept
}

/// The first place whose value is not below `value`, looked for near `hint` first.
fn gallop(writes: &[Write], hint: usize, value: u32) -> usize {
    let below = |at: usize| writes[at].value < value;
    let mut step = 1;
    let (mut low, mut high);
    if hint < writes.len() && below(hint) {
        low = hint + 1;
        high = low;
        while high < writes.len() && below(high) {
            low = high + 1;
            high += step;
            step *= 2;
        }
        high = high.min(writes.len());
    } else {
        high = hint.min(writes.len());
        low = high;
        while low > 0 && !below(low - 1) {
            high = low - 1;
            low = low.saturating_sub(step);
            step *= 2;
        }
    }
    low + writes[low..high].partition_point(|write| write.value < value)
}

/// What the history tells of the writer of a value that somebody else read.
pub(super) enum Writer {
    /// One transaction that was committed, or of which nobody knows.
    One(Write),
    /// A transaction that was aborted, and nobody else.
    Aborted(TxnId),
    /// Several: the read cannot be traced.
    Several(TxnId, TxnId),
    /// Nobody.
    Nobody,
}

/// Tells the writer of what transaction `reader` read.
pub(super) fn writer(history: &Transactions, writes: &[Write], reader: TxnId) -> Writer {
    let mut one: Option<Write> = None;
    let mut aborted = None;
    for &write in writes.iter().filter(|write| write.txn() != reader) {
        if history.status(write.txn()) == Status::Fail {
            aborted = aborted.or(Some(write.txn()));
            continue;
        }
        match one {
            // One transaction may write a value twice; where it is what is left in the end, it was not replaced.
            Some(known) if known.txn() == write.txn() => {
                if !write.replaced() {
                    one = Some(write);
                }
            }
            Some(known) => return Writer::Several(known.txn(), write.txn()),
            None => one = Some(write),
        }
    }
    match (one, aborted) {
        (Some(write), _) => Writer::One(write),
        (None, Some(txn)) => Writer::Aborted(txn),
        (None, None) => Writer::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn galloping_finds_what_a_plain_search_finds_from_every_hint() {
        for values in [&[][..], &[5], &[1, 1, 4, 4, 9], &[0, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29]] {
            let writes: Vec<Write> = values.iter().map(|&value| Write { value, txn: 0 }).collect();
            for hint in 0..=values.len() {
                for value in 0..32 {
                    let plain = values.partition_point(|&v| v < value);
                    assert_eq!(gallop(&writes, hint, value), plain, "{values:?} {hint} {value}");
                }
            }
        }
    }
}
