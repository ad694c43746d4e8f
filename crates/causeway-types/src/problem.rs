//! What went wrong, told twice: once for whoever asked, once for the log.
//!
//! Only the public half has `Display`, so an internal detail cannot leak into an answer by
//! accident. How a problem becomes an HTTP answer is the business of the API crate.

use std::fmt;

/// Who has to act for the problem to go away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Whoever sent the request: a peer, or a caller of the management API.
    Caller,
    /// The peer that this node called.
    Peer,
    /// The operator of this node: configuration, disk, network.
    Operator,
    /// A policy or law that does not allow it.
    Rule,
    /// This program.
    Node,
}

/// The kind of problem. The text form is stable and documented in `docs/reference/errors.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemCode {
    /// The request could not be read.
    BadRequest,
    /// No or wrong credentials.
    Unauthorized,
    /// Credentials are fine, the act is not allowed.
    Forbidden,
    /// There is no such thing, or it is not the caller's.
    NotFound,
    /// The thing is in a state that does not allow the act.
    IllegalState,
    /// Somebody else changed the thing meanwhile, or an idempotency key is in use.
    Conflict,
    /// The same idempotency key came with another request.
    KeyReused,
    /// The body is larger than the limit.
    TooLarge,
    /// More requests than are taken in so short a time.
    TooManyRequests,
    /// The peer cannot be reached.
    PeerUnreachable,
    /// The peer refused.
    PeerRefused,
    /// The peer answered something that cannot be understood.
    PeerMisbehaved,
    /// Bytes do not match the digest in the contract.
    Integrity,
    /// A policy constraint cannot be enforced or is not met.
    PolicyDenied,
    /// The law of one side does not let it pass as it stands, or that is not known.
    LawNotSatisfied,
    /// No space left on the node's disk.
    DiskFull,
    /// The node cannot do it now; trying again makes sense.
    Unavailable,
    /// A defect in this program.
    Internal,
}

impl ProblemCode {
    /// The stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::IllegalState => "illegal-state",
            Self::Conflict => "conflict",
            Self::KeyReused => "key-reused",
            Self::TooLarge => "too-large",
            Self::TooManyRequests => "too-many-requests",
            Self::PeerUnreachable => "peer-unreachable",
            Self::PeerRefused => "peer-refused",
            Self::PeerMisbehaved => "peer-misbehaved",
            Self::Integrity => "integrity",
            Self::PolicyDenied => "policy-denied",
            Self::LawNotSatisfied => "law-not-satisfied",
            Self::DiskFull => "disk-full",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// Who has to act.
    pub fn fault(self) -> Fault {
        match self {
            Self::BadRequest
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::IllegalState
            | Self::Conflict
            | Self::KeyReused
            | Self::TooLarge
            | Self::TooManyRequests => Fault::Caller,
            Self::PeerUnreachable | Self::PeerRefused | Self::PeerMisbehaved | Self::Integrity => {
                Fault::Peer
            }
            Self::PolicyDenied | Self::LawNotSatisfied => Fault::Rule,
            Self::DiskFull | Self::Unavailable => Fault::Operator,
            Self::Internal => Fault::Node,
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure on its way to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: ProblemCode,
    detail: String,
    hint: Option<String>,
    internal: Option<String>,
}

impl Problem {
    /// `detail`: lower case, no full stop; what was attempted, found, expected.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), hint: None, internal: None }
    }

    /// What to do about it, as a sentence or a command to paste.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What only the log may know.
    #[must_use]
    pub fn internal(mut self, internal: impl Into<String>) -> Self {
        self.internal = Some(internal.into());
        self
    }

    /// The kind of problem.
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// The public sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The public advice.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The private half, for the log only.
    pub fn for_log(&self) -> &str {
        self.internal.as_deref().unwrap_or("")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internal_half_never_shows_in_display() {
        let problem = Problem::new(ProblemCode::Internal, "the node could not read its store")
            .internal("disk I/O error at /var/lib/secret");
        assert!(!problem.to_string().contains("secret"));
        assert!(problem.for_log().contains("secret"));
    }
}
