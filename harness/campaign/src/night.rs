//! A campaign among others.

use crate::index::Index;

/// A campaign under a name.
#[derive(Debug, Clone, Copy)]
pub struct Night<'a> {
    /// What reports call it: its folder.
    pub name: &'a str,
    /// What was finished of it.
    pub index: &'a Index,
}
