//! Operations in groups, as by session or key.

use crate::ids::OpId;

/// Operations in groups: one vector, cut at offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    starts: Vec<u32>,
    ops: Vec<OpId>,
}

impl Groups {
    pub(crate) fn new(groups: usize, group_of: &[u32]) -> Groups {
        let mut starts = vec![0_u32; groups + 1];
        for &group in group_of {
            starts[group as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut ops = vec![OpId(0); group_of.len()];
        for (op, &group) in group_of.iter().enumerate() {
            ops[next[group as usize] as usize] = OpId(op as u32);
            next[group as usize] += 1;
        }
        Groups { starts, ops }
    }

    /// The operations of one group.
    #[must_use]
    pub fn of(&self, group: u32) -> &[OpId] {
        let group = group as usize;
        &self.ops[self.starts[group] as usize..self.starts[group + 1] as usize]
    }

    /// Every group, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[OpId]> {
        (0..self.starts.len() as u32 - 1).map(|group| self.of(group))
    }
}
