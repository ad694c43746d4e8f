//! Reading the API's JSON for people: fields, short ids, titles, sizes, times.

use serde_json::Value;

/// A text field; empty if it is missing or null.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A text field, if it is there.
pub(crate) fn optional<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// A number at a path such as `/content/bytes`.
pub(crate) fn number(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer).and_then(Value::as_u64)
}

/// The items of a list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An id as people use it: a UUID without `urn:uuid:`.
pub(crate) fn short(id: &str) -> &str {
    id.strip_prefix("urn:uuid:").unwrap_or(id)
}

/// Whether two spellings are the same id.
pub(crate) fn same_id(a: &str, b: &str) -> bool {
    short(a) == short(b)
}

/// The English text of a language map, else the first one.
pub(crate) fn title<'a>(value: &'a Value, name: &str) -> &'a str {
    let map = value.get(name).and_then(Value::as_object);
    let english = map.and_then(|map| map.get("en"));
    english
        .or_else(|| map.and_then(|map| map.values().next()))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A time without fractions of a second, UTC.
pub(crate) fn time(text: &str) -> String {
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text.to_owned(),
    }
}

/// A size such as `1.5 GiB`; exact below 1 KiB.
pub(crate) fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// A state, and what it waits for.
pub(crate) fn state(value: &Value) -> String {
    let state = optional(value, "state").unwrap_or("(sending)");
    match optional(value, "waiting_for") {
        Some(question) => format!("{state}, decide {question}"),
        None => state.to_owned(),
    }
}

/// Reads a duration such as `90s`, `15m`, `24h` or `7d`; whole seconds without a unit.
pub(crate) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    let seconds = digits.parse::<u64>().ok().zip(unit).and_then(|(n, unit)| n.checked_mul(unit));
    match seconds {
        // A year is longer than any process may run.
        Some(seconds) if (1..=31_536_000).contains(&seconds) => {
            Ok(std::time::Duration::from_secs(seconds))
        }
        _ => Err(format!("found {text:?}, expected a time such as 90s, 15m, 24h or 7d")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit_and_bounded() {
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(duration(text).ok().map(|d| d.as_secs()), seconds, "{text}");
        };
        check("90", Some(90));
        check("90s", Some(90));
        check("15m", Some(900));
        check("24h", Some(86_400));
        check("7d", Some(604_800));
        check("0s", None);
        check("1w", None);
        check("h", None);
        check("", None);
        check("99999999999999999999h", None);
    }

    #[test]
    fn a_time_is_shown_to_the_second() {
        assert_eq!(time("2026-11-24T07:48:57.123456Z"), "2026-11-24T07:48:57Z");
        assert_eq!(time("2026-11-24T07:48:57Z"), "2026-11-24T07:48:57Z");
    }
}
