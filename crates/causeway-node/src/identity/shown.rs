//! What peers show of themselves: credentials, asked for at their credential service with the
//! access token that came with a request, verified, and believed for a while. Which credentials a
//! request takes is the operator's choice; which issuers count is the trust file's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use causeway_dcp::credential::{CredentialError, SignedCredential};
use causeway_dcp::dialect::Dialect;
use causeway_dcp::did::Did;
use causeway_dcp::document::DidDocument;
use causeway_dcp::message::{PresentationQuery, PresentationResponse};
use causeway_dcp::presentation::{Findings, Need, PresentationCheck, Rules, VerifiedCredential};
use causeway_dcp::scope::Scope;
use causeway_dcp::token::VerifiedToken;
use causeway_dcp::trust::{Trust, Vouching};
use causeway_dcp::types::{self, Party, Proof};
use causeway_store::{ChangeSet, PeerCredentials, Pin, Put, Stored};
use causeway_types::limits::SHOWN_CACHED_MAX;
use causeway_types::{ParticipantId, Problem, Timestamp};
use futures_util::future::join_all;

use super::documents::unwritten;
use super::tokens::in_words;
use super::{IdentityError, ProvenFact};
use crate::commit::commit_failed;
use crate::egress::Purpose;
use crate::settings::{Asks, Peer};
use crate::transport::Outgoing;
use crate::{Node, read_failed};

/// Rounds of fetching before a presentation is given up; three are enough.
const ROUNDS_MAX: usize = 4;
/// How long a peer that showed nothing, and need not, is not asked again.
const NOTHING_MILLIS: u64 = 30_000;
/// How long a peer that could not be asked is not asked again.
const FAILED_MILLIS: u64 = 2_000;
/// How long a status list is believed at most: less than the time between two looks at it.
const LIST_MAX: Duration = Duration::from_secs(50);

/// What peers showed, while it is believed.
#[derive(Default)]
pub(crate) struct Shown {
    slots: Mutex<HashMap<Did, Arc<Slot>>>,
    lists: Mutex<HashMap<String, (List, Timestamp)>>,
}

/// A status list as it was served, or why it could not be had.
type List = Result<Bytes, String>;

/// One at a time asks a peer, and all its requests wait for that.
type Slot = tokio::sync::Mutex<Option<Arc<Showing>>>;

/// What one peer showed.
pub(crate) struct Showing {
    pub(crate) credentials: Vec<VerifiedCredential>,
    /// What else was shown, and why it does not count.
    refused: Vec<String>,
    /// Whether an issuer could not be asked, so that this may change by itself.
    is_partial: bool,
    /// Why it could not be asked a moment ago.
    failure: Option<IdentityError>,
    until: Timestamp,
}

impl Showing {
    fn nothing(until: Timestamp) -> Self {
        let (credentials, refused) = (Vec::new(), Vec::new());
        Self { credentials, refused, is_partial: false, failure: None, until }
    }

    fn has(&self, name: &str) -> bool {
        self.credentials.iter().any(|shown| shown.credential.types.iter().any(|t| t == name))
    }

    /// The first of these types that nothing was shown of.
    fn misses<'n>(&self, required: &'n [String]) -> Option<&'n String> {
        required.iter().find(|name| !self.has(name))
    }
}

impl Shown {
    fn slot(&self, did: &Did) -> Result<Arc<Slot>, IdentityError> {
        // A panic elsewhere leaves the map as it was; each slot stands for itself.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(did) {
            return Ok(Arc::clone(slot));
        }
        if slots.len() >= SHOWN_CACHED_MAX {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        if slots.len() >= SHOWN_CACHED_MAX {
            return Err(IdentityError::Busy);
        }
        Ok(Arc::clone(slots.entry(did.clone()).or_default()))
    }

    /// Nothing that was shown is believed any longer without asking.
    pub(crate) fn forget(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Nothing that this peer showed is believed any longer without asking.
    pub(crate) fn forget_of(&self, did: &Did) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(did);
    }

