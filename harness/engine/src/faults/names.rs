//! Nodes and links as people write them: `n1`, `n1->n2`; several at once: `n1,n2<->n3..n5`.

use super::effect::Link;
use afterall_history::from_text;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

const NODE: &str = "a node such as \"n1\"";
const NODES: &str = "a node such as \"n1\", or several as \"n1,n3\" or \"n2..n9\"";
const LINKS: &str = "links such as \"n1->n2\", \"n1<->n2\" or \"n1,n2<->n3..n5\"";

/// The most nodes that a range may name: more than any cluster has.
const NODES_MAX: usize = 10_000;

/// A node, from 0; written as `n1` and so on, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeName(pub usize);

impl NodeName {
    fn parse(text: &str) -> Option<NodeName> {
        let digits = text.trim().strip_prefix('n')?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        let number: usize = digits.parse().ok().filter(|&number| plain && number <= NODES_MAX)?;
        Some(NodeName(number - 1))
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0 + 1)
    }
}

impl Serialize for NodeName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NodeName, D::Error> {
        from_text(deserializer, NODE, NodeName::parse)
    }
}

/// One node or several, each once, in order; written as `n1`, `n1,n3` or `n2..n100`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeNames(pub Vec<usize>);

impl fmt::Display for NodeNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_slice();
        while let Some(&first) = left.first() {
            let run = left.iter().zip(first..).take_while(|(node, wanted)| **node == *wanted);
            let run = run.count();
            match run {
                1 => write!(f, "{}", NodeName(first))?,
                run => write!(f, "{}..{}", NodeName(first), NodeName(first + run - 1))?,
            }
            left = &left[run..];
            if !left.is_empty() {
                f.write_str(",")?;
            }
        }
        Ok(())
    }
}

impl Serialize for NodeNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NodeNames, D::Error> {
        from_text(deserializer, NODES, |text| {
            let mut nodes = nodes(text)?;
            nodes.sort_unstable();
            nodes.dedup();
            Some(NodeNames(nodes))
        })
    }
}

/// Directed links, each once, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links(pub Vec<Link>);

impl Links {
    fn add(&mut self, text: &str) -> Option<()> {
        let (from, to, both) = match text.split_once("<->") {
            Some((from, to)) => (from, to, true),
            None => text.split_once("->").map(|(from, to)| (from, to, false))?,
        };
        let (from, to) = (nodes(from)?, nodes(to)?);
        for &a in &from {
            for &b in &to {
                if a == b {
                    return None;
                }
                self.0.push((a, b));
                self.0.extend(both.then_some((b, a)));
            }
        }
        self.0.sort_unstable();
        self.0.dedup();
        Some(())
    }
}

/// The nodes of a list of names and ranges.
fn nodes(text: &str) -> Option<Vec<usize>> {
    let mut nodes = Vec::new();
    for part in text.split(',') {
        match part.split_once("..") {
            None => nodes.push(NodeName::parse(part)?.0),
            Some((first, last)) => {
                let (NodeName(first), NodeName(last)) =
                    (NodeName::parse(first)?, NodeName::parse(last)?);
                if first > last {
                    return None;
                }
                nodes.extend(first..=last);
            }
        }
    }
    // A cluster has fewer.
    (nodes.len() <= NODES_MAX).then_some(nodes)
}

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for &(from, to) in &self.0 {
            list.serialize_element(&format!("{}->{}", NodeName(from), NodeName(to)))?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Links {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Links, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = Links;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(LINKS)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Links, E> {
                let mut links = Links::default();
                let wrong = || E::invalid_value(Unexpected::Str(text), &self);
                links.add(text).ok_or_else(wrong)?;
                Ok(links)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Links, A::Error> {
                let mut links = Links::default();
                while let Some(more) = texts.next_element::<Links>()? {
                    links.0.extend(more.0);
                }
                links.0.sort_unstable();
                links.0.dedup();
                Ok(links)
            }
        }

        deserializer.deserialize_any(Texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(text: &str) -> Option<Vec<Link>> {
        let mut links = Links::default();
        links.add(text)?;
        Some(links.0)
    }

    #[test]
    fn several_nodes_are_written_in_runs() {
        for text in ["n1", "n1,n3", "n2..n100", "n1..n2,n4,n6..n7"] {
            assert_eq!(NodeNames(nodes(text).unwrap()).to_string(), text);
        }
    }

    #[test]
    fn one_text_names_one_link_or_many() {
        assert_eq!(links("n1->n2"), Some(vec![(0, 1)]));
        assert_eq!(links("n1 <-> n2"), Some(vec![(0, 1), (1, 0)]));
        assert_eq!(links("n1,n2->n3..n4").unwrap(), [(0, 2), (0, 3), (1, 2), (1, 3)]);
        for text in ["n1", "n1->", "n1->n1", "n0->n1", "n01->n2", "x1->n2", "n3..n2->n1", "n1-n2"] {
            assert_eq!(links(text), None, "{text}");
        }
    }
}
