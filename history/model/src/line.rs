//! One line of a history file, parsed straight into a history's [`Data`] without values in between.

use crate::datum::{Data, Datum, Full, Symbol};
use crate::event::{
    EndEvent, EndHow, Event, FaultEvent, FaultStage, NodeChange, NodeEvent, OpEvent, Outcome,
    Phase, PhaseEvent,
};
use crate::level::Level;
use crate::limits::DEPTH_MAX;
use crate::line_error::LineError;
use crate::value::Value;
use crate::vocabulary::UnknownWord;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use std::fmt;

/// The `type` of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    Op(Outcome),
    Phase,
    Fault,
    Node,
    End,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Invoke,
    Ok,
    Fail,
    Info,
    Phase,
    Fault,
    Node,
    End,
}

macro_rules! fields {
    ($($variant:ident = $name:literal,)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        #[serde(field_identifier)]
        enum Field { $(#[serde(rename = $name)] $variant,)+ }

        impl Field {
            const ALL: &'static [Field] = &[$(Field::$variant,)+];

            fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)+ }
            }
        }
    };
}

fields! {
    Index = "index",
    Time = "time",
    Type = "type",
    Process = "process",
    Node = "node",
    F = "f",
    Key = "key",
    Value = "value",
    Level = "level",
    Version = "version",
    Error = "error",
    Final = "final",
    Phase = "phase",
    Fault = "fault",
    Stage = "stage",
    Nodes = "nodes",
    Links = "links",
    Evidence = "evidence",
    Change = "change",
    Detail = "detail",
    How = "how",
}

/// A set of fields, a bit each.
#[derive(Debug, Clone, Copy, Default)]
struct Fields(u32);

impl Fields {
    const fn of(fields: &[Field]) -> Fields {
        let mut bits = 0;
        let mut at = 0;
        while at < fields.len() {
            bits |= 1 << fields[at] as u32;
            at += 1;
        }
        Fields(bits)
    }

    const fn with(self, other: Fields) -> Fields {
        Fields(self.0 | other.0)
    }

    fn first_missing_from(self, other: Fields) -> Option<Field> {
        let missing = self.0 & !other.0;
        Field::ALL.iter().copied().find(|&field| missing & (1 << field as u32) != 0)
    }
}

/// What stands in every line of a kind, and what else may.
fn needed(kind: LineKind) -> (Fields, Fields) {
    use Field as F;
    const EVERY: Fields = Fields::of(&[F::Index, F::Time, F::Type]);
    const NONE: Fields = Fields::of(&[]);
    const OP: Fields = Fields::of(&[F::Process, F::Node, F::F, F::Key]).with(EVERY);
    const OK: Fields = Fields::of(&[F::Value]).with(OP);
    const MAY: Fields = Fields::of(&[F::Version, F::Error, F::Final]);
    match kind {
        LineKind::Op(Outcome::Invoke) => (OP, Fields::of(&[F::Value, F::Level]).with(MAY)),
        LineKind::Op(Outcome::Ok) => (OK, MAY),
        LineKind::Op(Outcome::Fail | Outcome::Info) => (OP, Fields::of(&[F::Value]).with(MAY)),
        LineKind::Phase => (Fields::of(&[F::Phase]).with(EVERY), NONE),
        LineKind::Fault => (
            Fields::of(&[F::Fault, F::F, F::Stage]).with(EVERY),
            Fields::of(&[F::Nodes, F::Links, F::Value, F::Evidence]),
        ),
        LineKind::Node => (Fields::of(&[F::Node, F::Change, F::Detail]).with(EVERY), NONE),
        LineKind::End => (Fields::of(&[F::How]).with(EVERY), Fields::of(&[F::Detail])),
    }
}

/// A parsed line. Fields that were not there hold something meaningless; [`Line::check`] tells.
pub(crate) struct Line {
    seen: Fields,
    pub(crate) kind: LineKind,
    pub(crate) index: u64,
    pub(crate) time: i64,
    pub(crate) process: u64,
    pub(crate) node: Symbol,
    pub(crate) f: Symbol,
    pub(crate) key: Symbol,
    pub(crate) value: Datum,
    pub(crate) level: Option<Level>,
    pub(crate) version: Datum,
    pub(crate) error: Option<Symbol>,
    pub(crate) last: bool,
    phase: Phase,
    fault: u32,
    stage: FaultStage,
    nodes: Vec<String>,
    links: Vec<(String, String)>,
    evidence: Option<String>,
    change: NodeChange,
    detail: Option<String>,
    how: EndHow,
}

impl Line {
    fn empty() -> Line {
        Line {
            seen: Fields::default(),
            kind: LineKind::End,
            index: 0,
            time: 0,
            process: 0,
            node: Symbol(0),
            f: Symbol(0),
            key: Symbol(0),
            value: Datum::NIL,
            level: None,
            version: Datum::NIL,
            error: None,
            last: false,
            phase: Phase::Healthy,
            fault: 0,
            stage: FaultStage::Inject,
            nodes: Vec::new(),
            links: Vec::new(),
            evidence: None,
            change: NodeChange::Ready,
            detail: None,
            how: EndHow::Complete,
        }
    }

    /// Whether exactly the fields are there that belong to the kind.
    pub(crate) fn check(&self) -> Result<(), LineError> {
        let (must, may) = needed(self.kind);
        if let Some(field) = must.first_missing_from(self.seen) {
            return Err(LineError::Missing(field.name()));
        }
        if let Some(field) = self.seen.first_missing_from(must.with(may)) {
            return Err(LineError::Misplaced(field.name()));
        }
        Ok(())
    }

