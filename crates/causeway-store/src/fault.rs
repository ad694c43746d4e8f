//! A store that fails on purpose, by a script. For tests only: it shows whether a caller copes
//! with both halves of "not known", which a real store rarely shows on demand.
//!
//! Only what writes for the caller fails here, commits and new persons alike; reads and claims
//! pass through.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use causeway_types::{
    AgreementId, AttestationId, Blake3, DatasetId, DecisionId, OfferId, ParticipantId, ProcessId,
    Role, Timestamp,
};

use crate::{
    AgreementEntry, Attestation, ChangeSet, CommitError, Committed, Crossings, DecisionEntry,
    Event, Lease, NegotiationEntry, OutboxRow, Page, Persons, PublishedOffer, ReadError,
    RecordEntry, RecordKind, Records, Remembered, SeenToken, Selection, Starts, Store, Stored,
    Subject, TransferEntry,
};

/// How a commit fails. The caller sees the same [`CommitError::Unavailable`] for the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The change set was not applied.
    Lost,
    /// The change set was applied.
    Unsure,
    /// The change set was applied, and the answer takes as long as on a slow disk.
    Late,
}

/// What happens to the n-th commit, counted from 1; `None` lets it through. Adding persons is a
/// commit.
type Script = dyn Fn(u64) -> Option<Fault> + Send + Sync;

/// A store whose commits fail as the script says.
pub struct FaultStore<S> {
    inner: S,
    script: Box<Script>,
    commits: AtomicU64,
}

impl<S: Store> FaultStore<S> {
    /// `script` is asked with the number of each commit, counted from 1.
    pub fn new(inner: S, script: impl Fn(u64) -> Option<Fault> + Send + Sync + 'static) -> Self {
        Self { inner, script: Box::new(script), commits: AtomicU64::new(0) }
    }

    /// Every n-th commit fails like this.
    pub fn every(inner: S, nth: u64, fault: Fault) -> Self {
        Self::new(inner, move |commit| commit.is_multiple_of(nth).then_some(fault))
    }

    /// The store behind.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// How many commits were tried.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Does what is to be written, unless it is its turn to fail.
    async fn or_fail<T: Send>(
        &self,
        write: impl Future<Output = Result<T, CommitError>> + Send,
    ) -> Result<T, CommitError> {
        let commit = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
        let failed = |what| CommitError::Unavailable { reason: format!("commit {commit} {what}") };
        match (self.script)(commit) {
            None => write.await,
            // What is never awaited is never done.
            Some(Fault::Lost) => Err(failed("was lost")),
            // A conflict is known even to a store that loses its answers: nothing was applied.
            Some(Fault::Unsure) => {
                write.await?;
                Err(failed("was applied, its answer was lost"))
            }
            Some(Fault::Late) => {
                let written = write.await?;
                late().await;
                Ok(written)
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "what is imitated is time that passes")]
async fn late() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

impl<S> fmt::Debug for FaultStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultStore").field("commits", &self.commits).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: Store> Store for FaultStore<S> {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        self.or_fail(self.inner.commit(changes)).await
    }

    async fn offer(&self, id: &OfferId) -> Result<Option<Stored<PublishedOffer>>, ReadError> {
        self.inner.offer(id).await
    }

    async fn offer_of_dataset(
        &self,
        id: &DatasetId,
    ) -> Result<Option<Stored<PublishedOffer>>, ReadError> {
        self.inner.offer_of_dataset(id).await
    }

