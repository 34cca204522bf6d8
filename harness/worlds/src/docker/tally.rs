//! What nodes send each other, counted in their own network namespaces: rules that decide nothing and count packets with
//! data. The rules and their reading are pure.
//!
//! What one node sends to another goes out on the connections that it opened, and comes in on those that the other opened.
//! (The proxies count bytes, too, but those of a connection only when it ends.)

use super::wiring::{Addresses, Wiring};
use afterall_engine::Carried;
use afterall_engine::faults::Link;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

/// The least length of a packet that carries data: an acknowledgement alone is 40 to 72 bytes, with its options.
const DATA_BYTES_MIN: u16 = 80;

/// Bytes that a node exchanged with a peer on the connections that it opened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Exchanged {
    sent: u64,
    received: u64,
}

/// The rules of a node, in the format of iptables-restore, that count what it exchanges with its peers. What goes out still
/// bears the address of the peer here; what comes in still bears that of the proxy, whose port tells the link.
pub(super) fn rules(wiring: &Wiring, addresses: &Addresses, node: usize) -> String {
    let mut rules = String::from("*mangle\n");
    let proxy = addresses.proxy;
    for (peer, ip) in addresses.nodes.iter().enumerate().filter(|&(peer, _)| peer != node) {
        for (place, port) in wiring.peer_ports.iter().enumerate() {
            let data = format!("-m length --length {DATA_BYTES_MIN}:65535");
            // Writing to a string cannot fail.
            let _ = writeln!(rules, "-A OUTPUT -d {ip}/32 -p tcp --dport {port} {data}");
            let link = wiring.peer_port(node, peer, place);
            let _ = writeln!(rules, "-A INPUT -s {proxy}/32 -p tcp --sport {link} {data}");
        }
    }
    rules.push_str("COMMIT\n");
    rules
}

/// The peer that each port of the proxy leads a node to.
pub(super) fn ports(wiring: &Wiring, addresses: &Addresses, node: usize) -> BTreeMap<u16, IpAddr> {
    let peers = addresses.nodes.iter().enumerate().filter(|&(peer, _)| peer != node);
    let of_peer = |(peer, ip): (usize, &IpAddr)| {
        let (places, ip) = (0..wiring.peer_ports.len(), *ip);
        places.map(move |place| (wiring.peer_port(node, peer, place), ip)).collect::<Vec<_>>()
    };
    peers.flat_map(of_peer).collect()
}

/// What a node counted, by peer: the lines of `iptables-save -c`.
pub(super) fn read(output: &str, ports: &BTreeMap<u16, IpAddr>) -> BTreeMap<IpAddr, Exchanged> {
    let mut counted: BTreeMap<IpAddr, Exchanged> = BTreeMap::new();
    for line in output.lines() {
        let Some((counts, rule)) = line.strip_prefix('[').and_then(|line| line.split_once("] "))
        else {
            continue;
        };
        let bytes = counts.split_once(':').and_then(|(_, bytes)| bytes.parse::<u64>().ok());
        let words: Vec<&str> = rule.split(' ').collect();
        let after = |flag: &str| {
            let at = words.iter().position(|&word| word == flag)?;
            words.get(at + 1).copied()
        };
        let to = after("-d").and_then(|ip| ip.trim_end_matches("/32").parse::<IpAddr>().ok());
        let link = after("--sport").and_then(|port| port.parse::<u16>().ok());
        match (bytes, to, link.and_then(|link| ports.get(&link).copied())) {
            (Some(bytes), Some(to), None) => counted.entry(to).or_default().sent += bytes,
            (Some(bytes), None, Some(from)) => counted.entry(from).or_default().received += bytes,
            _ => {}
        }
    }
    counted
}

/// What the links of a fault have carried, bytes: what was sent, and what of it is known to have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    /// Sent on the connections of both ends.
    sent: u64,
    /// Arrived on the connections that the receivers opened: what the senders' own carried to the end is not seen from here.
    arrived: u64,
    /// Whether something has arrived so on every link.
    heard: bool,
}

impl Tally {
    /// What was sent.
    pub(super) fn sent(self) -> Carried {
        Carried::Bytes { bytes: self.sent, connections: 0 }
    }

    /// What arrived since then. None where that cannot be told: of receivers that never opened a connection, or heard nothing
    /// on it, it is not known what they hear on those of the senders.
    pub(super) fn arrived_since(self, before: Tally) -> Option<Carried> {
        let bytes = self.arrived.saturating_sub(before.arrived);
        (bytes > 0 || before.heard).then_some(Carried::Bytes { bytes, connections: 0 })
    }
}

