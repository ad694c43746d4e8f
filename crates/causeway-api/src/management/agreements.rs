//! Concluded contracts.

use axum::Json;
use axum::extract::{self, Path, Query};
use causeway_types::{AgreementId, Problem, ProblemCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::{Agreement, Page};
use super::problem::{Failed, ProblemBody};
use super::request::{Listing, answer, bad, full, unreadable};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// Agreements, newest first.
#[utoipa::path(
    get,
    path = "/agreements",
    tag = "agreements",
    params(Listing),
    responses((status = 200, body = Page<Agreement>)),
)]
async fn list(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Agreement>>, Failed> {
    let page = listing.page()?;
    let found = state.node.store().agreements(page).await;
    answer(page, found, Agreement::of).map(Json)
}

/// An agreement.
#[utoipa::path(
    get,
    path = "/agreements/{id}",
    tag = "agreements",
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200, body = Agreement), (status = 404, body = ProblemBody)),
)]
async fn show(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Agreement>, Failed> {
    let id = AgreementId::parse(full(&id)).map_err(|error| bad(&error))?;
    let stored = state.node.store().agreement(&id).await.map_err(unreadable)?;
    let stored = stored.ok_or_else(|| {
        Problem::new(ProblemCode::NotFound, format!("there is no agreement {id}"))
    })?;
    Ok(Json(Agreement::of(&stored.value)))
}
