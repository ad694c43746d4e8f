//! Records of an issuer: what it issues, who asked for it, what was issued, what was taken back.

use causeway_types::{
    CredentialObjectId, CredentialType, HolderPid, IssuerPid, ParticipantId, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Record, RecordError, decode_plain, encode_plain, plain, text};
use crate::identity::{RecordKind, Typed};

/// What becomes of a request for a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueRule {
    /// A person decides.
    Hold,
    /// It is issued to whoever asks.
    Auto,
}

impl IssueRule {
    /// The stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Auto => "auto",
        }
    }

    /// Reads the text form back.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Hold, Self::Auto].into_iter().find(|rule| rule.as_str() == name)
    }
}

/// A kind of credential that we issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionEntry {
    /// The name by which it is asked for.
    #[serde(with = "text")]
    pub id: CredentialObjectId,
    /// The type of the credential.
    #[serde(with = "text")]
    pub credential_type: CredentialType,
    /// The alias of the profile.
    pub profile: String,
    /// How long it counts, in days.
    pub valid_days: u32,
    /// What becomes of a request.
    #[serde(with = "text")]
    pub rule: IssueRule,
    /// What is claimed of every holder; a person may add to it when issuing.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// Where the schema of its claims is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Why it is offered, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_reason: Option<String>,
    /// When it was defined.
    #[serde(with = "text")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "text")]
    pub updated_at: Timestamp,
}

/// How far a request of a holder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssuanceState {
    /// It waits for a person.
    Received,
    /// The credentials are signed and on their way, or there.
    Issued,
    /// There will be none.
    Rejected,
}

impl IssuanceState {
    /// The stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Issued => "ISSUED",
            Self::Rejected => "REJECTED",
        }
    }

    /// Reads the text form back.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Received, Self::Issued, Self::Rejected];
        all.into_iter().find(|state| state.as_str() == name)
    }
}

/// A holder's request for credentials, or what we issue unasked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuanceEntry {
    /// Our id of it.
    #[serde(with = "text")]
    pub id: IssuerPid,
    /// Who gets it.
    #[serde(with = "text")]
    pub holder: ParticipantId,
    /// The holder's id of it; the same holder may use one again once it is done.
    #[serde(with = "text")]
    pub holder_pid: HolderPid,
    /// What is asked for.
    #[serde(with = "text::list")]
    pub objects: Vec<CredentialObjectId>,
    /// How far it is.
    #[serde(with = "text")]
    pub state: IssuanceState,
    /// Why it was rejected, or what went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the holder's service took it.
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When it came.
    #[serde(with = "text")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "text")]
    pub updated_at: Timestamp,
}

/// A credential that we issued. The credential itself is with the holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedEntry {
    /// The id of the credential.
    pub id: String,
    /// About whom.
    #[serde(with = "text")]
    pub holder: ParticipantId,
    /// What it is.
    #[serde(with = "text")]
    pub definition: CredentialObjectId,
    /// Its type.
    #[serde(with = "text")]
    pub credential_type: CredentialType,
    /// The alias of its profile.
    pub profile: String,
    /// By which request.
    #[serde(with = "text")]
    pub issuance: IssuerPid,
    /// The status list that it is on.
    pub list: String,
    /// Its place on it.
    pub index: u32,
    /// When it was signed.
    #[serde(with = "text")]
    pub issued_at: Timestamp,
    /// Until when it counts.
    #[serde(with = "text")]
    pub expires_at: Timestamp,
    /// When it was taken back.
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_because: Option<String>,
}

/// The list that says which credentials of one profile were taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusListEntry {
    /// Its name, the last part of its address.
    pub id: String,
    /// The alias of the profile of the credentials on it.
    pub profile: String,
    /// How many places it has.
    pub size: u32,
    /// The first place that was never given away.
    pub next: u32,
    /// The places of credentials that were taken back, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<u32>,
    /// When it last changed.
    #[serde(with = "text")]
    pub updated_at: Timestamp,
}

impl StatusListEntry {
    /// Gives away a place, if there is one left.
    pub fn take(&mut self) -> Option<u32> {
        let place = self.next;
        (place < self.size).then(|| {
            self.next += 1;
            place
        })
    }

    /// Marks a place as taken back.
    pub fn revoke(&mut self, place: u32) {
        if let Err(at) = self.revoked.binary_search(&place) {
            self.revoked.insert(at, place);
        }
    }
}

plain! {
    DefinitionEntry, CredentialDefinition, |it| it.id.as_str(), None, it.updated_at;
    IssuanceEntry, Issuance, |it| it.id.as_str(), Some(it.holder.as_str()), it.updated_at;
    IssuedEntry, IssuedCredential, |it| &it.id, Some(it.holder.as_str()), it.issued_at;
    StatusListEntry, StatusList, |it| &it.id, Some(&it.profile), it.updated_at;
}