    fn list(&self, url: &str, now: Timestamp) -> Option<Result<Bytes, String>> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.get(url).filter(|(_, until)| *until > now).map(|(list, _)| list.clone())
    }

    fn keep_list(&self, url: &str, list: Result<Bytes, String>, now: Timestamp, until: Timestamp) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|_, (_, until)| *until > now);
        if lists.len() < SHOWN_CACHED_MAX {
            lists.insert(url.to_owned(), (list, until));
        }
    }
}

impl Node {
    /// That the holder of a token may ask for this: it showed what is required, or shows it now.
    pub(crate) async fn admit(
        &self,
        token: &VerifiedToken,
        asks: Asks,
    ) -> Result<(), IdentityError> {
        let settings = &self.0.settings.dcp;
        let required = settings.required(asks);
        let slot = self.0.identity.shown.slot(&token.issuer)?;
        let mut known = slot.lock().await;
        let fresh = known.as_ref().filter(|showing| showing.until > self.now());
        if fresh.is_some_and(|showing| showing.misses(required).is_none()) {
            return Ok(());
        }
        // Whoever waited while nothing came back does not wait for the same again.
        if let Some(failure) = fresh.and_then(|showing| showing.failure.clone()) {
            return Err(failure);
        }
        let Some(access) = &token.access_token else {
            let is_enough = required.is_empty();
            let reason = "the token brings no access token to ask for credentials with";
            return if is_enough { Ok(()) } else { Err(IdentityError::unshown(reason)) };
        };
        if required.is_empty() && settings.presentation.is_zero() {
            return Ok(());
        }
        let wanted = self.wanted(required);
        let showing = match self.ask_for(&token.issuer, access.expose(), &wanted).await {
            Ok(showing) => Arc::new(showing),
            // What is only good to know is asked again when it may be shown.
            Err(IdentityError::NotShown { reason }) if required.is_empty() => {
                tracing::debug!(peer = %token.issuer, reason, "nothing was shown");
                let until = self.now().plus_millis(NOTHING_MILLIS);
                *known = Some(Arc::new(Showing::nothing(until)));
                return Ok(());
            }
            Err(error) => {
                if matches!(error, IdentityError::Unreachable { .. })
                    && !settings.presentation.is_zero()
                {
                    let until = self.now().plus_millis(FAILED_MILLIS);
                    let failure = Some(error.clone());
                    *known = Some(Arc::new(Showing { failure, ..Showing::nothing(until) }));
                }
                return Err(error);
            }
        };
        enough(&showing, required)?;
        self.keep_shown(&token.issuer, &showing).await?;
        *known = Some(showing);
        Ok(())
    }

    /// What is asked for: what is required, and what the border check and the operator like to see.
    fn wanted(&self, required: &[String]) -> Vec<Scope> {
        let settings = &self.0.settings.dcp;
        let mut names: Vec<&String> = required.iter().collect();
        if !settings.presentation.is_zero() {
            // One question serves all kinds of requests while its answer is believed.
            let others = settings.requires.iter().flatten().chain(&settings.also_asks);
            names.extend(others);
        }
        let mut scopes: Vec<Scope> = Vec::new();
        for scope in names.into_iter().filter_map(|name| Scope::of_type(name).ok()) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes
    }

