//! `/settings/loosened`: what the configuration lets happen that it did not at the last start. The
//! configuration itself is a file and is not changed here.

use axum::extract;
use axum::{Extension, Json};
use causeway_node::access::Caller;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::{AcknowledgedSettings, LoosenedSetting, LoosenedSettings};
use super::problem::{Failed, ProblemBody};
use super::request;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(loosened)).routes(routes!(acknowledge))
}

/// Settings that are looser than at the last start, until somebody acknowledges them.
#[utoipa::path(
    get,
    path = "/settings/loosened",
    tag = "access",
    responses((status = 200, body = LoosenedSettings)),
)]
async fn loosened(
    extract::State(state): extract::State<State>,
) -> Result<Json<LoosenedSettings>, Failed> {
    let found = state.node.loosened().await?;
    let item = |setting: &String| LoosenedSetting {
        setting: setting.clone(),
        held: found.held.contains(setting),
    };
    Ok(Json(LoosenedSettings { items: found.waiting.iter().map(item).collect() }))
}

/// Acknowledges looser settings. All that wait are named, so that nobody acknowledges what they
/// have not read; automation that was held back is in force from then on. With `access.four_eyes`
/// a second person has to agree.
#[utoipa::path(
    post,
    path = "/settings/loosened/acknowledge",
    tag = "access",
    request_body = AcknowledgedSettings,
    responses(
        (status = 200, body = LoosenedSettings, description = "What still waits: nothing"),
        (status = 202, body = super::approvals::Approval, description = "It takes two persons"),
        (status = 409, body = ProblemBody, description = "Other settings wait, or none"),
    ),
)]
async fn acknowledge(
    state: extract::State<State>,
    Extension(caller): Extension<Caller>,
    request::Json(named): request::Json<AcknowledgedSettings>,
) -> Result<Json<LoosenedSettings>, Failed> {
    state.node.acknowledge_settings(&caller, &named.settings).await?;
    loosened(state).await
}
