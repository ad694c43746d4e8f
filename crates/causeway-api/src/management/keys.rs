//! `/keys`: the private keys of the node that runs. What is shown of them is public.

use axum::extract::{self, Path};
use axum::{Extension, Json};
use causeway_dcp::jwk::Algorithm;
use causeway_keys::{ALGORITHMS, KeyName, KeyRecord, Purpose};
use causeway_node::KeyAct;
use causeway_node::access::Caller;
use causeway_types::{Problem, ProblemCode};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::idempotency;
use super::models::{Key, KeyDetails, KeyRotation, Keys};
use super::problem::{Failed, ProblemBody};
use super::request::{self, bad};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(rotate))
        .routes(routes!(retire))
        .routes(routes!(revoke))
        .routes(routes!(destroy))
}

/// The keys of this node, public halves only; none where `identity.mode` needs none.
#[utoipa::path(get, path = "/keys", tag = "keys", responses((status = 200, body = Keys)))]
async fn list(extract::State(state): extract::State<State>) -> Json<Keys> {
    let now = state.node.now();
    Json(Keys { items: state.node.own_keys().iter().map(|key| Key::of(key, now)).collect() })
}

/// A key of this node, its public half only, with what was done with it.
#[utoipa::path(
    get,
    path = "/keys/{key}",
    tag = "keys",
    params(("key" = String, Path, description = "The key's name")),
    responses((status = 200, body = KeyDetails), (status = 404, body = ProblemBody)),
)]
async fn show(
    extract::State(state): extract::State<State>,
    Path(key): Path<String>,
) -> Result<Json<KeyDetails>, Failed> {
    let name = name(&key)?;
    let key = state.node.own_keys().into_iter().find(|key| key.name == name);
    let key = key.ok_or_else(unknown)?;
    let events = state.node.key_events(name.as_str()).await?;
    Ok(Json(KeyDetails::of(Key::of(&key, state.node.now()), events)))
}

/// Makes the key that replaces the active one of a purpose. It is published at once and used after
/// `keys.overlap_hours`, or at once with `now`. With `access.four_eyes` a second person has to
/// agree. A 503 that says that it is done is not to be repeated.
#[utoipa::path(
    post,
    path = "/keys/rotate",
    tag = "keys",
    request_body = KeyRotation,
    responses(
        (status = 201, body = Key),
        (status = 202, body = super::approvals::Approval, description = "It takes two persons"),
        (status = 400, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "There is a next one already"),
        (status = 503, body = ProblemBody, description = "It could not be done, or recorded"),
    ),
)]
async fn rotate(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    key: Option<Extension<idempotency::Key>>,
    request::Json(wanted): request::Json<KeyRotation>,
) -> Result<(StatusCode, Json<Key>), Failed> {
    let purpose = Purpose::parse(&wanted.purpose).ok_or_else(|| {
        bad(&format!("purpose: found {:?}, expected identity, issuer or access", wanted.purpose))
    })?;
    let algorithm = wanted.algorithm.as_deref().map(algorithm).transpose()?;
    let now = state.node.now();
    let remember = key.map(|Extension(key)| {
        let answer = move |made: &_| key.remember(StatusCode::CREATED, &Key::of(made, now));
        Box::new(answer) as Box<dyn Fn(&KeyRecord) -> _ + Send + Sync>
    });
    let act = KeyAct::Rotate { purpose, at_once: wanted.now, algorithm };
    let made = state.node.change_keys(&caller, act, remember).await?;
    Ok((StatusCode::CREATED, Json(Key::of(&made, now))))
}

/// Ends the overlap of a rotation: the active key retires, and the next one takes its place.
#[utoipa::path(
    post,
    path = "/keys/{key}/retire",
    tag = "keys",
    params(("key" = String, Path, description = "The key's name")),
    responses(
        (status = 200, body = Key),
        (status = 202, body = super::approvals::Approval, description = "It takes two persons"),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It is not active, or has no successor"),
        (status = 503, body = ProblemBody, description = "It could not be done, or recorded"),
    ),
)]
async fn retire(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
) -> Result<Json<Key>, Failed> {
    let retired = state.node.change_keys(&caller, KeyAct::Retire(name(&key)?), None).await?;
    Ok(Json(Key::of(&retired, state.node.now())))
}

/// Takes a key back that somebody else may have: what it signed is believed no longer.
#[utoipa::path(
    post,
    path = "/keys/{key}/revoke",
    tag = "keys",
    params(("key" = String, Path, description = "The key's name")),
    responses(
        (status = 200, body = Key),
        (status = 202, body = super::approvals::Approval, description = "It takes two persons"),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It is in use: rotate it first"),
        (status = 503, body = ProblemBody, description = "It could not be done, or recorded"),
    ),
)]
async fn revoke(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
) -> Result<Json<Key>, Failed> {
    let revoked = state.node.change_keys(&caller, KeyAct::Revoke(name(&key)?), None).await?;
    Ok(Json(Key::of(&revoked, state.node.now())))
}

/// Forgets a key that nobody has to find any longer, with its public half.
#[utoipa::path(
    post,
    path = "/keys/{key}/destroy",
    tag = "keys",
    params(("key" = String, Path, description = "The key's name")),
    responses(
        (status = 200, body = Key),
        (status = 202, body = super::approvals::Approval, description = "It takes two persons"),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It is in use or published"),
        (status = 503, body = ProblemBody, description = "It could not be done, or recorded"),
    ),
)]
async fn destroy(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
) -> Result<Json<Key>, Failed> {
    let gone = state.node.change_keys(&caller, KeyAct::Destroy(name(&key)?), None).await?;
    Ok(Json(Key::destroyed(&gone, state.node.now())))
}

fn name(text: &str) -> Result<KeyName, Problem> {
    KeyName::parse(text).map_err(|_| unknown())
}

fn unknown() -> Problem {
    let text = "the node has no key of this name";
    Problem::new(ProblemCode::NotFound, text).hint("list them with: causeway keys list")
}

fn algorithm(text: &str) -> Result<Algorithm, Problem> {
    let found = Algorithm::parse(text);
    found
        .filter(|one| ALGORITHMS.contains(one))
        .ok_or_else(|| bad(&format!("algorithm: found {text:?}, expected ES256 or EdDSA")))
}
