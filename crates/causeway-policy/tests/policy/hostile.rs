//! Input made to harm: every wrong shape is an error that says where, and nothing panics, runs
//! away or overflows.

use causeway_policy::{Contexts, read};
use causeway_types::limits::{
    MESSAGE_DEPTH_MAX, MESSAGE_NODES_MAX, POLICY_CONSTRAINTS_MAX, POLICY_RULES_MAX,
};
use serde_json::{Value, json};

fn check(input: &Value, expected: &str) {
    let error = read(input, &Contexts::dsp()).expect_err(expected).to_string();
    assert!(error.contains(expected), "expected {expected:?}, found {error:?}");
}

fn constrained(constraint: Value) -> Value {
    json!({ "permission": [{ "action": "use", "constraint": [constraint] }] })
}

fn atomic() -> Value {
    json!({ "leftOperand": "count", "operator": "lt", "rightOperand": "3" })
}

#[test]
fn a_wrong_shape_is_refused_with_its_place() {
    for (input, expected) in [
        (json!(null), "policy at \"\": found null, expected an offer"),
        (json!([]), "policy at \"\": found an array"),
        (json!({ "permission": "all" }), "at \"/permission\": found a text, expected a rule"),
        (json!({ "permission": [7] }), "at \"/permission/0\": found a number"),
        (json!({ "permission": [[{ "action": "use" }]] }), "at \"/permission/0\": found an array"),
        (json!({ "permission": [{}] }), "at \"/permission/0\": found no action"),
        (json!({ "permission": [{ "action": [] }] }), "at \"/permission/0\": found no action"),
        (json!({ "permission": [{ "action": 1 }] }), "at \"/permission/0/action\": found a number"),
        (json!({ "permission": [{ "action": "" }] }), "found an empty name"),
        (json!({ "permission": [{ "action": {} }] }), "at \"/permission/0/action\": found no @id"),
        (
            json!({ "permission": [{ "action": { "@id": "use", "x": 1 } }] }),
            "at \"/permission/0/action/x\"",
        ),
        (
            json!({ "permission": [{ "action": "use", "odrl:action": "read" }] }),
            "found action more than once",
        ),
        (
            json!({ "permission": [{ "action": "use", "unit": 1, "odrl:unit": 2 }] }),
            "more than once",
        ),
        (json!({ "inheritFrom": "urn:x" }), "at \"/inheritFrom\": found inheritFrom"),
        (json!({ "odrl:constraint": [{}] }), "at \"/odrl:constraint\": found constraint"),
        (json!({ "permission": { "action": "use", "a\u{0}b": 1 } }), "found the character '\\0'"),
        (json!({ "@context": 7 }), "@context: found a number"),
        (
            json!({ "permission": [{ "action": "use", "a/b~c": { "d": [1] }, "constraint": 1 }] }),
            "at \"/permission/0/constraint\"",
        ),
    ] {
        check(&input, expected);
    }
}

#[test]
fn a_constraint_of_a_wrong_shape_is_refused_with_its_place() {
    for (input, expected) in [
        (constrained(json!("x")), "at \"/permission/0/constraint/0\": found a text"),
        (constrained(json!({})), "found no leftOperand"),
        (constrained(json!({ "leftOperand": "count", "rightOperand": "3" })), "found no operator"),
        (constrained(json!({ "leftOperand": "count", "operator": "eq" })), "found no rightOperand"),
        (
            constrained(json!({ "leftOperand": "count", "operator": "eq", "rightOperand": null })),
            "found no rightOperand",
        ),
        (
            constrained(json!({ "leftOperand": "count", "operator": "eq", "rightOperand": [] })),
            "found no value",
        ),
        (
            constrained(json!({ "leftOperand": "count", "operator": "eq", "rightOperand": [[1]] })),
            "found an array",
        ),
        (
            constrained(json!({ "leftOperand": "count", "operator": "within", "rightOperand": 1 })),
            "found the operator \"within\"",
        ),
        (
            constrained(json!({ "leftOperand": "count", "operator": "edc:eq", "rightOperand": 1 })),
            "found the operator \"edc:eq\"",
        ),
        (
            constrained(json!({ "leftOperand": { "a": 1 }, "operator": "eq", "rightOperand": 1 })),
            "at \"/permission/0/constraint/0/leftOperand\"",
        ),
        (constrained(json!({ "and": [] })), "found no operand, expected at least one"),
        (
            constrained(json!({ "and": [atomic()], "or": [atomic()] })),
            "found a connective more than once",
        ),
        (
            constrained(json!({ "and": [atomic()], "leftOperand": "count" })),
            "found both a comparison and a connective",
        ),
        (
            constrained(json!({ "and": [atomic(), { "or": 7 }] })),
            "at \"/permission/0/constraint/0/and/1/or\"",
        ),
    ] {
        check(&input, expected);
    }
}

