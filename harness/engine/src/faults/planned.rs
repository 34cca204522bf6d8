//! A fault and its time, and how it is written in `run.toml`.

use super::clock;
use super::draw::{int, parameters};
use super::effect::{ClockFault, Condition, Damage, Effect, Fate, Fault};
use super::names::{Links, NodeName};
use super::registry::Registry;
use super::usual::{End, Plain, Usual};
use crate::config::{SignedSpan, Span};
use afterall_history::{FaultKind, Value};
use serde::{Deserialize, Serialize};

/// A fault and its time, in nanoseconds since the run began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Row", into = "Row")]
pub struct Planned {
    /// When it is injected.
    pub at_ns: u64,
    /// When it is healed.
    pub until_ns: u64,
    /// What it is.
    pub fault: Fault,
}

fn usual(kind: FaultKind) -> Option<Usual> {
    Registry::standard().row(kind).map(|row| row.usual)
}

/// The fault as it is written. What its kind says already is left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    fault: Option<FaultKind>,
    from: Option<Span>,
    until: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Links>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fate: Option<End>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jitter: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kb_per_s: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skew: Option<SignedSpan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    over: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    down: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
}

/// What is wrong with a fault that was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum BadRow {
    #[error("expected `{0}` in a fault of the schedule, {1}, found none")]
    Missing(&'static str, &'static str),
    #[error("fault {kind}: expected `{entry}`, {such_as}, found none")]
    Needs { kind: FaultKind, entry: &'static str, such_as: &'static str },
    #[error("fault {kind}: expected no `{entry}`, found one: {why}")]
    Foreign { kind: FaultKind, entry: &'static str, why: &'static str },
    #[error("`{0}`: expected whole milliseconds below 49 days, found {1}")]
    Fraction(&'static str, String),
}

impl TryFrom<Row> for Planned {
    type Error = BadRow;

    fn try_from(mut row: Row) -> Result<Planned, BadRow> {
        let kind = row.fault.take().ok_or(BadRow::Missing("fault", "its kind"))?;
        let at_ns = row.from.take().ok_or(BadRow::Missing("from", "when it begins"))?.0;
        let until_ns = row.until.take().ok_or(BadRow::Missing("until", "when it ends"))?.0;
        let effect = row.effect(kind)?;
        let parameters = row.parameters.take().unwrap_or_else(|| parameters_of(&effect));
        row.is_used_up(kind)?;
        Ok(Planned { at_ns, until_ns, fault: Fault { kind, effect, parameters } })
    }
}

impl Row {
    /// Takes what says the effect.
    fn effect(&mut self, kind: FaultKind) -> Result<Effect, BadRow> {
        let needs = |entry, such_as| BadRow::Needs { kind, entry, such_as };
        match (self.condition.take(), self.fate.take(), usual(kind)) {
            (Some(plain), _, _) | (None, None, Some(Usual::Link(plain))) => {
                let Links(links) = self.links.take().ok_or(needs("links", "such as \"n1->n2\""))?;
                Ok(Effect::Links { links, condition: self.condition_of(plain, kind)? })
            }
            (None, Some(end), _) | (None, None, Some(Usual::Process(end))) => {
                let NodeName(node) = self.node.take().ok_or(needs("node", "such as \"n1\""))?;
                Ok(Effect::Process { node, fate: self.fate_of(end, kind)? })
            }
            (None, None, Some(Usual::Clock)) => {
                let NodeName(node) = self.node.take().ok_or(needs("node", "such as \"n1\""))?;
                Ok(Effect::Clock { node, how: self.clock(kind)? })
            }
            (None, None, None) => Err(needs("condition", "such as \"refused\"")),
        }
    }

    fn condition_of(&mut self, plain: Plain, kind: FaultKind) -> Result<Condition, BadRow> {
        let needs = |entry, such_as| BadRow::Needs { kind, entry, such_as };
        Ok(match plain {
            Plain::Refused => Condition::Refused,
            Plain::Swallowed => Condition::Swallowed,
            Plain::DatagramsDropped => Condition::DatagramsDropped,
            Plain::Slow => {
                let latency = self.latency.take().ok_or(needs("latency", "such as \"200ms\""))?;
                let jitter = self.jitter.take().unwrap_or_default();
                Condition::Slow {
                    latency_ms: ms("latency", latency)?,
                    jitter_ms: ms("jitter", jitter)?,
                }
            }
            Plain::Limited => Condition::Limited {
                kb_per_s: self.kb_per_s.take().ok_or(needs("kb_per_s", "such as 16"))?,
            },
        })
    }

    fn fate_of(&mut self, end: End, kind: FaultKind) -> Result<Fate, BadRow> {
        let how = match end {
            End::Killed => return Ok(Fate::Killed),
            End::Terminated => return Ok(Fate::Terminated),
            End::Paused => return Ok(Fate::Paused),
            End::Wiped => return Ok(Fate::Wiped),
            End::DiskFull => return Ok(Fate::DiskFull),
            End::Left => return Ok(Fate::Left),
            End::Truncated => Damage::Truncated,
            End::Overwritten => Damage::Overwritten,
        };
        let missing = BadRow::Needs { kind, entry: "bytes", such_as: "such as 16" };
        Ok(Fate::Damaged { how, bytes: self.bytes.take().ok_or(missing)? })
    }

