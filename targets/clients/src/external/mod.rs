//! The external client: a program that reads operations as lines of JSON and answers with lines of JSON.
//!
//! The protocol is documented in `docs/external-clients.md`. The program says what has surely failed and what nobody
//! knows. Where it does not keep to the protocol after an operation was sent to it, the operation is indeterminate, and the
//! program is killed and started anew. Where it cannot be started, nothing was sent to the store: failed.

use crate::child::{Child, ChildError, quote};
use crate::client::{Answer, Client, Pending};
use crate::cluster::Cluster;
use crate::error::{ClientError, OpError, chain};
use afterall_history::{Value, Workload};
use afterall_manifest::ClientSpec;
use afterall_workloads::Operation;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Sleep;

/// How long the program may take to say that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// How often, and how many times, a program is looked at that was just started, to see whether it ends by itself.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 20;

/// The longest error text that is taken over.
const ERROR_CHARS_MAX: usize = 500;

/// A client that is another program.
pub(crate) struct ExternalClient {
    command: Vec<String>,
    workload: Workload,
    names: Vec<String>,
    hello: String,
    ready_within: Duration,
    running: Option<Running>,
    last_id: u64,
    /// Whether a session has ended since the program was last asked.
    reset_due: bool,
    /// How often in a row it did not become ready.
    unready: u32,
}

/// The program while it runs.
struct Running {
    child: Child,
    /// What is left of the time to become ready; nothing once it is.
    patience: Option<Pin<Box<Sleep>>>,
    /// Whether it still owes an answer. The next call then restarts it: the call before was dropped, and its late answer
    /// must not be taken for another's.
    busy: bool,
}

/// A program that does not keep to the protocol.
#[derive(Debug, thiserror::Error)]
enum Breach {
    /// It cannot be used.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// It did not get ready.
    #[error("no answer to hello within {0} ms")]
    Hello(u128),
    /// It said something else first.
    #[error("expected ready, but it said {0}")]
    NotReady(String),
    /// A line that is not an answer.
    #[error("it said {line}")]
    Line {
        /// The line, in quotes.
        line: String,
        /// Why it is not.
        source: serde_json::Error,
    },
    /// An answer that does not fit what was asked.
    #[error("it said {line}: {misfit}")]
    Answer {
        /// The line, in quotes.
        line: String,
        /// Why it does not.
        misfit: Misfit,
    },
}

/// Why an answer does not fit what was asked.
#[derive(Debug, thiserror::Error)]
enum Misfit {
    /// A second greeting.
    #[error("it was ready before")]
    ReadyAgain,
    /// A node that the cluster does not have.
    #[error("unknown node {0:?}")]
    Node(String),
    /// A read without a value.
    #[error("expected a value in the answer of a read")]
    NoValue,
    /// A value of another shape.
    #[error("expected the read of a {workload} to return {shape}")]
    Shape {
        /// The workload.
        workload: &'static str,
        /// What its reads return.
        shape: &'static str,
    },
    /// The answer to another request.
    #[error("expected the id {0}")]
    Id(u64),
    /// An answer that a ping cannot have.
    #[error("expected ok or fail as the answer of a ping, with its id {0}")]
    Ping(u64),
    /// An answer that a clock cannot have.
    #[error("expected ok with a whole number, or fail, as the answer of a clock, with its id {0}")]
    Clock(u64),
}

/// What the program says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum Reply {
    Ready {},
    Ok {
        id: u64,
        #[serde(default, deserialize_with = "present")]
        value: Option<Value>,
        #[serde(default)]
        node: Option<String>,
        #[serde(default)]
        version: Option<Value>,
    },
    Fail {
        id: u64,
        #[serde(default)]
        error: String,
    },
    Info {
        id: u64,
        #[serde(default)]
        error: String,
    },
}

