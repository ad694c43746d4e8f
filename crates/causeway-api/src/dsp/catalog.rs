//! `POST /catalog/request` and `GET /catalog/datasets/{id}` (DSP 2025-1, Catalog Protocol). What
//! a party may not see does not exist for it.
//!
//! A page has a strong `ETag`. A crawler that sends it back in `If-None-Match` is answered 304
//! without a body if the page is still the same. HTTP keeps 304 for GET and HEAD; asking for a
//! catalog is a safe POST, so the same answer is given to it here, and only to who asks for it.

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::middleware;
use axum::routing::{get, post};
use axum::{Extension, Router};
use causeway_dsp::wire;
use causeway_node::{Asks, Node, OwnPage, Place};
use causeway_types::{DatasetId, Problem, ProblemCode};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::line::InLine;
use super::{asking, incoming, json, status, unreadable};

pub(crate) fn router() -> Router<Node> {
    Router::new()
        .route("/catalog/request", post(request))
        .route("/catalog/datasets/{id}", get(dataset))
        .layer(tower_http::compression::CompressionLayer::new())
        .layer(middleware::map_response(tag_of_coding))
}

/// Which page.
#[derive(Deserialize)]
struct Page {
    after: Option<i64>,
    before: Option<i64>,
}

async fn request(
    State(node): State<Node>,
    Query(page): Query<Page>,
    request: Request,
) -> Response<Body> {
    match catalog(&node, &page, request).await {
        Ok(response) => response,
        Err(problem) => refuse(&problem),
    }
}

async fn catalog(node: &Node, page: &Page, request: Request) -> Result<Response<Body>, Problem> {
    let known: Vec<_> = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    let (party, document) = incoming(node, request, Asks::Catalog).await?;
    let asked = wire::read_catalog_request(&document).map_err(unreadable)?;
    let place = match (page.after, page.before) {
        (None, None) => Place::Start,
        (Some(after), None) => Place::After(after),
        (None, Some(before)) => Place::Before(before),
        (Some(_), Some(_)) => {
            let text = "found after and before, expected one of them";
            return Err(Problem::new(ProblemCode::BadRequest, text));
        }
    };
    let page = node.own_catalog(&party, asked.filter, place).await?;
    let links = links(node, &page);
    let body = wire::write_catalog(&page.catalog);
    let digest = digest(&body, links.as_ref());
    let mut response = match is_known(&known, &digest) {
        true => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        }
        false => json(StatusCode::OK, body),
    };
    let headers = response.headers_mut();
    // What one party may see is not for a cache that others share.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = format!("\"{digest}\"").parse() {
        headers.insert(header::ETAG, tag);
    }
    if let Some(links) = links {
        headers.insert(header::LINK, links);
    }
    Ok(response)
}

/// Where the pages before and behind this one are (RFC 8288); the same message asks for them.
fn links(node: &Node, page: &OwnPage) -> Option<HeaderValue> {
    let base = node.settings().protocol_base();
    let link = |name, place: Option<i64>, relation| {
        place.map(|place| format!("<{base}/catalog/request?{name}={place}>; rel=\"{relation}\""))
    };
    let links = [link("after", page.next, "next"), link("before", page.previous, "previous")];
    let links: Vec<String> = links.into_iter().flatten().collect();
    if links.is_empty() { None } else { links.join(", ").parse().ok() }
}

/// What a page is recognised by: its body, and whether there is one behind it.
fn digest(body: &[u8], links: Option<&HeaderValue>) -> String {
    let mut digest = Sha256::new();
    digest.update(body);
    digest.update(links.map(HeaderValue::as_bytes).unwrap_or_default());
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the peer has this page, in whichever coding.
fn is_known(known: &[HeaderValue], digest: &str) -> bool {
    known.iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
            tag == "*" || tag.split_once('-').map_or(tag, |(start, _)| start) == digest
        })
    })
}

/// A strong tag belongs to one coding of the body (RFC 9110, 8.8.3).
async fn tag_of_coding(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    let coding = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let tag = headers.get(header::ETAG).and_then(|value| value.to_str().ok());
    if let (Some(coding), Some(tag)) = (coding, tag)
        && let Ok(tag) = format!("\"{}-{coding}\"", tag.trim_matches('"')).parse()
    {
        headers.insert(header::ETAG, tag);
    }
    response
}

async fn dataset(
    State(node): State<Node>,
    Path(id): Path<String>,
    Extension(place): Extension<InLine>,
    headers: HeaderMap,
) -> Response<Body> {
    let found = async {
        let party = asking(&node, &place, &headers, Asks::Catalog).await?;
        let id = DatasetId::parse(id)
            .map_err(|error| Problem::new(ProblemCode::NotFound, error.to_string()))?;
        node.own_dataset(&party, &id).await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_in_whichever_coding_it_was_sent() {
        let check = |values: &[&'static str], expected: bool| {
            let values: Vec<HeaderValue> =
                values.iter().map(|value| HeaderValue::from_static(value)).collect();
            assert_eq!(is_known(&values, "abc"), expected, "{values:?}");
        };
        check(&["\"abc\""], true);
        check(&["\"x\", \"abc-gzip\""], true);
        check(&["\"x\"", "W/\"abc\""], true);
        check(&["*"], true);
        check(&["\"abcd\""], false);
        check(&[""], false);
        check(&[], false);
    }
}
