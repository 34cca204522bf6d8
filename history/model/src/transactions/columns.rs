//! The columns of a history of transactions, and what can be asked of them.

use super::names::{Keys, Name, Values};
use crate::header::Header;
use crate::ids::{KeyId, OpId, SessionId, Status};

/// A transaction: counts from 0 in the order in which the file begins them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TxnId(pub u32);

/// A value that was written or read; equal values have equal numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u32);

impl ValueId {
    /// What a register holds before anything is written.
    pub const INITIAL: ValueId = ValueId(u32::MAX);
}

/// What a history says of the initial state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Initial {
    /// Only a read of nothing returned it.
    #[default]
    Nothing,
    /// A read of this number returned it too, where nobody wrote that number to the key.
    Unwritten(u64),
    /// A read of this number returned it too, even where another transaction wrote that number: these reads cannot be traced. A session
    /// of one committed transaction that writes nothing but this number is the initial state spelled out.
    Always(u64),
}

/// The bit that tells writes from reads; below it is the key.
pub(super) const WRITE: u32 = 1 << 31;

/// Sessions of transactions of reads and writes.
///
/// ```
/// use afterall_history::{Header, Initial, Name, NODE_UNKNOWN, Status, TransactionsBuilder, Workload};
///
/// let header = Header::new("my store", Workload::Transactions, 0, [NODE_UNKNOWN]);
/// let mut builder = TransactionsBuilder::new(header, Initial::Nothing)?;
/// let first = builder.begin(Name::Number(0), Status::Ok)?;
/// builder.write(first, Name::Text("x"), Name::Number(1))?;
/// let second = builder.begin(Name::Number(1), Status::Ok)?;
/// builder.read(second, Name::Text("x"), None)?;
/// let history = builder.finish();
/// assert_eq!((history.len(), history.ops()), (2, 2));
/// # Ok::<(), afterall_history::TransactionDamage>(())
/// ```
#[derive(Debug)]
pub struct Transactions {
    pub(super) header: Header,
    pub(super) initial: Initial,
    pub(super) keys: Keys,
    pub(super) values: Values,
    pub(super) sessions: Keys,
    /// By transaction.
    pub(super) session: Vec<u32>,
    pub(super) status: Vec<Status>,
    /// By transaction: where its operations end; they begin where those of the one before end.
    pub(super) ends: Vec<u32>,
    /// By operation: the key, with [`WRITE`].
    pub(super) key: Vec<u32>,
    pub(super) value: Vec<u32>,
    /// By operation: its number in the file; empty where those count up from [`Transactions::first_number`].
    pub(super) number: Vec<u32>,
    pub(super) first_number: u32,
    /// By transaction: what the file calls it and its operations; empty where it calls its operations by themselves.
    pub(super) txn_number: Vec<u32>,
    /// The transactions that spell the initial state out.
    pub(super) spelled_out: Vec<TxnId>,
}

/// One operation of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxnOp {
    /// Its place in the columns.
    pub id: OpId,
    /// Whether it wrote; else it read.
    pub write: bool,
    /// The register.
    pub key: KeyId,
    /// What was written, or what the read returned.
    pub value: ValueId,
}

impl Transactions {
    /// The first line, as far as the file tells.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The header, to be given promises.
    pub fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    /// What the history says of the initial state.
    #[must_use]
    pub fn initial(&self) -> Initial {
        self.initial
    }

    /// The number of transactions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of operations.
    #[must_use]
    pub fn ops(&self) -> usize {
        self.key.len()
    }

    /// The number of sessions.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The number of keys.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Every transaction, in the order of the file.
    pub fn txns(&self) -> impl DoubleEndedIterator<Item = TxnId> + ExactSizeIterator + use<> {
        (0..self.ends.len() as u32).map(TxnId)
    }

    /// Who made a transaction.
    #[must_use]
    pub fn session_of(&self, txn: TxnId) -> SessionId {
        SessionId(self.session[txn.0 as usize])
    }

    /// Whether it was committed (`Ok`), aborted (`Fail`), or nobody knows (`Info`).
    #[must_use]
    pub fn status(&self, txn: TxnId) -> Status {
        self.status[txn.0 as usize]
    }

    /// The operations of a transaction, in its program's order.
    pub fn ops_of(
        &self,
        txn: TxnId,
    ) -> impl DoubleEndedIterator<Item = TxnOp> + ExactSizeIterator + use<'_> {
        self.range(txn).map(|at| self.at(at))
    }

    /// One operation.
    #[must_use]
    pub fn op(&self, id: OpId) -> TxnOp {
        self.at(id.0 as usize)
    }

    /// The transaction of an operation.
    #[must_use]
    pub fn txn_of(&self, id: OpId) -> TxnId {
        TxnId(self.ends.partition_point(|&end| end <= id.0) as u32)
    }

    /// What verdicts and reports call an operation: its line in the file, or what the file calls its transaction; where
    /// neither is known, its place in the order of the file, from 0.
    #[must_use]
    pub fn number(&self, id: OpId) -> u32 {
        if !self.txn_number.is_empty() {
            return self.txn_number(self.txn_of(id));
        }
        let number = self.number.get(id.0 as usize).copied();
        number.unwrap_or_else(|| self.first_number.saturating_add(id.0))
    }

    /// What the file calls a transaction; where it does not, its place in the order of the file, from 0.
    #[must_use]
    pub fn txn_number(&self, txn: TxnId) -> u32 {
        self.txn_number.get(txn.0 as usize).copied().unwrap_or(txn.0)
    }

    /// The name of a key.
    #[must_use]
    pub fn key_name(&self, key: KeyId) -> Name<'_> {
        self.keys.name(key.0)
    }

    /// The name of a session.
    #[must_use]
    pub fn session_name(&self, session: SessionId) -> Name<'_> {
        self.sessions.name(session.0)
    }

    /// The value; `None` for [`ValueId::INITIAL`].
    #[must_use]
    pub fn value(&self, value: ValueId) -> Option<Name<'_>> {
        (value != ValueId::INITIAL).then(|| self.values.name(value.0))
    }

    /// The number that stands for the initial state, if one does.
    #[must_use]
    pub fn initial_value(&self) -> Option<ValueId> {
        match self.initial {
            Initial::Nothing => None,
            Initial::Unwritten(number) | Initial::Always(number) => {
                self.values.find(number).map(ValueId)
            }
        }
    }

    /// The transactions that are the initial state, spelled out; see [`Initial::Always`].
    #[must_use]
    pub fn spelled_out(&self) -> &[TxnId] {
        &self.spelled_out
    }

    fn range(&self, txn: TxnId) -> std::ops::Range<usize> {
        let at = txn.0 as usize;
        let from = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        from..self.ends[at] as usize
    }

    fn at(&self, at: usize) -> TxnOp {
        let key = self.key[at];
        TxnOp {
            id: OpId(at as u32),
            write: key & WRITE != 0,
            key: KeyId(key & !WRITE),
            value: ValueId(self.value[at]),
        }
    }
}
