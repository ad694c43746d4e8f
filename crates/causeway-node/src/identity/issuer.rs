//! The issuer service (DCP 1.0 §6): who asks for credentials of ours, what a person decides, what
//! is issued and what is taken back. How a credential is written is in `causeway-dcp`.

mod definitions;
mod delivery;
mod status;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use causeway_dcp::credential::{Credential, Profile, SignedCredential, VERIFIABLE_CREDENTIAL};
use causeway_dcp::did::Did;
use causeway_dcp::issuance::{self, Input};
use causeway_dcp::message::{
    CredentialContainer, CredentialMessage, CredentialRequest, Delivery, RequestStatus,
};
use causeway_dcp::metadata::check_complete;
use causeway_store::records::{
    DefinitionEntry, IssuanceEntry, IssuanceState, IssueRule, IssuedEntry,
};
use causeway_store::{
    ChangeSet, CommitError, EventKind, NewEvent, NewMessage, Page, Put, Stored, Typed, Version,
};
use causeway_types::limits::{
    ISSUANCES_HOLDER_MINUTE_MAX, ISSUANCES_MINUTE_MAX, ISSUANCES_OPEN_MAX, REASON_BYTES_MAX,
};
use causeway_types::{
    CredentialObjectId, HolderPid, IssuerPid, ParticipantId, Problem, ProblemCode, ProcessId,
    Timestamp,
};
use serde_json::{Map, Value};

pub use self::definitions::NewDefinition;
pub use self::status::StatusDocument;
use self::status::{Lists, Signed};
use super::IdentityError;
use crate::commit::{CONFLICTS_MAX, Remember, commit_failed};
use crate::negotiate::busy;
use crate::{Node, read_failed};
use causeway_keys::Purpose;

/// A day, the unit of validity.
const DAY_MILLIS: u64 = 86_400_000;

/// What an issuer has in hand at the moment.
#[derive(Default)]
pub(crate) struct Issuer {
    /// One issuance or revocation at a time: places on a list are given away one after the other.
    turn: tokio::sync::Mutex<()>,
    asked: Mutex<Asked>,
    signed: tokio::sync::Mutex<HashMap<String, Signed>>,
}

/// Who asked for credentials in this minute, and how often.
#[derive(Default)]
struct Asked {
    minute: u64,
    all: u32,
    by: HashMap<ParticipantId, u32>,
}

impl Asked {
    /// Counts a request, or says that there were too many.
    fn count(&mut self, holder: &ParticipantId, now: Timestamp) -> bool {
        let minute = now.unix_seconds() / 60;
        if self.minute != minute {
            *self = Self { minute, ..Self::default() };
        }
        let own = self.by.get(holder).copied().unwrap_or_default();
        let fits = self.all < ISSUANCES_MINUTE_MAX && own < ISSUANCES_HOLDER_MINUTE_MAX;
        if fits {
            self.all += 1;
            self.by.insert(holder.clone(), own + 1);
        }
        fits
    }
}

/// What a person decides about a request for credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuanceAct {
    /// They are issued, with claims that are added to those of the definitions.
    Approve(Map<String, Value>),
    /// There will be none.
    Reject(Option<String>),
}

/// What is to be issued.
struct Draft {
    entry: IssuanceEntry,
    /// The version it was read with.
    version: Option<Version>,
    definitions: Vec<DefinitionEntry>,
    /// What is claimed besides what the definitions say.
    claims: Map<String, Value>,
    remember: Remember<IssuanceEntry>,
}

impl Node {
    /// A holder asks for credentials. What is issued to whoever asks is issued in the same commit;
    /// everything else waits for a person.
    pub async fn credentials_requested(
        &self,
        holder: &Did,
        request: CredentialRequest,
    ) -> Result<IssuanceEntry, Problem> {
        let holder = self.asking_holder(holder)?;
        let definitions = self.definitions_of(&request.credentials).await?;
        let open = self.open_issuances(&holder).await?;
        // A request that is repeated while it waits is the same request: the answer was lost.
        if let Some(known) = open.iter().find(|known| known.holder_pid == request.holder_pid) {
            return Ok(known.clone());
        }
        let entry = self.issuance(&holder, request.holder_pid, request.credentials);
        let are_automatic = definitions.iter().map(|known| known.rule == IssueRule::Auto);
        if issuance::opening(are_automatic) == Some(Input::Approved) {
            let (version, claims, remember) = (None, Map::new(), None);
            return self.issue(Draft { entry, version, definitions, claims, remember }).await;
        }
        if open.len() >= ISSUANCES_OPEN_MAX {
            let text = format!("{} requests of this holder wait already", open.len());
            return Err(Problem::new(ProblemCode::Unavailable, text));
        }
        let text = format!("{holder} asks for {}: waiting for you", named(&entry.objects));
        let changes = ChangeSet {
            puts: vec![Put::of(&entry, None)],
            events: vec![told(EventKind::CredentialRequested, &entry, text)],
            ..ChangeSet::default()
        };
        self.commit(changes).await.map_err(commit_failed)?;
        Ok(entry)
    }

