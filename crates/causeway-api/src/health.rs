//! Liveness, for whoever watches the node. It needs no token and tells no secrets.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use causeway_node::Node;
use serde_json::{Value, json};

pub(crate) fn router() -> Router<Node> {
    Router::new().route("/health", get(health))
}

async fn health(State(node): State<Node>) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "insecure": node.settings().insecure(),
    }))
}
