//! The links of one run: each change goes to the thread that talks to the server.

use super::change::{Change, NewLink};
use super::error::Error;
use super::state::LinkState;
use super::worker::Worker;
use crate::direction::Direction;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc;
use tokio::sync::oneshot;

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
    /// The address is not one, or nothing there answers like a Toxiproxy.
    pub async fn connect(url: &str, run: &str) -> Result<Links, Error> {
        let host = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
        let address = tokio::net::lookup_host(host)
            .await
            .map_err(|source| Error::BadUrl { url: url.to_owned(), source })?
            .next()
            .ok_or_else(|| Error::NoHost { url: url.to_owned() })?;
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
            .map_err(Error::Thread)?;
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
