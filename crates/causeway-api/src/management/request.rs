//! Reading requests: bodies within the limit, ids in both spellings, pages of lists.

use axum::body::Body;
use axum::extract::{self, FromRequest, FromRequestParts, Request};
use causeway_json::Limits;
use causeway_store::{Page, ReadError, Stored};
use causeway_types::limits::{API_BODY_BYTES_MAX, API_PAGE_DEFAULT, API_PAGE_MAX};
use causeway_types::{Problem, ProblemCode, ProcessId};
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::models;
use super::problem::Failed;

/// A JSON body. An empty one reads as an empty object, so that acts need no body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failed> {
        let bytes = read(request.into_body()).await?;
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        causeway_json::read(bytes, Limits::API_BODY).map(Self).map_err(|error| {
            Failed(Problem::new(ProblemCode::BadRequest, format!("the body: {error}")))
        })
    }
}

/// The query of a URL; what cannot be read is answered as every other problem.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failed> {
        extract::Query::try_from_uri(&parts.uri)
            .map(|extract::Query(query)| Self(query))
            .map_err(|error| Failed(bad(&format!("the query: {}", error.body_text()))))
    }
}

async fn read(body: Body) -> Result<bytes::Bytes, Problem> {
    axum::body::to_bytes(body, API_BODY_BYTES_MAX).await.map_err(|_| {
        Problem::new(
            ProblemCode::TooLarge,
            format!("the body is larger than {API_BODY_BYTES_MAX} bytes, or broke off"),
        )
    })
}

/// A stretch of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listing {
    /// Where the previous page ended: its `next`.
    pub(crate) after: Option<String>,
    /// At most this many items, 1 to 500; 50 if missing.
    pub(crate) limit: Option<usize>,
}

impl Listing {
    pub(crate) fn page(&self) -> Result<Page, Problem> {
        let after = self.after.as_deref().map(str::parse::<i64>).transpose().map_err(|_| {
            Problem::new(ProblemCode::BadRequest, "after: expected the next of a previous page")
        })?;
        let limit = self.limit.unwrap_or(API_PAGE_DEFAULT);
        if limit == 0 || limit > API_PAGE_MAX {
            return Err(Problem::new(
                ProblemCode::BadRequest,
                format!("limit: found {limit}, expected 1 to {API_PAGE_MAX}"),
            ));
        }
        Ok(Page { after, limit })
    }
}

/// A page of the API from a page of the store.
pub(crate) fn answer<T, U: utoipa::ToSchema>(
    page: Page,
    found: Result<Vec<Stored<T>>, ReadError>,
    convert: impl Fn(&T) -> U,
) -> Result<models::Page<U>, Failed> {
    let found = found.map_err(unreadable)?;
    let next = (found.len() == page.limit)
        .then(|| found.last().map(|stored| stored.sequence.to_string()))
        .flatten();
    let items = found.iter().map(|stored| convert(&stored.value)).collect();
    Ok(models::Page { items, next })
}

/// A process id, with or without `urn:uuid:`.
pub(crate) fn process(id: &str) -> Result<ProcessId, Problem> {
    ProcessId::parse(full(id)).map_err(|error| bad(&error))
}

/// The id as it was minted: a bare UUID gets its prefix.
pub(crate) fn full(id: &str) -> String {
    let shape = id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if shape { format!("urn:uuid:{id}") } else { id.to_owned() }
}

pub(crate) fn bad(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::BadRequest, error.to_string())
}

pub(crate) fn unreadable(error: ReadError) -> Problem {
    Problem::new(ProblemCode::Unavailable, "the node could not read its store")
        .internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_uuid_gets_its_prefix_and_everything_else_stays() {
        let uuid = "0192f0c1-2d3e-7abc-8def-0123456789ab";
        assert_eq!(full(uuid), format!("urn:uuid:{uuid}"));
        for id in ["urn:uuid:x", "CD123:ACN0101:456", "", "0192f0c1-2d3e-7abc-8def-0123456789aX"] {
            assert_eq!(full(id), id);
        }
    }
}
