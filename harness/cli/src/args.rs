//! What can be said on the command line, and what it resolves to.

use crate::failure::Failure;
use crate::recorded::{ReadArgs, exports};
use afterall_engine::config::{MaxBound, REFERENCE};
use afterall_engine::{ConfigError, RunConfig, SessionKind, WorldKind};
use afterall_formats::Format;
use afterall_history::FaultKind;
use afterall_history::Workload;
use afterall_manifest::builtin;
use afterall_node::NodeArgs;
use afterall_reference::core::{Flavour, MUTANTS, Mutant};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// After all the updates have stopped, do all the replicas agree, and what was lost on the way?
#[derive(Debug, Parser)]
#[command(name = "afterall", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring up a cluster, drive it under faults, and judge what happened
    Run(RunArgs),
    /// The same run again, from a run's folder or its run.toml
    Replay(ReplayArgs),
    /// Judge a recorded history
    Check(CheckArgs),
    /// Write a run's reports again
    Report(ReportArgs),
    /// Write a history as other tools read it
    Export(ExportArgs),
    /// Say what works on this machine, and what to do about the rest
    Doctor(DoctorArgs),
    /// Targets: which there are, a new one, whether one works
    #[command(subcommand)]
    Target(TargetCommand),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Be a reference node (the harness starts these)
    #[command(hide = true)]
    Node(NodeArgs),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum WorkloadName {
    Register,
    Counter,
    Cart,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The system under test: its name (`afterall target list`), or the path of its manifest
    #[arg(default_value = REFERENCE)]
    pub(crate) target: String,
    /// The data type to drive [default: register, or the one that shows the mutant]
    #[arg(long, value_enum)]
    pub(crate) workload: Option<WorkloadName>,
    /// Where to run it: process (real processes, proxies and clocks), docker (containers) or sim (virtual time,
    /// milliseconds) [default: process for the reference node, docker for every other target]
    #[arg(long)]
    pub(crate) world: Option<WorldKind>,
    /// How many nodes [default: 5 for the reference node, else what the manifest says]
    #[arg(long)]
    pub(crate) nodes: Option<u16>,
    /// How many sessions at a time
    #[arg(long, default_value_t = 10)]
    pub(crate) concurrency: u32,
    /// Where a session's operations go: sticky (one node), roaming (any), mixed (half and half)
    #[arg(long, default_value = "mixed")]
    pub(crate) sessions: SessionKind,
    /// Operations a second over all sessions [default: as fast as possible; in the sim 2000]
    #[arg(long)]
    pub(crate) rate: Option<u32>,
    /// How long the load lasts: healthy, under fault, healed [default: 20s; in the docker world longer, by the number
    /// of kinds of faults]
    #[arg(long, value_parser = humantime::parse_duration)]
    pub(crate) time: Option<Duration>,
    /// How long the replicas may take to agree once the updates have stopped [default: 20s, or what the manifest says]
    #[arg(long, value_parser = humantime::parse_duration)]
    pub(crate) quiescence: Option<Duration>,
    /// When an operation is given up
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
    /// What everything random follows from [default: drawn, and printed]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// The faults, separated by commas: partition, latency, kill, pause, clock, and in the docker world stop, black-hole,
    /// udp-drop, corrupt; or none [default: all that world and target have, or those that bring out the mutant]
    #[arg(long, value_delimiter = ',')]
    pub(crate) faults: Option<Vec<String>>,
    /// The reference node's conflict rules: lww, lww-hlc, crdt [default: crdt, or the mutant's]
    #[arg(long)]
    pub(crate) flavour: Option<Flavour>,
    /// A known bug to switch on, to see it found
    #[arg(long, long_help = mutant_help())]
    pub(crate) mutant: Option<Mutant>,
    /// How often a property may still break, at most, for its promise to count as put to the test: a share of its chances (30%
    /// takes ten chances), or none
    #[arg(long, value_name = "SHARE", default_value_t = MaxBound::USUAL)]
    pub(crate) max_bound: MaxBound,
    /// Where to keep runs
    #[arg(long, default_value = "store")]
    pub(crate) store: PathBuf,
    /// A Toxiproxy to use in place of the embedded one, as http://HOST:PORT
    #[arg(long)]
    pub(crate) toxiproxy: Option<String>,
    /// An image to use in the docker world in place of the usual one, as toxiproxy=NAME, infra=NAME or PROCESS=NAME;
    /// repeat for each
    #[arg(long = "image", value_parser = parse_image)]
    pub(crate) images: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The run's folder, or its run.toml
    pub(crate) run: PathBuf,
    /// Where to keep runs
    #[arg(long, default_value = "store")]
    pub(crate) store: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The histories: this program's own, the folders of its runs, or such as other tools recorded. Of several each gets
    /// one line, and the worst of them decides the exit code
    #[arg(required = true, value_name = "HISTORY")]
    pub(crate) histories: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// What the history is held to, in place of what it says itself or of what is usual; repeat for each, or none
    #[arg(long = "promise", value_name = "PROMISE")]
    pub(crate) promises: Vec<String>,
    /// As in `run`; a promise with fewer chances was hardly put to the test [default: what the history says; none for those of
    /// other tools]
    #[arg(long, value_name = "SHARE")]
    pub(crate) max_bound: Option<MaxBound>,
    /// Print the verdict as JSON; of several histories one line for each, with its `file`
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) reports: ReportFiles,
}

