//! Which properties a history can show, and which it is held to where nobody says what was promised.
//!
//! What cannot be shown is refused and never dropped: a promise that nothing could break would be held by every run.

use crate::context::{Context, covers};
use crate::registry::Registry;
use crate::row::Row;
use afterall_history::{Header, History, NODE_UNKNOWN, Promise, Property, Sessions, Workload};

/// A promise that a history cannot show to be kept or broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {workload} history{what} cannot show {promise}: it can show {can}", workload = .workload.name())]
pub struct CannotShow {
    /// The promise.
    pub promise: Promise,
    /// The workload of the history.
    pub workload: Workload,
    /// What else there is to say of the history.
    what: &'static str,
    /// What it can show.
    can: String,
}

/// Whether a history with this workload can show the promise to be kept or broken. `real_time`: see
/// [`History::has_real_time`].
///
/// # Errors
/// If it cannot, with what it can show.
pub fn can_show(workload: Workload, real_time: bool, promise: Promise) -> Result<(), CannotShow> {
    let registry = Registry::standard();
    let shown = || registry.shown_by(workload, real_time);
    // Where sessions are not told apart, a promise to some of them cannot be judged.
    let apart = |sessions| promise.sessions == Sessions::All || sessions != Sessions::All;
    if shown().any(|(property, sessions)| covers(promise, property, sessions) && apart(sessions)) {
        return Ok(());
    }
    let mut names: Vec<String> = shown()
        .map(|(property, sessions)| match sessions {
            Sessions::All => property.name().to_owned(),
            _ => format!("{property}[/sticky|/roaming]"),
        })
        .collect();
    names.dedup();
    let can = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    let what = if real_time { "" } else { " of completions alone" };
    Err(CannotShow { promise, workload, what, can })
}

/// The promises of a header that the history cannot show.
#[must_use]
pub fn cannot_show(header: &Header, real_time: bool) -> Option<CannotShow> {
    let refused = |&promise: &Promise| can_show(header.workload, real_time, promise).err();
    header.promises.iter().find_map(refused)
}

/// What systems are held to by those who record such histories: at least what the checkers of other tools would say, and
/// that all replicas agree where final reads of named nodes tell.
#[must_use]
pub fn usual_promises(history: &History) -> Vec<Promise> {
    let ctx = Context::new(history);
    let real_time = history.has_real_time();
    let workload = history.header().workload;
    let registry = Registry::standard();
    let mut usual: Vec<Property> = usual_for(&registry, workload).collect();
    if !ctx.has_removes() {
        usual.retain(|&property| property != Property::NoResurrectedItems);
    }
    if ctx.finals_are_marked() {
        // As in Maelstrom, whose counters are eventually consistent, and are held to what is read at the end.
        usual.retain(|&property| property != Property::CounterBounds);
    }
    let named = history.replicas().filter(|&node| history.node_name(node) != NODE_UNKNOWN);
    let several = || ctx.keys().any(|key| ctx.finals(key).len() > 1);
    if real_time && named.count() > 1 && ctx.finals_are_marked() && several() {
        usual.push(Property::Convergence);
    }
    let can =
        |property: &Property| can_show(workload, real_time, Promise::to_all(*property)).is_ok();
    if !real_time
        && !usual.iter().any(|property| can(property) && *property != Property::NoPhantoms)
    {
        // Of counters and positions the nearest to it that can be told: a session sees what it did.
        let number =
            matches!(workload, Workload::Counter | Workload::Inventory | Workload::Position);
        usual.push(if number { Property::ReadYourWrites } else { Property::Causal });
    }
    usual.into_iter().filter(can).map(Promise::to_all).collect()
}

/// The same for histories of transactions.
#[must_use]
pub fn usual_promises_of_transactions() -> Vec<Promise> {
    usual_for(&Registry::standard(), Workload::Transactions).map(Promise::to_all).collect()
}

fn usual_for(registry: &Registry, workload: Workload) -> impl Iterator<Item = Property> + '_ {
    let usual = move |row: &&Row| row.usual_for.contains(&workload);
    registry.rows().filter(usual).map(|row| row.property)
}
