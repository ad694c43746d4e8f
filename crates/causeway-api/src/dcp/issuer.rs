//! The issuer service (DCP 1.0 §6): requests for credentials, how far they are, what is issued
//! here, and the status lists. What is issued is decided in the node.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use causeway_dcp::credential::Profile;
use causeway_dcp::did::Did;
use causeway_dcp::message::{CredentialRequest, CredentialStatus, Refusal};
use causeway_node::{ISSUER_SERVICE_PATH, Node, request_status};
use causeway_store::records::IssuanceEntry;
use causeway_types::limits::CLAIMS_MESSAGE_BYTES_MAX;
use causeway_types::{Problem, ProblemCode};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::management::full_id;

const JSON: &str = "application/json";
/// What every id of a request of ours begins with; it is left out in addresses.
const ID_SCHEME: &str = "urn:uuid:";

/// Everything below the service's path.
pub(super) fn router() -> Router<Node> {
    Router::new()
        .route("/credentials", post(request))
        .route("/requests/{id}", get(progress))
        .route("/metadata", get(metadata))
        .route("/status/{list}", get(status_list))
        .route("/schemas/{name}", get(schema))
}

/// A holder asks for credentials.
async fn request(State(node): State<Node>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let asked = async {
        let holder = caller(&node, &parts.headers).await?;
        let request = read(body).await?;
        node.credentials_requested(&holder, request).await
    };
    match asked.await {
        Ok(entry) => created(&node, &entry),
        Err(problem) => refused(&problem),
    }
}

/// How far a request is; only for who made it.
async fn progress(
    State(node): State<Node>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let found = async {
        let holder = caller(&node, &headers).await?;
        node.issuance_of(&holder, &full_id(&id)).await
    };
    match found.await {
        Ok(entry) => {
            let status = CredentialStatus {
                issuer_pid: entry.id,
                holder_pid: entry.holder_pid,
                status: request_status(entry.state),
            };
            answer(StatusCode::OK, JSON, status.write())
        }
        Err(problem) => refused(&problem),
    }
}

/// What is issued here, for everybody.
async fn metadata(State(node): State<Node>) -> Response<Body> {
    match node.issuer_metadata().await {
        Ok(metadata) => answer(StatusCode::OK, JSON, metadata.write()),
        Err(problem) => refused(&problem),
    }
}

/// A status list, for everybody: signed, or as JSON for who asks for nothing else.
async fn status_list(
    State(node): State<Node>,
    Path(list): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let document = match node.issued_status_list(&list).await {
        Ok(document) => document,
        Err(problem) => return refused(&problem),
    };
    let (kind, text) = match (wants_plain(&headers), document.profile) {
        (true, _) => (JSON, document.plain.clone()),
        (false, Profile::Vc11) => ("application/jwt", document.signed.clone()),
        (false, Profile::Vc20) => ("application/vc+jwt", document.signed.clone()),
    };
    let mut response = answer(StatusCode::OK, kind, text);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The schema of a type of credentials that is known here, for everybody.
async fn schema(State(node): State<Node>, Path(name): Path<String>) -> Response<Body> {
    match node.credential_schema(&name) {
        Ok(schema) => answer(StatusCode::OK, "application/schema+json", schema.to_string()),
        Err(problem) => refused(&problem),
    }
}

/// Who asks, by a token that counts once.
async fn caller(node: &Node, headers: &HeaderMap) -> Result<Did, Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = node.verify_token(value).await.map_err(|error| error.for_stranger())?;
    Ok(token.issuer)
}

async fn read(body: Body) -> Result<CredentialRequest, Problem> {
    let bytes = axum::body::to_bytes(body, CLAIMS_MESSAGE_BYTES_MAX).await.map_err(|_| {
        let limit = CLAIMS_MESSAGE_BYTES_MAX;
        let text = format!("the body is larger than {limit} bytes, or broke off");
        Problem::new(ProblemCode::TooLarge, text)
    })?;
    CredentialRequest::read(&bytes).map_err(|error| {
        let code = match error.refusal() {
            Refusal::TooLarge => ProblemCode::TooLarge,
            _ => ProblemCode::BadRequest,
        };
        Problem::new(code, error.to_string())
    })
}

/// 201 with the address under which the holder sees how far its request is (DCP 1.0 §6.4.2).
fn created(node: &Node, entry: &IssuanceEntry) -> Response<Body> {
    let id = entry.id.as_str();
    let id = id.strip_prefix(ID_SCHEME).unwrap_or(id);
    let path = format!("{ISSUER_SERVICE_PATH}/requests/{id}");
    let mut response = answer(StatusCode::CREATED, JSON, String::new());
    if let Ok(place) = HeaderValue::try_from(node.settings().address.join(&path)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// Whether a reader names JSON and no kind of signed text.
fn wants_plain(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let kinds: Vec<String> = accepted
        .flat_map(|value| value.split(','))
        .map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        .collect();
    let is_json = |kind: &String| kind == JSON || kind.ends_with("+json");
    kinds.iter().any(is_json) && !kinds.iter().any(|kind| kind == "*/*" || kind.ends_with("jwt"))
}

/// A refusal in words that anybody may read; what is inside goes to the log only.
fn refused(problem: &Problem) -> Response<Body> {
    let status = match problem.code() {
        ProblemCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ProblemCode::Forbidden => StatusCode::FORBIDDEN,
        ProblemCode::NotFound => StatusCode::NOT_FOUND,
        ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ProblemCode::Conflict | ProblemCode::Unavailable | ProblemCode::DiskFull => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::BAD_REQUEST,
    };
    if status.is_server_error() {
        tracing::error!(code = %problem.code(), internal = problem.for_log(), "{problem}");
    } else {
        tracing::info!(code = %problem.code(), internal = problem.for_log(), "refused: {problem}");
    }
    let body = serde_json::json!({
        "title": problem.code().as_str().replace('-', " "),
        "status": status.as_u16(),
        "detail": problem.detail(),
    });
    let mut response = answer(status, "application/problem+json", body.to_string());
    if status == StatusCode::UNAUTHORIZED {
        let bearer = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
    }
    response
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_asks_for_nothing_but_json_gets_an_unsigned_list() {
        let check = |accept: Option<&str>, expected: bool| {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            }
            assert_eq!(wants_plain(&headers), expected, "{accept:?}");
        };
        check(None, false);
        check(Some("*/*"), false);
        check(Some("application/json"), true);
        check(Some("application/vc+json; q=0.9"), true);
        check(Some("application/json, application/vc+jwt"), false);
        check(Some("application/json, */*;q=0.1"), false);
        check(Some("text/html"), false);
    }
}
