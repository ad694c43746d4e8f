//! The messages of DCP 1.0: what is asked of a credential service and of an issuer service, and
//! what they answer.
//!
//! Written is exactly the compact form of the specification: the context as an array, `type` and
//! `id` without a sign. What is read may be looser (DCP 1.0 allows plain JSON): names prefixed or
//! in full, one for many, members that nobody here knows. What a message means, and whether its
//! sender may send it, is not decided here.

mod error;
mod issuance;
mod node;
mod presentation;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::{Map, Value, json};

pub use self::error::{MessageError, MessageProblem, Refusal, Situation};
pub use self::issuance::{
    CredentialContainer, CredentialMessage, CredentialObject, CredentialOffer, CredentialRequest,
    CredentialStatus, Delivery, IssuerMetadata, RequestStatus,
};
use self::node::Node;
pub use self::presentation::{PresentationQuery, PresentationResponse};

/// The context of every message.
pub const CONTEXT: &str = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld";
/// The namespace of its terms.
const NAMESPACE: &str = "https://w3id.org/dspace-dcp/v1.0/";

/// The kinds of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A verifier asks a credential service for presentations.
    PresentationQuery,
    /// What it is answered.
    PresentationResponse,
    /// An issuer brings credentials, or says that there will be none.
    Credential,
    /// An issuer offers credentials.
    CredentialOffer,
    /// A holder asks an issuer for credentials.
    CredentialRequest,
    /// How far such a request is.
    CredentialStatus,
    /// What an issuer issues.
    IssuerMetadata,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::PresentationQuery,
        Self::PresentationResponse,
        Self::Credential,
        Self::CredentialOffer,
        Self::CredentialRequest,
        Self::CredentialStatus,
        Self::IssuerMetadata,
    ];

    /// The name in `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PresentationQuery => "PresentationQueryMessage",
            Self::PresentationResponse => "PresentationResponseMessage",
            Self::Credential => "CredentialMessage",
            Self::CredentialOffer => "CredentialOfferMessage",
            Self::CredentialRequest => "CredentialRequestMessage",
            Self::CredentialStatus => "CredentialStatus",
            Self::IssuerMetadata => "IssuerMetadata",
        }
    }

    /// Whether it answers a request instead of being one.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::PresentationResponse | Self::CredentialStatus | Self::IssuerMetadata)
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The kind that a message says it is, for an address that takes several; `None` if it says
    /// none, or cannot be read.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        node::kind_of(&node::parse(bytes).ok()?).ok()?
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads a message of one kind.
fn read<T>(
    kind: Kind,
    bytes: &[u8],
    reader: impl FnOnce(&Node<'_>) -> Result<T, MessageProblem>,
) -> Result<T, MessageError> {
    let read = || {
        let object = node::parse(bytes)?;
        match node::kind_of(&object)? {
            Some(found) if found == kind => reader(&Node::new(&object, "")),
            found => {
                let found = found.map_or("no type that is known here", Kind::as_str);
                let expected = format!("the type {}", kind.as_str());
                Err(MessageProblem::Type { found: found.to_owned(), expected })
            }
        }
    };
    read().map_err(|problem| MessageError { kind, problem })
}

/// The start of a message.
fn head(kind: Kind) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("@context".to_owned(), json!([CONTEXT]));
    head.insert("type".to_owned(), kind.as_str().into());
    head
}

fn text(message: Map<String, Value>) -> String {
    Value::Object(message).to_string()
}