    /// Asks a peer for credentials and verifies what it shows.
    async fn ask_for(
        &self,
        peer: &Did,
        access: &str,
        wanted: &[Scope],
    ) -> Result<Showing, IdentityError> {
        let document = self.resolve(peer).await?;
        let service = document
            .service("CredentialService")
            .ok_or_else(|| IdentityError::unshown("its DID document names no CredentialService"))?;
        let url = service.url("/presentations/query");
        let query = PresentationQuery { scopes: wanted.to_vec() }.write();
        let request = Outgoing {
            authorization: Some(format!("Bearer {}", self.sign_token(peer, Some(access)).await?)),
            body: Some(query.into()),
            ..Outgoing::to(Purpose::CredentialService, url, self.0.settings.retry.answer_timeout)
        };
        let answer = self.0.transport.send(request).await;
        let answer = answer.map_err(|e| IdentityError::Unreachable { reason: e.to_string() })?;
        if answer.is_transient() {
            let reason = format!("its credential service answered with status {}", answer.status);
            return Err(IdentityError::Unreachable { reason });
        }
        if !answer.is_success() {
            let reason = format!("its credential service answered with status {}", answer.status);
            return Err(IdentityError::unshown(&reason));
        }
        let response = PresentationResponse::read(&answer.body);
        let response = response.map_err(|error| IdentityError::unshown(&in_words(&error)))?;
        let (findings, trust) = self.verify_presentations(peer, &response.presentations).await?;
        Ok(self.believed(findings, &trust))
    }

    /// Verifies presentations of a holder to us.
    pub(crate) async fn verify_presentations(
        &self,
        holder: &Did,
        texts: &[String],
    ) -> Result<(Findings, Arc<Trust>), IdentityError> {
        let (now, trust) = (self.now(), self.trust());
        let rules = Rules {
            verifier: self.own_did().ok_or(IdentityError::Unknown)?.clone(),
            holder: holder.clone(),
            now,
            unsigned_lists: self.0.settings.dcp.allows_unsigned_lists,
            dialect: self.0.settings.dcp.dialect,
            schemas: trust.schemas(now),
        };
        let known = Arc::clone(&trust);
        let unshown = |error| IdentityError::unshown(&in_words(&error));
        let check =
            PresentationCheck::start(texts, rules, move |issuer: &Did| known.knows(issuer, now));
        let mut check = check.map_err(unshown)?;
        for _ in 0..ROUNDS_MAX {
            let needs = check.needs();
            if needs.is_empty() {
                break;
            }
            for (need, fetched) in join_all(needs.into_iter().map(|need| self.supply(need))).await {
                match (need, fetched) {
                    (Need::Document(did), Fetched::Document(found)) => {
                        check.supply_document(did, found);
                    }
                    (Need::StatusList(url), Fetched::List(found)) => {
                        check.supply_status_list(url, found.map(|list| list.to_vec()));
                    }
                    _ => {}
                }
            }
        }
        Ok((check.finish().map_err(unshown)?, trust))
    }

    async fn supply(&self, need: Need) -> (Need, Fetched) {
        let fetched = match &need {
            Need::Document(did) => {
                Fetched::Document(self.resolve(did).await.map_err(|error| error.to_string()))
            }
            Need::StatusList(url) => Fetched::List(self.status_list(url).await),
        };
        (need, fetched)
    }

    /// A status list, as it was served within the time that presentations are believed.
    pub(crate) async fn status_list(&self, url: &str) -> Result<Bytes, String> {
        let now = self.now();
        if let Some(known) = self.0.identity.shown.list(url, now) {
            return known;
        }
        let fetched = self.fetch_public(Purpose::StatusList, url.to_owned()).await;
        let fetched = fetched.map(Bytes::from);
        let kept = self.0.settings.dcp.presentation.min(LIST_MAX);
        // A failure is not tried again by each request, and is not held against anybody for long.
        let kept = if fetched.is_ok() { kept } else { kept.min(Duration::from_secs(5)) };
        if !kept.is_zero() {
            let until = now.plus_millis(kept.as_millis() as u64);
            self.0.identity.shown.keep_list(url, fetched.clone(), now, until);
        }
        fetched
    }

    /// What counts of what was verified: that whose issuer may vouch for it.
    fn believed(&self, findings: Findings, trust: &Trust) -> Showing {
        use CredentialError::{IssuerUnknown, ListUnknown};

        let now = self.now();
        let Findings { accepted, refused } = findings;
        let is_unknown =
            |error: &CredentialError| matches!(error, IssuerUnknown { .. } | ListUnknown { .. });
        let is_partial = refused.iter().any(is_unknown);
        let mut refused: Vec<String> = refused.iter().map(|error| in_words(error)).collect();
        let mut credentials = Vec::new();
        for shown in accepted {
            match vouched(&shown, trust, now) {
                Ok(()) => credentials.push(shown),
                Err(reason) => refused.push(reason),
            }
        }
        let until = now.plus_millis(self.0.settings.dcp.presentation.as_millis() as u64);
        let ends = credentials.iter().filter_map(|shown| shown.credential.valid_until);
        let until = ends.fold(until, Timestamp::min);
        Showing { credentials, refused, is_partial, failure: None, until }
    }

