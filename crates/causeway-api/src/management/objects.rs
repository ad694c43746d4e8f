//! `POST /objects`: uploads, named by their content.

use axum::Json;
use axum::extract::{self, Request};
use causeway_plane::IngestError;
use causeway_types::{Problem, ProblemCode};
use http::{StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::Content;
use super::problem::{Failed, ProblemBody};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// Uploads a file, to be offered afterwards. Repeating an upload changes nothing.
#[utoipa::path(
    post,
    path = "/objects",
    tag = "objects",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, body = Content),
        (status = 507, body = ProblemBody, description = "The node's disk is full"),
    ),
)]
async fn upload(
    extract::State(state): extract::State<State>,
    request: Request,
) -> Result<(StatusCode, Json<Content>), Failed> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()).and_then(|v| v.parse().ok());
    let body = request.into_body().into_data_stream();
    let content = state.node.objects().ingest(body, announced).await.map_err(|error| {
        let code = match &error {
            IngestError::Body { .. } | IngestError::Length { .. } => ProblemCode::BadRequest,
            IngestError::TooLarge => ProblemCode::TooLarge,
            IngestError::DiskFull { .. } => ProblemCode::DiskFull,
            IngestError::Io(_) => ProblemCode::Unavailable,
        };
        Problem::new(code, error.to_string()).internal(format!("{error:?}"))
    })?;
    Ok((StatusCode::CREATED, Json(Content::of(&content))))
}
