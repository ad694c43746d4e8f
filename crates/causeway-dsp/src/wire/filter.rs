//! The filter of a catalog request. The protocol leaves its form to the implementation; ours is
//! one object with plain names, described in `docs/reference/catalog-filter.md`. What a filter
//! selects is the node's business.

use causeway_types::Timestamp;
use causeway_types::limits::SEARCH_TEXT_BYTES_MAX;
use serde_json::Value;

use super::error::{WireError, quoted};
use super::fields::{Node, kind};
use super::terms::{EDC_FILTER_EXPRESSION, FILTER};
use crate::catalog::Filter;

const SUPPORTED: &str =
    "text, theme, format, jurisdiction, time, spatial and licence are supported";

/// Reads the filter of a request; without one, everything is asked for.
///
/// Connectors based on EDC always send a `QuerySpec` as filter, with which page they want. Without
/// an expression in it, it selects nothing and so counts as no filter.
pub(super) fn read_filter(request: &Node<'_>) -> Result<Filter, WireError> {
    let Some(found) = request.find(FILTER)? else {
        return Ok(Filter::default());
    };
    let place = found.pointer.clone();
    let mut items = found.items();
    let (first, others) = (items.next(), items.count());
    let Some(first) = first.filter(|_| others == 0) else {
        let problem = format!("found {} filters, expected one object", others + 1);
        return Err(refused(&place, &problem));
    };
    if !first.value.is_object() {
        let problem = format!("found {}, expected one object", kind(first.value));
        return Err(refused(&first.pointer, &problem));
    }
    let node = first.node()?;
    if node.types()?.iter().any(|name| name == "QuerySpec") {
        return match node.find(EDC_FILTER_EXPRESSION)? {
            None => Ok(Filter::default()),
            Some(_) => Err(refused(node.pointer(), "found an expression of a QuerySpec")),
        };
    }
    let mut filter = Filter::default();
    for (name, value) in node.object() {
        let place = format!("{}/{name}", node.pointer());
        let slot = match name.as_str() {
            "text" => &mut filter.text,
            "theme" => &mut filter.theme,
            "format" => &mut filter.format,
            "jurisdiction" => &mut filter.jurisdiction,
            "spatial" => &mut filter.spatial,
            "licence" => &mut filter.licence,
            "time" => {
                filter.time = Some(period(&place, text(&place, value)?)?);
                continue;
            }
            other => {
                let problem = format!("found the member {}", quoted(other));
                return Err(refused(node.pointer(), &problem));
            }
        };
        *slot = Some(text(&place, value)?.to_owned());
    }
    Ok(filter)
}

fn text<'v>(place: &str, value: &'v Value) -> Result<&'v str, WireError> {
    let Value::String(text) = value else {
        return Err(refused(place, &format!("found {}, expected a text", kind(value))));
    };
    if text.is_empty() || text.len() > SEARCH_TEXT_BYTES_MAX {
        let found = text.len();
        let problem = format!("found {found} bytes, expected 1 to {SEARCH_TEXT_BYTES_MAX}");
        return Err(refused(place, &problem));
    }
    if text.chars().any(char::is_control) {
        return Err(refused(place, "found a control character"));
    }
    Ok(text)
}

fn period(place: &str, text: &str) -> Result<(Timestamp, Timestamp), WireError> {
    let times = text.split_once('/').and_then(|(start, end)| {
        Some((Timestamp::parse(start).ok()?, Timestamp::parse(end).ok()?))
    });
    let found = quoted(text);
    match times {
        Some((start, end)) if start <= end => Ok((start, end)),
        Some(_) => {
            let problem = format!("found {found}, expected a time that ends after it begins");
            Err(refused(place, &problem))
        }
        None => {
            let problem = format!("found {found}, expected two times with a slash between");
            Err(refused(place, &problem))
        }
    }
}

fn refused(place: &str, problem: &str) -> WireError {
    WireError::field(place, format!("{problem}; {SUPPORTED}"))
}
