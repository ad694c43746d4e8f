//! `GET /node`: who and what this node is.

use axum::Json;
use axum::extract;
use causeway_dsp::version::VERSION;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::NodeInfo;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(node))
}

/// This node: who it is, where it is reached, how much memory it holds.
#[utoipa::path(get, path = "/node", tag = "node", responses((status = 200, body = NodeInfo)))]
async fn node(extract::State(state): extract::State<State>) -> Json<NodeInfo> {
    let settings = state.node.settings();
    Json(NodeInfo {
        participant_id: settings.participant_id.to_string(),
        title: settings.title.clone(),
        jurisdiction: settings.jurisdiction.clone(),
        address: settings.address.to_string(),
        protocol: VERSION.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        insecure: settings.insecure().into_iter().map(str::to_owned).collect(),
        started_at: state.started_at.to_string(),
        rss_bytes: rss_bytes(),
    })
}

/// Resident memory, from Linux's `/proc`; `None` on other systems.
fn rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}