    async fn offers(
        &self,
        page: Page,
        withdrawn: bool,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError> {
        self.inner.offers(page, withdrawn).await
    }

    async fn search_offers(
        &self,
        selection: &Selection,
        page: Page,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError> {
        self.inner.search_offers(selection, page).await
    }

    async fn negotiation(
        &self,
        id: &ProcessId,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError> {
        self.inner.negotiation(id).await
    }

    async fn negotiation_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError> {
        self.inner.negotiation_of_peer(peer, peer_pid, role).await
    }

    async fn negotiations(&self, page: Page) -> Result<Vec<Stored<NegotiationEntry>>, ReadError> {
        self.inner.negotiations(page).await
    }

    async fn agreement(
        &self,
        id: &AgreementId,
    ) -> Result<Option<Stored<AgreementEntry>>, ReadError> {
        self.inner.agreement(id).await
    }

    async fn agreements(&self, page: Page) -> Result<Vec<Stored<AgreementEntry>>, ReadError> {
        self.inner.agreements(page).await
    }

    async fn transfer(&self, id: &ProcessId) -> Result<Option<Stored<TransferEntry>>, ReadError> {
        self.inner.transfer(id).await
    }

    async fn transfer_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<TransferEntry>>, ReadError> {
        self.inner.transfer_of_peer(peer, peer_pid, role).await
    }

    async fn transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError> {
        self.inner.transfers(page).await
    }

    async fn starts(&self, id: &AgreementId, besides: &ProcessId) -> Result<Starts, ReadError> {
        self.inner.starts(id, besides).await
    }

    async fn open_transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError> {
        self.inner.open_transfers(page).await
    }

    async fn open_negotiations(
        &self,
        page: Page,
    ) -> Result<Vec<Stored<NegotiationEntry>>, ReadError> {
        self.inner.open_negotiations(page).await
    }

    async fn events(&self, page: Page) -> Result<Vec<Event>, ReadError> {
        self.inner.events(page).await
    }

    async fn last_event(&self) -> Result<i64, ReadError> {
        self.inner.last_event().await
    }

    async fn history(&self, process: &ProcessId, page: Page) -> Result<Vec<Event>, ReadError> {
        self.inner.history(process, page).await
    }

    async fn claim_outbox(
        &self,
        lease: &Lease,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, ReadError> {
        self.inner.claim_outbox(lease, now, limit).await
    }

    async fn outbox_due(&self) -> Result<Option<Timestamp>, ReadError> {
        self.inner.outbox_due().await
    }

    async fn outbox_of(&self, process: &ProcessId) -> Result<Vec<OutboxRow>, ReadError> {
        self.inner.outbox_of(process).await
    }

    async fn remembered(&self, key: &str) -> Result<Option<Remembered>, ReadError> {
        self.inner.remembered(key).await
    }
}

#[async_trait]
impl<S: Store> Crossings for FaultStore<S> {
    async fn decision(&self, id: &DecisionId) -> Result<Option<Stored<DecisionEntry>>, ReadError> {
        self.inner.decision(id).await
    }

    async fn decisions(&self, page: Page) -> Result<Vec<Stored<DecisionEntry>>, ReadError> {
        self.inner.decisions(page).await
    }

    async fn attestation(
        &self,
        id: &AttestationId,
    ) -> Result<Option<Stored<Attestation>>, ReadError> {
        self.inner.attestation(id).await
    }

    async fn attestations(
        &self,
        peer: Option<&ParticipantId>,
        page: Page,
    ) -> Result<Vec<Stored<Attestation>>, ReadError> {
        self.inner.attestations(peer, page).await
    }

    async fn add_subjects(
        &self,
        content: &Blake3,
        subjects: Vec<Subject>,
    ) -> Result<(), CommitError> {
        self.or_fail(self.inner.add_subjects(content, subjects)).await
    }

    async fn subjects(&self, content: &Blake3) -> Result<u64, ReadError> {
        self.inner.subjects(content).await
    }

    async fn persons(&self, query: &Persons) -> Result<u64, ReadError> {
        self.inner.persons(query).await
    }
}

#[async_trait]
impl<S: Store> Records for FaultStore<S> {
    async fn record(
        &self,
        kind: RecordKind,
        id: &str,
    ) -> Result<Option<Stored<RecordEntry>>, ReadError> {
        self.inner.record(kind, id).await
    }

    async fn records(
        &self,
        kind: RecordKind,
        owner: Option<&str>,
        page: Page,
    ) -> Result<Vec<Stored<RecordEntry>>, ReadError> {
        self.inner.records(kind, owner, page).await
    }

    async fn count_records(&self, kind: RecordKind, owner: &str) -> Result<u64, ReadError> {
        self.inner.count_records(kind, owner).await
    }

    async fn unexpired_tokens(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<SeenToken>, ReadError> {
        self.inner.unexpired_tokens(now, limit).await
    }
}
