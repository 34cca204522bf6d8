//! How histories are written down.

use afterall_history::vocabulary;

vocabulary! {
    /// How a history is written down.
    "format" Format {
        /// This program's own: [`afterall_history::jsonl`].
        Afterall = "afterall",
        /// Jepsen's `history.edn`.
        JepsenEdn = "jepsen-edn",
        /// The same as JSON, as elle-cli reads it.
        JepsenJson = "jepsen-json",
        /// What Jepsen logs while a test runs.
        JepsenLog = "jepsen-log",
        /// The key-value logs among Porcupine's tests.
        Porcupine = "porcupine",
        /// The text format of Plume and PolySI.
        Plume = "plume",
        /// AWDIT's test format.
        Awdit = "awdit",
        /// dbcop's sessions of transactions in JSON.
        DbcopJson = "dbcop-json",
        /// dbcop's text format.
        DbcopText = "dbcop-text",
        /// dbcop's older binary format.
        DbcopBincode = "dbcop-bincode",
        /// Cobra's logs, one file per session in one folder.
        Cobra = "cobra",
    }
}
