//! Credentials about us: what issuers bring and offer. Only what we asked for, or what comes of an
//! issuer that the trust file knows, is looked at; what is kept is genuine and about us. Whether
//! anybody believes it, and who may look at it, is not decided here.

use aws_lc_rs::digest::{SHA256, digest};
use causeway_dcp::credential::{
    Credential, CredentialError, SignedCredential, VERIFIABLE_CREDENTIAL,
};
use causeway_dcp::did::Did;
use causeway_dcp::message::{
    CredentialContainer, CredentialMessage, CredentialOffer, Delivery, Situation,
};
use causeway_dcp::presentation::read_list;
use causeway_store::records::{
    CredentialOfferEntry, CredentialRequestEntry, HeldCredential, RequestState,
    SignedCredential as Text,
};
use causeway_store::{ChangeSet, CommitError, EventKind, NewEvent, Page, Put, RecordKind, Stored};
use causeway_types::limits::{CREDENTIAL_OFFERS_PER_ISSUER_MAX, HELD_CREDENTIALS_PER_ISSUER_MAX};
use causeway_types::{
    CredentialType, HolderPid, ParticipantId, Problem, ProblemCode, ProcessId, Sha256,
};
use serde_json::Value;

use super::IdentityError;
use super::tokens::in_words;
use crate::commit::{CONFLICTS_MAX, commit_failed};
use crate::{Node, read_failed};

/// Why what an issuer brings or offers is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolderError {
    /// Nobody asked it for anything, and it is not trusted.
    #[error("{issuer} is not an issuer that is trusted here, and nothing was asked of it")]
    Issuer {
        /// Who brings something.
        issuer: Did,
    },
    /// It refuses something that it was not asked for.
    #[error("no request {request} of ours went to {issuer}")]
    Request {
        /// Which request it means.
        request: HolderPid,
        /// Who says so.
        issuer: Did,
    },
    /// It offers in the name of somebody else.
    #[error("{sender} offers credentials of {issuer}")]
    Foreign {
        /// Who sent the offer.
        sender: Did,
        /// Whose credentials it is about.
        issuer: Did,
    },
    /// A credential is not genuine, or not about us.
    #[error("a credential that {issuer} brings is not taken: {reason}")]
    Credential {
        /// Who brings it.
        issuer: Did,
        /// Why.
        reason: String,
    },
    /// It brought more than is kept of one issuer.
    #[error(
        "{HELD_CREDENTIALS_PER_ISSUER_MAX} credentials of {issuer} are kept, and there is no room \
         for more"
    )]
    Full {
        /// Who brings them.
        issuer: Did,
    },
    /// The keys of the issuer are not known, or not certain.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store does not answer.
    #[error("{0}")]
    Store(Problem),
}

impl HolderError {
    /// The words for the issuer; `None` if the trouble is ours.
    pub fn situation(&self) -> Option<Situation> {
        match self {
            Self::Issuer { .. } => Some(Situation::IssuerUnknown),
            Self::Request { .. } => Some(Situation::RequestUnknown),
            Self::Credential { .. } | Self::Foreign { .. } => Some(Situation::CredentialInvalid),
            Self::Full { .. } | Self::Identity(_) | Self::Store(_) => None,
        }
    }
}

/// What is known of whether a credential was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was not, or its issuer does not tell.
    Counts,
    /// It was.
    TakenBack(String),
    /// A list that could be read does not speak of it.
    Unlisted(String),
    /// A list cannot be read now.
    Unknown,
}

