//! The parameters of a fault in words; the harness draws them in `harness/engine/src/faults`.

use super::count;
use afterall_history::{FaultKind, Value};

/// Parameters of a fault: `delays of 250 ± 50 ms`. What is not known here is shown as it is recorded.
pub(crate) fn parameters(kind: FaultKind, value: &Value) -> String {
    let Value::Map(entries) = value else { return value.to_string() };
    known(kind, entries).unwrap_or_else(|| {
        let entry = |(name, value): &(String, Value)| match value {
            Value::Text(text) => format!("{name} {text}"),
            value => format!("{name} {value}"),
        };
        entries.iter().map(entry).collect::<Vec<_>>().join(", ")
    })
}

fn known(kind: FaultKind, entries: &[(String, Value)]) -> Option<String> {
    let find = |name: &str| entries.iter().find(|(of, _)| of == name).map(|(_, value)| value);
    let text = |name| match find(name) {
        Some(Value::Text(text)) => Some(text.as_ref()),
        _ => None,
    };
    let signed = |name| match find(name) {
        Some(Value::Int(n)) => Some(*n),
        _ => None,
    };
    let number = |name| signed(name).and_then(|n| u64::try_from(n).ok()).map(count);
    // Nothing that is recorded is left out: each of these says so many parameters.
    let (said, words) = match kind {
        FaultKind::Partition => (1, shape(text("shape")?)?.to_owned()),
        FaultKind::Latency => {
            (2, format!("delays of {} ± {} ms", number("latency_ms")?, number("jitter_ms")?))
        }
        FaultKind::Bandwidth => (1, format!("at most {} kB/s", number("kb_per_s")?)),
        FaultKind::Truncate | FaultKind::Corrupt => {
            let bytes = number("bytes")?;
            let s = if bytes == "1" { "" } else { "s" };
            (1, format!("the last {bytes} byte{s} of a file"))
        }
        FaultKind::Clock => match text("how")? {
            "asymmetric" => {
                let (up, down) = (number("up_ms")?, number("down_ms")?);
                (3, format!("requests to the time server take {up} ms longer, answers {down} ms"))
            }
            "bump" => {
                let by = signed("by_ms")?;
                let way = if by < 0 { "back" } else { "forward" };
                (2, format!("a jump of {} ms {way}", count(by.unsigned_abs())))
            }
            "strobe" => {
                let (by, period) = (signed("by_ms")?, number("period_ms")?);
                let ways = if by < 0 { "back and forward" } else { "forward and back" };
                let by = count(by.unsigned_abs());
                (3, format!("jumps of {by} ms {ways}, one every {period} ms"))
            }
            "drift" => {
                let (by, over) = (signed("by_ms")?, number("over_ms")?);
                let way = if by < 0 { "loses" } else { "gains" };
                (3, format!("it {way} {} ms within {over} ms", count(by.unsigned_abs())))
            }
            _ => return None,
        },
        _ => return None,
    };
    (entries.len() == said).then_some(words)
}

/// How a partition divides the cluster.
fn shape(name: &str) -> Option<&'static str> {
    Some(match name {
        "isolate" => "one node against all others",
        "halves" => "two halves",
        "majorities-ring" => "a ring of majorities",
        "bridge" => "two halves with a bridge",
        "one-way" => "one way only",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: FaultKind, json: &str) -> String {
        parameters(kind, &serde_json::from_str(json).unwrap())
    }

    #[test]
    fn parameters_read_well() {
        let clock = |json| of(FaultKind::Clock, json);
        assert_eq!(
            clock(r#"{"how":"strobe","by_ms":1050,"period_ms":261}"#),
            "jumps of 1,050 ms forward and back, one every 261 ms"
        );
        assert_eq!(
            clock(r#"{"how":"drift","by_ms":-1480,"over_ms":1200}"#),
            "it loses 1,480 ms within 1,200 ms"
        );
        assert_eq!(clock(r#"{"how":"bump","by_ms":-1144}"#), "a jump of 1,144 ms back");
        assert_eq!(
            clock(r#"{"how":"asymmetric","up_ms":33,"down_ms":239}"#),
            "requests to the time server take 33 ms longer, answers 239 ms"
        );
        let latency = r#"{"latency_ms":250,"jitter_ms":50}"#;
        assert_eq!(of(FaultKind::Latency, latency), "delays of 250 ± 50 ms");
        assert_eq!(of(FaultKind::Bandwidth, r#"{"kb_per_s":17}"#), "at most 17 kB/s");
        assert_eq!(of(FaultKind::Truncate, r#"{"bytes":9}"#), "the last 9 bytes of a file");
        assert_eq!(of(FaultKind::Partition, r#"{"shape":"halves"}"#), "two halves");
    }

    #[test]
    fn what_is_not_known_is_shown_as_it_is() {
        assert_eq!(of(FaultKind::Partition, r#"{"shape":"star"}"#), "shape star");
        assert_eq!(of(FaultKind::Bandwidth, r#"{"kb_per_s":17,"loss":2}"#), "kb_per_s 17, loss 2");
        assert_eq!(of(FaultKind::Bandwidth, r#"{"kb_per_s":-1}"#), "kb_per_s -1");
        assert_eq!(of(FaultKind::Kill, "7"), "7");
    }
}