    /// How far a request is, for the holder who made it. That of another is as unknown as none.
    pub async fn issuance_of(&self, holder: &Did, id: &str) -> Result<IssuanceEntry, Problem> {
        let found = self.stored::<IssuanceEntry>(id).await?.map(|stored| stored.value);
        let own = found.filter(|entry| entry.holder.as_str() == holder.as_str());
        own.ok_or_else(|| Problem::new(ProblemCode::NotFound, "there is no such request"))
    }

    /// A person decides about a request that waits.
    pub async fn decide_issuance(
        &self,
        id: &str,
        act: &IssuanceAct,
    ) -> Result<IssuanceEntry, Problem> {
        let input = match act {
            IssuanceAct::Approve(_) => Input::Approved,
            IssuanceAct::Reject(_) => Input::Refused,
        };
        for _ in 0..CONFLICTS_MAX {
            let missing = || {
                let text = format!("there is no request {id} for credentials");
                Problem::new(ProblemCode::NotFound, text)
            };
            let found = self.stored::<IssuanceEntry>(id).await?;
            let Stored { value: entry, version, .. } = found.ok_or_else(missing)?;
            issuance::step(request_status(entry.state), input)
                .map_err(|illegal| Problem::new(ProblemCode::IllegalState, illegal.to_string()))?;
            let decided = match act {
                IssuanceAct::Approve(claims) => {
                    let definitions = self.definitions_of(&entry.objects).await?;
                    let (version, claims, remember) = (Some(version), claims.clone(), None);
                    self.issue(Draft { entry, version, definitions, claims, remember }).await
                }
                IssuanceAct::Reject(reason) => self.reject(entry, version, reason.clone()).await,
            };
            match decided {
                // Somebody else decided at the same time.
                Err(problem) if problem.code() == ProblemCode::Conflict => {}
                decided => return decided,
            }
        }
        Err(busy())
    }

    /// Issues credentials that nobody asked for.
    pub async fn issue_unasked(
        &self,
        holder: &Did,
        objects: Vec<CredentialObjectId>,
        claims: Map<String, Value>,
        remember: Remember<IssuanceEntry>,
    ) -> Result<IssuanceEntry, Problem> {
        let holder = ParticipantId::parse(holder.as_str()).map_err(refused)?;
        let definitions = self.definitions_of(&objects).await?;
        let holder_pid = HolderPid::parse(self.mint().message().as_str()).map_err(internal)?;
        let entry = self.issuance(&holder, holder_pid, objects);
        self.issue(Draft { entry, version: None, definitions, claims, remember }).await
    }

    /// Signs credentials and puts them into the outbox, in one commit with the record of them. If
    /// the process dies before the commit, nobody has seen what was signed.
    async fn issue(&self, draft: Draft) -> Result<IssuanceEntry, Problem> {
        let Draft { mut entry, version, definitions, claims, remember } = draft;
        let url = self.credential_service_of(&entry.holder).await?;
        let _turn = self.0.identity.issuer.turn.lock().await;
        let now = self.now();
        (entry.state, entry.reason, entry.updated_at) = (IssuanceState::Issued, None, now);
        let (mut puts, mut containers, mut events) = (Vec::new(), Vec::new(), Vec::new());
        let mut lists = Lists::default();
        for definition in &definitions {
            let profile = profile_of(definition)?;
            let (list, index) = self.take_place(&mut lists, profile).await?;
            let issued = IssuedEntry {
                id: self.mint().message().to_string(),
                holder: entry.holder.clone(),
                definition: definition.id.clone(),
                credential_type: definition.credential_type.clone(),
                profile: definition.profile.clone(),
                issuance: entry.id.clone(),
                list,
                index,
                issued_at: now,
                expires_at: now.plus_millis(u64::from(definition.valid_days) * DAY_MILLIS),
                revoked_at: None,
                revoked_because: None,
            };
            containers.push(self.sign_credential(definition, &issued, &claims).await?);
            let (kind, holder) = (&issued.credential_type, &issued.holder);
            let text = format!("{kind} for {holder} until {}: {}", issued.expires_at, issued.id);
            events.push(told(EventKind::CredentialIssued, &entry, text));
            puts.push(Put::of(&issued, None));
        }
        puts.extend(lists.puts(now));
        puts.push(Put::of(&entry, version));
        let outbox = vec![self.delivery(&entry, url, Delivery::Issued(containers))?];
        let remember = remember.map(|remember| remember(&entry));
        let changes = ChangeSet { puts, outbox, events, remember, ..ChangeSet::default() };
        self.commit(changes).await.map_err(commit_failed)?;
        Ok(entry)
    }

