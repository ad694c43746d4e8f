//! Duties of permissions, obligations with consequences, prohibitions with remedies: what is due,
//! fulfilled or violated by records and by the log, and what that does to the answer.

use Verdict::{Denied, Permitted, Unknown};
use causeway_policy::{
    Deed, Deontic, Duration, DutyMode, Fact, Facts, Number, Options, Request, Truth, Verdict, World,
};
use causeway_types::Timestamp;
use serde_json::{Value, json};

use crate::whole::{check_with, iri, report, request};

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

const EARLY: &str = "2024-01-10T00:00:00Z";
const NOW: &str = "2024-02-12T00:00:00Z";
const LATE: &str = "2024-03-01T00:00:00Z";

/// Somebody did something.
fn deed(action: &str, by: &str, at: &str) -> Deed {
    Deed {
        action: iri(action),
        target: Some(iri("urn:x")),
        assignee: Some(iri(by)),
        at: time(at),
        duration: Duration::ZERO,
        facts: Facts::new(),
    }
}

fn paid(amount: &str, at: &str) -> Deed {
    let price = Fact::Quantity(Number::parse(amount).unwrap(), "urn:euro".into());
    let facts = Facts::new().with(iri("odrl:payAmount"), price);
    Deed { facts, ..deed("odrl:compensate", "urn:alice", at) }
}

/// A world that knows everything that was done.
fn world(deeds: &[Deed]) -> World {
    World { now: Some(time(NOW)), knows_all_deeds: true, deeds: deeds.to_vec(), ..World::default() }
}

/// A world that knows only some of it, but every duty that was found to be violated.
fn glimpse(deeds: &[Deed]) -> World {
    World { knows_all_deeds: false, knows_all_duties: true, ..world(deeds) }
}

fn recorded(state: Deontic) -> World {
    World { duties: [(iri("urn:duty"), state)].into(), ..glimpse(&[]) }
}

fn with_duty(duty: Value) -> Value {
    let mut duty = duty;
    duty["uid"] = json!("urn:duty");
    json!({ "permission": { "uid": "urn:r", "action": "read", "duty": duty } })
}

fn check(policy: &Value, world: &World, in_advance: Verdict, eventually: Verdict) {
    for (duty_mode, expected) in
        [(DutyMode::PreCondition, in_advance), (DutyMode::Eventual, eventually)]
    {
        let options = Options { duty_mode, ..Options::default() };
        check_with(policy, &request(), world, &options, expected);
    }
}

fn deontic(policy: &Value, world: &World) -> Option<Deontic> {
    let report = report(policy, &request(), world, &Options::default());
    let rule = &report.rules[0];
    rule.conditions.first().unwrap_or(rule).deontic
}

fn before(operator: &str, at: &str) -> Value {
    let at = json!({ "@value": at, "@type": "xsd:dateTime" });
    json!({ "leftOperand": "dateTime", "operator": operator, "rightOperand": at })
}

#[test]
fn a_record_says_how_a_duty_stands() {
    let policy = with_duty(json!({ "action": "compensate" }));
    check(&policy, &recorded(Deontic::Fulfilled), Permitted, Permitted);
    check(&policy, &recorded(Deontic::NotSet), Denied, Permitted);
    check(&policy, &recorded(Deontic::Violated), Denied, Denied);
    // Without the promise that every violation is recorded, there may be one.
    check(&policy, &World { knows_all_duties: false, ..glimpse(&[]) }, Unknown, Unknown);
    for state in [Deontic::Fulfilled, Deontic::NotSet, Deontic::Violated] {
        assert_eq!(deontic(&policy, &recorded(state)), Some(state));
    }
}

