//! What the links of the sim are like when nothing is wrong with them: `[network]` in `run.toml`.

use super::latency::Latency;
use crate::faults::{Link, Links, NodeName};
use afterall_history::{Share, Span};
use serde::{Deserialize, Serialize};

/// The largest latency and jitter.
const LATENCY_MAX: Span = Span(3_600_000_000_000);
/// The largest share of messages that may get lost: some have to arrive.
const LOSS_MAX: Share = Share::millionths(900_000);

/// The entries that say what links are like, in a structure of their own and beside others.
macro_rules! with_character {
    ($(#[$meta:meta])* $Name:ident { $($(#[$field_meta:meta])* $field:ident: $Type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Name {
            /// How long a message takes.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub latency: Option<Latency>,
            /// By how much more or less.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub jitter: Option<Span>,
            /// The share of messages that get lost.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub loss: Option<Share>,
            /// The share of messages that arrive twice.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub duplication: Option<Share>,
            /// The share of messages that may overtake others; the rest arrive in the order in which they were sent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reordering: Option<Share>,
            $($(#[$field_meta])* pub $field: $Type,)*
        }

        impl $Name {
            fn change(&self, character: &mut Character) {
                character.latency = self.latency.unwrap_or(character.latency);
                character.jitter = self.jitter.unwrap_or(character.jitter);
                character.loss = self.loss.unwrap_or(character.loss);
                character.duplication = self.duplication.unwrap_or(character.duplication);
                character.reordering = self.reordering.unwrap_or(character.reordering);
            }

            fn check(&self) -> Result<(), String> {
                let long = |span: Span| {
                    format!("expected a latency and a jitter of up to {LATENCY_MAX}, found {span}")
                };
                let latency = self.latency.map(Latency::longest);
                if let Some(span) = [latency, self.jitter].into_iter().flatten().max()
                    && span > LATENCY_MAX
                {
                    return Err(long(span));
                }
                match self.loss {
                    Some(loss) if loss > LOSS_MAX => {
                        Err(format!("expected a loss of up to {LOSS_MAX}, found {loss}"))
                    }
                    _ => Ok(()),
                }
            }
        }
    };
}

with_character! {
    /// What all links are like, and some of them.
    NetworkConfig {
        /// Those that are different from the others; of two rows for one link the later counts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        link: Vec<NetworkLinks>,
    }
}

with_character! {
    /// What some links are like.
    NetworkLinks {
        /// Which.
        links: Links,
    }
}

/// What a link is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Character {
    /// How long a message takes.
    pub latency: Latency,
    /// By how much more or less.
    pub jitter: Span,
    /// The share of messages that get lost.
    pub loss: Share,
    /// The share of messages that arrive twice.
    pub duplication: Share,
    /// The share of messages that may overtake others.
    pub reordering: Share,
}

/// A link in one data centre, and a small loss: what a bounded queue drops, or a connection that breaks.
impl Default for Character {
    fn default() -> Character {
        Character {
            latency: Latency::Uniform(Span(100_000), Span(1_000_000)),
            jitter: Span(0),
            loss: Share::millionths(5_000),
            duplication: Share::default(),
            reordering: Share::default(),
        }
    }
}

/// Something that cannot be asked of a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("network: {what}")]
pub struct BadNetwork {
    /// The row of links that is wrong, from 0, if it is one.
    pub(crate) row: Option<usize>,
    pub(crate) what: String,
}

impl NetworkConfig {
    /// Whether all links are as they usually are.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == NetworkConfig::default()
    }

    /// What links are like of which no row says anything else.
    #[must_use]
    pub fn usual(&self) -> Character {
        let mut character = Character::default();
        self.change(&mut character);
        character
    }

    /// The links that are different, and what each is like.
    #[must_use]
    pub fn different(&self) -> Vec<(Link, Character)> {
        let mut all = std::collections::BTreeMap::new();
        for row in &self.link {
            for &link in &row.links.0 {
                row.change(all.entry(link).or_insert_with(|| self.usual()));
            }
        }
        all.into_iter().collect()
    }

    pub(crate) fn check_all(&self, nodes: usize) -> Result<(), BadNetwork> {
        self.check().map_err(|what| BadNetwork { row: None, what })?;
        for (place, row) in self.link.iter().enumerate() {
            let wrong = |what| BadNetwork { row: Some(place), what };
            row.check().map_err(wrong)?;
            let ends = row.links.0.iter().flat_map(|&(from, to)| [from, to]);
            if let Some(node) = ends.max().filter(|&node| node >= nodes) {
                let node = NodeName(node);
                return Err(wrong(format!("expected nodes from n1 to n{nodes}, found {node}")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_as_it_is_written_and_the_later_row_counts() {
        let text = "loss = 0.01\njitter = '1ms'\n[latency]\nmedian = '5ms'\nsigma = 0.5\n\
                    [[link]]\nlinks = 'n1,n2<->n3'\nlatency = '50ms..150ms'\nloss = '2%'\n\
                    [[link]]\nlinks = ['n3->n1']\nlatency = '10ms'\nduplication = 1\n";
        let network: NetworkConfig = toml::from_str(text).unwrap();
        let again: NetworkConfig = toml::from_str(&toml::to_string(&network).unwrap()).unwrap();
        assert_eq!(again, network);
        assert_eq!(network.usual().loss, Share::millionths(10_000));
        let different = network.different();
        assert_eq!(different.len(), 4);
        let back = different.iter().find(|(link, _)| *link == (2, 0)).unwrap().1;
        assert_eq!(back.latency, Latency::Constant(Span::ms(10)));
        assert_eq!((back.loss, back.duplication.of_one()), (Share::millionths(20_000), 1.0));
        assert_eq!(back.jitter, Span::ms(1));
        assert!(network.check_all(3).is_ok());
        assert_eq!(network.check_all(2).unwrap_err().row, Some(0));
    }

    #[test]
    fn what_no_network_is_like_is_refused() {
        let read = |text: &str| match toml::from_str::<NetworkConfig>(text) {
            Ok(network) => network.check_all(2).unwrap_err().to_string(),
            Err(error) => error.message().to_owned(),
        };
        assert!(read("latency = '5ms..1ms'").contains("expected a latency such as"));
        assert!(read("latency = 5").contains("expected a latency such as"));
        assert!(read("latency = '2h'").contains("up to 1h, found 2h"));
        assert!(read("loss = '95%'").contains("a loss of up to 90%, found 95%"));
        assert!(read("loss = 1.5").contains("expected a share such as"));
        assert!(read("[latency]\nmedian = '1ms'\nsigma = 9.0").contains("a sigma from 0 to 3"));
    }
}
