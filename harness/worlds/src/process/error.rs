//! Why a cluster of processes does not come up.

use super::ports::NoFreePort;
use crate::live::open_files::TooFewOpenFiles;
use afterall_clients::ClientError;
use afterall_manifest::TemplateError;

/// Why a cluster cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The links.
    #[error("the links cannot be made")]
    Links(#[from] afterall_toxiproxy::Error),
    /// A node.
    #[error(transparent)]
    Node(#[from] StartError),
    /// Too few open files.
    #[error(transparent)]
    OpenFiles(#[from] TooFewOpenFiles),
    /// No ports.
    #[error(transparent)]
    Ports(#[from] NoFreePort),
    /// The client of the manifest.
    #[error(transparent)]
    ClientProgram(#[from] ClientError),
    /// What the client cannot create.
    #[error("the client cannot create what the load needs: {0}")]
    Client(String),
    /// Nothing to run.
    #[error("expected a process in the manifest, found none")]
    NoProcess,
    /// Somebody holds the ports on every loopback network.
    #[error("found no loopback network on which the ports of the manifest are free")]
    NoNetwork,
    /// A file of the manifest that is not in the folder of its node.
    #[error("files: expected a path within the folder of the node, found {0:?}")]
    FileOutside(String),
    /// A template that cannot be filled in.
    #[error("{what}")]
    Template {
        /// What it is for.
        what: String,
        /// What is wrong.
        #[source]
        error: TemplateError,
    },
    /// Something of the system's.
    #[error("cannot {what}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The system's word.
        #[source]
        error: std::io::Error,
    },
}

/// A node that does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program cannot be run.
    #[error("cannot start {name}")]
    Spawn {
        /// The node.
        name: String,
        /// The system's word.
        #[source]
        error: std::io::Error,
    },
    /// It ended, or did not become ready in time.
    #[error("{name} did not become ready: {what}; its log ends:\n{tail}")]
    NotReady {
        /// The node.
        name: String,
        /// What happened.
        what: String,
        /// The end of its log.
        tail: String,
    },
}
