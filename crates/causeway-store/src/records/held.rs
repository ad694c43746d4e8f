//! Records of a holder: credentials about us, our requests for them, and what issuers offered.

use causeway_types::{
    CredentialObjectId, CredentialType, HolderPid, IssuerPid, ParticipantId, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Record, RecordError, decode_plain, encode_plain, plain, text};
use crate::identity::{RecordKind, Typed};

/// A credential as it was signed. It can be shown to others, so it is never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignedCredential(pub String);

impl std::fmt::Debug for SignedCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedCredential({} bytes)", self.0.len())
    }
}

/// A credential about us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCredential {
    /// Made of the issuer and what it says: the same said again takes its place.
    pub id: String,
    /// The id that the issuer gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
    /// Who signed it.
    #[serde(with = "text")]
    pub issuer: ParticipantId,
    /// Its types, without `VerifiableCredential`.
    #[serde(with = "text::list")]
    pub types: Vec<CredentialType>,
    /// The alias of its profile.
    pub profile: String,
    /// The credential.
    pub signed: SignedCredential,
    /// From when it counts.
    #[serde(with = "text")]
    pub valid_from: Timestamp,
    /// Until when it counts; without end, if missing.
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// When it came.
    #[serde(with = "text")]
    pub received_at: Timestamp,
    /// What the issuer calls its kind, if we asked for it.
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    pub object: Option<CredentialObjectId>,
    /// When its issuer was last asked whether it still counts.
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// When it was found that the issuer took it back.
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl HeldCredential {
    /// Whether it can be shown at a time.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.valid_from <= now
            && self.valid_until.is_none_or(|until| now < until)
    }
}

/// How far a request of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestState {
    /// It waits in the outbox.
    Created,
    /// The issuer has it.
    Requested,
    /// The issuer said that it is looking at it.
    Received,
    /// The credentials came.
    Issued,
    /// There will be none.
    Rejected,
}

impl RequestState {
    const ALL: [Self; 5] =
        [Self::Created, Self::Requested, Self::Received, Self::Issued, Self::Rejected];

    /// The stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Requested => "REQUESTED",
            Self::Received => "RECEIVED",
            Self::Issued => "ISSUED",
            Self::Rejected => "REJECTED",
        }
    }

    /// Reads the text form back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether anything can still come of it.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Issued | Self::Rejected)
    }
}

/// Our request for credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRequestEntry {
    /// Our id of it.
    #[serde(with = "text")]
    pub id: HolderPid,
    /// Whom we asked.
    #[serde(with = "text")]
    pub issuer: ParticipantId,
    /// What for, by the issuer's names.
    #[serde(with = "text::list")]
    pub objects: Vec<CredentialObjectId>,
    /// How far it is.
    #[serde(with = "text")]
    pub state: RequestState,
    /// The issuer's id of it.
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    pub issuer_pid: Option<IssuerPid>,
    /// Where the issuer says how far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_url: Option<String>,
    /// Why it was rejected, or what went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The credential that it is to replace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<String>,
    /// When it was made.
    #[serde(with = "text")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "text")]
    pub updated_at: Timestamp,
    /// When the issuer was last asked how far it is.
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
}

/// What an issuer offered us. Nothing follows from it but that a person may ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialOfferEntry {
    /// Made of the issuer and what is offered: the same offered again takes its place.
    pub id: String,
    /// Who offers.
    #[serde(with = "text")]
    pub issuer: ParticipantId,
    /// What, by the issuer's names.
    #[serde(with = "text::list")]
    pub objects: Vec<CredentialObjectId>,
    /// Why, in the issuer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it came.
    #[serde(with = "text")]
    pub received_at: Timestamp,
}

plain! {
    HeldCredential, HeldCredential, |it| &it.id, Some(it.issuer.as_str()), it.received_at;
    CredentialRequestEntry, CredentialRequest, |it| it.id.as_str(), Some(it.issuer.as_str()),
        it.updated_at;
    CredentialOfferEntry, CredentialOffer, |it| &it.id, Some(it.issuer.as_str()), it.received_at;
}
