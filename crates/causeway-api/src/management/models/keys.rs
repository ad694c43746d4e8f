//! `/keys` and `/settings` as JSON. Of keys there is the public half only.

use causeway_keys::{KeyRecord, KeyState};
use causeway_store::KeyEvent;
use causeway_types::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A key of ours, without its private half.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Key {
    /// Its name, which is its fragment in the DID document.
    pub key: String,
    /// `identity`, `issuer` or `access`.
    pub purpose: String,
    /// How it signs: `ES256` or `EdDSA`.
    pub algorithm: String,
    /// `next`, `active`, `retired`, `revoked`, or `destroyed` where it was just forgotten.
    pub state: String,
    /// Since when.
    pub since: String,
    /// Until when: a next key becomes active then, and a retired one is published no longer.
    pub until: Option<String>,
    /// When it was made.
    pub made: String,
    /// The SHA-256 of its public half (RFC 7638).
    pub thumbprint: String,
    /// Whether others find it now.
    pub published: bool,
    /// Its public half as a JWK (RFC 7517).
    pub jwk: Map<String, Value>,
}

/// Every key of ours.
#[derive(Debug, Serialize, ToSchema)]
pub struct Keys {
    /// Oldest first.
    pub items: Vec<Key>,
}

/// A key of ours with what was done with it.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyDetails {
    #[serde(flatten)]
    about: Key,
    /// Newest first.
    changes: Vec<KeyChange>,
}

/// Something that was done with a key.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyChange {
    /// `rotate`, `retire`, `revoke`, `destroy`, `settle` when time did it, or `found` when it was
    /// done while the node could not record it.
    act: String,
    /// What the key was afterwards.
    state: String,
    /// The person who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    /// When.
    at: String,
}

/// Which key is to be replaced, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// `identity`, `issuer` or `access`.
    pub purpose: String,
    /// Whether the new key is used at once, without `keys.overlap_hours`: peers that remember the
    /// old document may refuse it for a while.
    #[serde(default)]
    pub now: bool,
    /// `ES256` or `EdDSA`; as the one before it, if missing.
    pub algorithm: Option<String>,
}

/// Settings that are looser than at the last start and that nobody has acknowledged.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoosenedSettings {
    /// In alphabetical order.
    pub items: Vec<LoosenedSetting>,
}

/// A setting that is looser than at the last start.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoosenedSetting {
    /// The setting with its value, such as `automation.offer_received = auto`.
    pub setting: String,
    /// Whether it is held back until it is acknowledged.
    pub held: bool,
}

/// Looser settings that somebody has read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgedSettings {
    /// Each of those that wait, as they were listed.
    pub settings: Vec<String>,
}

impl Key {
    /// A key as it is at this time.
    pub fn of(key: &KeyRecord, now: Timestamp) -> Self {
        let (since, until) = match key.state {
            KeyState::Next { from, .. } => (key.made, Some(from)),
            KeyState::Active { since } | KeyState::Revoked { since } => (since, None),
            KeyState::Retired { since, published_until } => (since, Some(published_until)),
        };
        let mut jwk = key.public.to_jwk();
        jwk.insert("kid".to_owned(), key.name.as_str().into());
        jwk.insert("alg".to_owned(), key.algorithm.name().into());
        jwk.insert("use".to_owned(), "sig".into());
        Self {
            key: key.name.to_string(),
            purpose: key.purpose.to_string(),
            algorithm: key.algorithm.name().to_owned(),
            state: key.state.as_str().to_owned(),
            since: since.to_string(),
            until: until.map(|until| until.to_string()),
            made: key.made.to_string(),
            thumbprint: key.public.thumbprint(),
            published: key.is_published(now),
            jwk,
        }
    }

    /// A key that is gone now.
    pub fn destroyed(key: &KeyRecord, now: Timestamp) -> Self {
        let (state, since) = ("destroyed".to_owned(), now.to_string());
        Self { state, since, until: None, published: false, ..Self::of(key, now) }
    }
}

impl KeyDetails {
    /// A key with what was done with it.
    pub(crate) fn of(about: Key, events: Vec<KeyEvent>) -> Self {
        let change = |event: KeyEvent| KeyChange {
            act: event.act,
            state: event.state,
            person: event.person,
            at: event.at.to_string(),
        };
        Self { about, changes: events.into_iter().map(change).collect() }
    }
}
