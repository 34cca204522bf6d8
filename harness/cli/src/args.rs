//! What can be said on the command line, and what it resolves to.

use crate::campaign_args::CampaignCommand;
use crate::exit::codes;
use crate::failure::Failure;
use crate::recorded::{ReadArgs, exports};
use crate::scenario_args::ScenarioCommand;
use crate::search_args::{BlameArgs, ExploreArgs, MatrixArgs, ShrinkArgs};
use crate::store_args::{DiffRunsArgs, Listed, ServeArgs};
use crate::terminal::Showing;
use crate::word::{number, time, within, words};
use afterall_engine::config::{CONCURRENCY, MaxBound, NODES, RATE, REFERENCE};
use afterall_engine::faults::Registry;
use afterall_engine::{ConfigError, RunConfig, RunConfigBuilder, SessionKind, WorldKind};
use afterall_formats::export::Export;
use afterall_history::{FaultKind, Level, Lie, Slo, Span, Workload};
use afterall_manifest::builtin;
use afterall_node::NodeArgs;
use afterall_reference::core::{Copies, Flavour, MUTANTS, Mechanism, Mechanisms, Mutant};
use afterall_workloads::{Load, driven};
use clap::builder::TypedValueParser;
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Checks whether the replicas of an eventually consistent store agree after all the updates have stopped, and which writes
/// were lost on the way
#[derive(Debug, Parser)]
#[command(name = "afterall", version, max_term_width = 100, after_help = codes::RUN)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a cluster, drive it under faults, and judge what happened
    #[command(after_help = codes::RUN)]
    Run(RunArgs),
    /// Repeat a run, from its folder or its run.toml
    #[command(after_help = codes::RUN)]
    Replay(ReplayArgs),
    /// List runs that tell a story, or carry one out and see whether it shows what it should
    #[command(subcommand, after_help = codes::SEVERAL)]
    Scenario(ScenarioCommand),
    /// List what there is, with what each promises, breaks or shows, or the runs that are kept
    #[command(after_help = codes::PRINTS)]
    List {
        /// What to list [default: the kinds of things that there are lists of]
        #[command(subcommand)]
        what: Option<Listed>,
    },
    /// Show where two runs came out otherwise: properties, figures, and what broke
    #[command(after_help = codes::DIFF_RUNS)]
    Diff(DiffRunsArgs),
    /// Show in a browser which runs and campaigns are kept
    #[command(after_help = codes::SERVE)]
    Serve(ServeArgs),
    /// Explain a word of a verdict, a report or the command line: a property, an anomaly, a fault, a mutant, …
    #[command(after_help = codes::PRINTS)]
    Explain {
        /// The word, such as RYW, convergence, partition, cart-union or "lost write"
        #[arg(required = true)]
        word: Vec<String>,
    },
    /// Measure how old the values are that reads return: normally, under high load, in a partition, and after it
    #[command(after_help = codes::WINDOWS)]
    Windows(WindowsArgs),
    /// Make many runs in the sim, each drawn from its seed, and keep the smallest of each kind that fails
    #[command(after_help = codes::EXPLORE)]
    Explore(ExploreArgs),
    /// Make a failing run smaller, as long as it fails in the same way, and keep it as a scenario
    #[command(after_help = codes::SHRINK)]
    Shrink(ShrinkArgs),
    /// Tell which of its faults a run of the sim fails by, and from when on it was bound to fail
    #[command(after_help = codes::BLAME)]
    Blame(BlameArgs),
    /// See that every flavour of the reference store stays silent over many runs, and how soon every known bug is found
    #[command(after_help = codes::MATRIX)]
    Matrix(MatrixArgs),
    /// Make the many runs of a file, as for a commit or a night, and tell what is new
    #[command(subcommand, after_help = codes::SEVERAL)]
    Campaign(CampaignCommand),
    /// Judge a recorded history
    #[command(after_help = codes::CHECK)]
    Check(CheckArgs),
    /// Write the reports of a run again
    #[command(after_help = codes::REPORT)]
    Report(ReportArgs),
    /// Write a history in the format of another tool
    #[command(after_help = codes::EXPORT)]
    Export(ExportArgs),
    /// Check what works on this machine, and say what to do about the rest
    #[command(after_help = codes::DOCTOR)]
    Doctor(DoctorArgs),
    /// List targets, add one, or try one out
    #[command(subcommand, after_help = codes::SEVERAL)]
    Target(TargetCommand),
    /// Print a completion script for a shell
    #[command(after_help = codes::PRINTS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Run a reference node (the harness starts these)
    #[command(hide = true)]
    Node(NodeArgs),
    /// Runs a program in the place of this one, which ends when the process ends that has started it
    #[command(hide = true)]
    DiesWithParent {
        /// The program and its arguments
        #[arg(required = true, last = true)]
        command: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The system under test: its name (see `afterall target list`), or the path of its manifest
    #[arg(default_value = REFERENCE)]
    pub(crate) target: String,
    /// The data type to drive [default: register, or the one that shows the mutant]
    #[arg(long, value_parser = workloads())]
    pub(crate) workload: Option<Workload>,
    /// What to ask of it: reads and updates (usual), many reads of a few registers at every replica, to measure how long
    /// writes take to be seen everywhere (probe), or increments of counters and no decrements (grow-only) [default: usual; with --slo, probe]
    #[arg(long, value_parser = words::<Load>(Load::names()))]
    pub(crate) load: Option<Load>,
    /// Consistency levels of the reference store, separated by commas: each operation asks at one of them, drawn from the seed
    /// [default: the flavour's own for all]
    #[arg(long, value_delimiter = ',', value_parser = words::<Level>(Level::names()))]
    pub(crate) levels: Vec<Level>,
    /// An objective: how long a write may take to be seen everywhere, such as p99<500ms (p50, p90, p99, p99.9 or max); may be
    /// repeated. Where it is missed the run is invalid, where nothing was measured unknown
    #[arg(long = "slo", value_name = "OBJECTIVE")]
    pub(crate) slos: Vec<Slo>,
    /// Where to run: as processes on loopback (process), in containers (docker), or simulated in virtual time (sim)
    /// [default: process for the reference store, docker for every other target]
    #[arg(long, value_parser = words::<WorldKind>(WorldKind::names()))]
    pub(crate) world: Option<WorldKind>,
    /// The number of nodes [default: 5 for the reference store, otherwise what the manifest says]
    #[arg(long, allow_negative_numbers = true, value_parser = within::<u16>(NODES))]
    pub(crate) nodes: Option<u16>,
    /// The number of sessions at a time
    #[arg(long, default_value_t = 10, allow_negative_numbers = true, value_parser = within::<u32>(CONCURRENCY))]
    pub(crate) concurrency: u32,
    /// Where the operations of a session go: to one node (sticky), each to any node (roaming), or half of the sessions one way
    /// and half the other (mixed)
    #[arg(long, default_value = "mixed", value_parser = words::<SessionKind>(SessionKind::names()))]
    pub(crate) sessions: SessionKind,
    /// Operations per second over all sessions [default: as fast as possible in the process world, 2000 in the sim, 500 in the
    /// docker world]
    #[arg(long, allow_negative_numbers = true, value_parser = within::<u32>(RATE))]
    pub(crate) rate: Option<u32>,
    /// How long the load lasts, in all: before, under and after faults [default: 20s; longer in the docker world, by the number
    /// of kinds of faults]
    #[arg(long, allow_hyphen_values = true, value_parser = time)]
    pub(crate) time: Option<Duration>,
    /// How long the replicas may take to agree after the updates have stopped [default: 20s, or what the manifest says]
    #[arg(long, allow_hyphen_values = true, value_parser = time)]
    pub(crate) quiescence: Option<Duration>,
    /// How long an operation may take before its outcome counts as unknown
    #[arg(long, default_value = "1s", allow_hyphen_values = true, value_parser = time)]
    pub(crate) timeout: Duration,
    /// The number that everything random follows from [default: drawn, and printed]
    #[arg(long, allow_negative_numbers = true, value_parser = number::<u64>)]
    pub(crate) seed: Option<u64>,
    /// The kinds of faults, separated by commas, or none [default: all that the world and the target can have without being asked
    /// for them, or those that bring out the mutant]
    #[arg(long, value_delimiter = ',', long_help = faults_help())]
    pub(crate) faults: Option<Vec<String>>,
    /// How the reference store resolves conflicts, and what it promises [default: crdt, or the flavour of the mutant]
    #[arg(long)]
    pub(crate) flavour: Option<Flavour>,
    /// A known bug of the reference store to switch on, to see that it is found
    #[arg(long, long_help = mutant_help())]
    pub(crate) mutant: Option<Mutant>,
    /// How changes come to the reference store's other replicas, separated by commas, or none [default: rumors,anti-entropy, or
    /// what the mutant needs]
    #[arg(long, long_help = mechanisms_help())]
    pub(crate) mechanisms: Option<Mechanisms>,
    /// How many nodes of the reference store hold each object [default: all]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = within::<u16>("1 to the number of nodes"))]
    pub(crate) replicas: Option<u16>,
    /// How many of them take part in a read of the flavour quorum [default: more than half]
    #[arg(long, value_name = "R", allow_negative_numbers = true, value_parser = within::<u16>("1 to the number of replicas"))]
    pub(crate) read_from: Option<u16>,
    /// How many of them take part in a change of the flavour quorum [default: more than half]
    #[arg(long, value_name = "W", allow_negative_numbers = true, value_parser = within::<u16>("1 to the number of replicas"))]
    pub(crate) write_to: Option<u16>,
    /// Falsify a few of the answers of any target, as a broken store would, to see that it would be found
    #[arg(long, value_parser = words::<Lie>(Lie::names()), long_help = lie_help())]
    pub(crate) lie: Option<Lie>,
    /// A promise that held counts as tested only if its property can break in at most this share of its chances, with 95 %
    /// confidence. 30% asks for at least ten chances; `none` sets no limit
    #[arg(long, value_name = "SHARE", default_value_t = MaxBound::USUAL)]
    pub(crate) max_bound: MaxBound,
    /// Carry out N control runs after a run with anomalies: the same configuration without faults. The verdict then says
    /// which anomalies come without faults, too
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = number::<u32>)]
    pub(crate) control: u32,
    /// The folder in which runs are kept
    #[arg(long, default_value = "store")]
    pub(crate) store: PathBuf,
    /// A Toxiproxy to use instead of the embedded one, as http://HOST:PORT
    #[arg(long)]
    pub(crate) toxiproxy: Option<String>,
    /// An image to use in the docker world instead of the usual one, as toxiproxy=NAME, infra=NAME or PROCESS=NAME; may be
    /// repeated
    #[arg(long = "image", value_parser = parse_image)]
    pub(crate) images: Vec<(String, String)>,
    /// Nodes that you have started and that stay up, as IP:PORT of where each serves its clients, separated by commas: a run drives and judges them,
    /// and breaks nothing. TARGET says what they promise
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) attach: Vec<SocketAddr>,
    /// Let --attach name addresses of other machines. A run writes to them
    #[arg(long, requires = "attach")]
    pub(crate) attach_anywhere: bool,
    /// Make N runs, with one seed after the other, and print a line for each; the worst decides the exit code
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = within::<u64>("1 to 1000000"))]
    pub(crate) repeat: Option<u64>,
    /// Make the run in rounds of this long on one cluster, which lives on: each has keys, faults and a verdict of its own, and is judged
    /// while the next one goes on [default: where --time is more than ten minutes a minute, or as long as the faults need; not in the sim]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = time)]
    pub(crate) round: Option<Duration>,
    /// Keep the histories and reports of rounds that are valid, too
    #[arg(long)]
    pub(crate) keep_all: bool,
    /// Make run after run, or round after round, with one seed after the other, until one breaks a promise; with --repeat, at most so many
    #[arg(long)]
    pub(crate) until_fail: bool,
    #[command(flatten)]
    pub(crate) showing: Showing,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The folder of the run, or its run.toml
    pub(crate) run: PathBuf,
    /// Carry out N control runs after a run with anomalies: the same configuration without faults. The verdict then says
    /// which anomalies come without faults, too
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = number::<u32>)]
    pub(crate) control: u32,
    /// The folder in which runs are kept
    #[arg(long, default_value = "store")]
    pub(crate) store: PathBuf,
    #[command(flatten)]
    pub(crate) showing: Showing,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The histories to judge: files of this program or of other tools, folders of runs, or `-` for standard input. Given
    /// several, the command prints one line for each, with --json as JSON with its `file`, and the worst decides the exit code
    #[arg(required = true, value_name = "HISTORY")]
    pub(crate) histories: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// A property that the history must keep, such as no-lost-writes or monotonic-reads/sticky; may be repeated; `none` judges
    /// without promises [default: what the history promises, or what is usual for its data type]
    #[arg(long = "promise", value_name = "PROMISE")]
    pub(crate) promises: Vec<String>,
    /// A promise that held counts as tested only if its property can break in at most this share of its chances, with 95 %
    /// confidence. 30% asks for at least ten chances; `none` sets no limit [default: what the history says; none for histories of other tools]
    #[arg(long, value_name = "SHARE")]
    pub(crate) max_bound: Option<MaxBound>,
    #[command(flatten)]
    pub(crate) showing: Showing,
    #[command(flatten)]
    pub(crate) reports: ReportFiles,
}

