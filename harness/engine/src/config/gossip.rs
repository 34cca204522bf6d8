//! How the reference store spreads its news, in the sim: `[gossip]` in `run.toml`.

use afterall_history::Span;
use serde::{Deserialize, Serialize};

/// How the reference store spreads its news. What is absent is as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GossipConfig {
    /// How many peers a rumor goes to in a round; 0: there are no rumors. Usually 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fanout: Option<u16>,
    /// Between two rounds of rumors. Usually 50 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rumors: Option<Span>,
    /// Between two rounds of anti-entropy. Usually 200 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anti_entropy: Option<Span>,
}

impl GossipConfig {
    /// Whether nothing is other than usual.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == GossipConfig::default()
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let intervals = [("rumors", self.rumors), ("anti_entropy", self.anti_entropy)];
        for (name, interval) in intervals {
            let wrong = interval.filter(|span| span.0 < 1_000_000 || span.0 > 86_400_000_000_000);
            if let Some(span) = wrong {
                return Err(format!("{name}: expected 1ms to a day, found {span}"));
            }
        }
        Ok(())
    }
}