    /// One credential, signed.
    async fn sign_credential(
        &self,
        definition: &DefinitionEntry,
        issued: &IssuedEntry,
        more: &Map<String, Value>,
    ) -> Result<CredentialContainer, Problem> {
        let profile = profile_of(definition)?;
        let mut claims = definition.claims.clone();
        claims.extend(more.clone());
        check_complete(&definition.credential_type, &claims).map_err(refused)?;
        let credential = Credential {
            id: Some(issued.id.clone()),
            issuer: self.issuing_did()?.clone(),
            subject: issued.holder.to_string(),
            types: vec![VERIFIABLE_CREDENTIAL.to_owned(), definition.credential_type.to_string()],
            claims,
            valid_from: issued.issued_at,
            valid_until: Some(issued.expires_at),
            status: vec![self.status_entry(profile, &issued.list, issued.index)],
            schemas: definition.schema.clone().into_iter().collect(),
            profile,
        };
        let build = |key: &_, algorithm| credential.unsigned(key, algorithm);
        let payload = self.sign(Purpose::Issuer, build).await.map_err(unsigned)?;
        // What no holder could read, claims that are nested too deep, is not sent.
        let signed = SignedCredential::read(&payload).map_err(refused)?;
        // Nor is what whoever knows the schema would refuse.
        signed.obeys(&self.trust().schemas(self.now())).map_err(|error| {
            let hint = "a definition may name a schema of a trust file that is installed here";
            refused(error).hint(hint)
        })?;
        let (credential_type, format) =
            (definition.credential_type.clone(), self.0.settings.dcp.dialect.format(profile));
        Ok(CredentialContainer { credential_type, payload, format: format.to_owned() })
    }

    async fn reject(
        &self,
        mut entry: IssuanceEntry,
        version: Version,
        reason: Option<String>,
    ) -> Result<IssuanceEntry, Problem> {
        let reason = checked_reason(reason)?;
        (entry.state, entry.updated_at) = (IssuanceState::Rejected, self.now());
        entry.reason.clone_from(&reason);
        let url = self.credential_service_of(&entry.holder).await?;
        let because = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let text = format!("{} gets no {}{because}", entry.holder, named(&entry.objects));
        let changes = ChangeSet {
            puts: vec![Put::of(&entry, Some(version))],
            outbox: vec![self.delivery(&entry, url, Delivery::Rejected(reason))?],
            events: vec![told(EventKind::CredentialRejected, &entry, text)],
            ..ChangeSet::default()
        };
        self.commit(changes).await.map_err(commit_failed)?;
        Ok(entry)
    }

