//! The evaluator: verdicts by table, comparisons by operator and type, and the sentences people
//! read. Some cases take up ideas of the SolidLab ODRL test suite.

use causeway_policy::{
    Contexts, Fact, Facts, Iri, Number, Policy, Reason, Request, Truth, Verdict, evaluate,
};
use causeway_types::Timestamp;
use serde_json::{Value, json};

use crate::policy;

const NOW: &str = "2024-02-12T11:20:10.999Z";

fn iri(name: &str) -> Iri {
    Contexts::dsp().resolve(name).unwrap().iri().unwrap().clone()
}

fn facts() -> Facts {
    Facts::at(Timestamp::parse(NOW).unwrap())
        .with(Iri::PURPOSE, Fact::Text("research".to_owned()))
        .with(Iri::SPATIAL, Fact::Iri(iri("https://example.com/place/DE")))
        .with(iri("odrl:count"), Fact::Number(Number::from(5)))
        .with(iri("urn:example:member"), Fact::Boolean(true))
        .with(
            iri("odrl:industry"),
            Fact::Set(vec![Fact::Text("cars".to_owned()), Fact::Text("ships".to_owned())]),
        )
        .with(iri("odrl:media"), Fact::Set(vec![Fact::Text("online".to_owned())]))
        .with(iri("odrl:event"), Fact::Set(Vec::new()))
}

fn request(action: &str) -> Request {
    Request::of(iri(action), facts())
}

fn atomic(left: &str, operator: &str, right: &Value) -> Value {
    json!({ "leftOperand": left, "operator": operator, "rightOperand": right })
}

fn check_policy(action: &str, input: &Value, expected: Verdict) {
    let report = evaluate(&policy(input), &request(action));
    assert_eq!(report.verdict, expected, "{input}: {:#?}", report.findings);
}

fn check_comparison(left: &str, operator: &str, right: &Value, expected: Truth) {
    let constraint = atomic(left, operator, right);
    let input = json!({ "permission": [{ "action": "use", "constraint": [constraint] }] });
    let verdict = match expected {
        Truth::True => Verdict::Permitted,
        Truth::False => Verdict::Denied,
        Truth::Unknown => Verdict::Unknown,
    };
    check_policy("use", &input, verdict);
}

const T: Truth = Truth::True;
const F: Truth = Truth::False;
const U: Truth = Truth::Unknown;

#[test]
fn time_is_compared_in_every_direction() {
    let typed = |text: &str| json!({ "@value": text, "@type": "xsd:dateTime" });
    let (past, now, future) = (
        typed("2024-02-12T11:20:10.998Z"),
        typed("2024-02-12T12:20:10.999+01:00"),
        typed("2024-02-12T11:20:11Z"),
    );
    for (operator, expected) in [
        ("lt", [F, F, T]),
        ("lteq", [F, T, T]),
        ("eq", [F, T, F]),
        ("neq", [T, F, T]),
        ("gteq", [T, T, F]),
        ("gt", [T, F, F]),
    ] {
        for (right, truth) in [&past, &now, &future].into_iter().zip(expected) {
            check_comparison("dateTime", operator, right, truth);
        }
    }
    check_comparison("dateTime", "lt", &json!("2025-01-01T00:00:00Z"), T);
    check_comparison("dateTime", "lt", &json!("2025-01-01"), T);
    let date = |text: &str| json!({ "@value": text, "@type": "xsd:date" });
    check_comparison("dateTime", "lt", &date("2025-01-01"), T);
    // Where it is already the 13th, it is not before that.
    check_comparison("dateTime", "lt", &date("2024-02-13"), U);
    check_comparison("dateTime", "lteq", &date("2024-02-12Z"), T);
    check_comparison("dateTime", "gt", &date("2024-02-12Z"), F);
    check_comparison(
        "dateTime",
        "lt",
        &json!({ "@value": "2025-01-01T00:00:00Z", "@type": "x:y" }),
        U,
    );
    check_comparison("dateTime", "lt", &json!(7), U);
    check_comparison("dateTime", "isAnyOf", &json!([NOW, "2025-01-01T00:00:00Z"]), T);
}

