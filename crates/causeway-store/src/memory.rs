//! The store in memory: the contract in its plainest form, for tests and simulations. It keeps
//! nothing: durability here ends with the process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use causeway_types::{AgreementId, DatasetId, OfferId, ParticipantId, ProcessId, Role, Timestamp};

use self::crossings::Crossed;
use self::identity::Known;
use self::outbox::Outbox;
use self::table::{Stash, Table};
use crate::{
    AgreementEntry, Attestation, ChangeSet, CommitError, Committed, DecisionEntry, Entity, Event,
    Lease, NegotiationEntry, OutboxRow, Page, PublishedOffer, Put, ReadError, Remembered,
    Selection, Starts, Store, Stored, TransferEntry,
};

mod cache;
mod crossings;
mod identity;
mod outbox;
mod table;

pub use self::cache::MemoryCatalogCache;

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    offers: Table<PublishedOffer>,
    negotiations: Table<NegotiationEntry>,
    agreements: Table<AgreementEntry>,
    transfers: Table<TransferEntry>,
    crossings: Crossed,
    known: Known,
    outbox: Outbox,
    events: BTreeMap<i64, Event>,
    remembered: HashMap<String, Remembered>,
}

/// What a put replaced.
enum Undo {
    Offer(Stash<PublishedOffer>),
    Negotiation(Stash<NegotiationEntry>),
    Agreement(Stash<AgreementEntry>),
    Transfer(Stash<TransferEntry>),
    Decision(Stash<DecisionEntry>),
    Attestation(Stash<Attestation>),
    Record(identity::Undo),
    Nothing,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic under the lock cannot leave half a commit behind that matters: it is a defect,
        // and the test that met it fails.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn commit(&mut self, changes: ChangeSet) -> Result<Committed, CommitError> {
        self.known.check(&changes.tokens)?;
        if let Some(remembered) = &changes.remember
            && self.remembered.contains_key(&remembered.key)
        {
            return Err(CommitError::Conflict {
                what: format!("idempotency key {}", remembered.key),
            });
        }
        self.put_all(changes.puts)?;
        // From here on nothing can fail.
        changes.tokens.into_iter().for_each(|token| self.known.use_up(token));
        changes.forget.iter().for_each(|(kind, id)| self.known.forget(*kind, id));
        for process in &changes.cancel {
            self.outbox.cancel(process);
        }
        for settle in changes.settle {
            self.outbox.settle(settle);
        }
        changes.crossings.into_iter().for_each(|crossing| self.crossings.add(crossing));
        let outbox = changes
            .outbox
            .into_iter()
            .map(|message| self.outbox.push(message, changes.lease.as_ref()))
            .collect();
        let events = changes
            .events
            .into_iter()
            .map(|event| {
                let event = event.into_event(self.last_event() + 1);
                self.events.insert(event.sequence, event.clone());
                event
            })
            .collect();
        if let Some(remembered) = changes.remember {
            self.remembered.insert(remembered.key.clone(), remembered);
        }
        Ok(Committed { outbox, events })
    }

    fn put_all(&mut self, puts: Vec<Put>) -> Result<(), CommitError> {
        let mut done = Vec::with_capacity(puts.len());
        for put in puts {
            let what = put.entity.name();
            match self.put(put) {
                Some(undo) => done.push(undo),
                None => {
                    done.into_iter().rev().for_each(|undo| self.undo(undo));
                    return Err(CommitError::Conflict { what });
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, Put { entity, expected }: Put) -> Option<Undo> {
        match entity {
            Entity::Offer(value) => self.offers.put(*value, expected).map(Undo::Offer),
            Entity::Negotiation(value) => {
                self.negotiations.put(*value, expected).map(Undo::Negotiation)
            }
            Entity::Agreement(value) => self.agreements.put(*value, expected).map(Undo::Agreement),
            Entity::Transfer(value) => self.transfers.put(*value, expected).map(Undo::Transfer),
            Entity::Decision(value) => {
                let decisions = &mut self.crossings.decisions;
                match decisions.by_id(value.id.as_str()) {
                    Some(_) => Some(Undo::Nothing),
                    None => decisions.put(*value, expected).map(Undo::Decision),
                }
            }
            Entity::Attestation(value) => {
                self.crossings.attestations.put(*value, expected).map(Undo::Attestation)
            }
            Entity::Record(entry) => self.known.put(*entry, expected).map(Undo::Record),
        }
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Offer(stash) => self.offers.undo(stash),
            Undo::Negotiation(stash) => self.negotiations.undo(stash),
            Undo::Agreement(stash) => self.agreements.undo(stash),
            Undo::Transfer(stash) => self.transfers.undo(stash),
            Undo::Decision(stash) => self.crossings.decisions.undo(stash),
            Undo::Attestation(stash) => self.crossings.attestations.undo(stash),
            Undo::Record(undo) => self.known.undo(undo),
            Undo::Nothing => {}
        }
    }

    fn starts(&self, id: &AgreementId, besides: &ProcessId) -> Starts {
        let all = Page { after: None, limit: usize::MAX };
        let wanted = |entry: &TransferEntry| {
            entry.transfer.agreement_id == *id && entry.transfer.id != *besides
        };
        let started = self.transfers.upwards(all, wanted);
        let started = started.iter().filter_map(|stored| stored.value.started_at);
        Starts { count: started.clone().count() as u64, first: started.min() }
    }

    fn last_event(&self) -> i64 {
        self.events.last_key_value().map_or(0, |(sequence, _)| *sequence)
    }
}

fn of_peer(peer: &ParticipantId, peer_pid: &ProcessId, role: Role) -> table::Unique {
    table::Unique::Peer(peer.clone(), peer_pid.clone(), role)
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        self.state().commit(changes)
    }

    async fn offer(&self, id: &OfferId) -> Result<Option<Stored<PublishedOffer>>, ReadError> {
        Ok(self.state().offers.by_id(id.as_str()))
    }

    async fn offer_of_dataset(
        &self,
        id: &DatasetId,
    ) -> Result<Option<Stored<PublishedOffer>>, ReadError> {
        Ok(self.state().offers.by_unique(&table::Unique::Dataset(id.clone())))
    }

    async fn offers(
        &self,
        page: Page,
        withdrawn: bool,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError> {
        Ok(self.state().offers.upwards(page, |o| withdrawn || o.withdrawn_at.is_none()))
    }

    async fn search_offers(
        &self,
        selection: &Selection,
        page: Page,
    ) -> Result<Vec<Stored<PublishedOffer>>, ReadError> {
        let state = self.state();
        let wanted = |offer: &PublishedOffer| selection.takes(offer);
        Ok(match selection.newest_first {
            true => state.offers.downwards(page, wanted),
            false => state.offers.upwards(page, wanted),
        })
    }

    async fn negotiation(
        &self,
        id: &ProcessId,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError> {
        Ok(self.state().negotiations.by_id(id.as_str()))
    }

    async fn negotiation_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<NegotiationEntry>>, ReadError> {
        Ok(self.state().negotiations.by_unique(&of_peer(peer, peer_pid, role)))
    }

    async fn negotiations(&self, page: Page) -> Result<Vec<Stored<NegotiationEntry>>, ReadError> {
        Ok(self.state().negotiations.downwards(page, |_| true))
    }

    async fn agreement(
        &self,
        id: &AgreementId,
    ) -> Result<Option<Stored<AgreementEntry>>, ReadError> {
        Ok(self.state().agreements.by_id(id.as_str()))
    }

    async fn agreements(&self, page: Page) -> Result<Vec<Stored<AgreementEntry>>, ReadError> {
        Ok(self.state().agreements.downwards(page, |_| true))
    }

    async fn transfer(&self, id: &ProcessId) -> Result<Option<Stored<TransferEntry>>, ReadError> {
        Ok(self.state().transfers.by_id(id.as_str()))
    }

    async fn transfer_of_peer(
        &self,
        peer: &ParticipantId,
        peer_pid: &ProcessId,
        role: Role,
    ) -> Result<Option<Stored<TransferEntry>>, ReadError> {
        Ok(self.state().transfers.by_unique(&of_peer(peer, peer_pid, role)))
    }

    async fn transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError> {
        Ok(self.state().transfers.downwards(page, |_| true))
    }

    async fn starts(&self, id: &AgreementId, besides: &ProcessId) -> Result<Starts, ReadError> {
        Ok(self.state().starts(id, besides))
    }

    async fn open_transfers(&self, page: Page) -> Result<Vec<Stored<TransferEntry>>, ReadError> {
        Ok(self.state().transfers.upwards(page, TransferEntry::is_open))
    }

    async fn open_negotiations(
        &self,
        page: Page,
    ) -> Result<Vec<Stored<NegotiationEntry>>, ReadError> {
        Ok(self.state().negotiations.upwards(page, NegotiationEntry::is_open))
    }

    async fn events(&self, page: Page) -> Result<Vec<Event>, ReadError> {
        let state = self.state();
        Ok(table::beyond(&state.events, page).take(page.limit).cloned().collect())
    }

    async fn last_event(&self) -> Result<i64, ReadError> {
        Ok(self.state().last_event())
    }

    async fn history(&self, process: &ProcessId, page: Page) -> Result<Vec<Event>, ReadError> {
        let state = self.state();
        let of_process = table::beyond(&state.events, page)
            .filter(|event| event.process.as_ref() == Some(process));
        Ok(of_process.take(page.limit).cloned().collect())
    }

    async fn claim_outbox(
        &self,
        lease: &Lease,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, ReadError> {
        Ok(self.state().outbox.claim(lease, now, limit))
    }

    async fn outbox_due(&self) -> Result<Option<Timestamp>, ReadError> {
        Ok(self.state().outbox.due())
    }

    async fn outbox_of(&self, process: &ProcessId) -> Result<Vec<OutboxRow>, ReadError> {
        Ok(self.state().outbox.of(process))
    }

    async fn remembered(&self, key: &str) -> Result<Option<Remembered>, ReadError> {
        Ok(self.state().remembered.get(key).cloned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    crate::suite!((Arc::new(MemoryStore::new()) as Arc<dyn Store>, ()));

    mod of_the_cache {
        use super::*;

        crate::cache_suite!((
            Arc::new(MemoryCatalogCache::new()) as Arc<dyn crate::CatalogCache>,
            ()
        ));
    }
}
