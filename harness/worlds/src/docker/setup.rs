//! How a cluster in containers is set up.
//!
//! Order: images, network, Toxiproxy, the time authority, infra containers; then addresses are known, links and rules are
//! laid, and the target's own containers start, joined to their infra containers' networks.

#![expect(clippy::disallowed_methods, reason = "it waits until a deadline")]

use super::before::place_of;
use super::cluster::{
    COMMAND_MAX, Cluster, Node, POLL, SHARED, container, data_in_infra, infra, proxy,
    shared_volume, volume,
};
use super::engine::{Engine, NewContainer, RUN_LABEL};
use super::error::SetupError;
use super::reap::{HOST_LABEL, LOCK_LABEL, host};
use super::tally;
use super::wiring::{API_PORT, Addresses, TIME_PORT, Wiring};
use crate::live::links::LinkPlan;
use crate::live::open_files::make_room;
use crate::live::tail;
use crate::settings::Settings;
use afterall_engine::{ConfigError, RunConfig};
use afterall_history::FaultKind;
use afterall_manifest::{ClockSpec, Command, Manifest, On, Place, Process};
use afterall_toxiproxy::Links;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Sessions beyond this number share links: each is a published port for every node.
const SESSION_LINKS_MAX: usize = 16;
/// How long the infrastructure may take to answer.
const INFRA_MAX: Duration = Duration::from_secs(30);

const TOXIPROXY_IMAGES: &[&str] =
    &["ghcr.io/shopify/toxiproxy:2.12.0", "afterall/toxiproxy:latest"];
const INFRA_IMAGES: &[&str] = &["afterall/infra:latest"];
const REFERENCE_IMAGES: &[&str] = &["afterall/reference:latest"];
/// The images that every run needs, each with its stand-ins.
pub(super) const IMAGES: &[&[&str]] = &[TOXIPROXY_IMAGES, INFRA_IMAGES, REFERENCE_IMAGES];
const BUILD: &str = "build those that are made here with docker/build, or name another with --image, as toxiproxy=NAME, infra=NAME or PROCESS=NAME";

/// What the clocks of a node share: the name of a semaphore and of a piece of memory.
const SEMAPHORE: &str = "afterall";

/// Puts the library that skews clocks, the skew and what its users share in place. The library makes a semaphore that belongs
/// to the user of the first process, and ends every later process whose user may not open it: an image whose root drops
/// to another user would not start. So one is made here, and anybody may open it.
fn clock_script() -> String {
    // Started at the right time, so that a later skew is a jump of a clock that was right.
    format!(
        "cp /usr/local/lib/libfaketimeMT.so.1 {SHARED}/\n\
         echo +0 > {SHARED}/faketime\nchmod -R a+rX {SHARED}\n\
         LD_PRELOAD={SHARED}/libfaketimeMT.so.1 sleep 60 &\np=$!; cd /dev/shm\n\
         for i in $(seq 500); do\n\
         if [ -s sem.faketime_sem_$p ] && [ -s faketime_shm_$p ]; then break; fi; sleep 0.02\ndone\n\
         cp sem.faketime_sem_$p sem.{SEMAPHORE}; cp faketime_shm_$p {SEMAPHORE}\n\
         chmod a+rw sem.{SEMAPHORE} {SEMAPHORE}; kill $p; rm -f sem.faketime_sem_$p faketime_shm_$p\n"
    )
}

/// Sets everything up under the name of the run and waits until the target serves. What was started is found again
/// by the run's label; whoever calls this removes it after an error.
pub(super) async fn start(
    engine: Engine,
    lock: &Path,
    config: &RunConfig,
    settings: &Settings,
) -> Result<Cluster, SetupError> {
    let manifest = config.manifest.clone().ok_or(ConfigError::NoManifest)?;
    // A session may have a connection to each node, and so may each reader; the rest is the engine's.
    let nodes = u64::from(config.nodes);
    make_room(nodes * (config.slots() as u64 + nodes + 1))?;
    let lock = lock.display().to_string();
    let labels = [(RUN_LABEL, settings.run_id.clone()), (HOST_LABEL, host()), (LOCK_LABEL, lock)];
    let setup = Setup {
        engine,
        config,
        settings,
        run: settings.run_id.clone(),
        labels: labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        wiring: Wiring {
            nodes: usize::from(config.nodes),
            session_links: config.slots().min(SESSION_LINKS_MAX),
            client_port: manifest.client.port,
            peer_ports: manifest.peers.ports.clone(),
            udp_ports: manifest.peers.udp_ports.clone(),
        },
        manifest,
    };
    setup.carry_out().await
}

