//! The engine: what the docker world asks of it, in the harness's terms. Everything goes through the engine's API, so a
//! remote engine will do: nothing is shared with it but published ports.

#![expect(
    clippy::disallowed_types,
    reason = "the engine's API takes hash maps; their order does not matter"
)]

use crate::settings::Notice;
use bollard::body_full;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, EndpointSettings, HostConfig,
    NetworkCreateRequest, NetworkingConfig, PortBinding, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptions, KillContainerOptions, LogsOptions,
    StopContainerOptions, UploadToContainerOptions,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::StreamExt;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

/// The label by which everything of a run is found again; its value is the run's id.
pub(crate) const RUN_LABEL: &str = "afterall.run";
/// How long the engine may take to answer, seconds.
const ANSWER_MAX_S: u64 = 120;
/// How long it may take to say that it is there.
const HELLO_MAX: Duration = Duration::from_secs(5);
/// How much of a command's output is kept, bytes.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// How much of a container's log is kept, bytes: the end.
const LOG_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How many lines of it are asked for.
const LOG_LINES_MAX: &str = "100000";

/// What the engine cannot do.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No engine answers.
    #[error("no Docker engine answers at {address}: {error}; start one, or set DOCKER_HOST")]
    None {
        /// Where it was looked for.
        address: String,
        /// What came instead.
        error: String,
    },
    /// An image that is not there and cannot be had.
    #[error("image {image} is not there and cannot be pulled: {error}; {advice}")]
    Image {
        /// The image.
        image: String,
        /// The engine's word.
        error: String,
        /// What to do.
        advice: String,
    },
    /// Anything else.
    #[error("{what}: {error}")]
    Failed {
        /// What was tried.
        what: String,
        /// The engine's word.
        error: String,
    },
}

/// A connection to an engine.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(super) docker: Docker,
    /// Where its published ports are.
    host: IpAddr,
}

/// A container to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewContainer {
    pub(crate) name: String,
    pub(crate) image: String,
    /// Absent: the image's own.
    pub(crate) command: Option<Vec<String>>,
    pub(crate) env: Vec<String>,
    /// A network's name, or `container:NAME`.
    pub(crate) network: String,
    pub(crate) hostname: Option<String>,
    /// Whose semaphores and shared memory it uses: `shareable`, or `container:NAME`; its own if absent.
    pub(crate) ipc: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    /// Ports to publish on free ports of the engine's host, TCP.
    pub(crate) publish: Vec<u16>,
    pub(crate) capabilities: Vec<String>,
    /// `VOLUME:PATH`.
    pub(crate) volumes: Vec<String>,
    pub(crate) memory_mib: Option<u32>,
}

/// What a command in a container printed, and how it ended.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) code: i64,
    pub(crate) text: String,
}

pub(super) fn failed(
    what: impl Into<String>,
) -> impl FnOnce(bollard::errors::Error) -> EngineError {
    let what = what.into();
    move |error| EngineError::Failed { what, error: words(&error) }
}

