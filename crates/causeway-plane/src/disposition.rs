//! `Content-Disposition` for a download (RFC 6266 with the extended form of RFC 8187). It makes a
//! name harmless for the file systems and screens of others; it does not judge file types.

use causeway_types::limits::FILE_NAME_BYTES_MAX;
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 8187 does not allow bare in an extended value: all but `attr-char`.
const NOT_ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The header for a file of that name, or of no name.
pub(crate) fn attachment(file_name: Option<&str>) -> HeaderValue {
    let plain = HeaderValue::from_static("attachment");
    let Some(name) = file_name.map(sanitise).filter(|name| !name.is_empty()) else {
        return plain;
    };
    // Some clients decode percent signs in the plain form, so it carries none.
    let ascii: String =
        name.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    let mut text = format!("attachment; filename=\"{ascii}\"");
    if ascii != name {
        text += &format!("; filename*=UTF-8''{}", utf8_percent_encode(&name, NOT_ATTR_CHAR));
    }
    HeaderValue::try_from(text).unwrap_or(plain)
}

/// One path component that no system reads as something else: no separators, controls, reserved
/// characters or text-direction marks, no leading dots, no trailing dots or blanks.
fn sanitise(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut safe = String::new();
    for c in last.chars().filter(|c| !c.is_control() && !is_direction_mark(*c)) {
        if safe.len() + c.len_utf8() > FILE_NAME_BYTES_MAX {
            break;
        }
        safe.push(if "<>:\"|?*".contains(c) { '_' } else { c });
    }
    safe.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']).to_owned()
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: Option<&str>, expected: &str) {
        assert_eq!(attachment(name).to_str().unwrap(), expected, "{name:?}");
    }

    #[test]
    fn plain_names_are_quoted_as_they_are() {
        check(None, "attachment");
        check(Some("rain 2026.csv"), r#"attachment; filename="rain 2026.csv""#);
    }

    #[test]
    fn other_alphabets_get_the_extended_form_and_a_fallback() {
        check(
            Some("données €.csv"),
            "attachment; filename=\"donn_es _.csv\"; \
             filename*=UTF-8''donn%C3%A9es%20%E2%82%AC.csv",
        );
        check(Some("50%.csv"), "attachment; filename=\"50_.csv\"; filename*=UTF-8''50%25.csv");
    }

    #[test]
    fn names_that_reach_for_more_are_cut_down() {
        check(Some("../../etc/passwd"), r#"attachment; filename="passwd""#);
        check(Some(r"C:\temp\a.csv"), r#"attachment; filename="a.csv""#);
        check(Some("a\"; filename=\"b.exe"), r#"attachment; filename="a_; filename=_b.exe""#);
        check(Some("a\r\nSet-Cookie: x"), r#"attachment; filename="aSet-Cookie_ x""#);
        check(Some("invoice\u{202e}fdp.exe"), r#"attachment; filename="invoicefdp.exe""#);
        check(Some(".bashrc"), r#"attachment; filename="bashrc""#);
        for nothing in ["", "..", "a/", " . "] {
            check(Some(nothing), "attachment");
        }
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let header = attachment(Some(&"é".repeat(200)));
        let text = header.to_str().unwrap();
        assert_eq!(text.matches("%C3%A9").count(), FILE_NAME_BYTES_MAX / 2);
    }
}
