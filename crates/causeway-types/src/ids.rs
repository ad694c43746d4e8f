//! One newtype per kind of id, so that a bare `String` never crosses a crate border.
//!
//! An id is opaque text chosen by whoever minted it: peers use UUIDs, IRIs and anything else. The
//! only checks are those that keep an id printable and bounded. Percent-encoding for URL paths is
//! the business of whoever builds the URL.

use std::fmt;

use crate::limits::ID_BYTES_MAX;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Ids are never empty.
    #[error("{kind}: found an empty text, expected 1 to {ID_BYTES_MAX} bytes")]
    Empty {
        /// The kind of id that was expected.
        kind: &'static str,
    },
    /// Ids are bounded.
    #[error("{kind}: found {found} bytes, expected at most {ID_BYTES_MAX}")]
    TooLong {
        /// The kind of id that was expected.
        kind: &'static str,
        /// How many bytes the text had.
        found: usize,
    },
    /// Control characters and white space could forge log lines and headers.
    #[error("{kind}: found the character {found:?}, expected no control character or white space")]
    Character {
        /// The kind of id that was expected.
        kind: &'static str,
        /// The first character that is not allowed.
        found: char,
    },
}

fn check(kind: &'static str, text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { kind });
    }
    if text.len() > ID_BYTES_MAX {
        return Err(IdError::TooLong { kind, found: text.len() });
    }
    match text.chars().find(|c| c.is_control() || c.is_whitespace() || is_bidi_control(*c)) {
        Some(found) => Err(IdError::Character { kind, found }),
        None => Ok(()),
    }
}

/// Bidirectional controls make an id look like another one on screen.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes the text as it is, or says why it cannot be an id.
            pub fn parse(text: impl AsRef<str>) -> Result<Self, IdError> {
                let text = text.as_ref();
                check(stringify!($name), text)?;
                Ok(Self(text.into()))
            }

            /// The text, exactly as it was minted.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}

macro_rules! minted {
    ($($name:ident),*) => {
        $(impl $name {
            /// A fresh id `urn:uuid:…` of version 7: sorted by `unix_ms`, unique by `random`.
            pub fn mint(unix_ms: u64, random: [u8; 10]) -> Self {
                Self(urn(unix_ms, random))
            }
        })*
    };
}

id! {
    /// A participant of a dataspace: the one string that is the token subject, the catalog's
    /// `participantId` and the party of an agreement (DSP 2025-1, Catalog Protocol).
    ParticipantId
}
id! {
    /// A dataset in a catalog (DCAT `Dataset`, DSP `@id`).
    DatasetId
}
id! {
    /// An offer of a dataset under a policy (ODRL `Offer`).
    OfferId
}
id! {
    /// A concluded agreement (ODRL `Agreement`).
    AgreementId
}
id! {
    /// The consumer's id of a negotiation or transfer (DSP `consumerPid`).
    ConsumerPid
}
id! {
    /// The provider's id of a negotiation or transfer (DSP `providerPid`).
    ProviderPid
}
id! {
    /// This node's own id of a negotiation or transfer: its `consumerPid` where it is the consumer
    /// and its `providerPid` where it is the provider.
    ProcessId
}
id! {
    /// The `@id` of one protocol message; the same on every retry of that message.
    MessageId
}
id! {
    /// What a person recorded of a crossing: a mechanism that is in place, or the answer to a
    /// question.
    AttestationId
}
id! {
    /// What the law was found to say of a crossing. It is made of the decision's own bytes, so the
    /// same facts, packs and days have the same id.
    DecisionId
}
id! {
    /// The holder's id of a request for credentials (DCP 1.0 `holderPid`).
    HolderPid
}
id! {
    /// The issuer's id of an issuance (DCP 1.0 `issuerPid`).
    IssuerPid
}
id! {
    /// What an issuer offers under one name (DCP 1.0 `CredentialObject`).
    CredentialObjectId
}
id! {
    /// The type of a credential, such as `MembershipCredential`.
    CredentialType
}

minted!(AttestationId, DatasetId, OfferId, AgreementId, ProcessId, MessageId);

impl DecisionId {
    /// The id of the decision with this digest of its document.
    pub fn of(document: &crate::Sha256) -> Self {
        Self(format!("urn:causeway:decision:{document}").into_boxed_str())
    }
}

impl ProcessId {
    /// This process as the consumer's pid.
    pub fn as_consumer_pid(&self) -> ConsumerPid {
        ConsumerPid(self.0.clone())
    }

    /// This process as the provider's pid.
    pub fn as_provider_pid(&self) -> ProviderPid {
        ProviderPid(self.0.clone())
    }
}

/// Which side of an exchange a participant is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Asks for a dataset.
    Consumer,
    /// Offers a dataset.
    Provider,
}

impl Role {
    /// The other side.
    pub fn other(self) -> Self {
        match self {
            Self::Consumer => Self::Provider,
            Self::Provider => Self::Consumer,
        }
    }

    /// The role in lower case, as it is logged and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Provider => "provider",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn urn(unix_ms: u64, random: [u8; 10]) -> Box<str> {
    let uuid = uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid();
    uuid.urn().to_string().into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_the_text_it_was_given() {
        for text in ["a", "urn:uuid:1", "CD123:ACN0101:456", "a/b?c=d&e", "数据"] {
            assert_eq!(DatasetId::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn empty_long_and_deceiving_texts_are_refused_with_the_reason() {
        let long = "x".repeat(ID_BYTES_MAX + 1);
        for (text, expected) in [
            ("", "OfferId: found an empty text, expected 1 to 1024 bytes"),
            (long.as_str(), "OfferId: found 1025 bytes, expected at most 1024"),
            (
                "a\nb",
                "OfferId: found the character '\\n', expected no control character or white space",
            ),
            (
                "a\u{202e}b",
                "OfferId: found the character '\\u{202e}', expected no control character or white \
                 space",
            ),
        ] {
            assert_eq!(OfferId::parse(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn minted_ids_sort_by_time() {
        let early = ProcessId::mint(1_000, [255; 10]);
        let late = ProcessId::mint(1_001, [0; 10]);
        assert!(early < late);
        assert!(early.as_str().starts_with("urn:uuid:"));
    }
}
