//! Policies in words.

use causeway_policy::explain;
use serde_json::{Value, json};

use crate::policy;

fn on(left: &str, operator: &str, right: Value) -> Value {
    json!({ "leftOperand": left, "operator": operator, "rightOperand": right })
}

fn check(input: &Value, expected: &[&str]) {
    assert_eq!(explain(&policy(input)), expected, "{input}");
}

#[test]
fn a_policy_reads_as_sentences() {
    check(
        &json!({ "permission": [{ "action": "use" }] }),
        &["It is permitted to use the data, without conditions."],
    );
    check(&json!({}), &["Nothing is permitted."]);
    check(
        &json!({
            "permission": [{ "action": "use", "constraint": [
                on("odrl:dateTime", "lteq", json!("2027-01-01T00:00:00Z")),
                { "or": [
                    on("odrl:purpose", "isAnyOf", json!(["research", "teaching"])),
                    on("odrl:count", "lteq", json!(3)),
                ] },
            ] }],
            "prohibition": [{ "action": "odrl:distribute", "constraint": [
                on("https://example.com/x", "eq", json!({ "@id": "urn:example:y" })),
            ] }],
            "obligation": [{ "action": "odrl:inform", "odrl:informedParty": "urn:example:a" }],
        }),
        &[
            "It is permitted to use the data if all of these hold:",
            "  - the time is not after 2027-01-01T00:00:00Z",
            "  - at least one of these holds:",
            "    - the purpose is one of research, teaching",
            "    - the number of uses is at most 3",
            "It is forbidden to pass the data on if",
            "  - https://example.com/x is urn:example:y",
            "Whoever agrees has to inform somebody:",
            "  (odrl:informedParty: \"urn:example:a\")",
        ],
    );
}

#[test]
fn duties_refinements_and_what_is_not_understood_are_told_too() {
    let refined = json!({ "@id": "odrl:print", "odrl:refinement": [
        { "leftOperand": "odrl:resolution", "operator": "lt",
          "rightOperand": 1200, "unit": "dpi" },
    ] });
    check(
        &json!({ "permission": [{
            "action": refined,
            "duty": [{ "action": "odrl:compensate" }],
        }] }),
        &[
            "It is permitted to do odrl:print if",
            "  - odrl:resolution is less than 1200",
            "    (odrl:unit: \"dpi\")",
            "  with the duty to pay, without conditions.",
        ],
    );
}
