//! How a command ends: the exit codes, and the failure that carries one to `main`.
//!
//! Text goes to stderr in lower case with `hint:` lines; with `--json` the same failure is also a
//! problem document on stdout. Deciding what to do about a failure is not here.

use std::fmt;
use std::io;

use serde_json::{Value, json};

/// The exit codes, fixed once; a code not listed here counts as a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something failed that no other code describes.
    Failure,
    /// The command line or the configuration is wrong, or a confirmation is missing.
    Usage,
    /// The law does not let it pass as it stands, or it is not known whether it does.
    Blocked,
    /// The token is missing or wrong, or the act is not allowed.
    Permission,
    /// The peer refused, or the negotiation or transfer ended.
    Refused,
    /// The node, a peer or the network cannot be reached; trying again makes sense.
    Unreachable,
    /// Bytes do not match their digest.
    Integrity,
    /// There is no such thing.
    NotFound,
    /// The thing is in a state that does not allow the act, or a file is in the way.
    Conflict,
    /// A peer of another make would let through what the policy does not let through.
    Unportable,
    /// Interrupted; a transfer goes on in the node and the command can be run again.
    Interrupted,
}

/// Every code with its meaning, for `--help` and the reference.
pub(crate) const CODES: &[(u8, &str)] = &[
    (0, "ok"),
    (1, "failure"),
    (2, "wrong usage or configuration, or a confirmation is missing"),
    (3, "the law does not let it pass as it stands, or that is not known"),
    (4, "the token is missing or wrong, or the act is not allowed"),
    (5, "the peer refused, or the negotiation or transfer ended"),
    (6, "the node, a peer or the network cannot be reached; trying again makes sense"),
    (7, "integrity: bytes do not match their digest"),
    (8, "not found"),
    (9, "conflict: the state does not allow it, or a file is in the way"),
    (10, "a peer would let through what the policy does not let through"),
    (130, "interrupted; the node goes on and the command can be run again"),
];

impl Exit {
    /// The number the process ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Blocked => 3,
            Self::Permission => 4,
            Self::Refused => 5,
            Self::Unreachable => 6,
            Self::Integrity => 7,
            Self::NotFound => 8,
            Self::Conflict => 9,
            Self::Unportable => 10,
            Self::Interrupted => 130,
        }
    }

    /// The code for a problem that the API answered (`docs/reference/errors.md`).
    pub(crate) fn of_problem(code: &str, status: u16) -> Self {
        match code {
            "bad-request" => Self::Usage,
            "unauthorized" | "forbidden" | "policy-denied" => Self::Permission,
            "law-not-satisfied" => Self::Blocked,
            "not-found" => Self::NotFound,
            "illegal-state" | "conflict" | "key-reused" => Self::Conflict,
            "peer-refused" | "peer-misbehaved" => Self::Refused,
            "peer-unreachable" | "unavailable" | "too-many-requests" => Self::Unreachable,
            "integrity" => Self::Integrity,
            "too-large" | "disk-full" | "internal" => Self::Failure,
            _ => match status {
                401 | 403 => Self::Permission,
                404 => Self::NotFound,
                409 => Self::Conflict,
                502..=504 => Self::Unreachable,
                _ => Self::Failure,
            },
        }
    }

    fn problem_code(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Usage => "usage",
            Self::Blocked => "blocked",
            Self::Permission => "forbidden",
            Self::Refused => "peer-refused",
            Self::Unreachable => "unreachable",
            Self::Integrity => "integrity",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Unportable => "unportable",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    detail: String,
    hints: Vec<String>,
    document: Option<Box<Value>>,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Told,
    /// Whoever read our output went away; nothing is said and the code is 0.
    PipeClosed,
    /// The command has already said everything.
    Silent,
}

