//! One kind of aggregate in memory, with its keys. Atomicity over several tables is the store's
//! business; a table only hands out what is needed to undo a write.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use causeway_types::{DatasetId, ParticipantId, ProcessId, Role};

use crate::records::Record;
use crate::{
    AgreementEntry, Attestation, DecisionEntry, NegotiationEntry, Page, PublishedOffer,
    RecordEntry, Stored, TransferEntry, Version,
};

/// A second key that no two aggregates of a kind share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Unique {
    Dataset(DatasetId),
    Peer(ParticipantId, ProcessId, Role),
}

/// What a table needs to know of its rows.
pub(super) trait Kept: Clone {
    /// The key.
    fn key(&self) -> &str;

    /// The second key.
    fn unique(&self) -> Option<Unique>;
}

impl Kept for PublishedOffer {
    fn key(&self) -> &str {
        self.id()
    }

    fn unique(&self) -> Option<Unique> {
        Some(Unique::Dataset(self.dataset_id.clone()))
    }
}

impl Kept for NegotiationEntry {
    fn key(&self) -> &str {
        self.id()
    }

    fn unique(&self) -> Option<Unique> {
        let negotiation = &self.negotiation;
        let peer_pid = negotiation.peer_pid.clone()?;
        Some(Unique::Peer(negotiation.peer.clone(), peer_pid, negotiation.role))
    }
}

impl Kept for AgreementEntry {
    fn key(&self) -> &str {
        self.id()
    }

    fn unique(&self) -> Option<Unique> {
        None
    }
}

impl Kept for DecisionEntry {
    fn key(&self) -> &str {
        self.id()
    }

    fn unique(&self) -> Option<Unique> {
        None
    }
}

impl Kept for Attestation {
    fn key(&self) -> &str {
        self.id()
    }

    fn unique(&self) -> Option<Unique> {
        None
    }
}

impl Kept for RecordEntry {
    fn key(&self) -> &str {
        &self.id
    }

    fn unique(&self) -> Option<Unique> {
        None
    }
}

impl Kept for TransferEntry {
    fn key(&self) -> &str {
        self.id()
    }

    fn unique(&self) -> Option<Unique> {
        let transfer = &self.transfer;
        let peer_pid = transfer.peer_pid.clone()?;
        Some(Unique::Peer(transfer.peer.clone(), peer_pid, transfer.role))
    }
}

#[derive(Debug)]
pub(super) struct Table<T> {
    rows: BTreeMap<i64, Stored<T>>,
    ids: HashMap<String, i64>,
    uniques: HashMap<Unique, i64>,
    /// Never goes back, so that no sequence is used twice.
    last_sequence: i64,
}

/// What a write replaced.
pub(super) struct Stash<T> {
    sequence: i64,
    before: Option<Stored<T>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            ids: HashMap::new(),
            uniques: HashMap::new(),
            last_sequence: 0,
        }
    }
}

impl<T: Kept> Table<T> {
    /// Writes, unless the version is not the expected one or a key belongs to somebody else.
    pub(super) fn put(&mut self, value: T, expected: Option<Version>) -> Option<Stash<T>> {
        let before = self.by_id(value.key());
        if before.as_ref().map(|stored| stored.version) != expected {
            return None;
        }
        let sequence = before.as_ref().map_or(self.last_sequence + 1, |stored| stored.sequence);
        let holder = value.unique().and_then(|key| self.uniques.get(&key));
        if holder.is_some_and(|holder| *holder != sequence) {
            return None;
        }
        self.last_sequence = self.last_sequence.max(sequence);
        let version = Version(expected.map_or(1, |version| version.0 + 1));
        self.replace(sequence, Some(Stored { value, version, sequence }));
        Some(Stash { sequence, before })
    }

    /// Takes a write back; several are taken back in reverse order.
    pub(super) fn undo(&mut self, stash: Stash<T>) {
        self.replace(stash.sequence, stash.before);
    }

    /// Removes a row, if it is there.
    pub(super) fn remove(&mut self, id: &str) {
        if let Some(sequence) = self.ids.get(id).copied() {
            self.replace(sequence, None);
        }
    }

    fn replace(&mut self, sequence: i64, row: Option<Stored<T>>) {
        if let Some(old) = self.rows.remove(&sequence) {
            self.ids.remove(old.value.key());
            old.value.unique().map(|key| self.uniques.remove(&key));
        }
        if let Some(row) = row {
            self.ids.insert(row.value.key().to_owned(), sequence);
            row.value.unique().map(|key| self.uniques.insert(key, sequence));
            self.rows.insert(sequence, row);
        }
    }

    pub(super) fn by_id(&self, id: &str) -> Option<Stored<T>> {
        self.ids.get(id).and_then(|sequence| self.rows.get(sequence)).cloned()
    }

    pub(super) fn by_unique(&self, key: &Unique) -> Option<Stored<T>> {
        self.uniques.get(key).and_then(|sequence| self.rows.get(sequence)).cloned()
    }

    /// Oldest first.
    pub(super) fn upwards(&self, page: Page, wanted: impl Fn(&T) -> bool) -> Vec<Stored<T>> {
        beyond(&self.rows, page)
            .filter(|row| wanted(&row.value))
            .take(page.limit)
            .cloned()
            .collect()
    }

    /// Newest first.
    pub(super) fn downwards(&self, page: Page, wanted: impl Fn(&T) -> bool) -> Vec<Stored<T>> {
        let end = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range((Bound::Unbounded, end)).rev();
        let wanted = rows.map(|(_, row)| row).filter(|row| wanted(&row.value));
        wanted.take(page.limit).cloned().collect()
    }
}

/// The values after `page.after`, upwards.
pub(super) fn beyond<T>(rows: &BTreeMap<i64, T>, page: Page) -> impl Iterator<Item = &T> {
    let start = page.after.map_or(Bound::Unbounded, Bound::Excluded);
    rows.range((start, Bound::Unbounded)).map(|(_, row)| row)
}
