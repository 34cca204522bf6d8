//! Histories that other tools recorded: Jepsen, Porcupine, Plume, AWDIT, dbcop, Cobra.
//!
//! ```
//! use afterall_formats::{Format, Options, Recorded, read};
//!
//! let path = std::env::temp_dir().join("afterall-formats-example.edn");
//! std::fs::write(&path, "{:process 0, :type :invoke, :f :write, :value 1}\n\
//!                        {:process 0, :type :ok, :f :write, :value 1}\n")?;
//! let read = read(&path, &Options::default())?;
//! assert_eq!(read.format, Format::JepsenEdn);
//! assert!(matches!(read.recorded, Recorded::Operations(history) if history.len() == 1));
//! assert_eq!(read.notes[1], "the workload was guessed from write: register");
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod awdit;
mod bytes;
pub mod cobra;
pub mod dbcop;
mod edn;
mod error;
pub mod export;
mod finals;
mod folder;
mod form;
mod format;
mod guess;
mod guess_workload;
mod input;
mod jepsen;
mod jepsen_log;
mod jepsen_txn;
mod json;
mod lines;
mod meaning;
mod notes;
mod numbers;
mod op;
mod options;
pub mod plume;
mod porcupine;
mod problem;
mod read;
mod record;
mod recorded;
mod seen;
mod sessions;
mod setup;
mod source;
mod split;
mod survey;
mod timed;
mod unpack;
mod walk;

pub use error::FormatError;
pub use format::Format;
pub use options::{Finals, InitialValue, Nil, Options, Order};
pub use problem::Problem;
pub use read::{read, read_bytes, read_from};
pub use recorded::{Read, Recorded};
