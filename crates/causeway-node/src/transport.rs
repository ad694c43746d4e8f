//! How bytes reach a peer. The trait exists so that worlds of nodes run in memory; the product
//! has one implementation, over HTTP.

use std::io::Read as _;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use causeway_types::limits::{ANSWER_HEAD_BYTES_MAX, UNPACKED_BYTES_FREE, UNPACKING_RATIO_MAX};

use crate::egress::{Egress, EgressError, Purpose};

/// A request to somebody else.
#[derive(Clone)]
pub struct Outgoing {
    /// What it is for, which decides where it may go and how much of the answer is read.
    pub purpose: Purpose,
    /// The absolute URL.
    pub url: String,
    /// The value of the `Authorization` header. No `Debug`: it is a secret.
    pub authorization: Option<String>,
    /// The JSON body of a POST; a GET where there is none.
    pub body: Option<Bytes>,
    /// The `ETag` of what we have already: a peer that has nothing else answers 304.
    pub if_none_match: Option<String>,
    /// Whether the answer may come compressed, which is worth it for catalogs.
    pub is_large: bool,
    /// How long the answer may take.
    pub timeout: Duration,
}

impl Outgoing {
    /// A GET of a URL, with nothing else.
    pub fn to(purpose: Purpose, url: String, timeout: Duration) -> Self {
        let (authorization, body, if_none_match, is_large) = (None, None, None, false);
        Self { purpose, url, authorization, body, if_none_match, is_large, timeout }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The target of the `Link` header with `rel="next"`, where there is one.
    pub next: Option<String>,
    /// The `Location` header.
    pub location: Option<String>,
    /// The `ETag`.
    pub tag: Option<String>,
    /// How long the server asks to be left alone, where it gives seconds.
    pub retry_after: Option<Duration>,
    /// Bytes of the body on the wire.
    pub received: usize,
    /// The body, unpacked, at most [`Purpose::bytes_max`] bytes.
    pub body: Bytes,
}

impl Answer {
    /// An answer with this status and nothing else.
    pub fn of_status(status: u16) -> Self {
        let (next, location, tag, retry_after) = (None, None, None, None);
        Self { status, next, location, tag, retry_after, received: 0, body: Bytes::new() }
    }

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
    /// The other side cannot be told who we are.
    #[error("{reason}")]
    NoToken {
        /// Why.
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
    #[error("the answer of {url} is larger than {limit} bytes")]
    TooLarge {
        /// What was called.
        url: String,
        /// How many bytes are read.
        limit: usize,
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
        let refused = |error: &EgressError| TransportError::Refused { reason: error.to_string() };
        let (client, url) =
            self.egress.door(request.purpose, &request.url).map_err(|error| refused(&error))?;
        let limit = request.purpose.bytes_max();
        let too_large = |limit| TransportError::TooLarge { url: request.url.clone(), limit };
        let unreachable = |error: reqwest::Error| match EgressError::within(&error) {
            Some(error) => refused(error),
            None => {
                TransportError::Unreachable { url: request.url.clone(), reason: root_cause(&error) }
            }
        };
        let mut builder = match &request.body {
            Some(body) => client
                .post(url)
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(body.clone()),
            None => client.get(url),
        };
        if let Some(authorization) = &request.authorization {
            builder = builder.header(http::header::AUTHORIZATION, authorization);
        }
        if let Some(tag) = &request.if_none_match {
            builder = builder.header(http::header::IF_NONE_MATCH, tag);
        }
        if request.is_large {
            builder = builder.header(http::header::ACCEPT_ENCODING, "gzip");
        }
        let timeout = request.timeout.min(request.purpose.time_max());
        let mut response = builder.timeout(timeout).send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let headers = response.headers();
        if head_bytes(headers) > ANSWER_HEAD_BYTES_MAX {
            return Err(too_large(ANSWER_HEAD_BYTES_MAX));
        }
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let next = next_link(headers);
        let location = text(http::header::LOCATION).map(str::to_owned);
        let tag = text(http::header::ETAG).map(str::to_owned);
        let seconds = text(http::header::RETRY_AFTER).and_then(|value| value.parse().ok());
        let retry_after = seconds.map(Duration::from_secs);
        let is_packed = text(http::header::CONTENT_ENCODING)
            .is_some_and(|coding| coding.trim().eq_ignore_ascii_case("gzip"));
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > limit {
                return Err(too_large(limit));
            }
            body.extend_from_slice(&chunk);
        }
        let received = body.len();
        let body = match is_packed {
            true => unpacked(&body, limit, &request.url)?,
            false => body.freeze(),
        };
        Ok(Answer { status, next, location, tag, retry_after, received, body })
    }
}

/// Bytes of the names and values of all headers.
fn head_bytes(headers: &http::HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// A gzip body as it was before. It takes milliseconds at the limit, and no more memory than that;
/// what grows more than texts do is meant to do harm.
fn unpacked(packed: &[u8], limit: usize, url: &str) -> Result<Bytes, TransportError> {
    let grown = packed.len().saturating_mul(UNPACKING_RATIO_MAX).max(UNPACKED_BYTES_FREE);
    let limit = limit.min(grown);
    let mut body = Vec::new();
    let mut unpacking = flate2::read::MultiGzDecoder::new(packed).take(limit as u64 + 1);
    if let Err(error) = unpacking.read_to_end(&mut body) {
        let reason = format!("the compressed answer is damaged: {error}");
        return Err(TransportError::Unreachable { url: url.to_owned(), reason });
    }
    if body.len() > limit {
        return Err(TransportError::TooLarge { url: url.to_owned(), limit });
    }
    Ok(body.into())
}

/// The innermost reason is the one that helps ("connection refused").
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
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
    fn a_compressed_body_is_unpacked_up_to_the_limit() {
        let packed = |body: &[u8]| {
            let mut packed = Vec::new();
            let level = flate2::Compression::fast();
            flate2::read::GzEncoder::new(body, level).read_to_end(&mut packed).unwrap();
            packed
        };
        const LIMIT: usize = causeway_types::limits::PEER_RESPONSE_BYTES_MAX;
        assert_eq!(unpacked(&packed(b"{}"), LIMIT, "u").unwrap(), "{}");
        assert_eq!(unpacked(&packed(b""), LIMIT, "u").unwrap(), "");
        // Numbers that count up shrink, but not by more than the ratio.
        let dense: Vec<u8> = (0..LIMIT as u32 / 4).flat_map(u32::to_be_bytes).collect();
        assert_eq!(unpacked(&packed(&dense), LIMIT, "u").unwrap().len(), LIMIT);
        let free = vec![b' '; UNPACKED_BYTES_FREE];
        assert_eq!(unpacked(&packed(&free), LIMIT, "u").unwrap(), free);
        let over = vec![b' '; LIMIT + 1];
        for bomb in [&vec![b' '; 50 * LIMIT], &over, &vec![b' '; UNPACKED_BYTES_FREE + 1]] {
            let bomb = packed(bomb);
            assert!(bomb.len() < LIMIT);
            let found = unpacked(&bomb, LIMIT, "u");
            assert!(matches!(found, Err(TransportError::TooLarge { .. })), "{found:?}");
        }
        let cut = &packed(b"something longer than nothing")[..20];
        for damaged in [&b"{}"[..], cut] {
            let found = unpacked(damaged, LIMIT, "u");
            assert!(matches!(found, Err(TransportError::Unreachable { .. })), "{found:?}");
        }
    }

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