/// Distinguishes a null from a missing field.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl ExternalClient {
    /// A client that will start the manifest's command when it is first needed.
    pub(crate) fn new(
        spec: &ClientSpec,
        workload: Workload,
        cluster: Cluster,
    ) -> Result<Self, ClientError> {
        if spec.command.is_empty() {
            return Err(ClientError::NoCommand);
        }
        let nodes = cluster.names.iter().zip(&cluster.addresses);
        let nodes =
            nodes.map(|(name, address)| json!({"name": name, "address": address.to_string()}));
        let hello = json!({
            "type": "hello", "version": 1, "workload": workload.name(),
            "nodes": nodes.collect::<Vec<_>>(), "options": spec.options,
        });
        Ok(ExternalClient {
            command: spec.command.clone(),
            workload,
            names: cluster.names,
            hello: format!("{hello}\n"),
            ready_within: READY_WITHIN,
            running: None,
            last_id: 0,
            reset_due: false,
            unready: 0,
        })
    }

    /// Has the program running and ready. An error means that nothing was asked of it.
    async fn ready(&mut self) -> Result<(), OpError> {
        match self.begin().await {
            Ok(()) => {
                self.unready = 0;
                Ok(())
            }
            Err(why) => {
                self.unready = self.unready.saturating_add(1);
                let end = self.end().await;
                let times = match self.unready {
                    0..3 => String::new(),
                    times => format!(" {times} times in a row"),
                };
                Err(OpError::Failed(format!(
                    "the client {:?} did not become ready{times}: {}{end}",
                    self.command.join(" "),
                    chain(&why)
                )))
            }
        }
    }

    async fn begin(&mut self) -> Result<(), Breach> {
        if self.running.as_ref().is_some_and(|running| running.busy || running.child.has_ended()) {
            self.running = None;
        }
        let running = match &mut self.running {
            Some(running) => running,
            place => {
                let child = Child::start(&self.command)?;
                let patience = Some(Box::pin(tokio::time::sleep(self.ready_within)));
                let running = place.insert(Running { child, patience, busy: true });
                running.child.say(&self.hello).await?;
                running.busy = false;
                running
            }
        };
        let Some(patience) = &mut running.patience else { return Ok(()) };
        let line = tokio::select! {
            line = running.child.hear() => line.map_err(Breach::Child)?,
            () = patience => {
                return Err(Breach::Hello(self.ready_within.as_millis()));
            }
        };
        match serde_json::from_slice(&line) {
            Ok(Reply::Ready {}) => {
                running.patience = None;
                Ok(())
            }
            _ => Err(Breach::NotReady(quote(&line))),
        }
    }

    /// Kills the program if there is one, and says how it ended.
    async fn end(&mut self) -> String {
        match self.running.take() {
            Some(running) => format!("; {}", running.child.end().await),
            None => String::new(),
        }
    }

    /// Sends a request and returns what was answered to it. A program that does not keep to the protocol is killed.
    async fn call(
        &mut self,
        mut request: serde_json::Value,
        check: impl FnOnce(Reply, u64) -> Result<Result<Answer, OpError>, Misfit>,
    ) -> Result<Answer, OpError> {
        self.ready().await?;
        let Some(running) = &mut self.running else {
            return Err(OpError::Failed("the client is not running".to_owned()));
        };
        running.busy = true;
        self.last_id += 1;
        let (id, reset) = (self.last_id, std::mem::take(&mut self.reset_due));
        let mut lines = String::new();
        if reset {
            lines.push_str("{\"type\":\"reset\"}\n");
        }
        request["id"] = id.into();
        lines.push_str(&format!("{request}\n"));
        let answered = async {
            running.child.say(&lines).await?;
            let line = running.child.hear().await?;
            let reply = serde_json::from_slice(&line)
                .map_err(|source| Breach::Line { line: quote(&line), source })?;
            check(reply, id).map_err(|misfit| Breach::Answer { line: quote(&line), misfit })
        };
        let answered = answered.await;
        match answered {
            Ok(answer) => {
                running.busy = false;
                answer
            }
            Err(breach) => {
                let (what, end) = (chain(&breach), self.end().await);
                let command = self.command.join(" ");
                Err(OpError::Indeterminate(format!("the client {command:?}: {what}{end}")))
            }
        }
    }

    async fn invoke(&mut self, node: usize, operation: &Operation) -> Result<Answer, OpError> {
        let mut request = json!({
            "type": "invoke", "id": 0, "node": self.names[node], "f": operation.f, "key": operation.key,
        });
        let is_read = operation.f.is_read();
        if !operation.value.is_nil() {
            request["value"] = serde_json::to_value(&operation.value).map_err(OpError::failed)?;
        }
        let (workload, names) = (self.workload, self.names.clone());
        self.call(request, move |reply, id| {
            let (answer, of) = match reply {
                Reply::Ready {} => return Err(Misfit::ReadyAgain),
                Reply::Fail { id, error } => (Err(OpError::Failed(clip(error))), id),
                Reply::Info { id, error } => (Err(OpError::Indeterminate(clip(error))), id),
                Reply::Ok { id, value, node, version } => {
                    if let Some(node) = node.as_ref().filter(|node| !names.contains(node)) {
                        return Err(Misfit::Node(node.clone()));
                    }
                    let read = match value {
                        Some(value) if is_read => Some(fitting(workload, value)?),
                        None if is_read => return Err(Misfit::NoValue),
                        _ => None,
                    };
                    (Ok(Answer { node, read, version }), id)
                }
            };
            if of == id { Ok(answer) } else { Err(Misfit::Id(id)) }
        })
        .await
    }

    async fn ping(&mut self, node: usize) -> Result<(), OpError> {
        let request = json!({"type": "ping", "id": 0, "node": self.names[node]});
        let answer = self.call(request, |reply, id| match reply {
            Reply::Ok { id: of, .. } if of == id => Ok(Ok(Answer::done())),
            Reply::Fail { id: of, error } if of == id => Ok(Err(OpError::Failed(clip(error)))),
            _ => Err(Misfit::Ping(id)),
        });
        answer.await.map(|_| ())
    }

    async fn clock_ms(&mut self, node: usize) -> Result<Option<i64>, OpError> {
        let request = json!({"type": "clock", "id": 0, "node": self.names[node]});
        let answer = self.call(request, |reply, id| match reply {
            Reply::Ok { id: of, value: Some(Value::Int(ms)), .. } if of == id => {
                Ok(Ok(Answer::read(Value::Int(ms))))
            }
            Reply::Fail { id: of, error } if of == id => Ok(Err(OpError::Failed(clip(error)))),
            _ => Err(Misfit::Clock(id)),
        });
        Ok(answer.await?.read.as_ref().and_then(Value::as_int))
    }
}

