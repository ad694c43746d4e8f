//! What the reader takes and what it refuses, as tables.

use super::*;

const SMALL: Limits = Limits { bytes: 4096, depth: 4, nodes: 8 };

fn check(text: impl AsRef<[u8]>, expected: Result<(), &str>) {
    let text = text.as_ref();
    let shown: String = String::from_utf8_lossy(text).chars().take(80).collect();
    let found = parse(text, SMALL).map(drop).map_err(|error| error.to_string());
    match (&found, expected) {
        (Ok(()), Ok(())) => {}
        (Err(found), Err(expected)) => assert!(found.contains(expected), "{shown}: {found}"),
        (found, expected) => panic!("{shown}: {found:?}, expected {expected:?}"),
    }
}

#[test]
fn a_name_twice_in_an_object_is_refused_at_every_depth() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"a":{}}"#,
        r#"{"x":{"a":1,"a":2}}"#,
        r#"[[{"a":1,"a":2}]]"#,
        r#"{"x":[{"y":{"a":null,"a":null}}]}"#,
        // The same name in another spelling.
        "{\"a\":1,\"\\u0061\":2}",
        "{\"\":1,\"\":2}",
    ] {
        check(text, Err("twice in one object"));
    }
    check(r#"{"a":{"a":{"a":1}},"A":[{"a":1},{"a":2}]}"#, Ok(()));
}

#[test]
fn nesting_members_and_bytes_have_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check(nested(4), Ok(()));
    check(nested(5), Err("deeper nesting than 4 levels"));
    check(format!("{}1{}", r#"{"a":"#.repeat(5), "}".repeat(5)), Err("deeper nesting"));
    // Far deeper than any stack.
    check("[".repeat(4096), Err("deeper nesting"));
    check("[1,2,3,4,5,6,7,8]", Ok(()));
    check("[1,2,3,4,5,6,7,8,9]", Err("more than 8 members"));
    check("[[1,2,3],[4,5,6],7]", Err("more than 8 members"));
    check(" ".repeat(4097), Err("found 4097 bytes, expected at most 4096"));
    check(format!("{}1", " ".repeat(4095)), Ok(()));
}

#[test]
fn a_number_has_an_end() {
    let long = JSON_NUMBER_BYTES_MAX;
    check("1".repeat(long), Ok(()));
    for text in [
        "1".repeat(long + 1),
        format!("[0.{}]", "1".repeat(long)),
        format!("{{\"a\":-1e-{}}}", "0".repeat(long)),
        format!("[\"\\\\\",{}]", "9".repeat(long + 1)),
        format!("{}{}", " ".repeat(long - 1), "9".repeat(long + 1)),
    ] {
        check(text, Err("found a number of more than"));
    }
    // In a text, digits are a text.
    check(format!("[\"{}\"]", "1".repeat(2000)), Ok(()));
    check(format!("[\"a\\\"{}\",1]", "1".repeat(2000)), Ok(()));
    check("1e999", Err("number out of range"));
    for text in ["01", "+1", "1.", ".5", "-", "0x10", "NaN", "Infinity", "-Infinity", "1_0"] {
        check(text, Err("not JSON"));
    }
}

#[test]
fn half_characters_and_stray_bytes_are_no_text() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800x""#,
        r#""\ud800\u0041""#,
        r#""\udc00\ud800""#,
        r#"{"\ud800":1}"#,
        r#""\u12""#,
        r#""\x41""#,
        "\"a\u{1}b\"",
        "\"a\nb\"",
        "\"a",
    ] {
        check(text, Err("not JSON"));
    }
    check(r#""\ud83d\ude00""#, Ok(()));
    for bytes in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", b"\"\xc0\x80\"", b"\xfe\xff\0\""] {
        check(bytes, Err("not UTF-8"));
    }
    check("\u{feff}{}", Ok(()));
    check("\u{feff}\u{feff}{}", Err("not JSON"));
    for text in ["", " ", "{} {}", "{}x", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "[1 2]", "/**/1"] {
        check(text, Err("not JSON"));
    }
}

#[test]
fn a_type_is_read_under_the_same_rules() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Decision {
        decision: String,
    }
    let read = |text: &str| {
        read::<Decision>(text.as_bytes(), SMALL).map(|d| d.decision).map_err(|e| e.to_string())
    };
    assert_eq!(read("\u{feff}{\"decision\":\"a\"}"), Ok("a".to_owned()));
    // serde itself never looks at a member that the type does not have.
    let twice = read(r#"{"decision":"a","more":{"x":1,"x":2}}"#).unwrap_err();
    assert!(twice.contains("\"x\" twice"), "{twice}");
    let wrong = read("{\n\"decision\":1}").unwrap_err();
    assert!(wrong.contains("expected a string at line 2"), "{wrong}");
}

#[test]
fn a_refusal_is_short_and_printable_whatever_the_name_is() {
    let name = "\u{202e}\\u0000".repeat(200);
    let text = format!("{{\"{name}\":1,\"{name}\":2}}");
    let error = parse(text.as_bytes(), SMALL).unwrap_err().to_string();
    assert!(error.len() < 1000 && !error.chars().any(char::is_control), "{error}");
    assert!(!error.contains('\u{202e}'), "{error}");
}
