//! Whole ODRL policies: parties, assets and collections, refinements, the compact form, actions of
//! profiles, conflict strategies, inheritance, kinds, and what stays unknown and is named.

use std::collections::BTreeSet;

use Verdict::{Denied, Permitted, Unknown};
use causeway_policy::odrl::{InheritError, inherited};
use causeway_policy::{
    Behaviour, CompileError, Compiled, Contexts, Fact, Facts, Iri, Number, Options, Report,
    Request, Term, Verdict, Vocabulary, World, odrl,
};
use causeway_types::limits::{
    POLICY_EVALUATED_CONSTRAINTS_MAX, POLICY_EVALUATED_RULES_MAX, POLICY_INHERITANCE_DEPTH_MAX,
};
use serde_json::{Value, json};

pub(crate) fn iri(name: &str) -> Iri {
    Contexts::dsp().resolve(name).unwrap().iri().unwrap().clone()
}

pub(crate) fn read(policy: &Value) -> odrl::Policy {
    match odrl::read(policy, &Contexts::dsp()) {
        Ok(policy) => policy,
        Err(error) => panic!("{error}: {policy}"),
    }
}

/// Alice wants to read x.
pub(crate) fn request() -> Request {
    Request {
        target: Some(iri("urn:x")),
        assignee: Some(iri("urn:alice")),
        ..Request::of(iri("odrl:read"), Facts::new())
    }
}

pub(crate) fn report(
    policy: &Value,
    request: &Request,
    world: &World,
    options: &Options,
) -> Report {
    let compiled = Compiled::whole(&read(policy), &vocabulary()).unwrap();
    compiled.with_options(*options).evaluate(request, world).report()
}

fn vocabulary() -> Vocabulary {
    Vocabulary::odrl()
        .with_action(iri("urn:train"), iri("odrl:read"))
        .with_implied(iri("odrl:read"), iri("odrl:index"))
        .with_profile(iri("urn:profile"))
}

fn check(policy: &Value, world: &World, expected: Verdict) {
    check_with(policy, &request(), world, &Options::default(), expected);
}

pub(crate) fn check_with(
    policy: &Value,
    request: &Request,
    world: &World,
    options: &Options,
    expected: Verdict,
) {
    let report = report(policy, request, world, options);
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(report.verdict, expected, "{policy}: {findings:#?}");
}

fn members(thing: &str, collections: &[&str]) -> World {
    let collections: BTreeSet<Iri> = collections.iter().map(|name| iri(name)).collect();
    World { members: [(iri(thing), collections)].into(), ..World::default() }
}

#[test]
fn a_rule_is_about_its_target_and_assignee_and_their_members() {
    let open = World::default();
    let closed = World { knows_all_members: true, ..World::default() };
    let friends = members("urn:alice", &["urn:friends"]);
    let rule = |more: Value| {
        let mut rule = json!({ "action": "read" });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "permission": rule })
    };
    let single = json!({ "@id": "urn:bob", "@type": "Party" });
    for (policy, world, expected) in [
        (rule(json!({})), &open, Permitted),
        (rule(json!({ "assignee": "urn:alice", "target": { "@id": "urn:x" } })), &open, Permitted),
        (rule(json!({ "assignee": "urn:bob" })), &open, Unknown),
        (rule(json!({ "assignee": "urn:bob" })), &closed, Denied),
        (rule(json!({ "assignee": single })), &open, Denied),
        (rule(json!({ "assignee": "urn:friends" })), &friends, Permitted),
        (rule(json!({ "assignee": { "source": "urn:friends" } })), &friends, Permitted),
        (rule(json!({ "assignee": "urn:foes" })), &friends, Denied),
        (rule(json!({ "assignee": ["urn:foes", "urn:friends"] })), &friends, Permitted),
        (rule(json!({ "assignee": "nobody-knows" })), &closed, Unknown),
        (rule(json!({ "target": "urn:y" })), &closed, Denied),
        (rule(json!({ "assigner": "urn:bob" })), &open, Permitted),
        (rule(json!({ "target": { "@id": "urn:x", "urn:but": "not" } })), &open, Unknown),
        (rule(json!({ "target": { "@id": "urn:x", "foaf:x": "not" } })), &open, Unknown),
        (rule(json!({ "compensatedParty": "urn:bob" })), &open, Unknown),
        (rule(json!({ "dct:description": "read" })), &open, Permitted),
    ] {
        check(&policy, world, expected);
    }
    // The policy itself may say who belongs where, through other collections too.
    let policy = json!({
        "permission": [
            { "action": "read", "target": "urn:all" },
            { "action": "play", "target": { "@id": "urn:x", "partOf": "urn:some" } },
            { "action": "play", "target": { "@id": "urn:some", "partOf": ["urn:all"] } },
        ],
    });
    check(&policy, &open, Permitted);
}

