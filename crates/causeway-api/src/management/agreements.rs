//! Concluded contracts.

use axum::Json;
use axum::extract::{self, Path};
use causeway_node::Node;
use causeway_store::AgreementEntry;
use causeway_types::{AgreementId, Problem, ProblemCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::{Agreement, Page};
use super::problem::{Failed, ProblemBody};
use super::request::{Listing, Query, answer, bad, full, unreadable};

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
    Ok(Json(Agreement::of(&find(&state.node, &id).await?)))
}

/// The agreement of this id. Providers name agreements, some by bare UUIDs: an id counts as it
/// stands, and only then as one without `urn:uuid:`.
pub(super) async fn find(node: &Node, text: &str) -> Result<AgreementEntry, Problem> {
    for id in [text.to_owned(), full(text)] {
        let id = AgreementId::parse(id).map_err(|error| bad(&error))?;
        if let Some(stored) = node.store().agreement(&id).await.map_err(unreadable)? {
            return Ok(stored.value);
        }
    }
    Err(Problem::new(ProblemCode::NotFound, format!("there is no agreement {text}")))
}
