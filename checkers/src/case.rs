//! What a checker is given: a history, what was worked out of it once, and what is asked.

use crate::context::Context;
use crate::inference::causal_order::CausalOrder;
use crate::inference::reads_from::ReadsFrom;
use afterall_history::KeyId;
use std::sync::OnceLock;

/// A history to be judged.
pub(crate) struct Case<'a> {
    pub(crate) ctx: &'a Context<'a>,
    /// Who read from whom.
    pub(crate) reads_from: &'a ReadsFrom,
    /// The causal order of registers, once it was walked.
    order: OnceLock<CausalOrder<'a>>,
    /// By key: whether versions tell what the session guarantees need, or nobody asks for these.
    exact: Vec<bool>,
}

impl<'a> Case<'a> {
    /// `exact`: by key, whether session guarantees need not be judged by values.
    pub(crate) fn new(ctx: &'a Context<'a>, reads_from: &'a ReadsFrom, exact: Vec<bool>) -> Self {
        Case { ctx, reads_from, order: OnceLock::new(), exact }
    }

    /// The causal order of registers, if a checker walked it: see `properties/causal.rs`.
    pub(crate) fn order(&self) -> Option<&CausalOrder<'a>> {
        self.order.get()
    }

    /// Keeps the causal order for those that come after.
    pub(crate) fn set_order(&self, order: CausalOrder<'a>) {
        // Only one checker makes it.
        let _ = self.order.set(order);
    }

    /// By key: whether the session guarantees need not be judged by values.
    pub(crate) fn exact(&self) -> &[bool] {
        &self.exact
    }

    /// Whether the session guarantees of the key are to be judged by values.
    pub(crate) fn by_value(&self, key: KeyId) -> bool {
        !self.exact[key.0 as usize]
    }
}