#[test]
fn a_request_that_names_nobody_is_not_known_to_be_of_anybody() {
    let policy = json!({ "permission": { "action": "read", "assignee": "urn:alice" } });
    let nobody = Request { assignee: None, ..request() };
    check_with(&policy, &nobody, &World::default(), &Options::default(), Unknown);
}

#[test]
fn refinements_narrow_actions_and_collections() {
    let adult = json!({ "leftOperand": "urn:age", "operator": "gt", "rightOperand": 17 });
    let coarse = json!({ "leftOperand": "resolution", "operator": "lteq", "rightOperand": 1200 });
    let known =
        |name: &str, value: i64| Facts::new().with(iri(name), Fact::Number(Number::from(value)));
    let of_alice = |age: i64| {
        let mut world = members("urn:alice", &["urn:friends"]);
        world.things.insert(iri("urn:alice"), known("urn:age", age));
        world
    };
    let friends = json!({ "permission": { "action": "read", "assignee": {
        "@type": "PartyCollection", "source": "urn:friends", "refinement": adult,
    } } });
    check(&friends, &of_alice(20), Permitted);
    check(&friends, &of_alice(17), Denied);
    check(&friends, &members("urn:alice", &["urn:friends"]), Unknown);
    check(&friends, &members("urn:alice", &[]), Denied);
    let targets = json!({ "permission": { "action": "read", "target": {
        "@id": "urn:x", "refinement": adult,
    } } });
    let mut world = World::default();
    world.things.insert(iri("urn:x"), known("urn:age", 18));
    check(&targets, &world, Permitted);
    for action in [
        json!({ "@id": "read", "refinement": coarse }),
        json!({ "@id": "urn:narrowed", "rdf:value": { "@id": "odrl:read" }, "refinement": coarse }),
    ] {
        let policy = json!({ "permission": { "action": action } });
        for (resolution, expected) in [(1000, Permitted), (1300, Denied)] {
            let request = Request { facts: known("odrl:resolution", resolution), ..request() };
            check_with(&policy, &request, &World::default(), &Options::default(), expected);
        }
        check(&policy, &World::default(), Unknown);
        let prohibited =
            json!({ "permission": { "action": "use" }, "prohibition": { "action": action } });
        check(&prohibited, &World::default(), Unknown);
    }
}

#[test]
fn what_a_policy_shares_is_said_in_each_rule() {
    let closed = World { knows_all_members: true, ..World::default() };
    let shared = |mut policy: Value| {
        policy["target"] = json!("urn:x");
        policy["assignee"] = json!("urn:alice");
        policy
    };
    for (policy, expected) in [
        (shared(json!({ "permission": { "action": "read" } })), Permitted),
        (json!({ "action": "read", "permission": {} }), Permitted),
        (json!({ "target": "urn:y", "permission": { "action": "read" } }), Denied),
        (
            json!({ "permission": { "action": ["play", "read"], "target": ["urn:y", "urn:x"] } }),
            Permitted,
        ),
        // A permission keeps to its own target, a prohibition takes both.
        (shared(json!({ "permission": { "action": "read", "target": "urn:y" } })), Denied),
        (
            shared(json!({
                "permission": { "action": "read" },
                "prohibition": { "action": "read", "target": "urn:y" },
            })),
            Denied,
        ),
        (
            json!({
                "permission": { "action": "read" },
                "prohibition": { "action": "read", "target": "urn:y" },
            }),
            Permitted,
        ),
    ] {
        check(&policy, &closed, expected);
    }
    let report = report(
        &json!({ "permission": { "uid": "urn:r", "action": ["play", "read"] } }),
        &request(),
        &closed,
        &Options::default(),
    );
    let found: Vec<_> = report.rules.iter().map(|rule| (rule.place.rule, rule.active)).collect();
    use causeway_policy::Truth;
    assert_eq!(found, [(0, Truth::False), (0, Truth::True)]);
}

