//! The stored forms of what is known of other parties: the DID document that was pinned, and the
//! credentials that were shown.

use causeway_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, RecordError, decode_v1, text, to_json};
use crate::identity::{RecordKind, Typed};

/// The DID document of a party as it was accepted last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Whose.
    pub did: String,
    /// The document's text.
    pub document: String,
    /// The thumbprints of its keys (RFC 7638), in their order.
    pub keys: Vec<String>,
    /// When the party was first met.
    pub first_seen_at: Timestamp,
    /// When these keys were accepted.
    pub accepted_at: Timestamp,
    /// A document with other keys that nobody has proven or approved.
    pub pending: Option<PendingPin>,
}

/// A document that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingPin {
    /// Its text.
    pub document: String,
    /// The thumbprints of its keys.
    pub keys: Vec<String>,
    /// When it was first seen.
    pub seen_at: Timestamp,
    /// Why it was not accepted.
    pub reason: String,
}

impl Pin {
    /// The document of a party that was not met before.
    pub fn first(did: &str, document: &str, keys: Vec<String>, now: Timestamp) -> Self {
        Self {
            did: did.to_owned(),
            document: document.to_owned(),
            keys,
            first_seen_at: now,
            accepted_at: now,
            pending: None,
        }
    }

    /// The same party with other keys.
    #[must_use]
    pub fn changed(self, document: &str, keys: Vec<String>, now: Timestamp) -> Self {
        let document = document.to_owned();
        Self { document, keys, accepted_at: now, pending: None, ..self }
    }
}

impl Record for Pin {
    const KIND: &'static str = RecordKind::Pin.as_str();

    fn id(&self) -> &str {
        &self.did
    }

    fn encode(&self) -> String {
        to_json(&PinV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<PinV1, Self>(text)
    }
}

impl Typed for Pin {
    const RECORD: RecordKind = RecordKind::Pin;

    fn owner(&self) -> Option<&str> {
        None
    }

    fn at(&self) -> Timestamp {
        self.accepted_at
    }
}

#[derive(Serialize, Deserialize)]
struct PinV1 {
    format: u32,
    did: String,
    document: String,
    keys: Vec<String>,
    #[serde(with = "text")]
    first_seen_at: Timestamp,
    #[serde(with = "text")]
    accepted_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<PendingV1>,
}

#[derive(Serialize, Deserialize)]
struct PendingV1 {
    document: String,
    keys: Vec<String>,
    #[serde(with = "text")]
    seen_at: Timestamp,
    reason: String,
}

impl From<Pin> for PinV1 {
    fn from(pin: Pin) -> Self {
        let Pin { did, document, keys, first_seen_at, accepted_at, pending } = pin;
        let pending = pending.map(|PendingPin { document, keys, seen_at, reason }| PendingV1 {
            document,
            keys,
            seen_at,
            reason,
        });
        Self { format: 1, did, document, keys, first_seen_at, accepted_at, pending }
    }
}

impl From<PinV1> for Pin {
    fn from(pin: PinV1) -> Self {
        let PinV1 { format: _, did, document, keys, first_seen_at, accepted_at, pending } = pin;
        let pending = pending.map(|PendingV1 { document, keys, seen_at, reason }| PendingPin {
            document,
            keys,
            seen_at,
            reason,
        });
        Self { did, document, keys, first_seen_at, accepted_at, pending }
    }
}

/// What a peer showed of itself, newest first replaced: one record a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCredentials {
    /// Whose.
    pub did: String,
    /// The credentials that were verified, each as the text that was shown.
    pub credentials: Vec<String>,
    /// When they were shown.
    pub shown_at: Timestamp,
    /// Why one of them counts no more, where that was found later.
    pub lapsed: Option<String>,
}

impl Record for PeerCredentials {
    const KIND: &'static str = RecordKind::PeerCredentials.as_str();

    fn id(&self) -> &str {
        &self.did
    }

    fn encode(&self) -> String {
        let Self { did, credentials, shown_at, lapsed } = self.clone();
        to_json(&PeerCredentialsV1 { format: 1, did, credentials, shown_at, lapsed })
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<PeerCredentialsV1, Self>(text)
    }
}

impl Typed for PeerCredentials {
    const RECORD: RecordKind = RecordKind::PeerCredentials;

    fn owner(&self) -> Option<&str> {
        None
    }

    fn at(&self) -> Timestamp {
        self.shown_at
    }
}

#[derive(Serialize, Deserialize)]
struct PeerCredentialsV1 {
    format: u32,
    did: String,
    credentials: Vec<String>,
    #[serde(with = "text")]
    shown_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lapsed: Option<String>,
}

impl From<PeerCredentialsV1> for PeerCredentials {
    fn from(shown: PeerCredentialsV1) -> Self {
        let PeerCredentialsV1 { format: _, did, credentials, shown_at, lapsed } = shown;
        Self { did, credentials, shown_at, lapsed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_pin_reads_as_it_was_written() {
        let pin = Pin::first("did:web:a", "{}", vec!["k1".into()], at("2026-11-24T12:00:00Z"));
        let pending = PendingPin {
            document: "{\"id\":1}".into(),
            keys: vec!["k2".into()],
            seen_at: at("2026-11-25T12:00:00Z"),
            reason: "no statement".into(),
        };
        let pin = Pin { pending: Some(pending), ..pin };
        let golden = concat!(
            r#"{"format":1,"did":"did:web:a","document":"{}","keys":["k1"],"#,
            r#""first_seen_at":"2026-11-24T12:00:00Z","accepted_at":"2026-11-24T12:00:00Z","#,
            r#""pending":{"document":"{\"id\":1}","keys":["k2"],"#,
            r#""seen_at":"2026-11-25T12:00:00Z","reason":"no statement"}}"#,
        );
        assert_eq!(pin.encode(), golden);
        assert_eq!(Pin::decode(golden).unwrap(), pin);
    }

    #[test]
    fn what_a_peer_showed_reads_as_it_was_written() {
        let shown = PeerCredentials {
            did: "did:web:a".into(),
            credentials: vec!["x.y.z".into()],
            shown_at: at("2026-11-24T12:00:00Z"),
            lapsed: Some("revoked".into()),
        };
        let golden = concat!(
            r#"{"format":1,"did":"did:web:a","credentials":["x.y.z"],"#,
            r#""shown_at":"2026-11-24T12:00:00Z","lapsed":"revoked"}"#,
        );
        assert_eq!(shown.encode(), golden);
        assert_eq!(PeerCredentials::decode(golden).unwrap(), shown);
    }
}