impl Node {
    /// An issuer brings credentials, or says that there will be none. The same brought again
    /// changes nothing and is answered the same.
    pub async fn take_credentials(
        &self,
        issuer: &Did,
        message: &CredentialMessage,
    ) -> Result<(), HolderError> {
        let asked = self.asked(issuer, &message.holder_pid).await?;
        if asked.is_none() && !self.is_issuer(issuer).await? {
            return Err(HolderError::Issuer { issuer: issuer.clone() });
        }
        let containers = match &message.delivery {
            Delivery::Issued(containers) => containers.as_slice(),
            Delivery::Rejected(_) => &[],
        };
        let mut brought = Vec::new();
        for container in containers {
            brought.push(self.genuine(issuer, container).await?);
        }
        for _ in 0..CONFLICTS_MAX {
            let changes = match &message.delivery {
                Delivery::Issued(_) => self.keeping(issuer, message, &brought).await?,
                Delivery::Rejected(reason) => {
                    self.giving_up(issuer, message, reason.as_deref()).await?
                }
            };
            if changes.is_empty() {
                return Ok(());
            }
            match self.commit(changes).await {
                Ok(()) => return Ok(()),
                // The answer to our request, or another message, was recorded at the same time.
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(HolderError::Store(commit_failed(error))),
            }
        }
        Err(HolderError::Identity(IdentityError::Busy))
    }

