//! The records that a node keeps on disk.

use super::api::Key;
use super::identity::{NodeId, VersionVector};
use super::object::Object;
use super::standing::Turn;
use super::update::Update;

/// What the key of a record that is no object begins with. An object's begins with its data type, of which there are few.
const NO_OBJECT: u8 = 0xff;

/// A stored record that cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("a stored record is damaged")]
pub struct DamagedRecord(#[from] postcard::Error);

/// A record.
pub(crate) enum Record {
    /// An object as it was last.
    Object(Key, Object),
    /// A change in the log, by its place there.
    Update(u64, Update),
    /// Which changes have been applied.
    Applied(VersionVector),
    /// An object that a peer has not confirmed.
    Hint(NodeId, Key),
    /// Who takes part in the cluster.
    Members(Vec<(NodeId, Turn)>),
}

impl Record {
    /// Reads a record back.
    pub(crate) fn read(key: &[u8], bytes: &[u8]) -> Result<Record, DamagedRecord> {
        Ok(match key {
            [NO_OBJECT, b'a'] => Record::Applied(postcard::from_bytes(bytes)?),
            [NO_OBJECT, b'm'] => Record::Members(postcard::from_bytes(bytes)?),
            [NO_OBJECT, b'u', place @ ..] => {
                let place = place.try_into().map(u64::from_be_bytes).unwrap_or(u64::MAX);
                Record::Update(place, postcard::from_bytes(bytes)?)
            }
            [NO_OBJECT, b'h', high, low, key @ ..] => {
                let peer = NodeId(u16::from_be_bytes([*high, *low]));
                Record::Hint(peer, postcard::from_bytes(key)?)
            }
            key => Record::Object(postcard::from_bytes(key)?, postcard::from_bytes(bytes)?),
        })
    }
}

/// The record of a change in the log.
pub(crate) fn update(place: u64, update: &Update) -> (Vec<u8>, Vec<u8>) {
    (update_key(place), encoded(update))
}

/// A record that removes a change from the log.
pub(crate) fn no_update(place: u64) -> (Vec<u8>, Vec<u8>) {
    (update_key(place), Vec::new())
}

/// The record of what has been applied.
pub(crate) fn applied(applied: &VersionVector) -> (Vec<u8>, Vec<u8>) {
    (vec![NO_OBJECT, b'a'], encoded(applied))
}

/// The record of who takes part in the cluster.
pub(crate) fn members(rows: &[(NodeId, Turn)]) -> (Vec<u8>, Vec<u8>) {
    (vec![NO_OBJECT, b'm'], postcard::to_stdvec(rows).unwrap_or_default())
}

/// The record of an object that a peer has not confirmed.
pub(crate) fn hint(peer: NodeId, key: &Key) -> (Vec<u8>, Vec<u8>) {
    // An empty record would remove it.
    (hint_key(peer, key), vec![1])
}

/// A record that removes it.
pub(crate) fn no_hint(peer: NodeId, key: &Key) -> (Vec<u8>, Vec<u8>) {
    (hint_key(peer, key), Vec::new())
}

/// The bytes of a value. Writing to a growing vector fails for none of ours.
pub(crate) fn encoded(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap_or_default()
}

fn update_key(place: u64) -> Vec<u8> {
    let mut key = vec![NO_OBJECT, b'u'];
    key.extend(place.to_be_bytes());
    key
}

fn hint_key(peer: NodeId, key: &Key) -> Vec<u8> {
    let mut bytes = vec![NO_OBJECT, b'h'];
    bytes.extend(peer.0.to_be_bytes());
    bytes.extend(encoded(key));
    bytes
}
