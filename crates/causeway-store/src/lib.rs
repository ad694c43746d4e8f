//! The store's contract. A node reads aggregates and commits [`ChangeSet`]s; nothing else.
//!
//! There is no transaction object and no SQL here. Drivers share no code but this contract, the
//! record formats in [`records`] and the conformance suite.

mod access;
mod audience;
mod cache;
mod changes;
mod crossings;
mod custody;
mod entities;
#[cfg(any(test, feature = "testing"))]
pub mod fault;
mod identity;
mod memory;
pub mod records;
pub mod search;
mod shared;
#[cfg(any(test, feature = "testing"))]
pub mod suite;

use async_trait::async_trait;
use causeway_types::{AgreementId, DatasetId, OfferId, ParticipantId, ProcessId, Role, Timestamp};

pub use self::access::{ApiToken, Approval, Verdict};
pub use self::audience::Audience;
pub use self::cache::{
    CachedCatalog, CachedDataset, CachedPage, CatalogCache, NewPage, Reading, Run,
};
pub use self::changes::{
    ChangeSet, Committed, Entity, EventKind, Lease, NewEvent, NewMessage, OutboxSubject, Put,
    Remembered, Settle,
};
pub use self::crossings::{
    Attestation, Crossing, Crossings, DecisionEntry, Declaration, Duty, Persons, Subject,
};
pub use self::custody::{KeyEvent, LooseSettings};
pub use self::entities::{
    AgreementEntry, Event, Flow, NegotiationEntry, OutboxRow, Outcome, PublishedOffer, Rule,
    Starts, TransferEntry,
};
pub use self::identity::{RecordEntry, RecordKind, Records, SeenToken, Typed, list, read};
pub use self::memory::{MemoryCatalogCache, MemoryStore};
pub use self::records::{PeerCredentials, PendingPin, Pin};
pub use self::search::Selection;

/// How often an aggregate was written; the first write is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub u64);

/// An aggregate as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// The aggregate.
    pub value: T,
    /// To be named when it is written again.
    pub version: Version,
    /// Its place in the order of creation; grows, and is never used twice.
    pub sequence: i64,
}

/// A stretch of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Only items beyond this place in the list's order; `None` for the start.
    pub after: Option<i64>,
    /// At most this many items.
    pub limit: usize,
}

/// Why a commit did not happen. Unless it says otherwise, nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// An aggregate was written by somebody else, or exists already. Load and decide again.
    #[error("{what} was changed by somebody else meanwhile")]
    Conflict {
        /// The aggregate's kind and id.
        what: String,
    },
    /// The disk is full. The operator has to make room; then trying again makes sense.
    #[error("the disk of the store is full")]
    Full,
    /// The store cannot be used now. Whether the change was applied is not known: the caller
    /// reads again before it acts.
    #[error("the store is not available: {reason}")]
    Unavailable {
        /// For the log.
        reason: String,
    },
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store cannot be used now.
    #[error("the store is not available: {reason}")]
    Unavailable {
        /// For the log.
        reason: String,
    },
    /// A record does not have the form this program wrote.
    #[error("record {what} cannot be read: {reason}")]
    Corrupt {
        /// The aggregate's kind and id.
        what: String,
        /// For the log.
        reason: String,
    },
}

/// Where a node keeps what it must not forget.
///
/// Durability: when [`commit`](Self::commit) returns `Ok`, everything in the change set survives a
/// crash of the process and of the machine. Atomicity: all of it or nothing. Isolation: a commit
/// whose expected versions do not match returns [`CommitError::Conflict`] and changes nothing.
/// Reads see every commit that returned before they began. Concurrency: all methods may be called
/// at any time from any task.
#[async_trait]
pub trait Store: Crossings + Records {
    /// Applies a change set. Order inside: tokens, puts, then forgotten records, cancellations,
    /// settlements, crossings, new outbox messages, events.
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError>;

