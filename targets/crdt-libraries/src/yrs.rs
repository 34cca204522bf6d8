//! Yrs, which is Yjs in Rust: a map of items, a text, and a register of which one of the writes wins. It has no counter.

use crate::library::{Heard, Library, Trouble, item, items, no_such};
use afterall_history::{Function, Value, Workload};
use afterall_workloads::Operation;
use yrs::sync::{Message, SyncMessage};
use yrs::updates::{decoder::Decode, encoder::Encode};
use yrs::{
    Doc, GetString, Map, MapRef, Out, ReadTxn, StateVector, Text, TextRef, Transact, Update,
};

/// A document of Yrs.
#[derive(Debug)]
pub struct Yrs {
    /// The document.
    pub document: Doc,
    /// Its map of items.
    pub items: MapRef,
    /// Its map of everything else.
    pub values: MapRef,
    text: TextRef,
}

impl Yrs {
    fn of(document: Doc) -> Yrs {
        let (items, values) =
            (document.get_or_insert_map("items"), document.get_or_insert_map("values"));
        let text = document.get_or_insert_text("text");
        Yrs { document, items, values, text }
    }

    /// Takes in an update; returns whether it brought anything.
    fn apply(&self, update: &[u8]) -> Result<bool, Trouble> {
        let mut transaction = self.document.transact_mut();
        transaction.apply_update(Update::decode_v1(update)?)?;
        Ok(transaction.has_changes())
    }

    fn since(&self, seen: &StateVector) -> Vec<u8> {
        self.document.transact().encode_state_as_update_v1(seen)
    }
}

/// A clone of a [`Doc`] is the same document. This is another one that holds the same.
impl Clone for Yrs {
    fn clone(&self) -> Self {
        let copy = Yrs::of(Doc::with_client_id(self.document.client_id().get()));
        // What the library wrote itself it reads.
        let _ = copy.apply(&self.since(&StateVector::default()));
        copy
    }
}

impl Library for Yrs {
    type Peer = ();

    fn new(writer: u64) -> Result<Self, Trouble> {
        Ok(Yrs::of(Doc::with_client_id(writer)))
    }

    fn load(writer: u64, saved: &[u8]) -> Result<Self, Trouble> {
        let loaded = Yrs::new(writer)?;
        loaded.apply(saved)?;
        Ok(loaded)
    }

    fn save(&mut self) -> Vec<u8> {
        self.since(&StateVector::default())
    }

    fn update(&mut self, operation: &Operation) -> Result<(), Trouble> {
        let mut transaction = self.document.transact_mut();
        match (operation.f, &operation.value) {
            (Function::Write, Value::Int(value)) => {
                self.values.insert(&mut transaction, "register", *value);
            }
            (Function::Append, Value::Text(piece)) => self.text.push(&mut transaction, piece),
            (Function::Add, value) => {
                let (element, quantity) = item(value)?;
                self.items.insert(&mut transaction, element, quantity);
            }
            (Function::Remove, Value::Text(element)) => {
                let removed = self.items.remove(&mut transaction, element);
                removed.ok_or("there is no such element here")?;
            }
            _ => return Err(no_such(operation)),
        }
        Ok(())
    }

    fn read(&self, workload: Workload) -> Result<Value, Trouble> {
        let transaction = self.document.transact();
        Ok(match workload {
            Workload::Register => {
                let value = self.values.get(&transaction, "register");
                value
                    .and_then(|value| value.cast().ok())
                    .map_or(Value::Nil, |value: i64| vec![value].into())
            }
            Workload::Text => self.text.get_string(&transaction).into(),
            _ => {
                let held = self.items.iter(&transaction);
                let item = |(key, value): (&str, Out)| Some((key.to_owned(), value.cast().ok()?));
                items(workload, held.filter_map(item).collect())?
            }
        })
    }

    fn begin(&mut self, (): &mut ()) -> Option<Vec<u8>> {
        let seen = self.document.transact().state_vector();
        Some(Message::Sync(SyncMessage::SyncStep1(seen)).encode_v1())
    }

    fn hear(&mut self, (): &mut (), message: &[u8]) -> Result<Heard, Trouble> {
        match Message::decode_v1(message)? {
            Message::Sync(SyncMessage::SyncStep1(seen)) => {
                let answer = Message::Sync(SyncMessage::SyncStep2(self.since(&seen))).encode_v1();
                Ok(Heard { answer: Some(answer), changed: false })
            }
            Message::Sync(SyncMessage::SyncStep2(update)) => {
                Ok(Heard { answer: None, changed: self.apply(&update)? })
            }
            other => Err(format!("expected a step of a synchronisation, found {other:?}").into()),
        }
    }
}
