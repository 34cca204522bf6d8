//! Addresses for nodes. Ports are below the range from which the system takes ports for outgoing connections, so that a
//! node that is killed finds its port free when it comes back; and the host is a loopback address that no other run on
//! this machine uses, where the system has more than one (Linux has all of 127.0.0.0/8), so that runs side by side
//! cannot take each other's ports.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Searches of this process.
static SEARCHES: AtomicU32 = AtomicU32::new(0);

const LOWEST: u16 = 15_000;
/// Where the ephemeral range begins if the system does not say (the IANA suggestion is 49152, Linux has 32768).
const EPHEMERAL_DEFAULT: u16 = 32_768;
const TRIES_MAX: u32 = 20_000;

/// No port is free.
#[derive(Debug, thiserror::Error)]
#[error("found no free ports on {0} between {LOWEST} and {1}: something holds nearly all of them")]
pub struct NoFreePort(Ipv4Addr, u16);

/// Finds so many free addresses on loopback. They are free now; whoever is faster may still take one. `attempt` makes
/// the choice another one.
pub(crate) fn free(count: usize, attempt: u32) -> Result<Vec<SocketAddr>, NoFreePort> {
    let end = ephemeral_begins();
    let host = host(std::process::id());
    // Where to look must differ between runs that go on side by side, not be reproducible: the process and the number of
    // the search do.
    let search = u64::from(SEARCHES.fetch_add(1, Ordering::Relaxed));
    let seed = u64::from(std::process::id()) | u64::from(attempt) << 32 | search << 40;
    let mut random = Pcg64::seed_from_u64(seed);
    let mut found: Vec<SocketAddr> = Vec::with_capacity(count);
    let mut tries = 0;
    while found.len() < count {
        tries += 1;
        if tries > TRIES_MAX {
            return Err(NoFreePort(host, end));
        }
        let address = SocketAddr::from((host, random.random_range(LOWEST..end)));
        if !found.contains(&address) && TcpListener::bind(address).is_ok() {
            found.push(address);
        }
    }
    Ok(found)
}

/// The process's own loopback address; 127.0.0.1 where the system has no other.
fn host(process: u32) -> Ipv4Addr {
    // Linux numbers processes below 2^22: eight bits and twice seven, and no address ends in 0 or 255.
    let [high, middle, low] = [process >> 14 & 255, process >> 7 & 127, process & 127];
    let own = Ipv4Addr::from_bits(127 << 24 | high << 16 | middle << 8 | (low + 1));
    if TcpListener::bind((own, 0)).is_ok() { own } else { Ipv4Addr::LOCALHOST }
}

/// Whether somebody listens on one of these addresses.
pub(crate) fn any_taken(addresses: &[SocketAddr]) -> bool {
    addresses.iter().any(|address| TcpListener::bind(address).is_err())
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
        let ports = free(20, 0).unwrap();
        assert_eq!(ports.iter().collect::<std::collections::BTreeSet<_>>().len(), 20);
        let taken = TcpListener::bind(ports[0]).unwrap();
        assert!(!free(20, 0).unwrap().contains(&taken.local_addr().unwrap()));
        assert_ne!(free(20, 1).unwrap(), ports);
    }

    #[test]
    fn processes_have_hosts_of_their_own() {
        let hosts: std::collections::BTreeSet<_> = (1..1_000).map(host).collect();
        assert!(hosts.iter().all(Ipv4Addr::is_loopback));
        // Where there is only one loopback address, there is only one.
        assert!(hosts.len() == 1 || hosts.len() > 990, "{}", hosts.len());
    }
}
