//! The one client: links in the harness's terms, through the crate `toxiproxy_rust`.
//!
//! The crate blocks, ignores HTTP statuses, panics on some transport errors and knows no `reset_peer`. Hence
//! [`worker`] runs it on a thread of its own, catches its panics, and after every change reads the proxies back
//! and compares them with what was asked for.

mod state;
mod worker;

use crate::Direction;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc;
use tokio::sync::oneshot;
use worker::Worker;

pub use state::{Difference, LinkState, ToxicKind, ToxicState};

/// Why a link is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server was told, and says something else: the fault did not take hold.
    #[error("the change did not take hold: {}", list(.0))]
    Mismatch(Vec<Difference>),
    /// The server could not be asked.
    #[error("Toxiproxy failed while {doing}: {why}")]
    Transport {
        /// What was tried.
        doing: String,
        /// The crate's words.
        why: String,
    },
    /// The client crate panicked.
    #[error("the Toxiproxy client panicked while {doing}: {why}")]
    Panicked {
        /// What was tried.
        doing: String,
        /// The panic's words.
        why: String,
    },
    /// The address of the server is none.
    #[error("{url:?} is no address of a Toxiproxy: {why}; give http://HOST:PORT or HOST:PORT")]
    BadUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A name that cannot be part of a path.
    #[error("{name:?} cannot name a link: use letters, digits, '-', '_' and '.'")]
    BadName {
        /// The name.
        name: String,
    },
    /// The server has such a proxy already.
    #[error("the server already has a proxy {name}; it is not ours, so it stays as it is")]
    Exists {
        /// The proxy's full name.
        name: String,
    },
    /// No such link was created here.
    #[error("no link {name} was created here")]
    Unknown {
        /// The link.
        name: String,
    },
    /// The server reports an address that cannot be dialled.
    #[error("the proxy {name} listens on {listen:?}, which is no IP address with a port")]
    NoAddress {
        /// The link.
        name: String,
        /// What the server says.
        listen: String,
    },
    /// The thread that talks to the server is gone.
    #[error("the thread of the Toxiproxy client has ended")]
    Ended,
}

/// How many differences are told: where one thing is wrong with all links, a few say it.
const TOLD_MAX: usize = 3;

fn list(differences: &[Difference]) -> String {
    let told: Vec<String> = differences.iter().take(TOLD_MAX).map(Difference::to_string).collect();
    match differences.len().saturating_sub(TOLD_MAX) {
        0 => told.join("; "),
        more => format!("{}; and {more} more", told.join("; ")),
    }
}

/// A link to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// Its name, without the run's prefix.
    pub name: String,
    /// Where it is to listen, `HOST:PORT`; port 0: a free one.
    pub listen: String,
    /// Where it leads, `HOST:PORT`.
    pub upstream: String,
}

impl NewLink {
    /// A link that listens on a free port of the loopback address.
    #[must_use]
    pub fn on_loopback(name: &str, upstream: &str) -> NewLink {
        NewLink {
            name: name.to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            upstream: upstream.to_owned(),
        }
    }
}

/// A change of a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Ends its connections and refuses new ones.
    Cut,
    /// Takes connections again.
    Mend,
    /// Adds a toxic. One of the same type and direction must not be there already: that is a mismatch.
    Add {
        /// What it does.
        kind: ToxicKind,
        /// To which direction.
        direction: Direction,
        /// The share of connections that it strikes, 0 to 1.
        toxicity: f32,
    },
    /// Removes all toxics. Connections that were in a black hole end.
    Clear,
}

impl Change {
    /// A silent black hole in one direction: connections stay, nothing arrives.
    #[must_use]
    pub fn black_hole(direction: Direction) -> Change {
        Change::Add { kind: ToxicKind::Timeout { timeout_ms: 0 }, direction, toxicity: 1.0 }
    }

    /// Delays one direction by `latency_ms` ± `jitter_ms` milliseconds.
    #[must_use]
    pub fn latency(direction: Direction, latency_ms: u32, jitter_ms: u32) -> Change {
        Change::Add { kind: ToxicKind::Latency { latency_ms, jitter_ms }, direction, toxicity: 1.0 }
    }
}

type Job = Box<dyn FnOnce(&mut Worker) + Send>;

/// The links of one run on one Toxiproxy server.
///
/// Links are named without the run's prefix, under which the server knows them. When this is dropped, what was
/// created is deleted in the background; [`Links::delete_all`] does it and says whether it worked.
#[derive(Debug)]
pub struct Links {
    jobs: mpsc::Sender<Job>,
}

