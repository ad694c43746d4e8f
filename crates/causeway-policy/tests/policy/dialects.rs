//! One meaning, many spellings: every row is read under its contexts and compared with a policy
//! written by hand in the official shape.

use causeway_policy::{
    Constraint, Contexts, Iri, NonEmpty, Number, Operand, Operator, Parts, Policy, RightOperand,
    Rule, Term, Verbatim, read, write,
};
use serde_json::{Value, json};

use crate::{CATENAX, DSP, EDC, policy};

fn check(contexts: &Value, input: &Value, expected: &Value) {
    let contexts = Contexts::read(Some(contexts)).unwrap();
    let found = read(input, &contexts).unwrap_or_else(|error| panic!("{error}: {input}"));
    assert_eq!(Value::Object(write(&found)), *expected, "{input}");
}

/// A constraint in the one permission of a policy, as read and as written.
fn check_constraint(contexts: &Value, input: &Value, expected: &Value) {
    // A declared vocabulary takes bare names, so the action read says whose it is.
    let around = |action: &str, constraint: &Value| {
        let rule = json!({ "action": action, "constraint": [constraint] });
        json!({ "permission": [rule] })
    };
    check(contexts, &around("odrl:use", input), &around("use", expected));
}

#[test]
fn every_spelling_of_the_open_policy_is_the_open_policy() {
    let open = json!({ "permission": [{ "action": "use" }] });
    let full = |name: &str| format!("http://www.w3.org/ns/odrl/2/{name}");
    for input in [
        json!({ "permission": [{ "action": "use" }] }),
        json!({ "permission": { "action": "use" } }),
        json!({ "permission": [{ "action": ["use"] }] }),
        json!({ "permission": [{ "action": "odrl:use" }] }),
        json!({ "permission": [{ "action": full("use") }] }),
        json!({ "permission": [{ "action": { "@id": "use" } }] }),
        json!({ "permission": [{ "action": { "@id": "odrl:use" } }] }),
        json!({ "permission": [{ "action": { "@id": full("use"), "@type": "Action" } }] }),
        json!({ "permission": [{ "action": { "rdf:value": { "@id": "odrl:use" } } }] }),
        json!({ "odrl:permission": { "odrl:action": { "@id": "odrl:use" } } }),
        json!({ "odrl:permission": [{ "action": "use" }], "odrl:prohibition": [] }),
        json!({ full("permission"): [{ full("action"): [{ "@id": full("use") }] }] }),
        json!({ "permission": [{ "action": "use", "constraint": [] }], "obligation": [] }),
        json!({ "permission": [{ "action": "use", "constraints": [] }], "prohibition": null }),
        json!({ "permission": [{ "action": "use", "duty": null, "constraint": null }] }),
        json!({ "permission": [{ "@id": "p", "uid": "p", "@type": "Rule", "action": "use" }] }),
        json!({ "permission": [{ "@type": ["odrl:Permission"], "action": "use" }] }),
        json!({ "permission": { "@list": [{ "action": "use" }] } }),
        json!({ "permission": { "@set": { "action": "use" } } }),
        json!({ "permission": [null, { "action": "use" }] }),
        json!({
            "@id": "o", "@type": "Offer", "target": "urn:a", "assigner": "urn:p", "": { "y": 1 },
            "permission": [{ "action": "use", "target": "urn:a", "assigner": { "@id": "urn:p" } }],
        }),
        json!({
            "@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Set",
            "profile": "https://example.com/p", "permission": [{ "action": "use" }],
        }),
    ] {
        check(&json!([DSP]), &input, &open);
        assert!(policy(&input).is_open(), "{input}");
    }
}

#[test]
fn every_spelling_of_an_atomic_constraint_is_written_in_the_official_shape() {
    let dsp = json!([DSP]);
    let written = json!({
        "leftOperand": "odrl:spatial", "operator": "eq", "rightOperand": "EU",
    });
    for input in [
        json!({ "leftOperand": "spatial", "operator": "eq", "rightOperand": "EU" }),
        json!({ "leftOperand": "odrl:spatial", "operator": "odrl:eq", "rightOperand": "EU" }),
        json!({
            "leftOperand": { "@id": "odrl:spatial" }, "operator": { "@id": "odrl:eq" },
            "rightOperand": { "@value": "EU" },
        }),
        json!({
            "odrl:leftOperand": [{ "@id": "http://www.w3.org/ns/odrl/2/spatial" }],
            "odrl:operator": [{ "@id": "http://www.w3.org/ns/odrl/2/eq" }],
            "odrl:rightOperand": { "@value": "EU", "@type": "xsd:string" },
        }),
        json!({
            "@type": "Constraint", "@id": "_:b1", "leftOperand": { "@value": "spatial" },
            "operator": "http://www.w3.org/ns/odrl/2/eq", "rightOperand": "EU", "unit": null,
        }),
    ] {
        check_constraint(&dsp, &input, &written);
    }
}

