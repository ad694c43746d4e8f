//! Peers: who they are, whether they can be reached, what they offer.

use axum::Json;
use axum::extract::{self, Path};
use causeway_dcp::did::Did;
use causeway_node::Node;
use causeway_types::{DatasetId, ParticipantId, Problem};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::{
    AllWaitingKeys, ApprovedKeys, Catalog, Check, Dataset, Peer, PeerIdentity, Peers, WaitingKeys,
};
use super::problem::{Failed, ProblemBody};
use super::request::{self, Query, bad};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(check))
        .routes(routes!(identity))
        .routes(routes!(approve))
        .routes(routes!(changed))
        .routes(routes!(catalog))
        .routes(routes!(dataset))
}

/// The peers of the configuration, and those that showed credentials.
#[utoipa::path(get, path = "/peers", tag = "peers", responses((status = 200, body = Peers)))]
async fn list(extract::State(state): extract::State<State>) -> Result<Json<Peers>, Failed> {
    let mut items = Vec::new();
    for peer in state.node.directory().peers() {
        items.push(Peer {
            name: peer.name.clone(),
            participant_id: peer.participant_id.to_string(),
            address: peer.address.to_string(),
            jurisdiction: state.node.area_of(&peer).await?,
        });
    }
    Ok(Json(Peers { items }))
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
    let peer = find(&state.node, &peer).await?;
    Ok(Json(Check::of(&peer, &state.node.probe(&peer).await)))
}

/// Who a peer is: its pinned keys, and the credentials that it showed last.
#[utoipa::path(
    get,
    path = "/peers/{peer}/identity",
    tag = "peers",
    params(("peer" = String, Path, description = "Name, participant id or address")),
    responses((status = 200, body = PeerIdentity), (status = 404, body = ProblemBody)),
)]
async fn identity(
    extract::State(state): extract::State<State>,
    Path(peer): Path<String>,
) -> Result<Json<PeerIdentity>, Failed> {
    let peer = find(&state.node, &peer).await?;
    Ok(Json(PeerIdentity::of(&peer, &state.node.peer_identity(&peer).await?)))
}

/// Takes changed keys for the peer's own: exactly those that are named.
#[utoipa::path(
    post,
    path = "/peers/{peer}/identity/approve",
    tag = "peers",
    params(("peer" = String, Path, description = "Name, participant id or address")),
    request_body = ApprovedKeys,
    responses(
        (status = 200, body = PeerIdentity),
        (status = 404, body = ProblemBody, description = "No such peer, or no changed keys"),
        (status = 409, body = ProblemBody, description = "Other keys wait"),
    ),
)]
async fn approve(
    extract::State(state): extract::State<State>,
    Path(peer): Path<String>,
    request::Json(approved): request::Json<ApprovedKeys>,
) -> Result<Json<PeerIdentity>, Failed> {
    let known = state.node.directory().find(&peer).map(|peer| peer.participant_id.clone());
    let peer = match known {
        Some(peer) => peer,
        None => ParticipantId::parse(peer).map_err(|error| bad(&error))?,
    };
    let did = Did::parse(peer.as_str()).map_err(|error| bad(&error))?;
    state.node.approve_keys(&did, &approved.keys).await?;
    Ok(Json(PeerIdentity::of(&peer, &state.node.peer_identity(&peer).await?)))
}

/// Parties whose keys changed without a proof, and wait for a person.
#[utoipa::path(
    get,
    path = "/changed-keys",
    tag = "peers",
    responses((status = 200, body = AllWaitingKeys)),
)]
async fn changed(
    extract::State(state): extract::State<State>,
) -> Result<Json<AllWaitingKeys>, Failed> {
    let pins = state.node.changed_keys().await?;
    let known = pins.iter().map(|pin| (pin, state.node.directory().find(&pin.did)));
    let items = known.filter_map(|(pin, peer)| {
        // A peer that was met by its DID is called by it.
        let name = peer.as_ref().map(|peer| peer.name.as_str()).filter(|name| *name != pin.did);
        WaitingKeys::of(pin, name)
    });
    Ok(Json(AllWaitingKeys { items: items.collect() }))
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
    let peer = find(&state.node, &peer).await?;
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
    let peer = find(&state.node, &peer).await?;
    let id = DatasetId::parse(id).map_err(|error| bad(&error))?;
    Ok(Json(Dataset::of(&state.node.peer_dataset(&peer, &id).await?)))
}

/// The peer that a caller means: one that is known, or a party by its DID, looked for now.
pub(super) async fn find(node: &Node, text: &str) -> Result<ParticipantId, Problem> {
    Ok(node.find_peer(text).await?.participant_id.clone())
}
