//! The blocking side of the client: the crate, on a thread of its own.

#![expect(clippy::disallowed_types, reason = "what toxiproxy_rust returns")]

use super::change::{Change, NewLink};
use super::error::{CrateError, Error};
use super::state::{Difference, LinkState, ToxicKind};
use crate::direction::Direction;
use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use toxiproxy_rust::client::Client;
use toxiproxy_rust::proxy::{Proxy, ProxyPack};

/// What the crate answers: its errors are texts.
type Answer<T> = Result<T, String>;

/// Talks to one server and knows the links that were created through it.
pub(super) struct Worker {
    address: SocketAddr,
    client: Client,
    prefix: String,
    /// By name without prefix: what the server last reported.
    links: BTreeMap<String, LinkState>,
}

impl Worker {
    pub(super) fn connect(address: SocketAddr, prefix: String) -> Result<Worker, Error> {
        let client = guard("making a client", || Ok(Client::new(address)))?;
        let mut worker = Worker { address, client, prefix, links: BTreeMap::new() };
        // A server that answers this in the right shape is a Toxiproxy.
        worker.call("listing proxies", |client| client.all().map(|_| ()))?;
        Ok(worker)
    }

    /// Calls the crate. It panics on some transport errors, with its lock held: then a new client is needed.
    fn call<T>(
        &mut self,
        doing: &'static str,
        call: impl FnOnce(&Client) -> Answer<T>,
    ) -> Result<T, Error> {
        let result = guard(doing, || call(&self.client));
        if let Err(Error::Panicked { .. }) = result {
            let address = self.address;
            self.client = guard("making a client", || Ok(Client::new(address)))?;
        }
        result
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn read(&mut self) -> Result<HashMap<String, Proxy>, Error> {
        self.call("reading back the proxies", Client::all)
    }

    pub(super) fn create(
        &mut self,
        new: &[NewLink],
    ) -> Result<BTreeMap<String, SocketAddr>, Error> {
        let before = self.read()?;
        for link in new {
            check_name(&link.name)?;
            if self.links.contains_key(&link.name)
                || before.contains_key(&self.full_name(&link.name))
            {
                return Err(Error::Exists { name: self.full_name(&link.name) });
            }
        }
        self.populate(new)?;
        let addresses = self.links.iter().filter(|(name, _)| new.iter().any(|l| l.name == **name));
        addresses
            .map(|(name, state)| {
                let address = state.listen.parse().map_err(|_| Error::NoAddress {
                    name: name.clone(),
                    listen: state.listen.clone(),
                })?;
                Ok((name.clone(), address))
            })
            .collect()
    }

    /// The link keeps its address; its toxics go, its connections end, and it is enabled.
    pub(super) fn set_upstream(&mut self, name: &str, upstream: &str) -> Result<(), Error> {
        let state = self.known(name)?;
        let listen = state.listen.clone();
        self.populate(&[NewLink { name: name.to_owned(), listen, upstream: upstream.to_owned() }])
    }

    fn populate(&mut self, new: &[NewLink]) -> Result<(), Error> {
        let packs = new
            .iter()
            .map(|link| {
                let name = self.full_name(&link.name);
                ProxyPack::new(name, link.listen.clone(), link.upstream.clone())
            })
            .collect();
        // The answer is not looked at: what counts is what is there afterwards.
        let answer = self.call("creating proxies", |client| client.populate(packs).map(|_| ()));
        let found = self.read().map_err(|error| answer.err().unwrap_or(error))?;
        let mut differences = Vec::new();
        for link in new {
            let expected = LinkState {
                listen: link.listen.clone(),
                upstream: link.upstream.clone(),
                enabled: true,
                toxics: BTreeMap::new(),
            };
            let found =
                found.get(&self.full_name(&link.name)).map(|p| LinkState::reported(&p.proxy_pack));
            match found {
                Some(found) if same_but_for_a_chosen_port(&expected, &found) => {
                    self.links.insert(link.name.clone(), found);
                }
                found => {
                    if let Some(found) = &found {
                        self.links.insert(link.name.clone(), found.clone());
                    }
                    let name = link.name.clone();
                    differences.push(Difference { name, expected: Some(expected), found });
                }
            }
        }
        mismatch(differences)
    }

    fn known(&self, name: &str) -> Result<&LinkState, Error> {
        self.links.get(name).ok_or_else(|| Error::Unknown { name: name.to_owned() })
    }

    /// Makes all changes, in order, then reads everything back once.
    pub(super) fn apply(&mut self, changes: &[(String, Change)]) -> Result<(), Error> {
        let mut expected: BTreeMap<&str, LinkState> = BTreeMap::new();
        for (name, change) in changes {
            let known = self.known(name)?;
            let state = expected.remove(name.as_str()).unwrap_or_else(|| known.clone());
            expected.insert(name, change.applied_to(state));
        }
        let proxies = self.read()?;
        let mut current: BTreeMap<&str, LinkState> = BTreeMap::new();
        let mut failure = None;
        for (name, change) in changes {
            // A proxy that is gone shows itself below.
            let Some(proxy) = proxies.get(&self.full_name(name)) else { continue };
            let before = current
                .remove(name.as_str())
                .unwrap_or_else(|| LinkState::reported(&proxy.proxy_pack));
            let after = change.applied_to(before.clone());
            let nothing_to_do = after == before;
            current.insert(name, after);
            if nothing_to_do {
                continue;
            }
            let result = self.call("changing a proxy", |_| make(proxy, *change));
            if let Err(Error::Panicked { .. }) = result {
                // The proxies read before hold the old client, which is of no use any more.
                failure = result.err();
                break;
            }
            failure = failure.or(result.err());
        }
        let found = self.read().map_err(|error| failure.take().unwrap_or(error))?;
        let mut differences = Vec::new();
        for (name, expected) in expected {
            let found =
                found.get(&self.full_name(name)).map(|p| LinkState::reported(&p.proxy_pack));
            if let Some(found) = &found {
                self.links.insert(name.to_owned(), found.clone());
            }
            if found.as_ref() != Some(&expected) {
                differences.push(Difference {
                    name: name.to_owned(),
                    expected: Some(expected),
                    found,
                });
            }
        }
        mismatch(differences)
    }

    pub(super) fn states(&mut self) -> Result<BTreeMap<String, LinkState>, Error> {
        let found = self.read()?;
        for (name, state) in &mut self.links {
            if let Some(proxy) = found.get(&format!("{}{name}", self.prefix)) {
                *state = LinkState::reported(&proxy.proxy_pack);
            }
        }
        let there = |name: &String| found.contains_key(&format!("{}{name}", self.prefix));
        self.links.retain(|name, _| there(name));
        Ok(self.links.clone())
    }

    /// Deletes what was created here and nothing else.
    pub(super) fn delete_all(&mut self) -> Result<(), Error> {
        if self.links.is_empty() {
            return Ok(());
        }
        let proxies = self.read()?;
        let mut failure = None;
        for name in self.links.keys().cloned().collect::<Vec<_>>() {
            if let Some(proxy) = proxies.get(&self.full_name(&name)) {
                failure = failure.or(self.call("deleting a proxy", |_| proxy.delete()).err());
            }
        }
        let found = self.read().map_err(|error| failure.take().unwrap_or(error))?;
        let prefix = self.prefix.clone();
        self.links.retain(|name, _| found.contains_key(&format!("{prefix}{name}")));
        let left = self.links.iter().map(|(name, state)| Difference {
            name: name.clone(),
            expected: None,
            found: Some(state.clone()),
        });
        mismatch(left.collect())
    }
}

impl Change {
    fn applied_to(self, state: LinkState) -> LinkState {
        match self {
            Change::Cut => LinkState { enabled: false, ..state },
            Change::Mend => LinkState { enabled: true, ..state },
            Change::Add { kind, direction, toxicity } => {
                state.with_toxic(kind, direction, toxicity)
            }
            Change::Clear => LinkState { toxics: BTreeMap::new(), ..state },
        }
    }
}

/// One call of the crate for one change. Statuses are ignored there, so success means little.
fn make(proxy: &Proxy, change: Change) -> Answer<()> {
    match change {
        Change::Cut => proxy.disable(),
        Change::Mend => proxy.enable(),
        Change::Clear => proxy.delete_all_toxics(),
        Change::Add { kind, direction, toxicity } => {
            add(proxy, kind, direction, toxicity);
            Ok(())
        }
    }
}

fn add(proxy: &Proxy, kind: ToxicKind, direction: Direction, toxicity: f32) {
    let stream = direction.name().to_owned();
    match kind {
        ToxicKind::Latency { latency_ms, jitter_ms } => {
            proxy.with_latency(stream, latency_ms, jitter_ms, toxicity)
        }
        ToxicKind::Bandwidth { rate_kb_s } => proxy.with_bandwidth(stream, rate_kb_s, toxicity),
        ToxicKind::SlowClose { delay_ms } => proxy.with_slow_close(stream, delay_ms, toxicity),
        ToxicKind::Timeout { timeout_ms } => proxy.with_timeout(stream, timeout_ms, toxicity),
        ToxicKind::Slicer { average_size, size_variation, delay_us } => {
            proxy.with_slicer(stream, average_size, size_variation, delay_us, toxicity)
        }
        ToxicKind::LimitData { bytes } => proxy.with_limit_data(stream, bytes, toxicity),
    };
}

fn same_but_for_a_chosen_port(asked: &LinkState, found: &LinkState) -> bool {
    let chosen = match (asked.listen.rsplit_once(':'), found.listen.rsplit_once(':')) {
        (Some((_, "0")), Some((_, port))) => port != "0",
        (Some((_, asked)), Some((_, found))) => asked == found,
        _ => false,
    };
    chosen && LinkState { listen: asked.listen.clone(), ..found.clone() } == *asked
}

fn mismatch(differences: Vec<Difference>) -> Result<(), Error> {
    if differences.is_empty() { Ok(()) } else { Err(Error::Mismatch(differences)) }
}

/// Names become parts of paths in the API.
fn check_name(name: &str) -> Result<(), Error> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 200 || !name.chars().all(fine) {
        return Err(Error::BadName { name: name.to_owned() });
    }
    Ok(())
}

fn guard<T>(doing: &'static str, call: impl FnOnce() -> Answer<T>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(why)) => Err(Error::Transport { doing, source: CrateError(why) }),
        Err(panic) => Err(Error::Panicked { doing, why: panic_text(panic.as_ref()) }),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text").to_owned()
}
