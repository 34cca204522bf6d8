//! What can be known to be wrong before an engine is asked for anything.

use super::error::SetupError;
use afterall_clients::Cluster as Asked;
use afterall_engine::{ConfigError, RunConfig};
use afterall_manifest::Place;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Checks that the client can be had for this cluster, and that every template can be filled in for each of its nodes.
///
/// # Errors
/// What is wrong. Nothing was started.
pub fn check(config: &RunConfig) -> Result<(), SetupError> {
    let manifest = config.manifest.as_ref().ok_or(ConfigError::NoManifest)?;
    // Addresses are known only when containers are up; any do here.
    let internal: Vec<IpAddr> =
        (1..=config.nodes).map(|n| Ipv4Addr::from(0x0a00_0000 + u32::from(n)).into()).collect();
    let addresses = internal.iter().map(|ip| SocketAddr::new(*ip, manifest.client.port)).collect();
    let asked = Asked { names: config.node_names(), internal: internal.clone(), addresses };
    afterall_clients::open(&manifest.client, config.workload, asked)?;
    let ips: Vec<String> = internal.iter().map(ToString::to_string).collect();
    for node in 0..ips.len() {
        let place = place_of(config, node, &ips, String::new());
        manifest.fill_all(&place).map_err(|(what, error)| SetupError::Template {
            what: format!("{what}, for n{} of {}", node + 1, ips.len()),
            error,
        })?;
    }
    Ok(())
}

/// What templates are told of a node.
pub(super) fn place_of(config: &RunConfig, node: usize, ips: &[String], time: String) -> Place {
    let mut place = Place::new(node, ips, config.seed);
    place.flavour = config.flavour.map(|flavour| flavour.to_string()).unwrap_or_default();
    place.mutant = config.mutant.map(|mutant| mutant.to_string()).unwrap_or_default();
    if !config.mechanisms.is_usual() {
        place.mechanisms = config.mechanisms.to_string();
    }
    let copies = config.copies.options();
    place.copies = copies.map(|(flag, given)| format!("{flag}\n{given}\n")).collect();
    place.time = time;
    place
}