#[test]
fn actions_of_a_profile_are_included_in_and_imply_others() {
    let open = World::default();
    let train = Request { action: iri("urn:train"), ..request() };
    let options = Options::default();
    for (policy, expected) in [
        (json!({ "permission": { "action": "use" } }), Permitted),
        (json!({ "permission": { "action": "read" } }), Permitted),
        (json!({ "permission": { "action": "play" } }), Denied),
    ] {
        check_with(&policy, &train, &open, &options, expected);
    }
    // Reading implies indexing, so what prohibits to index makes it impossible to read.
    let policy =
        json!({ "permission": { "action": "read" }, "prohibition": { "action": "index" } });
    check(&policy, &open, Denied);
    // What is included in the requested action cannot be withheld from it.
    let policy =
        json!({ "permission": { "action": "read" }, "prohibition": { "action": "urn:train" } });
    check(&policy, &open, Unknown);
}

#[test]
fn a_part_of_the_requested_collection_that_is_prohibited_cannot_be_withheld() {
    let policy = json!({
        "permission": { "action": "read", "target": "urn:all" },
        "prohibition": { "action": "read", "target": "urn:x" },
    });
    let all = Request { target: Some(iri("urn:all")), ..request() };
    let mut world = members("urn:x", &["urn:all"]);
    world.members.insert(iri("urn:all"), BTreeSet::new());
    check_with(&policy, &all, &world, &Options::default(), Unknown);
    world.members.insert(iri("urn:x"), BTreeSet::new());
    check_with(&policy, &all, &world, &Options::default(), Permitted);
}

#[test]
fn the_conflict_strategy_settles_what_is_both_permitted_and_prohibited() {
    let cannot = json!({ "leftOperand": "recipient", "operator": "eq", "rightOperand": "x" });
    let rules = |permitted: bool, prohibited: Option<bool>| {
        let rule = |certain: bool| match certain {
            true => json!({ "action": "read" }),
            false => json!({ "action": "read", "constraint": cannot }),
        };
        let mut policy = json!({ "permission": rule(permitted) });
        if let Some(certain) = prohibited {
            policy["prohibition"] = rule(certain);
        }
        policy
    };
    for (strategy, both, maybe_prohibited, maybe_permitted) in [
        (json!("perm"), Permitted, Permitted, Unknown),
        (json!({ "@id": "odrl:prohibit" }), Denied, Unknown, Denied),
        (json!("invalid"), Denied, Unknown, Denied),
        (json!(null), Denied, Unknown, Denied),
        (json!(["perm", "prohibit"]), Denied, Unknown, Denied),
        (json!(["perm", "odrl:perm"]), Permitted, Permitted, Unknown),
        (json!("urn:own"), Denied, Unknown, Denied),
    ] {
        for (permitted, prohibited, expected) in [
            (true, Some(true), both),
            (true, Some(false), maybe_prohibited),
            (false, Some(true), maybe_permitted),
            (true, None, Permitted),
        ] {
            let mut policy = rules(permitted, prohibited);
            policy["conflict"] = strategy.clone();
            check(&policy, &World::default(), expected);
        }
    }
}

