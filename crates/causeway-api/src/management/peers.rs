//! Peers: who they are, whether they can be reached, what they offer.

use axum::Json;
use axum::extract::{self, Path};
use causeway_node::Node;
use causeway_types::{DatasetId, ParticipantId, Problem, ProblemCode};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::{Catalog, Check, Dataset, Peer, Peers};
use super::problem::{Failed, ProblemBody};
use super::request::{Query, bad};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(check))
        .routes(routes!(catalog))
        .routes(routes!(dataset))
}

/// The peers of the configuration.
#[utoipa::path(get, path = "/peers", tag = "peers", responses((status = 200, body = Peers)))]
async fn list(extract::State(state): extract::State<State>) -> Json<Peers> {
    let items = state.node.directory().peers().iter().map(|peer| Peer {
        name: peer.name.clone(),
        participant_id: peer.participant_id.to_string(),
        address: peer.address.to_string(),
        jurisdiction: peer.jurisdiction.clone(),
    });
    Json(Peers { items: items.collect() })
}

/// Checks both directions between this node and a peer, hop by hop.
#[utoipa::path(
    post,
    path = "/peers/{peer}/check",
    tag = "peers",
    params(("peer" = String, Path, description = "Name, participant id or address")),
    responses((status = 200, body = Check), (status = 404, body = ProblemBody)),
)]
async fn check(
    extract::State(state): extract::State<State>,
    Path(peer): Path<String>,
) -> Result<Json<Check>, Failed> {
    let peer = find(&state.node, &peer)?;
    Ok(Json(Check::of(&peer, &state.node.probe(&peer).await)))
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Next {
    /// The `next` of the previous page.
    next: Option<String>,
}

/// A page of a peer's catalog, asked for now.
#[utoipa::path(
    get,
    path = "/peers/{peer}/catalog",
    tag = "peers",
    params(("peer" = String, Path, description = "Name, participant id or address"), Next),
    responses(
        (status = 200, body = Catalog),
        (status = 404, body = ProblemBody),
        (status = 502, body = ProblemBody, description = "The peer refused, or is not understood"),
        (status = 504, body = ProblemBody, description = "The peer cannot be reached"),
    ),
)]
async fn catalog(
    extract::State(state): extract::State<State>,
    Path(peer): Path<String>,
    Query(page): Query<Next>,
) -> Result<Json<Catalog>, Failed> {
    let peer = find(&state.node, &peer)?;
    let page = state.node.peer_catalog(&peer, page.next.as_deref()).await?;
    Ok(Json(Catalog {
        participant_id: page.catalog.participant_id.to_string(),
        datasets: page.catalog.datasets.iter().map(Dataset::of).collect(),
        problems: page.problems,
        next: page.next,
    }))
}

/// A dataset of a peer's catalog, asked for now.
#[utoipa::path(
    get,
    path = "/peers/{peer}/datasets/{id}",
    tag = "peers",
    params(
        ("peer" = String, Path, description = "Name, participant id or address"),
        ("id" = String, Path, description = "The dataset's id"),
    ),
    responses((status = 200, body = Dataset), (status = 404, body = ProblemBody)),
)]
async fn dataset(
    extract::State(state): extract::State<State>,
    Path((peer, id)): Path<(String, String)>,
) -> Result<Json<Dataset>, Failed> {
    let peer = find(&state.node, &peer)?;
    let id = DatasetId::parse(id).map_err(|error| bad(&error))?;
    Ok(Json(Dataset::of(&state.node.peer_dataset(&peer, &id).await?)))
}

/// The peer that a caller means.
pub(super) fn find(node: &Node, text: &str) -> Result<ParticipantId, Problem> {
    node.directory().find(text).map(|peer| peer.participant_id.clone()).ok_or_else(|| {
        let names: Vec<&str> = node.directory().peers().iter().map(|p| p.name.as_str()).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Problem::new(ProblemCode::NotFound, format!("there is no peer {text:?}"))
            .hint(format!("the configuration lists under [[peers]]: {known}"))
    })
}