    /// An issuer offers credentials. Nothing follows from it but that a person may ask for them.
    pub async fn take_offer(
        &self,
        sender: &Did,
        offer: &CredentialOffer,
    ) -> Result<(), HolderError> {
        if offer.issuer != *sender {
            let (sender, issuer) = (sender.clone(), offer.issuer.clone());
            return Err(HolderError::Foreign { sender, issuer });
        }
        if !self.is_issuer(sender).await? {
            return Err(HolderError::Issuer { issuer: sender.clone() });
        }
        let mut objects: Vec<_> =
            offer.credentials.iter().map(|object| object.id.clone()).collect();
        objects.sort();
        objects.dedup();
        let parts: Vec<&str> = objects.iter().map(AsRef::as_ref).collect();
        let entry = CredentialOfferEntry {
            id: digest_of(&[&[sender.as_str()], &parts[..]].concat()),
            issuer: party(sender)?,
            objects,
            reason: offer.credentials.iter().find_map(|object| object.offer_reason.clone()),
            received_at: self.now(),
        };
        for _ in 0..CONFLICTS_MAX {
            let changes = self.offering(&entry).await?;
            match self.commit(changes).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(HolderError::Store(commit_failed(error))),
            }
        }
        Err(HolderError::Identity(IdentityError::Busy))
    }

    /// The change set of an offer: the oldest of an issuer that offers too much makes room.
    async fn offering(&self, entry: &CredentialOfferEntry) -> Result<ChangeSet, HolderError> {
        let known = causeway_store::read::<CredentialOfferEntry>(self.store(), &entry.id).await;
        let known = known.map_err(unread)?;
        let page = Page { after: None, limit: CREDENTIAL_OFFERS_PER_ISSUER_MAX };
        let owner = Some(entry.issuer.as_str());
        let all = causeway_store::list::<CredentialOfferEntry>(self.store(), owner, page).await;
        let all = all.map_err(unread)?;
        let is_full = known.is_none() && all.len() == CREDENTIAL_OFFERS_PER_ISSUER_MAX;
        let oldest = all.last().filter(|_| is_full).map(|stored| stored.value.id.clone());
        let names: Vec<&str> = entry.objects.iter().map(AsRef::as_ref).collect();
        let event = NewEvent {
            at: entry.received_at,
            kind: EventKind::CredentialOffered,
            process: None,
            subject: entry.id.clone(),
            text: format!("{} offers {}", entry.issuer, names.join(", ")),
        };
        Ok(ChangeSet {
            puts: vec![Put::of(entry, known.as_ref().map(|stored| stored.version))],
            forget: oldest.map(|id| (RecordKind::CredentialOffer, id)).into_iter().collect(),
            // The same offered again is no news.
            events: if known.is_none() { vec![event] } else { Vec::new() },
            ..ChangeSet::default()
        })
    }

    /// Our request of this id to this issuer.
    async fn asked(
        &self,
        issuer: &Did,
        id: &HolderPid,
    ) -> Result<Option<Stored<CredentialRequestEntry>>, HolderError> {
        let stored =
            causeway_store::read::<CredentialRequestEntry>(self.store(), id.as_str()).await;
        let stored = stored.map_err(unread)?;
        Ok(stored.filter(|stored| stored.value.issuer.as_str() == issuer.as_str()))
    }

    /// Whether something may come of an issuer that was not asked for just that.
    async fn is_issuer(&self, issuer: &Did) -> Result<bool, HolderError> {
        if self.trust().knows(issuer, self.now()) {
            return Ok(true);
        }
        let (kind, owner) = (RecordKind::CredentialRequest, Some(issuer.as_str()));
        let asked = self.store().records(kind, owner, Page { after: None, limit: 1 }).await;
        Ok(!asked.map_err(unread)?.is_empty())
    }

    /// A credential that this issuer signed, about us, that has neither expired nor was taken back.
    async fn genuine(
        &self,
        issuer: &Did,
        container: &CredentialContainer,
    ) -> Result<SignedCredential, HolderError> {
        let wrong = |reason: String| HolderError::Credential { issuer: issuer.clone(), reason };
        let dialect = self.0.settings.dcp.dialect;
        let signed = SignedCredential::read_as(&container.payload, dialect);
        let signed = signed.map_err(|error| wrong(in_words(&error)))?;
        let credential = signed.credential();
        if credential.issuer != *issuer {
            return Err(wrong(format!("it is one of {}", credential.issuer)));
        }
        let own = self.own_did().ok_or(IdentityError::Unknown)?;
        if credential.subject != own.as_str() {
            let (found, expected) = (credential.subject.clone(), own.clone());
            return Err(wrong(CredentialError::Subject { found, expected }.to_string()));
        }
        // One that begins later may be brought before.
        if let Err(error @ CredentialError::Expired { .. }) = credential.check_time(self.now()) {
            return Err(wrong(error.to_string()));
        }
        let mut verified = signed.verify(&*self.resolve(issuer).await?);
        if let Err(CredentialError::Lookup(_)) = verified {
            // The key may be newer than the document that we have.
            verified = signed.verify(&*self.resolve_anew(issuer).await?);
        }
        verified.map_err(|error| wrong(in_words(&error)))?;
        match self.standing(credential).await {
            Standing::TakenBack(reason) => Err(wrong(reason)),
            Standing::Counts | Standing::Unlisted(_) | Standing::Unknown => Ok(signed),
        }
    }

    /// What the status lists of a credential say now.
    pub(super) async fn standing(&self, credential: &Credential) -> Standing {
        let mut standing = Standing::Counts;
        if credential.status.is_empty() {
            return standing;
        }
        let Ok(issuer) = self.resolve(&credential.issuer).await else {
            return Standing::Unknown;
        };
        for entry in &credential.status {
            let allows_unsigned = self.0.settings.dcp.allows_unsigned_lists;
            let list = self.status_list(&entry.list).await.ok();
            let list = list
                .and_then(|content| read_list(&content, &issuer, self.now(), allows_unsigned).ok());
            match list.map(|list| list.has_revoked(entry)) {
                Some(Ok(true)) => {
                    return Standing::TakenBack(format!("it was taken back ({})", entry.purpose));
                }
                Some(Ok(false)) => {}
                Some(Err(error)) => standing = Standing::Unlisted(in_words(&error)),
                None if standing == Standing::Counts => standing = Standing::Unknown,
                None => {}
            }
        }
        standing
    }

    /// The change set that keeps credentials.
    async fn keeping(
        &self,
        issuer: &Did,
        message: &CredentialMessage,
        brought: &[SignedCredential],
    ) -> Result<ChangeSet, HolderError> {
        let asked = self.asked(issuer, &message.holder_pid).await?;
        let mut changes = ChangeSet::default();
        let kept = self.store().count_records(RecordKind::HeldCredential, issuer.as_str()).await;
        let mut room =
            (HELD_CREDENTIALS_PER_ISSUER_MAX as u64).saturating_sub(kept.map_err(unread)?);
        for signed in brought {
            let mut held = self.held(signed)?;
            if let Some(Stored { value, .. }) = &asked {
                // Which of several was meant by which name, only the issuer knows.
                held.object = value.objects.first().filter(|_| value.objects.len() == 1).cloned();
            }
            if changes.puts.iter().any(|put| is_put_of(put, &held.id)) {
                continue;
            }
            let before = causeway_store::read::<HeldCredential>(self.store(), &held.id).await;
            let before = before.map_err(unread)?;
            match &before {
                // An older one does not take the place of a newer one.
                Some(Stored { value, .. })
                    if value.signed == held.signed || value.valid_from > held.valid_from =>
                {
                    continue;
                }
                Some(Stored { value, .. }) if held.object.is_none() => {
                    held.object = value.object.clone();
                }
                Some(_) => {}
                None if room == 0 => return Err(HolderError::Full { issuer: issuer.clone() }),
                None => room -= 1,
            }
            changes.events.push(received(&held, &message.holder_pid, asked.is_some()));
            changes.puts.push(Put::of(&held, before.map(|stored| stored.version)));
            if let Some(Stored { value, .. }) = &asked {
                changes.forget.extend(self.replaced(value, &held).await?);
            }
        }
        if let Some(Stored { value, version, .. }) = asked {
            let is_same = value.state == RequestState::Issued
                && value.issuer_pid.as_ref() == Some(&message.issuer_pid);
            if !is_same {
                let value = CredentialRequestEntry {
                    state: RequestState::Issued,
                    issuer_pid: Some(message.issuer_pid.clone()),
                    reason: None,
                    updated_at: self.now(),
                    ..value
                };
                changes.puts.push(Put::of(&value, Some(version)));
            }
        }
        Ok(changes)
    }

    /// The credential that a new one was asked for to replace.
    async fn replaced(
        &self,
        request: &CredentialRequestEntry,
        new: &HeldCredential,
    ) -> Result<Option<(RecordKind, String)>, HolderError> {
        let Some(old) = request.renews.as_ref().filter(|old| **old != new.id) else {
            return Ok(None);
        };
        let known = causeway_store::read::<HeldCredential>(self.store(), old).await;
        let is_alike = |old: &HeldCredential| {
            (&old.issuer, &old.types, &old.profile) == (&new.issuer, &new.types, &new.profile)
        };
        let known = known.map_err(unread)?.filter(|stored| is_alike(&stored.value));
        Ok(known.map(|stored| (RecordKind::HeldCredential, stored.value.id)))
    }

    /// The change set of a refusal.
    async fn giving_up(
        &self,
        issuer: &Did,
        message: &CredentialMessage,
        reason: Option<&str>,
    ) -> Result<ChangeSet, HolderError> {
        let id = &message.holder_pid;
        let unknown = || HolderError::Request { request: id.clone(), issuer: issuer.clone() };
        let Stored { value, version, .. } = self.asked(issuer, id).await?.ok_or_else(unknown)?;
        if !value.state.is_open() {
            return Ok(ChangeSet::default());
        }
        let reason = reason.unwrap_or("the issuer gives no reason");
        let value =
            CredentialRequestEntry { issuer_pid: Some(message.issuer_pid.clone()), ..value };
        Ok(super::requests::rejected(value, version, reason, self.now()))
    }

    /// The record of a credential.
    fn held(&self, signed: &SignedCredential) -> Result<HeldCredential, HolderError> {
        let credential = signed.credential();
        let wrong = |error: &dyn std::error::Error| HolderError::Credential {
            issuer: credential.issuer.clone(),
            reason: error.to_string(),
        };
        let names = credential.types.iter().filter(|name| *name != VERIFIABLE_CREDENTIAL);
        let types = names.map(CredentialType::parse).collect::<Result<Vec<_>, _>>();
        let types = types.map_err(|error| wrong(&error))?;
        let now = self.now();
        Ok(HeldCredential {
            id: id_of(credential),
            credential_id: credential.id.clone(),
            issuer: party(&credential.issuer)?,
            types,
            profile: credential.profile.name().to_owned(),
            signed: Text(signed.text().to_owned()),
            valid_from: credential.valid_from,
            valid_until: credential.valid_until,
            received_at: now,
            object: None,
            checked_at: Some(now),
            revoked_at: None,
        })
    }

    /// Removes a credential about us: it is shown to nobody any more. Its issuer is not told.
    pub async fn forget_credential(&self, id: &str) -> Result<HeldCredential, Problem> {
        let held = self.held_credential(id).await?.value;
        let forget = vec![(RecordKind::HeldCredential, held.id.clone())];
        let changes = ChangeSet { forget, ..ChangeSet::default() };
        self.commit(changes).await.map_err(commit_failed)?;
        Ok(held)
    }

    /// A credential about us.
    pub async fn held_credential(&self, id: &str) -> Result<Stored<HeldCredential>, Problem> {
        let stored = causeway_store::read::<HeldCredential>(self.store(), id).await;
        stored.map_err(read_failed)?.ok_or_else(|| {
            Problem::new(ProblemCode::NotFound, format!("there is no credential {id}"))
                .hint("causeway credential list names what this node holds")
        })
    }
}