/// What commands return.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// `detail`: lower case, no full stop; what was attempted, found, expected.
    pub(crate) fn new(exit: Exit, detail: impl Into<String>) -> Self {
        Self { exit, detail: detail.into(), hints: Vec::new(), document: None, kind: Kind::Told }
    }

    /// A failure whose report the command itself has written.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self { kind: Kind::Silent, ..Self::new(exit, "") }
    }

    /// What to do about it, a sentence or a command to paste.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The problem document of the API, kept as it came.
    #[must_use]
    pub(crate) fn document(mut self, document: Value) -> Self {
        self.document = Some(Box::new(document));
        self
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The sentence.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The advice.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Whether the reader of our output went away.
    pub(crate) fn is_pipe_closed(&self) -> bool {
        self.kind == Kind::PipeClosed
    }

    /// Whether everything has been said.
    pub(crate) fn is_silent(&self) -> bool {
        self.kind == Kind::Silent
    }

    /// The problem document for `--json`.
    pub(crate) fn to_document(&self) -> Value {
        if let Some(document) = &self.document {
            return document.as_ref().clone();
        }
        let mut document = json!({
            "title": CODES
                .iter()
                .find(|(code, _)| *code == self.exit.code())
                .map_or("failure", |(_, meaning)| *meaning),
            "code": self.exit.problem_code(),
            "detail": self.detail,
        });
        if !self.hints.is_empty() {
            document["hint"] = Value::from(self.hints.join("; "));
        }
        document
    }
}

/// What was being done when an input or output operation failed.
pub(crate) trait Doing<T> {
    /// Names the act and the path.
    fn doing(self, act: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: fmt::Display> Doing<T> for Result<T, E> {
    fn doing(self, act: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure::new(Exit::Failure, format!("{act}: {error}")))
    }
}

/// Writing our own output: a closed pipe is the reader's choice, not a failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::BrokenPipe => Kind::PipeClosed,
            _ => Kind::Told,
        };
        Self { kind, ..Self::new(Exit::Failure, format!("write the output: {error}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_types::ProblemCode;

    #[test]
    fn every_problem_code_of_the_api_has_its_exit_code() {
        let check = |code: ProblemCode, expected: u8| {
            assert_eq!(Exit::of_problem(code.as_str(), 0).code(), expected, "{code}");
        };
        check(ProblemCode::BadRequest, 2);
        check(ProblemCode::Unauthorized, 4);
        check(ProblemCode::Forbidden, 4);
        check(ProblemCode::PolicyDenied, 4);
        check(ProblemCode::LawNotSatisfied, 3);
        check(ProblemCode::NotFound, 8);
        check(ProblemCode::IllegalState, 9);
        check(ProblemCode::Conflict, 9);
        check(ProblemCode::KeyReused, 9);
        check(ProblemCode::TooLarge, 1);
        check(ProblemCode::TooManyRequests, 6);
        check(ProblemCode::PeerUnreachable, 6);
        check(ProblemCode::PeerRefused, 5);
        check(ProblemCode::PeerMisbehaved, 5);
        check(ProblemCode::Integrity, 7);
        check(ProblemCode::DiskFull, 1);
        check(ProblemCode::Unavailable, 6);
        check(ProblemCode::Internal, 1);
    }

    #[test]
    fn every_exit_code_is_documented() {
        for exit in [
            Exit::Failure,
            Exit::Usage,
            Exit::Permission,
            Exit::Refused,
            Exit::Unreachable,
            Exit::Integrity,
            Exit::NotFound,
            Exit::Conflict,
            Exit::Unportable,
            Exit::Interrupted,
        ] {
            assert!(CODES.iter().any(|(code, _)| *code == exit.code()), "{exit:?}");
        }
    }

    #[test]
    fn a_problem_of_the_api_is_shown_unchanged() {
        let document = json!({"title": "x", "code": "not-found", "own": 1});
        let failure = Failure::new(Exit::NotFound, "x").document(document.clone());
        assert_eq!(failure.to_document(), document);
        let own = Failure::new(Exit::Usage, "x").hint("do y").to_document();
        assert_eq!(own["hint"], "do y");
    }
}