/// `json!` would copy, and so recurse into, what it is given.
fn object(key: &str, value: Value) -> Value {
    Value::Object([(key.to_owned(), value)].into_iter().collect())
}

fn array(value: Value) -> Value {
    Value::Array(vec![value])
}

fn rule_with(key: &str, value: Value) -> Value {
    let mut rule = json!({ "action": "use" });
    rule[key] = value;
    rule
}

#[test]
fn deep_nesting_is_refused_in_every_position() {
    let deep = |wrap: fn(Value) -> Value, inner| (0..5_000).fold(inner, |value, _| wrap(value));
    let constraints = [
        deep(|value| object("and", value), atomic()),
        deep(|value| object("or", array(value)), atomic()),
        deep(|value| object("@list", value), atomic()),
        deep(array, atomic()),
        {
            let mut constraint = atomic();
            constraint["rightOperand"] = object("x", deep(|value| object("y", value), json!(1)));
            constraint
        },
    ];
    let rules = [
        rule_with("action", deep(|value| object("@set", value), json!("use"))),
        rule_with("action", deep(|value| object("@id", value), json!("use"))),
        rule_with("x", deep(array, json!(1))),
        rule_with("target", deep(array, json!("urn:x"))),
        rule_with("duty", deep(|value| rule_with("consequence", value), Value::Null)),
    ];
    let constraints = constraints.map(|constraint| rule_with("constraint", constraint));
    for rule in constraints.into_iter().chain(rules) {
        let input = object("permission", rule);
        let error = read(&input, &Contexts::dsp()).unwrap_err().to_string();
        let is_expected = ["deeper nesting", "found an array", "found an object"]
            .iter()
            .any(|expected| error.contains(expected));
        assert!(is_expected, "{error}");
        // Dropping a value of this depth is no business of the crate.
        unnest(input);
    }
}

#[test]
fn the_deepest_allowed_policy_can_be_read_again_once_written() {
    let nested =
        |levels: usize| constrained((0..levels).fold(atomic(), |value, _| json!({ "or": value })));
    let readable = (0..MESSAGE_DEPTH_MAX)
        .take_while(|levels| read(&nested(*levels), &Contexts::dsp()).is_ok())
        .last()
        .unwrap();
    let policy = read(&nested(readable), &Contexts::dsp()).unwrap();
    let written = Value::Object(causeway_policy::write(&policy));
    assert!(readable >= 10, "{readable}");
    assert_eq!(read(&written, &Contexts::dsp()).unwrap(), policy);
}

#[test]
fn floods_stop_at_their_limits() {
    let many = |value: Value, count: usize| Value::Array(vec![value; count]);
    let rules = |count| json!({ "permission": many(json!({ "action": "use" }), count) });
    let constraints =
        |count| json!({ "permission": [{ "action": "use", "constraint": many(atomic(), count) }] });
    let values = |count| {
        constrained(json!({
            "leftOperand": "count", "operator": "isAnyOf", "rightOperand": many(json!("x"), count),
        }))
    };
    for at_limit in
        [rules(POLICY_RULES_MAX), constraints(POLICY_CONSTRAINTS_MAX), values(MESSAGE_NODES_MAX)]
    {
        assert!(read(&at_limit, &Contexts::dsp()).is_ok());
    }
    let actions = json!({ "permission": [{
        "action": many(json!("use"), 100), "constraint": many(atomic(), 100),
    }] });
    for (beyond, expected) in [
        (rules(POLICY_RULES_MAX + 1), "at \"/permission/200/action\": found more than 200 rules"),
        (constraints(POLICY_CONSTRAINTS_MAX + 1), "found more than 500 constraints"),
        (values(MESSAGE_NODES_MAX + 1), "found more than 10000 values"),
        (values(500_000), "found more than 10000 values"),
        (actions, "found more than 500 constraints"),
        (json!({ "permission": [{ "action": many(json!("use"), 100_000) }] }), "200 rules"),
        (
            json!({ "permission": [{ "action": "use", "x": many(json!(1), 500_000) }] }),
            "10000 values",
        ),
    ] {
        check(&beyond, expected);
    }
}

/// Takes a deep value apart without recursion.
fn unnest(value: Value) {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => rest.extend(items),
            Value::Object(members) => rest.extend(members.into_iter().map(|(_, member)| member)),
            _ => {}
        }
    }
}

#[test]
fn the_largest_policy_is_normalised_in_reasonable_work() {
    let wide: Vec<_> = (0..POLICY_CONSTRAINTS_MAX - 1)
        .map(|index| json!({ "leftOperand": "count", "operator": "eq", "rightOperand": index }))
        .collect();
    let policy = read(&constrained(json!({ "xone": wide })), &Contexts::dsp()).unwrap();
    assert_eq!(policy.digest(), policy.normalised().digest());
}
