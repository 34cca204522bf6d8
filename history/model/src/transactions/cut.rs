//! A part of a history of transactions: what is left of it when all but some operations are taken out.

use super::build::{TransactionDamage, TransactionsBuilder};
use super::columns::{Transactions, TxnId};
use crate::ids::OpId;

impl Transactions {
    /// The history of some operations, and of the transactions and sessions they belong to. In it, operation `n` is
    /// the `n`th of those given, in their order of the columns.
    ///
    /// Only the names that are used are kept, so a small part of a large history is small.
    ///
    /// # Errors
    /// None that the whole history would not have met when it was built.
    pub fn part(&self, ops: &[OpId]) -> Result<Transactions, TransactionDamage> {
        let mut ops: Vec<OpId> = ops.to_vec();
        ops.sort_unstable();
        ops.dedup();
        let mut part = TransactionsBuilder::blank(self.header.clone(), self.initial)?;
        let mut open: Option<(TxnId, TxnId)> = None;
        for id in ops {
            let from = self.txn_of(id);
            let txn = match open {
                Some((known, txn)) if known == from => txn,
                _ => {
                    let name = self.session_name(self.session_of(from));
                    let txn = part.begin(name, self.status(from))?;
                    open = Some((from, txn));
                    txn
                }
            };
            let op = self.op(id);
            let (key, value) = (self.key_name(op.key), self.value(op.value));
            match value {
                Some(value) if op.write => part.write(txn, key, value)?,
                _ => part.read(txn, key, value)?,
            }
        }
        Ok(part.finish())
    }
}