#[test]
fn in_an_open_system_what_is_not_prohibited_is_permitted() {
    let options = Options { behaviour: Behaviour::Open, ..Options::default() };
    let cannot = json!({ "leftOperand": "recipient", "operator": "eq", "rightOperand": "x" });
    for (policy, expected) in [
        (json!({ "prohibition": { "action": "play" } }), Permitted),
        (json!({ "prohibition": { "action": "read" } }), Denied),
        (json!({ "prohibition": { "action": "read", "constraint": cannot } }), Unknown),
    ] {
        check_with(&policy, &request(), &World::default(), &options, expected);
    }
}

#[test]
fn kinds_profiles_and_misplaced_properties_count() {
    let with = |name: &str, value: Value| {
        let mut policy = json!({ "permission": { "action": "read" } });
        policy[name] = value;
        policy
    };
    for (policy, expected) in [
        (with("@type", json!("Agreement")), Permitted),
        (with("@type", json!(["odrl:Policy", "http://www.w3.org/ns/odrl/2/Set"])), Permitted),
        (with("@type", json!("Offer")), Denied),
        (with("@type", json!("odrl:Ticket")), Unknown),
        (with("profile", json!("urn:profile")), Permitted),
        (with("profile", json!(["urn:profile", "urn:other"])), Unknown),
        (with("constraint", json!([])), Permitted),
        (with("duty", json!({ "action": "inform" })), Unknown),
        (with("dct:title", json!("x")), Permitted),
    ] {
        check(&policy, &World::default(), expected);
    }
}

#[test]
fn what_is_not_understood_is_unknown_and_named() {
    let constrained =
        |constraint: Value| json!({ "permission": { "action": "read", "constraint": constraint } });
    for (policy, name) in [
        (
            constrained(json!({ "leftOperand": "mystery", "operator": "eq", "rightOperand": 1 })),
            "\"mystery\" cannot be told, because no known context defines this name",
        ),
        (
            constrained(json!({ "leftOperand": "industry", "operator": "eq", "rightOperand": 1 })),
            "odrl:industry cannot be told, because nothing is known about it",
        ),
        (
            constrained(json!({
                "leftOperand": "count", "operator": "eq",
                "rightOperandReference": { "@id": "urn:elsewhere" },
            })),
            "what stands at its right operand reference is not known",
        ),
        (
            constrained(json!({
                "leftOperand": "count", "operator": "eq", "rightOperand": 1, "urn:but": 1,
            })),
            "urn:but cannot be told, because this property is not understood",
        ),
        (json!({ "permission": {} }), "the rule has no action, expected one"),
        (json!({ "permission": { "action": "urn:own-action" } }), "does not cover odrl:read"),
        (json!({ "permission": { "action": "mystery" } }), "is not known to cover odrl:read"),
        (json!({ "profile": "urn:other", "permission": { "action": "read" } }), "urn:other"),
    ] {
        let request = Request {
            facts: Facts::new().with(iri("odrl:count"), Fact::Number(Number::from(1))),
            ..request()
        };
        let report = report(&policy, &request, &World::default(), &Options::default());
        let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert_ne!(report.verdict, Permitted, "{policy}");
        assert!(findings.iter().any(|finding| finding.contains(name)), "{name}: {findings:#?}");
    }
}

#[test]
fn a_reference_is_what_the_world_says_stands_there() {
    let policy = json!({ "permission": { "action": "read", "constraint": {
        "leftOperand": "count", "operator": "lteq",
        "rightOperandReference": { "@id": "urn:limit" },
    } } });
    let request = Request {
        facts: Facts::new().with(iri("odrl:count"), Fact::Number(Number::from(5))),
        ..request()
    };
    let limit = |limit: i64| World {
        references: [(iri("urn:limit"), Fact::Number(Number::from(limit)))].into(),
        ..World::default()
    };
    check_with(&policy, &request, &limit(5), &Options::default(), Permitted);
    check_with(&policy, &request, &limit(4), &Options::default(), Denied);
}

