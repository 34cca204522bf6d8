//! Histories of transactions: several reads and writes of registers at a time, in columns.
//!
//! What one session asked in one go is a transaction. A session makes its transactions one after another. The initial
//! state of every register comes before all transactions.
//!
//! About eight bytes an operation and nine a transaction. Keys count from 0; values are numbers of 32 bits, which
//! are the values themselves where those are small numbers.

mod build;
mod columns;
mod cut;
mod names;

pub use build::{TransactionDamage, TransactionsBuilder};
pub use columns::{Initial, Transactions, TxnId, TxnOp, ValueId};
pub use names::Name;
