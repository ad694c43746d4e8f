//! The JSON of what a node issues as an issuer of credentials.

use causeway_store::records::{DefinitionEntry, IssuanceEntry, IssuedEntry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What is to be issued under a name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredentialDefinition {
    /// The name by which holders ask for it; a definition of this name is replaced.
    pub id: String,
    /// The type of the credential, such as MembershipCredential.
    pub credential_type: String,
    /// `vc11-sl2021/jwt`, also if missing, or `vc20-bssl/jwt`.
    pub profile: Option<String>,
    /// How long a credential counts, in days; 365 if missing.
    pub valid_days: Option<u32>,
    /// `hold`, also if missing: a person decides; or `auto`: it is issued to whoever asks.
    pub rule: Option<String>,
    /// What is claimed of every holder.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub claims: Map<String, Value>,
    /// Where the schema of the claims is; the node's own, for a type that it knows.
    pub credential_schema: Option<String>,
    /// Why it is offered, for people.
    pub offer_reason: Option<String>,
}

/// What is issued under a name.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialDefinition {
    /// The name by which holders ask for it.
    pub id: String,
    /// The type of the credential.
    pub credential_type: String,
    /// The data model, with how it is signed and taken back.
    pub profile: String,
    /// How long a credential counts, in days.
    pub valid_days: u32,
    /// `hold` or `auto`.
    pub rule: String,
    /// What is claimed of every holder.
    #[schema(value_type = Object)]
    pub claims: Map<String, Value>,
    /// Where the schema of the claims is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_schema: Option<String>,
    /// Why it is offered, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_reason: Option<String>,
    /// When it was defined, RFC 3339.
    pub created_at: String,
    /// When it last changed, RFC 3339.
    pub updated_at: String,
}

impl CredentialDefinition {
    pub(crate) fn of(entry: &DefinitionEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            credential_type: entry.credential_type.to_string(),
            profile: entry.profile.clone(),
            valid_days: entry.valid_days,
            rule: entry.rule.as_str().to_owned(),
            claims: entry.claims.clone(),
            credential_schema: entry.schema.clone(),
            offer_reason: entry.offer_reason.clone(),
            created_at: entry.created_at.to_string(),
            updated_at: entry.updated_at.to_string(),
        }
    }
}

/// Everything that is issued here.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialDefinitions {
    /// Newest first.
    pub items: Vec<CredentialDefinition>,
}

/// A holder's request for credentials, or what was issued unasked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Issuance {
    /// Our id of it (`issuerPid`).
    pub id: String,
    /// Who asks.
    pub holder: String,
    /// The holder's id of it (`holderPid`).
    pub holder_pid: String,
    /// The names of what is asked for.
    pub definitions: Vec<String>,
    /// `RECEIVED`: it waits for a person; `ISSUED` or `REJECTED`.
    pub state: String,
    /// Why it was rejected, or what went wrong when the holder was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the holder took the credentials, or that there are none, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<String>,
    /// When it came, RFC 3339.
    pub created_at: String,
    /// When it last changed, RFC 3339.
    pub updated_at: String,
}

impl Issuance {
    pub(crate) fn of(entry: &IssuanceEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            holder: entry.holder.to_string(),
            holder_pid: entry.holder_pid.to_string(),
            definitions: entry.objects.iter().map(ToString::to_string).collect(),
            state: entry.state.as_str().to_owned(),
            reason: entry.reason.clone(),
            delivered_at: entry.delivered_at.map(|at| at.to_string()),
            created_at: entry.created_at.to_string(),
            updated_at: entry.updated_at.to_string(),
        }
    }
}

/// A yes to a request for credentials.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuanceApproval {
    /// What is claimed of this holder, besides what the definitions say.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub claims: Map<String, Value>,
}

/// Why there are no credentials, or one is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuanceReason {
    /// A sentence. The holder of a rejected request is told.
    pub reason: Option<String>,
}

/// Credentials that nobody asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIssuance {
    /// The DID of the holder, or the name or address of a peer.
    pub holder: String,
    /// The names of what is issued.
    pub definitions: Vec<String>,
    /// What is claimed of this holder, besides what the definitions say.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub claims: Map<String, Value>,
}

/// An offer of credentials.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredentialOffer {
    /// The DID of the holder, or the name or address of a peer.
    pub holder: String,
    /// The names of what is offered.
    pub definitions: Vec<String>,
}

/// An offer that is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentCredentialOffer {
    /// The id of the message, as the events name it.
    pub id: String,
    /// To whom.
    pub holder: String,
    /// The names of what is offered.
    pub definitions: Vec<String>,
}

/// A credential that was issued. The credential itself is with its holder.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedCredential {
    /// Its id, as it stands in it.
    pub id: String,
    /// About whom.
    pub holder: String,
    /// The name of the definition.
    pub definition: String,
    /// Its type.
    pub credential_type: String,
    /// The data model, with how it is signed and taken back.
    pub profile: String,
    /// The request that led to it.
    pub issuance: String,
    /// The status list that it is on.
    pub status_list: String,
    /// Its place on the list.
    pub status_index: u32,
    /// When it was signed, RFC 3339.
    pub issued_at: String,
    /// Until when it counts, RFC 3339.
    pub expires_at: String,
    /// When it was taken back, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// Why it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_because: Option<String>,
}

impl IssuedCredential {
    pub(crate) fn of(entry: &IssuedEntry) -> Self {
        Self {
            id: entry.id.clone(),
            holder: entry.holder.to_string(),
            definition: entry.definition.to_string(),
            credential_type: entry.credential_type.to_string(),
            profile: entry.profile.clone(),
            issuance: entry.issuance.to_string(),
            status_list: entry.list.clone(),
            status_index: entry.index,
            issued_at: entry.issued_at.to_string(),
            expires_at: entry.expires_at.to_string(),
            revoked_at: entry.revoked_at.map(|at| at.to_string()),
            revoked_because: entry.revoked_because.clone(),
        }
    }
}