    /// An offer by its id, withdrawn ones included.
    async fn offer(&self, id: &OfferId) -> Result<Option<Stored<PublishedOffer>>, ReadError>;
    /// The offer of a dataset, withdrawn ones included.
    async fn offer_of_dataset(
        &self,
        id: &DatasetId,
    ) -> Result<Option<Stored<PublishedOffer>>, ReadError>;
    /// Offers in the order of publication; `withdrawn` says whether withdrawn ones are listed too.
    async fn offers(
        &self,
        page: Page,
        withdrawn: bool,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError>;

    /// Offers that a selection takes, in the order of publication, or against it if the selection
    /// says so (`after` then counts downwards). The cost grows with the page and not with the
    /// catalog, and an offer that the party may not see costs nothing.
    async fn search_offers(
        &self,
        selection: &Selection,
        page: Page,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError>;

    /// A negotiation by our own pid.
    async fn negotiation(
        &self,
        id: &ProcessId,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError>;
    /// A negotiation by the peer's pid, in which we have this role.
    async fn negotiation_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError>;
    /// Negotiations, newest first (`after` counts downwards).
    async fn negotiations(&self, page: Page) -> Result<Vec<Stored<NegotiationEntry>>, ReadError>;

    /// An agreement by its id.
    async fn agreement(
        &self,
        id: &AgreementId,
    ) -> Result<Option<Stored<AgreementEntry>>, ReadError>;
    /// Agreements, newest first (`after` counts downwards).
    async fn agreements(&self, page: Page) -> Result<Vec<Stored<AgreementEntry>>, ReadError>;

    /// A transfer by our own pid.
    async fn transfer(&self, id: &ProcessId) -> Result<Option<Stored<TransferEntry>>, ReadError>;
    /// A transfer by the peer's pid, in which we have this role.
    async fn transfer_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<TransferEntry>>, ReadError>;
    /// Transfers, newest first (`after` counts downwards).
    async fn transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError>;
    /// The transfers under an agreement that ever started, `besides` this one. The cost grows with
    /// them and not with the table.
    async fn starts(&self, id: &AgreementId, besides: &ProcessId) -> Result<Starts, ReadError>;
    /// All transfers that are not in a final state, oldest first (`after` counts upwards).
    async fn open_transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError>;
    /// All negotiations that are not in a final state, oldest first (`after` counts upwards).
    async fn open_negotiations(
        &self,
        page: Page,
    ) -> Result<Vec<Stored<NegotiationEntry>>, ReadError>;

    /// Events in their order (`after` counts upwards).
    async fn events(&self, page: Page) -> Result<Vec<Event>, ReadError>;
    /// The last event's sequence number; 0 if there is none.
    async fn last_event(&self) -> Result<i64, ReadError>;
    /// The events of one process, in their order.
    async fn history(&self, process: &ProcessId, page: Page) -> Result<Vec<Event>, ReadError>;

    /// Takes messages that are due, longest due first: `not_before` has passed, no lease is
    /// running, and no older message of the same process to the same side waits. Each is leased
    /// to `lease.owner`; nobody is handed it again before `lease.until`, the owner neither.
    ///
    /// The peer and the operator's webhook are two sides, so a webhook that does not answer never
    /// holds up the protocol.
    async fn claim_outbox(
        &self,
        lease: &Lease,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, ReadError>;
    /// When the next message can be claimed (its `not_before`, or the end of its lease); messages
    /// behind others do not count. `None` if the outbox is empty.
    async fn outbox_due(&self) -> Result<Option<Timestamp>, ReadError>;
    /// The undelivered messages of a process, in their order.
    async fn outbox_of(&self, process: &ProcessId) -> Result<Vec<OutboxRow>, ReadError>;

    /// The answer given earlier under an idempotency key.
    async fn remembered(&self, key: &str) -> Result<Option<Remembered>, ReadError>;
}
