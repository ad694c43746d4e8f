//! The stored form of every aggregate: JSON text with a `format` number. A format that was once
//! released stays readable; a new one is written beside it, never in its place. Which columns a
//! driver keeps beside the text is not said here.
//!
//! Unknown members are passed over, so a format may gain optional members without a new number.
//! `golden/*.json` holds every format as it was written; the tests compare.

mod access;
mod agreement;
mod crossings;
mod custody;
mod held;
mod issued;
mod negotiation;
mod offer;
mod parts;
mod pin;
mod text;
mod transfer;

use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned};

pub use self::held::{
    CredentialOfferEntry, CredentialRequestEntry, HeldCredential, RequestState, SignedCredential,
};
pub use self::issued::{
    DefinitionEntry, IssuanceEntry, IssuanceState, IssueRule, IssuedEntry, StatusListEntry,
};
pub use self::pin::{PeerCredentials, PendingPin, Pin};
use crate::{Entity, ReadError};

/// An aggregate with a stored form.
pub trait Record: Sized + Send + 'static {
    /// The kind in error texts.
    const KIND: &'static str;

    /// The key in error texts and in the store.
    fn id(&self) -> &str;

    /// The newest format, as compact JSON.
    fn encode(&self) -> String;

    /// Reads any known format.
    fn decode(text: &str) -> Result<Self, RecordError>;
}

/// Why a record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A later version of this program wrote it.
    #[error("found format {found}, expected 1 to {newest}: a newer version wrote it")]
    Format {
        /// The number in the record.
        found: u32,
        /// The newest number this program knows.
        newest: u32,
    },
    /// Not what this program wrote.
    #[error("{reason}")]
    Shape {
        /// What does not fit, and where.
        reason: String,
    },
}

/// Reads the record stored under `id`.
pub fn decode<T: Record>(id: &str, text: &str) -> Result<T, ReadError> {
    T::decode(text).map_err(|error| ReadError::Corrupt {
        what: format!("{} {id}", T::KIND),
        reason: error.to_string(),
    })
}

impl Entity {
    /// Kind and id, as conflicts name it.
    pub fn name(&self) -> String {
        fn name<T: Record>(record: &T) -> String {
            format!("{} {}", T::KIND, record.id())
        }
        match self {
            Self::Offer(offer) => name(&**offer),
            Self::Negotiation(entry) => name(&**entry),
            Self::Agreement(entry) => name(&**entry),
            Self::Transfer(entry) => name(&**entry),
            Self::Decision(entry) => name(&**entry),
            Self::Attestation(attestation) => name(&**attestation),
            Self::Record(record) => format!("{} {}", record.kind.as_str(), record.id),
        }
    }
}

/// The format number of a record, which comes before everything else is looked at.
fn format_of(text: &str) -> Result<u32, RecordError> {
    #[derive(serde::Deserialize)]
    struct Header {
        format: u32,
    }
    from_json(text).map(|header: Header| header.format)
}

fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, RecordError> {
    serde_json::from_str(text).map_err(|error| RecordError::Shape { reason: error.to_string() })
}

fn to_json(record: &impl Serialize) -> String {
    // Cannot fail: every member serialises as text, number, boolean, array or object with text
    // keys, and no `Serialize` of ours returns an error.
    serde_json::to_string(record).expect("records are plain JSON")
}

/// Serde asks with a reference: whether a count need not be written.
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Reads a record whose only format is `V1`.
fn decode_v1<V1: DeserializeOwned + Into<T>, T>(text: &str) -> Result<T, RecordError> {
    match format_of(text)? {
        1 => from_json::<V1>(text).map(Into::into),
        found => Err(RecordError::Format { found, newest: 1 }),
    }
}

/// A record type whose members are those of its only format.
fn encode_plain(body: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct V1<'a, T> {
        format: u32,
        #[serde(flatten)]
        body: &'a T,
    }
    to_json(&V1 { format: 1, body })
}

fn decode_plain<T: DeserializeOwned>(text: &str) -> Result<T, RecordError> {
    decode_v1::<T, T>(text)
}

/// Makes generic records of types that are written as they are: the type, its kind, its id, whom
/// it is about, its time.
macro_rules! plain {
    ($($type:ident, $kind:ident, |$it:ident| $id:expr, $owner:expr, $at:expr;)*) => {$(
        impl Record for $type {
            const KIND: &'static str = RecordKind::$kind.as_str();

            fn id(&self) -> &str {
                let $it = self;
                $id
            }

            fn encode(&self) -> String {
                encode_plain(self)
            }

            fn decode(text: &str) -> Result<Self, RecordError> {
                decode_plain(text)
            }
        }

        impl Typed for $type {
            const RECORD: RecordKind = RecordKind::$kind;

            fn owner(&self) -> Option<&str> {
                let $it = self;
                let _ = $it;
                $owner
            }

            fn at(&self) -> Timestamp {
                let $it = self;
                $at
            }
        }
    )*};
}
use plain;

#[cfg(test)]
mod tests;
