//! What may be a schema, and what it says of credentials.

use serde_json::{Map, json};

use super::*;

fn schema(value: &Value) -> Result<Schema, SchemaError> {
    Schema::compile(value.to_string().as_bytes())
}

/// A schema that is refused, with a piece of the reason.
fn refused(value: &Value, expected: &str) {
    let error = schema(value).err().unwrap_or_else(|| panic!("taken: {value}")).to_string();
    assert!(error.contains(expected), "{error}");
}

fn member() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://asean.example/member",
        "type": "object",
        "properties": {
            "credentialSubject": {
                "type": "object",
                "properties": {
                    "level": { "$ref": "#/$defs/level" },
                    "since": { "type": "string", "format": "date" },
                    "code": { "type": "string", "pattern": "^[A-Z]{2}-[0-9]+$" },
                },
                "required": ["level"],
            },
        },
        "required": ["credentialSubject", "issuer"],
        "$defs": { "level": { "type": "integer", "minimum": 1 } },
    })
}

fn says(subject: Value) -> Result<(), String> {
    schema(&member()).unwrap().check(&json!({ "issuer": "did:x", "credentialSubject": subject }))
}

#[test]
fn the_whole_credential_is_held_to_its_schema() {
    assert_eq!(says(json!({ "level": 2, "since": "2026-01-31", "code": "SG-1" })), Ok(()));
    let check = |subject: Value, expected: &str| {
        let found = says(subject).unwrap_err();
        assert!(found.contains(expected), "{found}");
    };
    check(json!({ "level": "two" }), "\"/credentialSubject/level\" is not what");
    check(json!({ "level": 0 }), "minimum");
    check(json!({}), "\"level\" is missing in \"/credentialSubject\"");
    check(json!({ "level": 1, "since": "yesterday" }), "format");
    check(json!({ "level": 1, "code": "sg" }), "pattern");
    let found = schema(&member()).unwrap().check(&json!({ "credentialSubject": { "level": 1 } }));
    assert!(found.unwrap_err().contains("\"issuer\" is missing in the credential"));
}

#[test]
fn a_reason_names_no_value_of_the_credential() {
    let found = says(json!({ "level": "Tan Wei Ming" })).unwrap_err();
    assert!(!found.contains("Tan"), "{found}");
}

#[test]
fn every_known_version_is_taken_and_no_other() {
    for version in VERSIONS {
        assert!(schema(&json!({ "$schema": version })).is_ok(), "{version}");
    }
    assert!(schema(&json!({})).is_ok());
    assert!(schema(&json!({ "$schema": "http://json-schema.org/draft-07/schema#" })).is_ok());
    refused(&json!({ "$schema": "http://json-schema.org/draft-04/schema#" }), "at $schema");
    refused(&json!({ "$schema": "https://evil.example/dialect" }), "at $schema");
    refused(&json!({ "$schema": 7 }), "at $schema");
}

#[test]
fn what_refers_outside_its_file_is_refused_wherever_it_hides() {
    let remote = "https://evil.example/more.json";
    for reference in [remote, "other.json", "//evil.example/x", "file:///etc/passwd", "#anchor"] {
        refused(&json!({ "$ref": reference }), "outside the file");
    }
    refused(&json!({ "properties": { "enum": { "$ref": remote } } }), "outside the file");
    refused(&json!({ "properties": { "const": { "not": { "$ref": remote } } } }), "outside");
    refused(&json!({ "$defs": { "unused": { "$ref": remote } } }), "outside the file");
    refused(&json!({ "$ref": "#/$defs/none" }), "outside the file");
    refused(&json!({ "$dynamicRef": remote }), "$dynamicRef");
    refused(&json!({ "$defs": { "a": { "$recursiveRef": "#" } } }), "$recursiveRef");
    refused(&json!({ "$defs": { "a": { "$id": remote } } }), "$id");
    refused(&json!({ "$id": "https://json-schema.org/draft/2020-12/schema" }), "$id");
}

