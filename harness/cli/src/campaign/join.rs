//! `campaign merge`: parts that were made apart, as one folder.

use super::folder::{INDEX, RUNS, is_kept, read, run_folder};
use crate::campaign_args::MergeArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::unfinished::write_whole;
use afterall_campaign::{merge as joined, to_keep};
use afterall_checkers::words::counted;
use std::fs;
use std::io;
use std::path::Path;

pub(crate) fn merge(args: &MergeArgs) -> Result<Exit, Failure> {
    if args.out.exists() {
        return Err(Failure::usage(format!(
            "{} is there already; nothing was changed",
            args.out.display()
        )));
    }
    let parts = args.parts.iter().map(|part| read(part)).collect::<Result<Vec<_>, _>>()?;
    let all = joined(&parts).map_err(Failure::usage)?;
    let cannot =
        |error: io::Error| Failure::failed(format!("cannot write {}: {error}", args.out.display()));
    fs::create_dir_all(args.out.join(RUNS)).map_err(cannot)?;
    let mut copied = 0;
    for run in to_keep(&all, all.header.retention) {
        if let Some(part) = args.parts.iter().find(|part| is_kept(part, run)) {
            copy(&run_folder(part, run), &run_folder(&args.out, run)).map_err(cannot)?;
            copied += 1;
        }
    }
    // Last: a folder without it is no campaign.
    write_whole(&args.out.join(INDEX), all.to_text()?.as_bytes()).map_err(cannot)?;
    let (runs, own) = (all.lines.len() as u64, all.header.own_runs());
    println!(
        "{} of {own} in {}, {} kept whole",
        counted(runs, "run"),
        args.out.display(),
        counted(copied, "run")
    );
    Ok(Exit::Valid)
}

/// Copies a run's folder: files, and folders of files.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = folders.pop() {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let there = to.join(entry.file_name());
            match entry.file_type()?.is_dir() {
                true => folders.push((entry.path(), there)),
                false => drop(fs::copy(entry.path(), there)?),
            }
        }
    }
    Ok(())
}