#[test]
fn the_log_says_whether_a_duty_is_fulfilled() {
    let policy = with_duty(json!({ "action": "compensate" }));
    let done = deed("odrl:pay", "urn:alice", EARLY);
    check(&policy, &glimpse(std::slice::from_ref(&done)), Permitted, Permitted);
    check(&policy, &glimpse(&[]), Unknown, Permitted);
    check(&policy, &world(&[]), Denied, Permitted);
    check(&policy, &world(&[deed("odrl:inform", "urn:alice", EARLY)]), Denied, Permitted);
    // What has not happened yet fulfils nothing.
    check(&policy, &world(&[deed("odrl:compensate", "urn:alice", LATE)]), Denied, Permitted);
    let of_bob = with_duty(json!({ "action": "compensate", "assignee": "urn:bob" }));
    let single = json!({ "@id": "urn:bob", "@type": "Party" });
    let surely_of_bob = with_duty(json!({ "action": "compensate", "assignee": single }));
    check(&of_bob, &world(std::slice::from_ref(&done)), Unknown, Permitted);
    check(&surely_of_bob, &world(&[done]), Denied, Permitted);
    check(&of_bob, &world(&[deed("odrl:compensate", "urn:bob", EARLY)]), Permitted, Permitted);
}

#[test]
fn how_a_duty_is_to_be_done_is_asked_of_what_was_done() {
    let price = json!({
        "leftOperand": "payAmount", "operator": "gteq", "rightOperand": 5, "unit": "urn:euro",
    });
    let policy = with_duty(json!({ "action": { "@id": "compensate", "refinement": price } }));
    check(&policy, &world(&[paid("5.00", EARLY)]), Permitted, Permitted);
    check(&policy, &world(&[paid("4.99", EARLY)]), Denied, Permitted);
    check(&policy, &world(&[deed("odrl:compensate", "urn:alice", EARLY)]), Unknown, Permitted);
    check(&policy, &world(&[paid("4.99", EARLY), paid("6", EARLY)]), Permitted, Permitted);
    let strange = with_duty(json!({ "action": "compensate", "compensatedParty": "urn:bob" }));
    check(&strange, &world(&[paid("5", EARLY)]), Unknown, Unknown);
}

#[test]
fn a_duty_that_is_not_due_does_not_matter() {
    let count =
        |than: i64| json!({ "leftOperand": "count", "operator": "gt", "rightOperand": than });
    let duty =
        |constraint: Value| with_duty(json!({ "action": "compensate", "constraint": constraint }));
    // The first execution, as the log is empty.
    check(&duty(count(5)), &world(&[]), Permitted, Permitted);
    check(&duty(count(0)), &world(&[]), Denied, Permitted);
    check(&duty(count(0)), &glimpse(&[]), Unknown, Permitted);
    check(&duty(before("gt", LATE)), &world(&[]), Permitted, Permitted);
    check(&duty(before("gt", EARLY)), &world(&[]), Denied, Permitted);
}

#[test]
fn a_deadline_that_has_passed_violates_and_does_not_excuse() {
    let duty = |deadline: &str| {
        with_duty(json!({ "action": "compensate", "constraint": before("lteq", deadline) }))
    };
    check(&duty(LATE), &world(&[]), Denied, Permitted);
    check(&duty(EARLY), &world(&[]), Denied, Denied);
    check(&duty(EARLY), &glimpse(&[]), Unknown, Unknown);
    check(&duty(EARLY), &world(&[paid("5", EARLY)]), Permitted, Permitted);
    let too_late = world(&[paid("5", "2024-01-11T00:00:00Z")]);
    check(&duty(EARLY), &too_late, Denied, Denied);
    assert_eq!(deontic(&duty(EARLY), &too_late), Some(Deontic::Violated));
    assert_eq!(deontic(&duty(LATE), &world(&[])), Some(Deontic::NotSet));
    assert_eq!(deontic(&duty(LATE), &glimpse(&[])), None);
}

