//! Which part of a file a request asks for: preconditions and ranges of RFC 9110, read as text.
//! There is no `Last-Modified` here, so conditions on dates are never met or are ignored, as the
//! specification says for each.

use http::header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderName, Method};

/// What the request's conditions lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// The whole file.
    Full,
    /// The bytes from `first` to `last`, both included.
    Part { first: u64, last: u64 },
    /// 304: the caller has it already.
    NotModified,
    /// 412: the caller wants another file.
    PreconditionFailed,
    /// 416: the range lies outside the file.
    NotSatisfiable,
}

/// `entity_tag` is the file's strong tag with its quotes, `bytes` its length.
/// Order of evaluation: RFC 9110 section 13.2.2.
pub(crate) fn select(
    method: &Method,
    headers: &HeaderMap,
    entity_tag: &str,
    bytes: u64,
) -> Selection {
    // If-Match compares strongly, so a weak tag never matches.
    if headers.contains_key(IF_MATCH) && !lists(headers, IF_MATCH, |tag| tag == entity_tag) {
        return Selection::PreconditionFailed;
    }
    // If-None-Match compares weakly.
    let weakly = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag) == entity_tag;
    if lists(headers, IF_NONE_MATCH, weakly) {
        return Selection::NotModified;
    }
    // Only GET has ranges (section 14.2).
    if *method != Method::GET || !if_range_holds(headers, entity_tag) {
        return Selection::Full;
    }
    let mut ranges = headers.get_all(RANGE).iter();
    match (ranges.next().and_then(|value| value.to_str().ok()), ranges.next()) {
        (Some(text), None) => range(text, bytes),
        _ => Selection::Full,
    }
}

fn lists(headers: &HeaderMap, name: HeaderName, matches: impl Fn(&str) -> bool) -> bool {
    let values = headers.get_all(name);
    let mut tags = values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    tags.any(|tag| tag.trim() == "*" || matches(tag.trim()))
}

/// Section 13.1.5: a weak tag or a date is no proof that the file is the same.
fn if_range_holds(headers: &HeaderMap, entity_tag: &str) -> bool {
    headers.get(IF_RANGE).is_none_or(|value| value.as_bytes().trim_ascii() == entity_tag.as_bytes())
}

/// A range that cannot be read, and more than one range, give the whole file (section 14.2 allows
/// both); so does a suffix of an empty file, which has no bytes a `Content-Range` could name.
fn range(text: &str, bytes: u64) -> Selection {
    let Some((unit, set)) = text.split_once('=') else { return Selection::Full };
    let Some((first, last)) = set.trim().split_once('-') else { return Selection::Full };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Selection::Full;
    }
    match (number(first), number(last)) {
        (Number::Some(first), Number::None) => clip(first, u64::MAX, bytes),
        (Number::Some(first), Number::Some(last)) if first <= last => clip(first, last, bytes),
        (Number::None, Number::Some(0)) => Selection::NotSatisfiable,
        (Number::None, Number::Some(suffix)) if bytes > 0 => {
            clip(bytes.saturating_sub(suffix), u64::MAX, bytes)
        }
        _ => Selection::Full,
    }
}

fn clip(first: u64, last: u64, bytes: u64) -> Selection {
    if first >= bytes {
        return Selection::NotSatisfiable;
    }
    Selection::Part { first, last: last.min(bytes - 1) }
}

enum Number {
    None,
    Some(u64),
    Bad,
}

/// Digits only. A number beyond 64 bits is as good as the largest one: no file reaches either.
fn number(text: &str) -> Number {
    if text.is_empty() {
        return Number::None;
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Number::Bad;
    }
    Number::Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const TAG: &str = "\"abc\"";

    fn check(bytes: u64, headers: &[(HeaderName, &str)], expected: Selection) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(select(&Method::GET, &map, TAG, bytes), expected, "{headers:?} of {bytes}");
    }

    fn check_range(bytes: u64, range: &str, expected: Selection) {
        check(bytes, &[(RANGE, range)], expected);
    }

    #[test]
    fn single_ranges_select_and_clip() {
        check_range(10, "bytes=0-", Selection::Part { first: 0, last: 9 });
        check_range(10, "bytes=3-5", Selection::Part { first: 3, last: 5 });
        check_range(10, "BYTES=9-9", Selection::Part { first: 9, last: 9 });
        check_range(10, "bytes=3-99", Selection::Part { first: 3, last: 9 });
        check_range(10, "bytes=-3", Selection::Part { first: 7, last: 9 });
        check_range(10, "bytes=-99", Selection::Part { first: 0, last: 9 });
        let huge = "bytes=3-99999999999999999999999";
        check_range(10, huge, Selection::Part { first: 3, last: 9 });
    }

    #[test]
    fn ranges_outside_the_file_are_not_satisfiable() {
        for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"] {
            check_range(10, range, Selection::NotSatisfiable);
        }
        check_range(0, "bytes=0-", Selection::NotSatisfiable);
    }

    #[test]
    fn what_is_no_single_range_gives_the_whole_file() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-3",
            "bytes=0-1,4-5",
            "bytes=+1-2",
            "bytes=1-2-3",
            "items=0-1",
            "bytes=0x1-2",
        ] {
            check_range(10, range, Selection::Full);
        }
        check_range(0, "bytes=-5", Selection::Full);
        check(10, &[(RANGE, "bytes=0-1"), (RANGE, "bytes=2-3")], Selection::Full);
    }

    #[test]
    fn if_range_needs_the_same_strong_tag() {
        let part = Selection::Part { first: 5, last: 9 };
        check(10, &[(RANGE, "bytes=5-"), (IF_RANGE, TAG)], part);
        for other in ["\"abd\"", "W/\"abc\"", "abc", "Tue, 24 Nov 2026 07:00:00 GMT"] {
            check(10, &[(RANGE, "bytes=5-"), (IF_RANGE, other)], Selection::Full);
        }
        check(10, &[(RANGE, "bytes=10-"), (IF_RANGE, "\"abd\"")], Selection::Full);
    }

    #[test]
    fn if_none_match_is_weak_and_if_match_is_strong() {
        for tags in [TAG, "W/\"abc\"", "*", "\"x\", W/\"abc\""] {
            check(10, &[(IF_NONE_MATCH, tags), (RANGE, "bytes=99-")], Selection::NotModified);
        }
        check(10, &[(IF_NONE_MATCH, "\"x\"")], Selection::Full);
        for tags in [TAG, "*", "\"x\",\"abc\""] {
            check(10, &[(IF_MATCH, tags)], Selection::Full);
        }
        for tags in ["\"x\"", "W/\"abc\"", ""] {
            let headers = [(IF_MATCH, tags), (IF_NONE_MATCH, TAG)];
            check(10, &headers, Selection::PreconditionFailed);
        }
    }

    #[test]
    fn head_has_no_ranges() {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static("bytes=0-1"))]);
        assert_eq!(select(&Method::HEAD, &headers, TAG, 10), Selection::Full);
    }
}
