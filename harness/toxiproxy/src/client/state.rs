//! What a link is meant to be, what the server says it is, and whether these agree.

use crate::direction::Direction;
use std::collections::BTreeMap;
use std::fmt;
use toxiproxy_rust::proxy::ProxyPack;

/// A toxic that [`crate::Links`] can add. The client crate does not know `reset_peer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToxicKind {
    /// Delays data by `latency_ms` ± `jitter_ms`.
    Latency {
        /// Milliseconds.
        latency_ms: u32,
        /// Milliseconds, at most `latency_ms` to make sense.
        jitter_ms: u32,
    },
    /// Limits the rate.
    Bandwidth {
        /// Thousand bytes per second; 0 stops everything.
        rate_kb_s: u32,
    },
    /// Delays the end of a connection.
    SlowClose {
        /// Milliseconds.
        delay_ms: u32,
    },
    /// Swallows all data; the connection ends after this time without data, or, if it is 0, when the toxic is removed.
    Timeout {
        /// Milliseconds.
        timeout_ms: u32,
    },
    /// Cuts data in pieces.
    Slicer {
        /// Bytes.
        average_size: u32,
        /// Bytes.
        size_variation: u32,
        /// Microseconds of pause after each piece.
        delay_us: u32,
    },
    /// Ends the connection after this much data.
    LimitData {
        /// Bytes.
        bytes: u32,
    },
}

impl ToxicKind {
    fn type_name(self) -> &'static str {
        match self {
            ToxicKind::Latency { .. } => "latency",
            ToxicKind::Bandwidth { .. } => "bandwidth",
            ToxicKind::SlowClose { .. } => "slow_close",
            ToxicKind::Timeout { .. } => "timeout",
            ToxicKind::Slicer { .. } => "slicer",
            ToxicKind::LimitData { .. } => "limit_data",
        }
    }

    fn attributes(self) -> BTreeMap<String, u32> {
        let pairs = match self {
            ToxicKind::Latency { latency_ms, jitter_ms } => {
                vec![("latency", latency_ms), ("jitter", jitter_ms)]
            }
            ToxicKind::Bandwidth { rate_kb_s } => vec![("rate", rate_kb_s)],
            ToxicKind::SlowClose { delay_ms } => vec![("delay", delay_ms)],
            ToxicKind::Timeout { timeout_ms } => vec![("timeout", timeout_ms)],
            ToxicKind::Slicer { average_size, size_variation, delay_us } => vec![
                ("average_size", average_size),
                ("size_variation", size_variation),
                ("delay", delay_us),
            ],
            ToxicKind::LimitData { bytes } => vec![("bytes", bytes)],
        };
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// A toxic as the server reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToxicState {
    /// Its type in Toxiproxy's API.
    pub type_name: String,
    /// `upstream` or `downstream`.
    pub stream: String,
    /// The share of connections that it strikes, 0 to 1.
    pub toxicity: f32,
    /// Its parameters, in Toxiproxy's units.
    pub attributes: BTreeMap<String, u32>,
}

/// A link as the server reports it, or as it was meant to be.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkState {
    /// Where it listens.
    pub listen: String,
    /// Where it leads.
    pub upstream: String,
    /// Whether it carries anything.
    pub enabled: bool,
    /// Its toxics by name. (The crate gives a toxic the name `<type>_<direction>`.)
    pub toxics: BTreeMap<String, ToxicState>,
}

impl LinkState {
    pub(super) fn reported(pack: &ProxyPack) -> LinkState {
        let toxics = pack.toxics.iter().map(|toxic| {
            let state = ToxicState {
                type_name: toxic.r#type.clone(),
                stream: toxic.stream.clone(),
                toxicity: toxic.toxicity,
                attributes: toxic.attributes.iter().map(|(k, v)| (k.clone(), *v)).collect(),
            };
            (toxic.name.clone(), state)
        });
        LinkState {
            listen: pack.listen.clone(),
            upstream: pack.upstream.clone(),
            enabled: pack.enabled,
            toxics: toxics.collect(),
        }
    }

    pub(super) fn with_toxic(
        mut self,
        kind: ToxicKind,
        direction: Direction,
        toxicity: f32,
    ) -> Self {
        let name = format!("{}_{direction}", kind.type_name());
        let state = ToxicState {
            type_name: kind.type_name().to_owned(),
            stream: direction.name().to_owned(),
            toxicity,
            attributes: kind.attributes(),
        };
        self.toxics.insert(name, state);
        self
    }
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let enabled = if self.enabled { "enabled" } else { "disabled" };
        write!(f, "{} → {}, {enabled}, ", self.listen, self.upstream)?;
        if self.toxics.is_empty() {
            f.write_str("no toxics")?;
        }
        for (position, (name, toxic)) in self.toxics.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {:?}", toxic.attributes)?;
            if toxic.toxicity < 1.0 {
                write!(f, " on {} of connections", toxic.toxicity)?;
            }
        }
        Ok(())
    }
}

/// A link that is not what it was meant to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The link.
    pub name: String,
    /// What was asked for; nothing: that it is gone.
    pub expected: Option<LinkState>,
    /// What the server says; nothing: it knows no such proxy.
    pub found: Option<LinkState>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |f: &mut fmt::Formatter<'_>, state: &Option<LinkState>| match state {
            Some(state) => write!(f, "{state}"),
            None => f.write_str("no such proxy"),
        };
        write!(f, "{}: expected ", self.name)?;
        show(f, &self.expected)?;
        f.write_str("; found ")?;
        show(f, &self.found)
    }
}
