//! `/objects`: uploads, named by their content.

use axum::Json;
use axum::extract::{self, Path, Request};
use causeway_plane::IngestError;
use causeway_types::{Blake3, Problem, ProblemCode};
use http::{StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::Content;
use super::problem::{Failed, ProblemBody};
use super::request::bad;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(upload)).routes(routes!(look))
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

/// Says whether a file is uploaded, so that nobody has to send it twice.
#[utoipa::path(
    head,
    path = "/objects/{blake3}",
    tag = "objects",
    params(("blake3" = String, Path, description = "The BLAKE3 of the file")),
    responses(
        (status = 200, description = "The file is uploaded"),
        (status = 404, description = "There is no such file"),
    ),
)]
async fn look(
    extract::State(state): extract::State<State>,
    Path(blake3): Path<String>,
) -> Result<StatusCode, Failed> {
    let blake3 = Blake3::parse(&blake3).map_err(|error| bad(&error))?;
    let exists = state.node.objects().exists(&blake3).await.map_err(|error| {
        Problem::new(ProblemCode::Unavailable, "the node could not look for the file")
            .internal(error.to_string())
    })?;
    Ok(if exists { StatusCode::OK } else { StatusCode::NOT_FOUND })
}
