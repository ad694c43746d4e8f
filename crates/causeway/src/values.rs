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

/// An id as people use it: a UUID without `urn:uuid:`,
/// and a decision as its digest.
pub(crate) fn short(id: &str) -> &str {
    let known = ["urn:uuid:", "urn:causeway:decision:"];
    known.iter().find_map(|scheme| id.strip_prefix(scheme)).unwrap_or(id)
}

/// The value of a fact as it is typed: a number, true or false is itself, everything else a text.
pub(crate) fn fact_value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Bool(_) | Value::Number(_) | Value::Null)) => value,
        _ => Value::from(text),
    }
}

/// A line of comma-separated values.
pub(crate) fn csv_line<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    let quoted = fields.map(|field| match field.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    });
    let mut line = quoted.collect::<Vec<_>>().join(",");
    line.push('\n');
    line
}

/// A text as one word of a shell.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/=+@,".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
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

/// Why it waits, or was suspended or ended.
pub(crate) fn why(value: &Value) -> String {
    let why = optional(value, "waits_because").or_else(|| optional(value, "reason"));
    why.unwrap_or_default().to_owned()
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
    fn what_is_pasted_into_a_shell_is_one_word() {
        let check = |text: &str, expected: &str| assert_eq!(shell_word(text), expected);
        check("tool.eu_scc=true", "tool.eu_scc=true");
        check("it's $HOME", "'it'\\''s $HOME'");
        check("", "''");
        check("a;b", "'a;b'");
    }

    #[test]
    fn a_fact_is_a_flag_a_number_or_a_text() {
        assert_eq!(fact_value("true"), Value::Bool(true));
        assert_eq!(fact_value("12"), Value::from(12));
        assert_eq!(fact_value("KE"), Value::from("KE"));
        assert_eq!(fact_value("\"x\""), Value::from("\"x\""));
        assert_eq!(fact_value("null"), Value::Null);
    }

    #[test]
    fn a_time_is_shown_to_the_second() {
        assert_eq!(time("2026-11-24T07:48:57.123456Z"), "2026-11-24T07:48:57Z");
        assert_eq!(time("2026-11-24T07:48:57Z"), "2026-11-24T07:48:57Z");
    }
}