/// Reports of one history; a file that is already there is replaced.
#[derive(Debug, Args)]
pub(crate) struct ReportFiles {
    /// Also write the report as an HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Also write the verdict as JUnit XML, for CI servers: one test case per property
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Also write the main findings as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The history, or the folder of its run
    pub(crate) history: PathBuf,
    /// The format to write
    #[arg(long = "as", value_name = "FORMAT", value_parser = exports())]
    pub(crate) to: Export,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// The file to write, which must not exist yet [default: standard output]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The folder of the run
    pub(crate) run: PathBuf,
    #[command(flatten)]
    pub(crate) showing: Showing,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Remove what killed runs left behind
    #[arg(long)]
    pub(crate) reap: bool,
}

/// The bounds of the usual rate of `windows`, whose high load is ten times as much.
pub(crate) const WINDOWS_RATE: &str = "1 to 100000";

#[derive(Debug, Args)]
pub(crate) struct WindowsArgs {
    /// The system under test: its name (see `afterall target list`), or the path of its manifest
    #[arg(default_value = REFERENCE)]
    pub(crate) target: String,
    /// Where to run [default: process for the reference store, docker for every other target]
    #[arg(long, value_parser = words::<WorldKind>(WorldKind::names()))]
    pub(crate) world: Option<WorldKind>,
    /// The number of nodes [default: 5 for the reference store, otherwise what the manifest says]
    #[arg(long, allow_negative_numbers = true, value_parser = within::<u16>(NODES))]
    pub(crate) nodes: Option<u16>,
    /// How the reference store resolves conflicts
    #[arg(long)]
    pub(crate) flavour: Option<Flavour>,
    /// Operations per second over all sessions; under high load there are ten times as many
    #[arg(long, default_value_t = 200, allow_negative_numbers = true, value_parser = within::<u32>(WINDOWS_RATE))]
    pub(crate) rate: u32,
    /// How long each of the four runs lasts
    #[arg(long, default_value = "10s", allow_hyphen_values = true, value_parser = time)]
    pub(crate) time: Duration,
    /// The number that everything random follows from
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = number::<u64>)]
    pub(crate) seed: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TargetCommand {
    /// List the targets that come with the program
    #[command(after_help = codes::PRINTS)]
    List,
    /// Write a manifest and a client in Python, to be filled in
    #[command(after_help = codes::NEW)]
    New(NewArgs),
    /// Try a target out in the docker world: does it start, do operations return, does each fault take hold and heal,
    /// would a run find it wrong
    #[command(after_help = codes::TRIAL)]
    Check(TrialArgs),
    /// Print the JSON schema of manifests, for editors
    #[command(after_help = codes::PRINTS)]
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The name of the target: lower-case letters, digits and hyphens
    pub(crate) name: String,
    /// The folder in which to make the folder of the target
    #[arg(long, default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Its nodes are programs on this machine, and not containers
    #[arg(long)]
    pub(crate) process: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TrialArgs {
    /// The target: its name, or the path of its manifest
    pub(crate) target: String,
    /// The number of nodes [default: what the manifest says]
    #[arg(long, allow_negative_numbers = true, value_parser = within::<u16>(NODES))]
    pub(crate) nodes: Option<u16>,
    /// The folder in which to keep what the nodes print
    #[arg(long)]
    pub(crate) logs: Option<PathBuf>,
    /// An image to use instead of the usual one, as for `run`
    #[arg(long = "image", value_parser = parse_image)]
    pub(crate) images: Vec<(String, String)>,
}

fn workloads() -> impl TypedValueParser<Value = Workload> {
    words(driven().map(Workload::name))
}

fn faults_help() -> String {
    let mut help = "The kinds of faults, separated by commas, or none [default: all that the world and the target can \
                    have without being asked for them, or those that bring out the mutant]\n"
        .to_owned();
    let registry = Registry::standard();
    let (sim, docker) = (WorldKind::Sim.abilities(), WorldKind::Docker.abilities());
    let (sim, docker) = (registry.kinds(sim), registry.kinds(docker));
    for &kind in FaultKind::ALL {
        let place = match (sim.contains(&kind), docker.contains(&kind)) {
            (false, _) => " Only in the docker world.",
            (_, false) => " Not in the docker world.",
            _ => "",
        };
        let asked_for = match registry.row(kind) {
            Some(row) if row.only_if_asked => " Only where it is asked for.",
            _ => "",
        };
        help.push_str(&format!("\n- {kind}: {}{place}{asked_for}", kind.summary()));
    }
    help
}

fn mechanisms_help() -> String {
    let mut help = "How changes come to the reference store's other replicas, separated by commas, or none [default: \
                    rumors,anti-entropy, or what the mutant needs]. That all replicas agree in the end is promised only with \
                    anti-entropy or hints\n"
        .to_owned();
    for mechanism in Mechanism::ALL {
        help.push_str(&format!("\n- {mechanism}: {}", mechanism.summary()));
    }
    help
}

fn mutant_help() -> String {
    let mut help =
        "A known bug of the reference store to switch on, to see that it is found:\n".to_owned();
    for row in MUTANTS {
        help.push_str(&format!("\n- {}: {} (breaks {})", row.name, row.summary, row.breaks.name()));
    }
    help
}

fn lie_help() -> String {
    let mut help = "Falsify a few of the answers of any target, as a broken store would, to see that it would be found. The \
                    exit code is then 1; where the checkers did not find it, it is another, and the verdict says so:\n"
        .to_owned();
    for lie in Lie::ALL {
        let workloads: Vec<&str> = lie.workloads().iter().map(|workload| workload.name()).collect();
        help.push_str(&format!("\n- {lie}: {} ({})", lie.summary(), workloads.join(", ")));
    }
    help
}

impl RunArgs {
    /// The configuration that is meant, with this seed and every default filled in.
    pub(crate) fn resolve(&self, seed: u64) -> Result<RunConfig, Failure> {
        let mut config = RunConfig::builder()
            .flavour(self.flavour)
            .mutant(self.mutant)
            .mechanisms(self.mechanisms)
            .copies(Copies {
                replicas: self.replicas,
                reads: self.read_from,
                writes: self.write_to,
            })
            .lie(self.lie)
            .workload(self.workload)
            .load(self.load)
            .slos(self.slos.clone())
            .levels(self.levels.clone())
            .world(self.world)
            .nodes(self.nodes)
            .rate(self.rate)
            .time(self.time)
            .quiescence(self.quiescence)
            .concurrency(self.concurrency)
            .sessions(self.sessions)
            .timeout(self.timeout)
            .max_bound(self.max_bound)
            .toxiproxy(self.toxiproxy.clone())
            .images(self.images.iter().cloned().collect())
            .attach(self.attach.clone())
            .attach_anywhere(self.attach_anywhere)
            .seed(seed);
        let attached = (!self.attach.is_empty()).then_some(WorldKind::Attached);
        config = with_target(config, &self.target, self.world.or(attached))?;
        if let Some(names) = &self.faults {
            config = config.faults(kinds(names)?);
        }
        Ok(config.build())
    }
}

/// The kinds of faults that `--faults` names, or none.
pub(crate) fn kinds(names: &[String]) -> Result<Vec<FaultKind>, Failure> {
    match names {
        [none] if none == "none" => Ok(Vec::new()),
        names if names.iter().any(|name| name == "none") => {
            let found = names.join(",");
            Err(Failure::usage(format!(
                "--faults: expected kinds of faults, or none alone, found {found:?}"
            )))
        }
        names => {
            let kinds: Result<Vec<FaultKind>, _> =
                names.iter().map(|name| name.trim().parse()).collect();
            kinds.map_err(Failure::usage)
        }
    }
}

/// A configuration of a target that is named.
pub(crate) fn with_target(
    config: RunConfigBuilder,
    target: &str,
    world: Option<WorldKind>,
) -> Result<RunConfigBuilder, Failure> {
    if target == REFERENCE && !world.is_some_and(WorldKind::has_manifests) {
        return Ok(config);
    }
    let manifest = afterall_manifest::load(target, &afterall_clients::specs());
    let path = builtin(target).is_none().then(|| target.to_owned());
    Ok(config.target(manifest.map_err(Failure::usage)?, path))
}

/// What is wrong with a configuration, in the words of the command line: its fields are options.
pub(crate) fn usage(error: ConfigError) -> Failure {
    match error {
        ConfigError::Copies { entry, what } => {
            Failure::usage(format!("{}: {what}", Copies::option(entry)))
        }
        error if error.begins_with_a_field() => Failure::usage(format!("--{error}")),
        error => Failure::usage(error),
    }
}

/// A text that names no image of a process.
#[derive(Debug, Clone, thiserror::Error)]
#[error("expected toxiproxy=NAME, infra=NAME or PROCESS=NAME, found {0:?}")]
pub(crate) struct NotAnImage(String);

fn parse_image(text: &str) -> Result<(String, String), NotAnImage> {
    let (role, image) = text.split_once('=').ok_or_else(|| NotAnImage(text.to_owned()))?;
    Ok((role.to_owned(), image.to_owned()))
}

/// A word as a shell wants it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The command line that makes the same run, whose configuration is kept in a file.
pub(crate) fn command_line(config: &RunConfig, kept: &Path) -> String {
    let said = config.schedule.is_drawn()
        && config.operations.is_empty()
        && (config.healthy, config.heal) == (None, None)
        && config.gossip.is_usual()
        && config.network.is_usual();
    if !said {
        // Options cannot say which fault comes when, and who asks what.
        return format!("afterall replay {}", quoted(&kept.display().to_string()));
    }
    let ms = |ms: u64| Span::ms(ms).to_string();
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
    let usual = config.mutant.map_or(Mechanisms::USUAL, |mutant| mutant.row().mechanisms);
    if config.mechanisms != usual {
        line.push_str(&format!(" --mechanisms {}", config.mechanisms));
    }
    for (option, given) in config.copies.options() {
        line.push_str(&format!(" {option} {given}"));
    }
    if let Some(lie) = config.lie {
        line.push_str(&format!(" --lie {lie}"));
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
    let usual = if config.slos.is_empty() { Load::Usual } else { Load::Probe };
    if config.load != usual {
        line.push_str(&format!(" --load {}", config.load));
    }
    if !config.levels.is_empty() {
        let names: Vec<&str> = config.levels.iter().map(|level| level.name()).collect();
        line.push_str(&format!(" --levels {}", names.join(",")));
    }
    for slo in &config.slos {
        line.push_str(&format!(" --slo {}", quoted(&slo.to_string())));
    }
    if config.max_bound != MaxBound::USUAL {
        line.push_str(&format!(" --max-bound {}", config.max_bound));
    }
    if let Some(url) = &config.toxiproxy {
        line.push_str(&format!(" --toxiproxy {url}"));
    }
    if !config.attach.is_empty() {
        let addresses: Vec<String> = config.attach.iter().map(ToString::to_string).collect();
        line.push_str(&format!(" --attach {}", addresses.join(",")));
    }
    if config.attach_anywhere {
        line.push_str(" --attach-anywhere");
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
        args.resolve(args.seed.unwrap_or(99)).unwrap()
    }

    #[test]
    fn the_command_line_that_is_printed_makes_the_same_run() {
        for line in [
            "afterall run",
            "afterall run --world sim --seed 3 --faults none --rate 10",
            "afterall run --mutant cart-union --nodes 3 --sessions sticky --time 1m",
            "afterall run --flavour lww --faults clock,partition --timeout 250ms --max-bound 5%",
            "afterall run --max-bound none",
            "afterall run --mechanisms read-repair,hints",
            "afterall run --mechanisms none --flavour lww",
            "afterall run --mutant hints-in-memory",
            "afterall run --flavour quorum --replicas 3 --read-from 1 --write-to 2",
            "afterall run --lie stale-read --faults none",
            "afterall run --world docker --nodes 9 --image infra=mine:1 --faults black-hole",
            "afterall run redis --faults stop",
            "afterall run ../../targets/manifests/redis.toml",
        ] {
            let config = resolve(line);
            assert_eq!(resolve(&command_line(&config, Path::new("run.toml"))), config, "{line}");
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
        assert!(error.contains("expected the workload counter of the flavour crdt"), "{error}");
        assert!(Plan::new(resolve("afterall run --mutant cart-union --flavour lww")).is_err());
        let quiet = resolve("afterall run --mutant cart-union --faults kill");
        Plan::new(quiet.clone()).unwrap();
        assert!(quiet.mutant_warning().unwrap().contains("partition"));
        let loud = resolve("afterall run --mutant cart-union");
        assert_eq!(loud.mutant_warning(), None);
    }

    #[test]
    fn a_lie_that_cannot_be_found_is_refused_with_those_that_can() {
        let refused = |line: &str| Plan::new(resolve(line)).unwrap_err().to_string();
        let text = refused("afterall run --lie double");
        assert!(
            text.contains(
                "expected the workload counter, or a lie that fits: drop-write, stale-read"
            ),
            "{text}"
        );
        let text = refused("afterall run --lie drop-write --flavour lww --workload counter");
        assert!(text.contains("breaks nothing that reference promises"), "{text}");
        let text = refused("afterall run redis --lie drop-write --faults none");
        assert!(text.contains("nothing that redis promises of the workload register"), "{text}");
        assert!(text.ends_with("a lie that fits: stale-read"), "{text}");
        // What is promised to sessions that stay is promised to nobody here.
        let text = refused("afterall run --lie drop-write --flavour lww --sessions roaming");
        assert!(text.contains("nothing that reference promises"), "{text}");
        for line in [
            "afterall run --lie drop-write",
            "afterall run --lie resurrect --workload cart",
            "afterall run redis --lie double --workload counter",
            "afterall run etcd --lie drop-write",
            "afterall run cassandra-one --lie stale-read",
        ] {
            Plan::new(resolve(line)).unwrap();
        }
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