    /// Remembers what a peer showed across restarts, if it is something else than before; pins its
    /// keys and those of the issuers.
    async fn keep_shown(&self, peer: &Did, showing: &Showing) -> Result<(), IdentityError> {
        let mut texts: Vec<String> =
            showing.credentials.iter().map(|shown| shown.text.clone()).collect();
        texts.sort();
        let before = causeway_store::read::<PeerCredentials>(self.store(), peer.as_str()).await;
        let before = before.map_err(|error| unwritten(&read_failed(error)))?;
        let (expected, is_same) = match &before {
            None => (None, false),
            Some(Stored { value, version, .. }) => {
                (Some(*version), value.credentials == texts && value.lapsed.is_none())
            }
        };
        if !is_same {
            let record = PeerCredentials {
                did: peer.to_string(),
                credentials: texts,
                shown_at: self.now(),
                lapsed: None,
            };
            let puts = vec![Put::of(&record, expected)];
            let changes = ChangeSet { puts, ..ChangeSet::default() };
            match self.commit(changes).await {
                // Another request showed it at the same time.
                Ok(()) | Err(causeway_store::CommitError::Conflict { .. }) => {}
                Err(error) => return Err(unwritten(&commit_failed(error))),
            }
        }
        let issuers = showing.credentials.iter().map(|shown| &shown.credential.issuer);
        for did in issuers.chain([peer]) {
            let document: Arc<DidDocument> = self.resolve(did).await?;
            self.pin_first(&document).await?;
        }
        Ok(())
    }

    /// What a peer's credentials say of it: those it showed last, if they have not lapsed.
    pub(crate) async fn proven_facts(
        &self,
        peer: &ParticipantId,
    ) -> Result<Vec<ProvenFact>, Problem> {
        let stored = causeway_store::read::<PeerCredentials>(self.store(), peer.as_str()).await;
        let stored = stored.map_err(read_failed)?;
        Ok(stored.map_or_else(Vec::new, |stored| self.facts_in(&stored.value)))
    }

    /// The facts in what a peer showed.
    fn facts_in(&self, value: &PeerCredentials) -> Vec<ProvenFact> {
        if value.lapsed.is_some() || self.own_did().is_none() {
            return Vec::new();
        }
        let (now, trust) = (self.now(), self.trust());
        let mut facts = Vec::new();
        for shown in value.credentials.iter().filter_map(|text| read_verified(text)) {
            if shown.credential.check_time(now).is_err() {
                continue;
            }
            let names = type_names(&shown);
            let proof = Proof {
                id: shown.credential.id.as_deref().unwrap_or("without an id"),
                said: vouching(&shown, &names),
            };
            for party in [Party::Exporter, Party::Importer] {
                let proven = types::facts(party, std::slice::from_ref(&proof), &trust, now);
                facts.extend(proven.sources.into_iter().map(|source| ProvenFact {
                    name: source.fact,
                    value: source.value,
                    source: format!(
                        "{} {} of {}, trusted by {}",
                        source.credential_type, source.credential, source.issuer, source.dataspace
                    ),
                }));
            }
        }
        facts
    }
}

/// A credential that a peer showed, and whether it is believed now.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownCredential {
    /// What it says, and how it is signed.
    pub credential: VerifiedCredential,
    /// Why it is not believed now, if it is not.
    pub distrusted: Option<String>,
}

