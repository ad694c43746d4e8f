//! Transfers: request, answer, hold, resume, end, look back, and the received file.

use std::io::SeekFrom;

use axum::body::Body;
use axum::extract::{self, Path};
use axum::{Extension, Json};
use causeway_node::{Node, TransferAct};
use causeway_store::{Outcome, TransferEntry};
use causeway_types::limits::SLICE_BYTES;
use causeway_types::{Problem, ProblemCode, ProcessId};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::agreements;
use super::idempotency::Key;
use super::models::{Event, NewTransfer, Page, Transfer, Why};
use super::negotiations::reason;
use super::problem::{Failed, ProblemBody};
use super::request::{self, Listing, Query, answer, process, unreadable};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, request_transfer))
        .routes(routes!(show))
        .routes(routes!(history))
        .routes(routes!(content))
        .routes(routes!(accept))
        .routes(routes!(suspend))
        .routes(routes!(resume))
        .routes(routes!(complete))
        .routes(routes!(terminate))
}

/// Transfers, newest first.
#[utoipa::path(
    get,
    path = "/transfers",
    tag = "transfers",
    params(Listing),
    responses((status = 200, body = Page<Transfer>)),
)]
async fn list(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Transfer>>, Failed> {
    let page = listing.page()?;
    let found = state.node.store().transfers(page).await;
    answer(page, found, |entry| model(&state.node, entry)).map(Json)
}

/// Requests the data of an agreement, as the consumer.
#[utoipa::path(
    post,
    path = "/transfers",
    tag = "transfers",
    request_body = NewTransfer,
    responses(
        (status = 201, body = Transfer),
        (status = 404, body = ProblemBody, description = "No such agreement"),
        (status = 409, body = ProblemBody, description = "This node is its provider"),
        (status = 504, body = ProblemBody, description = "The peer cannot be reached"),
    ),
)]
async fn request_transfer(
    extract::State(state): extract::State<State>,
    key: Option<Extension<Key>>,
    request::Json(asked): request::Json<NewTransfer>,
) -> Result<(StatusCode, Json<Transfer>), Failed> {
    let id = agreements::find(&state.node, &asked.agreement_id).await?.agreement.id;
    let remember = key.map(|Extension(key)| {
        let answer =
            move |entry: &_| key.remember(StatusCode::CREATED, &Transfer::of(entry, None, None));
        Box::new(answer) as Box<dyn Fn(&_) -> _ + Send + Sync>
    });
    let entry = state.node.request_transfer(&id, remember).await?;
    Ok((StatusCode::CREATED, Json(model(&state.node, &entry))))
}

/// A transfer.
#[utoipa::path(
    get,
    path = "/transfers/{id}",
    tag = "transfers",
    params(("id" = String, Path, description = "Our pid")),
    responses((status = 200, body = Transfer), (status = 404, body = ProblemBody)),
)]
async fn show(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Transfer>, Failed> {
    let entry = find(&state.node, &process(&id)?).await?;
    Ok(Json(model(&state.node, &entry)))
}

/// What happened to a transfer, oldest first.
#[utoipa::path(
    get,
    path = "/transfers/{id}/history",
    tag = "transfers",
    params(("id" = String, Path, description = "Our pid"), Listing),
    responses((status = 200, body = Page<Event>)),
)]
async fn history(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Event>>, Failed> {
    super::events::history(&state.node, &process(&id)?, &listing).await.map(Json)
}

/// The received file, once it is verified. A `Range` of the form `bytes=N-` is honoured.
#[utoipa::path(
    get,
    path = "/transfers/{id}/content",
    tag = "transfers",
    params(("id" = String, Path, description = "Our pid")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "Nothing was verified yet"),
    ),
)]
async fn content(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response<Body>, Failed> {
    let entry = find(&state.node, &process(&id)?).await?;
    let outcome = entry.outcome.ok_or_else(|| {
        Problem::new(ProblemCode::IllegalState, "nothing was received and verified yet")
    })?;
    let path = state.node.settings().received.join(&outcome.file);
    let file = tokio::fs::File::open(&path).await.map_err(|error| {
        Problem::new(ProblemCode::NotFound, "the received file is no longer there")
            .internal(format!("{}: {error}", path.display()))
    })?;
    deliver(file, &outcome, &headers).await
}

/// Answers the open question with yes: start, or fetch.
#[utoipa::path(
    post,
    path = "/transfers/{id}/accept",
    tag = "transfers",
    params(("id" = String, Path, description = "Our pid")),
    responses((status = 200, body = Transfer), (status = 409, body = ProblemBody)),
)]
async fn accept(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Transfer>, Failed> {
    decide(&state.node, &id, &TransferAct::Accept).await
}

/// Holds a running transfer; running downloads are cut.
#[utoipa::path(
    post,
    path = "/transfers/{id}/suspend",
    tag = "transfers",
    params(("id" = String, Path, description = "Our pid")),
    request_body = Why,
    responses((status = 200, body = Transfer), (status = 409, body = ProblemBody)),
)]
async fn suspend(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    request::Json(why): request::Json<Why>,
) -> Result<Json<Transfer>, Failed> {
    decide(&state.node, &id, &TransferAct::Suspend(reason(why, "suspended"))).await
}