#[test]
fn every_kind_of_right_operand_is_read_and_none_is_written_bare_but_text() {
    let xsd = |name: &str| format!("http://www.w3.org/2001/XMLSchema#{name}");
    let typed = |value: &str, name: &str| json!({ "@value": value, "@type": xsd(name) });
    for (input, expected) in [
        (json!("5"), json!("5")),
        (json!(5), typed("5", "integer")),
        (json!(-5.0), typed("-5", "integer")),
        (json!(0.25), typed("0.25", "decimal")),
        (json!(1e300), typed("1E300", "double")),
        (json!(true), typed("true", "boolean")),
        (json!({ "@value": 5 }), typed("5", "integer")),
        (json!({ "@value": 5, "@type": "xsd:integer" }), typed("5", "integer")),
        (json!({ "@value": "05", "@type": "xsd:integer" }), typed("05", "integer")),
        (json!({ "@value": "5", "@type": "xsd:double" }), typed("5", "double")),
        (json!({ "@value": false, "@type": xsd("boolean") }), typed("false", "boolean")),
        (json!({ "@value": "x", "@type": null }), json!("x")),
        (
            json!({ "@value": "2026-01-01T00:00:00Z", "@type": "xsd:dateTime" }),
            typed("2026-01-01T00:00:00Z", "dateTime"),
        ),
        (
            json!({ "@value": "contractAgreement+1d", "@type": "edc:inForceDate:dateExpression" }),
            json!({
                "@value": "contractAgreement+1d",
                "@type": "https://w3id.org/edc/v0.0.1/ns/inForceDate:dateExpression",
            }),
        ),
        (
            json!({ "@id": "odrl:policyUsage" }),
            json!({ "@id": "http://www.w3.org/ns/odrl/2/policyUsage" }),
        ),
        (json!({ "@id": "ACN0101" }), json!({ "@id": "ACN0101" })),
        (json!({ "@id": "use" }), json!({ "@id": "use" })),
        (
            json!(["a", 1, { "@id": "urn:x" }]),
            json!(["a", typed("1", "integer"), { "@id": "urn:x" }]),
        ),
        (json!({ "@list": ["a", "b"] }), json!(["a", "b"])),
        (json!(["a"]), json!(["a"])),
        (
            json!({ "@value": "x", "@language": "en", "z": null }),
            json!({ "@value": "x", "@language": "en" }),
        ),
    ] {
        let around = |right| {
            let left = "odrl:count";
            json!({ "leftOperand": left, "operator": "lteq", "rightOperand": right })
        };
        check_constraint(&json!([DSP]), &around(input), &around(expected));
    }
}

