//! Values inside a [`crate::History`]: sixteen bytes (eight in its columns), copied freely, compared in one step.
//!
//! Texts and lists live once each in the history's [`Data`]; a [`Datum`] names them. Within one history,
//! two datums are equal exactly if the values they stand for are equal.

use crate::intern::{Lists, Texts};
use crate::limits::DEPTH_MAX;
use crate::value::Value;

/// A distinct text of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(pub(crate) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
enum Tag {
    Nil,
    Bool,
    Int,
    Text,
    List,
    Map,
}

/// A value of a history. See [`Data::view`] for what is in it. The order is that of first use, and says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Datum {
    kind: Tag,
    /// It is a list whose only item is the scalar described by the other two fields. Most register reads
    /// return one value, and so cost no room outside their column.
    alone: bool,
    payload: u64,
}

impl Datum {
    /// Nothing.
    pub const NIL: Datum = Datum { kind: Tag::Nil, alone: false, payload: 0 };

    /// A whole number.
    #[must_use]
    pub const fn int(n: i64) -> Datum {
        Datum { kind: Tag::Int, alone: false, payload: n as u64 }
    }

    pub(crate) const fn bool(b: bool) -> Datum {
        Datum { kind: Tag::Bool, alone: false, payload: b as u64 }
    }

    pub(crate) const fn text(symbol: Symbol) -> Datum {
        Datum { kind: Tag::Text, alone: false, payload: symbol.0 as u64 }
    }

    /// Whether this is nothing.
    #[must_use]
    pub fn is_nil(self) -> bool {
        self == Datum::NIL
    }

    /// The number, where this is one.
    #[must_use]
    pub fn as_int(self) -> Option<i64> {
        (self.kind == Tag::Int && !self.alone).then_some(self.payload as i64)
    }
}

/// A datum in a column: eight bytes. Whole numbers of more than sixty bits stand in the history's [`Data`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packed(u64);

/// Bits for what a packed datum is; the others are its payload.
const TAG_BITS: u32 = 4;
/// The tag of a number that does not fit; no kind has it.
const LARGE: u64 = 7;

impl Packed {
    pub(crate) const NIL: Packed = Packed(0);
}

/// What a [`Datum`] stands for.
#[derive(Debug, Clone)]
pub enum View<'a> {
    /// Nothing.
    Nil,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// A list.
    List(Items<'a>),
    /// A map, in the order of its keys: that in which they were written means nothing.
    Map(Entries<'a>),
}

/// The items of a list.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    alone: Option<Datum>,
    items: std::slice::Iter<'a, Datum>,
}

