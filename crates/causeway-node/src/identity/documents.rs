//! DID documents of others: fetched, kept for minutes, and pinned. Whoever changes the keys of a
//! document must prove it with a key that was there before; otherwise nothing is exchanged with
//! that party until a person has looked at it. What a document's keys are good for is not decided
//! here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use causeway_dcp::continuity::{self, KeySet};
use causeway_dcp::did::{Did, DidWeb, Scheme};
use causeway_dcp::document::DidDocument;
use causeway_store::{ChangeSet, EventKind, NewEvent, Page, PendingPin, Pin, Put, Stored};
use causeway_types::limits::{API_PAGE_MAX, CHANGED_KEYS_MAX, DID_DOCUMENTS_CACHED_MAX};
use causeway_types::{Problem, ProblemCode, Timestamp};
use tokio::sync::Semaphore;

use super::IdentityError;
use crate::commit::commit_failed;
use crate::egress::Purpose;
use crate::transport::Outgoing;
use crate::{Node, read_failed};

/// How long a document is used without a look at its place.
const FRESH_MILLIS: u64 = 300_000;
/// How long one is used at most while its place cannot be reached.
const STALE_MILLIS: u64 = 3_600_000;
/// How long after a failure nobody is asked again.
const FAILED_MILLIS: u64 = 5_000;
/// How soon a document is fetched again because a key was missing in it.
const ANEW_MILLIS: u64 = 10_000;
/// Most documents that are fetched at the same time.
const FETCHES_MAX: usize = 32;

/// The documents that were fetched.
pub(crate) struct Documents {
    slots: Mutex<HashMap<Did, Arc<Slot>>>,
    fetches: Semaphore,
}

impl Default for Documents {
    fn default() -> Self {
        Self { slots: Mutex::default(), fetches: Semaphore::new(FETCHES_MAX) }
    }
}

/// One at a time looks for a document, and all who want it wait for that.
type Slot = tokio::sync::Mutex<Option<Cached>>;

struct Cached {
    found: Result<Arc<DidDocument>, IdentityError>,
    /// When it was last seen at its place, if ever.
    seen_at: Option<Timestamp>,
    until: Timestamp,
}

impl Documents {
    fn slot(&self, did: &Did) -> Result<Arc<Slot>, IdentityError> {
        // A panic elsewhere leaves the map as it was; each slot stands for itself.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(did) {
            return Ok(Arc::clone(slot));
        }
        if slots.len() >= DID_DOCUMENTS_CACHED_MAX {
            // Those that nobody is looking for now; what matters is pinned, so it is not forgotten.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        if slots.len() >= DID_DOCUMENTS_CACHED_MAX {
            return Err(IdentityError::Busy);
        }
        Ok(Arc::clone(slots.entry(did.clone()).or_default()))
    }

    /// The next look goes to the document's place.
    fn forget(&self, did: &Did) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(did);
    }
}

impl Node {
    /// The document of a DID, ours included: as it is at its place, or was minutes ago.
    pub async fn resolve(&self, did: &Did) -> Result<Arc<DidDocument>, IdentityError> {
        self.resolve_since(did, None).await
    }

    /// The same, for somebody who missed a key in it: fetched again, unless that was just done.
    pub(crate) async fn resolve_anew(&self, did: &Did) -> Result<Arc<DidDocument>, IdentityError> {
        self.resolve_since(did, Some(self.now())).await
    }

    async fn resolve_since(
        &self,
        did: &Did,
        missed_at: Option<Timestamp>,
    ) -> Result<Arc<DidDocument>, IdentityError> {
        if self.own_did() == Some(did) {
            return self.own_document();
        }
        let slot = self.0.identity.documents.slot(did)?;
        let mut cached = slot.lock().await;
        let now = self.now();
        let is_enough = |known: &&Cached| {
            let is_old = |missed: Timestamp| {
                known.seen_at.is_some_and(|at| at.plus_millis(ANEW_MILLIS) <= missed)
            };
            known.until > now && !missed_at.is_some_and(is_old)
        };
        if let Some(known) = cached.as_ref().filter(is_enough) {
            return known.found.clone();
        }
        let fetched = match self.fetch_document(did).await {
            Ok(document) => self.compare(did, document).await,
            Err(error) => Err(error),
        };
        let is_elsewhere = matches!(fetched, Err(IdentityError::Unresolved { .. }));
        let stale = cached.take().filter(|known| {
            let is_recent = |at: Timestamp| at.plus_millis(STALE_MILLIS) > now;
            is_elsewhere && known.found.is_ok() && known.seen_at.is_some_and(is_recent)
        });
        let (found, seen_at, millis) = match (fetched, stale) {
            (Ok(document), _) => (Ok(document), Some(now), FRESH_MILLIS),
            (Err(_), Some(stale)) => (stale.found, stale.seen_at, FAILED_MILLIS),
            (Err(error), None) => (Err(error), None, FAILED_MILLIS),
        };
        *cached = Some(Cached { found: found.clone(), seen_at, until: now.plus_millis(millis) });
        found
    }

