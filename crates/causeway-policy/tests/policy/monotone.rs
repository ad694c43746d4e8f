//! What must hold for every policy: learning something settles what was unknown and turns nothing
//! that was settled, unknown never grants, and whole policies decide the same in compact and atomic
//! form.

use std::collections::BTreeSet;

use causeway_policy::{
    Compiled, Contexts, Deed, Deontic, Duration, DutyMode, Event, Fact, Facts, Iri, Number,
    Options, Request, Truth, Verdict, Vocabulary, World, odrl,
};
use causeway_types::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::whole::{iri, read};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

const LEFTS: &[&str] = &["odrl:purpose", "odrl:count", "odrl:dateTime", "odrl:event", "urn:own"];
const ACTIONS: &[&str] = &["use", "read", "play", "display", "urn:train", "mystery"];
const PARTIES: &[&str] = &["urn:alice", "urn:bob", "urn:friends", "mystery"];

fn constraint() -> impl Strategy<Value = Value> {
    let operators = select(vec!["eq", "neq", "lt", "gteq", "isAnyOf", "isNoneOf", "isPartOf"]);
    let right = select(vec![
        json!("research"),
        json!(["research", "EU"]),
        json!(3),
        json!("2024-02-12T00:00:00Z"),
        json!({ "@value": "2024-02-12", "@type": "xsd:date" }),
        json!({ "@id": "urn:event" }),
        json!({ "x": 1 }),
    ]);
    let more = prop_oneof![9 => Just(None), 1 => Just(Some("urn:but"))];
    let atomic =
        (select(LEFTS), operators, right, more).prop_map(|(left, operator, right, more)| {
            let mut constraint =
                json!({ "leftOperand": left, "operator": operator, "rightOperand": right });
            if let Some(more) = more {
                constraint[more] = json!(1);
            }
            constraint
        });
    atomic.prop_recursive(2, 6, 3, |inner| {
        let connectives = select(vec!["and", "or", "xone", "andSequence"]);
        (connectives, vec(inner, 1..4))
            .prop_map(|(connective, operands)| json!({ connective: { "@list": operands } }))
    })
}

fn rule(duties: &'static str) -> impl Strategy<Value = Value> {
    let leaf = (
        vec(select(ACTIONS), 1..3),
        vec(select(PARTIES), 0..2),
        vec(select(vec!["urn:x", "urn:all"]), 0..2),
        vec(constraint(), 0..3),
        vec(constraint(), 0..2),
    );
    let rule = leaf.prop_map(|(actions, assignees, targets, constraints, refinements)| {
        let actions: Vec<Value> = actions
            .into_iter()
            .map(|action| json!({ "@id": action, "refinement": refinements }))
            .collect();
        json!({
            "action": actions, "assignee": assignees, "target": targets,
            "constraint": constraints,
        })
    });
    let rule = rule.boxed();
    (rule.clone(), prop_oneof![2 => Just(None), 1 => rule.prop_map(Some)]).prop_map(
        move |(mut rule, duty)| {
            if let Some(mut duty) = duty {
                duty["uid"] = json!("urn:duty");
                rule[duties] = duty;
            }
            rule
        },
    )
}

fn policy() -> impl Strategy<Value = Value> {
    let conflict = select(vec![json!(null), json!("perm"), json!("prohibit"), json!("invalid")]);
    (
        vec(rule("duty"), 0..3),
        vec(rule("remedy"), 0..2),
        prop_oneof![3 => Just(Vec::new()), 1 => vec(rule("consequence"), 1..2)],
        conflict,
        prop_oneof![8 => Just("Set"), 1 => Just("Offer"), 1 => Just("odrl:Ticket")],
    )
        .prop_map(|(permissions, prohibitions, obligations, conflict, kind)| {
            json!({
                "@type": kind, "conflict": conflict, "permission": permissions,
                "prohibition": prohibitions, "obligation": obligations,
            })
        })
}

