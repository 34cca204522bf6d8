//! What is to be known of a kind of fault.

use super::draw::Draw;
use super::effect::{Ability, Fault};
use super::usual::Usual;
use afterall_history::FaultKind;

/// A kind of fault: everything that the engine has to know of it.
#[derive(Debug, Clone, Copy)]
pub struct FaultRow {
    /// Its word.
    pub kind: FaultKind,
    /// What a world must be able to do.
    pub needs: Ability,
    /// What it does, where `run.toml` says no more.
    pub usual: Usual,
    /// Whether runs have it only where it is asked for: it breaks promises that a correct store may make.
    pub only_if_asked: bool,
    /// Draws one.
    pub draw: fn(&mut Draw<'_>) -> Fault,
}
