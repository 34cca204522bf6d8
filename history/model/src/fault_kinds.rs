//! Sets of kinds of faults.

use crate::fault_kind::FaultKind;
use crate::vocabulary::UnknownWord;
use std::fmt;
use std::str::FromStr;

/// A set of kinds of faults. Written as their names with commas between: `clock,kill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FaultKinds(u32);

impl FaultKinds {
    /// The empty set.
    pub const NONE: FaultKinds = FaultKinds(0);

    /// The set with one more kind.
    #[must_use]
    pub const fn with(self, kind: FaultKind) -> Self {
        FaultKinds(self.0 | 1 << kind as u8)
    }

    /// Whether it has no members.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the kind is a member.
    #[must_use]
    pub const fn contains(self, kind: FaultKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// The members of both sets.
    #[must_use]
    pub const fn and(self, other: FaultKinds) -> Self {
        FaultKinds(self.0 & other.0)
    }

    /// The members, in the order of [`FaultKind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = FaultKind> {
        FaultKind::ALL.iter().copied().filter(move |&kind| self.contains(kind))
    }
}

impl FromIterator<FaultKind> for FaultKinds {
    fn from_iter<T: IntoIterator<Item = FaultKind>>(kinds: T) -> Self {
        kinds.into_iter().fold(FaultKinds::NONE, FaultKinds::with)
    }
}

impl fmt::Display for FaultKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, kind) in self.iter().enumerate() {
            write!(f, "{}{kind}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl FromStr for FaultKinds {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        text.split(',').map(|name| name.trim().parse::<FaultKind>()).collect()
    }
}
