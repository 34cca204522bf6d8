//! Chores of this workspace: `cargo xtask verify`, `fix`, `schema`, `snapshots`, `images`, `bench`.

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Chores of this workspace
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check format, lints, licences and documentation, and run the tests that need nothing. Changes no file.
    Verify,
    /// Format the code, and apply what the lints suggest
    Fix,
    /// Write targets/manifest.schema.json again
    Schema,
    /// Run the snapshot tests, and accept what changed: read the difference before you commit it
    Snapshots,
    /// Build the images of the docker world
    Images {
        /// Which; all of them if none is named
        names: Vec<String>,
    },
    /// Run the benchmarks
    Bench {
        /// Of one crate
        #[arg(short, long)]
        package: Option<String>,
    },
}

/// A command that did not succeed.
struct Failed(String);

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Verify => verify(),
        Chore::Fix => fix(),
        Chore::Schema => schema(),
        Chore::Snapshots => snapshots(),
        Chore::Images { names } => run(Command::new("docker/build").args(names)),
        Chore::Bench { package } => bench(package.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(what)) => {
            eprintln!("cargo xtask: {what}");
            ExitCode::FAILURE
        }
    }
}

fn verify() -> Result<(), Failed> {
    run(cargo("fmt --all --check"))?;
    run(cargo(
        "clippy --workspace --all-targets --features afterall-sim/gossip-figure,afterall/parquet --locked -- -D warnings",
    ))?;
    run(cargo("deny --locked check licenses bans sources"))?;
    run(cargo("test --workspace --locked"))?;
    run(cargo("doc --workspace --no-deps --locked").env("RUSTDOCFLAGS", "-D warnings"))
}

fn fix() -> Result<(), Failed> {
    run(cargo("clippy --workspace --all-targets --fix --allow-dirty --allow-staged"))?;
    run(cargo("fmt --all"))
}

fn schema() -> Result<(), Failed> {
    let path = root().join("targets/manifest.schema.json");
    let printed = cargo("run --quiet -- target schema").current_dir(root()).output();
    let printed = printed.map_err(|error| Failed(format!("cannot run cargo: {error}")))?;
    if !printed.status.success() {
        return Err(Failed(String::from_utf8_lossy(&printed.stderr).into_owned()));
    }
    std::fs::write(&path, printed.stdout)
        .map_err(|error| Failed(format!("cannot write {}: {error}", path.display())))
}

fn snapshots() -> Result<(), Failed> {
    // insta writes what it finds over what it expected.
    let packages = "-p afterall -p afterall-engine -p afterall-checkers -p afterall-reports";
    run(cargo(&format!("test {packages} snapshot")).env("INSTA_UPDATE", "always"))
}

fn bench(package: Option<&str>) -> Result<(), Failed> {
    match package {
        Some(package) => run(cargo("bench").args(["-p", package])),
        None => run(cargo("bench --workspace")),
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

fn cargo(arguments: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments.split(' '));
    command
}

fn run<C: std::borrow::BorrowMut<Command>>(mut command: C) -> Result<(), Failed> {
    let command = command.borrow_mut();
    let shown = format!("{command:?}");
    match command.current_dir(root()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failed(format!("{shown}: {status}"))),
        Err(error) => Err(Failed(format!("cannot run {shown}: {error}"))),
    }
}
