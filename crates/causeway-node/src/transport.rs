//! How bytes reach a peer. The trait exists so that worlds of nodes run in memory; the product
//! has one implementation, over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use causeway_types::limits::PEER_RESPONSE_BYTES_MAX;

use crate::egress::Egress;

/// A request to a peer or a webhook.
#[derive(Clone)]
pub struct Outgoing {
    /// The absolute URL.
    pub url: String,
    /// The value of the `Authorization` header. No `Debug`: it is a secret.
    pub authorization: Option<String>,
    /// The JSON body of a POST; a GET where there is none.
    pub body: Option<Bytes>,
    /// Whether the operator configured the URL, rather than a peer.
    pub is_webhook: bool,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The target of the `Link` header with `rel="next"`, where there is one.
    pub next: Option<String>,
    /// The body, at most [`PEER_RESPONSE_BYTES_MAX`] bytes.
    pub body: Bytes,
}

impl Answer {
    /// 2xx
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether asking again later can help: the server's own trouble, or too many requests.
    pub fn is_transient(&self) -> bool {
        self.status >= 500 || matches!(self.status, 408 | 425 | 429)
    }
}

/// Why nothing came back. The message may or may not have arrived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The egress policy does not allow the call.
    #[error("{reason}")]
    Refused {
        /// The policy's words.
        reason: String,
    },
    /// No connection, or it broke.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// What was called.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// The answer is larger than the limit.
    #[error("the answer of {url} is larger than {PEER_RESPONSE_BYTES_MAX} bytes")]
    TooLarge {
        /// What was called.
        url: String,
    },
}

/// Sends requests.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends one request once and reads the whole answer.
    async fn send(&self, request: Outgoing) -> Result<Answer, TransportError>;
}

/// Over HTTP, through the one door.
pub struct HttpTransport {
    egress: Egress,
}

impl HttpTransport {
    /// Uses the clients of `egress`.
    pub fn new(egress: Egress) -> Self {
        Self { egress }
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Outgoing) -> Result<Answer, TransportError> {
        let client = if request.is_webhook {
            self.egress.webhooks()
        } else {
            self.egress
                .check(&request.url)
                .map_err(|error| TransportError::Refused { reason: error.to_string() })?;
            self.egress.peers()
        };
        let unreachable = |error: reqwest::Error| TransportError::Unreachable {
            url: request.url.clone(),
            reason: root_cause(&error),
        };
        let mut builder = match &request.body {
            Some(body) => client
                .post(&request.url)
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(body.clone()),
            None => client.get(&request.url),
        };
        if let Some(authorization) = &request.authorization {
            builder = builder.header(http::header::AUTHORIZATION, authorization);
        }
        let mut response = builder.timeout(request.timeout).send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let next = next_link(response.headers());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > PEER_RESPONSE_BYTES_MAX {
                return Err(TransportError::TooLarge { url: request.url });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, next, body: body.freeze() })
    }
}

/// The innermost reason is the one that helps ("connection refused").
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The target of `rel="next"` (RFC 8288); several links may share one header.
fn next_link(headers: &http::HeaderMap) -> Option<String> {
    headers
        .get_all(http::header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(",<").map(|link| link.trim_start_matches([' ', '<'])))
        .flat_map(|value| value.split(", <"))
        .find_map(|link| {
            let (target, parameters) = link.split_once('>')?;
            let is_next = parameters.split(';').any(|parameter| {
                parameter.trim().strip_prefix("rel=").is_some_and(|rel| {
                    rel.trim_matches('"').split(' ').any(|r| r.eq_ignore_ascii_case("next"))
                })
            });
            is_next.then(|| target.to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_other_links() {
        let check = |values: &[&str], expected: Option<&str>| {
            let mut headers = http::HeaderMap::new();
            for value in values {
                headers.append(http::header::LINK, value.parse().unwrap());
            }
            assert_eq!(next_link(&headers).as_deref(), expected, "{values:?}");
        };
        check(&["<https://p/c?page=2>; rel=\"next\""], Some("https://p/c?page=2"));
        check(&["<https://p/a>; rel=previous, <https://p/b>; rel=next"], Some("https://p/b"));
        check(&["<https://p/a>; rel=\"prev\"", "<https://p/b,c>;rel=next"], Some("https://p/b,c"));
        check(&["<https://p/a>; rel=\"previous\""], None);
        check(&["nonsense", "<x", ""], None);
        check(&[], None);
    }
}
