//! Offers: publish, list, show, withdraw.

use axum::extract::{self, Path};
use axum::{Extension, Json};
use causeway_node::Node;
use causeway_store::PublishedOffer;
use causeway_types::limits::OFFERS_BATCH_MAX;
use causeway_types::{OfferId, Problem, ProblemCode};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::idempotency::Key;
use super::models::{NewBatch, NewOffer, Offer, OfferCrossing, OfferCrossings, Outcomes, Page};
use super::problem::{Failed, ProblemBody};
use super::request::{self, Listing, Query, answer, bad, full, unreadable};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, publish))
        .routes(routes!(publish_batch))
        .routes(routes!(show))
        .routes(routes!(crossings))
        .routes(routes!(withdraw))
}

/// Whether withdrawn offers are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// List withdrawn offers too.
    #[serde(default)]
    withdrawn: bool,
}

/// The offers of this node, in the order of publication.
#[utoipa::path(
    get,
    path = "/offers",
    tag = "offers",
    params(Listing, Which),
    responses((status = 200, body = Page<Offer>)),
)]
async fn list(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
    Query(which): Query<Which>,
) -> Result<Json<Page<Offer>>, Failed> {
    let page = listing.page()?;
    let found = state.node.store().offers(page, which.withdrawn).await;
    answer(page, found, Offer::of).map(Json)
}

/// Publishes a dataset with its terms. The file is uploaded before.
#[utoipa::path(
    post,
    path = "/offers",
    tag = "offers",
    request_body = NewOffer,
    responses(
        (status = 201, body = Offer),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody, description = "The file is not uploaded"),
        (status = 409, body = ProblemBody, description = "The id is taken"),
    ),
)]
async fn publish(
    extract::State(state): extract::State<State>,
    key: Option<Extension<Key>>,
    request::Json(offer): request::Json<NewOffer>,
) -> Result<(StatusCode, Json<Offer>), Failed> {
    let remember = key.map(|Extension(key)| {
        let answer = move |offer: &_| key.remember(StatusCode::CREATED, &Offer::of(offer));
        Box::new(answer) as Box<dyn Fn(&_) -> _ + Send + Sync>
    });
    let offer = state.node.publish(offer.typed(&state.node)?, remember).await?;
    Ok((StatusCode::CREATED, Json(Offer::of(&offer))))
}

/// Publishes many datasets in one commit. An offer that cannot be published does not keep the
/// others from it; one whose dataset is offered already, with the same file, is left as it is, so
/// that the same request can be sent again.
#[utoipa::path(
    post,
    path = "/offers/batch",
    tag = "offers",
    request_body = NewBatch,
    responses(
        (status = 200, body = Outcomes, description = "What became of each, in the same order"),
        (status = 400, body = ProblemBody),
    ),
)]
async fn publish_batch(
    extract::State(state): extract::State<State>,
    request::Json(batch): request::Json<NewBatch>,
) -> Result<Json<Outcomes>, Failed> {
    let found = batch.offers.len();
    if found > OFFERS_BATCH_MAX {
        let text = format!("offers: found {found}, expected at most {OFFERS_BATCH_MAX}");
        return Err(Problem::new(ProblemCode::BadRequest, text).into());
    }
    let read = |offer| {
        let offer: NewOffer = serde_json::from_value(offer).map_err(|error| bad(&error))?;
        offer.typed(&state.node)
    };
    let offers = batch.offers.into_iter().map(read).collect();
    let items = state.node.publish_all(offers).await?;
    Ok(Json(Outcomes { items: items.iter().map(super::about::outcome).collect() }))
}

/// An offer.
#[utoipa::path(
    get,
    path = "/offers/{id}",
    tag = "offers",
    params(("id" = String, Path, description = "The offer's id")),
    responses((status = 200, body = Offer), (status = 404, body = ProblemBody)),
)]
async fn show(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Offer>, Failed> {
    Ok(Json(Offer::of(&find(&state.node, &id).await?)))
}

/// What the law of both sides says of an offer today, for each configured peer that may know of
/// it. Nothing is recorded, and no peer is asked.
#[utoipa::path(
    get,
    path = "/offers/{id}/crossings",
    tag = "offers",
    params(("id" = String, Path, description = "The offer's id")),
    responses((status = 200, body = OfferCrossings), (status = 404, body = ProblemBody)),
)]
async fn crossings(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<OfferCrossings>, Failed> {
    let offer = find(&state.node, &id).await?;
    let found = state.node.preview(&offer).await?.into_iter().map(|preview| {
        let peer = state.node.directory().peer(&preview.peer);
        let name = peer.map(|peer| peer.name.clone());
        OfferCrossing::of(preview, name)
    });
    Ok(Json(OfferCrossings { items: found.collect() }))
}

async fn find(node: &Node, id: &str) -> Result<PublishedOffer, Problem> {
    let id = read(id)?;
    let offer = node.store().offer(&id).await.map_err(unreadable)?;
    let found = offer.map(|stored| stored.value);
    found.ok_or_else(|| Problem::new(ProblemCode::NotFound, format!("there is no offer {id}")))
}

/// Takes an offer out of the catalog. Contracts that rest on it stay.
#[utoipa::path(
    post,
    path = "/offers/{id}/withdraw",
    tag = "offers",
    params(("id" = String, Path, description = "The offer's id")),
    responses((status = 200, body = Offer), (status = 404, body = ProblemBody)),
)]
async fn withdraw(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Offer>, Failed> {
    let offer = state.node.withdraw(&read(&id)?).await?;
    Ok(Json(Offer::of(&offer)))
}

fn read(id: &str) -> Result<OfferId, Problem> {
    OfferId::parse(full(id)).map_err(|error| bad(&error))
}