/// What is known before anything is started.
struct Setup<'a> {
    engine: Engine,
    config: &'a RunConfig,
    settings: &'a Settings,
    manifest: Manifest,
    run: String,
    labels: BTreeMap<String, String>,
    wiring: Wiring,
}

impl Setup<'_> {
    async fn carry_out(self) -> Result<Cluster, SetupError> {
        if !self.wiring.fits() {
            return Err(SetupError::NotReady {
                what: format!(
                    "{} nodes with {} peer ports",
                    self.wiring.nodes,
                    self.wiring.peer_ports.len()
                ),
                error: "there are not enough ports for the proxies of their links: use fewer nodes"
                    .to_owned(),
                log: String::new(),
            });
        }
        let with_time = self.manifest.clock == Some(ClockSpec::TimeLink);
        let images = self.images(with_time).await?;
        let network = format!("{}-net", self.run);
        self.engine.create_network(&network, &self.labels).await?;
        let proxy = proxy(&self.run);
        let mut publish = self.wiring.published();
        publish.push(API_PORT);
        self.start_container(&proxy, &images["toxiproxy"], &network, publish, Vec::new()).await?;
        let authority = format!("{}-authority", self.run);
        if with_time {
            let command = ["authority", "--listen", &format!("0.0.0.0:{TIME_PORT}")];
            let command = command.map(str::to_owned).to_vec();
            self.start_container(
                &authority,
                &images["authority"],
                &network,
                vec![TIME_PORT],
                command,
            )
            .await?;
        }
        for node in 0..self.wiring.nodes {
            self.start_infra(node, &images["infra"], &network).await?;
        }
        let mut nodes = Vec::new();
        let mut direct = Vec::new();
        for node in 0..self.wiring.nodes {
            let infra = infra(&self.run, node);
            nodes.push(self.engine.address(&infra, &network).await?);
            let published = self.engine.published(&infra).await?;
            direct.extend(published.get(&self.wiring.client_port).copied());
        }
        let orders = if with_time {
            let published = self.engine.published(&authority).await?.get(&TIME_PORT).copied();
            Some(published.ok_or_else(|| SetupError::NotReady {
                what: "the time authority".to_owned(),
                error: format!(
                    "image {} does not run one: is it of this version?",
                    images["authority"]
                ),
                log: String::new(),
            })?)
        } else {
            None
        };
        let addresses = Addresses {
            nodes,
            proxy: self.engine.address(&proxy, &network).await?,
            authority: match orders {
                Some(_) => Some(self.engine.address(&authority, &network).await?),
                None => None,
            },
        };
        let proxies = self.engine.published(&proxy).await?;
        let links = self.lay_links(&addresses, &proxies).await?;
        let (sessions, ports) = (self.wiring.session_links, self.wiring.peer_ports.len());
        let mut plan = LinkPlan::new(self.wiring.nodes, sessions, ports);
        if !with_time {
            plan = plan.without_time_links();
        }
        let cluster = Cluster {
            plan: Mutex::new(plan),
            nodes: (0..self.wiring.nodes)
                .map(|_| Mutex::new(Node { up: true, paused: false }))
                .collect(),
            engine: self.engine.clone(),
            run: self.run.clone(),
            manifest: self.manifest.clone(),
            wiring: self.wiring.clone(),
            authority: orders,
            workload: self.config.workload,
            proxies,
            direct,
            logs: self.settings.logs.clone(),
            links,
            addresses,
            ticks: Default::default(),
            unanswered: Default::default(),
            carried: Default::default(),
        };
        let ready = self.start_target(&cluster, &images).await;
        if ready.is_err() {
            cluster.save_logs().await;
        }
        ready.map(|()| cluster)
    }

    /// The images by role; pulled where they are not there.
    async fn images(&self, with_time: bool) -> Result<BTreeMap<String, String>, SetupError> {
        let mut wanted: Vec<(&str, Vec<&str>)> =
            vec![("toxiproxy", TOXIPROXY_IMAGES.to_vec()), ("infra", INFRA_IMAGES.to_vec())];
        if with_time {
            wanted.push(("authority", REFERENCE_IMAGES.to_vec()));
        }
        for process in &self.manifest.process {
            let usual = [Some(&process.image), process.stand_in.as_ref()];
            let usual = usual.into_iter().flatten().map(String::as_str).collect();
            wanted.push((&process.name, usual));
        }
        let mut images = BTreeMap::new();
        for (role, usual) in wanted {
            let candidates = match self.config.images.get(role) {
                Some(image) => vec![image.as_str()],
                None => usual,
            };
            images.insert(
                role.to_owned(),
                self.engine.image(&candidates, BUILD, &self.settings.notice).await?,
            );
        }
        Ok(images)
    }

    async fn start_container(
        &self,
        name: &str,
        image: &str,
        network: &str,
        publish: Vec<u16>,
        command: Vec<String>,
    ) -> Result<(), SetupError> {
        let new = NewContainer {
            name: name.to_owned(),
            image: image.to_owned(),
            command: (!command.is_empty()).then_some(command),
            network: network.to_owned(),
            labels: self.labels.clone(),
            publish,
            ..NewContainer::default()
        };
        self.engine.create(new).await?;
        Ok(self.engine.start(name).await?)
    }

    /// The container that owns a node's network, and holds its volumes too, to work on them while the node is down.
    async fn start_infra(&self, node: usize, image: &str, network: &str) -> Result<(), SetupError> {
        let mut volumes = vec![format!("{}:{SHARED}", shared_volume(&self.run, node))];
        self.engine.create_volume(&shared_volume(&self.run, node), &self.labels).await?;
        for process in self.manifest.process.iter().filter(|process| process.data.is_some()) {
            let volume = volume(&self.run, node, &process.name);
            self.engine.create_volume(&volume, &self.labels).await?;
            volumes.push(format!("{volume}:{}", data_in_infra(process)));
        }
        let name = infra(&self.run, node);
        let new = NewContainer {
            name: name.clone(),
            image: image.to_owned(),
            network: network.to_owned(),
            hostname: Some(format!("n{}", node + 1)),
            labels: self.labels.clone(),
            publish: vec![self.wiring.client_port],
            capabilities: vec!["NET_ADMIN".to_owned()],
            ipc: self.preloads().then(|| "shareable".to_owned()),
            volumes,
            ..NewContainer::default()
        };
        self.engine.create(new).await?;
        Ok(self.engine.start(&name).await?)
    }

    /// Makes the proxies, and the rules and names that lead nodes to them.
    async fn lay_links(
        &self,
        addresses: &Addresses,
        proxies: &BTreeMap<u16, SocketAddr>,
    ) -> Result<Links, SetupError> {
        let url = proxies.get(&API_PORT).map(SocketAddr::to_string).unwrap_or_default();
        let began = Instant::now();
        let links = loop {
            match Links::connect(&url, &self.run).await {
                Ok(links) => break links,
                Err(error) if began.elapsed() > INFRA_MAX => return Err(error.into()),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        };
        links.create_all(self.wiring.links(addresses)).await?;
        let hosts: String = addresses
            .nodes
            .iter()
            .enumerate()
            .map(|(node, ip)| format!("{ip} n{}\\n", node + 1))
            .collect();
        for node in 0..self.wiring.nodes {
            let rules = self.wiring.nat_rules(node, addresses);
            let mut script = format!(
                "set -e; printf '{hosts}' >> /etc/hosts; iptables-restore --noflush <<'END'\n{rules}END\n"
            );
            // Only counts: where the kernel cannot, what links carry is not told.
            let tally = tally::rules(&self.wiring, addresses, node);
            script.push_str(&format!("iptables-restore --noflush <<'END' || true\n{tally}END\n"));
            if self.preloads() {
                script.push_str(&clock_script());
            }
            self.engine.script(&infra(&self.run, node), &script, COMMAND_MAX).await?;
        }
        Ok(links)
    }

    /// Whether the library that skews clocks is loaded into the target's processes: it changes how programs run, so only
    /// where a clock is to be skewed.
    fn preloads(&self) -> bool {
        self.manifest.clock.is_some_and(ClockSpec::is_faketime)
            && self.config.injects(FaultKind::Clock)
    }

    fn place(&self, node: usize, addresses: &Addresses) -> Place {
        let ips: Vec<String> = addresses.nodes.iter().map(ToString::to_string).collect();
        let time = addresses.authority.map(|ip| format!("{ip}:{TIME_PORT}")).unwrap_or_default();
        place_of(self.config, node, &ips, time)
    }

    async fn create_process(
        &self,
        node: usize,
        process: &Process,
        image: &str,
        place: &Place,
    ) -> Result<(), SetupError> {
        let bad = |what: &str| {
            let what = format!("{what} of process {}", process.name);
            move |error| SetupError::Template { what, error }
        };
        let command = match &process.command {
            Some(command) => Some(command.fill_command(place).map_err(bad("command"))?),
            None => None,
        };
        let mut env = Vec::new();
        for (name, value) in &process.env {
            env.push(format!("{name}={}", value.fill(place).map_err(bad(name))?));
        }
        if self.preloads() {
            // In this order: alone, the first breaks programs with an allocator of their own.
            env.push(format!("LD_PRELOAD={SHARED}/libfaketimeMT.so.1 libc.so.6"));
            env.push("FAKETIME_NO_CACHE=1".to_owned());
            env.push(format!("FAKETIME_TIMESTAMP_FILE={SHARED}/faketime"));
            // Timeouts and elections must go on as they would with a wall clock that is wrong.
            env.push("FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned());
            // Without it a JVM hangs in its start.
            env.push("FAKETIME_FORCE_MONOTONIC_FIX=0".to_owned());
            env.push(format!("FAKETIME_SHARED=/{SEMAPHORE} /{SEMAPHORE}"));
        }
        let infra = infra(&self.run, node);
        let mut files = BTreeMap::new();
        for (path, content) in &process.files {
            files.insert(path.clone(), content.fill(place).map_err(bad(path))?);
        }
        let mut volumes = vec![format!("{}:{SHARED}", shared_volume(&self.run, node))];
        volumes.extend(
            process
                .data
                .iter()
                .map(|path| format!("{}:{path}", volume(&self.run, node, &process.name))),
        );
        let name = container(&self.run, node, &process.name);
        self.engine
            .create(NewContainer {
                name: name.clone(),
                image: image.to_owned(),
                command,
                env,
                network: format!("container:{infra}"),
                ipc: self.preloads().then(|| format!("container:{infra}")),
                labels: self.labels.clone(),
                volumes,
                memory_mib: process.memory_mib,
                ..NewContainer::default()
            })
            .await?;
        if !files.is_empty() {
            self.engine.write_files(&name, &files).await?;
        }
        Ok(())
    }

    /// Starts the target's processes, makes a cluster of them and waits until it serves.
    async fn start_target(
        &self,
        cluster: &Cluster,
        images: &BTreeMap<String, String>,
    ) -> Result<(), SetupError> {
        let deadline = Instant::now() + Duration::from_secs(self.manifest.ready_within_s.into());
        let mut client = cluster.direct_client()?;
        for process in &self.manifest.process {
            for node in 0..self.wiring.nodes {
                let place = self.place(node, &cluster.addresses);
                self.create_process(node, process, &images[&process.name], &place).await?;
                self.engine.start(&container(&self.run, node, &process.name)).await?;
                if process.one_by_one {
                    cluster.wait_for_ping(&mut *client, node, deadline).await?;
                }
            }
        }
        for command in &self.manifest.setup {
            self.run_until(cluster, "a setup command", command, deadline).await?;
        }
        for node in 0..self.wiring.nodes {
            cluster.wait_for_ping(&mut *client, node, deadline).await?;
        }
        for command in &self.manifest.ready {
            self.run_until(cluster, "the readiness probe", command, deadline).await?;
        }
        loop {
            let made = tokio::time::timeout(COMMAND_MAX, client.setup(self.wiring.nodes)).await;
            let error = match made {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no answer within {} s", COMMAND_MAX.as_secs()),
            };
            client.reset();
            cluster.check_alive("the client's setup", 0, deadline, &error).await?;
            tokio::time::sleep(POLL).await;
        }
    }

    /// Runs a command on each of its nodes, again and again, until it says what it should.
    async fn run_until(
        &self,
        cluster: &Cluster,
        what: &str,
        command: &Command,
        deadline: Instant,
    ) -> Result<(), SetupError> {
        let nodes = match command.on {
            On::First => 0..1,
            On::Rest => 1..self.wiring.nodes,
            On::All => 0..self.wiring.nodes,
        };
        for node in nodes {
            let place = self.place(node, &cluster.addresses);
            let bad = |error| SetupError::Template { what: what.to_owned(), error };
            let filled = command.command.fill_command(&place).map_err(bad)?;
            let container = container(&self.run, node, &command.process);
            loop {
                let output = self.engine.exec(&container, &filled, COMMAND_MAX).await;
                let error = match output {
                    Ok(output) => match &command.contains {
                        None if output.code == 0 => break,
                        Some(text) if output.text.contains(text.as_str()) => break,
                        None => format!("exit code {}: {}", output.code, tail(&output.text, 500)),
                        Some(text) => {
                            format!("it does not contain {text:?}: {}", tail(&output.text, 500))
                        }
                    },
                    Err(error) => error.to_string(),
                };
                let what = format!("{what} ({}) on n{}", filled.join(" "), node + 1);
                cluster.check_alive(&what, node, deadline, &error).await?;
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }
}