/// One thing more that is known.
#[derive(Debug, Clone)]
enum Lesson {
    Fact(&'static str, Fact),
    Since(&'static str, Fact, i64),
    Now(i64),
    Alice(BTreeSet<Iri>),
    Target,
    Assignee,
    Duty(Deontic),
    Deed(Deed),
    Event(Event),
    AllDeeds,
    AllMembers,
    AllDuties,
}

fn at(day: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_707_696_000_000_000 + day * 86_400_000_000).unwrap()
}

fn lesson() -> impl Strategy<Value = Lesson> {
    let fact = select(vec![
        Fact::Text("research".to_owned()),
        Fact::Number(Number::from(3)),
        Fact::Set(vec![Fact::Text("research".to_owned()), Fact::Text("sales".to_owned())]),
        Fact::Iri(iri("urn:event")),
        Fact::Boolean(true),
    ]);
    let lefts = select(vec!["odrl:purpose", "urn:own"]);
    let collections = select(vec![vec![], vec![iri("urn:friends")]]);
    let deed = (select(vec!["odrl:read", "odrl:play"]), -9..0_i64).prop_map(|(action, day)| Deed {
        action: iri(action),
        target: Some(iri("urn:x")),
        assignee: Some(iri("urn:alice")),
        at: at(day),
        duration: Duration::ZERO,
        facts: Facts::new(),
    });
    prop_oneof![
        (lefts.clone(), fact.clone()).prop_map(|(left, fact)| Lesson::Fact(left, fact)),
        (lefts, fact, -9..9_i64).prop_map(|(left, fact, day)| Lesson::Since(left, fact, day)),
        (-1..2_i64).prop_map(Lesson::Now),
        collections.prop_map(|all| Lesson::Alice(all.into_iter().collect())),
        Just(Lesson::Target),
        Just(Lesson::Assignee),
        select(vec![Deontic::Fulfilled, Deontic::NotSet, Deontic::Violated]).prop_map(Lesson::Duty),
        deed.prop_map(Lesson::Deed),
        Just(Lesson::Event(Event { event: iri("urn:event"), from: at(-2), until: Some(at(1)) })),
        Just(Lesson::AllDeeds),
        Just(Lesson::AllMembers),
        Just(Lesson::AllDuties),
    ]
}

/// Learns something that was not known; what is known already is not told anew.
fn learn(request: &mut Request, world: &mut World, lesson: &Lesson) {
    match lesson {
        Lesson::Fact(left, fact) => {
            if request.facts.of(&iri(left)).is_none() {
                request.facts = request.facts.clone().with(iri(left), fact.clone());
            }
        }
        Lesson::Since(left, fact, day) => {
            if request.facts.of(&iri(left)).is_none() {
                let facts = request.facts.clone();
                request.facts = facts.with_since(iri(left), fact.clone(), at(*day));
            }
        }
        Lesson::Now(day) => world.now = world.now.or(Some(at(*day))),
        Lesson::Alice(collections) if !world.knows_all_members => {
            world.members.entry(iri("urn:alice")).or_insert_with(|| collections.clone());
        }
        Lesson::Target => request.target = Some(iri("urn:x")),
        Lesson::Assignee => request.assignee = Some(iri("urn:alice")),
        Lesson::Duty(state) => {
            // Beside the log a record would contradict what follows from it.
            if world.deeds.is_empty() && !world.knows_all_deeds && !world.knows_all_duties {
                world.duties.entry(iri("urn:duty")).or_insert(*state);
            }
        }
        // What was done while the time was not known may lie in the future.
        Lesson::Deed(deed) if !world.knows_all_deeds && world.duties.is_empty() => {
            world.deeds.push(deed.clone());
        }
        Lesson::Event(event) if !world.knows_all_deeds && world.events.is_empty() => {
            world.events.push(event.clone());
        }
        Lesson::AllDeeds => world.knows_all_deeds = true,
        Lesson::AllMembers => world.knows_all_members = true,
        Lesson::AllDuties => world.knows_all_duties = true,
        Lesson::Alice(_) | Lesson::Deed(_) | Lesson::Event(_) => {}
    }
}

fn states(compiled: &Compiled, request: &Request, world: &World) -> (Verdict, Vec<Truth>) {
    let evaluation = compiled.evaluate(request, world);
    let active = evaluation.rules().iter().map(|rule| rule.active).collect();
    (evaluation.verdict(), active)
}

fn ready(policy: &Value) -> Compiled {
    Compiled::whole(&read(policy), &Vocabulary::odrl()).unwrap()
}

proptest! {
    #![proptest_config(cases(8_192))]

    #[test]
    fn learning_settles_and_never_turns(
        policy in policy(), lessons in vec(lesson(), 1..10), eventual in any::<bool>(),
    ) {
        let duty_mode = if eventual { DutyMode::Eventual } else { DutyMode::PreCondition };
        let compiled = ready(&policy).with_options(Options { duty_mode, ..Options::default() });
        let mut request = Request::of(iri("odrl:read"), Facts::new());
        let mut world = World::default();
        let (mut verdict, mut active) = states(&compiled, &request, &world);
        for lesson in &lessons {
            learn(&mut request, &mut world, lesson);
            let (next, then) = states(&compiled, &request, &world);
            prop_assert!(
                verdict == Verdict::Unknown || verdict == next,
                "{:?} became {:?} by {:?}", verdict, next, lesson
            );
            for (before, after) in active.iter().zip(&then) {
                prop_assert!(*before == Truth::Unknown || before == after, "{:?}", lesson);
            }
            (verdict, active) = (next, then);
        }
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn nothing_is_granted_by_what_is_not_understood(policy in policy(), place in 0..4_usize) {
        let mut more = policy.clone();
        for list in ["permission", "prohibition", "obligation"] {
            for rule in more[list].as_array_mut().unwrap() {
                match place {
                    0 => rule["urn:but"] = json!(1),
                    1 => rule["action"][0]["urn:but"] = json!(1),
                    2 => rule["action"][0]["@id"] = json!("mystery"),
                    _ => {
                        let strange = json!({
                            "leftOperand": "mystery", "operator": "eq", "rightOperand": 1,
                        });
                        rule["constraint"].as_array_mut().unwrap().push(strange);
                    }
                }
            }
        }
        let world = World::default();
        let request = Request::of(iri("odrl:read"), Facts::at(at(0)));
        let before = ready(&policy).evaluate(&request, &world).verdict();
        let after = ready(&more).evaluate(&request, &world).verdict();
        // A prohibition that is not understood prohibits no more, but may.
        prop_assert!(before == Verdict::Permitted || after != Verdict::Permitted);
    }

    #[test]
    fn a_rule_of_many_means_as_many_rules(policy in policy()) {
        let mut atomic = policy.clone();
        for list in ["permission", "prohibition"] {
            let rules = atomic[list].take();
            atomic[list] = rules.as_array().unwrap().iter().flat_map(split).collect();
        }
        let world = World::default();
        let mut request = Request::of(iri("odrl:read"), Facts::at(at(0)));
        request.assignee = Some(iri("urn:alice"));
        let compact = ready(&policy).evaluate(&request, &world).verdict();
        prop_assert_eq!(compact, ready(&atomic).evaluate(&request, &world).verdict());
    }

    #[test]
    fn every_sentence_of_a_whole_policy_is_short(policy in policy()) {
        let request = Request::of(iri("odrl:read"), Facts::at(at(0)));
        let world = World::default();
        let compiled = ready(&policy);
        let report = compiled.evaluate(&request, &world).report();
        prop_assert!(!report.findings.is_empty());
        for finding in &report.findings {
            let line = finding.to_string();
            prop_assert!(!line.contains(char::is_control) && line.len() < 2_000, "{}", line);
        }
        let value = report.to_value();
        prop_assert_eq!(value["report:result"].as_str(), Some(report.verdict.as_str()));
    }
}

/// A rule as rules of one action, target and assignee each.
fn split(rule: &Value) -> Vec<Value> {
    let mut rules = vec![rule.clone()];
    for property in ["action", "target", "assignee"] {
        rules = rules
            .into_iter()
            .flat_map(|rule| {
                let options = rule[property].as_array().cloned().unwrap_or_default();
                match options.is_empty() {
                    true => vec![rule],
                    false => options
                        .into_iter()
                        .map(|one| {
                            let mut rule = rule.clone();
                            rule[property] = one;
                            rule
                        })
                        .collect(),
                }
            })
            .collect();
    }
    rules
}

#[test]
fn no_json_makes_the_reader_of_whole_policies_panic() {
    let deep = (0..100).fold(json!(1), |inner, _| json!({ "and": inner }));
    for value in [json!(null), json!([]), json!({}), json!("x"), json!(7), json!([[]]), deep] {
        for property in ["permission", "conflict", "inheritFrom", "profile", "action", "target"] {
            for inner in ["action", "target", "assignee", "constraint", "duty", "uid", "@type"] {
                let policy = json!({ property: { "action": "use", inner: value }, "@type": value });
                if let Ok(policy) = odrl::read(&policy, &Contexts::dsp()) {
                    drop(Compiled::whole(&policy, &Vocabulary::odrl()));
                }
            }
        }
    }
}
