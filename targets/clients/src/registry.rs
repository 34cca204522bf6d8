//! The store protocols: one row per protocol, with its name, its feature, what it can drive and what it can be told.

#[cfg(feature = "cql")]
use crate::cql::Cql;
#[cfg(feature = "dns")]
use crate::dns::Dns;
#[cfg(feature = "etcd")]
use crate::etcd::Etcd;
use crate::external::ExternalClient;
#[cfg(feature = "redis")]
use crate::redis::Redis;
use crate::reference::ReferenceClient;
#[cfg(feature = "tarantool")]
use crate::tarantool::Tarantool;

use crate::client::Client;
use crate::cluster::Cluster;
use crate::error::ClientError;
use afterall_history::Workload::{
    self, Cart, Chat, Counter, Inventory, Position, Register, Set, Text,
};
use afterall_manifest::{ClientSpec, OptionSpec, OptionSpecs, OptionValues, ProtocolSpec};

/// A store protocol.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    /// What manifests may say about it.
    pub spec: ProtocolSpec,
    /// The feature without which it is not built in.
    pub feature: Option<&'static str>,
    /// Makes a client; nothing where it is not built in.
    open: Option<Open>,
}

type Open = fn(&ClientSpec, Workload, Cluster) -> Result<Box<dyn Client>, ClientError>;

/// The opener of a protocol that a build may leave out.
macro_rules! built {
    ($feature:tt, $open:expr) => {{
        #[cfg(feature = $feature)]
        {
            let open: Open = $open;
            Some(open)
        }
        #[cfg(not(feature = $feature))]
        None
    }};
}