#[test]
fn facts_are_compared_by_operator_and_type_and_unknown_otherwise() {
    let place = |name: &str| format!("https://example.com/place/{name}");
    for (left, operator, right, expected) in [
        ("purpose", "eq", json!("research"), T),
        ("purpose", "eq", json!("sales"), F),
        ("purpose", "neq", json!("sales"), T),
        ("purpose", "eq", json!(["research"]), T),
        ("purpose", "eq", json!(["research", "sales"]), U),
        ("purpose", "lt", json!("sales"), U),
        ("purpose", "eq", json!(5), U),
        ("purpose", "eq", json!({ "@id": "research" }), U),
        ("purpose", "eq", json!({ "@value": "research", "@language": "en" }), U),
        ("purpose", "isAnyOf", json!(["sales", "research"]), T),
        ("purpose", "isAnyOf", json!(["sales"]), F),
        ("purpose", "isNoneOf", json!("sales"), T),
        ("purpose", "isNoneOf", json!(["sales", "research"]), F),
        ("purpose", "isAnyOf", json!(["sales", 5]), U),
        ("purpose", "isAllOf", json!(["research"]), T),
        ("purpose", "isAllOf", json!(["research", "sales"]), F),
        ("purpose", "isA", json!("research"), T),
        ("purpose", "isA", json!("sales"), U),
        ("purpose", "hasPart", json!("research"), T),
        ("industry", "isAllOf", json!(["cars", "ships"]), T),
        ("industry", "hasPart", json!("cars"), T),
        ("spatial", "eq", json!({ "@id": place("DE") }), T),
        ("spatial", "eq", json!(place("DE")), T),
        ("spatial", "eq", json!(place("FR")), F),
        ("spatial", "neq", json!({ "@id": place("FR") }), T),
        ("spatial", "eq", json!("DE"), U),
        ("spatial", "neq", json!("DE"), U),
        ("spatial", "isPartOf", json!([place("FR"), place("DE")]), T),
        ("spatial", "isPartOf", json!(place("EU")), U),
        ("count", "lt", json!(5), F),
        ("count", "lteq", json!("5.0"), T),
        ("count", "gt", json!({ "@value": "4.999", "@type": "xsd:float" }), T),
        ("count", "eq", json!({ "@value": "5", "@type": "urn:example:own" }), U),
        ("count", "eq", json!(true), U),
        ("count", "lt", json!("five"), U),
        ("urn:example:member", "eq", json!(true), T),
        ("urn:example:member", "neq", json!("true"), F),
        ("urn:example:member", "eq", json!("yes"), U),
        ("industry", "isAnyOf", json!(["cars", "ships", "planes"]), T),
        ("industry", "isAnyOf", json!(["cars"]), U),
        ("industry", "isAnyOf", json!(["planes"]), F),
        ("industry", "isNoneOf", json!(["cars"]), F),
        ("industry", "isNoneOf", json!(["planes"]), T),
        ("industry", "eq", json!("cars"), U),
        ("media", "eq", json!("online"), T),
        ("event", "eq", json!("x"), U),
        ("event", "isNoneOf", json!("x"), U),
        ("recipient", "eq", json!("x"), U),
        ("Membership", "eq", json!("active"), U),
    ] {
        check_comparison(left, operator, &right, expected);
    }
}

#[test]
fn connectives_follow_kleene_and_so_does_a_sequence_of_what_has_no_time() {
    let holds = atomic("count", "eq", &json!(5));
    let fails = atomic("count", "eq", &json!(6));
    let cannot = atomic("recipient", "eq", &json!("x"));
    let operand = |truth: Truth| match truth {
        Truth::True => &holds,
        Truth::False => &fails,
        Truth::Unknown => &cannot,
    };
    for one in [F, U, T] {
        for other in [F, U, T] {
            for (connective, expected) in [
                ("and", one.and(other)),
                ("or", one.or(other)),
                ("xone", Truth::exactly_one([one, other])),
                // Nothing here says when, so the order decides nothing.
                ("andSequence", one.and(other)),
            ] {
                let constraint = json!({ connective: [operand(one), operand(other)] });
                let input =
                    json!({ "permission": [{ "action": "use", "constraint": constraint }] });
                let verdict = match expected {
                    Truth::True => Verdict::Permitted,
                    Truth::False => Verdict::Denied,
                    Truth::Unknown => Verdict::Unknown,
                };
                check_policy("use", &input, verdict);
            }
        }
    }
}

