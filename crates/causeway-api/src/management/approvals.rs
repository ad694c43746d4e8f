//! `/approvals`: acts that wait for the yes of a second person.

use axum::extract::{self, Path};
use axum::{Extension, Json};
use causeway_node::access::Caller;
use causeway_store::Approval as Stored;
use causeway_types::{Problem, ProblemCode, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::Page;
use super::problem::{Failed, ProblemBody};
use super::request::{self, Listing, Query, answer, full, unreadable};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(approve))
        .routes(routes!(reject))
}

/// An act that takes two persons. Whoever asked repeats their request with the header
/// `Causeway-Approval` once it is approved; then it is carried out, once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Approval {
    /// Its id.
    id: String,
    /// `waiting`, `approved`, `rejected`, `expired` or `done`.
    state: String,
    /// The act in words.
    words: String,
    /// The method of the request.
    method: String,
    /// Its path and query.
    path: String,
    /// The SHA-256 of its body.
    body_sha256: String,
    /// Any of these scopes is needed to approve it.
    needs: Vec<String>,
    /// The person who asked.
    asked_by: String,
    /// When.
    asked_at: String,
    /// Until then it can be approved and carried out.
    expires_at: String,
    /// The person who said yes or no.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<String>,
    /// The status that was answered then.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<u16>,
}

/// Why it is approved or rejected.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Opinion {
    /// A sentence for people.
    reason: Option<String>,
}

/// An approval as it is shown.
pub(super) fn model(approval: &Stored, now: Timestamp) -> Approval {
    let verdict = approval.verdict.as_ref();
    let state = match verdict {
        _ if approval.used_at.is_some() => "done",
        Some(verdict) if !verdict.approved => "rejected",
        _ if now >= approval.expires_at => "expired",
        Some(_) => "approved",
        None => "waiting",
    };
    Approval {
        id: approval.id.clone(),
        state: state.to_owned(),
        words: approval.words.clone(),
        method: approval.method.clone(),
        path: approval.path.clone(),
        body_sha256: approval.body.to_string(),
        needs: approval.needs.clone(),
        asked_by: approval.asked_person.clone(),
        asked_at: approval.asked_at.to_string(),
        expires_at: approval.expires_at.to_string(),
        decided_by: verdict.map(|verdict| verdict.person.clone()),
        decided_at: verdict.map(|verdict| verdict.at.to_string()),
        reason: verdict.and_then(|verdict| verdict.reason.clone()),
        done_at: approval.used_at.map(|at| at.to_string()),
        outcome: approval.outcome,
    }
}

/// Acts that take two persons, newest first.
#[utoipa::path(
    get,
    path = "/approvals",
    tag = "access",
    params(Listing),
    responses((status = 200, body = Page<Approval>)),
)]
async fn list(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Approval>>, Failed> {
    let page = listing.page()?;
    let found = causeway_store::list(state.node.store(), None, page).await;
    let now = state.node.now();
    answer(page, found, |approval| model(approval, now)).map(Json)
}

/// An act that takes two persons.
#[utoipa::path(
    get,
    path = "/approvals/{id}",
    tag = "access",
    params(("id" = String, Path, description = "The approval's id")),
    responses((status = 200, body = Approval), (status = 404, body = ProblemBody)),
)]
async fn show(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Approval>, Failed> {
    let found = causeway_store::read::<Stored>(state.node.store(), &full(&id)).await;
    let found = found.map_err(unreadable)?.ok_or_else(|| {
        let text = "there is no approval with this id";
        Problem::new(ProblemCode::NotFound, text).hint("list them with: causeway approval list")
    })?;
    Ok(Json(model(&found.value, state.node.now())))
}

/// Says yes to an act of somebody else. Whoever asked cannot, with no token of theirs.
#[utoipa::path(
    post,
    path = "/approvals/{id}/approve",
    tag = "access",
    params(("id" = String, Path, description = "The approval's id")),
    request_body = Opinion,
    responses(
        (status = 200, body = Approval),
        (status = 403, body = ProblemBody, description = "The caller asked, or may not do it"),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It is decided, done or expired"),
    ),
)]
async fn approve(
    state: extract::State<State>,
    caller: Extension<Caller>,
    id: Path<String>,
    opinion: request::Json<Opinion>,
) -> Result<Json<Approval>, Failed> {
    decide(state, caller, id, opinion, true).await
}

/// Says no to an act. Whoever asked may take it back so.
#[utoipa::path(
    post,
    path = "/approvals/{id}/reject",
    tag = "access",
    params(("id" = String, Path, description = "The approval's id")),
    request_body = Opinion,
    responses(
        (status = 200, body = Approval),
        (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It is decided, done or expired"),
    ),
)]
async fn reject(
    state: extract::State<State>,
    caller: Extension<Caller>,
    id: Path<String>,
    opinion: request::Json<Opinion>,
) -> Result<Json<Approval>, Failed> {
    decide(state, caller, id, opinion, false).await
}

async fn decide(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request::Json(opinion): request::Json<Opinion>,
    approved: bool,
) -> Result<Json<Approval>, Failed> {
    let id = full(&id);
    let decided = state.node.decide_approval(&caller, &id, approved, opinion.reason).await?;
    Ok(Json(model(&decided, state.node.now())))
}