    /// The event.
    pub(crate) fn into_event(self, data: &Data) -> Result<Event, UnknownWord> {
        let (index, time) = (self.index, self.time);
        Ok(match self.kind {
            LineKind::Op(outcome) => Event::Op(OpEvent {
                level: self.level,
                index,
                time,
                outcome,
                process: self.process,
                node: data.text(self.node).to_owned(),
                f: data.text(self.f).parse()?,
                key: data.text(self.key).to_owned(),
                value: data.value(self.value),
                version: (!self.version.is_nil()).then(|| data.value(self.version)),
                error: self.error.map(|error| data.text(error).to_owned()),
                last: self.last,
            }),
            LineKind::Phase => Event::Phase(PhaseEvent { index, time, phase: self.phase }),
            LineKind::Fault => Event::Fault(FaultEvent {
                index,
                time,
                fault: self.fault,
                f: data.text(self.f).parse()?,
                stage: self.stage,
                nodes: self.nodes,
                links: self.links,
                value: data.value(self.value),
                evidence: self.evidence,
            }),
            LineKind::Node => Event::Node(NodeEvent {
                index,
                time,
                node: data.text(self.node).to_owned(),
                change: self.change,
                detail: self.detail.unwrap_or_default(),
            }),
            LineKind::End => {
                Event::End(EndEvent { index, time, how: self.how, detail: self.detail })
            }
        })
    }
}

/// Parses a [`Line`].
pub(crate) struct LineSeed<'d> {
    pub(crate) data: &'d mut Data,
}

impl<'de> DeserializeSeed<'de> for LineSeed<'_> {
    type Value = Line;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Line, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LineSeed<'_> {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
        let data = self.data;
        let mut line = Line::empty();
        while let Some(field) = map.next_key::<Field>()? {
            let bit = Fields::of(&[field]);
            if line.seen.0 & bit.0 != 0 {
                return Err(A::Error::duplicate_field(field.name()));
            }
            line.seen = line.seen.with(bit);
            match field {
                Field::Index => line.index = map.next_value()?,
                Field::Time => line.time = map.next_value()?,
                Field::Type => {
                    line.kind = match map.next_value()? {
                        Type::Invoke => LineKind::Op(Outcome::Invoke),
                        Type::Ok => LineKind::Op(Outcome::Ok),
                        Type::Fail => LineKind::Op(Outcome::Fail),
                        Type::Info => LineKind::Op(Outcome::Info),
                        Type::Phase => LineKind::Phase,
                        Type::Fault => LineKind::Fault,
                        Type::Node => LineKind::Node,
                        Type::End => LineKind::End,
                    }
                }
                Field::Process => line.process = map.next_value()?,
                Field::Node => line.node = map.next_value_seed(TextSeed { data })?,
                Field::F => line.f = map.next_value_seed(TextSeed { data })?,
                Field::Key => line.key = map.next_value_seed(TextSeed { data })?,
                Field::Value => line.value = map.next_value_seed(DatumSeed::new(data))?,
                Field::Level => line.level = Some(map.next_value()?),
                Field::Version => line.version = map.next_value_seed(DatumSeed::new(data))?,
                Field::Error => line.error = Some(map.next_value_seed(TextSeed { data })?),
                Field::Final => line.last = map.next_value()?,
                Field::Phase => line.phase = map.next_value()?,
                Field::Fault => line.fault = map.next_value()?,
                Field::Stage => line.stage = map.next_value()?,
                Field::Nodes => line.nodes = map.next_value()?,
                Field::Links => line.links = map.next_value()?,
                Field::Evidence => line.evidence = Some(map.next_value()?),
                Field::Change => line.change = map.next_value()?,
                Field::Detail => line.detail = Some(map.next_value()?),
                Field::How => line.how = map.next_value()?,
            }
        }
        Ok(line)
    }
}

/// Parses a text into a [`Symbol`].
struct TextSeed<'d> {
    data: &'d mut Data,
}

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = Symbol;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Symbol, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TextSeed<'_> {
    type Value = Symbol;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Symbol, E> {
        self.data.intern_text(text).map_err(E::custom)
    }
}

/// Parses a value into a [`Datum`].
struct DatumSeed<'d> {
    data: &'d mut Data,
    /// Lists and maps that may still be opened.
    depth: usize,
}

impl<'d> DatumSeed<'d> {
    fn new(data: &'d mut Data) -> Self {
        DatumSeed { data, depth: DEPTH_MAX }
    }

    fn deeper<E: Error>(&self) -> Result<usize, E> {
        self.depth.checked_sub(1).ok_or_else(|| E::custom(Full::Depth))
    }
}

impl<'de> DeserializeSeed<'de> for DatumSeed<'_> {
    type Value = Datum;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Datum, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DatumSeed<'_> {
    type Value = Datum;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Value::deserialize_expecting(f)
    }

    fn visit_unit<E>(self) -> Result<Datum, E> {
        Ok(Datum::NIL)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Datum, E> {
        Ok(Datum::bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Datum, E> {
        Ok(Datum::int(n))
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Datum, E> {
        i64::try_from(n)
            .map(Datum::int)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(n), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Datum, E> {
        self.data.intern_text(text).map(Datum::text).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Datum, A::Error> {
        let depth = self.deeper()?;
        let data = self.data;
        let from = data.open();
        while let Some(item) = seq.next_element_seed(DatumSeed { data: &mut *data, depth })? {
            data.put(item);
        }
        data.close_list(from).map_err(A::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Datum, A::Error> {
        let depth = self.deeper()?;
        let data = self.data;
        let from = data.open();
        while let Some(key) = map.next_key_seed(TextSeed { data: &mut *data })? {
            data.put(Datum::text(key));
            let item = map.next_value_seed(DatumSeed { data: &mut *data, depth })?;
            data.put(item);
        }
        data.close_map(from).map_err(A::Error::custom)
    }
}
