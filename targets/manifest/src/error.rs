//! What can be wrong with a manifest.

use crate::protocol::OptionError;
use crate::template::TemplateError;
use afterall_history::{FaultKind, UnknownWord};
use std::path::PathBuf;

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("cannot read the manifest {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is too large to be a manifest.
    #[error("{}: expected a manifest of at most {max} bytes, found {bytes}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest that is read.
        max: u64,
    },
    /// Something in it is wrong.
    #[error("{file}:{line}:{column}: {problem}")]
    Invalid {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// What is wrong.
        problem: Box<Problem>,
    },
    /// There is no such target.
    #[error("{unknown}; a manifest is named by its path, as in ./{name}.toml")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        unknown: UnknownWord,
    },
}

/// What is wrong at a place in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is not TOML, or it lacks an entry, or an entry is unknown or of another type.
    #[error("{0}")]
    Entry(String),
    /// A name with other characters, too short or too long.
    #[error("expected a name of 1 to 40 lower-case letters, digits and hyphens, found {0:?}")]
    Name(String),
    /// A size that no cluster has.
    #[error("expected a cluster of 1 to 99 nodes, found {0}")]
    ClusterSize(u16),
    /// The smallest cluster is larger than the largest.
    #[error("expected nodes-min of at most nodes-max, found {min} and {max}")]
    Range {
        /// `nodes-min`.
        min: u16,
        /// `nodes-max`.
        max: u16,
    },
    /// The usual cluster is smaller than the smallest or larger than the largest.
    #[error("expected nodes from nodes-min {min} to nodes-max {max}, found {nodes}")]
    Nodes {
        /// `nodes`.
        nodes: u16,
        /// `nodes-min`.
        min: u16,
        /// `nodes-max`.
        max: u16,
    },
    /// No workload is listed.
    #[error("expected at least one workload in [promises], even if it promises nothing")]
    NoWorkload,
    /// A node of too many processes.
    #[error("expected at most 8 processes per node, found {0}")]
    Processes(usize),
    /// A process without an image, beside others that have one.
    #[error("expected an image, as the other processes have one, found none")]
    NoImage,
    /// Two processes of one name.
    #[error("expected a name of its own for each process, found {0:?} twice")]
    ProcessTwice(String),
    /// A process that is not declared.
    #[error("unknown process {name:?}: expected one of {known}")]
    UnknownProcess {
        /// What was found.
        name: String,
        /// The processes that there are.
        known: String,
    },
    /// A port 0.
    #[error("expected a port from 1 to 65535, found 0")]
    PortZero,
    /// A fault that needs another entry.
    #[error("fault {fault}: expected {needs}, found none")]
    FaultNeeds {
        /// The fault.
        fault: FaultKind,
        /// The entry, and what it is for.
        needs: &'static str,
    },
    /// A file that may not be damaged.
    #[error(
        "expected a file in the data folder of the process {process}, without quotes, `$` and `;`; found {file:?}"
    )]
    CorruptFile {
        /// The process.
        process: String,
        /// The file.
        file: String,
    },
    /// Bytes that are not hexadecimal, none or too many.
    #[error("expected 1 to 1024 bytes as pairs of hexadecimal digits, found {0:?}")]
    Hex(String),
    /// A probe to a port that is not proxied.
    #[error("expected one of the peer ports {known}, found {port}")]
    ProbePort {
        /// What was found.
        port: u16,
        /// The peer ports.
        known: String,
    },
    /// A protocol that is unknown.
    #[error("unknown protocol {name:?}: expected one of {known}")]
    UnknownProtocol {
        /// What was found.
        name: String,
        /// The protocols that there are.
        known: String,
    },
    /// An option of the protocol.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// A protocol that runs a program, which is not named.
    #[error("the protocol {0}: expected `command`, the program and its arguments, found none")]
    NoCommand(&'static str),
    /// A workload that the protocol's client cannot drive.
    #[error("the protocol {protocol} cannot drive a {workload}: expected one of {known}")]
    Workload {
        /// The protocol.
        protocol: &'static str,
        /// What was found.
        workload: &'static str,
        /// What it can drive.
        known: String,
    },
    /// A template that cannot be filled in.
    #[error("{what}: {error}")]
    Template {
        /// What it is for.
        what: String,
        /// What is wrong with it.
        error: TemplateError,
    },
}
