//! Transactions from what a file tells, one operation at a time.

use super::columns::{Initial, Transactions, TxnId, ValueId, WRITE};
use super::names::{Keys, Name, Values};
use crate::header::Header;
use crate::ids::Status;
use crate::limits::{EVENTS_MAX, TRANSACTION_KEYS_MAX, TRANSACTIONS_MAX};
use crate::workload::Workload;

/// Why something cannot be part of a history of transactions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum TransactionDamage {
    #[error("expected the transactions workload in the header, found {}", .0.name())]
    Workload(Workload),
    #[error("expected at most {EVENTS_MAX} operations in a history, found more")]
    Operations,
    #[error("expected at most {TRANSACTIONS_MAX} transactions in a history, found more")]
    Transactions,
    #[error(
        "expected at most {TRANSACTION_KEYS_MAX} keys and as many sessions in a history, found more"
    )]
    Keys,
    #[error("expected fewer distinct values, found more than 32 bits can count")]
    Values,
    #[error("transaction {0} has not begun")]
    NotBegun(u32),
}

/// Builds [`Transactions`].
#[derive(Debug)]
pub struct TransactionsBuilder {
    history: Transactions,
    /// By operation: its transaction; kept only from when operations of several transactions are mixed.
    txn: Option<Vec<u32>>,
}

impl TransactionsBuilder {
    /// Begins a history.
    ///
    /// # Errors
    /// When the header speaks of another workload.
    pub fn new(header: Header, initial: Initial) -> Result<Self, TransactionDamage> {
        if header.workload != Workload::Transactions {
            return Err(TransactionDamage::Workload(header.workload));
        }
        TransactionsBuilder::blank(header, initial)
    }

    pub(super) fn blank(header: Header, initial: Initial) -> Result<Self, TransactionDamage> {
        let mut history = Transactions {
            header,
            initial,
            keys: Keys::default(),
            values: Values::default(),
            sessions: Keys::default(),
            session: Vec::new(),
            status: Vec::new(),
            ends: Vec::new(),
            key: Vec::new(),
            value: Vec::new(),
            number: Vec::new(),
            first_number: 0,
            txn_number: Vec::new(),
            spelled_out: Vec::new(),
        };
        if let Initial::Unwritten(number) | Initial::Always(number) = initial {
            // So that it has a number, though it may be written and read nowhere.
            let name = Name::Number(number);
            history.values.intern(name).ok_or(TransactionDamage::Values)?;
        }
        Ok(TransactionsBuilder { history, txn: None })
    }

    /// A session that need not have made any transaction. Naming it again changes nothing.
    ///
    /// # Errors
    /// When there are too many.
    pub fn session(&mut self, name: Name<'_>) -> Result<(), TransactionDamage> {
        self.session_id(name).map(|_| ())
    }

    fn session_id(&mut self, name: Name<'_>) -> Result<u32, TransactionDamage> {
        self.history.sessions.intern(name, TRANSACTION_KEYS_MAX).ok_or(TransactionDamage::Keys)
    }

    /// The next transaction of a session, `Ok` if it was committed.
    ///
    /// # Errors
    /// When there are too many.
    pub fn begin(&mut self, session: Name<'_>, status: Status) -> Result<TxnId, TransactionDamage> {
        let session = self.session_id(session)?;
        let history = &mut self.history;
        if history.ends.len() >= TRANSACTIONS_MAX {
            return Err(TransactionDamage::Transactions);
        }
        history.session.push(session);
        history.status.push(status);
        history.ends.push(history.key.len() as u32);
        Ok(TxnId(history.ends.len() as u32 - 1))
    }

    /// Says what the file calls its first operation, where that is not 0; the others count on from it.
    pub fn count_from(&mut self, first: u32) {
        self.history.first_number = first;
    }

    /// Says what the file calls the operation that is read or written next. Costs nothing as long as they count up from the
    /// first.
    pub fn number_next(&mut self, number: u32) {
        let history = &mut self.history;
        let place = history.key.len();
        if history.number.is_empty() {
            if place == 0 {
                history.first_number = number;
            }
            let first = history.first_number;
            let counted = u32::try_from(place).ok().and_then(|place| first.checked_add(place));
            if counted == Some(number) {
                return;
            }
            history.number.extend((0..place as u32).map(|place| first.saturating_add(place)));
        }
        history.number.resize(place, number);
        history.number.push(number);
    }

    /// Says what the file calls each transaction, in the order in which they began; the operations are called the same.
    pub fn number_transactions(&mut self, numbers: Vec<u32>) {
        debug_assert_eq!(numbers.len(), self.history.ends.len());
        self.history.txn_number = numbers;
    }

    /// Says how a transaction ended, where that comes after its operations.
    ///
    /// # Errors
    /// When there is no such transaction.
    pub fn end(&mut self, txn: TxnId, status: Status) -> Result<(), TransactionDamage> {
        let known = self.history.status.get_mut(txn.0 as usize);
        *known.ok_or(TransactionDamage::NotBegun(txn.0))? = status;
        Ok(())
    }