#[test]
fn its_own_id_is_inside_and_names_of_properties_are_no_keywords() {
    let own = json!({
        "$id": "https://a.example/s",
        "properties": {
            "a": { "$ref": "https://a.example/s#/$defs/a~1b" },
            "c": { "$ref": "#/%24defs/a~1b" },
            "$ref": { "type": "string" }, "$id": { "type": "string" },
            "$dynamicRef": { "type": "string" },
        },
        "$defs": { "a/b": { "type": "integer" } },
    });
    let schema = schema(&own).unwrap();
    assert_eq!(schema.check(&json!({ "a": 1, "c": 2, "$ref": "x", "$id": "y" })), Ok(()));
    for wrong in [json!({ "a": "x" }), json!({ "c": "x" }), json!({ "$ref": 1 })] {
        assert!(schema.check(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_circle_of_references_is_refused() {
    refused(&json!({ "properties": { "next": { "$ref": "#" } } }), "within what it refers to");
    refused(&json!({ "$ref": "#" }), "no circles");
    refused(
        &json!({ "allOf": [{ "$ref": "#/$defs/a" }], "$defs": {
        "a": { "anyOf": [{ "$ref": "#/$defs/b" }] }, "b": { "not": { "$ref": "#/$defs/a" } },
    } }),
        "no circles",
    );
}

#[test]
fn bombs_are_refused_before_they_are_compiled() {
    // Two references a step: thousands of parts when they are written out.
    let step = |n: usize| {
        let next = format!("#/$defs/d{}", n + 1);
        json!({ "allOf": [{ "$ref": next }, { "$ref": next }] })
    };
    let mut steps: Map<String, Value> = (0..12).map(|n| (format!("d{n}"), step(n))).collect();
    steps.insert("d12".to_owned(), json!({ "type": "string" }));
    refused(&json!({ "$ref": "#/$defs/d0", "$defs": steps }), "written out");

    let step = |n: usize| json!({ "not": { "$ref": format!("#/$defs/d{}", n + 1) } });
    let mut steps: Map<String, Value> = (0..3_000).map(|n| (format!("d{n}"), step(n))).collect();
    steps.insert("d3000".to_owned(), json!({}));
    let forwards = json!({ "$ref": "#/$defs/d0", "$defs": steps });
    refused(&forwards, "follow one another");
    let backwards: Map<String, Value> = steps_backwards(3_000);
    refused(&json!({ "$defs": backwards }), "follow one another");

    let deep = "{\"not\":".repeat(10_000) + "{}" + &"}".repeat(10_000);
    let error = Schema::compile(deep.as_bytes()).err().unwrap().to_string();
    assert!(error.contains("deeper nesting"), "{error}");
    let large = format!("{{\"title\":\"{}\"}}", "x".repeat(TRUST_SCHEMA_BYTES_MAX));
    assert!(Schema::compile(large.as_bytes()).is_err());
    let nested = (0..20)
        .fold(json!({}), |inner, _| json!({ "allOf": [inner], "unevaluatedProperties": false }));
    assert!(schema(&nested).is_err());
}

/// Each refers to the one before, so that the sizes of all before are known already.
fn steps_backwards(count: usize) -> Map<String, Value> {
    let step = |n: usize| match n {
        0 => json!({}),
        _ => json!({ "not": { "$ref": format!("#/$defs/d{}", n - 1) } }),
    };
    (0..count).map(|n| (format!("d{n}"), step(n))).collect()
}

#[test]
fn patterns_run_in_linear_time_or_not_at_all() {
    for pattern in ["(a{1000}){1000}", "(?=a)b", "(a)\\1", "("] {
        refused(&json!({ "pattern": pattern }), "compile a schema");
    }
    refused(&json!({ "pattern": "a".repeat(100_000) }), "a pattern with bytes");
    let many: Vec<Value> = (0..1_000).map(|n| json!({ "pattern": format!("a{n}") })).collect();
    refused(&json!({ "anyOf": many }), "patterns");
    let slow = schema(&json!({ "properties": { "a": { "pattern": "^(a+)+$" } } })).unwrap();
    assert!(slow.check(&json!({ "a": "a".repeat(50_000) + "!" })).is_err());
}

#[test]
fn what_is_no_schema_is_refused() {
    for bytes in ["", "[]", "true", "{\"type\":\"text\",\"type\":\"object\"}", "{} {}"] {
        assert!(Schema::compile(bytes.as_bytes()).is_err(), "{bytes}");
    }
    refused(&json!({ "type": "text" }), "compile a schema");
    refused(&json!({ "required": "level" }), "compile a schema");
    refused(&json!({ "format": "unheard-of" }), "compile a schema");
    assert!(compiled(b"[]").is_err_and(|reason| reason.contains("expected an object")));
}
