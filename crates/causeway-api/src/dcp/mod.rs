//! The Decentralized Claims Protocol 1.0 over HTTPS: our DID document and the services it names.

mod answer;
mod holder;
mod issuer;
mod sts;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::get;
use causeway_dcp::continuity;
use causeway_node::{
    CREDENTIAL_SERVICE_PATH, ISSUER_SERVICE_PATH, IdentityError, Node, TOKEN_SERVICE_PATH,
};
use http::{Response, StatusCode, header};

/// Everything that our DID document leads to; nothing for a node without a DID.
pub(crate) fn router(node: &Node) -> Router<Node> {
    let Some(web) = node.own_did().and_then(|did| did.web().ok()) else { return Router::new() };
    let router = Router::new()
        .route(&web.document_path(), get(document))
        .route(&web.sibling_path(continuity::FILE_NAME), get(statements))
        .nest(CREDENTIAL_SERVICE_PATH, holder::router())
        .nest(ISSUER_SERVICE_PATH, issuer::router());
    match node.settings().token_client {
        Some(_) => router.nest(TOKEN_SERVICE_PATH, sts::router()),
        None => router,
    }
}

/// Our DID document, for everybody.
async fn document(State(node): State<Node>) -> Response<Body> {
    let document = node.own_document();
    public("application/did+json", document.map(|document| document.to_json()))
}

/// The proof that our keys follow one another, for everybody.
async fn statements(State(node): State<Node>) -> Response<Body> {
    public("application/json", node.continuity().await)
}

fn public(kind: &'static str, content: Result<String, IdentityError>) -> Response<Body> {
    let (status, content) = match content {
        Ok(content) => (StatusCode::OK, content),
        Err(error) => {
            tracing::error!(%error, "what everybody may see of this node cannot be shown");
            (StatusCode::SERVICE_UNAVAILABLE, String::new())
        }
    };
    let mut response = Response::new(Body::from(content));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
