//! Runs that are kept whole, as folders like those of any run.

use super::attempt::{Attempt, Made, Making, attempt, fresh, repeats};
use super::folder::{CampaignFolder, RUNS, is_kept, kept, run_folder};
use crate::failure::{Failure, chain};
use crate::run::context;
use crate::store::RunFolder;
use afterall_campaign::{Campaign, to_keep};
use afterall_engine::RunConfig;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a run is while it is being made.
pub(crate) fn part(campaign: &Path, run: u64) -> PathBuf {
    campaign.join(RUNS).join(format!("{run}.part"))
}

/// A run that was recorded in its part takes its place, and gets its reports.
pub(crate) fn place(
    campaign: &Path,
    run: u64,
    config: &RunConfig,
    made: Option<&Made>,
) -> Result<(), Failure> {
    let (from, to) = (part(campaign, run), run_folder(campaign, run));
    let cannot =
        |error: std::io::Error| Failure::failed(format!("cannot write {}: {error}", to.display()));
    if to.exists() {
        // Of a run that was finished and not written down.
        fs::remove_dir_all(&to).map_err(cannot)?;
    }
    fs::rename(&from, &to).map_err(cannot)?;
    let folder = RunFolder::of(&to);
    if let Some(made) = made {
        let context = context(&folder, Some(config));
        for failure in folder.write_reports(made.recording.history(), &made.verdict, &context) {
            eprintln!("warning: {}", chain(&failure));
        }
    }
    Ok(())
}

/// Sees that the runs that are to be kept are there, and no others. Those of the sim are made again.
pub(crate) fn settle(campaign: &Campaign, folder: &CampaignFolder, making: Making<'_>) {
    let path = folder.path();
    let wanted = to_keep(folder.index(), campaign.file.retention);
    for entry in fs::read_dir(path.join(RUNS)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.ends_with(".part")) {
            warned(&entry.path(), fs::remove_dir_all(entry.path()));
        }
    }
    for run in kept(path) {
        if !wanted.contains(&run) {
            let folder = run_folder(path, run);
            warned(&folder, fs::remove_dir_all(&folder));
        }
    }
    let missing = wanted.into_iter().filter(|&run| !is_kept(path, run));
    let runs = missing.filter_map(|run| campaign.runs().get(usize::try_from(run).ok()?));
    for run in runs.filter(|run| repeats(campaign.cell(run).base())) {
        if making.stop.is_stopped() {
            return;
        }
        if let Err(failure) = again(path, run.number, &campaign.config(run), making) {
            eprintln!("warning: the run {} could not be kept: {failure}", run.number);
        }
    }
}

fn warned(path: &Path, removed: std::io::Result<()>) {
    if let Err(error) = removed {
        eprintln!("warning: cannot remove {}: {error}", path.display());
    }
}

fn again(campaign: &Path, run: u64, config: &RunConfig, making: Making<'_>) -> Result<(), Failure> {
    let folder = fresh(&part(campaign, run))?;
    match attempt(config, Some(&folder), Making { whole: true, ..making }) {
        Attempt::Made(made) => place(campaign, run, config, Some(&made)),
        Attempt::Crashed(why) => Err(Failure::failed(why)),
        Attempt::Stopped => Ok(()),
    }
}
