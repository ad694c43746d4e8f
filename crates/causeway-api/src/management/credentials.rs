//! This node's own credentials: what it holds, what it asked for, what it was offered.

use axum::extract::{self, Path};
use axum::{Extension, Json};
use causeway_dcp::did::Did;
use causeway_node::NewCredentialRequest as Ask;
use causeway_store::records::{CredentialOfferEntry, CredentialRequestEntry, HeldCredential};
use causeway_types::{CredentialObjectId, HolderPid, ProcessId};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::idempotency::Key;
use super::models::{
    Credential, CredentialOffer, CredentialRequest, Event, NewCredentialRequest, Page,
};
use super::problem::{Failed, ProblemBody};
use super::request::{self, Listing, Query, answer, bad, unreadable};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, remove))
        .routes(routes!(renew))
        .routes(routes!(requests, request))
        .routes(routes!(request_shown))
        .routes(routes!(history))
        .routes(routes!(offers))
}

/// Credentials about this node, newest first.
#[utoipa::path(
    get,
    path = "/credentials",
    tag = "credentials",
    params(Listing),
    responses((status = 200, body = Page<Credential>)),
)]
async fn list(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Credential>>, Failed> {
    let page = listing.page()?;
    let found = causeway_store::list::<HeldCredential>(state.node.store(), None, page).await;
    let now = state.node.now();
    answer(page, found, |held| Credential::of(held, now)).map(Json)
}

/// A credential about this node.
#[utoipa::path(
    get,
    path = "/credentials/{id}",
    tag = "credentials",
    params(("id" = String, Path, description = "The credential's id")),
    responses((status = 200, body = Credential), (status = 404, body = ProblemBody)),
)]
async fn show(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Credential>, Failed> {
    let held = state.node.held_credential(&id).await?;
    Ok(Json(Credential::of(&held.value, state.node.now())))
}

/// Removes a credential: it is shown to nobody any more. Its issuer is not told.
#[utoipa::path(
    delete,
    path = "/credentials/{id}",
    tag = "credentials",
    params(("id" = String, Path, description = "The credential's id")),
    responses((status = 200, body = Credential), (status = 404, body = ProblemBody)),
)]
async fn remove(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Credential>, Failed> {
    let held = state.node.forget_credential(&id).await?;
    Ok(Json(Credential::of(&held, state.node.now())))
}

/// Asks the issuer of a credential for it anew. The one that is held stays until the new one comes.
#[utoipa::path(
    post,
    path = "/credentials/{id}/renew",
    tag = "credentials",
    params(("id" = String, Path, description = "The credential's id")),
    responses(
        (status = 201, body = CredentialRequest),
        (status = 404, body = ProblemBody),
        (status = 502, body = ProblemBody, description = "The issuer issues no such credential"),
        (status = 504, body = ProblemBody, description = "The issuer cannot be reached"),
    ),
)]
async fn renew(
    extract::State(state): extract::State<State>,
    key: Option<Extension<Key>>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<CredentialRequest>), Failed> {
    let entry = state.node.renew_credential(&id, remembered(key)).await?;
    Ok((StatusCode::CREATED, Json(CredentialRequest::of(&entry))))
}

/// Requests for credentials, newest first.
#[utoipa::path(
    get,
    path = "/credential-requests",
    tag = "credentials",
    params(Listing),
    responses((status = 200, body = Page<CredentialRequest>)),
)]
async fn requests(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<CredentialRequest>>, Failed> {
    let page = listing.page()?;
    let found =
        causeway_store::list::<CredentialRequestEntry>(state.node.store(), None, page).await;
    answer(page, found, CredentialRequest::of).map(Json)
}

/// Asks an issuer for credentials. It need not be reachable at once: the request is sent when it
/// is, and the credentials come by themselves.
#[utoipa::path(
    post,
    path = "/credential-requests",
    tag = "credentials",
    request_body = NewCredentialRequest,
    responses(
        (status = 201, body = CredentialRequest),
        (status = 400, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "There is a request of this id already, \
                                                          or the node has no DID"),
    ),
)]
async fn request(
    extract::State(state): extract::State<State>,
    key: Option<Extension<Key>>,
    request::Json(asked): request::Json<NewCredentialRequest>,
) -> Result<(StatusCode, Json<CredentialRequest>), Failed> {
    let issuer = Did::parse(&asked.issuer);
    let issuer = issuer.map_err(|error| bad(&format_args!("issuer: {error}")))?;
    let names = asked.credentials.iter().map(CredentialObjectId::parse).collect::<Result<_, _>>();
    let id = asked.holder_pid.as_deref().map(HolderPid::parse).transpose();
    let ask = Ask {
        issuer,
        names: names.map_err(|error| bad(&error))?,
        id: id.map_err(|error| bad(&error))?,
        renews: None,
    };
    let entry = state.node.request_credentials(ask, remembered(key)).await?;
    Ok((StatusCode::CREATED, Json(CredentialRequest::of(&entry))))
}

fn remembered(key: Option<Extension<Key>>) -> causeway_node::Remember<CredentialRequestEntry> {
    key.map(|Extension(key)| {
        let answer = move |entry: &CredentialRequestEntry| {
            key.remember(StatusCode::CREATED, &CredentialRequest::of(entry))
        };
        Box::new(answer) as Box<dyn Fn(&_) -> _ + Send + Sync>
    })
}

/// A request for credentials.
#[utoipa::path(
    get,
    path = "/credential-requests/{id}",
    tag = "credentials",
    params(("id" = String, Path, description = "The request's id")),
    responses((status = 200, body = CredentialRequest), (status = 404, body = ProblemBody)),
)]
async fn request_shown(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<CredentialRequest>, Failed> {
    Ok(Json(CredentialRequest::of(&find(&state, &id).await?)))
}

/// What happened to a request, oldest first.
#[utoipa::path(
    get,
    path = "/credential-requests/{id}/history",
    tag = "credentials",
    params(("id" = String, Path, description = "The request's id"), Listing),
    responses((status = 200, body = Page<Event>), (status = 404, body = ProblemBody)),
)]
async fn history(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Event>>, Failed> {
    let found = find(&state, &id).await?;
    let id = ProcessId::parse(found.id.as_str()).map_err(|error| bad(&error))?;
    super::events::history(&state.node, &id, &listing).await.map(Json)
}

/// The request of this id, with or without `urn:uuid:`.
async fn find(state: &State, id: &str) -> Result<CredentialRequestEntry, Failed> {
    let store = state.node.store();
    let stored = causeway_store::read::<CredentialRequestEntry>(store, id).await;
    match stored.map_err(unreadable)? {
        Some(stored) => Ok(stored.value),
        None => Ok(state.node.credential_request(&request::full(id)).await?),
    }
}

/// What issuers offered to this node, newest first. Nothing follows from an offer until it is asked
/// for.
#[utoipa::path(
    get,
    path = "/credential-offers",
    tag = "credentials",
    params(Listing),
    responses((status = 200, body = Page<CredentialOffer>)),
)]
async fn offers(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<CredentialOffer>>, Failed> {
    let page = listing.page()?;
    let found = causeway_store::list::<CredentialOfferEntry>(state.node.store(), None, page).await;
    answer(page, found, CredentialOffer::of).map(Json)
}
