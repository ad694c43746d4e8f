//! What the law says of crossings: decisions that were made, what people record, duties.

use axum::extract::{self, Path};
use axum::{Extension, Json};
use causeway_node::NewAttestation;
use causeway_store::DecisionEntry;
use causeway_types::{
    AttestationId, Blake3, DatasetId, DecisionId, FactValue, Problem, ProblemCode, StatedFacts,
    Timestamp,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::idempotency::Key;
use super::models::{
    Agreement, Attestation, Decision, DecisionSummary, Done, Drift, Page, Persons, PersonsColumn,
    Statement,
};
use super::problem::{Failed, ProblemBody};
use super::request::{self, Listing, Query, answer, bad, full, unreadable};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(decisions))
        .routes(routes!(decision))
        .routes(routes!(attestations, attest))
        .routes(routes!(revoke))
        .routes(routes!(recheck))
        .routes(routes!(duty_done))
        .routes(routes!(count_persons))
}

/// Decisions, newest first.
#[utoipa::path(
    get,
    path = "/decisions",
    tag = "law",
    params(Listing),
    responses((status = 200, body = Page<DecisionSummary>)),
)]
async fn decisions(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<DecisionSummary>>, Failed> {
    let page = listing.page()?;
    let found = state.node.store().decisions(page).await;
    answer(page, found, DecisionSummary::of).map(Json)
}

/// A decision with its facts, where each comes from, the rules with their articles, and what would
/// help. `replayed` says whether the rule packs of this node still give the same decision, byte for
/// byte.
#[utoipa::path(
    get,
    path = "/decisions/{id}",
    tag = "law",
    params(("id" = String, Path, description = "The decision's id, or the digest in it")),
    responses((status = 200, body = Decision), (status = 404, body = ProblemBody)),
)]
async fn decision(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Decision>, Failed> {
    let id = match id.starts_with("urn:") {
        true => id,
        false => format!("urn:causeway:decision:{id}"),
    };
    let id = DecisionId::parse(id).map_err(|error| bad(&error))?;
    let stored = state.node.store().decision(&id).await.map_err(unreadable)?;
    let DecisionEntry { id, at_worst, document, decided_at } = stored
        .map(|stored| stored.value)
        .ok_or_else(|| Problem::new(ProblemCode::NotFound, format!("there is no decision {id}")))?;
    let replayed = state.node.replays(&document);
    let document: Value = serde_json::from_str(&document).map_err(|error| {
        Problem::new(ProblemCode::Internal, "the decision cannot be read")
            .internal(error.to_string())
    })?;
    let text = state.node.decision_text(&document);
    Ok(Json(Decision {
        id: id.to_string(),
        at_worst,
        decided_at: decided_at.to_string(),
        replayed,
        text,
        document,
    }))
}

/// Whose attestations are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// Name, participant id or address of a peer; all, if missing.
    peer: Option<String>,
}

/// What people recorded, newest first; revoked records too.
#[utoipa::path(
    get,
    path = "/attestations",
    tag = "law",
    params(Listing, Whose),
    responses((status = 200, body = Page<Attestation>), (status = 404, body = ProblemBody)),
)]
async fn attestations(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
    Query(whose): Query<Whose>,
) -> Result<Json<Page<Attestation>>, Failed> {
    let page = listing.page()?;
    let peer = match &whose.peer {
        Some(peer) => Some(super::peers::find(&state.node, peer).await?),
        None => None,
    };
    let found = state.node.store().attestations(peer.as_ref(), page).await;
    let now = state.node.now();
    answer(page, found, |attestation| Attestation::of(attestation, now)).map(Json)
}

/// Records a mechanism that is in place, or the answer to a question. Whatever waited for it goes
/// on at once.
#[utoipa::path(
    post,
    path = "/attestations",
    tag = "law",
    request_body = Statement,
    responses(
        (status = 201, body = Attestation),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody, description = "No such peer"),
    ),
)]
async fn attest(
    extract::State(state): extract::State<State>,
    key: Option<Extension<Key>>,
    request::Json(statement): request::Json<Statement>,
) -> Result<(StatusCode, Json<Attestation>), Failed> {
    let now = state.node.now();
    let time = |name: &str, text: &Option<String>| {
        let read = |text: &String| {
            read_time(text).ok_or_else(|| {
                bad(&format!("{name}: found {text:?}, expected a day or an RFC 3339 time"))
            })
        };
        text.as_ref().map(read).transpose()
    };
    let new = NewAttestation {
        peer: super::peers::find(&state.node, &statement.peer).await?,
        dataset_id: statement
            .dataset_id
            .as_deref()
            .map(|id| DatasetId::parse(full(id)))
            .transpose()
            .map_err(|error| bad(&error))?,
        facts: stated(&statement.facts)?,
        reference: statement.reference,
        valid_from: time("valid_from", &statement.valid_from)?,
        valid_until: time("valid_until", &statement.valid_until)?,
    };
    let remember = key.map(|Extension(key)| {
        let answer = move |new: &_| key.remember(StatusCode::CREATED, &Attestation::of(new, now));
        Box::new(answer) as Box<dyn Fn(&_) -> _ + Send + Sync>
    });
    let attestation = state.node.attest(new, remember).await?;
    Ok((StatusCode::CREATED, Json(Attestation::of(&attestation, now))))
}