    fn clock(&mut self, kind: FaultKind) -> Result<ClockFault, BadRow> {
        if self.up.is_some() || self.down.is_some() {
            let (up, down) = (self.up.take(), self.down.take());
            return Ok(ClockFault::Asymmetric {
                up_ms: ms("up", up.unwrap_or_default())?,
                down_ms: ms("down", down.unwrap_or_default())?,
            });
        }
        let such_as = "such as \"2s\" or \"-2s\", or `up` and `down`";
        let skew = self.skew.take().ok_or(BadRow::Needs { kind, entry: "skew", such_as })?;
        let by_ms = i64::from(ms("skew", Span(skew.0.unsigned_abs()))?) * skew.0.signum();
        if let Some(period) = self.period.take() {
            return Ok(ClockFault::Strobe { by_ms, period_ms: ms("period", period)? });
        }
        Ok(match self.over.take() {
            None => ClockFault::Bump { by_ms },
            Some(over) => ClockFault::Drift { by_ms, over_ms: ms("over", over)? },
        })
    }

    /// Whether nothing was given that the fault does not have.
    fn is_used_up(&self, kind: FaultKind) -> Result<(), BadRow> {
        let link = "it acts on one node, or does not slow or limit links";
        let node = "it acts on links, or does nothing of the kind to a node";
        let entries = [
            ("links", self.links.is_some(), "it acts on one node: `node`"),
            ("node", self.node.is_some(), "it acts on links: `links`"),
            ("fate", self.fate.is_some(), node),
            ("latency", self.latency.is_some(), link),
            ("jitter", self.jitter.is_some(), link),
            ("kb_per_s", self.kb_per_s.is_some(), link),
            ("bytes", self.bytes.is_some(), "it damages no file"),
            ("skew", self.skew.is_some(), "it skews no clock, or by `up` and `down`"),
            ("period", self.period.is_some(), "it makes no clock jump to and fro"),
            ("over", self.over.is_some(), "it lets no clock drift, or makes it jump to and fro"),
            ("up", self.up.is_some(), "it skews no clock"),
            ("down", self.down.is_some(), "it skews no clock"),
        ];
        match entries.into_iter().find(|(_, given, _)| *given) {
            Some((entry, _, why)) => Err(BadRow::Foreign { kind, entry, why }),
            None => Ok(()),
        }
    }
}

fn ms(entry: &'static str, span: Span) -> Result<u32, BadRow> {
    let whole = span.whole_ms().and_then(|ms| u32::try_from(ms).ok());
    whole.ok_or_else(|| BadRow::Fraction(entry, span.to_string()))
}

/// The parameters that histories record of an effect, unless they were given.
fn parameters_of(effect: &Effect) -> Value {
    match effect {
        Effect::Links { condition, .. } => match *condition {
            Condition::Refused | Condition::Swallowed | Condition::DatagramsDropped => Value::Nil,
            Condition::Slow { latency_ms, jitter_ms } => {
                parameters([("latency_ms", int(latency_ms)), ("jitter_ms", int(jitter_ms))])
            }
            Condition::Limited { kb_per_s } => parameters([("kb_per_s", int(kb_per_s))]),
        },
        Effect::Process { fate: Fate::Damaged { bytes, .. }, .. } => {
            parameters([("bytes", int(*bytes))])
        }
        Effect::Process { .. } => Value::Nil,
        Effect::Clock { how, .. } => clock::parameters_of(*how),
    }
}

