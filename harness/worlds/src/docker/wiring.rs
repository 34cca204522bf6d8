//! How the containers are wired: which proxy listens where, and the rules that lead nodes to them. Pure.
//!
//! A node's network namespace belongs to its infra container. Rules there send what the node says to a peer's address to
//! the proxy of that directed link, so that targets which know each other by raw addresses are proxied like all others,
//! unmodified.

use crate::live::links::{peer_link, reader_link, session_link, time_link};
use afterall_toxiproxy::NewLink;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;

/// The port of Toxiproxy's API.
pub(super) const API_PORT: u16 = 8474;
/// The port of the time authority.
pub(super) const TIME_PORT: u16 = 7103;
// All proxies listen below the range from which the proxy's own outgoing connections take their ports (32768 and up):
// such a connection would keep a proxy from listening again after it was disabled.
/// Where the proxies of clients begin: these are published.
const CLIENTS_BEGIN: usize = 2_000;
/// Where the proxies of time links begin.
const TIMES_BEGIN: usize = 9_000;
/// Where the proxies of peer links begin.
const PEERS_BEGIN: usize = 10_000;
/// Where they end at the latest.
const PEERS_END: usize = 32_768;

/// What is to be wired.
#[derive(Debug, Clone)]
pub(super) struct Wiring {
    pub(super) nodes: usize,
    pub(super) session_links: usize,
    pub(super) client_port: u16,
    pub(super) peer_ports: Vec<u16>,
    pub(super) udp_ports: Vec<u16>,
}

/// Who has which address.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub(super) nodes: Vec<IpAddr>,
    pub(super) proxy: IpAddr,
    pub(super) authority: Option<IpAddr>,
}

fn number(port: usize) -> u16 {
    // `fits` is asked before; a wrong port could not be listened on.
    u16::try_from(port).unwrap_or(0)
}

impl Wiring {
    pub(super) fn peer_port(&self, from: usize, to: usize, place: usize) -> u16 {
        number(PEERS_BEGIN + (from * self.nodes + to) * self.peer_ports.len() + place)
    }

    /// Whether there is a port for every link.
    pub(super) fn fits(&self) -> bool {
        let (clients, peers) = (self.published().len(), self.peer_ports.len());
        CLIENTS_BEGIN + clients <= API_PORT.into()
            && PEERS_BEGIN + self.nodes * self.nodes * peers <= PEERS_END
    }

    /// The proxy's port for a session's link to a node.
    pub(super) fn session_port(&self, session: usize, to: usize) -> u16 {
        number(CLIENTS_BEGIN + (session % self.session_links + 1) * self.nodes + to)
    }

    /// The proxy's port for the readers' link to a node.
    pub(super) fn reader_port(&self, to: usize) -> u16 {
        number(CLIENTS_BEGIN + to)
    }

    /// All ports that clients outside must reach.
    pub(super) fn published(&self) -> Vec<u16> {
        let count = (self.session_links + 1) * self.nodes;
        (0..count).map(|place| number(CLIENTS_BEGIN + place)).collect()
    }

    /// All links.
    pub(super) fn links(&self, addresses: &Addresses) -> Vec<NewLink> {
        let link = |name, listen, ip: IpAddr, port| NewLink {
            name,
            listen: format!("0.0.0.0:{listen}"),
            upstream: format!("{ip}:{port}"),
        };
        let mut links = Vec::new();
        for (to, &ip) in addresses.nodes.iter().enumerate() {
            for from in (0..self.nodes).filter(|&from| from != to) {
                for (place, &port) in self.peer_ports.iter().enumerate() {
                    let listen = self.peer_port(from, to, place);
                    links.push(link(peer_link(from, to, place), listen, ip, port));
                }
            }
            for session in 0..self.session_links {
                let listen = self.session_port(session, to);
                links.push(link(session_link(session, to), listen, ip, self.client_port));
            }
            links.push(link(reader_link(to), self.reader_port(to), ip, self.client_port));
        }
        if let Some(authority) = addresses.authority {
            let time =
                |from| link(time_link(from), number(TIMES_BEGIN + from), authority, TIME_PORT);
            links.extend((0..self.nodes).map(time));
        }
        links
    }

    /// The rules of a node, in the format of iptables-restore, that lead it to its proxies.
    pub(super) fn nat_rules(&self, from: usize, addresses: &Addresses) -> String {
        let mut rules = String::from("*nat\n");
        let mut rule = |ip: IpAddr, port: u16, proxy: u16| {
            // Writing to a string cannot fail.
            let _ = writeln!(
                rules,
                "-A OUTPUT -d {ip}/32 -p tcp --dport {port} -j DNAT --to-destination {}:{proxy}",
                addresses.proxy
            );
        };
        for to in (0..self.nodes).filter(|&to| to != from) {
            for (place, &port) in self.peer_ports.iter().enumerate() {
                rule(addresses.nodes[to], port, self.peer_port(from, to, place));
            }
        }
        if let Some(authority) = addresses.authority {
            rule(authority, TIME_PORT, number(TIMES_BEGIN + from));
        }
        rules.push_str("COMMIT\n");
        rules
    }