    /// The transaction read the key, and got the value, or nothing.
    ///
    /// # Errors
    /// When the transaction has not begun, or there is no room for more.
    pub fn read(
        &mut self,
        txn: TxnId,
        key: Name<'_>,
        value: Option<Name<'_>>,
    ) -> Result<(), TransactionDamage> {
        let value = match value {
            None => ValueId::INITIAL.0,
            Some(name) => self.history.values.intern(name).ok_or(TransactionDamage::Values)?,
        };
        self.push(txn, key, value, 0)
    }

    /// The transaction wrote the value to the key.
    ///
    /// # Errors
    /// When the transaction has not begun, or there is no room for more.
    pub fn write(
        &mut self,
        txn: TxnId,
        key: Name<'_>,
        value: Name<'_>,
    ) -> Result<(), TransactionDamage> {
        let value = self.history.values.intern(value).ok_or(TransactionDamage::Values)?;
        self.push(txn, key, value, WRITE)
    }

    fn push(
        &mut self,
        txn: TxnId,
        key: Name<'_>,
        value: u32,
        write: u32,
    ) -> Result<(), TransactionDamage> {
        let history = &mut self.history;
        let last = history.ends.len().wrapping_sub(1);
        if txn.0 as usize >= history.ends.len() {
            return Err(TransactionDamage::NotBegun(txn.0));
        }
        if history.key.len() >= EVENTS_MAX {
            return Err(TransactionDamage::Operations);
        }
        let key = history.keys.intern(key, TRANSACTION_KEYS_MAX).ok_or(TransactionDamage::Keys)?;
        if self.txn.is_none() && txn.0 as usize != last {
            self.txn = Some(txn_by_op(&history.ends));
        }
        history.key.push(key | write);
        history.value.push(value);
        match &mut self.txn {
            Some(txns) => txns.push(txn.0),
            None => history.ends[last] = history.key.len() as u32,
        }
        Ok(())
    }

    /// The history.
    #[must_use]
    pub fn finish(mut self) -> Transactions {
        if let Some(txns) = self.txn.take() {
            sort_by_txn(&mut self.history, &txns);
        }
        let mut history = self.history;
        // The last operations may have been given none.
        if !history.number.is_empty() {
            let last = history.number.last().copied().unwrap_or(0);
            history.number.resize(history.key.len(), last);
        }
        history.keys.freeze();
        history.sessions.freeze();
        history.key.shrink_to_fit();
        history.value.shrink_to_fit();
        spell_out(&mut history);
        history
    }
}

/// By operation: its transaction.
fn txn_by_op(ends: &[u32]) -> Vec<u32> {
    let mut txns = Vec::with_capacity(ends.last().map_or(0, |&end| end as usize));
    for (txn, &end) in ends.iter().enumerate() {
        txns.resize(end as usize, txn as u32);
    }
    txns
}

/// Brings operations of one transaction together, and remembers where the file had them.
fn sort_by_txn(history: &mut Transactions, txn: &[u32]) {
    let mut next = vec![0_u32; history.ends.len() + 1];
    for &txn in txn {
        next[txn as usize + 1] += 1;
    }
    for at in 1..next.len() {
        next[at] += next[at - 1];
    }
    history.ends.copy_from_slice(&next[1..]);
    let (mut keys, mut values) = (vec![0; txn.len()], vec![0; txn.len()]);
    let mut number = vec![0; txn.len()];
    for (from, &txn) in txn.iter().enumerate() {
        let to = next[txn as usize] as usize;
        next[txn as usize] += 1;
        keys[to] = history.key[from];
        values[to] = history.value[from];
        number[to] = history
            .number
            .get(from)
            .copied()
            .unwrap_or_else(|| history.first_number.saturating_add(from as u32));
    }
    (history.key, history.value, history.number) = (keys, values, number);
}

