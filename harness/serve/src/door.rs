//! Who may ask, and for what.

use crate::address::decoded;
use std::net::{IpAddr, SocketAddr};

/// How often a path is decoded to see whether it hides something.
const DECODED_MAX: usize = 4;

/// Why something is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The status of the answer.
    pub(crate) status: u16,
    /// What is wrong, in a sentence.
    pub(crate) why: &'static str,
}

/// What is asked, as it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The method.
    pub(crate) method: &'a str,
    /// The path, not decoded.
    pub(crate) path: &'a str,
    /// The host in the request's line, if it has one there.
    pub(crate) authority: Option<&'a str>,
    /// Each `Host` header.
    pub(crate) hosts: &'a [&'a str],
}

/// Where is listened.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// The host as it was named.
    pub(crate) named: String,
    /// The address.
    pub(crate) address: SocketAddr,
}

impl Door {
    /// The path that is asked for, decoded, if it may be asked for.
    ///
    /// # Errors
    /// It may not.
    pub(crate) fn path(&self, asked: Asked<'_>) -> Result<String, Refused> {
        let refused = |status, why| Err(Refused { status, why });
        if !matches!(asked.method, "GET" | "HEAD") {
            return refused(405, "Only GET and HEAD are answered: nothing can be changed here.");
        }
        let [host] = asked.hosts else {
            return refused(400, "Expected one Host header.");
        };
        let here = self.is_here(host) && asked.authority.is_none_or(|host| self.is_here(host));
        if !here {
            // A page from elsewhere whose name was made to lead here.
            return refused(
                421,
                "That is not the name of this server: open it by its address, such as 127.0.0.1.",
            );
        }
        let mut path = asked.path.to_owned();
        let mut first = None;
        for _ in 0..DECODED_MAX {
            if climbs(&path) {
                return refused(400, "A path may not lead upwards.");
            }
            match decoded(&path) {
                None if first.is_none() => return refused(400, "The path cannot be read."),
                None => break,
                Some(next) => {
                    first.get_or_insert_with(|| next.clone());
                    if next == path {
                        break;
                    }
                    path = next;
                }
            }
        }
        if climbs(&path) {
            return refused(400, "A path may not lead upwards.");
        }
        let path = first.unwrap_or_default();
        match path.chars().any(char::is_control) {
            true => refused(400, "The path cannot be read."),
            false => Ok(path),
        }
    }

    /// Whether a host, with or without its port, is this server's. The port may be another one, of a tunnel that leads here.
    fn is_here(&self, host: &str) -> bool {
        let Some(name) = name(host) else { return false };
        if name.eq_ignore_ascii_case("localhost") || name.eq_ignore_ascii_case(&self.named) {
            return true;
        }
        let Ok(ip) = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() else {
            return false;
        };
        // An address is no name that somebody else could have lead here.
        let own = self.address.ip();
        ip.is_loopback() || ip == own || own.is_unspecified()
    }
}

/// The name of a host without its port: `localhost`, `127.0.0.1`, `[::1]`.
fn name(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.find(']')) {
        Some(end) => host.split_at(end + 2),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = port.strip_prefix(':').map_or(port.is_empty(), |port| {
        !port.is_empty() && port.len() <= 5 && port.bytes().all(|digit| digit.is_ascii_digit())
    });
    (port && !name.is_empty()).then_some(name)
}

/// Whether a path has a part that leads upwards, with slashes of either kind.
fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| matches!(part.trim(), ".." | "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(address: &str, named: &str) -> Door {
        Door { named: named.to_owned(), address: address.parse().unwrap() }
    }

    fn status(door: &Door, method: &str, path: &str, host: &str) -> u16 {
        let asked = Asked { method, path, authority: None, hosts: &[host] };
        door.path(asked).map_or_else(|refused| refused.status, |_| 200)
    }

    #[test]
    fn only_reading_is_answered() {
        let door = door("127.0.0.1:8080", "127.0.0.1");
        for method in ["GET", "HEAD"] {
            assert_eq!(status(&door, method, "/", "localhost"), 200);
        }
        for method in
            ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "FOO"]
        {
            assert_eq!(status(&door, method, "/", "localhost"), 405, "{method}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_hosts() {
        let here = door("127.0.0.1:8080", "127.0.0.1");
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "127.0.0.1",
            "[::1]:8080",
            "[::1]",
            "127.9.9.9",
            "localhost:1",
        ] {
            assert_eq!(status(&here, "GET", "/", host), 200, "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:8080",
            "",
            ":8080",
            "192.168.0.1",
            "localhost:x",
            "localhost:8080:9",
            "[::1",
            "::1",
            "localhost@evil.example",
            "0.0.0.0",
        ] {
            assert_eq!(status(&here, "GET", "/", host), 421, "{host}");
        }
        let named = door("192.168.0.7:80", "box.example");
        assert_eq!(status(&named, "GET", "/", "box.example:80"), 200);
        assert_eq!(status(&named, "GET", "/", "192.168.0.7"), 200);
        assert_eq!(status(&named, "GET", "/", "192.168.0.8"), 421);
        let everywhere = door("0.0.0.0:80", "0.0.0.0");
        assert_eq!(status(&everywhere, "GET", "/", "192.168.0.8"), 200);
        assert_eq!(status(&everywhere, "GET", "/", "evil.example"), 421);
    }

    #[test]
    fn one_host_is_asked_and_the_line_says_no_other() {
        let door = door("127.0.0.1:8080", "127.0.0.1");
        let of = |hosts: &[&str], authority| {
            door.path(Asked { method: "GET", path: "/", authority, hosts })
                .err()
                .map(|of| of.status)
        };
        assert_eq!(of(&[], None), Some(400));
        assert_eq!(of(&["localhost", "evil.example"], None), Some(400));
        assert_eq!(of(&["localhost"], Some("evil.example")), Some(421));
        assert_eq!(of(&["localhost"], Some("localhost:8080")), None);
    }

    #[test]
    fn no_path_leads_upwards_however_it_is_written() {
        let door = door("127.0.0.1:8080", "127.0.0.1");
        for path in [
            "/run/../x",
            "/..",
            "/run/a/..",
            "/run/%2e%2e/x",
            "/run/%2E./x",
            "/run/a%2f..%2fb",
            "/run/%252e%252e/x",
            "/run/%252e%252e%252fx",
            "/run/%25252e%25252e/x",
            "/run/..%5cx",
            "/run/..\\x",
            "/run/%5c..%5cx",
            "/run/./x",
            "/run/.%20./../x",
        ] {
            assert_eq!(status(&door, "GET", path, "localhost"), 400, "{path}");
        }
        for path in ["/run/%", "/run/%zz", "/run/%ff", "/run/a%00b", "/run/a%0ab"] {
            assert_eq!(status(&door, "GET", path, "localhost"), 400, "{path}");
        }
        let asked = |path| Asked { method: "GET", path, authority: None, hosts: &["localhost"] };
        assert_eq!(door.path(asked("/run/a%20b..c/100%25")).as_deref(), Ok("/run/a b..c/100%"));
    }
}