fn received(held: &HeldCredential, request: &HolderPid, is_asked: bool) -> NewEvent {
    let until = match held.valid_until {
        Some(until) => format!("until {until}"),
        None => "without an end".to_owned(),
    };
    let names: Vec<&str> = held.types.iter().map(AsRef::as_ref).collect();
    let asked = if is_asked { "" } else { ", which nobody asked for," };
    NewEvent {
        at: held.received_at,
        kind: EventKind::CredentialReceived,
        process: ProcessId::parse(request.as_str()).ok().filter(|_| is_asked),
        subject: held.id.clone(),
        text: format!("{} of {}{asked} came; it counts {until}", names.join(" "), held.issuer),
    }
}

fn is_put_of(put: &Put, id: &str) -> bool {
    matches!(&put.entity, causeway_store::Entity::Record(entry) if entry.id == id)
}

fn party(did: &Did) -> Result<ParticipantId, HolderError> {
    ParticipantId::parse(did.as_str()).map_err(|_| HolderError::Identity(IdentityError::Unknown))
}

fn unread(error: causeway_store::ReadError) -> HolderError {
    HolderError::Store(read_failed(error))
}

/// Whoever says the same again, only for another time, says the same.
fn id_of(credential: &Credential) -> String {
    let claims = Value::Object(credential.claims.clone());
    let mut types: Vec<&str> = credential.types.iter().map(String::as_str).collect();
    types.sort_unstable();
    let mut said = String::new();
    canonical(&claims, &mut said);
    let head = [credential.issuer.as_str(), credential.profile.name(), said.as_str()];
    digest_of(&[&head[..], &types[..]].concat())
}