impl From<Planned> for Row {
    fn from(planned: Planned) -> Row {
        let Planned { at_ns, until_ns, fault } = planned;
        let usually = usual(fault.kind);
        let parameters =
            Some(fault.parameters).filter(|given| *given != parameters_of(&fault.effect));
        let mut row = Row {
            fault: Some(fault.kind),
            from: Some(Span(at_ns)),
            until: Some(Span(until_ns)),
            parameters,
            ..Row::default()
        };
        let span = |ms: u32| Some(Span::ms(ms.into()));
        match fault.effect {
            Effect::Links { links, condition } => {
                row.links = Some(Links(links));
                let plain = match condition {
                    Condition::Refused => Plain::Refused,
                    Condition::Swallowed => Plain::Swallowed,
                    Condition::DatagramsDropped => Plain::DatagramsDropped,
                    Condition::Slow { latency_ms, jitter_ms } => {
                        (row.latency, row.jitter) = (span(latency_ms), span(jitter_ms));
                        Plain::Slow
                    }
                    Condition::Limited { kb_per_s } => {
                        row.kb_per_s = Some(kb_per_s);
                        Plain::Limited
                    }
                };
                row.condition = Some(plain).filter(|plain| usually != Some(Usual::Link(*plain)));
            }
            Effect::Process { node, fate } => {
                row.node = Some(NodeName(node));
                let end = match fate {
                    Fate::Killed => End::Killed,
                    Fate::Terminated => End::Terminated,
                    Fate::Paused => End::Paused,
                    Fate::Wiped => End::Wiped,
                    Fate::DiskFull => End::DiskFull,
                    Fate::Left => End::Left,
                    Fate::Damaged { how, bytes } => {
                        row.bytes = Some(bytes);
                        match how {
                            Damage::Truncated => End::Truncated,
                            Damage::Overwritten => End::Overwritten,
                        }
                    }
                };
                row.fate = Some(end).filter(|end| usually != Some(Usual::Process(*end)));
            }
            Effect::Clock { node, how } => {
                row.node = Some(NodeName(node));
                match how {
                    ClockFault::Asymmetric { up_ms, down_ms } => {
                        (row.up, row.down) = (span(up_ms), span(down_ms));
                    }
                    ClockFault::Bump { by_ms } => row.skew = Some(SignedSpan::ms(by_ms)),
                    ClockFault::Strobe { by_ms, period_ms } => {
                        (row.skew, row.period) = (Some(SignedSpan::ms(by_ms)), span(period_ms));
                    }
                    ClockFault::Drift { by_ms, over_ms } => {
                        (row.skew, row.over) = (Some(SignedSpan::ms(by_ms)), span(over_ms));
                    }
                }
            }
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Pace, Registry, schedule};
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        schedule: Vec<Planned>,
    }

    fn read(text: &str) -> Result<Planned, String> {
        let read = toml::from_str::<File>(&format!("[[schedule]]\n{text}"));
        read.map(|mut file| file.schedule.remove(0)).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn every_drawn_schedule_is_read_as_it_is_written() {
        for seed in 0..50 {
            let registry = Registry::standard();
            let second = 1_000_000_000;
            let pace = Pace::PROCESSES;
            let kinds = FaultKind::ALL;
            let schedule = schedule(&registry, kinds, 5, 100 * second, pace, seed).unwrap();
            let file = File { schedule };
            let text = toml::to_string(&file).unwrap();
            assert_eq!(toml::from_str::<File>(&text).unwrap(), file, "{text}");
        }
    }

    #[test]
    fn a_fault_is_given_in_a_few_words() {
        let cut =
            read("fault = 'partition'\nfrom = '1s'\nuntil = '18h'\nlinks = 'n1<->n2'").unwrap();
        assert_eq!(cut.fault.links(), [(0, 1), (1, 0)]);
        assert_eq!((cut.at_ns, cut.until_ns), (1_000_000_000, 64_800_000_000_000));
        let clock = read("fault = 'clock'\nfrom = '0s'\nuntil = '1s'\nnode = 'n3'\nskew = '-2s'");
        let how = ClockFault::Bump { by_ms: -2_000 };
        assert_eq!(clock.unwrap().fault.effect, Effect::Clock { node: 2, how });
        let drift = "fault = 'clock'\nfrom = '0s'\nuntil = '5s'\nnode = 'n1'\nskew = '-480ms'\nover = '1200ms'";
        let drift = read(drift).unwrap().fault;
        let how = ClockFault::Drift { by_ms: -480, over_ms: 1_200 };
        assert_eq!(drift.effect, Effect::Clock { node: 0, how });
        assert_eq!(
            drift.parameters,
            parameters([
                ("how", "drift".into()),
                ("by_ms", Value::Int(-480)),
                ("over_ms", int(1_200))
            ])
        );
        let odd =
            "fault = 'latency'\nfrom = '0s'\nuntil = '1s'\nlinks = 'n1->n2'\ncondition = 'refused'";
        let condition = Condition::Refused;
        assert_eq!(
            read(odd).unwrap().fault.effect,
            Effect::Links { links: vec![(0, 1)], condition }
        );
    }

    #[test]
    fn what_is_missing_or_foreign_is_named() {
        let begin = |kind: &str| format!("fault = '{kind}'\nfrom = '0s'\nuntil = '1s'\n");
        let wrong = |kind: &str, more: &str| read(&(begin(kind) + more)).unwrap_err();
        assert!(wrong("partition", "").contains("expected `links`, such as \"n1->n2\""));
        assert!(wrong("kill", "links = 'n1->n2'").contains("expected `node`"));
        assert!(wrong("kill", "node = 'n1'\nlatency = '1ms'").contains("expected no `latency`"));
        let both = "node = 'n1'\nskew = '1s'\nperiod = '1s'\nover = '1s'";
        assert!(wrong("clock", both).contains("expected no `over`"));
        assert!(wrong("kill", "node = 'one'").contains("expected a node such as \"n1\""));
        assert!(wrong("partition", "links = 'n1'").contains("expected links such as"));
        assert!(wrong("latency", "links = 'n1->n2'\nlatency = '1.5ms'").contains("whole millisec"));
        assert!(read("fault = 'kill'\nuntil = '1s'").unwrap_err().contains("expected `from`"));
        assert!(read("fault = 'kil'").unwrap_err().contains("did you mean \"kill\"?"));
    }
}
