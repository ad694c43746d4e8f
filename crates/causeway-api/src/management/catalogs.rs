//! Copies of peers' catalogs: making them, how far they are, and searching all of them at once.

use axum::Json;
use axum::extract::{self, Path};
use causeway_store::{CachedDataset, Selection};
use causeway_types::limits::SEARCH_TEXT_BYTES_MAX;
use causeway_types::{ParticipantId, Problem, ProblemCode};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::about::parse_period;
use super::models::{CatalogCopies, CatalogCopy, FoundDataset, Page};
use super::peers::find;
use super::problem::{Failed, ProblemBody};
use super::request::{Listing, Query, bad, unreadable};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, copy)).routes(routes!(search))
}

/// The copies of peers' catalogs, by peer.
#[utoipa::path(
    get,
    path = "/catalogs",
    tag = "catalogs",
    responses((status = 200, body = CatalogCopies)),
)]
async fn list(extract::State(state): extract::State<State>) -> Result<Json<CatalogCopies>, Failed> {
    let all = state.node.catalog_syncs().await?;
    Ok(Json(CatalogCopies { items: all.iter().map(CatalogCopy::of).collect() }))
}

/// How far the copy of a peer's catalog is.
#[utoipa::path(
    get,
    path = "/peers/{peer}/sync",
    tag = "catalogs",
    params(("peer" = String, Path, description = "Name, participant id or address")),
    responses(
        (status = 200, body = CatalogCopy),
        (status = 404, body = ProblemBody, description = "No such peer, or never copied"),
    ),
)]
async fn show(
    extract::State(state): extract::State<State>,
    Path(peer): Path<String>,
) -> Result<Json<CatalogCopy>, Failed> {
    let peer = find(&state.node, &peer).await?;
    match state.node.catalog_sync(&peer).await? {
        Some(sync) => Ok(Json(CatalogCopy::of(&sync))),
        None => {
            let text = format!("the catalog of {peer} was never copied");
            let hint = "copy it: POST /api/v1/peers/{peer}/sync";
            Err(Failed(Problem::new(ProblemCode::NotFound, text).hint(hint)))
        }
    }
}

/// Begins to copy a peer's catalog, or finds it being copied. Only pages that have changed since
/// the last copy are read. It goes on in the node; ask again how far it is.
#[utoipa::path(
    post,
    path = "/peers/{peer}/sync",
    tag = "catalogs",
    params(("peer" = String, Path, description = "Name, participant id or address")),
    responses((status = 202, body = CatalogCopy), (status = 404, body = ProblemBody)),
)]
async fn copy(
    extract::State(state): extract::State<State>,
    Path(peer): Path<String>,
) -> Result<(StatusCode, Json<CatalogCopy>), Failed> {
    let peer = find(&state.node, &peer).await?;
    let sync = state.node.sync_catalog(&peer)?;
    Ok((StatusCode::ACCEPTED, Json(CatalogCopy::of(&sync))))
}

/// What is searched for. Everything that is said must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Words of titles, descriptions and keywords, all of which occur; `rain*` is the beginning of
    /// a word.
    text: Option<String>,
    /// A theme.
    theme: Option<String>,
    /// A media type.
    format: Option<String>,
    /// A place, as an ISO 3166 code or an IRI.
    spatial: Option<String>,
    /// A licence.
    licence: Option<String>,
    /// Two RFC 3339 times with a slash between, some of which the data is about.
    time: Option<String>,
    /// Name, participant id or address of the only peer whose datasets are wanted.
    peer: Option<String>,
    /// Where the previous page ended: its `next`.
    after: Option<String>,
    /// At most this many items, 1 to 500; 50 if missing.
    limit: Option<String>,
}

/// Searches the copies of all peers' catalogs, the latest copied first. No peer is asked.
#[utoipa::path(
    get,
    path = "/search",
    tag = "catalogs",
    params(Asked),
    responses(
        (status = 200, body = Page<FoundDataset>),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody, description = "No such peer"),
    ),
)]
async fn search(
    extract::State(state): extract::State<State>,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<FoundDataset>>, Failed> {
    let node = &state.node;
    let peer: Option<ParticipantId> = match &asked.peer {
        Some(peer) => Some(find(node, peer).await?),
        None => None,
    };
    let limit = asked.limit.as_deref().map(str::parse).transpose();
    let limit = limit.map_err(|_| bad(&"limit: expected a number"))?;
    let page = Listing { after: asked.after.clone(), limit }.page()?;
    let selection = asked.selection()?;
    let found = node.catalogs().search(&selection, peer.as_ref(), page).await;
    let found = found.map_err(unreadable)?;
    let next = (found.len() == page.limit)
        .then(|| found.last().map(|copy| copy.sequence.to_string()))
        .flatten();
    let name =
        |copy: &CachedDataset| node.directory().peer(&copy.peer).map(|peer| peer.name.clone());
    let items = found.iter().map(|copy| FoundDataset::of(copy, name(copy))).collect();
    Ok(Json(Page { items, next }))
}

impl Asked {
    fn selection(self) -> Result<Selection, Problem> {
        let bounded = |name: &str, value: Option<String>| match value {
            Some(text) if text.is_empty() || text.len() > SEARCH_TEXT_BYTES_MAX => {
                let found = text.len();
                let expected = format!("expected 1 to {SEARCH_TEXT_BYTES_MAX}");
                Err(bad(&format!("{name}: found {found} bytes, {expected}")))
            }
            value => Ok(value),
        };
        Ok(Selection {
            text: bounded("text", self.text)?,
            theme: bounded("theme", self.theme)?,
            media_type: bounded("format", self.format)?,
            spatial: bounded("spatial", self.spatial)?,
            licence: bounded("licence", self.licence)?,
            temporal: self.time.as_deref().map(parse_period).transpose()?,
            newest_first: true,
            ..Selection::default()
        })
    }
}