/// Finds the transactions that spell the initial state out.
fn spell_out(history: &mut Transactions) {
    let Initial::Always(number) = history.initial else { return };
    let Some(initial) = history.values.find(number).map(ValueId) else { return };
    let mut made = vec![0_u32; history.sessions.len()];
    for &session in &history.session {
        made[session as usize] += 1;
    }
    let spells = |&txn: &TxnId| {
        made[history.session[txn.0 as usize] as usize] == 1
            && history.status(txn) == Status::Ok
            && history.ops_of(txn).len() > 0
            && history.ops_of(txn).all(|op| op.write && op.value == initial)
    };
    let found: Vec<TxnId> = history.txns().filter(spells).collect();
    history.spelled_out = found;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::NODE_UNKNOWN;
    use crate::ids::{KeyId, OpId};

    fn builder(initial: Initial) -> TransactionsBuilder {
        let header = Header::new("test", Workload::Transactions, 0, [NODE_UNKNOWN]);
        TransactionsBuilder::new(header, initial).expect("a good header")
    }

    #[test]
    fn operations_of_mixed_transactions_come_together_and_keep_their_numbers() {
        let mut b = builder(Initial::Nothing);
        let one = b.begin(Name::Number(4), Status::Ok).expect("room");
        b.write(one, Name::Text("x"), Name::Number(1)).expect("room");
        let two = b.begin(Name::Number(9), Status::Fail).expect("room");
        b.write(two, Name::Text("y"), Name::Number(2)).expect("room");
        b.read(one, Name::Text("y"), None).expect("room");
        b.read(two, Name::Text("x"), Some(Name::Number(1))).expect("room");
        let history = b.finish();
        let numbers = |txn| history.ops_of(txn).map(|op| history.number(op.id)).collect::<Vec<_>>();
        assert_eq!((numbers(one), numbers(two)), (vec![0, 2], vec![1, 3]));
        assert_eq!(history.op(OpId(1)).value, ValueId::INITIAL);
        assert_eq!(history.op(OpId(3)).key, KeyId(0));
        assert_eq!(history.txn_of(OpId(2)), two);
        assert_eq!(history.session_name(history.session_of(two)), Name::Number(9));
        assert_eq!(history.status(two), Status::Fail);
    }

    #[test]
    fn operations_are_called_what_the_file_calls_them() {
        let numbers = |b: TransactionsBuilder| {
            let history = b.finish();
            (0..history.ops() as u32).map(|id| history.number(OpId(id))).collect::<Vec<_>>()
        };
        let built = |lines: &[u32], first: u32| {
            let mut b = builder(Initial::Nothing);
            b.count_from(first);
            let txn = b.begin(Name::Number(0), Status::Ok).expect("room");
            for &line in lines {
                b.number_next(line);
                b.read(txn, Name::Number(0), None).expect("room");
            }
            b
        };
        assert!(built(&[4, 5, 6], 0).history.number.is_empty());
        assert_eq!(numbers(built(&[4, 5, 6], 0)), [4, 5, 6]);
        assert_eq!(numbers(built(&[1, 2, 4, 4, 3], 0)), [1, 2, 4, 4, 3]);
        let mut b = built(&[], 7);
        for _ in 0..2 {
            b.read(TxnId(0), Name::Number(0), None).expect("room");
        }
        assert_eq!(numbers(b), [7, 8]);
        let mut b = built(&[1, 5], 0);
        b.read(TxnId(0), Name::Number(0), None).expect("room");
        assert_eq!(numbers(b), [1, 5, 5]);
        // Mixed.
        let mut b = built(&[1, 3], 0);
        let two = b.begin(Name::Number(1), Status::Ok).expect("room");
        for (txn, line) in [(two, 5), (TxnId(0), 6), (two, 9)] {
            b.number_next(line);
            b.read(txn, Name::Number(0), None).expect("room");
        }
        assert_eq!(numbers(b), [1, 3, 6, 5, 9]);
        let mut b = built(&[1, 3], 0);
        b.number_transactions(vec![40]);
        assert_eq!(numbers(b), [40, 40]);
    }

    #[test]
    fn empty_transactions_have_no_operations_wherever_they_stand() {
        let mut b = builder(Initial::Nothing);
        b.begin(Name::Number(0), Status::Ok).expect("room");
        let full = b.begin(Name::Number(0), Status::Ok).expect("room");
        b.read(full, Name::Number(1), None).expect("room");
        b.begin(Name::Number(0), Status::Ok).expect("room");
        let history = b.finish();
        let sizes: Vec<usize> = history.txns().map(|txn| history.ops_of(txn).len()).collect();
        assert_eq!(sizes, [0, 1, 0]);
        assert_eq!(history.txn_of(OpId(0)), full);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let header = Header::new("test", Workload::Register, 0, [NODE_UNKNOWN]);
        let refused = TransactionsBuilder::new(header, Initial::Nothing).err();
        assert_eq!(refused, Some(TransactionDamage::Workload(Workload::Register)));
        let mut b = builder(Initial::Nothing);
        let refused = b.read(TxnId(0), Name::Number(0), None);
        assert_eq!(refused, Err(TransactionDamage::NotBegun(0)));
        assert_eq!(b.end(TxnId(3), Status::Ok), Err(TransactionDamage::NotBegun(3)));
    }

    #[test]
    fn the_initial_state_is_found_where_it_is_spelled_out_and_nowhere_else() {
        let mut b = builder(Initial::Always(0));
        let (zero, one) = (Name::Number(0), Name::Number(1));
        let init = b.begin(zero, Status::Ok).expect("room");
        b.write(init, zero, zero).expect("room");
        b.write(init, one, zero).expect("room");
        for (session, value) in [(one, one), (Name::Number(2), zero), (Name::Number(2), zero)] {
            let txn = b.begin(session, Status::Ok).expect("room");
            b.write(txn, zero, value).expect("room");
        }
        assert_eq!(b.finish().spelled_out(), [init]);
    }
}
