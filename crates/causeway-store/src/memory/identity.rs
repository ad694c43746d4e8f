//! Generic records and used tokens in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use causeway_types::Timestamp;
use causeway_types::limits::SEEN_TOKENS_PURGED_MAX;

use super::MemoryStore;
use super::table::{Stash, Table};
use crate::{
    CommitError, Page, ReadError, RecordEntry, RecordKind, Records, SeenToken, Stored, Version,
};

/// A record's kind, and what a write of it replaced.
pub(super) type Undo = (RecordKind, Stash<RecordEntry>);

/// Records by their kinds, and tokens by who made them and their ids.
#[derive(Debug, Default)]
pub(super) struct Known {
    records: BTreeMap<RecordKind, Table<RecordEntry>>,
    tokens: HashMap<(String, String), SeenToken>,
    /// The keys of the tokens in the order in which they expire.
    expiry: BTreeSet<(Timestamp, String, String)>,
}

impl Known {
    pub(super) fn put(&mut self, entry: RecordEntry, expected: Option<Version>) -> Option<Undo> {
        let kind = entry.kind;
        self.records.entry(kind).or_default().put(entry, expected).map(|stash| (kind, stash))
    }

    pub(super) fn undo(&mut self, (kind, stash): Undo) {
        self.records.entry(kind).or_default().undo(stash);
    }

    pub(super) fn forget(&mut self, kind: RecordKind, id: &str) {
        self.records.entry(kind).or_default().remove(id);
    }

    /// Whether all these tokens are unused.
    pub(super) fn check(&self, tokens: &[SeenToken]) -> Result<(), CommitError> {
        let mut met = BTreeSet::new();
        for token in tokens {
            let is_used = self.tokens.contains_key(&(token.issuer.clone(), token.id.clone()));
            if is_used || !met.insert((&token.issuer, &token.id)) {
                return Err(CommitError::Conflict { what: token.name() });
            }
        }
        Ok(())
    }

    /// Uses a token up, and forgets some that expired long ago.
    pub(super) fn use_up(&mut self, token: SeenToken) {
        for _ in 0..SEEN_TOKENS_PURGED_MAX {
            let first = self.expiry.first().map(|(expires_at, ..)| expires_at);
            if first.is_none_or(|expires_at| expires_at.unix_micros() > token.forgets_until()) {
                break;
            }
            if let Some((_, issuer, id)) = self.expiry.pop_first() {
                self.tokens.remove(&(issuer, id));
            }
        }
        let SeenToken { issuer, id, expires_at, .. } = token.clone();
        self.expiry.insert((expires_at, issuer.clone(), id.clone()));
        self.tokens.insert((issuer, id), token);
    }
}

#[async_trait]
impl Records for MemoryStore {
    async fn record(
        &self,
        kind: RecordKind,
        id: &str,
    ) -> Result<Option<Stored<RecordEntry>>, ReadError> {
        Ok(self.state().known.records.get(&kind).and_then(|table| table.by_id(id)))
    }

    async fn records(
        &self,
        kind: RecordKind,
        owner: Option<&str>,
        page: Page,
    ) -> Result<Vec<Stored<RecordEntry>>, ReadError> {
        let state = self.state();
        let wanted =
            |entry: &RecordEntry| owner.is_none_or(|owner| entry.owner.as_deref() == Some(owner));
        let table = state.known.records.get(&kind);
        Ok(table.map(|table| table.downwards(page, wanted)).unwrap_or_default())
    }

    async fn count_records(&self, kind: RecordKind, owner: &str) -> Result<u64, ReadError> {
        let all = Page { after: None, limit: usize::MAX };
        Ok(self.records(kind, Some(owner), all).await?.len() as u64)
    }

    async fn unexpired_tokens(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<SeenToken>, ReadError> {
        let state = self.state();
        let known = &state.known;
        let keys = known.expiry.iter().rev().take_while(|(at, ..)| now < *at).take(limit);
        let tokens = keys
            .filter_map(|(_, issuer, id)| known.tokens.get(&(issuer.clone(), id.clone())).cloned());
        Ok(tokens.collect())
    }
}
