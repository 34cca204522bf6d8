//! Why a cluster in containers cannot be set up.

use super::engine::EngineError;
use crate::live::open_files::TooFewOpenFiles;
use afterall_clients::ClientError;
use afterall_engine::ConfigError;
use afterall_manifest::TemplateError;

/// Why a cluster cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Too few open files.
    #[error(transparent)]
    OpenFiles(#[from] TooFewOpenFiles),
    /// The links.
    #[error("the links cannot be made")]
    Links(#[from] afterall_toxiproxy::Error),
    /// The client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A template.
    #[error("the manifest's {what}")]
    Template {
        /// Which.
        what: String,
        /// What is wrong.
        #[source]
        error: TemplateError,
    },
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Something did not become ready in time, or ended.
    #[error("{what}: {error}{}", quoted(.log))]
    NotReady {
        /// What was waited for.
        what: String,
        /// What came instead.
        error: String,
        /// The end of a log.
        log: String,
    },
}

fn quoted(log: &str) -> String {
    if log.is_empty() { String::new() } else { format!("; its log ends:\n{log}") }
}
