//! Reads the head of the provider's answer: from which byte on the body continues the part file,
//! or why there will be no file. Pure but for reading the short body of a refusal.

use std::time::Duration;

use causeway_types::limits::{PULL_IDLE_SECONDS_MAX, REASON_BYTES_MAX};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, RETRY_AFTER, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode, Version};

use super::error::{Found, Refusal};

/// What a head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The body is the file from byte `offset` on.
    Body {
        offset: u64,
        /// Whether a body that ends without error is the rest of the file. If not, an early end
        /// proves nothing about the file.
        end_is_certain: bool,
    },
    /// The provider has a file of another length.
    OtherLength(Found),
    /// No file; the body explains.
    Refused(Refusal),
    /// Against HTTP, or against the request.
    Nonsense(String),
}

/// `offset`: the first byte asked for, 0 for a request without `Range`. `promised`: the file's
/// length.
pub(super) fn read(
    status: StatusCode,
    version: Version,
    headers: &HeaderMap,
    offset: u64,
    promised: u64,
) -> Answer {
    match status {
        StatusCode::OK => whole(version, headers, promised),
        StatusCode::PARTIAL_CONTENT if offset > 0 => part(headers, offset, promised),
        StatusCode::RANGE_NOT_SATISFIABLE if offset > 0 => match content_range(headers) {
            Some(ContentRange { complete: Some(complete), .. }) if complete != promised => {
                other_length(complete, promised)
            }
            _ => Answer::Nonsense(format!("found status 416 for a range from byte {offset}")),
        },
        _ if status.is_success() || status.is_informational() => {
            Answer::Nonsense(format!("found status {status}, expected 200 or the range asked for"))
        }
        _ => Answer::Refused(refusal(status)),
    }
}

fn whole(version: Version, headers: &HeaderMap, promised: u64) -> Answer {
    let length = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if let Some(length) = length.filter(|length| *length != promised) {
        return other_length(length, promised);
    }
    // Before HTTP/2 a body without either header ends where the connection does, for whatever
    // reason that ends.
    let framed = headers.contains_key(TRANSFER_ENCODING) || version >= Version::HTTP_2;
    Answer::Body { offset: 0, end_is_certain: length.is_some() || framed }
}

fn part(headers: &HeaderMap, offset: u64, promised: u64) -> Answer {
    match content_range(headers) {
        Some(ContentRange { complete: Some(complete), .. }) if complete != promised => {
            other_length(complete, promised)
        }
        Some(ContentRange { range: Some((first, last)), .. })
            if first == offset && first <= last && last < promised =>
        {
            Answer::Body { offset, end_is_certain: last + 1 == promised }
        }
        _ => Answer::Nonsense(format!(
            "found content-range {:?}, expected bytes {offset}-{}/{promised}",
            headers.get(CONTENT_RANGE),
            promised.saturating_sub(1),
        )),
    }
}

fn other_length(found: u64, promised: u64) -> Answer {
    if found > promised {
        return Answer::OtherLength(Found::MoreBytes);
    }
    Answer::OtherLength(Found::FewerBytes { bytes: found })
}

fn refusal(status: StatusCode) -> Refusal {
    match status.as_u16() {
        401 => Refusal::TokenInvalid,
        403 => Refusal::Forbidden,
        404 | 410 => Refusal::NotFound,
        409 => Refusal::Suspended,
        408 | 425 | 429 | 500..=599 => Refusal::Unavailable,
        _ => Refusal::Other,
    }
}

struct ContentRange {
    range: Option<(u64, u64)>,
    complete: Option<u64>,
}

/// RFC 9110 section 14.4: `bytes 5-9/10`, `bytes 5-9/*` or `bytes */10`.
fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (unit, text) = text.split_once(' ')?;
    let (range, complete) = text.trim().split_once('/')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let range = match range {
        "*" => None,
        _ => {
            let (first, last) = range.split_once('-')?;
            Some((first.parse().ok()?, last.parse().ok()?))
        }
    };
    let complete = if complete == "*" { None } else { Some(complete.parse().ok()?) };
    Some(ContentRange { range, complete })
}