#[test]
fn a_policy_inherits_rules_and_what_they_share_to_any_depth() {
    let child = json!({
        "uid": "urn:child", "inheritFrom": ["urn:parent"], "assignee": "urn:alice",
        "permission": { "action": "play" },
    });
    let status = json!({
        "leftOperand": "count", "operator": "lt", "rightOperand": 9, "status": 8,
    });
    let parent = json!({
        "uid": "urn:parent", "inheritFrom": "urn:grandparent", "conflict": "perm",
        "permission": { "action": "read", "constraint": { "and": [status] } },
    });
    let grandparent = json!({
        "uid": "urn:grandparent", "conflict": "prohibit", "target": "urn:x",
        "prohibition": { "action": "print" },
    });
    let known = [read(&parent), read(&grandparent)];
    let complete = inherited(&read(&child), &known).unwrap();
    assert_eq!((complete.permissions.len(), complete.prohibitions.len()), (2, 1));
    assert_eq!(complete.shared.targets.len(), 1);
    assert_eq!(complete.conflict(), None);
    assert!(!format!("{complete:?}").contains("status: Some"));
    assert_eq!(inherited(&complete, &[]).unwrap(), complete);
    let error = Compiled::whole(&read(&child), &vocabulary()).unwrap_err();
    assert!(matches!(error, CompileError::Inherits { .. }), "{error}");
    let uid = |name: &str| Term::Iri(iri(name));
    let missing = inherited(&read(&child), &known[..1]).unwrap_err();
    assert_eq!(missing, InheritError::Missing { policy: uid("urn:grandparent") });
}

#[test]
fn a_circle_or_an_endless_line_of_parents_is_refused() {
    let policy = |name: &str, parent: &str| {
        read(&json!({ "uid": name, "inheritFrom": parent, "permission": { "action": "read" } }))
    };
    let known = [policy("urn:a", "urn:b"), policy("urn:b", "urn:a"), policy("urn:c", "urn:c")];
    for child in &known {
        let error = inherited(child, &known).unwrap_err();
        assert!(matches!(error, InheritError::Circle { .. }), "{error}");
    }
    let line: Vec<odrl::Policy> = (0..POLICY_INHERITANCE_DEPTH_MAX + 3)
        .map(|number| policy(&format!("urn:{number}"), &format!("urn:{}", number + 1)))
        .collect();
    let error = inherited(&line[0], &line).unwrap_err();
    assert!(matches!(error, InheritError::TooDeep { .. }), "{error}");
}

#[test]
fn a_policy_beyond_the_limits_is_refused_with_the_limit() {
    let atomic = || json!({ "leftOperand": "count", "operator": "lt", "rightOperand": 3 });
    let constraints = |count: usize| {
        let constraints: Vec<Value> = (0..count).map(|_| atomic()).collect();
        json!({ "permission": { "action": "read", "constraint": constraints } })
    };
    let refused = |policy: &Value, expected: &str| {
        let error = match odrl::read(policy, &Contexts::dsp()) {
            Err(error) => error.to_string(),
            Ok(policy) => Compiled::whole(&policy, &vocabulary()).unwrap_err().to_string(),
        };
        assert!(error.contains(expected), "{error}");
    };
    refused(&constraints(10_000), "more than 4000 constraints");
    refused(&constraints(POLICY_EVALUATED_CONSTRAINTS_MAX + 1), "more than 4000 constraints");
    check(&constraints(POLICY_EVALUATED_CONSTRAINTS_MAX), &World::default(), Unknown);
    let names = |count: usize| (0..count).map(|index| format!("urn:{index}")).collect::<Vec<_>>();
    refused(
        &json!({ "permission": {
            "action": "read", "target": names(40), "assignee": names(40),
        } }),
        "more than 1000 atomic rules",
    );
    let compact = json!({ "permission": {
        "action": "read", "target": names(POLICY_EVALUATED_RULES_MAX),
        "constraint": [atomic(), atomic(), atomic(), atomic(), atomic()],
    } });
    refused(&compact, "more than 4000 constraints");
    let deep = (0..40).fold(atomic(), |inner, _| json!({ "and": [inner] }));
    refused(
        &json!({ "permission": { "action": "read", "constraint": deep } }),
        "deeper nesting than 32 levels",
    );
}

