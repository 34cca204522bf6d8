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

/// What the links of a fault have carried: what was sent, and what of it is known to have arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    /// Sent on the connections of both ends.
    pub(super) sent: Carried,
    /// Arrived on the connections that the receiver opened: what the sender's own carried to the end is not seen from here.
    pub(super) arrived: Carried,
}

/// What links carried, by what the nodes at their ends counted.
pub(super) fn tallied(
    links: &[Link],
    counted: &BTreeMap<usize, BTreeMap<IpAddr, Exchanged>>,
    addresses: &[IpAddr],
) -> Option<Tally> {
    let (mut sent, mut arrived) = (0, 0);
    for &(from, to) in links {
        let of = |node: usize, peer: usize| counted.get(&node)?.get(addresses.get(peer)?).copied();
        let (there, back) = (of(from, to)?, of(to, from)?);
        sent += there.sent + back.received;
        arrived += back.received;
    }
    let bytes = |bytes| Carried::Bytes { bytes, connections: 0 };
    Some(Tally { sent: bytes(sent), arrived: bytes(arrived) })
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
        assert_eq!(tally.sent, Carried::Bytes { bytes: 1_300, connections: 0 });
        assert_eq!(tally.arrived, Carried::Bytes { bytes: 300, connections: 0 });
        assert!(tallied(&[(0, 2)], &counted, &nodes).is_none());
    }
}