    /// A document from its place.
    async fn fetch_document(&self, did: &Did) -> Result<Arc<DidDocument>, IdentityError> {
        let unresolved = |reason: String| IdentityError::Unresolved { did: did.clone(), reason };
        let web = did.web().map_err(|error| unresolved(error.to_string()))?;
        let url = web.document_url(self.scheme_of(&web));
        let url = url.map_err(|error| unresolved(error.to_string()))?;
        let Ok(_permit) = self.0.identity.documents.fetches.try_acquire() else {
            return Err(IdentityError::Busy);
        };
        let content = self.fetch_public(Purpose::DidDocument, url.into()).await;
        let document = DidDocument::read(did, &content.map_err(unresolved)?);
        let dialect = self.0.settings.dcp.dialect;
        document
            .map(|document| Arc::new(document.read_as(dialect)))
            .map_err(|error| unresolved(error.to_string()))
    }

    /// Compares a document with the one that is pinned, if there is one.
    async fn compare(
        &self,
        did: &Did,
        document: Arc<DidDocument>,
    ) -> Result<Arc<DidDocument>, IdentityError> {
        let keys = KeySet::of(&document);
        let Some(Stored { value: pinned, version, .. }) = self.pinned(did).await? else {
            return Ok(document);
        };
        if pinned.keys == keys.to_texts() {
            return Ok(document);
        }
        if pinned.pending.as_ref().is_some_and(|pending| pending.keys == keys.to_texts()) {
            return Err(IdentityError::Changed { did: did.clone() });
        }
        let proof = self.proof_of_continuity(did, &pinned, &keys).await;
        let now = self.now();
        let (pin, event) = match &proof {
            Ok(()) => (pinned.changed(&document.to_json(), keys.to_texts(), now), None),
            Err(reason) => {
                let pending = PendingPin {
                    document: document.to_json(),
                    keys: keys.to_texts(),
                    seen_at: now,
                    reason: reason.clone(),
                };
                let told = format!(
                    "the keys of {did} changed without proof ({reason}): nothing is exchanged with \
                     it until somebody has approved the new keys"
                );
                tracing::error!("{told}");
                (Pin { pending: Some(pending), ..pinned }, Some(self.alarm(did, told)))
            }
        };
        let puts = vec![Put::of(&pin, Some(version))];
        let events = event.into_iter().collect();
        let changes = ChangeSet { puts, events, ..ChangeSet::default() };
        self.commit(changes).await.map_err(|error| unwritten(&commit_failed(error)))?;
        match proof {
            Ok(()) => Ok(document),
            Err(_) => Err(IdentityError::Changed { did: did.clone() }),
        }
    }

    fn alarm(&self, did: &Did, text: String) -> NewEvent {
        let (kind, subject) = (EventKind::IdentityAlarm, did.to_string());
        NewEvent { at: self.now(), kind, process: None, subject, text }
    }

    /// What is pinned of a party.
    pub async fn pin_of(&self, did: &Did) -> Result<Option<Pin>, Problem> {
        let stored = causeway_store::read::<Pin>(self.store(), did.as_str()).await;
        Ok(stored.map_err(read_failed)?.map(|stored| stored.value))
    }

    /// Parties whose changed keys wait for a person, those whose keys were accepted last first.
    pub async fn changed_keys(&self) -> Result<Vec<Pin>, Problem> {
        let (mut waiting, mut after) = (Vec::new(), None);
        loop {
            let page = Page { after, limit: API_PAGE_MAX };
            let found = causeway_store::list::<Pin>(self.store(), None, page).await;
            let found = found.map_err(read_failed)?;
            after = found.last().map(|stored| stored.sequence);
            let is_last = found.len() < page.limit;
            waiting.extend(found.into_iter().map(|s| s.value).filter(|pin| pin.pending.is_some()));
            waiting.truncate(CHANGED_KEYS_MAX);
            if is_last || waiting.len() == CHANGED_KEYS_MAX {
                return Ok(waiting);
            }
        }
    }

