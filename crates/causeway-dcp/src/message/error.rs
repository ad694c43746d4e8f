//! Why bytes are not the message that was expected, whose fault that is, and what kind of refusal
//! it asks for. Texts name places and kinds of values and quote only short pieces, so that they can
//! be shown to whoever sent the message. Which number of HTTP stands for a refusal is not here.

use causeway_json::JsonError;
use causeway_types::Fault;

use super::Kind;

/// Why bytes are not a message of this kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the {kind}: {problem}")]
pub struct MessageError {
    /// The message that was expected.
    pub kind: Kind,
    /// What is wrong.
    pub problem: MessageProblem,
}

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageProblem {
    /// It is no JSON within the limits.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is another message, or says it belongs to another version of the protocol.
    #[error("found {found}, expected {expected}")]
    Type {
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
    /// A property is missing or has a value that cannot be what it stands for.
    #[error("{}: {problem}", place(pointer))]
    Field {
        /// JSON pointer (RFC 6901) into the message, with names as they are written.
        pointer: String,
        /// What was found and expected.
        problem: String,
    },
    /// Two ways to ask at once (DCP 1.0 section 5.4.1).
    #[error("found both scope and presentationDefinition, expected one of them")]
    TwoQueries,
    /// A query that asks for nothing.
    #[error(
        "found neither a scope nor a presentationDefinition that says anything, expected scopes"
    )]
    EmptyQuery,
    /// A query in a language that is not spoken here (DCP 1.0 section 5.4.1.1).
    #[error("found a presentationDefinition, which is not supported here; ask by scope")]
    PresentationDefinition,
}

impl MessageProblem {
    pub(super) fn field(pointer: &str, problem: impl Into<String>) -> Self {
        Self::Field { pointer: pointer.to_owned(), problem: problem.into() }
    }

    pub(super) fn found(pointer: &str, found: &str, expected: &str) -> Self {
        Self::field(pointer, format!("found {found}, expected {expected}"))
    }
}

impl MessageError {
    /// Who has to act: whoever asked us, or the peer that we asked.
    pub fn fault(&self) -> Fault {
        if self.kind.is_answer() { Fault::Peer } else { Fault::Caller }
    }

    /// How the message is refused.
    pub fn refusal(&self) -> Refusal {
        match &self.problem {
            MessageProblem::Json(JsonError::TooLarge { .. }) => Refusal::TooLarge,
            MessageProblem::PresentationDefinition => Refusal::NotImplemented,
            _ => Refusal::BadRequest,
        }
    }
}

/// The root has the empty pointer, which reads badly.
fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "message" } else { pointer }
}

/// The kinds of refusal that the protocol tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// The request makes no sense as it stands.
    BadRequest,
    /// It is not known who asks.
    Unauthorized,
    /// It is known who asks, and they may not.
    Forbidden,
    /// There is no such thing, or it is not the asker's.
    NotFound,
    /// The request is larger than the limit.
    TooLarge,
    /// The request makes sense and is not supported.
    NotImplemented,
}

/// Why a request to a credential service or an issuer service is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Situation {
    /// There is no `Authorization` header.
    NoAuthorization,
    /// There is one without the prefix `Bearer `.
    NoBearer,
    /// The self-issued token is not valid: its signature, parties or times.
    TokenInvalid,
    /// The self-issued token was shown before.
    TokenReplayed,
    /// The token that should give access was not made here, is over, or is for somebody else.
    AccessTokenInvalid,
    /// The message cannot be read.
    MessageInvalid,
    /// Both ways of asking at once.
    TwoQueries,
    /// Nothing is asked for.
    EmptyQuery,
    /// A presentation definition that says something.
    PresentationDefinition,
    /// More bytes than are read.
    MessageTooLarge,
    /// The issuer that sends or offers is not the one that was asked, and is not trusted.
    IssuerUnknown,
    /// A credential was issued to somebody else, or by somebody else than who brings it.
    CredentialInvalid,
    /// The issuer does not issue what is asked for.
    CredentialUnknown,
    /// There is no such request for credentials.
    RequestUnknown,
    /// The request is somebody else's: the same as none, so that nobody learns that it is there.
    RequestForeign,
}

impl Situation {
    /// Every situation with its refusal and the words that tell it.
    pub const ALL: [(Self, Refusal, &'static str); 15] = [
        (
            Self::NoAuthorization,
            Refusal::Unauthorized,
            "found no token, expected one in the header Authorization",
        ),
        (Self::NoBearer, Refusal::Unauthorized, "found a token without the prefix `Bearer `"),
        (Self::TokenInvalid, Refusal::Unauthorized, "the token does not say who asks"),
        (Self::TokenReplayed, Refusal::Unauthorized, "the token was used before"),
        (Self::AccessTokenInvalid, Refusal::Unauthorized, "the token gives no access here"),
        (Self::MessageInvalid, Refusal::BadRequest, "the message cannot be read"),
        (Self::TwoQueries, Refusal::BadRequest, "found both scope and presentationDefinition"),
        (Self::EmptyQuery, Refusal::BadRequest, "found a query that asks for nothing"),
        (
            Self::PresentationDefinition,
            Refusal::NotImplemented,
            "presentationDefinition is not supported here",
        ),
        (Self::MessageTooLarge, Refusal::TooLarge, "the message is larger than the limit"),
        (Self::IssuerUnknown, Refusal::Forbidden, "the issuer is not one that is trusted here"),
        (
            Self::CredentialInvalid,
            Refusal::BadRequest,
            "the credential is not one of this issuer for this holder",
        ),
        (Self::CredentialUnknown, Refusal::BadRequest, "the issuer does not issue this credential"),
        (Self::RequestUnknown, Refusal::NotFound, "there is no such request"),
        (Self::RequestForeign, Refusal::NotFound, "there is no such request"),
    ];

    fn row(self) -> &'static (Self, Refusal, &'static str) {
        // A test walks the list: its rows stand in the order of the variants.
        &Self::ALL[self as usize]
    }

    /// How such a request is refused.
    pub fn refusal(self) -> Refusal {
        self.row().1
    }

    /// What is told to whoever asked.
    pub fn text(self) -> &'static str {
        self.row().2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_situation_has_its_row_and_nobody_learns_of_the_requests_of_others() {
        for (index, (situation, ..)) in Situation::ALL.iter().enumerate() {
            assert_eq!(*situation as usize, index);
        }
        let (unknown, foreign) = (Situation::RequestUnknown, Situation::RequestForeign);
        assert_eq!(unknown.refusal(), foreign.refusal());
        assert_eq!(unknown.text(), foreign.text());
    }
}
