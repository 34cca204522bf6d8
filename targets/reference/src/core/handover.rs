//! Handing everything to one peer, page by page: the peer is told digests, and is sent what it lacks or holds otherwise. A page is
//! done when the peer has confirmed that all of it is on its disk.

use super::api::Key;

/// How long an offer waits for an answer before it is made again.
const PATIENCE_NS: u64 = 200_000_000;

/// How far a peer has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Handover {
    /// The turn of the peer's that it is for, where the peer joins.
    pub(super) epoch: u64,
    /// Everything up to this key, in the order of the store, is on the peer's disk.
    pub(super) after: Option<Key>,
    page: Option<Page>,
    /// Whether the peer has all.
    pub(super) is_done: bool,
}

/// What is being handed over.
#[derive(Debug, Clone)]
struct Page {
    number: u64,
    /// The last key on it; none: there is nothing to hand over.
    last: Option<Key>,
    is_last: bool,
    sent_ns: u64,
}

impl Handover {
    pub(super) fn new(epoch: u64) -> Self {
        Handover { epoch, ..Handover::default() }
    }

    /// Whether a page is to be offered: the next one, or one again that was not answered.
    pub(super) fn is_due(&self, now_ns: u64) -> bool {
        !self.is_done
            && self.page.as_ref().is_none_or(|it| it.sent_ns.saturating_add(PATIENCE_NS) <= now_ns)
    }

    /// A page is offered, up to this key. An empty one is offered as well: that there is nothing to hand over has to be heard.
    pub(super) fn offered(&mut self, number: u64, last: Option<Key>, is_last: bool, now_ns: u64) {
        self.page = Some(Page { number, last, is_last, sent_ns: now_ns });
    }

    /// Whether this is the page that is being handed over. The peer is busy with it, and is waited for.
    pub(super) fn is_at(&mut self, number: u64, now_ns: u64) -> bool {
        match &mut self.page {
            Some(page) if page.number == number => {
                page.sent_ns = now_ns;
                true
            }
            _ => false,
        }
    }

    /// A page is on the peer's disk; returns whether it was the one that is being handed over.
    pub(super) fn taken(&mut self, number: u64) -> bool {
        match self.page.take_if(|page| page.number == number) {
            Some(page) => {
                self.after = page.last.or(self.after.take());
                self.is_done = page.is_last;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::DataType;
    use super::*;

    fn key(name: &str) -> Key {
        Key { kind: DataType::Register, name: name.into() }
    }

    #[test]
    fn a_page_is_offered_again_until_it_is_confirmed_and_then_the_next_one() {
        let mut handover = Handover::new(0);
        assert!(handover.is_due(0));
        handover.offered(1, Some(key("x")), false, 0);
        assert!(!handover.is_due(PATIENCE_NS - 1) && handover.is_due(PATIENCE_NS));
        handover.offered(2, Some(key("x")), false, PATIENCE_NS);
        assert!(!handover.taken(1) && handover.after.is_none());
        assert!(handover.is_at(2, 2 * PATIENCE_NS) && !handover.is_due(2 * PATIENCE_NS));
        assert!(handover.taken(2) && !handover.taken(2));
        assert!(handover.after == Some(key("x")) && handover.is_due(0) && !handover.is_done);
        handover.offered(3, None, true, 0);
        assert!(!handover.is_done && handover.taken(3));
        assert!(handover.is_done && !handover.is_due(u64::MAX) && handover.after == Some(key("x")));
    }
}
