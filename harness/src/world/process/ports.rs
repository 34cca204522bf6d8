//! Ports for nodes: below the range from which the system takes ports for outgoing connections, so that a node
//! that is killed finds its port free when it comes back.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

const LOWEST: u16 = 15_000;
/// Where the ephemeral range begins if the system does not say (the IANA suggestion is 49152, Linux has 32768).
const EPHEMERAL_DEFAULT: u16 = 32_768;
const TRIES_MAX: u32 = 20_000;

/// No port is free.
#[derive(Debug, thiserror::Error)]
#[error(
    "found no free ports on 127.0.0.1 between {LOWEST} and {0}: something holds nearly all of them"
)]
pub struct NoFreePort(u16);

/// Finds so many free ports on loopback. They are free now; whoever is faster may still take one.
pub(crate) fn free(count: usize) -> Result<Vec<SocketAddr>, NoFreePort> {
    let end = ephemeral_begins();
    // Where to look must differ between runs that go on side by side, not be reproducible: the process does.
    let mut random = Pcg64::seed_from_u64(u64::from(std::process::id()));
    let mut found: Vec<SocketAddr> = Vec::with_capacity(count);
    let mut tries = 0;
    while found.len() < count {
        tries += 1;
        if tries > TRIES_MAX {
            return Err(NoFreePort(end));
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, random.random_range(LOWEST..end)));
        if !found.contains(&address) && TcpListener::bind(address).is_ok() {
            found.push(address);
        }
    }
    Ok(found)
}

fn ephemeral_begins() -> u16 {
    let range =
        std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let begins = range.split_whitespace().next().and_then(|first| first.parse().ok());
    begins.filter(|&port| port > LOWEST + 1_000).unwrap_or(EPHEMERAL_DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_different() {
        let ports = free(20).unwrap();
        assert_eq!(ports.iter().collect::<std::collections::BTreeSet<_>>().len(), 20);
        let taken = TcpListener::bind(ports[0]).unwrap();
        assert!(!free(20).unwrap().contains(&taken.local_addr().unwrap()));
    }
}