impl Iterator for Items<'_> {
    type Item = Datum;

    fn next(&mut self) -> Option<Datum> {
        self.alone.take().or_else(|| self.items.next().copied())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.alone.is_some()) + self.items.len();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// The entries of a map, in the order of its keys.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    texts: &'a Texts,
    items: std::slice::ChunksExact<'a, Datum>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, Datum);

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.items.next()?;
        Some((self.texts.get(entry[0].payload as u32), entry[1]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl ExactSizeIterator for Entries<'_> {}

/// Why a value cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// See [`DEPTH_MAX`].
    #[error("expected a value nested at most {DEPTH_MAX} deep, found a deeper one")]
    Depth,
    /// See [`crate::limits`].
    #[error("expected fewer distinct texts and list items, found more than 32 bits can count")]
    Count,
}

/// The texts and lists of a history.
#[derive(Debug, Default)]
pub struct Data {
    texts: Texts,
    lists: Lists<Datum>,
    scratch: Vec<Datum>,
    /// Whole numbers that no column has room for.
    large: Vec<u64>,
}

impl Data {
    /// What a datum of this history stands for.
    #[must_use]
    pub fn view(&self, datum: Datum) -> View<'_> {
        if datum.alone {
            let alone = Some(Datum { alone: false, ..datum });
            return View::List(Items { alone, items: [].iter() });
        }
        match datum.kind {
            Tag::Nil => View::Nil,
            Tag::Bool => View::Bool(datum.payload != 0),
            Tag::Int => View::Int(datum.payload as i64),
            Tag::Text => View::Text(self.texts.get(datum.payload as u32)),
            Tag::List => {
                let items = self.lists.get(datum.payload as u32).iter();
                View::List(Items { alone: None, items })
            }
            Tag::Map => {
                let items = self.lists.get(datum.payload as u32).chunks_exact(2);
                View::Map(Entries { texts: &self.texts, items })
            }
        }
    }

    /// A datum as columns hold it.
    pub(crate) fn pack(&mut self, datum: Datum) -> Result<Packed, Full> {
        let (mut kind, mut payload) = (datum.kind as u64, datum.payload);
        if datum.kind == Tag::Int {
            // Signed: it fits if the upper bits are all like the highest of the lower ones.
            payload = datum.payload << TAG_BITS;
            if (payload as i64) >> TAG_BITS != datum.payload as i64 {
                kind = LARGE;
                payload =
                    (u32::try_from(self.large.len()).map_err(|_| Full::Count)? as u64) << TAG_BITS;
                self.large.push(datum.payload);
            }
        } else {
            payload <<= TAG_BITS;
        }
        Ok(Packed(payload | (kind << 1) | u64::from(datum.alone)))
    }

    /// The datum that a column holds.
    pub(crate) fn unpack(&self, Packed(packed): Packed) -> Datum {
        let (tag, payload) = (packed & ((1 << TAG_BITS) - 1), packed >> TAG_BITS);
        let (kind, payload) = match tag >> 1 {
            0 => (Tag::Nil, payload),
            1 => (Tag::Bool, payload),
            2 => (Tag::Int, ((packed as i64) >> TAG_BITS) as u64),
            3 => (Tag::Text, payload),
            4 => (Tag::List, payload),
            5 => (Tag::Map, payload),
            _ => (Tag::Int, self.large[payload as usize]),
        };
        Datum { kind, alone: tag & 1 == 1, payload }
    }

    /// The items, where the datum is a list; none where it is anything else.
    #[must_use]
    pub fn items(&self, datum: Datum) -> Items<'_> {
        match self.view(datum) {
            View::List(items) => items,
            _ => Items { alone: None, items: [].iter() },
        }
    }

    /// The text that a symbol of this history stands for.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.0)
    }

    /// The value in its own right, outside the history.
    #[must_use]
    pub fn value(&self, datum: Datum) -> Value {
        match self.view(datum) {
            View::Nil => Value::Nil,
            View::Bool(b) => Value::Bool(b),
            View::Int(n) => Value::Int(n),
            View::Text(text) => Value::Text(text.to_owned()),
            View::List(items) => Value::List(items.map(|item| self.value(item)).collect()),
            View::Map(entries) => {
                Value::Map(entries.map(|(key, item)| (key.to_owned(), self.value(item))).collect())
            }
        }
    }

    pub(crate) fn intern_text(&mut self, text: &str) -> Result<Symbol, Full> {
        self.texts.intern(text).map(Symbol).ok_or(Full::Count)
    }

    pub(crate) fn intern(&mut self, value: &Value) -> Result<Datum, Full> {
        self.intern_within(value, DEPTH_MAX)
    }

    fn intern_within(&mut self, value: &Value, depth: usize) -> Result<Datum, Full> {
        Ok(match value {
            Value::Nil => Datum::NIL,
            Value::Bool(b) => Datum::bool(*b),
            Value::Int(n) => Datum::int(*n),
            Value::Text(text) => Datum::text(self.intern_text(text)?),
            Value::List(_) | Value::Map(_) if depth == 0 => return Err(Full::Depth),
            Value::List(items) => {
                let from = self.open();
                for item in items {
                    let item = self.intern_within(item, depth - 1)?;
                    self.put(item);
                }
                self.close_list(from)?
            }
            Value::Map(entries) => {
                let from = self.open();
                for (key, item) in entries {
                    let key = self.intern_text(key)?;
                    self.put(Datum::text(key));
                    let item = self.intern_within(item, depth - 1)?;
                    self.put(item);
                }
                self.close_map(from)?
            }
        })
    }

    /// Begins a list or map; its items are then [`Data::put`], and those of lists within it come and go in
    /// between.
    pub(crate) fn open(&mut self) -> usize {
        self.scratch.len()
    }

    pub(crate) fn put(&mut self, item: Datum) {
        self.scratch.push(item);
    }

    pub(crate) fn close_list(&mut self, from: usize) -> Result<Datum, Full> {
        let items = &self.scratch[from..];
        let datum = match items {
            [one] if !one.alone && !matches!(one.kind, Tag::List | Tag::Map) => {
                Datum { alone: true, ..*one }
            }
            _ => self.keep(Tag::List, from)?,
        };
        self.scratch.truncate(from);
        Ok(datum)
    }

    /// Ends a map, and brings its entries into the order of their keys, so that equal maps are equal however they were
    /// written.
    pub(crate) fn close_map(&mut self, from: usize) -> Result<Datum, Full> {
        let (texts, entries) = (&self.texts, &mut self.scratch[from..]);
        let key = |entry: &[Datum]| texts.get(entry[0].payload as u32);
        if !entries.chunks_exact(2).is_sorted_by(|a, b| key(a) <= key(b)) {
            let mut sorted: Vec<[Datum; 2]> =
                entries.chunks_exact(2).map(|entry| [entry[0], entry[1]]).collect();
            sorted.sort_by(|a, b| key(a).cmp(key(b)));
            entries.copy_from_slice(sorted.as_flattened());
        }
        let datum = self.keep(Tag::Map, from)?;
        self.scratch.truncate(from);
        Ok(datum)
    }

    /// Forgets lists that were opened and, because of an error, never closed.
    pub(crate) fn abandon(&mut self) {
        self.scratch.clear();
    }

    fn keep(&mut self, kind: Tag, from: usize) -> Result<Datum, Full> {
        let id = self.lists.intern(&self.scratch[from..]).ok_or(Full::Count)?;
        Ok(Datum { kind, alone: false, payload: u64::from(id) })
    }

    pub(crate) fn freeze(&mut self) {
        self.texts.freeze();
        self.lists.freeze();
        self.scratch = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entries_of_a_map_have_no_order_at_any_depth() {
        let map = |entries: &[(&str, Value)]| {
            Value::Map(
                entries.iter().map(|(key, item)| ((*key).to_owned(), item.clone())).collect(),
            )
        };
        let inner =
            [map(&[("y", 1.into()), ("x", 2.into())]), map(&[("x", 2.into()), ("y", 1.into())])];
        let [one, other] = inner.map(|inner| {
            let list = Value::List(vec![inner.clone(), inner]);
            [map(&[("a", list.clone()), ("b", 1.into())]), map(&[("b", 1.into()), ("a", list)])]
        });
        let mut data = Data::default();
        let known = data.intern(&one[0]).expect("room");
        for value in one.iter().chain(&other) {
            assert_eq!(data.intern(value).expect("room"), known, "{value}");
        }
        let json = r#"{"a":[{"x":2,"y":1},{"x":2,"y":1}],"b":1}"#;
        assert_eq!(data.value(known).to_string(), json);
        let another = data.intern(&map(&[("a", 1.into()), ("b", 1.into())])).expect("room");
        assert_ne!(another, known);
    }

    #[test]
    fn what_is_packed_comes_out_as_it_was() {
        let mut data = Data::default();
        let edge = 1_i64 << 59;
        let mut all = vec![Datum::NIL, Datum::bool(false), Datum::bool(true)];
        all.extend(
            [0, 1, -1, edge - 1, edge, -edge, -edge - 1, i64::MAX, i64::MIN].map(Datum::int),
        );
        all.extend([0, u32::MAX].map(|id| Datum::text(Symbol(id))));
        all.extend([Tag::List, Tag::Map].map(|kind| Datum { kind, alone: false, payload: 7 }));
        let alone: Vec<Datum> = all.iter().map(|&datum| Datum { alone: true, ..datum }).collect();
        for datum in all.into_iter().chain(alone) {
            let packed = data.pack(datum).expect("room");
            assert_eq!(data.unpack(packed), datum);
        }
        assert_eq!(data.unpack(Packed::NIL), Datum::NIL);
        assert_eq!(data.large.len(), 8);
    }
}
