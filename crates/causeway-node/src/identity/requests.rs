//! Our requests for credentials: made, sent through the outbox, and asked after until the issuer
//! brings something or refuses. What it brings is for `holder`; when a credential is asked for
//! anew is for `renewal`.

use std::collections::BTreeMap;

use causeway_dcp::did::Did;
use causeway_dcp::message::{
    CredentialObject, CredentialRequest, CredentialStatus, IssuerMetadata, RequestStatus,
};
use causeway_dsp::Reason;
use causeway_store::records::{CredentialRequestEntry, RequestState};
use causeway_store::{
    ChangeSet, CommitError, EventKind, NewEvent, NewMessage, OutboxRow, OutboxSubject, Page, Put,
    RecordKind, Settle, Stored, Version,
};
use causeway_types::limits::{CREDENTIAL_REQUESTS_PER_ISSUER_MAX, MESSAGE_CREDENTIALS_MAX};
use causeway_types::{
    CredentialObjectId, HolderPid, ParticipantId, Problem, ProblemCode, ProcessId, Timestamp,
};
use url::Url;

use super::tokens::in_words;
use crate::commit::{CONFLICTS_MAX, Remember, commit_failed};
use crate::egress::Purpose;
use crate::negotiate::encoded;
use crate::transport::{Answer, Outgoing, TransportError};
use crate::{Node, read_failed};

/// The message type, for the history.
const KIND: &str = "CredentialRequestMessage";
/// How soon an issuer is asked how far a request is.
const ASK_FIRST_MILLIS: u64 = 5_000;
/// How seldom it is asked at most.
const ASK_LAST_MILLIS: u64 = 3_600_000;
/// How long a request is waited for before it is given up: thirty days.
const GIVE_UP_MILLIS: u64 = 30 * 24 * 3_600_000;

/// A request to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredentialRequest {
    /// Whom to ask.
    pub issuer: Did,
    /// What for: the issuer's names, or types of credentials that it issues.
    pub names: Vec<CredentialObjectId>,
    /// Our id of the request; a fresh one if missing.
    pub id: Option<HolderPid>,
    /// The held credential that it is to replace.
    pub renews: Option<String>,
}

impl Node {
    /// Asks an issuer for credentials. It need not be reachable now.
    pub async fn request_credentials(
        &self,
        new: NewCredentialRequest,
        remember: Remember<CredentialRequestEntry>,
    ) -> Result<CredentialRequestEntry, Problem> {
        let NewCredentialRequest { issuer, names, id, renews } = new;
        let own = self.own_did().ok_or_else(no_did)?;
        check_ask(own, &issuer, &names)?;
        let party = ParticipantId::parse(issuer.as_str());
        let party = party.map_err(|error| wrong(&error))?;
        let objects = self.objects_named(&issuer, names).await;
        let mint = self.mint();
        let process = match &id {
            Some(id) => ProcessId::parse(id.as_str()),
            None => Ok(mint.process()),
        };
        let process = process.map_err(|error| wrong(&error))?;
        let id = HolderPid::parse(process.as_str());
        let id = id.map_err(|error| wrong(&error))?;
        let entry = CredentialRequestEntry {
            id,
            issuer: party.clone(),
            objects,
            state: RequestState::Created,
            issuer_pid: None,
            status_url: None,
            reason: None,
            renews,
            created_at: mint.now,
            updated_at: mint.now,
            checked_at: None,
        };
        let body =
            CredentialRequest { holder_pid: entry.id.clone(), credentials: entry.objects.clone() };
        let message = NewMessage {
            process: process.clone(),
            subject: OutboxSubject::CredentialRequest,
            peer: party,
            message_id: mint.message(),
            kind: KIND.to_owned(),
            // The issuer's document says where, at the time of sending.
            url: String::new(),
            body: body.write().into_bytes(),
            not_before: mint.now,
        };
        let told = format!("{} was asked for {}", entry.issuer, named(&entry.objects));
        let changes = ChangeSet {
            puts: vec![Put::of(&entry, None)],
            forget: self.room_for(&entry).await?,
            outbox: vec![message],
            events: vec![event(&entry, EventKind::CredentialRequested, told)],
            remember: remember.map(|remember| remember(&entry)),
            ..ChangeSet::default()
        };
        match self.commit(changes).await {
            Ok(()) => Ok(entry),
            Err(CommitError::Conflict { what }) => {
                let text = format!("there is a request {} already", entry.id);
                Err(Problem::new(ProblemCode::Conflict, text).internal(what))
            }
            Err(error) => Err(commit_failed(error)),
        }
    }