/// Starts the program of an external client, says nothing to it, and stops it again. Other clients need no start.
///
/// # Errors
/// It cannot be started, or ends at once: with what it wrote to its standard error.
pub async fn try_start(spec: &ClientSpec) -> Result<(), ClientError> {
    if spec.command.is_empty() {
        return Ok(());
    }
    let command = spec.command.join(" ");
    let failed = |why: String| ClientError::Start { command, why };
    let child = match Child::start(&spec.command) {
        Ok(child) => child,
        Err(error) => return Err(failed(chain(&error))),
    };
    let mut look = tokio::time::interval(LOOK);
    for _ in 0..LOOKS {
        look.tick().await;
        if child.has_ended() {
            return Err(failed(child.end().await));
        }
    }
    Ok(())
}

/// The value of a read, if it has the shape that the workload's reads have.
fn fitting(workload: Workload, value: Value) -> Result<Value, Misfit> {
    let is_item = |item: &Value| matches!(item.as_list(), Some([element, Value::Int(_)]) if !element.is_nil());
    let (fits, shape) = match (workload, &value) {
        (Workload::Register, value) => {
            (value.is_nil() || value.as_list().is_some(), "null or a list of values")
        }
        (Workload::Counter | Workload::Inventory, value) => {
            (value.as_int().is_some(), "a whole number")
        }
        (Workload::Set | Workload::Chat, value) => {
            (value.is_nil() || value.as_list().is_some(), "null or a list of elements")
        }
        (Workload::Cart, Value::Nil) => (true, ""),
        (Workload::Cart, value) => (
            value.as_list().is_some_and(|items| items.iter().all(is_item)),
            "a list of [element, quantity]",
        ),
        _ => (false, "nothing, because no run drives one"),
    };
    if fits { Ok(value) } else { Err(Misfit::Shape { workload: workload.name(), shape }) }
}

/// On one line, and not too long.
fn clip(text: String) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = text.char_indices().nth(ERROR_CHARS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl Client for ExternalClient {
    fn reset(&mut self) {
        // The next call restarts a program that has not answered yet.
        self.reset_due = true;
    }

    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, OpError>> {
        Box::pin(self.invoke(node, operation))
    }

    fn ping(&mut self, node: usize) -> Pending<'_, Result<(), OpError>> {
        Box::pin(self.ping(node))
    }

    fn clock_ms(&mut self, node: usize) -> Pending<'_, Result<Option<i64>, OpError>> {
        Box::pin(self.clock_ms(node))
    }
}

#[cfg(test)]
mod tests;
