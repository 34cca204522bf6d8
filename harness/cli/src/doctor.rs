//! `doctor`: what works on this machine.

use crate::args::DoctorArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use afterall_checkers::words::counted;
use afterall_worlds::docker;
use std::net::TcpListener;

/// What was looked for: found, with what is to be said of it, or missing, with what to do. Either is a line for people.
type Looked = Result<String, String>;

pub(crate) fn doctor(args: &DoctorArgs) -> Result<Exit, Failure> {
    let mut healthy = true;
    let mut say = |name: &str, outcome: Looked| match outcome {
        Ok(text) => println!("ok       {name}: {text}"),
        Err(text) => {
            healthy = false;
            println!("missing  {name}: {text}");
        }
    };
    say("sim world", Ok("needs nothing".to_owned()));
    say(
        "loopback",
        TcpListener::bind("127.0.0.1:0")
            .map(|_| "ports can be had".to_owned())
            .map_err(|error| format!("{error}: the process world cannot run")),
    );
    say(
        "temporary files",
        tempfile::tempdir()
            .map(|_| std::env::temp_dir().display().to_string())
            .map_err(|error| format!("{error}: set TMPDIR to a folder that can be written")),
    );
    say(
        "open files",
        match rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum {
            Some(limit) if limit < 2_048 => Err(format!(
                "at most {limit}: raise it with `ulimit -Hn 8192`, as root, for large clusters"
            )),
            Some(limit) => Ok(format!("at most {limit}")),
            None => Ok("no limit".to_owned()),
        },
    );
    let proxies = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    let set: Vec<&str> =
        proxies.into_iter().filter(|name| std::env::var_os(name).is_some()).collect();
    let obeyed = match set.as_slice() {
        [] => "none is set".to_owned(),
        set => format!("{} is set, and nothing that a run does goes through it", set.join(", ")),
    };
    say("HTTP proxy", Ok(obeyed));
    if args.reap {
        let removed = afterall_worlds::reap()?;
        say("left behind", Ok(format!("{} removed", counted(removed.len() as u64, "folder"))));
    }
    docker(args.reap, &mut say)?;
    Ok(if healthy { Exit::Valid } else { Exit::Failed })
}

/// The docker world. Whoever does not want it is healthy without.
fn docker(reap: bool, say: &mut dyn FnMut(&str, Looked)) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (version, missing) = match runtime.block_on(docker::look()) {
        Ok(found) => found,
        Err(error) => {
            println!("absent   docker world: {error}");
            return Ok(());
        }
    };
    say("docker world", Ok(format!("engine {version}")));
    for image in missing {
        println!(
            "absent   docker world: image {image}: it is pulled when it is needed, or built by `docker/build`"
        );
    }
    if reap {
        let removed = runtime.block_on(docker::reap())?;
        say(
            "left behind in the engine",
            Ok(format!("{} removed", counted(removed.len() as u64, "run"))),
        );
    }
    Ok(())
}
