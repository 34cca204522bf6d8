//! A text that sessions append to: a sequence that only grows, of pieces in the order of their stamps, as the posts of a chat
//! are. It merges by union (the grow-only set of Shapiro et al., A comprehensive study of CRDTs, 2011, section 3.3.1), so that
//! all replicas that hold the same pieces show the same text.

use super::api::{ELEMENTS_MAX, Refusal, TEXT_BYTES_MAX};
use super::clock::Stamp;
use super::identity::VersionVector;
use serde::{Deserialize, Serialize};

/// What was appended in one piece.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Piece {
    /// When: the place of the piece in the text.
    pub stamp: Stamp,
    /// What.
    pub text: String,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Text {
    /// In the order of their stamps.
    pub pieces: Vec<Piece>,
}

impl Text {
    /// Whether another piece has room.
    pub(crate) fn takes(&self, piece: &str) -> Result<(), Refusal> {
        if self.pieces.len() >= ELEMENTS_MAX {
            return Err(Refusal::Full("the text holds as many pieces as it may"));
        }
        let held = self.pieces.iter().map(|piece| piece.text.len()).sum();
        has_room(held, piece)
    }

    /// Appends a piece, whose stamp comes after all that are held.
    pub fn append(&mut self, stamp: Stamp, text: &str) {
        self.pieces.push(Piece { stamp, text: text.to_owned() });
    }

    /// Takes in the pieces that are not held yet. `by_stamp: false` is the mutant `text-arrival-order`: they stay in the order in
    /// which they came.
    pub fn merge(&mut self, other: &Text, by_stamp: bool) {
        let mut held: Vec<Stamp> = self.pieces.iter().map(|piece| piece.stamp).collect();
        held.sort_unstable();
        let is_new = |piece: &&Piece| held.binary_search(&piece.stamp).is_err();
        self.pieces.extend(other.pieces.iter().filter(is_new).cloned());
        if by_stamp {
            self.pieces.sort_unstable();
        }
    }

    /// The whole text.
    #[must_use]
    pub fn whole(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    /// The latest stamp.
    #[must_use]
    pub fn last(&self) -> Option<Stamp> {
        self.pieces.iter().map(|piece| piece.stamp).max()
    }

    /// How many pieces of each actor are held. Whoever holds one holds all that its actor had appended before.
    #[must_use]
    pub fn version(&self) -> VersionVector {
        let mut version = VersionVector::default();
        for piece in &self.pieces {
            version.next(piece.stamp.actor);
        }
        version
    }
}

/// Whether a text of so many bytes may grow by a piece.
pub(crate) fn has_room(held: usize, piece: &str) -> Result<(), Refusal> {
    match held.saturating_add(piece.len()) {
        0..=TEXT_BYTES_MAX => Ok(()),
        _ => Err(Refusal::Full("the text is as long as it may be")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::identity::{Actor, NodeId};
    use super::*;

    const ACTORS: [Actor; 2] =
        [Actor { node: NodeId(1), incarnation: 1 }, Actor { node: NodeId(2), incarnation: 1 }];

    fn text(pieces: &[(u64, usize, &str)]) -> Text {
        let mut text = Text::default();
        for &(wall_ms, actor, piece) in pieces {
            text.append(Stamp { wall_ms, logical: 0, actor: ACTORS[actor] }, piece);
        }
        text
    }

    #[test]
    fn pieces_stand_in_the_order_of_their_stamps_in_whatever_order_states_arrive() {
        let (one, other) =
            (text(&[(1, 0, "a;"), (4, 0, "d;")]), text(&[(1, 1, "b;"), (3, 1, "c;")]));
        let (mut here, mut there) = (one.clone(), other.clone());
        here.merge(&other, true);
        there.merge(&one, true);
        assert_eq!(here, there);
        assert_eq!(here.whole(), "a;b;c;d;");
        here.merge(&one, true);
        assert_eq!(here, there);
        assert!(here.version().covers(&one.version()) && here.version().covers(&other.version()));
        assert!(!one.version().covers(&other.version()));
        assert_eq!(here.last(), one.last());
        // The mutant shows the same pieces in two orders.
        let (mut here, mut there) = (one.clone(), other.clone());
        here.merge(&other, false);
        there.merge(&one, false);
        assert_eq!((here.whole(), there.whole()), ("a;d;b;c;".into(), "b;c;a;d;".into()));
        assert_eq!(here.version(), there.version());
    }

    #[test]
    fn a_text_is_bounded_in_pieces_and_in_bytes() {
        let mut many = Text::default();
        for at in 0..ELEMENTS_MAX as u64 {
            assert_eq!(many.takes("a"), Ok(()));
            many.append(Stamp { wall_ms: at, logical: 0, actor: ACTORS[0] }, "a");
        }
        assert!(matches!(many.takes("a"), Err(Refusal::Full(_))));
        let long = text(&[(1, 0, &"a".repeat(TEXT_BYTES_MAX - 2))]);
        assert_eq!(long.takes("b;"), Ok(()));
        assert!(matches!(long.takes("bc;"), Err(Refusal::Full(_))));
    }
}
