//! Chats: each message is an object of its own, so that a message may arrive before the one that it answers. Nothing but the
//! flavour `causal` holds it back until then.

use super::api::{Key, PART};
use super::clock::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A message, or an edit of one. Neither is ever changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Post {
    /// When it was posted: the order in which a chat is read.
    pub stamp: Stamp,
    /// The message that it answers or edits.
    pub about: Option<String>,
    /// Whether it is an edit.
    pub edit: bool,
}

impl Post {
    /// Of two posts of one name, which clients should not make, all replicas keep the first.
    pub fn merge(&mut self, other: &Post) {
        if other < self {
            *self = other.clone();
        }
    }
}

/// Which messages a replica holds, by chat.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chats {
    messages: BTreeMap<String, BTreeSet<(Stamp, String)>>,
}

impl Chats {
    /// The object of a message.
    pub(crate) fn key(chat: &Key, message: &str) -> Key {
        Key { kind: chat.kind, name: format!("{}{PART}{message}", chat.name) }
    }

    /// Replaces what is known of a message's object.
    pub(crate) fn note(&mut self, key: &Key, before: Option<&Post>, now: &Post) {
        let Some((chat, message)) = key.name.split_once(PART) else { return };
        let messages = self.messages.entry(chat.to_owned()).or_default();
        if let Some(before) = before {
            messages.remove(&(before.stamp, message.to_owned()));
        }
        messages.insert((now.stamp, message.to_owned()));
    }

    /// The messages and edits of a chat, oldest first.
    pub(crate) fn read(&self, chat: &Key) -> Vec<String> {
        let messages = self.messages.get(&chat.name).into_iter().flatten();
        messages.map(|(_, message)| message.clone()).collect()
    }

    /// How many messages and edits a chat has.
    pub(crate) fn len(&self, chat: &Key) -> usize {
        self.messages.get(&chat.name).map_or(0, BTreeSet::len)
    }
}