const fn one_of(name: &'static str, values: &'static [&'static str]) -> OptionSpec {
    OptionSpec { name, values: OptionValues::OneOf(values) }
}

const fn text(name: &'static str) -> OptionSpec {
    OptionSpec { name, values: OptionValues::Text }
}

/// Consistency levels of Cassandra, the default first.
const CONSISTENCIES: &[&str] =
    &["ONE", "TWO", "THREE", "QUORUM", "ALL", "LOCAL_ONE", "LOCAL_QUORUM", "EACH_QUORUM"];

/// All protocols. What their options mean stands on top of each one's file.
pub const PROTOCOLS: &[Protocol] = &[
    Protocol {
        spec: ProtocolSpec {
            name: "reference",
            summary: "The reference store's HTTP/JSON.",
            workloads: &[Register, Counter, Cart, Set, Inventory, Chat, Position, Text],
            options: OptionSpecs::Only(&[]),
            needs_command: false,
        },
        feature: None,
        open: Some(|_, workload, cluster| {
            Ok(Box::new(ReferenceClient::new(workload, cluster.addresses)))
        }),
    },
    Protocol {
        spec: ProtocolSpec {
            name: "external",
            summary: "A program that is told operations as lines of JSON: `docs/external-clients.md`.",
            workloads: &[Register, Counter, Cart],
            options: OptionSpecs::Any,
            needs_command: true,
        },
        feature: None,
        open: Some(|spec, workload, cluster| {
            Ok(Box::new(ExternalClient::new(spec, workload, cluster)?))
        }),
    },
    Protocol {
        spec: ProtocolSpec {
            name: "redis",
            summary: "Redis: RESP2.",
            workloads: &[Register, Counter, Cart],
            options: OptionSpecs::Only(&[
                one_of("redirect", &["refuse", "follow"]),
                one_of("readonly", &["no", "yes"]),
                one_of("writes", &["asked", "primary"]),
                OptionSpec { name: "wait", values: OptionValues::UpTo(99) },
            ]),
            needs_command: false,
        },
        feature: Some("redis"),
        open: built!("redis", |spec, workload, cluster| {
            Ok(Box::new(Redis::client(spec, workload, cluster)))
        }),
    },
    Protocol {
        spec: ProtocolSpec {
            name: "etcd",
            summary: "etcd: the JSON gateway of its v3 API.",
            workloads: &[Register],
            options: OptionSpecs::Only(&[one_of("reads", &["linearizable", "serializable"])]),
            needs_command: false,
        },
        feature: Some("etcd"),
        open: built!("etcd", |spec, workload, cluster| {
            Ok(Box::new(Etcd::client(spec, workload, cluster)))
        }),
    },
    Protocol {
        spec: ProtocolSpec {
            name: "tarantool",
            summary: "Tarantool: its binary protocol.",
            workloads: &[Register, Counter],
            options: OptionSpecs::Only(&[]),
            needs_command: false,
        },
        feature: Some("tarantool"),
        open: built!("tarantool", |spec, workload, cluster| {
            Ok(Box::new(Tarantool::client(spec, workload, cluster)))
        }),
    },
    Protocol {
        spec: ProtocolSpec {
            name: "dns",
            summary: "DNS, with dynamic updates.",
            workloads: &[Register],
            options: OptionSpecs::Only(&[text("zone"), text("primary")]),
            needs_command: false,
        },
        feature: Some("dns"),
        open: built!("dns", |spec, workload, cluster| {
            Ok(Box::new(Dns::client(spec, workload, cluster)?))
        }),
    },
    Protocol {
        spec: ProtocolSpec {
            name: "cql",
            summary: "Cassandra: its native protocol.",
            workloads: &[Register, Counter, Cart],
            options: OptionSpecs::Only(&[
                one_of("consistency", CONSISTENCIES),
                one_of("read-consistency", CONSISTENCIES),
                one_of("timestamps", &["server"]),
            ]),
            needs_command: false,
        },
        feature: Some("cql"),
        open: built!("cql", |spec, workload, cluster| {
            Ok(Box::new(Cql::client(spec, workload, cluster)))
        }),
    },
];

/// What manifests may say about each protocol.
#[must_use]
pub fn specs() -> Vec<ProtocolSpec> {
    PROTOCOLS.iter().map(|protocol| protocol.spec).collect()
}

/// Makes a client. No connection is made yet.
///
/// # Errors
/// The protocol does not fit the workload or the options, or is not built in.
pub fn open(
    spec: &ClientSpec,
    workload: Workload,
    cluster: Cluster,
) -> Result<Box<dyn Client>, ClientError> {
    let Some(protocol) = PROTOCOLS.iter().find(|protocol| protocol.spec.name == spec.protocol)
    else {
        return Err(ClientError::Unknown(spec.protocol.clone()));
    };
    let Some(open) = protocol.open else {
        return Err(ClientError::NotBuilt(protocol.feature.unwrap_or_default()));
    };
    if !protocol.spec.workloads.contains(&workload) {
        return Err(ClientError::Workload { protocol: protocol.spec.name, workload });
    }
    protocol.spec.check_options(&spec.options)?;
    open(spec, workload, cluster)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn open_one(
        protocol: &str,
        workload: Workload,
        options: &[(&str, &str)],
    ) -> Result<Box<dyn Client>, ClientError> {
        let options = options.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let (protocol, command) = (protocol.to_owned(), vec!["true".to_owned()]);
        let spec = ClientSpec { protocol, port: 1, command, options };
        let (names, addresses) =
            (vec!["n1".to_owned()], vec![SocketAddr::from(([127, 0, 0, 1], 1))]);
        open(&spec, workload, Cluster { names, internal: Vec::new(), addresses })
    }

    #[test]
    fn a_protocol_is_built_in_or_the_feature_that_it_needs_is_told() {
        for protocol in PROTOCOLS {
            match open_one(protocol.spec.name, Register, &[]) {
                Ok(_) => assert!(protocol.open.is_some(), "{protocol:?}"),
                Err(error) => {
                    let feature = protocol.feature.unwrap();
                    assert_eq!(error, ClientError::NotBuilt(feature));
                    assert!(error.to_string().ends_with(&format!("--features {feature}")));
                }
            }
        }
    }

    #[test]
    fn what_a_protocol_cannot_do_is_told() {
        let error = |protocol, workload, options| match open_one(protocol, workload, options) {
            Ok(_) => panic!("{protocol} {workload:?} {options:?}"),
            Err(error) => error.to_string(),
        };
        let text = error("reference", Workload::Mutex, &[]);
        assert_eq!(text, "the reference client cannot drive a mutex");
        let text = error("reference", Register, &[("colour", "red")]);
        let expected =
            "expected no options, since the protocol reference has none, found \"colour\"";
        assert_eq!(text, expected);
        assert_eq!(error("radish", Register, &[]), "unknown protocol \"radish\"");
    }

    #[test]
    fn every_manifest_that_comes_with_the_program_is_right() {
        for name in afterall_manifest::builtin_names() {
            assert_eq!(afterall_manifest::load(name, &specs()).unwrap().name, name);
        }
    }

    #[test]
    fn the_published_schema_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifest.schema.json");
        let published = std::fs::read_to_string(path).unwrap_or_default();
        let hint = "write it anew: cargo run -- target schema > targets/manifest.schema.json";
        assert!(published.trim_end() == afterall_manifest::schema(&specs()), "{hint}");
    }
}