    /// The rules of a node, all of them anew, that make vanish what it sends to these: over TCP, by way of the proxies,
    /// and as datagrams.
    pub(super) fn drop_rules(
        &self,
        from: usize,
        addresses: &Addresses,
        tcp: &BTreeSet<usize>,
        udp: &BTreeSet<usize>,
    ) -> String {
        let mut rules = String::from("*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n");
        for &to in tcp {
            for place in 0..self.peer_ports.len() {
                let (proxy, port) = (addresses.proxy, self.peer_port(from, to, place));
                let _ = writeln!(rules, "-A OUTPUT -d {proxy}/32 -p tcp --dport {port} -j DROP");
            }
        }
        for &to in udp {
            for port in &self.udp_ports {
                let ip = addresses.nodes[to];
                let _ = writeln!(rules, "-A OUTPUT -d {ip}/32 -p udp --dport {port} -j DROP");
            }
        }
        rules.push_str("COMMIT\n");
        rules
    }
}

/// Groups links by where they begin.
pub(super) fn by_source(links: &[(usize, usize)]) -> BTreeMap<usize, Vec<usize>> {
    let mut sources: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(from, to) in links {
        sources.entry(from).or_default().push(to);
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wiring(nodes: usize) -> Wiring {
        Wiring {
            nodes,
            session_links: 4,
            client_port: 6379,
            peer_ports: vec![6379, 16_379],
            udp_ports: vec![53],
        }
    }

    fn addresses(nodes: usize) -> Addresses {
        let ip = |last: usize| IpAddr::from([10, 0, 0, u8::try_from(last).unwrap()]);
        Addresses {
            nodes: (0..nodes).map(|node| ip(10 + node)).collect(),
            proxy: ip(2),
            authority: Some(ip(3)),
        }
    }

    #[test]
    fn no_two_links_share_a_port_or_a_name() {
        for nodes in [1, 3, 9, 30] {
            let links = wiring(nodes).links(&addresses(nodes));
            let listens: BTreeSet<&String> = links.iter().map(|link| &link.listen).collect();
            let names: BTreeSet<&String> = links.iter().map(|link| &link.name).collect();
            assert_eq!(listens.len(), links.len());
            assert_eq!(names.len(), links.len());
            assert_eq!(links.len(), nodes * (nodes - 1) * 2 + nodes * 5 + nodes);
            assert!(wiring(nodes).fits());
        }
        assert!(wiring(99).fits());
        assert!(!Wiring { peer_ports: vec![1, 2, 3, 4], ..wiring(99) }.fits());
    }

    #[test]
    fn every_rule_leads_to_the_proxy_of_its_own_link() {
        let (wiring, addresses) = (wiring(3), addresses(3));
        let links = wiring.links(&addresses);
        for from in 0..3 {
            let rules = wiring.nat_rules(from, &addresses);
            for rule in rules.lines().filter(|line| line.starts_with("-A")) {
                let words: Vec<&str> = rule.split(' ').collect();
                let (ip, port) = (words[3].trim_end_matches("/32"), words[7]);
                let proxy = words.last().unwrap().rsplit(':').next().unwrap();
                let listen = format!("0.0.0.0:{proxy}");
                let link = links.iter().find(|link| link.listen == listen).unwrap();
                assert_eq!(link.upstream, format!("{ip}:{port}"));
                assert!(link.name.starts_with(&format!("n{}-", from + 1)), "{}", link.name);
            }
            assert_eq!(rules.lines().filter(|line| line.starts_with("-A")).count(), 5);
        }
    }

    #[test]
    fn drop_rules_name_the_proxies_of_the_links_and_the_peers_themselves() {
        let (wiring, addresses) = (wiring(3), addresses(3));
        let rules = wiring.drop_rules(0, &addresses, &BTreeSet::from([1]), &BTreeSet::from([2]));
        assert!(rules.contains("-d 10.0.0.2/32 -p tcp --dport 10002 -j DROP"), "{rules}");
        assert!(rules.contains("-d 10.0.0.2/32 -p tcp --dport 10003 -j DROP"), "{rules}");
        assert!(rules.contains("-d 10.0.0.12/32 -p udp --dport 53 -j DROP"), "{rules}");
        assert_eq!(rules.lines().filter(|line| line.starts_with("-A")).count(), 3);
        let none = wiring.drop_rules(0, &addresses, &BTreeSet::new(), &BTreeSet::new());
        assert!(!none.contains("DROP"));
    }
}
