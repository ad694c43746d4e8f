//! Negotiations: request a contract, answer, propose, end, look back.

use axum::extract::{self, Path};
use axum::{Extension, Json};
use causeway_dsp::catalog::Dataset;
use causeway_dsp::negotiation::Offer;
use causeway_dsp::{Reason, wire};
use causeway_node::{NegotiationAct, Node, Terms};
use causeway_types::{DatasetId, ParticipantId, Problem, ProblemCode};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::convert::read_policy;
use super::idempotency::Key;
use super::models::{Event, Negotiation, NewNegotiation, Page, Proposal, Why};
use super::problem::{Failed, ProblemBody};
use super::request::{self, Listing, Query, answer, bad, full, process, unreadable};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, request_contract))
        .routes(routes!(show))
        .routes(routes!(history))
        .routes(routes!(accept))
        .routes(routes!(propose))
        .routes(routes!(terminate))
}

/// Negotiations, newest first.
#[utoipa::path(
    get,
    path = "/negotiations",
    tag = "negotiations",
    params(Listing),
    responses((status = 200, body = Page<Negotiation>)),
)]
async fn list(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Negotiation>>, Failed> {
    let page = listing.page()?;
    let found = state.node.store().negotiations(page).await;
    answer(page, found, Negotiation::of).map(Json)
}

/// Requests a contract from a peer, as the consumer.
#[utoipa::path(
    post,
    path = "/negotiations",
    tag = "negotiations",
    request_body = NewNegotiation,
    responses(
        (status = 201, body = Negotiation),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody, description = "No such peer, dataset or offer"),
        (status = 504, body = ProblemBody, description = "The peer cannot be reached"),
    ),
)]
async fn request_contract(
    extract::State(state): extract::State<State>,
    key: Option<Extension<Key>>,
    request::Json(asked): request::Json<NewNegotiation>,
) -> Result<(StatusCode, Json<Negotiation>), Failed> {
    let peer = super::peers::find(&state.node, &asked.peer).await?;
    let offer = terms(&state.node, &peer, &asked).await?;
    let remember = key.map(|Extension(key)| {
        let answer = move |entry: &_| key.remember(StatusCode::CREATED, &Negotiation::of(entry));
        Box::new(answer) as Box<dyn Fn(&_) -> _ + Send + Sync>
    });
    let entry = state.node.request_contract(&peer, offer, remember).await?;
    Ok((StatusCode::CREATED, Json(Negotiation::of(&entry))))
}

/// The terms to ask for: as given, or as the peer's catalog has them now.
async fn terms(
    node: &Node,
    peer: &ParticipantId,
    asked: &NewNegotiation,
) -> Result<Offer, Problem> {
    match (&asked.offer, &asked.dataset_id) {
        (Some(offer), None) => {
            let bytes = serde_json::to_vec(offer).map_err(|error| bad(&error))?;
            let document = wire::parse(&bytes).map_err(|error| bad(&error))?;
            wire::read_offer(&document).map_err(|error| bad(&error))
        }
        (None, Some(id)) => {
            let (id, dataset) = dataset_of(node, peer, id).await?;
            let offer = dataset.offers.into_iter().find(|offer| match &asked.offer_id {
                Some(wanted) => [wanted, &full(wanted)].contains(&&offer.id.to_string()),
                None => true,
            });
            let offer = offer.ok_or_else(|| {
                Problem::new(ProblemCode::NotFound, format!("dataset {id} has no such offer"))
            })?;
            Ok(Offer { target: Some(id), ..offer })
        }
        _ => Err(Problem::new(
            ProblemCode::BadRequest,
            "expected either dataset_id or offer, to say what is requested",
        )),
    }
}

/// A peer's dataset. Peers may name theirs by bare UUIDs: an id counts as it stands, and only then
/// as one without `urn:uuid:`.
async fn dataset_of(
    node: &Node,
    peer: &ParticipantId,
    text: &str,
) -> Result<(DatasetId, Dataset), Problem> {
    let read = |id: String| DatasetId::parse(id).map_err(|error| bad(&error));
    let (id, full) = (read(text.to_owned())?, read(full(text))?);
    match node.peer_dataset(peer, &id).await {
        Err(problem) if problem.code() == ProblemCode::NotFound && id != full => {
            let dataset = node.peer_dataset(peer, &full).await?;
            Ok((full, dataset))
        }
        found => Ok((id, found?)),
    }
}

/// A negotiation.
#[utoipa::path(
    get,
    path = "/negotiations/{id}",
    tag = "negotiations",
    params(("id" = String, Path, description = "Our pid")),
    responses((status = 200, body = Negotiation), (status = 404, body = ProblemBody)),
)]
async fn show(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Negotiation>, Failed> {
    let id = process(&id)?;
    let stored = state.node.store().negotiation(&id).await.map_err(unreadable)?;
    let stored = stored.ok_or_else(|| {
        Problem::new(ProblemCode::NotFound, format!("there is no negotiation {id}"))
    })?;
    Ok(Json(Negotiation::of(&stored.value)))
}

/// What happened to a negotiation, oldest first.
#[utoipa::path(
    get,
    path = "/negotiations/{id}/history",
    tag = "negotiations",
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

/// Answers the open question with yes: agree, accept, verify or finalize.
#[utoipa::path(
    post,
    path = "/negotiations/{id}/accept",
    tag = "negotiations",
    params(("id" = String, Path, description = "Our pid")),
    responses(
        (status = 200, body = Negotiation),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "Nothing waits for an answer"),
    ),
)]
async fn accept(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Negotiation>, Failed> {
    decide(&state.node, &id, &NegotiationAct::Accept).await
}

/// Proposes other terms: a counter-offer of the provider, or a new request of the consumer.
#[utoipa::path(
    post,
    path = "/negotiations/{id}/propose",
    tag = "negotiations",
    params(("id" = String, Path, description = "Our pid")),
    request_body = Proposal,
    responses(
        (status = 200, body = Negotiation),
        (status = 400, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "The state does not allow it"),
    ),
)]
async fn propose(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    request::Json(proposal): request::Json<Proposal>,
) -> Result<Json<Negotiation>, Failed> {
    let policy = read_policy(&proposal.policy)?;
    decide(&state.node, &id, &NegotiationAct::Propose(Terms { policy })).await
}

/// Answers the open question with no, or ends the negotiation out of turn.
#[utoipa::path(
    post,
    path = "/negotiations/{id}/terminate",
    tag = "negotiations",
    params(("id" = String, Path, description = "Our pid")),
    request_body = Why,
    responses(
        (status = 200, body = Negotiation),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It has ended already"),
    ),
)]
async fn terminate(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    request::Json(why): request::Json<Why>,
) -> Result<Json<Negotiation>, Failed> {
    decide(&state.node, &id, &NegotiationAct::Terminate(reason(why, "declined"))).await
}

async fn decide(node: &Node, id: &str, act: &NegotiationAct) -> Result<Json<Negotiation>, Failed> {
    let entry = node.decide_negotiation(&process(id)?, act).await?;
    Ok(Json(Negotiation::of(&entry)))
}

/// A reason with at least a code.
pub(super) fn reason(why: Why, code: &str) -> Reason {
    Reason::new(Some(why.code.unwrap_or_else(|| code.to_owned())), why.reason)
}