impl Links {
    /// Connects to the server at `url` (`http://HOST:PORT` or `HOST:PORT`). All proxies are created under names that
    /// begin with `run`, so that a shared server is left as it was found.
    ///
    /// # Errors
    /// The address is none, or nothing there answers like a Toxiproxy.
    pub async fn connect(url: &str, run: &str) -> Result<Links, Error> {
        let bad = |why: String| Error::BadUrl { url: url.to_owned(), why };
        let host = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
        let address = tokio::net::lookup_host(host)
            .await
            .map_err(|error| bad(error.to_string()))?
            .next()
            .ok_or_else(|| bad("the name has no address".to_owned()))?;
        let prefix = format!("{run}-");
        let (jobs, queue) = mpsc::channel::<Job>();
        let (ready, connected) = oneshot::channel();
        let thread = std::thread::Builder::new().name("toxiproxy-client".to_owned());
        thread
            .spawn(move || {
                let mut worker = match Worker::connect(address, prefix) {
                    Ok(worker) => worker,
                    Err(error) => {
                        let _nobody_waits = ready.send(Err(error));
                        return;
                    }
                };
                let _nobody_waits = ready.send(Ok(()));
                for job in queue {
                    job(&mut worker);
                }
                // Nobody is left who could hear of a failure.
                let _best_effort = worker.delete_all();
            })
            .map_err(|error| Error::Transport {
                doing: "starting its thread".to_owned(),
                why: error.to_string(),
            })?;
        connected.await.map_err(|_| Error::Ended)??;
        Ok(Links { jobs })
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Worker) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (send, receive) = oneshot::channel();
        let job: Job = Box::new(move |worker| {
            let _nobody_waits = send.send(job(worker));
        });
        self.jobs.send(job).map_err(|_| Error::Ended)?;
        receive.await.map_err(|_| Error::Ended)?
    }

    /// Creates a link that listens on a free loopback port, and says on which.
    ///
    /// # Errors
    /// As [`Links::create_all`].
    pub async fn create(&self, name: &str, upstream: &str) -> Result<SocketAddr, Error> {
        let addresses = self.create_all(vec![NewLink::on_loopback(name, upstream)]).await?;
        addresses.get(name).copied().ok_or_else(|| Error::Unknown { name: name.to_owned() })
    }

    /// Creates links and says where each listens.
    ///
    /// # Errors
    /// A name is taken or unfit, or what the server then reports is not what was asked for.
    pub async fn create_all(
        &self,
        new: Vec<NewLink>,
    ) -> Result<BTreeMap<String, SocketAddr>, Error> {
        self.on_thread(move |worker| worker.create(&new)).await
    }

    /// Leads a link elsewhere. It keeps its address and loses its toxics and connections.
    ///
    /// # Errors
    /// The link is unknown, or what the server then reports is not what was asked for.
    pub async fn set_upstream(&self, name: &str, upstream: &str) -> Result<(), Error> {
        let (name, upstream) = (name.to_owned(), upstream.to_owned());
        self.on_thread(move |worker| worker.set_upstream(&name, &upstream)).await
    }

    /// Makes changes one after the other, then reads all links back once and compares.
    ///
    /// # Errors
    /// A link is unknown (then nothing was changed), the server fails, or a link is then not what it should be.
    pub async fn apply(&self, changes: Vec<(String, Change)>) -> Result<(), Error> {
        self.on_thread(move |worker| worker.apply(&changes)).await
    }

    async fn apply_one(&self, name: &str, change: Change) -> Result<(), Error> {
        self.apply(vec![(name.to_owned(), change)]).await
    }

    /// [`Change::Cut`] of one link.
    ///
    /// # Errors
    /// As [`Links::apply`].
    pub async fn cut(&self, name: &str) -> Result<(), Error> {
        self.apply_one(name, Change::Cut).await
    }

    /// [`Change::Mend`] of one link.
    ///
    /// # Errors
    /// As [`Links::apply`].
    pub async fn mend(&self, name: &str) -> Result<(), Error> {
        self.apply_one(name, Change::Mend).await
    }

    /// [`Change::black_hole`] in one link.
    ///
    /// # Errors
    /// As [`Links::apply`].
    pub async fn black_hole(&self, name: &str, direction: Direction) -> Result<(), Error> {
        self.apply_one(name, Change::black_hole(direction)).await
    }

    /// [`Change::latency`] on one link.
    ///
    /// # Errors
    /// As [`Links::apply`].
    pub async fn latency(
        &self,
        name: &str,
        direction: Direction,
        latency_ms: u32,
        jitter_ms: u32,
    ) -> Result<(), Error> {
        self.apply_one(name, Change::latency(direction, latency_ms, jitter_ms)).await
    }

    /// [`Change::Clear`] of one link.
    ///
    /// # Errors
    /// As [`Links::apply`].
    pub async fn clear(&self, name: &str) -> Result<(), Error> {
        self.apply_one(name, Change::Clear).await
    }

    /// Removes all toxics and mends all links of this run; others on a shared server stay as they are.
    ///
    /// # Errors
    /// As [`Links::apply`].
    pub async fn heal_all(&self) -> Result<(), Error> {
        let changes = |worker: &mut Worker| {
            let names = worker.states()?.into_keys();
            let changes: Vec<_> = names
                .flat_map(|name| [(name.clone(), Change::Clear), (name, Change::Mend)])
                .collect();
            worker.apply(&changes)
        };
        self.on_thread(changes).await
    }

    /// All links of this run as the server reports them now.
    ///
    /// # Errors
    /// The server fails.
    pub async fn states(&self) -> Result<BTreeMap<String, LinkState>, Error> {
        self.on_thread(Worker::states).await
    }

    /// Deletes what was created here and nothing else.
    ///
    /// # Errors
    /// The server fails, or still has some of them.
    pub async fn delete_all(&self) -> Result<(), Error> {
        self.on_thread(Worker::delete_all).await
    }
}