/// Takes a record back. Live contracts are checked again at once, and transfers that rest on it are
/// suspended.
#[utoipa::path(
    post,
    path = "/attestations/{id}/revoke",
    tag = "law",
    params(("id" = String, Path, description = "The attestation's id")),
    responses((status = 200, body = Attestation), (status = 404, body = ProblemBody)),
)]
async fn revoke(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Attestation>, Failed> {
    let id = AttestationId::parse(full(&id)).map_err(|error| bad(&error))?;
    let attestation = state.node.revoke(&id).await?;
    Ok(Json(Attestation::of(&attestation, state.node.now())))
}

/// Checks every live contract again; what the law no longer lets pass is suspended.
#[utoipa::path(
    post,
    path = "/law/recheck",
    tag = "law",
    responses((status = 200, body = Drift)),
)]
async fn recheck(extract::State(state): extract::State<State>) -> Result<Json<Drift>, Failed> {
    let drift = state.node.recheck().await?;
    Ok(Json(Drift {
        agreements: drift.agreements,
        changed: drift.changed.iter().map(ToString::to_string).collect(),
        suspended: drift.suspended.iter().map(ToString::to_string).collect(),
    }))
}

/// Records that a duty of an agreement was done.
#[utoipa::path(
    post,
    path = "/agreements/{id}/duties/{duty}/done",
    tag = "law",
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("duty" = String, Path, description = "The duty's id"),
    ),
    request_body = Done,
    responses((status = 200, body = Agreement), (status = 404, body = ProblemBody)),
)]
async fn duty_done(
    extract::State(state): extract::State<State>,
    Path((id, duty)): Path<(String, String)>,
    request::Json(done): request::Json<Done>,
) -> Result<Json<Agreement>, Failed> {
    let agreement = super::agreements::find(&state.node, &id).await?;
    let entry = state.node.duty_done(&agreement.agreement.id, &duty, &done.reference).await?;
    Ok(Json(Agreement::of(&entry)))
}

/// Counts the persons of an uploaded CSV file, by a column with one id a person. Of each id only a
/// keyed hash is kept. Counting again changes nothing.
#[utoipa::path(
    post,
    path = "/objects/{blake3}/persons",
    tag = "objects",
    params(("blake3" = String, Path, description = "The BLAKE3 of the file")),
    request_body = PersonsColumn,
    responses(
        (status = 200, body = Persons),
        (status = 400, body = ProblemBody, description = "No CSV, no column, a row without id"),
        (status = 404, body = ProblemBody),
    ),
)]
async fn count_persons(
    extract::State(state): extract::State<State>,
    Path(blake3): Path<String>,
    request::Json(asked): request::Json<PersonsColumn>,
) -> Result<Json<Persons>, Failed> {
    let blake3 = Blake3::parse(&blake3).map_err(|error| bad(&error))?;
    let persons = state.node.count_persons(&blake3, &asked.column).await?;
    Ok(Json(Persons { persons }))
}

/// Facts as a JSON object; `null` is unknown.
pub(super) fn stated(facts: &Map<String, Value>) -> Result<StatedFacts, Problem> {
    let mut stated = StatedFacts::new();
    for (name, value) in facts {
        let expected = "true, false, a whole number from 0 on, a text, or null";
        let wrong = || bad(&format!("{name}: found {value}, expected {expected}"));
        let value = match value {
            Value::Null => FactValue::Unknown,
            Value::Bool(flag) => FactValue::Flag(*flag),
            Value::Number(number) => FactValue::Count(number.as_u64().ok_or_else(wrong)?),
            Value::String(text) => FactValue::Text(text.clone()),
            Value::Array(_) | Value::Object(_) => return Err(wrong()),
        };
        stated.state(name, value).map_err(|error| bad(&error))?;
    }
    Ok(stated)
}

/// A time, or a day, which stands for its beginning, UTC.
fn read_time(text: &str) -> Option<Timestamp> {
    let day = || Timestamp::parse(&format!("{text}T00:00:00Z")).ok();
    Timestamp::parse(text).ok().or_else(day)
}
