//! `/trust`: whom this node believes.

use axum::Json;
use axum::extract;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::Trust;
use super::problem::{Failed, ProblemBody};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(trust, reload_trust))
}

/// The trust files that this node goes by: who may vouch for what, until when.
#[utoipa::path(get, path = "/trust", tag = "trust", responses((status = 200, body = Trust)))]
async fn trust(extract::State(state): extract::State<State>) -> Json<Trust> {
    Json(Trust::of(&state.node.trust(), state.node.now()))
}

/// Reads the installed trust files again and goes by them at once. What is wrong with them is
/// answered, and what was read before stays in force; an older file is never taken.
#[utoipa::path(
    post,
    path = "/trust",
    tag = "trust",
    responses(
        (status = 200, body = Trust),
        (status = 409, body = ProblemBody, description = "They are older than those in force"),
    ),
)]
async fn reload_trust(extract::State(state): extract::State<State>) -> Result<Json<Trust>, Failed> {
    let trust = state.node.reload_trust().await?;
    Ok(Json(Trust::of(&trust, state.node.now())))
}
