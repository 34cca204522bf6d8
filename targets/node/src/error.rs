//! Why a node ends.

use afterall_reference::core::DamagedRecord;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a node ended.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A port that it cannot have.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Its storage fails.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Its storage holds what it cannot read.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// Something else of the system's.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A storage failure.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The folder cannot be made.
    #[error("cannot create the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database cannot be opened: another process may hold it.
    #[error("cannot open the storage {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: Box<redb::DatabaseError>,
    },
    /// It cannot be read or written.
    #[error("cannot read or write the storage")]
    Database(#[source] Box<redb::Error>),
}

impl StorageError {
    /// A failure of the database.
    pub(crate) fn new(error: impl Into<redb::Error>) -> Self {
        StorageError::Database(Box::new(error.into()))
    }
}
