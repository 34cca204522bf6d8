//! Trying a target out: does it start, do operations come back, does each fault take hold and go?

#![expect(clippy::disallowed_methods, reason = "it waits, for so long")]

use super::cluster::Cluster;
use super::engine::Engine;
use super::{reap, setup, try_client};
use crate::live::Deployment;
use crate::live::scratch::Scratch;
use crate::settings::Settings;
use afterall_clients::{Client, OpError};
use afterall_engine::driver::Asker;
use afterall_engine::{Plan, WorldError};
use afterall_history::{FaultKind, Value};
use afterall_manifest::ClockSpec;
use afterall_workloads::{Generator, Operation};
use std::time::Duration;

/// How long what was written may take to be read again, everywhere.
const SEEN_MAX: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);
/// How many operations of each workload are tried on each node.
const OPERATIONS: usize = 12;

/// What came of one thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What was tried.
    pub what: String,
    /// Whether it went as it should.
    pub good: bool,
    /// What was seen.
    pub seen: String,
}

/// Brings a target up and tries every workload and every fault of its manifest, one after the other. `tell` hears of each.
///
/// # Errors
/// It does not come up. Whatever was started is gone.
pub async fn trial(
    plans: &[Plan],
    settings: &Settings,
    tell: &mut dyn FnMut(Tried),
) -> Result<(), WorldError> {
    if let Some(plan) = plans.first() {
        try_client(plan.config()).await?;
    }
    let engine = Engine::connect().await.map_err(WorldError::setup)?;
    if let Err(error) = reap::reap(&engine).await {
        (settings.notice)(&format!("could not remove what earlier runs left behind: {error}"));
    }
    let scratch = Scratch::new().map_err(WorldError::setup)?;
    let mut outcome = Ok(());
    for (place, plan) in plans.iter().enumerate() {
        let config = plan.config();
        let workload = config.workload;
        let mut plan = plan.clone();
        let mut cluster = setup::start(engine.clone(), scratch.path(), config, settings).await;
        if let (Err(error), Some(bare)) = (&cluster, without_clock(&plan)) {
            tell(bad(
                format!("{workload}: start with the library that skews clocks"),
                format!("{error}; it is tried without, and without the fault clock"),
            ));
            // Its names are taken until then.
            engine.remove_run(&settings.run_id).await.map_err(WorldError::setup)?;
            plan = bare;
            cluster = setup::start(engine.clone(), scratch.path(), plan.config(), settings).await;
        }
        outcome = match cluster {
            Ok(cluster) => {
                tell(good(format!("{workload}: start"), "every node serves".to_owned()));
                try_workload(&cluster, &plan, tell).await;
                if place == 0 {
                    try_faults(&cluster, &plan, tell).await;
                }
                cluster.save_logs().await.iter().for_each(|left| (settings.notice)(left));
                Ok(())
            }
            Err(error) => Err(WorldError::setup(error)),
        };
        let what = format!("{workload}: clean up");
        tell(match engine.remove_run(&settings.run_id).await {
            Ok(removed) => {
                good(what, format!("{removed} containers, networks and volumes removed"))
            }
            Err(error) => bad(what, error.to_string()),
        });
        if outcome.is_err() {
            break;
        }
    }
    outcome
}

/// The same plan without faults of clocks, for which a library is loaded into the target; none where it has none.
fn without_clock(plan: &Plan) -> Option<Plan> {
    let config = plan.config();
    let preloads = config.manifest.as_ref()?.clock.is_some_and(ClockSpec::is_faketime);
    if !preloads || !config.injects(FaultKind::Clock) {
        return None;
    }
    let mut config = config.clone();
    config.faults.retain(|kind| *kind != FaultKind::Clock);
    Plan::new(config).ok()
}

fn good(what: String, seen: String) -> Tried {
    Tried { what, good: true, seen }
}

fn bad(what: String, seen: String) -> Tried {
    Tried { what, good: false, seen }
}

