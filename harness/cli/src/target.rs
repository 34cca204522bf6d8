//! `target list`, `target new`, `target check`.

use crate::args::{NewArgs, TargetCommand, TrialArgs, usage};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::opening::{settings, stopped_by_signals};
use crate::unseen::judged;
use afterall_checkers::words::counted;
use afterall_engine::config::REFERENCE;
use afterall_engine::{Plan, RunConfig, WorldKind};
use afterall_history::{FaultKind, Lie, Property};
use afterall_manifest::{Manifest, builtin};
use afterall_worlds::docker::{self, Tried};
use afterall_worlds::stopped;
use std::path::Path;
use std::time::Duration;

/// The manifest that `target new` writes, to be filled in.
const MANIFEST: &str = include_str!("skeleton/manifest.toml");
/// The same for nodes that are programs on this machine.
const OF_PROGRAMS: &str = include_str!("skeleton/process.toml");
/// The client that it writes.
const CLIENT: &str = include_str!("skeleton/client.py");

pub(crate) fn target(command: &TargetCommand) -> Result<Exit, Failure> {
    match command {
        TargetCommand::List => list(),
        TargetCommand::New(args) => new(args),
        TargetCommand::Check(args) => check(args),
        TargetCommand::Schema => {
            println!("{}", afterall_manifest::schema(&afterall_clients::specs()));
            Ok(Exit::Valid)
        }
    }
}

fn list() -> Result<Exit, Failure> {
    for name in afterall_manifest::builtin_names() {
        let manifest = afterall_manifest::load(name, &afterall_clients::specs())?;
        println!("{name}\n    {}", manifest.summary);
        let of_flavour = name == REFERENCE;
        let promises =
            |(workload, promises): (&afterall_history::Workload, &Vec<_>)| match of_flavour {
                true => workload.name().to_owned(),
                false => {
                    format!("{} ({})", workload.name(), counted(promises.len() as u64, "promise"))
                }
            };
        let workloads: Vec<String> = manifest.promises.iter().map(promises).collect();
        println!("    workloads: {}", workloads.join(", "));
        let faults: Vec<&str> = manifest.faults.iter().map(|kind| kind.name()).collect();
        if of_flavour {
            println!("    promises:  by flavour, see `afterall list flavours`");
            println!("    faults:    {} (in the docker world)", faults.join(", "));
        } else {
            println!("    faults:    {}", faults.join(", "));
        }
    }
    Ok(Exit::Valid)
}

fn new(args: &NewArgs) -> Result<Exit, Failure> {
    let name = &args.name;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 40 || !name.bytes().all(fits) {
        return Err(Failure::usage(format!(
            "expected a name of 1 to 40 lower-case letters, digits and hyphens, found {name:?}"
        )));
    }
    let folder = args.folder.join(name);
    if folder.exists() {
        return Err(Failure::usage(format!(
            "{} is there already; nothing was changed",
            folder.display()
        )));
    }
    let manifest = folder.join(format!("{name}.toml"));
    std::fs::create_dir_all(&folder)?;
    let text = if args.process { OF_PROGRAMS } else { MANIFEST };
    std::fs::write(&manifest, text.replace("NAME", name))?;
    std::fs::write(folder.join("client.py"), CLIENT)?;
    println!("{}: what it is and how it is started", manifest.display());
    println!("{}: how it is spoken to", folder.join("client.py").display());
    let next = if args.process { "run" } else { "target check" };
    println!("next: fill both in, then `afterall {next} {}`", manifest.display());
    Ok(Exit::Valid)
}

fn check(args: &TrialArgs) -> Result<Exit, Failure> {
    let manifest = afterall_manifest::load(&args.target, &afterall_clients::specs())
        .map_err(Failure::usage)?;
    let plans = plans(args, &manifest)?;
    for plan in &plans {
        docker::check(plan.config()).map_err(Failure::usage)?;
    }
    let logs = tempfile::tempdir()?;
    let logs_kept = args.logs.as_deref().unwrap_or(logs.path());
    std::fs::create_dir_all(logs_kept)?;
    let mut failed = 0;
    let mut tell = |tried: Tried| {
        failed += usize::from(!tried.good);
        println!(
            "{}  {}: {}",
            if tried.good { "ok    " } else { "FAILED" },
            tried.what,
            tried.seen
        );
    };
    println!("ok      manifest: {} is understood", args.target);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(trial(&plans, logs_kept, &mut tell))?;
    drop(runtime);
    lies(&plans, logs_kept, &mut tell)?;
    match failed {
        0 => {
            println!("{} can be run: afterall run {}", manifest.name, args.target);
            Ok(Exit::Valid)
        }
        failed => {
            println!(
                "{failed} of these failed: see above, and --logs FOLDER for what the nodes printed"
            );
            Ok(Exit::Invalid)
        }
    }
}

async fn trial(plans: &[Plan], logs: &Path, tell: &mut dyn FnMut(Tried)) -> Result<(), Failure> {
    let settings = settings(logs.to_owned());
    let stop = stopped_by_signals(WorldKind::Docker);
    tokio::select! {
        outcome = docker::trial(plans, &settings, tell) => Ok(outcome?),
        () = stopped(&stop) => {
            docker::remove(&settings.run_id).await?;
            Err(Failure::failed("stopped by the user"))
        }
    }
}

/// Whether a run against the target could be found wrong: a short run for each lie that a workload and its promises can show.
fn lies(plans: &[Plan], logs: &Path, tell: &mut dyn FnMut(Tried)) -> Result<(), Failure> {
    for plan in plans {
        let config = plan.config();
        let fitting = config.fitting_lies();
        for &lie in Lie::ALL.iter().filter(|lie| lie.workloads().contains(&config.workload)) {
            let what = format!("{}: lie {lie}", config.workload);
            if !fitting.contains(&lie) {
                let seen = "not tried: it breaks nothing that is promised".to_owned();
                tell(Tried { what, good: true, seen });
                continue;
            }
            let lying = RunConfig {
                lie: Some(lie),
                faults: Vec::new(),
                time_ms: LYING_MS,
                ..config.clone()
            };
            let verdict = judged(lying, logs)?;
            let found: Vec<&str> = verdict.lie_found_by().into_iter().map(Property::name).collect();
            let good = !found.is_empty();
            let seen = match verdict.reasons.first() {
                _ if good => format!("found: {} broken", found.join(", ")),
                Some(reason) => format!("NOT found by the checkers: {reason}"),
                None => "NOT found by the checkers".to_owned(),
            };
            tell(Tried { what, good, seen });
        }
    }
    Ok(())
}

/// How long a lie is told.
const LYING_MS: u64 = 8_000;

/// A plan for each workload: the first with every fault that the manifest lists.
fn plans(args: &TrialArgs, manifest: &Manifest) -> Result<Vec<Plan>, Failure> {
    let mut plans = Vec::new();
    for workload in manifest.workloads() {
        let path = builtin(&args.target).is_none().then(|| args.target.clone());
        let mut config = RunConfig::builder()
            .target(manifest.clone(), path)
            .world(WorldKind::Docker)
            .workload(workload)
            .images(args.images.iter().cloned().collect())
            // Room for every kind once.
            .time(Duration::from_secs(10 * (1 + FaultKind::ALL.len() as u64)))
            .nodes(args.nodes)
            .seed(1);
        if !plans.is_empty() {
            config = config.faults([]);
        }
        plans.push(Plan::new(config.build()).map_err(usage)?);
    }
    Ok(plans)
}