#[test]
fn rules_combine_so_that_only_the_certain_is_granted() {
    let holds = atomic("count", "eq", &json!(5));
    let fails = atomic("count", "eq", &json!(6));
    let cannot = atomic("recipient", "eq", &json!("x"));
    let rule = |constraint: &Value| json!({ "action": "use", "constraint": [constraint] });
    let with_part = |constraint| json!({ "action": "use", "x": 1, "constraint": constraint });
    let refined = |constraint| json!({ "action": { "@id": "use", "refinement": constraint } });
    let open = json!({ "action": "use" });
    use Verdict::{Denied, Permitted, Unknown};
    for (input, expected) in [
        (json!({}), Denied),
        (json!({ "permission": open }), Permitted),
        (json!({ "permission": [rule(&fails), rule(&holds)] }), Permitted),
        (json!({ "permission": [rule(&fails), rule(&cannot)] }), Unknown),
        (json!({ "permission": [rule(&cannot), rule(&holds)] }), Permitted),
        (json!({ "permission": open, "prohibition": open }), Denied),
        (json!({ "permission": open, "prohibition": rule(&holds) }), Denied),
        (json!({ "permission": open, "prohibition": rule(&cannot) }), Unknown),
        (json!({ "permission": open, "prohibition": rule(&fails) }), Permitted),
        (json!({ "permission": rule(&cannot), "prohibition": open }), Denied),
        (json!({ "permission": rule(&fails), "prohibition": rule(&cannot) }), Denied),
        (json!({ "prohibition": open }), Denied),
        (json!({ "permission": open, "obligation": { "action": "delete" } }), Unknown),
        (json!({ "permission": open, "obligation": rule(&cannot) }), Unknown),
        (json!({ "permission": open, "obligation": rule(&fails) }), Permitted),
        (json!({ "permission": { "action": "use", "duty": { "action": "inform" } } }), Unknown),
        (json!({ "permission": { "action": "use", "duty": rule(&fails) } }), Permitted),
        (json!({ "permission": [{ "action": "use", "duty": open }, open] }), Permitted),
        (json!({ "permission": { "action": "use", "x": 1 } }), Unknown),
        (json!({ "permission": { "action": "use", "target": "urn:other" } }), Unknown),
        (json!({ "permission": with_part(&fails) }), Unknown),
        (json!({ "permission": open, "prohibition": with_part(&fails) }), Unknown),
        (
            json!({ "permission": open, "prohibition": { "action": "odd", "constraint": fails } }),
            Permitted,
        ),
        (json!({ "permission": rule(&json!({ "and": [holds], "unit": "x" })) }), Unknown),
        (json!({ "permission": refined(&holds) }), Permitted),
        (json!({ "permission": refined(&fails) }), Denied),
        (json!({ "permission": open, "prohibition": refined(&cannot) }), Unknown),
    ] {
        check_policy("use", &input, expected);
    }
}

#[test]
fn actions_cover_what_the_vocabulary_places_below_them() {
    use Verdict::{Denied, Permitted, Unknown};
    let own = "https://example.com/act#train";
    for (permitted, requested, expected) in [
        ("use", "odrl:use", Permitted),
        ("use", "odrl:read", Permitted),
        ("use", "odrl:sell", Denied),
        ("transfer", "odrl:sell", Permitted),
        ("transfer", "odrl:use", Denied),
        ("read", "odrl:use", Denied),
        ("read", "odrl:play", Denied),
        ("play", "odrl:display", Permitted),
        ("modify", "odrl:write", Permitted),
        ("use", own, Unknown),
        (own, own, Permitted),
        (own, "odrl:use", Denied),
        (own, "odrl:read", Denied),
        ("opaque", "odrl:use", Unknown),
    ] {
        check_policy(requested, &json!({ "permission": { "action": permitted } }), expected);
    }
    for (prohibited, requested, expected) in [
        ("use", "odrl:use", Denied),
        ("use", "odrl:read", Denied),
        ("sell", "odrl:use", Permitted),
        ("transfer", "odrl:use", Permitted),
        // What is prohibited cannot be withheld from what is granted.
        ("distribute", "odrl:use", Unknown),
        (own, "odrl:use", Unknown),
        (own, "odrl:read", Unknown),
        ("opaque", "odrl:use", Unknown),
    ] {
        let input = json!({
            "permission": [{ "action": "use" }], "prohibition": [{ "action": prohibited }],
        });
        check_policy(requested, &input, expected);
    }
}

