//! Plainer faults: fewer links, and shorter ones.

use super::Shrinker;
use crate::minimal::minimal;
use crate::spelled_out::{planned, under};
use afterall_engine::faults::{Effect, Planned};

/// Below this a fault is not made shorter, nanoseconds: it has to show, and to be gone again.
const SHORTEST_NS: u64 = 100_000_000;

impl Shrinker<'_> {
    pub(super) fn make_faults_plain(&mut self) {
        for at in 0..planned(&self.smallest).len() {
            self.leave_out_links(at);
            self.shorten(at, |fault, ns| fault.until_ns -= ns);
            self.shorten(at, |fault, ns| fault.at_ns += ns);
        }
    }

    /// Takes the run in which this fault is changed, if it fails in the same way.
    fn takes_changed(&mut self, at: usize, change: impl FnOnce(&mut Planned)) -> bool {
        let mut all = planned(&self.smallest).to_vec();
        let Some(fault) = all.get_mut(at) else { return false };
        change(fault);
        // They are listed in the order of their beginning.
        if !all.is_sorted_by_key(|fault| fault.at_ns) {
            return false;
        }
        self.takes(under(&self.smallest, all))
    }

    fn leave_out_links(&mut self, at: usize) {
        let fault = planned(&self.smallest).get(at).map(|planned| planned.fault.clone());
        let Some(fault) = fault else { return };
        minimal(fault.links(), &mut |part| {
            !part.is_empty()
                && self.takes_changed(at, |planned| {
                    if let Effect::Links { links, .. } = &mut planned.fault.effect {
                        *links = part.to_vec();
                    }
                })
        });
    }

    /// Takes away half of the time, then a quarter, and so on.
    fn shorten(&mut self, at: usize, by: impl Fn(&mut Planned, u64)) {
        let length = |planned: &Planned| planned.until_ns.saturating_sub(planned.at_ns);
        let Some(mut step) = planned(&self.smallest).get(at).map(|fault| length(fault) / 2) else {
            return;
        };
        while step >= SHORTEST_NS / 4 {
            let Some(left) = planned(&self.smallest).get(at).map(length) else { return };
            let is_long = left.saturating_sub(step) >= SHORTEST_NS;
            if !is_long || !self.takes_changed(at, |fault| by(fault, step)) {
                step /= 2;
            }
        }
    }
}