    /// Requests that ended long ago make room for a new one.
    async fn room_for(
        &self,
        new: &CredentialRequestEntry,
    ) -> Result<Vec<(RecordKind, String)>, Problem> {
        let owner = Some(new.issuer.as_str());
        let page = Page { after: None, limit: CREDENTIAL_REQUESTS_PER_ISSUER_MAX };
        let all = causeway_store::list::<CredentialRequestEntry>(self.store(), owner, page).await;
        let all = all.map_err(read_failed)?;
        if all.len() < CREDENTIAL_REQUESTS_PER_ISSUER_MAX {
            return Ok(Vec::new());
        }
        let oldest = all.iter().rev().find(|stored| !stored.value.state.is_open());
        let oldest = oldest.ok_or_else(|| {
            let text = format!(
                "{CREDENTIAL_REQUESTS_PER_ISSUER_MAX} requests to {} wait for an answer",
                new.issuer
            );
            Problem::new(ProblemCode::IllegalState, text)
        })?;
        Ok(vec![(RecordKind::CredentialRequest, oldest.value.id.to_string())])
    }

    /// What an issuer says that it issues.
    pub async fn metadata_of(&self, issuer: &Did) -> Result<IssuerMetadata, Problem> {
        let unreachable = |reason: String| {
            Problem::new(
                ProblemCode::PeerUnreachable,
                format!("ask {issuer} what it issues: {reason}"),
            )
        };
        let base = self.endpoint_of(issuer, "IssuerService").await.map_err(unreachable)?;
        let url = format!("{base}/metadata");
        let content = self.fetch_public(Purpose::CredentialService, url).await;
        let content = content.map_err(unreachable)?;
        let metadata = IssuerMetadata::read(&content).map_err(|error| {
            let text = format!("ask {issuer} what it issues: {}", in_words(&error));
            Problem::new(ProblemCode::PeerMisbehaved, text)
        })?;
        if metadata.issuer != *issuer {
            let text = format!("asked {issuer} what it issues, and {} answered", metadata.issuer);
            return Err(Problem::new(ProblemCode::PeerMisbehaved, text));
        }
        Ok(metadata)
    }

    /// The issuer's names of what a person named by type. While it cannot be asked, names are taken
    /// for its own; it refuses those that are not.
    async fn objects_named(
        &self,
        issuer: &Did,
        names: Vec<CredentialObjectId>,
    ) -> Vec<CredentialObjectId> {
        let supported = match self.metadata_of(issuer).await {
            Ok(metadata) => metadata.supported,
            Err(problem) => {
                tracing::debug!(%issuer, %problem, "names of credentials are taken as they are");
                Vec::new()
            }
        };
        let mut objects: Vec<CredentialObjectId> = Vec::new();
        for name in names {
            let object = meant(&supported, &name).unwrap_or(name);
            if !objects.contains(&object) {
                objects.push(object);
            }
        }
        objects
    }

    /// The base of a service of another party, without a slash at its end.
    async fn endpoint_of(&self, did: &Did, kind: &str) -> Result<String, String> {
        let document = self.resolve(did).await.map_err(|error| error.to_string())?;
        let service = document.service(kind);
        let service = service.ok_or_else(|| format!("the document of {did} names no {kind}"))?;
        Ok(service.url(""))
    }

