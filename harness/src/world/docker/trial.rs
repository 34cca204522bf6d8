//! Trying a target out: does it start, do operations come back, does each fault take hold and go?

#![expect(clippy::disallowed_methods, reason = "it waits, for so long")]

use super::cluster::Cluster;
use super::engine::Engine;
use super::{Deployment, reap, setup};
use crate::config::RunConfig;
use crate::driver::Client as Who;
use crate::nemesis::Planned;
use crate::world::live::scratch::Scratch;
use afterall_clients::{Client, OpError};
use afterall_history::Value;
use afterall_workloads::{Generator, Operation};
use std::path::Path;
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
    configs: &[RunConfig],
    id: &str,
    logs: &Path,
    tell: &mut dyn FnMut(Tried),
) -> Result<(), super::live::RunError> {
    let setup_error = |error: String| super::live::RunError::Setup(error);
    let engine = Engine::connect().await.map_err(|error| setup_error(error.to_string()))?;
    if let Err(error) = reap::reap(&engine).await {
        eprintln!("warning: could not remove what earlier runs left behind: {error}");
    }
    let scratch = Scratch::new()?;
    let mut outcome = Ok(());
    for config in configs {
        let cluster = setup::start(engine.clone(), id, scratch.path(), config, logs).await;
        outcome = match cluster {
            Ok(cluster) => {
                tell(good(
                    format!("{}: start", config.workload.name()),
                    "every node serves".to_owned(),
                ));
                try_workload(&cluster, config, tell).await;
                if config.workload == configs[0].workload {
                    try_faults(&cluster, config, tell).await?;
                }
                cluster.save_logs().await;
                Ok(())
            }
            Err(error) => Err(setup_error(error.to_string())),
        };
        match engine.remove_run(id).await {
            Ok(removed) => tell(good(
                format!("{}: clean up", config.workload.name()),
                format!("{removed} containers, networks and volumes removed"),
            )),
            Err(error) => {
                tell(bad(format!("{}: clean up", config.workload.name()), error.to_string()))
            }
        }
        if outcome.is_err() {
            break;
        }
    }
    outcome
}

fn good(what: String, seen: String) -> Tried {
    Tried { what, good: true, seen }
}

fn bad(what: String, seen: String) -> Tried {
    Tried { what, good: false, seen }
}

/// Operations on every node come back, and what was done can be read in the end, everywhere.
async fn try_workload(cluster: &Cluster, config: &RunConfig, tell: &mut dyn FnMut(Tried)) {
    let name = config.workload.name();
    let mut client = match cluster.client(Who::Session(0)) {
        Ok(client) => client,
        Err(error) => return tell(bad(format!("{name}: client"), error)),
    };
    let patience = Duration::from_millis(config.timeout_ms);
    let mut generator = match config.generator() {
        Ok(generator) => generator,
        Err(error) => return tell(bad(format!("{name}: generator"), error.to_string())),
    };
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
                Ok(Err(OpError::Failed(error))) => failed.push(error),
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
        Err(error) => bad(what, error),
    });
}

/// Reads every key at every node until all say the same, and something.
async fn agree(
    cluster: &Cluster,
    client: &mut dyn Client,
    generator: &Generator,
    patience: Duration,
) -> Result<usize, String> {
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
            None => return Err("nothing that was done is to be read".to_owned()),
            Some(trouble) if began.elapsed() > SEEN_MAX => return Err(trouble),
            Some(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// Each kind of fault once.
async fn try_faults(
    cluster: &Cluster,
    config: &RunConfig,
    tell: &mut dyn FnMut(Tried),
) -> Result<(), super::live::RunError> {
    let mut seen = Vec::new();
    for (id, Planned { fault, .. }) in config.plan()?.schedule.into_iter().enumerate() {
        let kind = fault.kind();
        if seen.contains(&kind) {
            continue;
        }
        seen.push(kind);
        let took = cluster.inject(id, &fault).await;
        tell(Tried {
            what: format!("fault {kind}: takes hold"),
            good: took.holds,
            seen: took.text,
        });
        let healed = cluster.heal(id, &fault).await;
        tell(Tried { what: format!("fault {kind}: heals"), good: healed.holds, seen: healed.text });
    }
    Ok(())
}
