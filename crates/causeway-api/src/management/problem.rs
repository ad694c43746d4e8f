//! Problems as `application/problem+json` (RFC 9457). Only the public half of a problem leaves.

use axum::body::Body;
use axum::response::IntoResponse;
use causeway_types::{Fault, Problem, ProblemCode};
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// What every failed request answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemBody {
    /// Identifies the kind of problem; the same for all of a kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The kind for programs; see the list of errors in the reference.
    pub code: String,
    /// What was attempted, found and expected.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A problem on its way out.
pub(crate) struct Failed(pub(crate) Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response<Body> {
        let problem = self.0;
        let status = status(problem.code());
        let internal = problem.for_log();
        match problem.code().fault() {
            Fault::Node | Fault::Operator => {
                tracing::error!(code = %problem.code(), internal, "{problem}");
            }
            Fault::Caller | Fault::Peer | Fault::Rule => {
                tracing::debug!(code = %problem.code(), internal, "{problem}");
            }
        }
        let body = ProblemBody {
            kind: format!("urn:causeway:problem:{}", problem.code()),
            title: problem.code().as_str().replace('-', " "),
            status: status.as_u16(),
            code: problem.code().to_string(),
            detail: problem.detail().to_owned(),
            hint: problem.advice().map(str::to_owned),
        };
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = status;
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

fn status(code: ProblemCode) -> StatusCode {
    match code {
        ProblemCode::BadRequest => StatusCode::BAD_REQUEST,
        ProblemCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ProblemCode::Forbidden | ProblemCode::PolicyDenied | ProblemCode::LawNotSatisfied => {
            StatusCode::FORBIDDEN
        }
        ProblemCode::NotFound => StatusCode::NOT_FOUND,
        ProblemCode::IllegalState | ProblemCode::Conflict => StatusCode::CONFLICT,
        ProblemCode::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::PeerUnreachable => StatusCode::GATEWAY_TIMEOUT,
        ProblemCode::PeerRefused | ProblemCode::PeerMisbehaved | ProblemCode::Integrity => {
            StatusCode::BAD_GATEWAY
        }
        ProblemCode::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        ProblemCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