/// Values without regard to the order of members.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in members {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// The first half of the SHA-256 of parts, each with its length, in hexadecimal digits.
fn digest_of(parts: &[&str]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    Sha256::from_bytes(hash).to_string()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use causeway_dcp::credential::Profile;
    use causeway_types::Timestamp;
    use serde_json::json;

    use super::*;

    fn credential(claims: Value, seconds: u64) -> Credential {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        Credential {
            id: Some(format!("urn:uuid:{seconds}")),
            issuer: Did::parse("did:web:issuer.example").unwrap(),
            subject: "did:web:holder.example".to_owned(),
            types: vec!["VerifiableCredential".to_owned(), "MembershipCredential".to_owned()],
            claims,
            valid_from: Timestamp::EPOCH.plus_millis(seconds * 1_000),
            valid_until: None,
            status: Vec::new(),
            schemas: Vec::new(),
            profile: Profile::Vc11,
        }
    }

    #[test]
    fn the_same_said_again_has_the_same_id_and_anything_else_another() {
        let said = credential(json!({"a": 1, "b": {"c": [1, 2], "d": "x"}}), 1);
        let again = credential(json!({"b": {"d": "x", "c": [1, 2]}, "a": 1}), 2);
        assert_eq!(id_of(&said), id_of(&again));
        for other in [json!({"a": 2, "b": {"c": [1, 2], "d": "x"}}), json!({}), json!({"a": "1"})] {
            assert_ne!(id_of(&said), id_of(&credential(other, 1)));
        }
        let mut other = said.clone();
        other.profile = Profile::Vc20;
        assert_ne!(id_of(&said), id_of(&other));
        let mut other = said.clone();
        other.types.pop();
        assert_ne!(id_of(&said), id_of(&other));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest_of(&["ab", "c"]), digest_of(&["a", "bc"]));
        assert_ne!(digest_of(&[]), digest_of(&[""]));
        assert_eq!(digest_of(&["a"]).len(), 32);
    }
}
