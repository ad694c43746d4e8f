//! `Idempotency-Key` on POST, as in the IETF HTTPAPI draft 07: the same key with the same request
//! gets the same answer, and the act happens once.
//!
//! Requests that create something record the answer in the very commit that creates it. For all
//! others the answer is recorded right after; they are acts that a second attempt finds done.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use causeway_node::Node;
use causeway_store::Remembered;
use causeway_types::limits::{API_BODY_BYTES_MAX, IDEMPOTENCY_KEY_BYTES_MAX};
use causeway_types::{Problem, ProblemCode, Timestamp};
use http::{HeaderValue, Method, StatusCode, header};
use sha2::Digest as _;

use super::problem::Failed;

const HEADER: &str = "idempotency-key";

/// Keys whose first request is still running.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<HashSet<String>>>);

/// The key of the request being handled, for handlers that record the answer themselves.
#[derive(Clone)]
pub(crate) struct Key {
    key: String,
    request: String,
    at: Timestamp,
}

impl Key {
    /// The answer under this key.
    pub(crate) fn remember(&self, status: StatusCode, body: &impl serde::Serialize) -> Remembered {
        Remembered {
            key: self.key.clone(),
            request: self.request.clone(),
            status: status.as_u16(),
            body: serde_json::to_vec(body).unwrap_or_default(),
            at: self.at,
        }
    }
}

/// Ends the exclusive use of a key, also when the handler's future is dropped.
struct Guard(Running, String);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}

impl Running {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        // A panic elsewhere leaves the set as it was; each key stands for itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, key: &str) -> Option<Guard> {
        self.lock().insert(key.to_owned()).then(|| Guard(self.clone(), key.to_owned()))
    }
}

pub(crate) async fn once(
    State((node, running)): State<(Node, Running)>,
    request: Request,
    next: Next,
) -> Response {
    let key = request.headers().get(HEADER).cloned();
    if key.is_some()
        && request.method() == Method::POST
        && request.uri().path().ends_with("/tokens")
    {
        // The answer would have to be kept, and with it the token.
        let text = "Idempotency-Key: a token is shown once, so its answer is not kept";
        let problem = Problem::new(ProblemCode::BadRequest, text);
        return Failed(problem.hint("send the request without the key")).into_response();
    }
    match key {
        // Uploads are named by their content, so repeating one is harmless without a key.
        Some(key)
            if request.method() == Method::POST && !request.uri().path().ends_with("/objects") =>
        {
            match handle(node, running, key, request, next).await {
                Ok(response) => response,
                Err(problem) => Failed(problem).into_response(),
            }
        }
        _ => next.run(request).await,
    }
}

async fn handle(
    node: Node,
    running: Running,
    key: HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = read_key(&key)?;
    let (mut parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, API_BODY_BYTES_MAX).await.map_err(|_| {
        Problem::new(
            ProblemCode::TooLarge,
            format!("the body is larger than {API_BODY_BYTES_MAX} bytes, or broke off"),
        )
    })?;
    let request = fingerprint(&parts.method, parts.uri.path(), &body);
    let _guard = running.begin(&key).ok_or_else(|| {
        Problem::new(ProblemCode::Conflict, "a request with this idempotency key is running")
            .hint("wait for its answer, then repeat the request")
    })?;
    if let Some(known) = find(&node, &key).await? {
        return replay(&request, known);
    }
    let key = Key { key, request, at: node.now() };
    parts.extensions.insert(key.clone());
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    record(&node, key, response).await
}

fn read_key(value: &HeaderValue) -> Result<String, Problem> {
    let text = value.to_str().ok().map(|text| text.trim().trim_matches('"'));
    text.filter(|text| !text.is_empty() && text.len() <= IDEMPOTENCY_KEY_BYTES_MAX)
        .map(str::to_owned)
        .ok_or_else(|| {
            Problem::new(
                ProblemCode::BadRequest,
                format!(
                    "Idempotency-Key: expected 1 to {IDEMPOTENCY_KEY_BYTES_MAX} printable \
                     characters"
                ),
            )
        })
}

async fn find(node: &Node, key: &str) -> Result<Option<Remembered>, Problem> {
    node.store().remembered(key).await.map_err(|error| {
        Problem::new(ProblemCode::Unavailable, "the node could not read its store")
            .internal(error.to_string())
    })
}

fn replay(request: &str, known: Remembered) -> Result<Response, Problem> {
    if known.request != request {
        return Err(Problem::new(
            ProblemCode::KeyReused,
            "this idempotency key was used for another request",
        )
        .hint("use a fresh key for each new request"));
    }
    let mut response = Response::new(Body::from(known.body));
    *response.status_mut() = StatusCode::from_u16(known.status).unwrap_or(StatusCode::OK);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

/// Records a success that the handler has not recorded itself. A failure is not recorded: it may
/// be tried again under the same key.
async fn record(node: &Node, key: Key, response: Response) -> Result<Response, Problem> {
    if !response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|error| {
        Problem::new(ProblemCode::Internal, "the answer could not be built")
            .internal(error.to_string())
    })?;
    let remembered = Remembered {
        key: key.key,
        request: key.request,
        status: parts.status.as_u16(),
        body: bytes.to_vec(),
        at: key.at,
    };
    node.remember(remembered).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn fingerprint(method: &Method, path: &str, body: &[u8]) -> String {
    let mut hash = sha2::Sha256::new();
    for part in [method.as_str().as_bytes(), path.as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    causeway_types::Sha256::from_bytes(hash.finalize().into()).to_string()
}