    /// Sends a message, or asks, at a service for credentials, with a token that lets the other
    /// side look at what we show.
    async fn send_to_issuer(
        &self,
        issuer: &ParticipantId,
        url: String,
        body: Option<bytes::Bytes>,
    ) -> Result<Answer, TransportError> {
        let timeout = self.0.settings.retry.answer_timeout;
        let request = Outgoing {
            authorization: self.authorization(issuer).await?,
            body,
            ..Outgoing::to(Purpose::CredentialService, url, timeout)
        };
        self.0.transport.send(request).await
    }

    /// Sends a request to where the document of the issuer says.
    pub(crate) async fn send_request(&self, row: &OutboxRow) -> Result<Answer, TransportError> {
        let url = self
            .credentials_address(row)
            .await
            .map_err(|reason| TransportError::Unreachable { url: row.peer.to_string(), reason })?;
        self.send_to_issuer(&row.peer, url, Some(row.body.clone().into())).await
    }

    /// Where a request goes: the document of the issuer says so, at the time of sending.
    async fn credentials_address(&self, row: &OutboxRow) -> Result<String, String> {
        let did = Did::parse(row.peer.as_str()).map_err(|error| error.to_string())?;
        Ok(format!("{}/credentials", self.endpoint_of(&did, "IssuerService").await?))
    }

    /// The issuer has our request.
    pub(crate) async fn request_acked(
        &self,
        row: &OutboxRow,
        answer: &Answer,
    ) -> Result<(), Problem> {
        let base = self.credentials_address(row).await.ok();
        let base = base.as_deref().and_then(|url| url.strip_suffix("/credentials"));
        let place = answer.location.as_deref().zip(base);
        let status_url = place.and_then(|(location, base)| status_address(base, location));
        self.settle_request(row, |entry| {
            entry.status_url = status_url.clone();
            if entry.state == RequestState::Created {
                entry.state = RequestState::Requested;
            }
            None
        })
        .await
    }

    /// The issuer does not take our request, or never had it.
    pub(crate) async fn request_refused(
        &self,
        row: &OutboxRow,
        reason: &Reason,
    ) -> Result<(), Problem> {
        self.settle_request(row, |entry| {
            // Credentials that came prove that it had.
            if !entry.state.is_open() {
                return None;
            }
            entry.state = RequestState::Rejected;
            entry.reason = Some(cut(&reason.to_string()));
            let text = format!("{} gives no credentials: {reason}", entry.issuer);
            Some(event(entry, EventKind::CredentialRejected, text))
        })
        .await
    }

