//! What the services of the protocol have in common: who asks, the message within its limit, and
//! refusals that tell nothing but their kind. What a message means is for its service.

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use causeway_dcp::message::{MessageError, Refusal, Situation};
use causeway_dcp::token::VerifiedToken;
use causeway_node::{IdentityError, Node};
use causeway_types::limits::CLAIMS_MESSAGE_BYTES_MAX;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

/// A request that is refused, on its way out.
pub(super) struct Refused(Response<Body>);

impl Refused {
    /// A refusal in the words of its situation.
    pub(super) fn of(situation: Situation) -> Self {
        Self::telling(status(situation.refusal()), situation.text())
    }

    /// Our own trouble: the same request may be answered later.
    pub(super) fn busy() -> Self {
        Self::telling(StatusCode::SERVICE_UNAVAILABLE, "this cannot be answered now; try again")
    }

    pub(super) fn telling(status: StatusCode, detail: &str) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        let problem = json!({ "title": title, "status": status.as_u16(), "detail": detail });
        let mut response = Response::new(Body::from(problem.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Self(response)
    }

    pub(super) fn into_response(self) -> Response<Body> {
        self.0
    }
}

impl From<MessageError> for Refused {
    /// What is wrong with a message is told to whoever wrote it.
    fn from(error: MessageError) -> Self {
        tracing::info!("refused: {error}");
        Self::telling(status(error.refusal()), &error.to_string())
    }
}

/// Whoever cannot be known is told no more than that, except that it may be our own trouble.
pub(super) fn unknown(error: &IdentityError) -> Refused {
    tracing::warn!(%error, "a request about credentials was not authenticated");
    match error {
        IdentityError::Busy
        | IdentityError::Store { .. }
        | IdentityError::Key { .. }
        | IdentityError::Changed { .. } => Refused::busy(),
        IdentityError::Replayed => Refused::of(Situation::TokenReplayed),
        IdentityError::Missing => Refused::of(Situation::NoAuthorization),
        _ => Refused::of(Situation::TokenInvalid),
    }
}

/// Who asks, by a token that is taken once, and the bytes of the message.
pub(super) async fn incoming(
    node: &Node,
    request: Request,
) -> Result<(VerifiedToken, Bytes), Refused> {
    let (parts, body) = request.into_parts();
    let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = node.verify_token(value).await.map_err(|error| unknown(&error))?;
    let bytes = axum::body::to_bytes(body, CLAIMS_MESSAGE_BYTES_MAX).await;
    let bytes = bytes.map_err(|_| Refused::of(Situation::MessageTooLarge))?;
    Ok((token, bytes))
}

pub(super) fn status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::BadRequest => StatusCode::BAD_REQUEST,
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden => StatusCode::FORBIDDEN,
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::NotImplemented => StatusCode::NOT_IMPLEMENTED,
    }
}

/// A message as the answer.
pub(super) fn message(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