pub(super) fn words(error: &bollard::errors::Error) -> String {
    match error {
        bollard::errors::Error::DockerResponseServerError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

pub(super) fn labelled(label: &str) -> Option<HashMap<String, Vec<String>>> {
    Some(HashMap::from([("label".to_owned(), vec![label.to_owned()])]))
}

impl Engine {
    /// Connects to the engine that DOCKER_HOST names, or to the local one.
    pub(crate) async fn connect() -> Result<Engine, EngineError> {
        let address = std::env::var("DOCKER_HOST").unwrap_or_default();
        let address =
            if address.is_empty() { "unix:///var/run/docker.sock".to_owned() } else { address };
        let none = |error: String| EngineError::None { address: address.clone(), error };
        let (docker, host) = if let Some(host) = address.strip_prefix("tcp://") {
            let docker = Docker::connect_with_http(&address, ANSWER_MAX_S, API_DEFAULT_VERSION)
                .map_err(|error| none(words(&error)))?;
            let mut addresses = host.to_socket_addrs().map_err(|error| none(error.to_string()))?;
            let address = addresses.find(SocketAddr::is_ipv4);
            (docker, address.ok_or_else(|| none("the name has no IPv4 address".to_owned()))?.ip())
        } else if address.starts_with("unix://") {
            let docker = Docker::connect_with_socket(&address, ANSWER_MAX_S, API_DEFAULT_VERSION)
                .map_err(|error| none(words(&error)))?;
            (docker, IpAddr::V4(Ipv4Addr::LOCALHOST))
        } else {
            return Err(none("only unix:// and tcp:// are understood".to_owned()));
        };
        let hello = tokio::time::timeout(HELLO_MAX, docker.negotiate_version()).await;
        match hello {
            Ok(Ok(docker)) => Ok(Engine { docker, host }),
            Ok(Err(error)) => Err(none(words(&error))),
            Err(_) => Err(none(format!("no answer within {} s", HELLO_MAX.as_secs()))),
        }
    }

    /// The engine's version.
    pub(crate) async fn version(&self) -> Result<String, EngineError> {
        let version = self.docker.version().await.map_err(failed("ask the engine's version"))?;
        Ok(version.version.unwrap_or_default())
    }

    pub(crate) async fn has_image(&self, image: &str) -> bool {
        self.docker.inspect_image(image).await.is_ok()
    }

    /// Makes sure that one of these images is there: the first that is, or else the first that can be pulled.
    pub(crate) async fn image(
        &self,
        candidates: &[&str],
        advice: &str,
        notice: &Notice,
    ) -> Result<String, EngineError> {
        for image in candidates {
            if self.has_image(image).await {
                return Ok((*image).to_owned());
            }
        }
        let image = candidates.first().copied().unwrap_or_default();
        notice(&format!("pulling {image}"));
        let (name, tag) = match image.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (image, "latest"),
        };
        let options = CreateImageOptions {
            from_image: Some(name.to_owned()),
            tag: Some(tag.to_owned()),
            ..CreateImageOptions::default()
        };
        let mut pulling = self.docker.create_image(Some(options), None, None);
        while let Some(step) = pulling.next().await {
            if let Err(error) = step {
                return Err(EngineError::Image {
                    image: image.to_owned(),
                    error: words(&error),
                    advice: advice.to_owned(),
                });
            }
        }
        Ok(image.to_owned())
    }

    pub(crate) async fn create_network(
        &self,
        name: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<(), EngineError> {
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            labels: Some(labels.clone().into_iter().collect()),
            ..NetworkCreateRequest::default()
        };
        self.docker.create_network(request).await.map_err(failed("create a network"))?;
        Ok(())
    }

    pub(crate) async fn create_volume(
        &self,
        name: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<(), EngineError> {
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(labels.clone().into_iter().collect()),
            ..VolumeCreateRequest::default()
        };
        self.docker.create_volume(request).await.map_err(failed("create a volume"))?;
        Ok(())
    }

    pub(crate) async fn create(&self, new: NewContainer) -> Result<(), EngineError> {
        let joined = new.network.starts_with("container:");
        // A remote engine's ports must be reachable from here; a local one's from nowhere else.
        let host_ip = if self.host.is_loopback() { "127.0.0.1" } else { "0.0.0.0" };
        let binding = || {
            let (host_ip, host_port) = (Some(host_ip.to_owned()), Some(String::new()));
            Some(vec![PortBinding { host_ip, host_port }])
        };
        let port = |port: &u16| format!("{port}/tcp");
        let bindings = new.publish.iter().map(|number| (port(number), binding())).collect();
        let endpoints = HashMap::from([(new.network.clone(), EndpointSettings::default())]);
        let body = ContainerCreateBody {
            image: Some(new.image),
            cmd: new.command,
            env: Some(new.env),
            hostname: new.hostname,
            labels: Some(new.labels.into_iter().collect()),
            exposed_ports: Some(new.publish.iter().map(port).collect()),
            host_config: Some(HostConfig {
                network_mode: Some(new.network),
                ipc_mode: new.ipc,
                port_bindings: Some(bindings),
                cap_add: Some(new.capabilities),
                binds: Some(new.volumes),
                memory: new.memory_mib.map(|mib| i64::from(mib) * 1024 * 1024),
                ..HostConfig::default()
            }),
            networking_config: (!joined)
                .then_some(NetworkingConfig { endpoints_config: Some(endpoints) }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptions { name: Some(new.name.clone()), ..Default::default() };
        let created = self.docker.create_container(Some(options), body).await;
        created.map_err(failed(format!("create container {}", new.name)))?;
        Ok(())
    }

    pub(crate) async fn start(&self, container: &str) -> Result<(), EngineError> {
        let started = self.docker.start_container(container, None).await;
        started.map_err(failed(format!("start {container}")))
    }

    /// Sends SIGTERM, and SIGKILL to whoever is still there after so many seconds.
    pub(crate) async fn stop(&self, container: &str, patience_s: i32) -> Result<(), EngineError> {
        let options = StopContainerOptions { t: Some(patience_s), ..Default::default() };
        let stopped = self.docker.stop_container(container, Some(options)).await;
        stopped.map_err(failed(format!("stop {container}")))
    }

    pub(crate) async fn kill(&self, container: &str) -> Result<(), EngineError> {
        let options = KillContainerOptions { signal: "SIGKILL".to_owned() };
        let killed = self.docker.kill_container(container, Some(options)).await;
        killed.map_err(failed(format!("kill {container}")))
    }

    pub(crate) async fn pause(&self, container: &str) -> Result<(), EngineError> {
        let paused = self.docker.pause_container(container).await;
        paused.map_err(failed(format!("pause {container}")))
    }

    pub(crate) async fn unpause(&self, container: &str) -> Result<(), EngineError> {
        let going_on = self.docker.unpause_container(container).await;
        going_on.map_err(failed(format!("unpause {container}")))
    }

    pub(crate) async fn inspect(
        &self,
        container: &str,
    ) -> Result<ContainerInspectResponse, EngineError> {
        let inspected = self.docker.inspect_container(container, None).await;
        inspected.map_err(failed(format!("inspect {container}")))
    }

    /// The address of a container in a network.
    pub(crate) async fn address(
        &self,
        container: &str,
        network: &str,
    ) -> Result<IpAddr, EngineError> {
        let settings = self.inspect(container).await?.network_settings;
        let networks = settings.and_then(|settings| settings.networks).unwrap_or_default();
        let address = networks.get(network).and_then(|endpoint| endpoint.ip_address.as_deref());
        address.and_then(|address| address.parse().ok()).ok_or_else(|| EngineError::Failed {
            what: format!("find the address of {container}"),
            error: "the engine names none".to_owned(),
        })
    }

    /// Where the published ports of a container can be reached from here, by port.
    pub(crate) async fn published(
        &self,
        container: &str,
    ) -> Result<BTreeMap<u16, SocketAddr>, EngineError> {
        let settings = self.inspect(container).await?.network_settings;
        let ports = settings.and_then(|settings| settings.ports).unwrap_or_default();
        let mut published = BTreeMap::new();
        for (port, bindings) in ports {
            let inner = port.split('/').next().and_then(|port| port.parse().ok());
            let outer =
                bindings.unwrap_or_default().into_iter().find_map(|b| b.host_port?.parse().ok());
            if let (Some(inner), Some(outer)) = (inner, outer) {
                published.insert(inner, SocketAddr::new(self.host, outer));
            }
        }
        Ok(published)
    }

    /// Runs a command in a container and waits for its end, for so long.
    pub(crate) async fn exec(
        &self,
        container: &str,
        command: &[String],
        patience: Duration,
    ) -> Result<Output, EngineError> {
        let what = || format!("run {} in {container}", command.first().map_or("", String::as_str));
        let running = async {
            let options = CreateExecOptions {
                attach_stdout: Some(true),
                attach_stderr: Some(true),
                cmd: Some(command.to_vec()),
                ..CreateExecOptions::default()
            };
            let exec = self.docker.create_exec(container, options).await.map_err(failed(what()))?;
            let started = self
                .docker
                .start_exec(&exec.id, None::<StartExecOptions>)
                .await
                .map_err(failed(what()))?;
            let mut text = Vec::new();
            if let StartExecResults::Attached { mut output, .. } = started {
                while let Some(Ok(chunk)) = output.next().await {
                    let bytes = chunk.into_bytes();
                    let room = OUTPUT_BYTES_MAX.saturating_sub(text.len());
                    text.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
            }
            let ended = self.docker.inspect_exec(&exec.id).await.map_err(failed(what()))?;
            let text = String::from_utf8_lossy(&text).into_owned();
            Ok(Output { code: ended.exit_code.unwrap_or(-1), text })
        };
        match tokio::time::timeout(patience, running).await {
            Ok(outcome) => outcome,
            Err(_) => Err(EngineError::Failed {
                what: what(),
                error: format!("no end within {} ms", patience.as_millis()),
            }),
        }
    }

    /// As [`Engine::exec`], of a script for bash; what does not end with 0 is an error with its output.
    pub(crate) async fn script(
        &self,
        container: &str,
        script: &str,
        patience: Duration,
    ) -> Result<String, EngineError> {
        let command = ["bash", "-c", script].map(str::to_owned);
        let output = self.exec(container, &command, patience).await?;
        if output.code == 0 {
            return Ok(output.text);
        }
        Err(EngineError::Failed {
            what: format!("run a script in {container}"),
            error: format!("exit code {}: {}", output.code, output.text.trim_end()),
        })
    }

    /// Starts a script for bash in a container and leaves it running.
    pub(crate) async fn spawn(&self, container: &str, script: &str) -> Result<(), EngineError> {
        let what = || format!("run a script in {container}");
        let options = CreateExecOptions {
            cmd: Some(["bash", "-c", script].map(str::to_owned).to_vec()),
            ..CreateExecOptions::default()
        };
        let exec = self.docker.create_exec(container, options).await.map_err(failed(what()))?;
        let detached = StartExecOptions { detach: true, ..StartExecOptions::default() };
        self.docker.start_exec(&exec.id, Some(detached)).await.map_err(failed(what()))?;
        Ok(())
    }

    /// Writes files into a container, running or not, by absolute path.
    pub(crate) async fn write_files(
        &self,
        container: &str,
        files: &BTreeMap<String, String>,
    ) -> Result<(), EngineError> {
        let what = || format!("write files into {container}");
        let mut archive = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_entry_type(tar::EntryType::Regular);
            let path = path.trim_start_matches('/');
            archive
                .append_data(&mut header, path, content.as_bytes())
                .map_err(|error| EngineError::Failed { what: what(), error: error.to_string() })?;
        }
        let bytes = archive
            .into_inner()
            .map_err(|error| EngineError::Failed { what: what(), error: error.to_string() })?;
        let options = UploadToContainerOptions {
            path: "/".to_owned(),
            ..UploadToContainerOptions::default()
        };
        let written = self
            .docker
            .upload_to_container(container, Some(options), body_full(bytes.into()))
            .await;
        written.map_err(failed(what()))
    }

    /// What a container printed: the end of it.
    pub(crate) async fn log(&self, container: &str) -> String {
        let options = LogsOptions {
            stdout: true,
            stderr: true,
            tail: LOG_LINES_MAX.to_owned(),
            ..LogsOptions::default()
        };
        let mut lines = self.docker.logs(container, Some(options));
        let mut log = Vec::new();
        while let Some(Ok(line)) = lines.next().await {
            log.extend_from_slice(&line.into_bytes());
            if log.len() > 2 * LOG_BYTES_MAX {
                log.drain(..log.len() - LOG_BYTES_MAX);
            }
        }
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The state of each container of a run, by its name: `running`, `paused`, `exited` …
    pub(crate) async fn states(&self, run: &str) -> Result<BTreeMap<String, String>, EngineError> {
        let listed = self.containers_with(&format!("{RUN_LABEL}={run}")).await?;
        let state = |container: bollard::models::ContainerSummary| {
            let name = container.names?.into_iter().next()?;
            let state = container.state.map(|state| state.to_string()).unwrap_or_default();
            Some((name.trim_start_matches('/').to_owned(), state))
        };
        Ok(listed.into_iter().filter_map(state).collect())
    }
}
