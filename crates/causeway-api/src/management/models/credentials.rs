//! The JSON of this node's own credentials, and of its requests for them.

use causeway_dcp::credential::SignedCredential;
use causeway_dcp::dialect::Dialect;
use causeway_store::records::{CredentialOfferEntry, CredentialRequestEntry, HeldCredential};
use causeway_types::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A credential about this node. The signed text itself is never shown here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Credential {
    /// Made of the issuer and what it says.
    pub id: String,
    /// The id that the issuer gave it, if it did.
    pub credential_id: Option<String>,
    /// Who says it.
    pub issuer: String,
    /// Its types, without `VerifiableCredential`.
    pub types: Vec<String>,
    /// The data model and how it is signed, such as `vc11-sl2021/jwt`.
    pub profile: String,
    /// What is said.
    pub claims: Map<String, Value>,
    /// `counts`, `not-yet`, `expired` or `revoked`: only what counts is shown to others.
    pub state: String,
    /// From when it counts, RFC 3339.
    pub valid_from: String,
    /// Until when it counts, RFC 3339; null for a credential without an end.
    pub valid_until: Option<String>,
    /// When it came, RFC 3339.
    pub received_at: String,
    /// What the issuer calls its kind, if it was asked for alone.
    pub object: Option<String>,
    /// When its issuer was last asked whether it still counts, RFC 3339.
    pub checked_at: Option<String>,
    /// When it was found that the issuer took it back, RFC 3339.
    pub revoked_at: Option<String>,
}

/// A request to an issuer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialRequest {
    /// This node's id of it, the `holderPid`.
    pub id: String,
    /// Who was asked.
    pub issuer: String,
    /// What for, by the issuer's names.
    pub credentials: Vec<String>,
    /// `CREATED`, `REQUESTED`, `RECEIVED`, `ISSUED` or `REJECTED`.
    pub state: String,
    /// The issuer's id of it, once it is known.
    pub issuer_pid: Option<String>,
    /// Why it was rejected, or what went wrong last.
    pub reason: Option<String>,
    /// The credential that it is to replace.
    pub renews: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
    /// When the issuer was last asked how far it is, RFC 3339.
    pub checked_at: Option<String>,
}

/// What to ask an issuer for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredentialRequest {
    /// The issuer's DID.
    pub issuer: String,
    /// Types of credentials, or the issuer's own names of what it issues.
    pub credentials: Vec<String>,
    /// This node's id of the request; a fresh one if missing.
    pub holder_pid: Option<String>,
}

/// What an issuer offered.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialOffer {
    /// Made of the issuer and what is offered.
    pub id: String,
    /// Who offers.
    pub issuer: String,
    /// What, by the issuer's names.
    pub credentials: Vec<String>,
    /// Why, in the issuer's words.
    pub reason: Option<String>,
    /// RFC 3339.
    pub received_at: String,
}

impl Credential {
    pub(in crate::management) fn of(held: &HeldCredential, now: Timestamp) -> Self {
        // It was verified before it was stored, as whatever dialect was allowed then.
        let read = SignedCredential::read_as(&held.signed.0, Dialect::Draft);
        let claims = read.map(|read| read.credential().claims.clone()).unwrap_or_default();
        let state = match () {
            () if held.revoked_at.is_some() => "revoked",
            () if held.valid_until.is_some_and(|until| until <= now) => "expired",
            () if held.valid_from > now => "not-yet",
            () => "counts",
        };
        Self {
            id: held.id.clone(),
            credential_id: held.credential_id.clone(),
            issuer: held.issuer.to_string(),
            types: held.types.iter().map(ToString::to_string).collect(),
            profile: held.profile.clone(),
            claims,
            state: state.to_owned(),
            valid_from: held.valid_from.to_string(),
            valid_until: held.valid_until.map(|at| at.to_string()),
            received_at: held.received_at.to_string(),
            object: held.object.as_ref().map(ToString::to_string),
            checked_at: held.checked_at.map(|at| at.to_string()),
            revoked_at: held.revoked_at.map(|at| at.to_string()),
        }
    }
}

impl CredentialRequest {
    pub(in crate::management) fn of(entry: &CredentialRequestEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            issuer: entry.issuer.to_string(),
            credentials: entry.objects.iter().map(ToString::to_string).collect(),
            state: entry.state.as_str().to_owned(),
            issuer_pid: entry.issuer_pid.as_ref().map(ToString::to_string),
            reason: entry.reason.clone(),
            renews: entry.renews.clone(),
            created_at: entry.created_at.to_string(),
            updated_at: entry.updated_at.to_string(),
            checked_at: entry.checked_at.map(|at| at.to_string()),
        }
    }
}

impl CredentialOffer {
    pub(in crate::management) fn of(entry: &CredentialOfferEntry) -> Self {
        Self {
            id: entry.id.clone(),
            issuer: entry.issuer.to_string(),
            credentials: entry.objects.iter().map(ToString::to_string).collect(),
            reason: entry.reason.clone(),
            received_at: entry.received_at.to_string(),
        }
    }
}
