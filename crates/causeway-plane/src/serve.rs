//! `GET` and `HEAD` of `/data/{flow}`: the provider's answer to a pull. Everything about HTTP but
//! the connection; routing, time-outs and TLS belong to whoever mounts it.

use std::fs::File;
use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use causeway_types::limits::SUSPENDED_RETRY_SECONDS;
use causeway_types::{Blake3, Content, ProcessId, Timestamp};
use http::header::{
    ACCEPT_RANGES, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_TYPE, ETAG, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::body::{DataBody, FlowBody};
use crate::conditions::{self, Selection};
use crate::disposition;
use crate::flow::{Admission, Denied, FlowSpec, Flows};
use crate::objects::Objects;
use crate::token::PullToken;

const PATH_PREFIX: &str = "/data/";
/// RFC 9530.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// The path of a flow, as it stands in the address given to the consumer.
pub fn flow_path(flow: &ProcessId) -> String {
    format!("{PATH_PREFIX}{}", utf8_percent_encode(flow.as_str(), NON_ALPHANUMERIC))
}

/// The strong entity tag this server gives a file, with its quotes.
pub fn entity_tag(blake3: &Blake3) -> HeaderValue {
    header(format!("\"{blake3}\""))
}

/// Answers one request. `request` names the path in full, from [`flow_path`]'s first slash on.
///
/// Refusals carry a JSON object with `code` and `detail`. The body of a file ends in an error, and
/// so cuts the connection, when the flow is suspended or closed or expires on the way.
pub async fn serve(
    flows: &Flows,
    objects: &Objects,
    request: &Parts,
    now: Timestamp,
) -> Response<DataBody> {
    if !matches!(request.method, Method::GET | Method::HEAD) {
        let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "bad-request", "use GET or HEAD");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let Some(flow) = flow_of(request.uri.path()) else {
        return refuse(StatusCode::NOT_FOUND, "not-found", "no flow has this path");
    };
    match admit(flows, &request.headers, &flow, now) {
        Ok(admission) => deliver(admission, objects, request, now).await,
        Err(Denied::Token) => token_refused(),
        Err(Denied::Suspended) => suspended(),
    }
}

fn flow_of(path: &str) -> Option<ProcessId> {
    let segment = path.strip_prefix(PATH_PREFIX).filter(|rest| !rest.contains('/'))?;
    ProcessId::parse(percent_decode_str(segment).decode_utf8().ok()?).ok()
}

fn admit(
    flows: &Flows,
    headers: &HeaderMap,
    flow: &ProcessId,
    now: Timestamp,
) -> Result<Admission, Denied> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Denied::Token) };
    let token = value.to_str().ok().and_then(bearer).ok_or(Denied::Token)?;
    flows.admit(&token.hash(), flow, now)
}

/// The token of `Bearer <token>`. What EDC's own data plane wants of its callers, and so what
/// applications behind EDC send, is the token alone.
fn bearer(value: &str) -> Option<PullToken> {
    let Some((scheme, token)) = value.split_once(' ') else { return PullToken::parse(value) };
    scheme.eq_ignore_ascii_case("bearer").then(|| PullToken::parse(token.trim()))?
}

async fn deliver(
    admission: Admission,
    objects: &Objects,
    request: &Parts,
    now: Timestamp,
) -> Response<DataBody> {
    let content = admission.spec().content;
    let tag = format!("\"{}\"", content.blake3());
    let selection = conditions::select(&request.method, &request.headers, &tag, content.bytes());
    let (first, end) = match selection {
        Selection::Full => (0, content.bytes()),
        Selection::Part { first, last } => (first, last + 1),
        Selection::NotModified => return not_modified(content),
        Selection::PreconditionFailed => {
            let detail = "the flow delivers another file than If-Match names";
            return refuse(StatusCode::PRECONDITION_FAILED, "precondition-failed", detail);
        }
        Selection::NotSatisfiable => return not_satisfiable(content),
    };
    let file = match objects.read(&content).await {
        Ok(file) => file,
        Err(error) => return unreadable(admission.spec(), &error),
    };
    let mut response = Response::new(empty());
    describe(response.headers_mut(), admission.spec());
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(end - first));
    if let Selection::Part { first, last } = selection {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = header(format!("bytes {first}-{last}/{}", content.bytes()));
        response.headers_mut().insert(CONTENT_RANGE, range);
    }
    if request.method == Method::GET && end > first {
        *response.body_mut() = body(admission, file, first..end, now);
    }
    response
}

fn body(admission: Admission, file: File, range: std::ops::Range<u64>, now: Timestamp) -> DataBody {
    let lifetime = Duration::from_micros(admission.spec().expires_at.micros_since(now));
    FlowBody::new(admission, lifetime, file, range).boxed()
}

/// The headers of the file itself, the same for a part and for the whole.
fn describe(headers: &mut HeaderMap, spec: &FlowSpec) {
    let octets = || HeaderValue::from_static("application/octet-stream");
    let media_type = HeaderValue::try_from(&spec.media_type).unwrap_or_else(|_| octets());
    let digest = STANDARD.encode(spec.content.sha256().as_bytes());
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CONTENT_DISPOSITION, disposition::attachment(spec.file_name.as_deref()));
    headers.insert(ETAG, entity_tag(&spec.content.blake3()));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(REPR_DIGEST, header(format!("sha-256=:{digest}:")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

fn not_modified(content: Content) -> Response<DataBody> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(ETAG, entity_tag(&content.blake3()));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn not_satisfiable(content: Content) -> Response<DataBody> {
    let detail = "the range lies outside the file";
    let mut response = refuse(StatusCode::RANGE_NOT_SATISFIABLE, "range-not-satisfiable", detail);
    let range = header(format!("bytes */{}", content.bytes()));
    response.headers_mut().insert(CONTENT_RANGE, range);
    response.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

fn token_refused() -> Response<DataBody> {
    let detail = "the token is missing, unknown, expired or for another flow";
    let mut response = refuse(StatusCode::UNAUTHORIZED, "unauthorized", detail);
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

fn suspended() -> Response<DataBody> {
    let detail = "the transfer is suspended; the token stays valid, try again later";
    let mut response = refuse(StatusCode::CONFLICT, "suspended", detail);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(SUSPENDED_RETRY_SECONDS));
    response
}

fn unreadable(spec: &FlowSpec, error: &io::Error) -> Response<DataBody> {
    let (flow, blake3) = (&spec.id, spec.content.blake3());
    tracing::error!(%flow, %blake3, %error, "flow {flow} is open but its file cannot be read");
    match error.kind() {
        io::ErrorKind::NotFound => {
            refuse(StatusCode::NOT_FOUND, "not-found", "the file is no longer stored here")
        }
        _ => {
            let detail = "the stored file cannot be read";
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        }
    }
}

/// Both texts stand in JSON strings as they are: they are literals without quotes.
fn refuse(status: StatusCode, code: &'static str, detail: &'static str) -> Response<DataBody> {
    let json = format!("{{\"code\":\"{code}\",\"detail\":\"{detail}\"}}");
    let body = Full::new(Bytes::from(json)).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn empty() -> DataBody {
    Empty::new().map_err(|never| match never {}).boxed()
}

/// For texts made here of digits and ASCII punctuation, which are valid header values.
fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
