//! The world that a plan asks for.

use crate::settings::Settings;
use crate::{attached, docker, process};
use afterall_engine::{Plan, World, WorldError, WorldKind};
use afterall_sim::Reference;

/// The world that a plan asks for. Its cluster is not up yet.
///
/// # Errors
/// The system gives no threads, or no temporary folder.
pub fn open(plan: &Plan, settings: &Settings) -> Result<Box<dyn World>, WorldError> {
    Ok(match plan.config().world {
        WorldKind::Sim => Reference::world(plan),
        WorldKind::Process => Box::new(process::open(plan, settings)?),
        WorldKind::Docker => Box::new(docker::open(plan, settings)?),
        WorldKind::Attached => Box::new(attached::open(plan, settings)?),
    })
}
