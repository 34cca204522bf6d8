//! What is to be known of a kind of fault.

use super::draw::Draw;
use super::effect::{Ability, Fault};
use afterall_history::FaultKind;

/// A kind of fault: everything that the engine has to know of it.
#[derive(Debug, Clone, Copy)]
pub struct FaultRow {
    /// Its word.
    pub kind: FaultKind,
    /// What a world must be able to do.
    pub needs: Ability,
    /// Draws one.
    pub draw: fn(&mut Draw<'_>) -> Fault,
}
