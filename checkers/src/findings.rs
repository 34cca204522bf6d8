//! What checkers hand in: how often each property was put to the test, and what broke it, grouped by cause.

use crate::cause::Cause;
use crate::verdict::{AnomalyKind, Figures, Label, Tier};
use afterall_history::{KeyId, OpId, Property, Sessions};
use std::collections::{BTreeMap, BTreeSet};

/// A property, and the sessions it is judged for.
pub(crate) type Claim = (Property, Sessions);

/// Something that a correct system would not have done.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// The property that it breaks.
    pub(crate) claim: Claim,
    /// Where the history does not tell which property it is: the others that it may be instead.
    pub(crate) or: Vec<Claim>,
    /// What it is called.
    pub(crate) kind: AnomalyKind,
    /// What others of its kind have in common with it.
    pub(crate) cause: Cause,
    /// What happened, in plain words.
    pub(crate) sentence: String,
    /// The key.
    pub(crate) key: Option<KeyId>,
    /// The operations that prove it.
    pub(crate) ops: Vec<OpId>,
    /// How they depend on each other.
    pub(crate) edges: Vec<Dependency>,
}

/// The second operation depends on the first.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) from: OpId,
    pub(crate) to: OpId,
    pub(crate) label: Label,
    pub(crate) why: String,
}

/// Findings of one kind with a common cause.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) smallest: Finding,
}

/// How often a property was put to the test.
#[derive(Debug, Default)]
pub(crate) struct Tested {
    /// How many times it could have been broken.
    pub(crate) chances: u64,
    /// Of these, how often it was broken, which its promise allows.
    pub(crate) tolerated: u64,
    /// Why it was not, where it was not.
    pub(crate) why_none: &'static str,
    /// Why it cannot be decided.
    pub(crate) undecided: Option<String>,
    /// What the judgement rests on.
    pub(crate) tier: Option<Tier>,
}

type GroupKey = (Claim, AnomalyKind, Cause, Vec<Claim>);

/// What checkers hand in.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) tested: BTreeMap<Claim, Tested>,
    pub(crate) groups: BTreeMap<GroupKey, Group>,
    /// What has to be known to read the verdict rightly, a sentence each.
    pub(crate) notes: Vec<String>,
    /// The keys of which linearizability was judged, and it was neither broken nor left undecided.
    pub(crate) linearizable: BTreeSet<KeyId>,
    /// What was measured on the way.
    pub(crate) figures: Figures,
}

impl Findings {
    /// The property was put to the test so many times; `why_none` says why not, in case that stays zero.
    pub(crate) fn chances(&mut self, claim: Claim, chances: u64, why_none: &'static str) {
        let tested = self.tested.entry(claim).or_default();
        tested.chances += chances;
        tested.why_none = why_none;
    }

    /// The property was broken so many times, which its promise allows.
    pub(crate) fn tolerated(&mut self, claim: Claim, times: u64) {
        self.tested.entry(claim).or_default().tolerated += times;
    }

    /// The property cannot be decided, at least not everywhere. The first reason is kept.
    pub(crate) fn undecided(&mut self, claim: Claim, why: impl Into<String>) {
        self.tested.entry(claim).or_default().undecided.get_or_insert_with(|| why.into());
    }

    /// As [`Findings::undecided`], if the property is judged at all.
    pub(crate) fn undecided_if_tested(&mut self, claim: Claim, why: &str) {
        if self.tested.get(&claim).is_some_and(|tested| tested.chances > 0) {
            self.undecided(claim, why);
        }
    }

    /// What the judgement rests on: inferred if any of it is.
    pub(crate) fn tier(&mut self, claim: Claim, tier: Tier) {
        let known = &mut self.tested.entry(claim).or_default().tier;
        *known = match (*known, tier) {
            (Some(Tier::Inferred), _) | (_, Tier::Inferred) => Some(Tier::Inferred),
            (_, Tier::Exact) => Some(Tier::Exact),
        };
    }

    /// Files a finding with its group; the one with the fewest operations, and of those the earliest, is kept.
    pub(crate) fn add(&mut self, finding: Finding) {
        let key = (finding.claim, finding.kind, finding.cause.clone(), finding.or.clone());
        match self.groups.get_mut(&key) {
            None => {
                self.groups.insert(key, Group { count: 1, smallest: finding });
            }
            Some(group) => {
                group.count += 1;
                let rank = |f: &Finding| (f.ops.len(), f.ops.iter().max().copied());
                if rank(&finding) < rank(&group.smallest) {
                    group.smallest = finding;
                }
            }
        }
    }

    /// Takes in what was found beside this, of other properties or of the same.
    pub(crate) fn absorb(&mut self, other: Findings) {
        for (claim, tested) in other.tested {
            let known = self.tested.entry(claim).or_default();
            known.chances += tested.chances;
            known.tolerated += tested.tolerated;
            if !tested.why_none.is_empty() {
                known.why_none = tested.why_none;
            }
            if let Some(why) = tested.undecided {
                self.undecided(claim, why);
            }
            if let Some(tier) = tested.tier {
                self.tier(claim, tier);
            }
        }
        self.notes.extend(other.notes);
        self.linearizable.extend(other.linearizable);
        self.figures.absorb(other.figures);
        for group in other.groups.into_values() {
            self.add_many(group.smallest, group.count);
        }
    }

    /// Files what was told of so many findings, and counts the rest with the last of it.
    pub(crate) fn add_of(&mut self, told: Vec<Finding>, count: u64) {
        let more = count.saturating_sub(told.len() as u64);
        let last = told.last().map(|f| (f.claim, f.kind, f.cause.clone(), f.or.clone()));
        told.into_iter().for_each(|finding| self.add(finding));
        if let Some(group) = last.and_then(|key| self.groups.get_mut(&key)) {
            group.count += more;
        }
    }

    /// Files a finding that stands for `count` of its kind and cause.
    pub(crate) fn add_many(&mut self, finding: Finding, count: u64) {
        let key = (finding.claim, finding.kind, finding.cause.clone(), finding.or.clone());
        self.add(finding);
        if let Some(group) = self.groups.get_mut(&key) {
            group.count += count.saturating_sub(1);
        }
    }

    /// Counts one more of a kind without saying more of it than its group knows; false if there is no such group.
    pub(crate) fn count_more(&mut self, claim: Claim, kind: AnomalyKind, cause: &Cause) -> bool {
        let key = (claim, kind, cause.clone(), Vec::new());
        match self.groups.get_mut(&key) {
            Some(group) => {
                group.count += 1;
                true
            }
            None => false,
        }
    }
}