    async fn settle_request(
        &self,
        row: &OutboxRow,
        change: impl Fn(&mut CredentialRequestEntry) -> Option<NewEvent>,
    ) -> Result<(), Problem> {
        for _ in 0..CONFLICTS_MAX {
            let (mut entry, version) = self.own_request(row.process.as_str()).await?;
            let events = change(&mut entry).into_iter().collect();
            entry.updated_at = self.now();
            let changes = ChangeSet {
                puts: vec![Put::of(&entry, Some(version))],
                settle: vec![Settle::Done { id: row.id }],
                events,
                ..ChangeSet::default()
            };
            match self.commit(changes).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(Problem::new(ProblemCode::Unavailable, "the request is changed all the time"))
    }

    /// A request of ours.
    pub async fn credential_request(&self, id: &str) -> Result<CredentialRequestEntry, Problem> {
        Ok(self.own_request(id).await?.0)
    }

    async fn own_request(&self, id: &str) -> Result<(CredentialRequestEntry, Version), Problem> {
        let stored = causeway_store::read::<CredentialRequestEntry>(self.store(), id).await;
        let stored = stored.map_err(read_failed)?.ok_or_else(|| {
            Problem::new(ProblemCode::NotFound, format!("there is no request {id}"))
                .hint("causeway credential request list names the requests of this node")
        })?;
        Ok((stored.value, stored.version))
    }

    /// Asks the issuers of open requests how far they are, each in its time.
    pub(super) async fn ask_after_requests(
        &self,
        open: Vec<Stored<CredentialRequestEntry>>,
    ) -> Result<(), Problem> {
        let mut by_issuer: BTreeMap<ParticipantId, Vec<_>> = BTreeMap::new();
        for stored in open.into_iter().filter(|stored| is_due(&stored.value, self.now())) {
            by_issuer.entry(stored.value.issuer.clone()).or_default().push(stored);
        }
        // A silent issuer does not keep the others waiting.
        let each = by_issuer.into_values().map(async |requests| {
            for stored in requests {
                self.ask_after(stored).await?;
            }
            Ok::<(), Problem>(())
        });
        futures_util::future::join_all(each).await.into_iter().collect()
    }

    async fn ask_after(&self, stored: Stored<CredentialRequestEntry>) -> Result<(), Problem> {
        let Stored { value: mut entry, version, .. } = stored;
        let now = self.now();
        entry.checked_at = Some(now);
        let changes = if now.micros_since(entry.created_at) > GIVE_UP_MILLIS * 1_000 {
            rejected(entry, version, "nothing came of it in thirty days", now)
        } else {
            match self.status_of(&entry).await {
                Ok(status) => told(entry, version, status, now),
                Err(reason) => {
                    entry.reason = Some(cut(&reason));
                    ChangeSet { puts: vec![Put::of(&entry, Some(version))], ..ChangeSet::default() }
                }
            }
        };
        match self.commit(changes).await {
            // It changed meanwhile, so it is looked at again in its time.
            Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(commit_failed(error)),
        }
    }

    /// How far a request is, in the issuer's words.
    async fn status_of(&self, entry: &CredentialRequestEntry) -> Result<CredentialStatus, String> {
        let url = entry.status_url.clone().unwrap_or_default();
        let answer = self.send_to_issuer(&entry.issuer, url, None).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if !answer.is_success() {
            return Err(format!("asked how far it is: found status {}", answer.status));
        }
        let status = CredentialStatus::read(&answer.body).map_err(|error| in_words(&error))?;
        if status.holder_pid == entry.id {
            Ok(status)
        } else {
            Err(format!("asked how far it is: the answer is about {}", status.holder_pid))
        }
    }
}

fn check_ask(own: &Did, issuer: &Did, names: &[CredentialObjectId]) -> Result<(), Problem> {
    if own == issuer {
        return Err(wrong(&format_args!("{issuer} is this node, and nobody vouches for himself")));
    }
    issuer.web().map_err(|error| wrong(&error))?;
    let found = names.len();
    if found == 0 || found > MESSAGE_CREDENTIALS_MAX {
        return Err(wrong(&format_args!(
            "credentials: found {found} names, expected 1 to {MESSAGE_CREDENTIALS_MAX}"
        )));
    }
    Ok(())
}

fn wrong(reason: &dyn std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::BadRequest, reason.to_string())
}

/// What a name stands for: an object's own name, or the type of exactly one object.
fn meant(supported: &[CredentialObject], name: &CredentialObjectId) -> Option<CredentialObjectId> {
    if supported.iter().any(|object| object.id == *name) {
        return Some(name.clone());
    }
    let is_of = |object: &&CredentialObject| {
        object.credential_type.as_ref().is_some_and(|of| of.as_str() == name.as_str())
    };
    let mut of_type = supported.iter().filter(is_of);
    match (of_type.next(), of_type.next()) {
        (Some(one), None) => Some(one.id.clone()),
        // The same type in two data models: the first is the one that the issuer prefers.
        (Some(first), Some(_)) => Some(first.id.clone()),
        (None, _) => None,
    }
}

