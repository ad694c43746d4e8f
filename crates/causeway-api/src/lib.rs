//! The node's HTTP surfaces: the protocol and data for peers, the management API for its people.
//!
//! One file a resource. Handlers translate between HTTP and the node's use cases and decide
//! nothing; listeners, sockets and TLS are the binary's business.

mod dcp;
mod dsp;
mod health;
pub mod limiter;
pub mod management;

use axum::routing::any;
use axum::{Router, middleware};
use causeway_node::{DATA_PATH, Node, PROTOCOL_PATH};

pub use self::management::{Access, AccessSettings, Gate, openapi_json};

/// What peers reach: the version document, the protocol, the data flows, and liveness.
pub fn protocol_router(node: Node) -> Router {
    let flow = format!("{DATA_PATH}/{{flow}}");
    let to_its_end = middleware::from_fn_with_state(node.clone(), to_its_end);
    let settled = middleware::from_fn_with_state(node.clone(), dsp::settled);
    let in_line = middleware::from_fn_with_state(dsp::line::Line::new(), dsp::line::give_place);
    Router::new()
        .nest(PROTOCOL_PATH, dsp::router().layer(in_line))
        .merge(dsp::unversioned_router())
        .merge(dcp::router(&node))
        .layer(settled)
        .layer(to_its_end)
        .route(&flow, any(data))
        .merge(health::router())
        .with_state(node)
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
}

/// What the node's people and programs reach.
pub fn management_router(node: Node, access: Access) -> Router {
    management::router(node.clone(), access)
        .layer(middleware::from_fn_with_state(node.clone(), to_its_end))
        .merge(health::router().with_state(node))
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
}

/// Answers a request to its end, even if the caller hangs up: hyper drops an answer that nobody
/// waits for, and with it whatever was to be done after a commit.
async fn to_its_end(
    axum::extract::State(node): axum::extract::State<Node>,
    request: axum::extract::Request,
    next: middleware::Next,
) -> http::Response<axum::body::Body> {
    let answer = node.to_its_end(next.run(request)).await;
    answer.unwrap_or_else(|| {
        let mut response = http::Response::new(axum::body::Body::empty());
        *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// Hands a request to the data plane, which knows the flows and their tokens.
async fn data(
    axum::extract::State(node): axum::extract::State<Node>,
    request: axum::extract::Request,
) -> http::Response<axum::body::Body> {
    let (parts, _) = request.into_parts();
    let now = node.now();
    let response = causeway_plane::serve(node.flows(), node.objects(), &parts, now).await;
    response.map(axum::body::Body::new)
}