/// Operations on every node come back, and what was done can be read in the end, everywhere.
async fn try_workload(cluster: &Cluster, plan: &Plan, tell: &mut dyn FnMut(Tried)) {
    let config = plan.config();
    let name = config.workload;
    let mut client = match cluster.client(Asker::Session(0)) {
        Ok(client) => client,
        Err(error) => return tell(bad(format!("{name}: client"), error.to_string())),
    };
    let patience = Duration::from_millis(config.timeout_ms);
    let mut generator = plan.generator();
    for node in 0..cluster.nodes() {
        let (mut ok, mut failed, mut unknown) = (0, Vec::new(), Vec::new());
        for _ in 0..OPERATIONS {
            let operation = generator.next(0);
            let asked = tokio::time::timeout(patience, client.invoke(node, &operation)).await;
            match asked {
                Ok(Ok(answer)) => {
                    ok += 1;
                    if let Some(read) = &answer.read {
                        generator.learn(0, &operation, read);
                    }
                }
                Ok(Err(OpError::Failed(error) | OpError::Exhausted(error))) => failed.push(error),
                Ok(Err(OpError::Indeterminate(error))) => {
                    client.reset();
                    unknown.push(error);
                }
                Err(_) => {
                    client.reset();
                    unknown.push(format!("no answer within {} ms", patience.as_millis()));
                }
            }
        }
        let mut seen = format!("{ok} ok, {} fail, {} info", failed.len(), unknown.len());
        if let Some(error) = unknown.first().or(failed.first()) {
            seen.push_str(&format!("; for example: {error}"));
        }
        // Some nodes refuse updates by design; nobody may be left in doubt while all is well.
        let what = format!("{name}: operations at n{}", node + 1);
        tell(Tried { what, good: ok > 0 && unknown.is_empty(), seen });
    }
    let what = format!("{name}: the nodes agree in the end");
    tell(match agree(cluster, &mut *client, &generator, patience).await {
        Ok(keys) => good(what, format!("on {keys} keys")),
        Err(error) => bad(what, error.to_string()),
    });
}

/// Why nodes do not agree in the end.
#[derive(Debug, thiserror::Error)]
enum Disagreement {
    /// They agree that there is nothing, although something was done.
    #[error("every node returned nothing, although operations were acknowledged")]
    Nothing,
    /// What was seen last.
    #[error("{0}")]
    Trouble(String),
}

/// Reads every key at every node until all say the same, and something.
async fn agree(
    cluster: &Cluster,
    client: &mut dyn Client,
    generator: &Generator,
    patience: Duration,
) -> Result<usize, Disagreement> {
    let began = tokio::time::Instant::now();
    loop {
        let mut trouble = None;
        let mut something = false;
        for key in generator.keys() {
            let mut first = None;
            for node in 0..cluster.nodes() {
                let operation = Operation::read(key);
                let asked = tokio::time::timeout(patience, client.invoke(node, &operation)).await;
                match asked {
                    Ok(Ok(answer)) => {
                        let read = answer.read.unwrap_or(Value::Nil);
                        something |= !matches!(read, Value::Nil | Value::Int(0))
                            && read != Value::List(Vec::new());
                        if first.get_or_insert_with(|| read.clone()) != &read {
                            trouble = Some(format!("{key} differs: {read} at n{}", node + 1));
                        }
                    }
                    Ok(Err(error)) => trouble = Some(format!("n{}: {error}", node + 1)),
                    Err(_) => {
                        client.reset();
                        trouble = Some(format!("n{} does not answer", node + 1));
                    }
                }
            }
        }
        match trouble {
            None if something => return Ok(generator.keys().len()),
            None => return Err(Disagreement::Nothing),
            Some(trouble) if began.elapsed() > SEEN_MAX => {
                return Err(Disagreement::Trouble(trouble));
            }
            Some(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// Each kind of fault once.
async fn try_faults(cluster: &Cluster, plan: &Plan, tell: &mut dyn FnMut(Tried)) {
    let mut seen = Vec::new();
    for (id, planned) in plan.course().schedule.iter().enumerate() {
        let fault = &planned.fault;
        let kind = fault.kind;
        if seen.contains(&kind) {
            continue;
        }
        seen.push(kind);
        let took = cluster.inject(id, fault).await;
        let what = format!("fault {kind}: takes hold");
        tell(Tried { what, good: took.holds, seen: took.to_string() });
        let healed = cluster.heal(id, fault).await;
        let what = format!("fault {kind}: heals");
        tell(Tried { what, good: healed.holds, seen: healed.to_string() });
    }
}