#[test]
fn a_policy_of_the_wire_is_evaluated_whole() {
    let policy = crate::policy(&json!({
        "permission": [{
            "action": "read", "target": "urn:x", "assignee": { "@id": "urn:alice" },
            "constraint": [{
                "leftOperand": "payAmount", "operator": "lteq", "rightOperand": "5.00",
                "unit": { "@id": "urn:euro" }, "dataType": "xsd:decimal",
            }],
        }],
    }));
    let compiled = Compiled::new(&policy, &vocabulary()).unwrap();
    let price = |price: &str, unit: &str| Request {
        facts: Facts::new().with(
            iri("odrl:payAmount"),
            Fact::Quantity(Number::parse(price).unwrap(), unit.into()),
        ),
        ..request()
    };
    let world = World::default();
    for (request, expected) in [
        (price("5", "urn:euro"), Permitted),
        (price("5.01", "urn:euro"), Denied),
        (price("5", "urn:dollar"), Unknown),
        (Request { target: None, ..price("5", "urn:euro") }, Unknown),
    ] {
        assert_eq!(compiled.evaluate(&request, &world).verdict(), expected);
    }
}

#[test]
fn the_report_as_json_speaks_of_states_and_reasons() {
    let policy = json!({
        "permission": {
            "uid": "urn:rule", "action": "read", "target": "urn:x",
            "constraint": { "uid": "urn:c", "and": [
                { "leftOperand": "count", "operator": "lt", "rightOperand": 3 },
            ] },
            "duty": { "uid": "urn:duty", "action": "inform" },
        },
    });
    let report = report(&policy, &request(), &World::default(), &Options::default());
    let expected = json!({
        "@context": { "report": "https://w3id.org/force/compliance-report#" },
        "@type": "report:PolicyReport",
        "report:result": "unknown",
        "report:ruleReport": [{
            "@type": "report:PermissionReport",
            "report:place": "permission 1",
            "report:rule": { "@id": "urn:rule" },
            "report:attemptState": "report:Attempted",
            "report:activationState": "report:Unknown",
            "report:premiseReport": [
                {
                    "@type": "report:TargetReport", "report:target": { "@id": "urn:x" },
                    "report:satisfactionState": "report:Satisfied",
                },
                {
                    "@type": "report:ActionReport",
                    "report:action": { "@id": "http://www.w3.org/ns/odrl/2/read" },
                    "report:satisfactionState": "report:Satisfied",
                },
                {
                    "@type": "report:ConstraintReport", "report:constraint": { "@id": "urn:c" },
                    "report:satisfactionState": "report:Unknown",
                    "report:premiseReport": [{
                        "@type": "report:ConstraintReport",
                        "report:satisfactionState": "report:Unknown",
                    }],
                },
            ],
            "report:conditionReport": [{
                "@type": "report:DutyReport",
                "report:place": "permission 1, duty 1",
                "report:rule": { "@id": "urn:duty" },
                "report:attemptState": "report:Attempted",
                "report:activationState": "report:Active",
                "report:performanceState": "report:Unknown",
                "report:premiseReport": [{
                    "@type": "report:ActionReport",
                    "report:action": { "@id": "http://www.w3.org/ns/odrl/2/inform" },
                    "report:satisfactionState": "report:Unknown",
                }],
            }],
        }],
        "report:finding": [
            "permission 1: the action odrl:read covers odrl:read",
            "permission 1: the target urn:x is or contains urn:x",
            "permission 1, constraint 1.1: odrl:count cannot be told, because nothing is known \
             about it",
            "permission 1, duty 1: the duty odrl:inform cannot be told, because nothing shows it \
             is fulfilled",
        ],
    });
    assert_eq!(report.to_value(), expected);
}