#[test]
fn the_dialects_of_edc_and_tractus_x_lose_nothing() {
    let tractus = json!([DSP, EDC, CATENAX]);
    let v3 = json!({
        "@vocab": "https://w3id.org/edc/v0.0.1/ns/", "odrl": "http://www.w3.org/ns/odrl/2/",
    });
    let cx = |name: &str| format!("https://w3id.org/catenax/2025/9/policy/{name}");
    let atomic = |left: &str| json!({ "leftOperand": left, "operator": "eq", "rightOperand": "x" });
    let extended = |left: &str, unit: &str| {
        let mut constraint = atomic(left);
        constraint[unit] = json!("EUR");
        constraint
    };
    let in_force = "https://w3id.org/edc/v0.0.1/ns/inForceDate";
    for (contexts, input, expected) in [
        (&tractus, atomic("FrameworkAgreement"), atomic(&cx("FrameworkAgreement"))),
        (&tractus, atomic("cx-policy:UsagePurpose"), atomic(&cx("UsagePurpose"))),
        (&tractus, atomic("inForceDate"), atomic(in_force)),
        (&v3, atomic("inForceDate"), atomic(in_force)),
        (&v3, atomic("odrl:purpose"), atomic("odrl:purpose")),
        (&json!([DSP]), atomic("inForceDate"), atomic("inForceDate")),
        (
            &json!([DSP]),
            json!({ "and": atomic("purpose") }),
            json!({ "and": [atomic("odrl:purpose")] }),
        ),
        (
            &tractus,
            json!({ "odrl:or": { "@list": [atomic("purpose")] } }),
            json!({ "or": [atomic("odrl:purpose")] }),
        ),
        (&tractus, json!({ "xone": [atomic("media")] }), json!({ "xone": [atomic("odrl:media")] })),
        (
            &tractus,
            json!({ "http://www.w3.org/ns/odrl/2/andSequence": [atomic("media")] }),
            json!({ "andSequence": [atomic("odrl:media")] }),
        ),
        (
            &tractus,
            json!({ "leftOperand": "count", "operator": "term-lteq", "rightOperand": "3" }),
            json!({ "leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "3" }),
        ),
        (&tractus, extended("payAmount", "unit"), extended("odrl:payAmount", "odrl:unit")),
    ] {
        check_constraint(contexts, &input, &expected);
    }
}

#[test]
fn duties_remedies_consequences_and_unknown_properties_are_kept() {
    let dsp = json!([DSP]);
    let permission = |mut rule: Value| {
        if rule["action"].is_null() {
            rule["action"] = json!("use");
        }
        json!({ "permission": [rule] })
    };
    let count = |left| json!({ "leftOperand": left, "operator": "lt", "rightOperand": "3" });
    for (input, expected) in [
        (
            permission(json!({ "duty": {
                "action": "delete", "consequence": { "action": "compensate" },
            } })),
            permission(json!({ "duty": [{
                "action": "odrl:delete", "consequence": [{ "action": "odrl:compensate" }],
            }] })),
        ),
        (
            json!({ "prohibition": { "action": "sell", "remedy": { "action": "inform" } } }),
            json!({ "prohibition": [
                { "action": "odrl:sell", "remedy": [{ "action": "odrl:inform" }] },
            ] }),
        ),
        (
            json!({ "obligation": { "action": "delete", "@type": "Duty" } }),
            json!({ "obligation": [{ "action": "odrl:delete" }] }),
        ),
        // In the wrong place, or of another kind, a property is not what its name says.
        (
            json!({ "permission": { "action": "use", "remedy": { "action": "inform" } } }),
            json!({ "permission": [{ "action": "use", "remedy": { "action": "inform" } }] }),
        ),
        (
            json!({ "permission": { "action": "use", "@type": "Prohibition" } }),
            json!({ "permission": [{ "action": "use", "@type": "Prohibition" }] }),
        ),
        (
            json!({ "target": "urn:a", "permission": { "action": "use", "target": "urn:b" } }),
            json!({ "permission": [{ "action": "use", "target": "urn:b" }] }),
        ),
        (
            permission(json!({ "assignee": { "@id": "urn:c" }, "x": [1, null] })),
            permission(json!({ "assignee": { "@id": "urn:c" }, "x": [1] })),
        ),
        // ODRL's compact form: one rule an action.
        (
            json!({ "permission": { "action": ["use", "read"] } }),
            json!({ "permission": [{ "action": "use" }, { "action": "odrl:read" }] }),
        ),
        (
            permission(json!({ "action": { "@id": "print", "refinement": count("count") } })),
            permission(json!({ "action": {
                "@id": "odrl:print", "odrl:refinement": [count("odrl:count")],
            } })),
        ),
    ] {
        check(&dsp, &input, &expected);
    }
}

#[test]
fn the_model_holds_what_was_read() {
    let found = policy(&json!({
        "permission": [{
            "action": "use",
            "constraint": [
                { "leftOperand": "count", "operator": "lt", "rightOperand": 3, "unit": "x" },
            ],
        }],
    }));
    let unit = Contexts::dsp().resolve("odrl:unit").unwrap();
    let Constraint::Atomic(mut atomic) = Constraint::atomic(
        Contexts::dsp().resolve("count").unwrap(),
        Operator::Lt,
        RightOperand::One(Operand::Number(Number::from(3))),
    ) else {
        panic!("expected an atomic constraint");
    };
    atomic.parts = Parts::from([(unit, Verbatim::new(&json!("x")).unwrap())]);
    let mut rule = Rule::new(Term::Iri(Iri::USE));
    rule.constraints.push(Constraint::Atomic(atomic));
    assert_eq!(found, Policy { permissions: vec![rule], ..Policy::default() });
    assert!(!found.is_open() && !found.has_refinements());
    assert!(NonEmpty::<Operand>::new(Vec::new()).is_none());
}