    /// Takes a credential back. Whoever looks at the status list from then on knows.
    pub async fn revoke_credential(
        &self,
        id: &str,
        reason: Option<String>,
    ) -> Result<IssuedEntry, Problem> {
        let reason = checked_reason(reason)?;
        let _turn = self.0.identity.issuer.turn.lock().await;
        for _ in 0..CONFLICTS_MAX {
            let found = self.stored::<IssuedEntry>(id).await?;
            let Stored { value: mut issued, version, .. } = found.ok_or_else(|| {
                Problem::new(ProblemCode::NotFound, format!("no credential {id} was issued here"))
            })?;
            if issued.revoked_at.is_some() {
                return Ok(issued);
            }
            let now = self.now();
            (issued.revoked_at, issued.revoked_because) = (Some(now), reason.clone());
            let list = self.revoked_on_list(&issued, now).await?;
            let event = NewEvent {
                at: now,
                kind: EventKind::CredentialRevoked,
                process: ProcessId::parse(issued.issuance.as_str()).ok(),
                subject: issued.id.clone(),
                text: format!("{} of {} was taken back", issued.credential_type, issued.holder),
            };
            let puts = vec![Put::of(&issued, Some(version)), list];
            let changes = ChangeSet { puts, events: vec![event], ..ChangeSet::default() };
            match self.commit(changes).await {
                Ok(()) => return Ok(issued),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// Whether this holder may ask now.
    fn asking_holder(&self, holder: &Did) -> Result<ParticipantId, Problem> {
        let holder = ParticipantId::parse(holder.as_str()).map_err(refused)?;
        if self.0.settings.dcp.is_listed_only && self.0.directory.peer(&holder).is_none() {
            let text = "only configured peers are given credentials here";
            return Err(Problem::new(ProblemCode::Forbidden, text));
        }
        let mut asked = self.0.identity.issuer.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.count(&holder, self.now()) {
            return Ok(holder);
        }
        Err(Problem::new(ProblemCode::Unavailable, "too many requests for credentials; try again"))
    }

    fn issuance(
        &self,
        holder: &ParticipantId,
        holder_pid: HolderPid,
        objects: Vec<CredentialObjectId>,
    ) -> IssuanceEntry {
        let now = self.now();
        IssuanceEntry {
            id: issuer_pid(&self.mint().process()),
            holder: holder.clone(),
            holder_pid,
            objects,
            state: IssuanceState::Received,
            reason: None,
            delivered_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    fn delivery(
        &self,
        entry: &IssuanceEntry,
        url: String,
        delivery: Delivery,
    ) -> Result<NewMessage, Problem> {
        let message = CredentialMessage {
            issuer_pid: entry.id.clone(),
            holder_pid: entry.holder_pid.clone(),
            delivery,
        };
        let process = ProcessId::parse(entry.id.as_str()).map_err(internal)?;
        delivery::message(process, &entry.holder, url, message.write(), self.mint())
    }

    /// Requests of a holder that wait for a person.
    async fn open_issuances(&self, holder: &ParticipantId) -> Result<Vec<IssuanceEntry>, Problem> {
        let page = Page { after: None, limit: ISSUANCES_OPEN_MAX * 2 };
        let found = causeway_store::list(self.store(), Some(holder.as_str()), page).await;
        let all = found.map_err(read_failed)?.into_iter().map(|stored| stored.value);
        Ok(all.filter(|entry: &IssuanceEntry| entry.state == IssuanceState::Received).collect())
    }

    /// Who signs credentials; nobody, in a node without a DID.
    fn issuing_did(&self) -> Result<&Did, Problem> {
        self.own_did().ok_or_else(|| {
            Problem::new(ProblemCode::IllegalState, "this node has no DID, so it cannot issue")
                .hint("set identity.mode = \"dcp\"")
        })
    }

    /// A record of this node.
    async fn stored<T: Typed>(&self, id: &str) -> Result<Option<Stored<T>>, Problem> {
        causeway_store::read(self.store(), id).await.map_err(read_failed)
    }
}

/// What the holder is told of an issuance.
pub fn request_status(state: IssuanceState) -> RequestStatus {
    match state {
        IssuanceState::Received => RequestStatus::Received,
        IssuanceState::Issued => RequestStatus::Issued,
        IssuanceState::Rejected => RequestStatus::Rejected,
    }
}

fn told(kind: EventKind, entry: &IssuanceEntry, text: String) -> NewEvent {
    let process = ProcessId::parse(entry.id.as_str()).ok();
    NewEvent { at: entry.updated_at, kind, process, subject: entry.id.to_string(), text }
}

fn named(objects: &[CredentialObjectId]) -> String {
    objects.iter().map(CredentialObjectId::as_str).collect::<Vec<_>>().join(", ")
}

fn issuer_pid(process: &ProcessId) -> IssuerPid {
    // Ids of all kinds have the same limits, and this one was just made.
    IssuerPid::parse(process.as_str()).expect("an id that was minted is an id")
}

fn profile_of(definition: &DefinitionEntry) -> Result<Profile, Problem> {
    let name = &definition.profile;
    Profile::parse(name).ok_or_else(|| internal(format!("found the profile {name:?} in a record")))
}

fn checked_reason(reason: Option<String>) -> Result<Option<String>, Problem> {
    let reason = reason.filter(|reason| !reason.is_empty());
    match &reason {
        Some(long) if long.len() > REASON_BYTES_MAX => {
            let found = long.len();
            let text = format!("reason: found {found} bytes, expected at most {REASON_BYTES_MAX}");
            Err(Problem::new(ProblemCode::BadRequest, text))
        }
        _ => Ok(reason),
    }
}

/// What whoever asked has to change.
fn refused(error: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::BadRequest, error.to_string())
}

/// Our own key does not sign.
fn unsigned(error: IdentityError) -> Problem {
    Problem::new(ProblemCode::Unavailable, "the node could not sign with its key for credentials")
        .internal(error.to_string())
}

/// What cannot happen with what this node itself wrote.
fn internal(error: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::Internal, "the node made something that it cannot use")
        .internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_cannot_use_up_what_all_may_ask_for() {
        let holder = |n: u32| ParticipantId::parse(format!("did:web:h{n}.example")).unwrap();
        let (start, mut asked) = (Timestamp::EPOCH.plus_millis(60_000), Asked::default());
        let greedy = (0..1_000).filter(|_| asked.count(&holder(0), start)).count();
        assert_eq!(greedy, ISSUANCES_HOLDER_MINUTE_MAX as usize);
        assert!(asked.count(&holder(1), start));
        let others = (2..5_000).filter(|n| asked.count(&holder(*n), start)).count();
        assert_eq!(others + greedy + 1, ISSUANCES_MINUTE_MAX as usize);
        assert!(!asked.count(&holder(9_999), start.plus_millis(59_999)));
        assert!(asked.count(&holder(0), start.plus_millis(60_000)));
    }
}
