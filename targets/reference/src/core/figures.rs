//! What a node counts.

/// What a node has done, for `/metrics`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Requests answered.
    pub requests: u64,
    /// Objects sent as rumors.
    pub rumor_objects_sent: u64,
    /// Rumor messages sent.
    pub rumor_messages_sent: u64,
    /// Anti-entropy rounds begun.
    pub sync_rounds: u64,
    /// Anti-entropy messages sent, of all kinds.
    pub sync_messages_sent: u64,
    /// Objects sent by anti-entropy.
    pub sync_objects_sent: u64,
    /// Objects from peers that changed what was held.
    pub merges: u64,
    /// Objects from peers that changed nothing.
    pub merges_idle: u64,
    /// Stale objects that a read had mended, here or elsewhere.
    pub read_repairs: u64,
    /// Messages of read repair that were sent after reads which one replica answers.
    pub repair_messages_sent: u64,
    /// Changes that peers have not confirmed yet.
    pub hints_held: u64,
    /// Changes that a peer confirmed only after it was handed them again.
    pub hints_handed_over: u64,
    /// Changes that were not kept for a peer, for lack of room.
    pub hints_dropped: u64,
    /// Messages of hinted handoff that were sent.
    pub hint_messages_sent: u64,
    /// Messages about who takes part in the cluster, and of what is handed over where that changes.
    pub membership_messages_sent: u64,
    /// Requests that waited for what their session had been given elsewhere.
    pub requests_waited: u64,
    /// Requests that waited in vain, or found too few replicas.
    pub requests_refused: u64,
    /// Requests that were handed to a node that holds the object.
    pub requests_forwarded: u64,
    /// Changes of the log that were sent to peers.
    pub updates_sent: u64,
    /// Changes of the log that came in the order of their maker, and before something that they follow from.
    pub updates_early: u64,
}

impl Figures {
    /// What does not happen in every run, and says that a rare path was taken: a name and how often.
    #[must_use]
    pub fn marks(&self) -> [(&'static str, u64); 11] {
        [
            ("sync-objects-sent", self.sync_objects_sent),
            ("merges", self.merges),
            ("merges-idle", self.merges_idle),
            ("read-repairs", self.read_repairs),
            ("hints-held", self.hints_held),
            ("hints-handed-over", self.hints_handed_over),
            ("requests-waited", self.requests_waited),
            ("requests-refused", self.requests_refused),
            ("requests-forwarded", self.requests_forwarded),
            ("updates-sent", self.updates_sent),
            ("updates-early", self.updates_early),
        ]
    }
}