/// `Retry-After` in seconds; the form with a date would need a clock.
pub(super) fn retry_after_seconds(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// The start of a refusal's body, made printable. A body that does not come is no detail.
pub(super) async fn detail(mut response: reqwest::Response) -> String {
    let mut text = Vec::new();
    let idle_max = Duration::from_secs(PULL_IDLE_SECONDS_MAX);
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = REASON_BYTES_MAX - text.len();
            text.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if text.len() == REASON_BYTES_MAX {
                break;
            }
        }
    };
    // Whatever came within the time is the detail.
    let _ = tokio::time::timeout(idle_max, read).await;
    let text = String::from_utf8_lossy(&text);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(status: u16, range: Option<&str>, length: Option<u64>, asked: u64, expected: Answer) {
        let mut headers = HeaderMap::new();
        if let Some(range) = range {
            headers.insert(CONTENT_RANGE, HeaderValue::from_str(range).unwrap());
        }
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let found = read(status, Version::HTTP_11, &headers, asked, 10);
        assert_eq!(found, expected, "{status} {range:?} {length:?} after {asked}");
    }

    fn check_nonsense(status: u16, range: Option<&str>, asked: u64) {
        let mut headers = HeaderMap::new();
        if let Some(range) = range {
            headers.insert(CONTENT_RANGE, HeaderValue::from_str(range).unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let found = read(status, Version::HTTP_11, &headers, asked, 10);
        assert!(matches!(found, Answer::Nonsense(_)), "{status} {range:?}: {found:?}");
    }

    #[test]
    fn a_whole_file_starts_at_zero_whatever_was_asked() {
        let certain = |end_is_certain| Answer::Body { offset: 0, end_is_certain };
        check(200, None, Some(10), 0, certain(true));
        check(200, None, Some(10), 5, certain(true));
        check(200, None, None, 0, certain(false));
        check(200, None, Some(11), 0, Answer::OtherLength(Found::MoreBytes));
        check(200, None, Some(9), 0, Answer::OtherLength(Found::FewerBytes { bytes: 9 }));
    }

    #[test]
    fn a_part_continues_exactly_where_it_was_asked_to() {
        let body = |end_is_certain| Answer::Body { offset: 5, end_is_certain };
        check(206, Some("bytes 5-9/10"), Some(5), 5, body(true));
        check(206, Some("bytes 5-9/*"), Some(5), 5, body(true));
        check(206, Some("bytes 5-7/10"), Some(3), 5, body(false));
        check(206, Some("bytes 5-9/11"), None, 5, Answer::OtherLength(Found::MoreBytes));
        for range in
            ["bytes 4-9/10", "bytes 6-9/10", "bytes 5-10/*", "bytes 5-4/10", "items 5-9/10"]
        {
            check_nonsense(206, Some(range), 5);
        }
        check_nonsense(206, None, 5);
        check_nonsense(206, Some("bytes 0-9/10"), 0);
        check_nonsense(204, None, 0);
    }

    #[test]
    fn an_unsatisfiable_range_means_another_length() {
        let fewer = Answer::OtherLength(Found::FewerBytes { bytes: 3 });
        check(416, Some("bytes */3"), None, 5, fewer);
        check_nonsense(416, Some("bytes */10"), 5);
        check_nonsense(416, None, 5);
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, refusal) in [
            (401, Refusal::TokenInvalid),
            (403, Refusal::Forbidden),
            (404, Refusal::NotFound),
            (409, Refusal::Suspended),
            (503, Refusal::Unavailable),
            (302, Refusal::Other),
            (400, Refusal::Other),
        ] {
            check(status, None, None, 0, Answer::Refused(refusal));
        }
    }
}