#[test]
fn after_a_violation_the_late_deed_and_every_consequence_are_asked_for() {
    let policy = with_duty(json!({
        "action": "inform", "constraint": before("lt", EARLY),
        "consequence": [{ "action": "compensate" }, { "action": "delete" }],
    }));
    let late = |action: &str| deed(action, "urn:alice", "2024-02-01T00:00:00Z");
    let (informed, paid, deleted) =
        (late("odrl:inform"), late("odrl:compensate"), late("odrl:delete"));
    check(&policy, &world(&[]), Denied, Denied);
    check(&policy, &world(std::slice::from_ref(&informed)), Denied, Denied);
    check(&policy, &world(&[paid.clone(), deleted.clone()]), Denied, Denied);
    check(&policy, &world(&[informed.clone(), paid.clone()]), Denied, Denied);
    let all = [informed, paid, deleted];
    check(&policy, &world(&all), Permitted, Permitted);
    let recorded = World { deeds: all.to_vec(), ..recorded(Deontic::Violated) };
    check(&policy, &recorded, Permitted, Permitted);
}

#[test]
fn an_open_obligation_is_for_a_person_and_a_violated_one_denies() {
    let obligation = |constraint: Value| {
        json!({
            "permission": { "action": "read" },
            "obligation": { "uid": "urn:duty", "action": "delete", "constraint": constraint },
        })
    };
    let deleted = [deed("odrl:delete", "urn:alice", EARLY)];
    check(&obligation(json!(null)), &world(&[]), Unknown, Permitted);
    check(&obligation(json!(null)), &glimpse(&[]), Unknown, Permitted);
    check(&obligation(json!(null)), &world(&deleted), Permitted, Permitted);
    check(&obligation(before("lt", LATE)), &world(&[]), Unknown, Permitted);
    check(&obligation(before("lt", EARLY)), &world(&[]), Denied, Denied);
    check(&obligation(before("gt", LATE)), &world(&[]), Permitted, Permitted);
    assert_eq!(
        deontic(&json!({ "obligation": { "action": "delete" } }), &world(&deleted)),
        Some(Deontic::Fulfilled)
    );
}

#[test]
fn a_prohibition_is_infringed_by_a_deed_until_its_remedies_are_fulfilled() {
    let policy = |remedy: Value| {
        let rule = json!({ "action": "print", "target": "urn:x", "remedy": remedy });
        json!({ "prohibition": rule })
    };
    let printed = deed("odrl:print", "urn:alice", EARLY);
    let state = |policy: &Value, world: &World| {
        report(policy, &request(), world, &Options::default()).rules[0].deontic
    };
    let remedied = policy(json!({ "action": "inform" }));
    assert_eq!(state(&policy(json!(null)), &world(&[])), Some(Deontic::NotSet));
    assert_eq!(state(&policy(json!(null)), &glimpse(&[])), None);
    let seen = glimpse(std::slice::from_ref(&printed));
    assert_eq!(state(&policy(json!(null)), &seen), Some(Deontic::Violated));
    assert_eq!(state(&remedied, &world(std::slice::from_ref(&printed))), Some(Deontic::Violated));
    let informed = deed("odrl:inform", "urn:alice", EARLY);
    assert_eq!(state(&remedied, &world(&[printed, informed])), Some(Deontic::NotSet));
}

#[test]
fn the_report_shows_duties_below_their_rules_with_all_states() {
    let policy = with_duty(json!({
        "action": "inform", "consequence": { "uid": "urn:then", "action": "compensate" },
    }));
    let report = report(&policy, &request(), &world(&[]), &Options::default());
    let duty = &report.rules[0].conditions[0];
    assert_eq!(duty.active, Truth::True);
    assert_eq!(duty.performed, Some(Truth::False));
    assert_eq!(duty.deontic, Some(Deontic::NotSet));
    assert_eq!(duty.conditions[0].place.to_string(), "permission 1, duty 1, consequence 1");
    assert_eq!(report.rules[0].active, Truth::False);
    let sentences: Vec<String> = report.duties().map(ToString::to_string).collect();
    assert_eq!(sentences, ["permission 1, duty 1: the duty odrl:inform is not fulfilled yet"]);
    let fulfilled = world(&[deed("odrl:inform", "urn:bob", EARLY)]);
    let request = Request { assignee: None, ..request() };
    let found = crate::whole::report(&policy, &request, &fulfilled, &Options::default());
    assert_eq!(found.verdict, Permitted);
}
