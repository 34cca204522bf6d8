//! Names of keys, sessions and values: numbers, or texts. Equal names get equal numbers of 32 bits.

#![expect(clippy::disallowed_types, reason = "looked up, never walked")]

use crate::intern::Texts;
use std::collections::HashMap;
use std::fmt;

/// What a file calls a key, a session or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name<'a> {
    /// By a number.
    Number(u64),
    /// By anything else.
    Text(&'a str),
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Number(number) => number.fmt(f),
            Name::Text(text) => text.fmt(f),
        }
    }
}

/// A name that is kept: texts by their number.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Number(u64),
    Text(u32),
}

const NONE: u32 = u32::MAX;
/// Numbers below this have a place of their own in the table, however few there are.
const TABLE_MIN: u64 = 1 << 16;

/// Names that count from 0 in the order of first use.
#[derive(Debug, Default)]
pub(super) struct Keys {
    names: Vec<Kept>,
    /// By number, as far as numbers are not much larger than there are names.
    table: Vec<u32>,
    /// The other numbers.
    others: HashMap<u64, u32>,
    texts: Texts,
    /// By text.
    of_text: Vec<u32>,
}

impl Keys {
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn name(&self, id: u32) -> Name<'_> {
        match self.names[id as usize] {
            Kept::Number(number) => Name::Number(number),
            Kept::Text(text) => Name::Text(self.texts.get(text)),
        }
    }

    /// The number of the name; `None` when there are `max` others already.
    pub(super) fn intern(&mut self, name: Name<'_>, max: usize) -> Option<u32> {
        let known = match name {
            Name::Number(number) => self.find(number),
            Name::Text(text) => {
                let text = self.texts.intern(text)?;
                if self.of_text.len() <= text as usize {
                    self.of_text.push(NONE);
                }
                Some(self.of_text[text as usize]).filter(|&id| id != NONE)
            }
        };
        known.or_else(|| self.add(name, max))
    }

    pub(super) fn find(&self, number: u64) -> Option<u32> {
        match self.table.get(usize::try_from(number).unwrap_or(usize::MAX)) {
            Some(&id) if id != NONE => Some(id),
            _ if self.others.is_empty() => None,
            _ => self.others.get(&number).copied(),
        }
    }

    fn add(&mut self, name: Name<'_>, max: usize) -> Option<u32> {
        let id = self.names.len() as u32;
        if self.names.len() >= max {
            return None;
        }
        match name {
            Name::Number(number) => {
                // The table is at most a few times as long as there are names.
                let room = (4 * self.names.len() as u64).max(TABLE_MIN);
                if number < room {
                    let at = number as usize;
                    if at >= self.table.len() {
                        let len = (at + 1).next_power_of_two().min(room as usize);
                        self.table.resize(len.max(at + 1), NONE);
                    }
                    self.table[at] = id;
                } else {
                    self.others.insert(number, id);
                }
                self.names.push(Kept::Number(number));
            }
            Name::Text(text) => {
                let text = self.texts.intern(text)?;
                self.of_text[text as usize] = id;
                self.names.push(Kept::Text(text));
            }
        }
        Some(id)
    }

    /// Gives the tables back: from here on names are only looked up by their numbers.
    pub(super) fn freeze(&mut self) {
        self.table = Vec::new();
        self.others = HashMap::new();
        self.of_text = Vec::new();
        self.texts.freeze();
    }
}

/// From here on numbers are not the values themselves.
const INTERNED: u32 = 1 << 31;

/// Values: small numbers are themselves, so that millions of them need no table.
#[derive(Debug, Default)]
pub(super) struct Values {
    others: Keys,
}

impl Values {
    /// The value's number; `None` when there are too many that are not small numbers.
    pub(super) fn intern(&mut self, name: Name<'_>) -> Option<u32> {
        match name {
            Name::Number(number) if number < u64::from(INTERNED) => Some(number as u32),
            _ => self.others.intern(name, INTERNED as usize - 1).map(|id| id | INTERNED),
        }
    }

    pub(super) fn find(&self, number: u64) -> Option<u32> {
        if number < u64::from(INTERNED) {
            return Some(number as u32);
        }
        self.others.find(number).map(|id| id | INTERNED)
    }

    pub(super) fn name(&self, id: u32) -> Name<'_> {
        if id < INTERNED {
            return Name::Number(u64::from(id));
        }
        self.others.name(id & !INTERNED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_large_and_textual_names_are_told_apart_and_found_again() {
        let mut keys = Keys::default();
        let names = [
            Name::Number(7),
            Name::Number(u64::MAX),
            Name::Text("7"),
            Name::Number(TABLE_MIN),
            Name::Text(""),
        ];
        for (id, name) in names.into_iter().enumerate() {
            assert_eq!(keys.intern(name, 10), Some(id as u32));
        }
        for (id, name) in names.into_iter().enumerate() {
            assert_eq!(keys.intern(name, 0), Some(id as u32), "{name}");
            assert_eq!(keys.name(id as u32), name);
        }
        assert_eq!(keys.intern(Name::Number(8), 5), None);
        assert!(keys.table.len() as u64 <= TABLE_MIN, "a far number makes no long table");
    }

    #[test]
    fn a_number_beyond_the_table_is_found_after_the_table_has_grown_past_it() {
        let mut keys = Keys::default();
        let far = TABLE_MIN + 1;
        let id = keys.intern(Name::Number(far), usize::MAX);
        for number in 0..TABLE_MIN {
            keys.intern(Name::Number(number), usize::MAX);
        }
        keys.intern(Name::Number(far + 1), usize::MAX);
        assert!(keys.table.len() as u64 > far);
        assert_eq!(keys.intern(Name::Number(far), usize::MAX), id);
    }

    #[test]
    fn values_keep_their_names() {
        let mut values = Values::default();
        for name in [Name::Number(0), Name::Number(1 << 31), Name::Text("a"), Name::Number(5)] {
            let id = values.intern(name).expect("room");
            assert_eq!(values.name(id), name);
            assert_eq!(values.intern(name), Some(id));
        }
        assert_eq!(values.find(1 << 31), Some(INTERNED));
        assert_eq!(values.find(1 << 32), None);
    }
}
