//! Automerge: a map of items, a counter, a text, and a register that keeps what was written at the same time.

use crate::library::{Heard, Library, Trouble, item, items, no_such};
use afterall_history::{Function, Value, Workload};
use afterall_workloads::Operation;
use automerge::sync::{Message, State, SyncDoc};
use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};

/// After how many beginnings a stream is given up for a new one: the protocol asks for one that loses nothing.
const BEGINNINGS_MAX: u32 = 4;
/// How often a peer is answered between two beginnings. Two of which each waits for what was lost would talk without end.
const ANSWERS_MAX: u32 = 8;

/// A stream of messages from and to a peer.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    /// What the protocol knows of the peer.
    pub state: State,
    /// How often something was begun on it.
    pub beginnings: u32,
    /// How often the peer was answered since.
    pub answers: u32,
}

/// A document of Automerge.
#[derive(Debug, Clone)]
pub struct Automerge(pub AutoCommit);

impl Automerge {
    /// A document with the objects that it needs, made by one actor, for changes of another.
    ///
    /// # Errors
    /// What the library says.
    pub fn made_by(maker: ActorId, writer: u64) -> Result<Self, Trouble> {
        let mut document = AutoCommit::new().with_actor(maker);
        document.put_object(ROOT, "items", ObjType::Map)?;
        document.put_object(ROOT, "text", ObjType::Text)?;
        document.put(ROOT, "count", ScalarValue::counter(0))?;
        document.commit();
        Ok(Automerge(document.with_actor(writer.to_be_bytes().into())))
    }

    fn object(&self, name: &str) -> Result<ObjId, Trouble> {
        let found = self.0.get(ROOT, name)?;
        found.map(|(_, id)| id).ok_or_else(|| format!("the document has no {name}").into())
    }
}

impl Library for Automerge {
    type Peer = Stream;

    fn new(writer: u64) -> Result<Self, Trouble> {
        // In every replica the same change, to the byte. Of objects that each made for itself all but one would be hidden.
        Automerge::made_by(b"everybody".into(), writer)
    }

    fn load(writer: u64, saved: &[u8]) -> Result<Self, Trouble> {
        Ok(Automerge(AutoCommit::load(saved)?.with_actor(writer.to_be_bytes().into())))
    }

    fn save(&mut self) -> Vec<u8> {
        self.0.save()
    }

    fn update(&mut self, operation: &Operation) -> Result<(), Trouble> {
        let (items, text) = (self.object("items")?, self.object("text")?);
        let document = &mut self.0;
        match (operation.f, &operation.value) {
            (Function::Write, Value::Int(value)) => document.put(ROOT, "register", *value)?,
            (Function::Increment, Value::Int(by)) => document.increment(ROOT, "count", *by)?,
            (Function::Decrement, Value::Int(by)) => document.increment(ROOT, "count", -by)?,
            (Function::Append, Value::Text(piece)) => {
                document.splice_text(&text, document.length(&text), 0, piece)?;
            }
            (Function::Add, value) => {
                let (element, quantity) = item(value)?;
                document.put(&items, element, quantity)?;
            }
            (Function::Remove, Value::Text(element)) => {
                document.get(&items, element)?.ok_or("there is no such element here")?;
                document.delete(&items, element.as_str())?;
            }
            _ => return Err(no_such(operation)),
        }
        document.commit();
        Ok(())
    }

    fn read(&self, workload: Workload) -> Result<Value, Trouble> {
        let held = self.object("items")?;
        let item = |(element, quantity): (_, Option<i64>)| Some((element, quantity?));
        let held = self
            .0
            .map_range(&held, ..)
            .map(|it| (it.key.into_owned(), it.value.into_value().as_i64()));
        Ok(match workload {
            Workload::Register => {
                let values = self.0.get_all(ROOT, "register")?;
                values.iter().filter_map(|(value, _)| value.as_i64()).collect::<Vec<_>>().into()
            }
            Workload::Counter => {
                let count = self.0.get(ROOT, "count")?.and_then(|(count, _)| count.as_i64());
                count.ok_or("the document has no count")?.into()
            }
            Workload::Text => self.0.text(self.object("text")?)?.into(),
            _ => items(workload, held.filter_map(item).collect())?,
        })
    }

    fn begin(&mut self, peer: &mut Stream) -> Option<Vec<u8>> {
        if peer.beginnings == BEGINNINGS_MAX {
            *peer = Stream::default();
        }
        peer.beginnings += 1;
        peer.answers = 0;
        self.0.sync().generate_sync_message(&mut peer.state).map(Message::encode)
    }

    fn hear(&mut self, peer: &mut Stream, message: &[u8]) -> Result<Heard, Trouble> {
        let before = self.0.get_heads();
        self.0.sync().receive_sync_message(&mut peer.state, Message::decode(message)?)?;
        let changed = self.0.get_heads() != before;
        peer.answers += 1;
        if peer.answers > ANSWERS_MAX {
            return Ok(Heard { answer: None, changed });
        }
        let answer = self.0.sync().generate_sync_message(&mut peer.state).map(Message::encode);
        Ok(Heard { answer, changed })
    }
}
