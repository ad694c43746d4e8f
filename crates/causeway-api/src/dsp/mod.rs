//! The Dataspace Protocol 2025-1 over HTTPS. Provider and consumer share their paths: the process
//! is looked up first, and its role decides which messages are legal.

mod catalog;
pub(crate) mod line;
mod negotiation;
mod transfer;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::routing::get;
use causeway_dsp::version::{BINDING, ProtocolVersion, VERSION};
use causeway_dsp::{Reason, wire};
use causeway_node::{Asks, Node, PROTOCOL_PATH, REACH_PATH};
use causeway_types::limits::MESSAGE_BYTES_MAX;
use causeway_types::{ParticipantId, Problem, ProblemCode};
use http::{HeaderMap, Response, StatusCode, header};

use self::line::InLine;
use crate::management::models::Check;

/// Everything below the version's path.
pub(crate) fn router() -> Router<Node> {
    Router::new().merge(catalog::router()).merge(negotiation::router()).merge(transfer::router())
}

/// The version document, and the answer to "can you reach me?".
pub(crate) fn unversioned_router() -> Router<Node> {
    Router::new().route("/.well-known/dspace-version", get(version)).route(REACH_PATH, get(reach))
}

/// Unversioned and unauthenticated (DSP 2025-1, Common Functionalities).
async fn version() -> Response<Body> {
    let ours = ProtocolVersion {
        version: VERSION.to_owned(),
        path: PROTOCOL_PATH.to_owned(),
        binding: BINDING.to_owned(),
    };
    json(StatusCode::OK, wire::write_version(&[ours]))
}

/// A peer asks whether this node reaches it. Only outward, so that two nodes that check each
/// other do not go on for ever.
async fn reach(State(node): State<Node>, headers: HeaderMap) -> Response<Body> {
    let peer = match authenticate(&node, &headers, Asks::Catalog).await {
        Ok(peer) => peer,
        Err(problem) => {
            return error(StatusCode::UNAUTHORIZED, wire::write_catalog_error, &problem);
        }
    };
    let check = Check::of(&peer, &node.probe_outward(&peer).await);
    json(StatusCode::OK, serde_json::to_vec(&check).unwrap_or_default())
}

/// Who sent a request, and that it may ask for this.
async fn authenticate(
    node: &Node,
    headers: &HeaderMap,
    asks: Asks,
) -> Result<ParticipantId, Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    node.authenticate(value, asks).await.map_err(|error| error.for_stranger())
}

/// Reads a message's bytes within the limit.
async fn message_bytes(body: Body) -> Result<bytes::Bytes, Problem> {
    axum::body::to_bytes(body, MESSAGE_BYTES_MAX).await.map_err(|_| {
        Problem::new(
            ProblemCode::TooLarge,
            format!("the body is larger than {MESSAGE_BYTES_MAX} bytes, or broke off"),
        )
    })
}

/// Who sent a request without a body, once it is their turn.
async fn asking(
    node: &Node,
    place: &InLine,
    headers: &HeaderMap,
    asks: Asks,
) -> Result<ParticipantId, Problem> {
    let peer = authenticate(node, headers, asks).await?;
    place.wait(&peer).await?;
    Ok(peer)
}

/// Authenticates a request, parses its body, and waits until it is its turn.
async fn incoming(
    node: &Node,
    request: Request,
    asks: Asks,
) -> Result<(ParticipantId, wire::Document), Problem> {
    let (parts, body) = request.into_parts();
    let peer = authenticate(node, &parts.headers, asks).await?;
    let bytes = message_bytes(body).await?;
    if let Some(place) = parts.extensions.get::<InLine>() {
        place.wait(&peer).await?;
    }
    let document = wire::parse(&bytes).map_err(unreadable)?;
    Ok((peer, document))
}

/// A message that cannot be read, in the reader's own words.
fn unreadable(error: wire::WireError) -> Problem {
    let code = match error {
        wire::WireError::TooLarge { .. } => ProblemCode::TooLarge,
        _ => ProblemCode::BadRequest,
    };
    Problem::new(code, error.to_string())
}

/// The status for a peer. In negotiations and transfers a caller that is not authenticated learns
/// as much as one that asks for something unknown (DSP 2025-1, HTTPS bindings: 404).
fn status(problem: &Problem) -> StatusCode {
    match problem.code() {
        ProblemCode::NotFound | ProblemCode::Unauthorized | ProblemCode::Forbidden => {
            StatusCode::NOT_FOUND
        }
        ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::Conflict
        | ProblemCode::Unavailable
        | ProblemCode::DiskFull
        | ProblemCode::PeerUnreachable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ProblemCode::BadRequest
        | ProblemCode::IllegalState
        | ProblemCode::KeyReused
        | ProblemCode::PolicyDenied
        | ProblemCode::LawNotSatisfied
        | ProblemCode::PeerRefused
        | ProblemCode::PeerMisbehaved
        | ProblemCode::Integrity => StatusCode::BAD_REQUEST,
    }
}

/// Answers a request only once the token that it showed is recorded as used.
pub(crate) async fn settled(
    State(node): State<Node>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let response = next.run(request).await;
    match node.settle_tokens().await {
        Ok(()) => response,
        Err(problem) => error(StatusCode::SERVICE_UNAVAILABLE, wire::write_catalog_error, &problem),
    }
}

/// An error in the words of its subprotocol. Internals go to the log only.
fn error(
    status: StatusCode,
    write: impl Fn(&Reason) -> Vec<u8>,
    problem: &Problem,
) -> Response<Body> {
    if status.is_server_error() {
        tracing::error!(code = %problem.code(), internal = problem.for_log(), "{problem}");
    } else {
        tracing::info!(code = %problem.code(), internal = problem.for_log(), "refused: {problem}");
    }
    let reason = Reason::of(problem.code().as_str(), problem.detail());
    let mut response = json(status, write(&reason));
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, http::HeaderValue::from_static("1"));
    }
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