#[test]
fn findings_say_where_and_why_in_one_sentence() {
    let many = json!(["1", "2", "3", "4", "5"]);
    let input = json!({
        "permission": [{
            "action": "use",
            "constraint": [
                { "or": [atomic("count", "lt", &json!(5)), atomic("count", "gteq", &json!(5))] },
                atomic("Membership", "eq", &json!("active")),
                atomic("odrl:recipient", "eq", &json!("x")),
                atomic("spatial", "eq", &json!("DE")),
                atomic("purpose", "isAllOf", &json!(["a", "b"])),
                { "andSequence": [atomic("edc:inForceDate", "lteq", &json!("x"))] },
            ],
            "duty": [{ "action": "delete", "consequence": { "action": "compensate" } }],
            "unit": "x",
        }],
        "prohibition": [
            { "action": "sell" },
            { "action": "distribute" },
            { "action": "use", "constraint": atomic("purpose", "isAnyOf", &many) },
        ],
        "obligation": [{ "action": "inform" }],
    });
    let report = evaluate(&policy(&input), &request("use"));
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    let expected = [
        "permission 1: the action odrl:use covers odrl:use",
        "permission 1: odrl:unit cannot be told, because this property is not understood",
        "permission 1, constraint 1.1: odrl:count lt 5 is not met, found 5",
        "permission 1, constraint 1.2: odrl:count gteq 5 is met, found 5",
        "permission 1, constraint 2: \"Membership\" cannot be told, because no known context \
         defines this name",
        "permission 1, constraint 3: odrl:recipient cannot be told, because nothing is known \
         about it",
        "permission 1, constraint 4: odrl:spatial eq \"DE\" cannot be told, found \
         https://example.com/place/DE, which eq does not compare with that",
        "permission 1, constraint 5: odrl:purpose isAllOf \"a\" and \"b\" is not met, found \
         \"research\"",
        "permission 1, constraint 6.1: edc:inForceDate cannot be told, because nothing is known \
         about it",
        "permission 1, constraint 6: odrl:andSequence cannot be told, because one of its parts \
         cannot",
        "permission 1, duty 1: the duty odrl:delete cannot be told, because nothing shows it is \
         fulfilled",
        "prohibition 1: the action odrl:sell does not cover odrl:use",
        "prohibition 2: the prohibited action odrl:distribute is or may be part of odrl:use and \
         cannot be withheld from it",
        "prohibition 2: the action odrl:distribute may be prohibited, because a condition cannot \
         be told",
        "prohibition 3: the action odrl:use covers odrl:use",
        "prohibition 3, constraint 1: odrl:purpose isAnyOf \"1\" or \"2\" or \"3\" or \"4\" or 1 \
         more is not met, found \"research\"",
        "prohibition 3: the action odrl:use is not prohibited, because a condition is not met",
        "obligation 1: the duty odrl:inform cannot be told, because nothing shows it is fulfilled",
        "the permission of odrl:use cannot be told, because it may be prohibited",
    ];
    assert_eq!(found, expected);
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.duties().count(), 2);
    assert!(report.unknown().all(|finding| finding.truth == Truth::Unknown));
    let none = evaluate(&Policy::default(), &request("use"));
    assert_eq!(none.findings[0].to_string(), "no permission is given, expected one of odrl:use");
    assert_eq!(none.findings[0].reason, Reason::NoPermission);
}

#[test]
fn the_open_policy_permits_use_to_everybody() {
    assert!(Policy::open().is_open());
    let report = evaluate(&Policy::open(), &Request::to_use(Facts::new()));
    assert_eq!(report.verdict, Verdict::Permitted);
    for more in [
        json!({ "permission": [{ "action": "use" }], "obligation": [{ "action": "use" }] }),
        json!({ "permission": [{ "action": "use" }, { "action": "read" }] }),
        json!({ "permission": [{ "action": "use", "x": 1 }] }),
        json!({}),
    ] {
        assert!(!policy(&more).is_open(), "{more}");
    }
}

#[test]
fn the_digest_of_a_policy_does_not_change_between_versions() {
    // Stored agreements name these digests.
    let expected = "205c7c8a3550f4ce04fe35b387a3e923e636ee3db09672bf75ece0c7066b2c27";
    assert_eq!(Policy::open().digest().to_string(), expected);
}
