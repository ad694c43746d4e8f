//! Properties over generated policies and arbitrary JSON: what is written reads back the same,
//! normal form forgets only what means nothing, and no input makes the crate panic.

use causeway_policy::{
    Compiled, Constraint, Contexts, Facts, Iri, Logical, LogicalOperator, NonEmpty, Number,
    Operand, Operator, Parts, Peer, Policy, Request, RightOperand, Rule, Term, Verbatim, Verdict,
    Vocabulary, World, evaluate, explain, lint, odrl, read, write,
};
use causeway_types::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

fn term() -> impl Strategy<Value = Term> {
    let names = vec![
        "use",
        "odrl:read",
        "spatial",
        "dateTime",
        "edc:inForceDate",
        "urn:example:own",
        "https://example.com/ns#term",
        "inForceDate",
        "Membership",
        "x:other",
        "with space",
        "名",
    ];
    select(names).prop_map(|name| Contexts::dsp().resolve(name).unwrap())
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(WORDS.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        let key = prop_oneof![3 => select(WORDS.to_vec()).prop_map(str::to_owned), 1 => ".{0,6}"];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            btree_map(key, inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// What makes arbitrary JSON resemble a policy often enough to get deep into the reader.
const WORDS: &[&str] = &[
    "permission",
    "odrl:permission",
    "prohibition",
    "obligation",
    "action",
    "constraint",
    "duty",
    "remedy",
    "consequence",
    "refinement",
    "leftOperand",
    "operator",
    "rightOperand",
    "and",
    "or",
    "xone",
    "andSequence",
    "@id",
    "@value",
    "@type",
    "@list",
    "@context",
    "target",
    "use",
    "eq",
    "odrl:isAnyOf",
    "spatial",
    "xsd:integer",
    "http://www.w3.org/ns/odrl/2/permission",
];

fn operand() -> impl Strategy<Value = Operand> {
    let datatypes = vec!["xsd:dateTime", "xsd:integer", "xsd:double", "xsd:string", "own:type"];
    prop_oneof![
        ".{0,8}".prop_map(Operand::Text),
        term().prop_map(|term| match term {
            // A reference is never a bare ODRL name.
            Term::Iri(iri) => Operand::Reference(Term::Iri(iri)),
            Term::Opaque(_) => Operand::Text("opaque".to_owned()),
        }),
        any::<i64>().prop_map(|number| Operand::Number(Number::from(number))),
        any::<f64>().prop_filter_map("finite", |number| {
            Number::parse(&number.to_string()).map(Operand::Number)
        }),
        any::<bool>().prop_map(Operand::Boolean),
        ("[0-9.eE+-]{0,6}", select(datatypes)).prop_map(|(text, datatype)| {
            Operand::typed(text, Contexts::dsp().resolve(datatype).unwrap())
        }),
        json_value().prop_filter_map("an object of its own", |value| {
            Verbatim::new(&json!({ "x": 1, "y": value })).map(Operand::Verbatim)
        }),
    ]
}

fn parts() -> impl Strategy<Value = Parts> {
    let names = select(vec!["unit", "odrl:dataType", "own", "urn:example:part", "odrl:target"]);
    let value = json_value().prop_filter_map("something", |value| Verbatim::new(&value));
    let entry = (names.prop_map(|name| Contexts::dsp().resolve(name).unwrap()), value);
    prop_oneof![4 => Just(Parts::new()), 1 => vec(entry, 0..3).prop_map(Parts::from_iter)]
}

fn constraint() -> impl Strategy<Value = Constraint> {
    let right = prop_oneof![
        operand().prop_map(RightOperand::One),
        vec(operand(), 1..4).prop_map(|values| RightOperand::Many(NonEmpty::new(values).unwrap())),
    ];
    let atomic = (term(), select(Operator::ALL.to_vec()), right, parts()).prop_map(
        |(left, operator, right, parts)| match Constraint::atomic(left, operator, right) {
            Constraint::Atomic(atomic) => {
                Constraint::Atomic(causeway_policy::Atomic { parts, ..atomic })
            }
            other => other,
        },
    );
    atomic.prop_recursive(3, 12, 4, |inner| {
        (select(LogicalOperator::ALL.to_vec()), vec(inner, 1..4), parts()).prop_map(
            |(operator, operands, parts)| {
                let operands = NonEmpty::new(operands).unwrap();
                Constraint::Logical(Logical { operator, operands, parts })
            },
        )
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let leaf = (term(), vec(constraint(), 0..2), vec(constraint(), 0..4), parts()).prop_map(
        |(action, refinements, constraints, parts)| Rule {
            refinements,
            constraints,
            parts,
            ..Rule::new(action)
        },
    );
    leaf.prop_recursive(2, 4, 2, |inner| {
        (inner.clone(), vec(inner, 0..2)).prop_map(|(rule, duties)| Rule { duties, ..rule })
    })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    (vec(rule(), 0..4), vec(rule(), 0..3), vec(rule(), 0..3)).prop_map(
        |(permissions, prohibitions, obligations)| Policy {
            permissions,
            prohibitions,
            obligations,
        },
    )
}

/// The same policy with every list turned around and its first item repeated, where that means
/// nothing.
fn disturbed(policy: &Policy) -> Policy {
    fn rules(rules: &[Rule]) -> Vec<Rule> {
        repeated(rules.iter().map(|rule| Rule {
            refinements: constraints(&rule.refinements),
            constraints: vec_of_and(constraints(&rule.constraints)),
            duties: rules_of(&rule.duties),
            ..rule.clone()
        }))
    }
    fn rules_of(duties: &[Rule]) -> Vec<Rule> {
        rules(duties)
    }
    fn vec_of_and(constraints: Vec<Constraint>) -> Vec<Constraint> {
        match NonEmpty::new(constraints) {
            Some(operands) => vec![Constraint::logical(LogicalOperator::And, operands)],
            None => Vec::new(),
        }
    }
    fn constraints(constraints: &[Constraint]) -> Vec<Constraint> {
        repeated(constraints.iter().map(constraint))
    }
    fn constraint(constraint_: &Constraint) -> Constraint {
        let Constraint::Logical(logical) = constraint_ else {
            return constraint_.clone();
        };
        let operands = logical.operands.as_slice();
        let operands = match logical.operator {
            LogicalOperator::And | LogicalOperator::Or => constraints(operands),
            LogicalOperator::Xone => operands.iter().rev().map(constraint).collect(),
            LogicalOperator::AndSequence => operands.iter().map(constraint).collect(),
        };
        let operands = NonEmpty::new(operands).unwrap();
        Constraint::Logical(Logical { operands, ..logical.clone() })
    }
    fn repeated<T: Clone>(items: impl DoubleEndedIterator<Item = T>) -> Vec<T> {
        let mut items: Vec<_> = items.rev().collect();
        items.extend(items.first().cloned());
        items
    }
    Policy {
        permissions: rules(&policy.permissions),
        prohibitions: rules(&policy.prohibitions),
        obligations: rules(&policy.obligations),
    }
}

fn assert_official_shape(value: &Value) {
    match value {
        Value::Null => panic!("a null"),
        Value::Array(items) => {
            assert!(!items.is_empty(), "an empty array");
            items.iter().for_each(assert_official_shape);
        }
        Value::Object(members) => {
            for (key, member) in members {
                let must_be_array = matches!(
                    key.as_str(),
                    "permission" | "prohibition" | "obligation" | "constraint" | "duty" | "remedy"
                );
                assert!(!must_be_array || member.is_array(), "{key}: {member}");
                if matches!(key.as_str(), "operator" | "leftOperand") {
                    assert!(member.is_string(), "{key}: {member}");
                }
                if key == "rightOperand" {
                    assert!(!member.is_number() && !member.is_boolean(), "{key}: {member}");
                }
                assert_official_shape(member);
            }
        }
        _ => {}
    }
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn without_foreign_json(policy: &Policy) -> bool {
    // Foreign JSON is kept as it came, so the shape says nothing about it.
    !format!("{policy:?}").contains("Verbatim(")
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn what_is_written_reads_back_the_same(policy in any_policy()) {
        let written = Value::Object(write(&policy));
        prop_assert_eq!(read(&written, &Contexts::dsp()).unwrap(), policy);
    }

    #[test]
    fn what_is_written_has_the_official_shape(policy in any_policy()) {
        if without_foreign_json(&policy) {
            write(&policy).values().for_each(assert_official_shape);
        }
    }

    #[test]
    fn normal_form_is_reached_in_one_step_and_forgets_order_and_repetition(policy in any_policy()) {
        let normal = policy.normalised();
        prop_assert_eq!(&normal.normalised(), &normal);
        prop_assert_eq!(normal.digest(), policy.digest());
        let disturbed = disturbed(&policy);
        prop_assert!(policy.same_as(&disturbed));
        prop_assert_eq!(policy.digest(), disturbed.digest());
    }

    #[test]
    fn different_normal_forms_have_different_digests(one in any_policy(), other in any_policy()) {
        prop_assert_eq!(one.same_as(&other), one.digest() == other.digest());
    }

    #[test]
    fn the_normal_form_decides_the_same(policy in any_policy()) {
        let request = Request::to_use(Facts::at(Timestamp::EPOCH));
        prop_assert_eq!(
            evaluate(&policy, &request).verdict,
            evaluate(&policy.normalised(), &request).verdict
        );
    }

    #[test]
    fn an_opaque_term_or_unknown_property_anywhere_never_turns_a_refusal_into_a_grant(
        policy in any_policy(), part in parts(),
    ) {
        let request = Request::to_use(Facts::at(Timestamp::EPOCH));
        if evaluate(&policy, &request).verdict != Verdict::Permitted {
            let mut more = policy;
            let rules = more.permissions.iter_mut().chain(&mut more.prohibitions);
            rules.chain(&mut more.obligations).for_each(|rule| rule.parts.extend(part.clone()));
            prop_assert_ne!(evaluate(&more, &request).verdict, Verdict::Permitted);
        }
    }

    #[test]
    fn every_hazard_has_its_place_in_the_written_policy_and_every_rule_is_told(
        policy in any_policy(),
    ) {
        let written = Value::Object(write(&policy));
        for hazard in Peer::ALL.iter().flat_map(|peer| lint(&policy, *peer)) {
            prop_assert!(written.pointer(&hazard.at).is_some(), "{} in {}", hazard, written);
        }
        let lines = explain(&policy);
        prop_assert!(lines.iter().all(|line| !line.contains(char::is_control)), "{lines:?}");
        let told = lines.iter().filter(|line| !line.starts_with(' ')).count();
        let rules = policy.permissions.len() + policy.prohibitions.len() + policy.obligations.len();
        prop_assert_eq!(told, rules + usize::from(policy.permissions.is_empty()));
    }

    #[test]
    fn every_finding_is_one_short_line(policy in any_policy()) {
        for finding in evaluate(&policy, &Request::to_use(Facts::new())).findings {
            let line = finding.to_string();
            prop_assert!(!line.contains(char::is_control) && line.len() < 2_000, "{}", line);
        }
    }
}

proptest! {
    #![proptest_config(cases(2_048))]

    #[test]
    fn no_json_makes_the_reader_panic_and_what_it_reads_is_stable(value in json_value()) {
        let rule = json!({ "action": "use", "constraint": value, "x": value });
        let in_rule = json!({ "permission": [rule] });
        let in_operand = json!({ "permission": { "action": "use", "constraint":
            { "leftOperand": "x", "operator": "eq", "rightOperand": value } } });
        let in_policy = json!({ "permission": value });
        let inputs = [in_rule, in_operand, in_policy, value];
        for input in &inputs {
            for contexts in [Contexts::dsp(), Contexts::read(Some(&json!([]))).unwrap()] {
                if let Ok(policy) = read(input, &contexts) {
                    let written = Value::Object(write(&policy));
                    let again = read(&written, &Contexts::dsp()).unwrap();
                    prop_assert_eq!(&again, &policy);
                    prop_assert_eq!(Value::Object(write(&again)), written);
                    policy.digest();
                    evaluate(&policy, &Request::to_use(Facts::at(Timestamp::EPOCH)));
                }
                let whole = odrl::read(input, &contexts).ok();
                let vocabulary = Vocabulary::odrl();
                if let Some(Ok(compiled)) = whole.map(|it| Compiled::whole(&it, &vocabulary)) {
                    let request = Request::to_use(Facts::at(Timestamp::EPOCH));
                    let report = compiled.evaluate(&request, &World::default()).report();
                    for finding in report.findings {
                        prop_assert!(!finding.to_string().contains(char::is_control));
                    }
                }
            }
        }
    }

    #[test]
    fn no_json_makes_the_context_panic(value in json_value(), name in ".{0,20}") {
        if let Ok(contexts) = Contexts::read(Some(&value)) {
            let _ = contexts.resolve(&name);
        }
        let resolved = Contexts::dsp().resolve(&name);
        let is_itself = matches!(resolved, Ok(Term::Iri(iri)) if iri.as_str() == name);
        prop_assert_eq!(Iri::parse(&name).is_ok(), is_itself);
    }
}