/// What an issuer said of a request, recorded.
fn told(
    entry: CredentialRequestEntry,
    version: Version,
    status: CredentialStatus,
    now: Timestamp,
) -> ChangeSet {
    let mut entry =
        CredentialRequestEntry { issuer_pid: Some(status.issuer_pid), reason: None, ..entry };
    match status.status {
        RequestStatus::Rejected => {
            return rejected(entry, version, "the issuer says that it is rejected", now);
        }
        RequestStatus::Received => {}
        RequestStatus::Issued => {
            let text = "the issuer says that the credentials are on their way";
            entry.reason = Some(text.to_owned());
        }
    }
    if entry.state != RequestState::Received {
        (entry.state, entry.updated_at) = (RequestState::Received, now);
    }
    ChangeSet { puts: vec![Put::of(&entry, Some(version))], ..ChangeSet::default() }
}

/// The change set of a request of which nothing comes.
pub(super) fn rejected(
    entry: CredentialRequestEntry,
    version: Version,
    reason: &str,
    now: Timestamp,
) -> ChangeSet {
    let text = format!("{} gives no credentials: {reason}", entry.issuer);
    let entry = CredentialRequestEntry {
        state: RequestState::Rejected,
        reason: Some(cut(reason)),
        updated_at: now,
        ..entry
    };
    let events = vec![event(&entry, EventKind::CredentialRejected, text)];
    ChangeSet { puts: vec![Put::of(&entry, Some(version))], events, ..ChangeSet::default() }
}

/// Whether the issuer is asked now: the longer it takes, the less often.
fn is_due(entry: &CredentialRequestEntry, now: Timestamp) -> bool {
    if entry.state == RequestState::Created || entry.status_url.is_none() {
        return now.micros_since(entry.created_at) > GIVE_UP_MILLIS * 1_000;
    }
    let asked = entry.checked_at.unwrap_or(entry.updated_at);
    let age = asked.micros_since(entry.created_at) / 1_000;
    let wait = (age / 2).clamp(ASK_FIRST_MILLIS, ASK_LAST_MILLIS);
    asked.plus_millis(wait) <= now
}

/// Where the issuer says how far a request is: at the place that it named, if that is at its own
/// service, else under its service by the last part of that place.
fn status_address(base: &str, location: &str) -> Option<String> {
    let base_url = Url::parse(&format!("{base}/credentials")).ok()?;
    let place = base_url.join(location).ok()?;
    if place.origin() == base_url.origin() {
        return Some(place.to_string());
    }
    let last = place.path_segments()?.rfind(|part| !part.is_empty())?.to_owned();
    let last = percent_encoding::percent_decode_str(&last).decode_utf8().ok()?.into_owned();
    Some(format!("{base}/requests/{}", encoded(&last)))
}

fn event(entry: &CredentialRequestEntry, kind: EventKind, text: String) -> NewEvent {
    NewEvent {
        at: entry.updated_at,
        kind,
        process: ProcessId::parse(entry.id.as_str()).ok(),
        subject: entry.state.as_str().to_owned(),
        text,
    }
}

fn named(objects: &[CredentialObjectId]) -> String {
    let names: Vec<&str> = objects.iter().map(AsRef::as_ref).collect();
    names.join(", ")
}

/// A text of others, as much of it as is kept.
fn cut(text: &str) -> String {
    text.chars().take(500).collect()
}