/// What is known of who a peer is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PeerIdentity {
    /// Its DID document as it is pinned, and what waits for a person.
    pub pin: Option<Pin>,
    /// What it showed last.
    pub credentials: Vec<ShownCredential>,
    /// When.
    pub shown_at: Option<Timestamp>,
    /// Why what it showed is no longer enough.
    pub lapsed: Option<String>,
    /// What the law may take from its credentials.
    pub facts: Vec<ProvenFact>,
}

impl Node {
    /// The legal area that a peer sits in: as it is configured, or as its credentials say.
    pub async fn area_of(&self, peer: &Peer) -> Result<Option<String>, Problem> {
        if peer.jurisdiction.is_some() {
            return Ok(peer.jurisdiction.clone());
        }
        let facts = self.proven_facts(&peer.participant_id).await?;
        let area = facts.into_iter().find(|fact| fact.name == "importer.area");
        Ok(area.map(|fact| fact.value.to_string()))
    }

    /// What is known of who a peer is; nothing of a peer that is known by a secret.
    pub async fn peer_identity(&self, peer: &ParticipantId) -> Result<PeerIdentity, Problem> {
        let Ok(did) = Did::parse(peer.as_str()) else { return Ok(PeerIdentity::default()) };
        let pin = self.pin_of(&did).await?;
        let stored = causeway_store::read::<PeerCredentials>(self.store(), peer.as_str()).await;
        let Some(Stored { value, .. }) = stored.map_err(read_failed)? else {
            return Ok(PeerIdentity { pin, ..PeerIdentity::default() });
        };
        let (now, trust) = (self.now(), self.trust());
        let credentials = value.credentials.iter().filter_map(|text| read_verified(text));
        let credentials = credentials.map(|credential| {
            let in_time = credential.credential.check_time(now).map_err(|e| e.to_string());
            let distrusted = in_time.and_then(|()| vouched(&credential, &trust, now)).err();
            ShownCredential { credential, distrusted }
        });
        let credentials = credentials.collect();
        let facts = self.facts_in(&value);
        let (shown_at, lapsed) = (Some(value.shown_at), value.lapsed);
        Ok(PeerIdentity { pin, credentials, shown_at, lapsed, facts })
    }
}

enum Fetched {
    Document(Result<Arc<DidDocument>, String>),
    List(Result<Bytes, String>),
}

fn enough(showing: &Showing, required: &[String]) -> Result<(), IdentityError> {
    match showing.misses(required) {
        None => Ok(()),
        Some(_) if showing.is_partial => {
            Err(IdentityError::Unreachable { reason: showing.refused.join("; ") })
        }
        Some(name) if showing.refused.is_empty() => {
            Err(IdentityError::unshown(&format!("it showed no {name}")))
        }
        Some(name) => {
            let refused = showing.refused.join("; ");
            Err(IdentityError::unshown(&format!("it showed no {name} that counts: {refused}")))
        }
    }
}

/// A credential that was verified before it was stored, however it was written.
pub(crate) fn read_verified(text: &str) -> Option<VerifiedCredential> {
    let signed = SignedCredential::read_as(text, Dialect::Draft).ok()?;
    Some(VerifiedCredential::of(&signed))
}

/// Whether the trust file lets the issuer say what a credential says, in the way it says it.
pub(crate) fn vouched(
    shown: &VerifiedCredential,
    trust: &Trust,
    now: Timestamp,
) -> Result<(), String> {
    let names = type_names(shown);
    let believed = trust.vouches(vouching(shown, &names), now);
    believed.map_err(|distrust| distrust.to_string())?;
    // A file that came later may have other schemas.
    shown.obeys(&trust.schemas(now)).map_err(|error| error.to_string())
}

fn type_names(shown: &VerifiedCredential) -> Vec<&str> {
    shown.credential.types.iter().map(String::as_str).collect()
}

fn vouching<'c>(shown: &'c VerifiedCredential, types: &'c [&'c str]) -> Vouching<'c> {
    Vouching {
        issuer: &shown.credential.issuer,
        types,
        claims: &shown.credential.claims,
        suite: shown.algorithm.name(),
    }
}
