//! The lines that [`crate::Writer`] writes for operations, parsed without going through serde.
//!
//! Most of a history are lines of one shape: fields in their order, no white space, no escapes. What has that shape is read
//! here, several times faster; of anything else nothing is said, and [`crate::line`] reads it or says what is wrong. So
//! this accepts nothing that would be refused there, and understands nothing differently; a test holds both together.

use crate::build::RawOp;
use crate::datum::{Data, Datum, Symbol};
use crate::event::Outcome;
use crate::function::Function;
use crate::limits::DEPTH_MAX;

/// One end of an operation; none if the line does not have the usual shape.
pub(crate) fn op(line: &[u8], data: &mut Data) -> Option<RawOp> {
    let parsed = parse(&mut Cursor { rest: line }, data);
    if parsed.is_none() {
        data.abandon();
    }
    parsed
}

fn parse(from: &mut Cursor<'_>, data: &mut Data) -> Option<RawOp> {
    from.skip(b"{\"index\":")?;
    let index = from.natural()?;
    from.skip(b",\"time\":")?;
    let time = from.integer()?;
    from.skip(b",\"type\":")?;
    let outcome = match from.text()? {
        "invoke" => Outcome::Invoke,
        "ok" => Outcome::Ok,
        "fail" => Outcome::Fail,
        "info" => Outcome::Info,
        _ => return None,
    };
    from.skip(b",\"process\":")?;
    let process = from.natural()?;
    from.skip(b",\"node\":")?;
    let node = from.symbol(data)?;
    from.skip(b",\"f\":")?;
    let f: Function = from.text()?.parse().ok()?;
    from.skip(b",\"key\":")?;
    let key = from.symbol(data)?;
    let mut value = Datum::NIL;
    if from.skip(b",\"value\":").is_some() {
        value = from.value(data, DEPTH_MAX)?;
    } else if outcome == Outcome::Ok {
        return None;
    }
    let mut level = None;
    if outcome == Outcome::Invoke && from.skip(b",\"level\":").is_some() {
        level = Some(from.text()?.parse().ok()?);
    }
    let mut version = Datum::NIL;
    if from.skip(b",\"version\":").is_some() {
        version = from.value(data, DEPTH_MAX)?;
    }
    let mut error = None;
    if from.skip(b",\"error\":").is_some() {
        error = Some(from.symbol(data)?);
    }
    let last = from.skip(b",\"final\":true").is_some();
    (from.rest == b"}").then_some(())?;
    Some(RawOp { index, time, outcome, process, node, f, key, value, level, version, error, last })
}

struct Cursor<'l> {
    rest: &'l [u8],
}

impl<'l> Cursor<'l> {
    fn skip(&mut self, expected: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    /// A whole number without a sign. What follows it is the caller's to check: no caller goes on with a fraction.
    fn natural(&mut self) -> Option<u64> {
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(length);
        if length == 0 || (length > 1 && digits[0] == b'0') {
            return None;
        }
        let add =
            |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
        let number = digits.iter().try_fold(0, add)?;
        self.rest = rest;
        Some(number)
    }

    fn integer(&mut self) -> Option<i64> {
        if self.skip(b"-").is_none() {
            return i64::try_from(self.natural()?).ok();
        }
        // JSON's −0 is not a whole number.
        let number = self.natural().filter(|&number| number > 0)?;
        0_i64.checked_sub_unsigned(number)
    }

    /// A text without escapes.
    fn text(&mut self) -> Option<&'l str> {
        self.skip(b"\"")?;
        let plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
        let length = self.rest.iter().take_while(|byte| plain(byte)).count();
        let text = std::str::from_utf8(&self.rest[..length]).ok()?;
        self.rest = self.rest[length..].strip_prefix(b"\"")?;
        Some(text)
    }

    fn symbol(&mut self, data: &mut Data) -> Option<Symbol> {
        data.intern_text(self.text()?).ok()
    }

    /// A value; maps are not usual. `depth`: lists that may still be opened.
    fn value(&mut self, data: &mut Data, depth: usize) -> Option<Datum> {
        match self.rest.first()? {
            b'"' => self.symbol(data).map(Datum::text),
            b'[' => self.list(data, depth.checked_sub(1)?),
            b'n' => self.skip(b"null").map(|()| Datum::NIL),
            b't' => self.skip(b"true").map(|()| Datum::bool(true)),
            b'f' => self.skip(b"false").map(|()| Datum::bool(false)),
            _ => self.integer().map(Datum::int),
        }
    }

