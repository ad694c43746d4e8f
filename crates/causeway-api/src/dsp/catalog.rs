//! `POST /catalog/request` and `GET /catalog/datasets/{id}` (DSP 2025-1, Catalog Protocol).

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::routing::{get, post};
use causeway_dsp::wire;
use causeway_node::Node;
use causeway_types::{DatasetId, Problem, ProblemCode};
use http::{HeaderMap, Response, StatusCode, header};
use serde::Deserialize;

use super::{authenticate, incoming, json, status, unreadable};

pub(crate) fn router() -> Router<Node> {
    Router::new()
        .route("/catalog/request", post(request))
        .route("/catalog/datasets/{id}", get(dataset))
        .layer(tower_http::compression::CompressionLayer::new())
}

/// Which page.
#[derive(Deserialize)]
struct Page {
    after: Option<i64>,
}

async fn request(
    State(node): State<Node>,
    Query(page): Query<Page>,
    request: Request,
) -> Response<Body> {
    match catalog(&node, page.after, request).await {
        Ok(response) => response,
        Err(problem) => refuse(&problem),
    }
}

async fn catalog(
    node: &Node,
    after: Option<i64>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let (_, document) = incoming(node, request).await?;
    let asked = wire::read_catalog_request(&document).map_err(unreadable)?;
    if asked.has_filter {
        return Err(Problem::new(
            ProblemCode::BadRequest,
            "a filter is not supported here, ask without one",
        ));
    }
    let (catalog, next) = node.own_catalog(after).await?;
    let mut response = json(StatusCode::OK, wire::write_catalog(&catalog));
    if let Some(next) = next {
        let base = node.settings().protocol_base();
        let link = format!("<{base}/catalog/request?after={next}>; rel=\"next\"");
        if let Ok(value) = link.parse() {
            response.headers_mut().insert(header::LINK, value);
        }
    }
    Ok(response)
}

async fn dataset(
    State(node): State<Node>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let found = async {
        authenticate(&node, &headers)?;
        let id = DatasetId::parse(id)
            .map_err(|error| Problem::new(ProblemCode::NotFound, error.to_string()))?;
        node.own_dataset(&id).await
    };
    match found.await {
        Ok(dataset) => json(StatusCode::OK, wire::write_dataset(&dataset)),
        Err(problem) => refuse(&problem),
    }
}

/// A catalog says openly that it wants a token: there is no process whose existence it would give
/// away.
fn refuse(problem: &Problem) -> Response<Body> {
    let status = match problem.code() {
        ProblemCode::Unauthorized => StatusCode::UNAUTHORIZED,
        _ => status(problem),
    };
    super::error(status, wire::write_catalog_error, problem)
}
