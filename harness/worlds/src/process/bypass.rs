//! Whether a process has a connection that goes past the proxies: a program is told proxied addresses, but nothing keeps it from
//! learning others, and what it sends there no fault of a link can reach.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The state of a connection that is up (proc_net_tcp(5)).
const ESTABLISHED: &str = "01";
/// How an IPv4 address begins among those of IPv6, as the system writes it.
const MAPPED: &str = "0000000000000000FFFF0000";

/// Where the connections of a group of processes lead that are up, over TCP and IPv4: the first process of a node may be a script that
/// starts the one that speaks.
pub(super) fn connections(group: i32) -> io::Result<Vec<SocketAddr>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let pid = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        // A process may have ended since, and has no connections then.
        let stat = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if let Some(pid) = pid.filter(|pid| group_of(&stat(pid)) == Some(group)) {
            all.extend(connections_of(pid).unwrap_or_default());
        }
    }
    Ok(all)
}

/// The group that a process is in (proc_pid_stat(5)). The name before it is in parentheses, and may hold anything.
fn group_of(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

/// The same of one process.
fn connections_of(pid: i32) -> io::Result<Vec<SocketAddr>> {
    let own = sockets(pid)?;
    let mut remote = Vec::new();
    for table in ["tcp", "tcp6"] {
        // A system without IPv6 has no second table.
        let table = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        let of = |(address, inode)| own.contains(&inode).then_some(address);
        remote.extend(established(&table).filter_map(of));
    }
    Ok(remote)
}

/// The sockets that a process has open, by their numbers.
fn sockets(pid: i32) -> io::Result<BTreeSet<u64>> {
    let mut sockets = BTreeSet::new();
    for file in fs::read_dir(format!("/proc/{pid}/fd"))? {
        // It may have been closed since.
        let Ok(target) = fs::read_link(file?.path()) else { continue };
        let number = target.to_str().and_then(|name| name.strip_prefix("socket:["));
        sockets.extend(number.and_then(|name| name.trim_end_matches(']').parse::<u64>().ok()));
    }
    Ok(sockets)
}

/// The connections of a table that are up: where each leads, and the number of its socket.
fn established(table: &str) -> impl Iterator<Item = (SocketAddr, u64)> + '_ {
    table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (remote, state, inode) = (fields.get(2)?, fields.get(3)?, fields.get(9)?);
        (*state == ESTABLISHED).then_some(())?;
        Some((address(remote)?, inode.parse().ok()?))
    })
}

/// `0100007F:1F90` is 127.0.0.1:8080: the bytes of the address as the machine stores them, and the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let host = match host.len() {
        8 => host,
        _ => host.strip_prefix(MAPPED)?,
    };
    let bits = u32::from_str_radix(host, 16).ok()?;
    let ip = IpAddr::V4(Ipv4Addr::from(bits.to_ne_bytes()));
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_connection_of_this_process_is_seen_while_it_is_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = listener.local_addr().unwrap();
        let pid = i32::try_from(std::process::id()).unwrap();
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let group = group_of(&stat).unwrap();
        let own = || {
            let of_group = connections(group).unwrap();
            assert!(connections_of(pid).unwrap().iter().all(|address| of_group.contains(address)));
            of_group
        };
        assert!(!own().contains(&there));
        let stream = TcpStream::connect(there).unwrap();
        let accepted = listener.accept().unwrap();
        assert!(own().contains(&there));
        drop((stream, accepted));
        assert!(!own().contains(&there));
    }

    #[test]
    fn addresses_are_read_as_the_system_writes_them() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:9C40 0300007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 77 1\n\
            1: 0100007F:9C41 0300007F:1F90 06 00000000:00000000 00:00000000 00000000     0        0 78 1\n";
        let found: Vec<_> = established(table).collect();
        #[cfg(target_endian = "little")]
        assert_eq!(found, [("127.0.0.3:8080".parse().unwrap(), 77)]);
        #[cfg(target_endian = "little")]
        assert_eq!(
            address("0000000000000000FFFF00000100007F:0016"),
            Some("127.0.0.1:22".parse().unwrap())
        );
        assert_eq!(address("00000000000000000000000001000000:0016"), None);
    }
}
