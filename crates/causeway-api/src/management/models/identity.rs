//! Who peers are.

use causeway_store::{PendingPin, Pin};
use causeway_types::ParticipantId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Who a peer is.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeerIdentity {
    /// Its participant id.
    pub participant_id: String,
    /// The thumbprints (RFC 7638) of its keys as they are pinned; empty before it is met.
    pub keys: Vec<String>,
    /// When it was first met, RFC 3339.
    pub first_seen_at: Option<String>,
    /// When these keys were accepted, RFC 3339.
    pub accepted_at: Option<String>,
    /// Keys that it has now, and that nobody has proven or approved.
    pub changed: Option<ChangedKeys>,
    /// The credentials that it showed last.
    pub credentials: Vec<PeerCredential>,
    /// When it showed them, RFC 3339.
    pub shown_at: Option<String>,
    /// Why what it showed is no longer enough.
    pub lapsed: Option<String>,
    /// What the border check may take from its credentials.
    pub facts: Vec<PeerFact>,
}

/// A fact that a credential states of a peer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeerFact {
    /// Its name in the law's dictionary, for the side that the peer is on.
    pub name: String,
    /// What it is.
    pub value: String,
    /// The credential, its issuer, and the trust file that lets the issuer say so.
    pub source: String,
}

/// Keys of a peer that wait for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedKeys {
    /// Their thumbprints (RFC 7638).
    pub keys: Vec<String>,
    /// When they were first seen, RFC 3339.
    pub seen_at: String,
    /// Why they were not accepted.
    pub reason: String,
}

/// A party whose changed keys wait for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingKeys {
    /// Its DID.
    pub participant_id: String,
    /// The short name of the configuration, if it is a peer that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The thumbprints (RFC 7638) of its keys as they are pinned.
    pub keys: Vec<String>,
    /// Keys that it has now.
    pub changed: ChangedKeys,
}

/// All parties whose changed keys wait for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllWaitingKeys {
    /// Those whose keys were accepted last come first.
    pub items: Vec<WaitingKeys>,
}

/// A credential that a peer showed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeerCredential {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Its types, without `VerifiableCredential`.
    pub types: Vec<String>,
    /// Who says it.
    pub issuer: String,
    /// What is said.
    pub claims: Map<String, Value>,
    /// Until when it counts, RFC 3339.
    pub valid_until: Option<String>,
    /// Why it is not believed now, if it is not.
    pub distrusted: Option<String>,
}

/// Which changed keys are taken for a peer's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovedKeys {
    /// The thumbprints of all of them, as they are shown.
    pub keys: Vec<String>,
}

impl PeerIdentity {
    pub(in crate::management) fn of(
        peer: &ParticipantId,
        known: &causeway_node::PeerIdentity,
    ) -> Self {
        let pin = known.pin.as_ref();
        Self {
            participant_id: peer.to_string(),
            keys: pin.map(|pin| pin.keys.clone()).unwrap_or_default(),
            first_seen_at: pin.map(|pin| pin.first_seen_at.to_string()),
            accepted_at: pin.map(|pin| pin.accepted_at.to_string()),
            changed: pin.and_then(|pin| pin.pending.as_ref()).map(ChangedKeys::of),
            credentials: known.credentials.iter().map(PeerCredential::of).collect(),
            shown_at: known.shown_at.map(|at| at.to_string()),
            lapsed: known.lapsed.clone(),
            facts: known
                .facts
                .iter()
                .map(|fact| PeerFact {
                    name: fact.name.clone(),
                    value: fact.value.to_string(),
                    source: fact.source.clone(),
                })
                .collect(),
        }
    }
}

impl ChangedKeys {
    fn of(pending: &PendingPin) -> Self {
        Self {
            keys: pending.keys.clone(),
            seen_at: pending.seen_at.to_string(),
            reason: pending.reason.clone(),
        }
    }
}

impl WaitingKeys {
    /// Nothing if no keys wait.
    pub(in crate::management) fn of(pin: &Pin, name: Option<&str>) -> Option<Self> {
        let changed = ChangedKeys::of(pin.pending.as_ref()?);
        Some(Self {
            participant_id: pin.did.clone(),
            name: name.map(str::to_owned),
            keys: pin.keys.clone(),
            changed,
        })
    }
}

impl PeerCredential {
    fn of(shown: &causeway_node::ShownCredential) -> Self {
        let credential = &shown.credential.credential;
        let own = credential.types.iter().filter(|name| *name != "VerifiableCredential");
        Self {
            id: credential.id.clone(),
            types: own.cloned().collect(),
            issuer: credential.issuer.to_string(),
            claims: credential.claims.clone(),
            valid_until: credential.valid_until.map(|at| at.to_string()),
            distrusted: shown.distrusted.clone(),
        }
    }
}
