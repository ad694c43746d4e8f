//! A shared store is a store: everything is handed on to the one behind the [`Arc`].

use std::sync::Arc;

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

#[async_trait]
impl<S: Store + ?Sized> Store for Arc<S> {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        (**self).commit(changes).await
    }

    async fn offer(&self, id: &OfferId) -> Result<Option<Stored<PublishedOffer>>, ReadError> {
        (**self).offer(id).await
    }

    async fn offer_of_dataset(
        &self,
        id: &DatasetId,
    ) -> Result<Option<Stored<PublishedOffer>>, ReadError> {
        (**self).offer_of_dataset(id).await
    }

    async fn offers(
        &self,
        page: Page,
        withdrawn: bool,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError> {
        (**self).offers(page, withdrawn).await
    }

    async fn search_offers(
        &self,
        selection: &Selection,
        page: Page,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError> {
        (**self).search_offers(selection, page).await
    }

    async fn negotiation(
        &self,
        id: &ProcessId,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError> {
        (**self).negotiation(id).await
    }

    async fn negotiation_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError> {
        (**self).negotiation_of_peer(peer, peer_pid, role).await
    }

    async fn negotiations(&self, page: Page) -> Result<Vec<Stored<NegotiationEntry>>, ReadError> {
        (**self).negotiations(page).await
    }

    async fn agreement(
        &self,
        id: &AgreementId,
    ) -> Result<Option<Stored<AgreementEntry>>, ReadError> {
        (**self).agreement(id).await
    }

    async fn agreements(&self, page: Page) -> Result<Vec<Stored<AgreementEntry>>, ReadError> {
        (**self).agreements(page).await
    }

    async fn transfer(&self, id: &ProcessId) -> Result<Option<Stored<TransferEntry>>, ReadError> {
        (**self).transfer(id).await
    }

    async fn transfer_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<TransferEntry>>, ReadError> {
        (**self).transfer_of_peer(peer, peer_pid, role).await
    }

    async fn transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError> {
        (**self).transfers(page).await
    }

    async fn starts(&self, id: &AgreementId, besides: &ProcessId) -> Result<Starts, ReadError> {
        (**self).starts(id, besides).await
    }

    async fn open_transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError> {
        (**self).open_transfers(page).await
    }

    async fn open_negotiations(
        &self,
        page: Page,
    ) -> Result<Vec<Stored<NegotiationEntry>>, ReadError> {
        (**self).open_negotiations(page).await
    }

    async fn events(&self, page: Page) -> Result<Vec<Event>, ReadError> {
        (**self).events(page).await
    }

    async fn last_event(&self) -> Result<i64, ReadError> {
        (**self).last_event().await
    }

    async fn history(&self, process: &ProcessId, page: Page) -> Result<Vec<Event>, ReadError> {
        (**self).history(process, page).await
    }

    async fn claim_outbox(
        &self,
        lease: &Lease,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, ReadError> {
        (**self).claim_outbox(lease, now, limit).await
    }

    async fn outbox_due(&self) -> Result<Option<Timestamp>, ReadError> {
        (**self).outbox_due().await
    }

    async fn outbox_of(&self, process: &ProcessId) -> Result<Vec<OutboxRow>, ReadError> {
        (**self).outbox_of(process).await
    }

    async fn remembered(&self, key: &str) -> Result<Option<Remembered>, ReadError> {
        (**self).remembered(key).await
    }
}

#[async_trait]
impl<S: Store + ?Sized> Crossings for Arc<S> {
    async fn decision(&self, id: &DecisionId) -> Result<Option<Stored<DecisionEntry>>, ReadError> {
        (**self).decision(id).await
    }

    async fn decisions(&self, page: Page) -> Result<Vec<Stored<DecisionEntry>>, ReadError> {
        (**self).decisions(page).await
    }

    async fn attestation(
        &self,
        id: &AttestationId,
    ) -> Result<Option<Stored<Attestation>>, ReadError> {
        (**self).attestation(id).await
    }

    async fn attestations(
        &self,
        peer: Option<&ParticipantId>,
        page: Page,
    ) -> Result<Vec<Stored<Attestation>>, ReadError> {
        (**self).attestations(peer, page).await
    }

    async fn add_subjects(
        &self,
        content: &Blake3,
        subjects: Vec<Subject>,
    ) -> Result<(), CommitError> {
        (**self).add_subjects(content, subjects).await
    }

    async fn subjects(&self, content: &Blake3) -> Result<u64, ReadError> {
        (**self).subjects(content).await
    }

    async fn persons(&self, query: &Persons) -> Result<u64, ReadError> {
        (**self).persons(query).await
    }
}

#[async_trait]
impl<S: Store + ?Sized> Records for Arc<S> {
    async fn record(
        &self,
        kind: RecordKind,
        id: &str,
    ) -> Result<Option<Stored<RecordEntry>>, ReadError> {
        (**self).record(kind, id).await
    }

    async fn records(
        &self,
        kind: RecordKind,
        owner: Option<&str>,
        page: Page,
    ) -> Result<Vec<Stored<RecordEntry>>, ReadError> {
        (**self).records(kind, owner, page).await
    }

    async fn count_records(&self, kind: RecordKind, owner: &str) -> Result<u64, ReadError> {
        (**self).count_records(kind, owner).await
    }

    async fn unexpired_tokens(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<SeenToken>, ReadError> {
        (**self).unexpired_tokens(now, limit).await
    }
}