fn no_did() -> Problem {
    Problem::new(
        ProblemCode::IllegalState,
        "this node has no DID, so there are no credentials of it",
    )
    .hint("set identity.mode to \"dcp\" and node.participant_id to a did:web")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(state: RequestState, created: u64, checked: Option<u64>) -> CredentialRequestEntry {
        let at = |seconds: u64| Timestamp::EPOCH.plus_millis(seconds * 1_000);
        CredentialRequestEntry {
            id: HolderPid::parse("urn:uuid:1").unwrap(),
            issuer: ParticipantId::parse("did:web:issuer.example").unwrap(),
            objects: vec![CredentialObjectId::parse("membership").unwrap()],
            state,
            issuer_pid: None,
            status_url: Some("https://issuer.example/requests/1".to_owned()),
            reason: None,
            renews: None,
            created_at: at(created),
            updated_at: at(created),
            checked_at: checked.map(at),
        }
    }

    #[test]
    fn an_issuer_is_asked_less_often_the_longer_it_takes() {
        let check = |created: u64, checked: Option<u64>, due: u64| {
            let entry = request(RequestState::Requested, created, checked);
            let at = |seconds: u64| Timestamp::EPOCH.plus_millis(seconds * 1_000);
            assert!(!is_due(&entry, at(due - 1)), "{created} {checked:?}");
            assert!(is_due(&entry, at(due)), "{created} {checked:?}");
        };
        check(1_000, None, 1_005);
        check(1_000, Some(1_005), 1_010);
        check(1_000, Some(1_100), 1_150);
        check(1_000, Some(101_000), 104_600);
        let unsent = request(RequestState::Created, 1_000, None);
        assert!(!is_due(&unsent, Timestamp::EPOCH.plus_millis(90_000_000)));
    }

    #[test]
    fn the_place_of_a_request_is_at_the_issuer_whatever_it_says() {
        let check = |location: &str, expected: Option<&str>| {
            let found = status_address("https://issuer.example/dcp/issuer", location);
            assert_eq!(found.as_deref(), expected, "{location}");
        };
        check(
            "https://issuer.example/dcp/issuer/requests/1",
            Some("https://issuer.example/dcp/issuer/requests/1"),
        );
        check("/dcp/issuer/requests/1", Some("https://issuer.example/dcp/issuer/requests/1"));
        check("requests/1", Some("https://issuer.example/dcp/issuer/requests/1"));
        check(
            "https://elsewhere.example/x/1%2F2/",
            Some("https://issuer.example/dcp/issuer/requests/1%2F2"),
        );
        check("https://elsewhere.example/", None);
        check("http://[", None);
    }

    #[test]
    fn a_name_is_an_object_or_the_type_of_one() {
        let object = |id: &str, of: &str| CredentialObject {
            credential_type: Some(of.parse().unwrap()),
            ..CredentialObject::sparse(id.parse().unwrap())
        };
        let supported = [
            object("m1", "MembershipCredential"),
            object("m2", "MembershipCredential"),
            object("c1", "CertificationCredential"),
        ];
        let check = |name: &str, expected: Option<&str>| {
            let found = meant(&supported, &name.parse().unwrap());
            assert_eq!(found.as_ref().map(CredentialObjectId::as_str), expected, "{name}");
        };
        check("m2", Some("m2"));
        check("CertificationCredential", Some("c1"));
        check("MembershipCredential", Some("m1"));
        check("other", None);
    }

    #[test]
    fn what_an_issuer_says_is_recorded_and_a_refusal_is_told() {
        let check = |status: RequestStatus, state: RequestState, events: usize| {
            let status = CredentialStatus {
                issuer_pid: "i".parse().unwrap(),
                holder_pid: "urn:uuid:1".parse().unwrap(),
                status,
            };
            let entry = request(RequestState::Requested, 1, None);
            let changes = told(entry, Version(1), status, Timestamp::EPOCH.plus_millis(9_000));
            assert_eq!(changes.events.len(), events);
            let causeway_store::Entity::Record(record) = &changes.puts[0].entity else {
                panic!("a record is written")
            };
            assert!(record.body.contains(state.as_str()), "{}", record.body);
        };
        check(RequestStatus::Received, RequestState::Received, 0);
        check(RequestStatus::Issued, RequestState::Received, 0);
        check(RequestStatus::Rejected, RequestState::Rejected, 1);
    }
}