    async fn pinned(&self, did: &Did) -> Result<Option<Stored<Pin>>, IdentityError> {
        let stored = causeway_store::read::<Pin>(self.store(), did.as_str()).await;
        stored.map_err(|error| unwritten(&read_failed(error)))
    }

    /// Pins the keys of a party that is met for the first time.
    pub(crate) async fn pin_first(&self, document: &DidDocument) -> Result<(), IdentityError> {
        let did = document.id();
        if self.own_did() == Some(did) || self.pinned(did).await?.is_some() {
            return Ok(());
        }
        let keys = KeySet::of(document).to_texts();
        let pin = Pin::first(did.as_str(), &document.to_json(), keys, self.now());
        let changes = ChangeSet { puts: vec![Put::of(&pin, None)], ..ChangeSet::default() };
        match self.commit(changes).await {
            // Another request met it at the same time.
            Ok(()) | Err(causeway_store::CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(unwritten(&commit_failed(error))),
        }
    }

    /// Whether a key that was pinned signed the new keys.
    async fn proof_of_continuity(
        &self,
        did: &Did,
        pinned: &Pin,
        keys: &KeySet,
    ) -> Result<(), String> {
        let before = DidDocument::read(did, pinned.document.as_bytes());
        let before = before.map_err(|error| error.to_string())?;
        let web = did.web().map_err(|error| error.to_string())?;
        let url = web.sibling_url(self.scheme_of(&web), continuity::FILE_NAME);
        let url = url.map_err(|error| error.to_string())?;
        let statements = self.fetch_public(Purpose::DidDocument, url.into()).await?;
        continuity::verify(&statements, &before, keys).map_err(|error| error.to_string())
    }

    /// Something small and public of another node.
    pub(crate) async fn fetch_public(
        &self,
        purpose: Purpose,
        url: String,
    ) -> Result<Vec<u8>, String> {
        let request = Outgoing::to(purpose, url, self.0.settings.retry.answer_timeout);
        let answer = self.0.transport.send(request).await.map_err(|error| error.to_string())?;
        if !answer.is_success() {
            return Err(format!("found status {}, expected 200", answer.status));
        }
        Ok(answer.body.to_vec())
    }

    /// Plain HTTP is only for names of this machine, and only if the operator allowed it.
    pub(super) fn scheme_of(&self, web: &DidWeb) -> Scheme {
        let is_here = self.0.settings.is_loopback_allowed && web.is_loopback();
        if is_here { Scheme::Http } else { Scheme::Https }
    }

    /// A person takes the keys that a party has now for its own: those with these thumbprints, so
    /// that nobody approves others than were looked at.
    pub async fn approve_keys(&self, did: &Did, keys: &[String]) -> Result<Pin, Problem> {
        let stored = causeway_store::read::<Pin>(self.store(), did.as_str()).await;
        let nothing = || {
            Problem::new(
                ProblemCode::NotFound,
                format!("no changed keys of {did} wait for anybody"),
            )
        };
        let Stored { value, version, .. } = stored.map_err(read_failed)?.ok_or_else(nothing)?;
        let pending = value.pending.clone().ok_or_else(nothing)?;
        if pending.keys != keys {
            let waiting = pending.keys.join(", ");
            let text = format!("other keys of {did} wait than those that were named");
            return Err(Problem::new(ProblemCode::Conflict, text)
                .hint(format!("compare with its people by another way: {waiting}")));
        }
        let pin = value.changed(&pending.document, pending.keys, self.now());
        let event = self.alarm(did, format!("the new keys of {did} were approved"));
        let puts = vec![Put::of(&pin, Some(version))];
        let changes = ChangeSet { puts, events: vec![event], ..ChangeSet::default() };
        self.commit(changes).await.map_err(commit_failed)?;
        self.0.identity.documents.forget(did);
        Ok(pin)
    }
}

pub(super) fn unwritten(problem: &Problem) -> IdentityError {
    IdentityError::Store { reason: problem.for_log().to_owned() }
}
