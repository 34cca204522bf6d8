//! The two directions of a proxied connection.

use std::fmt;

/// One direction of a proxied connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the client, who dialled, to the upstream: requests.
    Upstream,
    /// From the upstream to the client: answers.
    Downstream,
}

impl Direction {
    pub(crate) const BOTH: [Direction; 2] = [Direction::Upstream, Direction::Downstream];

    /// The name in Toxiproxy's API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Direction::Upstream => "upstream",
            Direction::Downstream => "downstream",
        }
    }

    /// Case does not matter, as in Toxiproxy.
    pub(crate) fn parse(text: &str) -> Option<Direction> {
        Direction::BOTH.into_iter().find(|direction| text.eq_ignore_ascii_case(direction.name()))
    }

    pub(crate) fn opposite(self) -> Direction {
        match self {
            Direction::Upstream => Direction::Downstream,
            Direction::Downstream => Direction::Upstream,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
