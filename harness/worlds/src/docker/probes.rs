//! Scripts that run in infra containers and measure what a node would see, and the reading of what they print. Pure.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

/// What a dial came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dial {
    Open,
    Refused,
    /// Neither within a second.
    Hangs,
}

/// What a probe came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probed {
    /// Answered after so many milliseconds.
    After(u64),
    /// Hung up on after so many milliseconds: the question arrived, or the connection was cut.
    HungUp(u64),
    /// No answer.
    Nothing,
}

/// Dials every target at once, over TCP.
pub(super) fn dial_script(targets: &[(IpAddr, u16)]) -> String {
    let mut script = String::from(
        "dial() { timeout 1 bash -c \"exec 3<>/dev/tcp/$1/$2\" 2>/dev/null; case $? in 0) r=open;; 124) r=hangs;; \
         *) r=refused;; esac; echo \"$1 $2 $r\"; }\n",
    );
    for (ip, port) in targets {
        // Writing to a string cannot fail.
        let _ = writeln!(script, "dial {ip} {port} &");
    }
    script + "wait\n"
}

/// Sends a datagram to every target; whoever is forbidden to send is told so by the kernel.
pub(super) fn datagram_script(targets: &[(IpAddr, u16)]) -> String {
    let mut script = String::from(
        "send() { if bash -c \"echo > /dev/udp/$1/$2\" 2>/dev/null; then r=open; else r=refused; fi; \
         echo \"$1 $2 $r\"; }\n",
    );
    for (ip, port) in targets {
        let _ = writeln!(script, "send {ip} {port}");
    }
    script
}

/// What the targets came to.
pub(super) fn read_dials(output: &str) -> BTreeMap<(IpAddr, u16), Dial> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (ip, port) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let dial = match words.next()? {
            "open" => Dial::Open,
            "refused" => Dial::Refused,
            "hangs" => Dial::Hangs,
            _ => return None,
        };
        Some(((ip, port), dial))
    };
    output.lines().filter_map(line).collect()
}

/// Sends bytes to every target at once and measures how long the first byte of the answer takes, or the hanging up.
pub(super) fn probe_script(
    targets: &[IpAddr],
    port: u16,
    send_hex: &str,
    greeting: u16,
    patience_ms: u64,
) -> String {
    let mut bytes = String::new();
    for pair in send_hex.as_bytes().chunks(2) {
        bytes.push_str("\\x");
        bytes.push_str(&String::from_utf8_lossy(pair));
    }
    let patience = format!("{}.{:03}", patience_ms / 1_000, patience_ms % 1_000);
    // With NUL as its delimiter, read also ends at a NUL byte, which it could not keep.
    let mut script = format!(
        "export LC_ALL=C\nprobe() {{ exec 3<>/dev/tcp/$1/{port} || {{ echo \"$1 nothing\"; return; }}\n\
         [ {greeting} -gt 0 ] && read -r -d '' -N {greeting} -t {patience} -u 3 x\n\
         a=$(date +%s%N); printf '{bytes}' >&3; read -r -d '' -n 1 -t {patience} -u 3 x; c=$?; b=$(date +%s%N)\n\
         if [ $c -gt 128 ]; then echo \"$1 nothing\"; else \
         [ $c -eq 0 ] && how=after || how=hung; echo \"$1 $how $(( (b - a) / 1000000 ))\"; fi; }}\n"
    );
    for ip in targets {
        let _ = writeln!(script, "(probe {ip}) 2>/dev/null &");
    }
    script + "wait\n"
}

/// What the probes came to.
pub(super) fn read_probes(output: &str) -> BTreeMap<IpAddr, Probed> {
    let line = |line: &str| {
        let (ip, took) = line.split_once(' ')?;
        let probed = match took.trim().split_once(' ') {
            None if took.trim() == "nothing" => Probed::Nothing,
            Some(("after", took)) => Probed::After(took.parse().ok()?),
            Some(("hung", took)) => Probed::HungUp(took.parse().ok()?),
            _ => return None,
        };
        Some((ip.parse().ok()?, probed))
    };
    output.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write as _};
    use std::net::TcpListener;

    fn bash(script: &str) -> String {
        let output = std::process::Command::new("bash").args(["-c", script]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn dials_tell_open_from_refused() {
        let open = TcpListener::bind("127.0.0.1:0").unwrap();
        let (open_at, closed_at) = (open.local_addr().unwrap().port(), {
            let gone = TcpListener::bind("127.0.0.1:0").unwrap();
            gone.local_addr().unwrap().port()
        });
        let dials = read_dials(&bash(&dial_script(&[(LOOPBACK, open_at), (LOOPBACK, closed_at)])));
        assert_eq!(dials[&(LOOPBACK, open_at)], Dial::Open);
        assert_eq!(dials[&(LOOPBACK, closed_at)], Dial::Refused);
        assert_eq!(read_dials("10.0.0.1 7 hangs\nnoise\n").len(), 1);
    }

    #[test]
    fn a_probe_measures_until_the_answer_past_the_greeting() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"hello").unwrap();
            let mut asked = [0; 3];
            stream.read_exact(&mut asked).unwrap();
            assert_eq!(asked, [0, 1, 0xff]);
            stream.write_all(&[0]).unwrap();
        });
        let probes = read_probes(&bash(&probe_script(&[LOOPBACK], port, "0001ff", 5, 5_000)));
        assert!(matches!(probes[&LOOPBACK], Probed::After(_)), "{probes:?}");
        server.join().unwrap();
    }

    #[test]
    fn who_hangs_up_has_not_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0]).unwrap();
        });
        let probes = read_probes(&bash(&probe_script(&[LOOPBACK], port, "07", 0, 5_000)));
        assert!(matches!(probes[&LOOPBACK], Probed::HungUp(_)), "{probes:?}");
        server.join().unwrap();
    }

    #[test]
    fn silence_is_no_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let probes = read_probes(&bash(&probe_script(&[LOOPBACK], port, "00", 0, 100)));
        assert_eq!(probes[&LOOPBACK], Probed::Nothing);
    }
}