/// What links carried, by what the nodes at their ends counted.
pub(super) fn tallied(
    links: &[Link],
    counted: &BTreeMap<usize, BTreeMap<IpAddr, Exchanged>>,
    addresses: &[IpAddr],
) -> Option<Tally> {
    let mut tally = Tally { sent: 0, arrived: 0, heard: true };
    for &(from, to) in links {
        let of = |node: usize, peer: usize| counted.get(&node)?.get(addresses.get(peer)?).copied();
        let (there, back) = (of(from, to)?, of(to, from)?);
        tally.sent += there.sent + back.received;
        tally.arrived += back.received;
        tally.heard &= back.received > 0;
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn what_the_rules_count_is_read_back_by_peer_and_direction() {
        let wiring = Wiring {
            nodes: 3,
            session_links: 1,
            client_port: 6379,
            peer_ports: vec![6379, 16_379],
            udp_ports: Vec::new(),
        };
        let nodes = vec![ip(10), ip(11), ip(12)];
        let addresses = Addresses { nodes: nodes.clone(), proxy: ip(2), authority: None };
        let rules = rules(&wiring, &addresses, 0);
        assert_eq!(rules.lines().filter(|line| line.starts_with("-A")).count(), 8);
        // As iptables-save prints them, with the counts in front.
        let printed: String = rules
            .lines()
            .map(|line| match line.strip_prefix("-A") {
                Some(rule) => format!("[3:{}] -A{rule}\n", 100 + rule.len() % 2),
                None => format!("{line}\n"),
            })
            .collect();
        let ports = ports(&wiring, &addresses, 0);
        let counted = read(&printed, &ports);
        assert_eq!(counted.keys().copied().collect::<Vec<_>>(), [ip(11), ip(12)]);
        assert!(counted.values().all(|of| of.sent >= 200 && of.received >= 200), "{counted:?}");
        assert!(read("# nothing\n:INPUT ACCEPT [1:2]\n", &ports).is_empty());
    }

    #[test]
    fn a_link_carries_what_its_beginning_sends_on_the_connections_of_both_ends() {
        let nodes = [ip(10), ip(11)];
        let of = |peer, sent, received| BTreeMap::from([(peer, Exchanged { sent, received })]);
        let counted = BTreeMap::from([(0, of(ip(11), 1_000, 20)), (1, of(ip(10), 7, 300))]);
        let tally = tallied(&[(0, 1)], &counted, &nodes).unwrap();
        assert_eq!(tally, Tally { sent: 1_300, arrived: 300, heard: true });
        assert!(tallied(&[(0, 2)], &counted, &nodes).is_none());
    }

    #[test]
    fn nothing_is_said_of_what_arrives_where_it_cannot_be_seen() {
        // Node 1 dials node 0, which never dials: what node 1 sends is seen leaving, and not arriving.
        let nodes = [ip(10), ip(11)];
        let counted = |sent, received| {
            let of = |peer, sent, received| BTreeMap::from([(peer, Exchanged { sent, received })]);
            BTreeMap::from([(0, of(ip(11), 0, 0)), (1, of(ip(10), sent, received))])
        };
        let (before, now) = (counted(700, 9_000), counted(800, 9_000));
        let tallied = |links: &[Link]| {
            let of = |counted| super::tallied(links, counted, &nodes).unwrap();
            (of(&before), of(&now))
        };
        let nothing = Carried::Bytes { bytes: 0, connections: 0 };
        let (before_there, now_there) = tallied(&[(0, 1)]);
        assert_eq!(now_there.arrived_since(before_there), Some(nothing));
        let (before_back, now_back) = tallied(&[(1, 0)]);
        assert_eq!(now_back.sent(), Carried::Bytes { bytes: 800, connections: 0 });
        assert_eq!(now_back.arrived_since(before_back), None);
        // Nor of several links, where one of them cannot be seen.
        let (before_both, now_both) = tallied(&[(0, 1), (1, 0)]);
        assert_eq!(now_both.arrived_since(before_both), None);
        // What is seen is told.
        let more = Tally { arrived: before_both.arrived + 5, ..before_both };
        let five = Carried::Bytes { bytes: 5, connections: 0 };
        assert_eq!(more.arrived_since(before_both), Some(five));
    }
}