/// Goes on with a transfer that this node suspended.
#[utoipa::path(
    post,
    path = "/transfers/{id}/resume",
    tag = "transfers",
    params(("id" = String, Path, description = "Our pid")),
    responses((status = 200, body = Transfer), (status = 409, body = ProblemBody)),
)]
async fn resume(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Transfer>, Failed> {
    decide(&state.node, &id, &TransferAct::Resume).await
}

/// Says that a transfer is done.
#[utoipa::path(
    post,
    path = "/transfers/{id}/complete",
    tag = "transfers",
    params(("id" = String, Path, description = "Our pid")),
    responses((status = 200, body = Transfer), (status = 409, body = ProblemBody)),
)]
async fn complete(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Transfer>, Failed> {
    decide(&state.node, &id, &TransferAct::Complete).await
}

/// Answers the open question with no, or ends a transfer; running downloads are cut.
#[utoipa::path(
    post,
    path = "/transfers/{id}/terminate",
    tag = "transfers",
    params(("id" = String, Path, description = "Our pid")),
    request_body = Why,
    responses((status = 200, body = Transfer), (status = 409, body = ProblemBody)),
)]
async fn terminate(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    request::Json(why): request::Json<Why>,
) -> Result<Json<Transfer>, Failed> {
    decide(&state.node, &id, &TransferAct::Terminate(reason(why, "terminated"))).await
}

async fn decide(node: &Node, id: &str, act: &TransferAct) -> Result<Json<Transfer>, Failed> {
    let entry = node.decide_transfer(&process(id)?, act).await?;
    Ok(Json(model(node, &entry)))
}

async fn find(node: &Node, id: &ProcessId) -> Result<TransferEntry, Problem> {
    let stored = node.store().transfer(id).await.map_err(unreadable)?;
    stored
        .map(|stored| stored.value)
        .ok_or_else(|| Problem::new(ProblemCode::NotFound, format!("there is no transfer {id}")))
}

fn model(node: &Node, entry: &TransferEntry) -> Transfer {
    let id = &entry.transfer.id;
    Transfer::of(entry, node.pull_progress(id), node.flows().served_bytes(id))
}

async fn deliver(
    mut file: tokio::fs::File,
    outcome: &Outcome,
    headers: &HeaderMap,
) -> Result<Response<Body>, Failed> {
    let total = outcome.content.bytes();
    let from = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<u64>().ok())
        .filter(|from| *from < total);
    file.seek(SeekFrom::Start(from.unwrap_or(0))).await.map_err(|error| {
        Problem::new(ProblemCode::Unavailable, "the received file cannot be read")
            .internal(error.to_string())
    })?;
    let left = total - from.unwrap_or(0);
    let stream = ReaderStream::with_capacity(file.take(left), SLICE_BYTES);
    let mut response = Response::new(Body::from_stream(stream));
    let answered = response.headers_mut();
    answered.insert(header::CONTENT_LENGTH, HeaderValue::from(left));
    answered.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let octets = HeaderValue::from_static("application/octet-stream");
    answered.insert(header::CONTENT_TYPE, octets);
    if let Some(from) = from {
        let range = format!("bytes {from}-{}/{total}", total - 1);
        if let Ok(range) = range.parse() {
            answered.insert(header::CONTENT_RANGE, range);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}
