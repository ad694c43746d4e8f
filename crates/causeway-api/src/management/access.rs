//! Who may use the management API: whoever reaches the local socket, or whoever has the token.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use causeway_types::{Problem, ProblemCode, Sha256};
use sha2::Digest as _;

use super::problem::Failed;

/// How callers of a listener are told from strangers.
#[derive(Clone)]
pub enum Access {
    /// The listener is a local socket whose file permissions decide.
    Local,
    /// Callers show a bearer token with this SHA-256.
    Token(Sha256),
}

impl Access {
    /// Access by a token. Only its hash is kept.
    pub fn token(token: &str) -> Self {
        Self::Token(hash(token))
    }
}

pub(crate) async fn check(State(access): State<Access>, request: Request, next: Next) -> Response {
    let allowed = match &access {
        Access::Local => true,
        Access::Token(expected) => {
            let value = request.headers().get(http::header::AUTHORIZATION);
            let token = value
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.strip_prefix("Bearer "));
            // Comparing hashes tells a guesser nothing about the token.
            token.is_some_and(|token| hash(token.trim()) == *expected)
        }
    };
    if allowed {
        return next.run(request).await;
    }
    let problem =
        Problem::new(ProblemCode::Unauthorized, "the management token is missing or wrong").hint(
            "send it as Authorization: Bearer <token>; the node keeps it in management.token",
        );
    Failed(problem).into_response()
}

fn hash(token: &str) -> Sha256 {
    Sha256::from_bytes(sha2::Sha256::digest(token.as_bytes()).into())
}