    fn list(&mut self, data: &mut Data, depth: usize) -> Option<Datum> {
        self.skip(b"[")?;
        let from = data.open();
        let mut ended = self.skip(b"]").is_some();
        while !ended {
            let item = self.value(data, depth)?;
            data.put(item);
            ended = self.skip(b"]").is_some();
            if !ended {
                self.skip(b",")?;
            }
        }
        data.close_list(from).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, OpEvent};
    use crate::header::Header;
    use crate::jsonl::Writer;
    use crate::level::Level;
    use crate::line::{LineKind, LineSeed};
    use crate::value::Value;
    use crate::workload::Workload;
    use proptest::prelude::*;
    use serde::de::DeserializeSeed;

    /// As `line` reads it, in words; none where it refuses it, or where it is not an operation.
    fn by_serde(bytes: &[u8]) -> Option<String> {
        let mut data = Data::default();
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let line = LineSeed { data: &mut data }.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        line.check().ok()?;
        let LineKind::Op(outcome) = line.kind else { return None };
        let f: Function = data.text(line.f).parse().ok()?;
        Some(format!(
            "{} {} {outcome:?} {} {:?} {f} {:?} {:?} {:?} {:?} {:?} {}",
            line.index,
            line.time,
            line.process,
            data.text(line.node),
            data.text(line.key),
            data.value(line.value),
            line.level,
            data.value(line.version),
            line.error.map(|error| data.text(error)),
            line.last
        ))
    }

    fn quickly(bytes: &[u8]) -> Option<String> {
        let mut data = Data::default();
        let RawOp {
            index,
            time,
            outcome,
            process,
            node,
            f,
            key,
            value,
            level,
            version,
            error,
            last,
        } = op(bytes, &mut data)?;
        Some(format!(
            "{index} {time} {outcome:?} {process} {:?} {f} {:?} {:?} {level:?} {:?} {:?} {last}",
            data.text(node),
            data.text(key),
            data.value(value),
            data.value(version),
            error.map(|error| data.text(error)),
        ))
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Nil),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            (-3_i64..100).prop_map(Value::Int),
            "[a-zé\"\\\\\n]{0,5}".prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 12, 3, |item| {
            prop_oneof![
                4 => prop::collection::vec(item.clone(), 0..4).prop_map(Value::List),
                1 => prop::collection::vec(("[a-c]", item), 0..3).prop_map(|mut entries| {
                    entries.sort_by(|a, b| a.0.cmp(&b.0));
                    entries.dedup_by(|a, b| a.0 == b.0);
                    Value::Map(entries)
                }),
            ]
        })
    }

    fn line() -> impl Strategy<Value = Vec<u8>> {
        let outcome =
            prop::sample::select(&[Outcome::Invoke, Outcome::Ok, Outcome::Fail, Outcome::Info][..]);
        let f = prop::sample::select(Function::ALL);
        let names = ("[a-zü]{0,12}", "[a-z]{0,12}");
        let level = prop::option::of(prop::sample::select(Level::ALL));
        let rest = (
            value(),
            (level, prop::option::of(value())),
            prop::option::of("[a-z]{0,3}"),
            any::<bool>(),
        );
        (outcome, f, any::<u64>(), any::<i64>(), names, rest).prop_map(
            |(outcome, f, process, time, (node, key), (value, (level, version), error, last))| {
                let header = Header::new("test", Workload::Register, 0, ["n1"]);
                let event = OpEvent {
                    level,
                    index: 0,
                    time,
                    outcome,
                    process,
                    node,
                    f,
                    key,
                    value,
                    version,
                    error,
                    last,
                };
                let mut writer = Writer::new(Vec::new(), &header).expect("memory");
                writer.append(&Event::Op(event)).expect("memory");
                let file = writer.finish().expect("memory");
                let line = file.split(|&byte| byte == b'\n').nth(1).expect("a second line");
                line.to_vec()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_read_quickly_is_what_serde_reads(
            line in line(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"{}[],:\"\\-+0127e.ntf \xc3"[..])), 0..3),
        ) {
            let usual = !line.contains(&b'\\') && line.iter().filter(|&&byte| byte == b'{').count() == 1;
            if let (true, Some(by_serde)) = (usual, by_serde(&line)) {
                prop_assert_eq!(quickly(&line), Some(by_serde));
            }
            let mut line = line;
            for (at, byte) in changes {
                let at = at.index(line.len());
                line[at] = byte;
            }
            if let Some(quickly) = quickly(&line) {
                prop_assert_eq!(Some(quickly), by_serde(&line));
            }
        }
    }

    #[test]
    fn numbers_at_the_edge_are_read_as_serde_reads_them() {
        for number in [
            "0",
            "-0",
            "00",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "1e3",
            "1.0",
            "+1",
            "",
        ] {
            let line = format!(
                "{{\"index\":0,\"time\":0,\"type\":\"ok\",\"process\":1,\"node\":\"n\",\"f\":\"read\",\"key\":\"k\",\"value\":[{number}]}}"
            );
            let quickly = quickly(line.as_bytes());
            assert!(quickly.is_none() || quickly == by_serde(line.as_bytes()), "{number}");
        }
    }
}
