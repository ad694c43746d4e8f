//! The management API under `/api/v1`, for the node's people and programs.

mod about;
mod access;
mod agreements;
mod approvals;
mod catalogs;
mod convert;
mod credentials;
mod events;
mod idempotency;
mod issuer;
mod keys;
mod law;
pub mod models;
mod negotiations;
mod node;
mod objects;
mod offers;
mod peers;
mod problem;
mod request;
mod settings;
mod tokens;
mod transfers;
mod trust;

use axum::Router;
use axum::routing::get;
use causeway_node::Node;
use causeway_types::{Problem, ProblemCode};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use self::access::{Access, AccessSettings, Gate};
pub use self::convert::read_rule;
use self::problem::Failed;
pub(crate) use self::request::full as full_id;

/// The API's root.
pub const ROOT: &str = "/api/v1";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Causeway management API",
        description = "For the people and programs that run a node. Peers use the Dataspace \
                       Protocol instead. Every failure answers application/problem+json. Lists \
                       are read with `after` and `limit`. A POST with an Idempotency-Key happens \
                       once.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(problem::ProblemBody))
)]
struct Document;

pub(crate) fn router(node: Node, access: Access) -> Router {
    let running = idempotency::Running::default();
    let (routes, _) = routes().split_for_parts();
    routes
        .route(&format!("{ROOT}/openapi.json"), get(|| async { axum::Json(document()) }))
        .fallback(|| async {
            let problem = Problem::new(ProblemCode::NotFound, "there is no such endpoint")
                .hint("the endpoints are listed at /api/v1/openapi.json");
            Failed(problem)
        })
        .layer(axum::middleware::from_fn_with_state((node.clone(), running), idempotency::once))
        .layer(axum::middleware::from_fn_with_state((node.clone(), access), access::check))
        .with_state(State::new(node))
}

/// The OpenAPI 3.1 document, as it is served.
pub fn openapi_json() -> String {
    document().to_pretty_json().unwrap_or_default()
}

fn document() -> utoipa::openapi::OpenApi {
    let mut document = routes().split_for_parts().1;
    access::document::secure(&mut document);
    document
}

fn routes() -> OpenApiRouter<State> {
    let resources = OpenApiRouter::new()
        .merge(node::routes())
        .merge(peers::routes())
        .merge(catalogs::routes())
        .merge(objects::routes())
        .merge(offers::routes())
        .merge(negotiations::routes())
        .merge(agreements::routes())
        .merge(transfers::routes())
        .merge(law::routes())
        .merge(trust::routes())
        .merge(credentials::routes())
        .merge(issuer::routes())
        .merge(events::routes())
        .merge(tokens::routes())
        .merge(approvals::routes())
        .merge(keys::routes())
        .merge(settings::routes());
    OpenApiRouter::with_openapi(Document::openapi()).nest(ROOT, resources)
}

/// What handlers are given.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) node: Node,
    pub(crate) started_at: causeway_types::Timestamp,
}

impl State {
    fn new(node: Node) -> Self {
        let started_at = node.now();
        Self { node, started_at }
    }
}