/// Reports of one history; a file that is there already is replaced.
#[derive(Debug, Args)]
pub(crate) struct ReportFiles {
    /// Also write the report as one HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Also write the verdict for CI servers, one test case per property
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Also write the top findings in Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The history, or the folder of its run
    pub(crate) history: PathBuf,
    /// How to write it
    #[arg(long = "as", value_name = "FORMAT", value_parser = exports())]
    pub(crate) to: Format,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Where to write it; the file must not be there yet [default: standard output]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The folder of a run
    pub(crate) run: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Remove what runs that were killed left behind
    #[arg(long)]
    pub(crate) reap: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TargetCommand {
    /// The targets that come with the program
    List,
    /// Write a manifest and a client in Python, to be filled in
    New(NewArgs),
    /// Try a target out in the docker world: does it start, do operations come back, does each fault take hold and go
    Check(TrialArgs),
    /// Print the JSON schema of manifests, for editors
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The target's name: lower-case letters, digits and hyphens
    pub(crate) name: String,
    /// Where to make its folder
    #[arg(long, default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct TrialArgs {
    /// The target: its name, or the path of its manifest
    pub(crate) target: String,
    /// How many nodes [default: what the manifest says]
    #[arg(long)]
    pub(crate) nodes: Option<u16>,
    /// Where to keep what the nodes print
    #[arg(long)]
    pub(crate) logs: Option<PathBuf>,
    /// An image to use in place of the usual one, as in `run`
    #[arg(long = "image", value_parser = parse_image)]
    pub(crate) images: Vec<(String, String)>,
}

fn mutant_help() -> String {
    let mut help = "A known bug to switch on, to see it found:\n".to_owned();
    for row in MUTANTS {
        help.push_str(&format!("\n- {}: {} (breaks {})", row.name, row.summary, row.breaks.name()));
    }
    help
}

impl RunArgs {
    /// The configuration that is meant, every default filled in.
    pub(crate) fn resolve(&self, drawn_seed: u64) -> Result<RunConfig, Failure> {
        let reference = self.target == REFERENCE;
        let mut config = RunConfig::builder()
            .flavour(self.flavour)
            .mutant(self.mutant)
            .concurrency(self.concurrency)
            .sessions(self.sessions)
            .timeout(self.timeout)
            .max_bound(self.max_bound)
            .toxiproxy(self.toxiproxy.clone())
            .images(self.images.iter().cloned().collect())
            .seed(self.seed.unwrap_or(drawn_seed));
        if !reference || self.world == Some(WorldKind::Docker) {
            let manifest = afterall_manifest::load(&self.target, &afterall_clients::specs());
            let path = builtin(&self.target).is_none().then(|| self.target.clone());
            config = config.target(manifest.map_err(Failure::usage)?, path);
        }
        if let Some(world) = self.world {
            config = config.world(world);
        }
        if let Some(workload) = self.workload {
            config = config.workload(match workload {
                WorkloadName::Register => Workload::Register,
                WorkloadName::Counter => Workload::Counter,
                WorkloadName::Cart => Workload::Cart,
            });
        }
        if let Some(nodes) = self.nodes {
            config = config.nodes(nodes);
        }
        if let Some(rate) = self.rate {
            config = config.rate(rate);
        }
        if let Some(time) = self.time {
            config = config.time(time);
        }
        if let Some(quiescence) = self.quiescence {
            config = config.quiescence(quiescence);
        }
        match self.faults.as_deref() {
            None => {}
            Some([none]) if none == "none" => config = config.faults([]),
            Some(names) => {
                let kinds: Result<Vec<FaultKind>, _> =
                    names.iter().map(|name| name.trim().parse()).collect();
                config = config.faults(kinds.map_err(Failure::usage)?);
            }
        }
        Ok(config.build())
    }
}

/// What is wrong with a configuration, in the words of the command line: its fields are options.
pub(crate) fn usage(error: ConfigError) -> Failure {
    match error.begins_with_a_field() {
        true => Failure::usage(format!("--{error}")),
        false => Failure::usage(error),
    }
}

fn parse_image(text: &str) -> Result<(String, String), String> {
    let (role, image) = text.split_once('=').ok_or("an image is given as ROLE=NAME")?;
    Ok((role.to_owned(), image.to_owned()))
}

/// The command line that makes the same run.
pub(crate) fn command_line(config: &RunConfig) -> String {
    let ms = |ms: u64| {
        humantime::format_duration(Duration::from_millis(ms)).to_string().replace(' ', "")
    };
    let faults = match config.faults.as_slice() {
        [] => "none".to_owned(),
        kinds => kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(","),
    };
    let mut line = format!(
        "afterall run {} --world {} --workload {}",
        config.manifest_path.as_ref().unwrap_or(&config.target),
        config.world,
        config.workload.name()
    );
    if let Some(flavour) = config.flavour {
        line.push_str(&format!(" --flavour {flavour}"));
    }
    if let Some(mutant) = config.mutant {
        line.push_str(&format!(" --mutant {mutant}"));
    }
    line.push_str(&format!(
        " --nodes {} --concurrency {} --sessions {} --faults {faults} --time {} --quiescence {} --timeout {}",
        config.nodes,
        config.concurrency,
        config.sessions,
        ms(config.time_ms),
        ms(config.quiescence_max_ms),
        ms(config.timeout_ms)
    ));
    if let Some(rate) = config.rate {
        line.push_str(&format!(" --rate {rate}"));
    }
    if config.max_bound != MaxBound::USUAL {
        line.push_str(&format!(" --max-bound {}", config.max_bound));
    }
    if let Some(url) = &config.toxiproxy {
        line.push_str(&format!(" --toxiproxy {url}"));
    }
    for (role, image) in &config.images {
        line.push_str(&format!(" --image {role}={image}"));
    }
    line.push_str(&format!(" --seed {}", config.seed));
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterall_engine::Plan;

    fn resolve(line: &str) -> RunConfig {
        let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Run(args) = cli.command else { panic!() };
        args.resolve(99).unwrap()
    }

    #[test]
    fn the_command_line_that_is_printed_makes_the_same_run() {
        for line in [
            "afterall run",
            "afterall run --world sim --seed 3 --faults none --rate 10",
            "afterall run --mutant cart-union --nodes 3 --sessions sticky --time 1m",
            "afterall run --flavour lww --faults clock,partition --timeout 250ms --max-bound 5%",
            "afterall run --max-bound none",
            "afterall run --world docker --nodes 9 --image infra=mine:1 --faults black-hole",
            "afterall run redis --faults stop",
            "afterall run ../../targets/manifests/redis.toml",
        ] {
            let config = resolve(line);
            assert_eq!(resolve(&command_line(&config)), config, "{line}");
        }
    }

    #[test]
    fn what_a_bundled_target_promises_can_be_shown() {
        for target in ["reference", "redis", "redis-sentinel", "redis-cluster", "tarantool", "etcd"]
            .into_iter()
            .chain(["etcd-serializable", "cassandra-one", "cassandra-quorum", "dns"])
        {
            for workload in ["register", "counter", "cart"] {
                let line = format!("afterall run {target} --world docker --workload {workload}");
                let config = resolve(&line);
                let driven = config.manifest.as_ref().unwrap().promises.get(&config.workload);
                if driven.is_some() {
                    let plan = Plan::new(config).unwrap();
                    assert!(!plan.header(None).promises.is_empty(), "{line}");
                }
            }
        }
    }

    #[test]
    fn one_node_has_no_links_to_cut() {
        Plan::new(resolve("afterall run --nodes 1")).unwrap();
        let error =
            Plan::new(resolve("afterall run --nodes 1 --faults kill,partition")).unwrap_err();
        assert!(error.to_string().contains("one node has none"), "{error}");
        assert!(Plan::new(resolve("afterall run --quiescence 5ms")).is_err());
    }

    #[test]
    fn a_mutant_that_cannot_show_is_refused() {
        let hidden = resolve("afterall run --mutant counter-lww --workload register");
        let error = Plan::new(hidden).unwrap_err().to_string();
        assert!(error.contains("it shows on counter of crdt"), "{error}");
        assert!(Plan::new(resolve("afterall run --mutant cart-union --flavour lww")).is_err());
        let quiet = resolve("afterall run --mutant cart-union --faults kill");
        Plan::new(quiet.clone()).unwrap();
        assert!(quiet.mutant_warning().unwrap().contains("partition"));
        let loud = resolve("afterall run --mutant cart-union");
        assert_eq!(loud.mutant_warning(), None);
    }

    #[test]
    fn a_mutant_brings_its_own_flavour_workload_and_faults() {
        for row in MUTANTS {
            let config = resolve(&format!("afterall run --mutant {}", row.name));
            assert_eq!((config.flavour, config.workload), (Some(row.flavour), row.workload));
            assert_eq!(config.faults.len(), row.faults.len());
        }
    }

    #[test]
    fn run_toml_holds_the_whole_configuration() {
        for line in [
            "afterall run --mutant no-tiebreak --rate 7 --seed 18446744073709551",
            "afterall run --world docker",
        ] {
            let config = resolve(line);
            let text = toml::to_string(&config).unwrap();
            assert_eq!(toml::from_str::<RunConfig>(&text).unwrap(), config);
        }
    }
}
