//! Time in policies: whose time counts, events, what follows from the log, and sequences.

use Verdict::{Denied, Permitted, Unknown};
use causeway_policy::{
    Deed, Duration, Event, Fact, Facts, Options, Request, TimeSource, Verdict, World,
};
use causeway_types::Timestamp;
use serde_json::{Value, json};

use crate::whole::{check_with, iri, request};

fn time(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2024-02-{text}:00Z")).unwrap()
}

/// It is noon of the 12th.
fn world() -> World {
    World { now: Some(time("12T12:00")), knows_all_deeds: true, ..World::default() }
}

fn constrained(constraint: &Value) -> Value {
    json!({ "permission": { "action": "read", "constraint": constraint } })
}

fn atomic(left: &str, operator: &str, right: Value) -> Value {
    json!({ "leftOperand": left, "operator": operator, "rightOperand": right })
}

fn check(constraint: &Value, world: &World, expected: Verdict) {
    check_with(&constrained(constraint), &request(), world, &Options::default(), expected);
}

fn read_at(at: &str, minutes: i64) -> Deed {
    let request = request();
    Deed {
        action: iri("odrl:read"),
        target: request.target,
        assignee: request.assignee,
        at: time(at),
        duration: Duration::from_micros(minutes * 60_000_000),
        facts: Facts::new(),
    }
}

fn event(name: &str, from: &str, until: Option<&str>) -> Event {
    Event { event: iri(name), from: time(from), until: until.map(time) }
}

#[test]
fn the_time_is_that_of_the_action_or_of_the_world() {
    let until_noon = constrained(&atomic("dateTime", "lt", json!("2024-02-12T11:00:00Z")));
    let in_the_morning = Request { facts: Facts::at(time("12T08:00")), ..request() };
    let no_clock = World::default();
    let noon = Fact::Text("noon".to_owned());
    let at_noon = Request { facts: Facts::new().with(iri("odrl:dateTime"), noon), ..request() };
    for (request, world, source, expected) in [
        (&in_the_morning, &world(), TimeSource::Action, Permitted),
        (&in_the_morning, &world(), TimeSource::World, Denied),
        (&request(), &world(), TimeSource::Action, Denied),
        (&in_the_morning, &no_clock, TimeSource::World, Unknown),
        (&request(), &no_clock, TimeSource::Action, Unknown),
        (&at_noon, &world(), TimeSource::Action, Unknown),
    ] {
        let options = Options { time_source: source, ..Options::default() };
        check_with(&until_noon, request, world, &options, expected);
    }
}

#[test]
fn dates_and_times_without_an_offset_may_be_given_one() {
    let today = constrained(&atomic(
        "dateTime",
        "eq",
        json!({ "@value": "2024-02-12", "@type": "xsd:date" }),
    ));
    for (offset_minutes, expected) in [
        (None, Unknown),
        (Some(0), Permitted),
        (Some(-12 * 60), Permitted),
        (Some(13 * 60), Denied),
    ] {
        let options = Options { offset_minutes, ..Options::default() };
        check_with(&today, &request(), &world(), &options, expected);
    }
}

#[test]
fn counts_and_periods_follow_from_a_complete_log() {
    let log = World {
        deeds: vec![
            read_at("12T10:00", 30),
            read_at("12T11:00", 15),
            Deed { action: iri("odrl:play"), ..read_at("12T11:30", 60) },
            Deed { assignee: Some(iri("urn:bob")), ..read_at("12T11:30", 60) },
            read_at("12T13:00", 60),
        ],
        agreed_at: Some(time("11T12:00")),
        ..world()
    };
    let partial = World { knows_all_deeds: false, ..log.clone() };
    for (left, operator, right, expected) in [
        // The third time, the requested one included.
        ("count", "lteq", json!(3), Permitted),
        ("count", "lt", json!(3), Denied),
        ("elapsedTime", "lteq", json!("PT2H"), Permitted),
        ("elapsedTime", "eq", json!("PT2H"), Permitted),
        ("elapsedTime", "eq", json!("PT3H"), Permitted),
        ("elapsedTime", "lt", json!("PT2H"), Denied),
        ("meteredTime", "eq", json!("PT45M"), Permitted),
        ("meteredTime", "lteq", json!("PT44M"), Denied),
        ("timeInterval", "eq", json!("PT1H"), Permitted),
        ("timeInterval", "eq", json!("PT2H"), Denied),
        ("delayPeriod", "eq", json!("P1D"), Permitted),
        ("delayPeriod", "gt", json!("P1D"), Denied),
    ] {
        check(&atomic(left, operator, right.clone()), &log, expected);
        let expected = if left == "delayPeriod" { expected } else { Unknown };
        check(&atomic(left, operator, right), &partial, expected);
    }
    check(&atomic("timeInterval", "eq", json!("P7D")), &world(), Permitted);
    check(&atomic("elapsedTime", "lteq", json!("PT0S")), &world(), Permitted);
    let with_status = |status: i64| {
        let mut constraint = atomic("count", "lteq", json!(10));
        constraint["status"] = json!(status);
        constraint
    };
    check(&with_status(7), &log, Permitted);
    check(&with_status(8), &log, Denied);
    check(&with_status(7), &partial, Unknown);
}

#[test]
fn a_count_in_a_unit_counts_what_was_done_in_that_unit() {
    let per = |unit: &str, deed: Deed| Deed {
        facts: Facts::new().with(iri("odrl:unitOfCount"), Fact::Text(unit.to_owned())),
        ..deed
    };
    let counted = |limit: i64, unit: &str, status: Option<i64>| {
        let mut constraint = atomic("count", "lteq", json!(limit));
        constraint["unit"] = json!(unit);
        constraint["status"] = json!(status);
        constraint
    };
    let log = World {
        deeds: vec![per("copy", read_at("12T10:00", 1)), per("user", read_at("12T11:00", 1))],
        ..world()
    };
    check(&counted(2, "copy", None), &log, Permitted);
    check(&counted(1, "copy", None), &log, Denied);
    check(&counted(3, "copy", Some(1)), &log, Permitted);
    check(&counted(2, "copy", Some(1)), &log, Denied);
    check(&counted(1, "device", None), &log, Permitted);
    let mut partly = log;
    partly.deeds.push(read_at("12T11:30", 1));
    check(&counted(9, "copy", None), &partly, Unknown);
}

#[test]
fn a_stated_value_comes_before_one_that_follows_from_the_log() {
    let twice = Fact::Number(2.into());
    let request = Request { facts: Facts::new().with(iri("odrl:count"), twice), ..request() };
    let policy = constrained(&atomic("count", "eq", json!(2)));
    check_with(&policy, &request, &world(), &Options::default(), Permitted);
}

#[test]
fn a_rule_holds_before_during_or_after_an_event() {
    let log = World {
        events: vec![
            event("urn:past", "10T00:00", Some("11T00:00")),
            event("urn:now", "12T00:00", Some("13T00:00")),
            event("urn:open", "12T00:00", None),
            event("urn:future", "20T00:00", Some("21T00:00")),
        ],
        ..world()
    };
    let partial = World { knows_all_deeds: false, ..log.clone() };
    //                    lt lteq eq neq gteq gt
    for (name, expected) in [
        ("urn:past", "- - - + + +"),
        ("urn:now", "- + + - + -"),
        ("urn:open", "- + + - + -"),
        ("urn:future", "+ + - + - -"),
        ("urn:never", "+ + - + - -"),
    ] {
        let operators = ["lt", "lteq", "eq", "neq", "gteq", "gt"];
        for (operator, expected) in operators.iter().zip(expected.split(' ')) {
            let constraint = atomic("event", operator, json!({ "@id": name }));
            let expected = if expected == "+" { Permitted } else { Denied };
            check(&constraint, &log, expected);
            let is_known = name != "urn:never";
            check(&constraint, &partial, if is_known { expected } else { Unknown });
        }
    }
    let both = json!([{ "@id": "urn:now" }, { "@id": "urn:open" }]);
    check(&atomic("event", "isAllOf", both.clone()), &log, Permitted);
    check(&atomic("event", "isNoneOf", both), &log, Denied);
    check(&atomic("event", "isAnyOf", json!([{ "@id": "urn:past" }])), &log, Denied);
    check(&atomic("event", "eq", json!("now")), &log, Unknown);
}

#[test]
fn a_sequence_goes_by_when_its_parts_came_true() {
    let log = World {
        events: vec![
            event("urn:first", "10T00:00", Some("10T01:00")),
            event("urn:second", "11T00:00", Some("11T01:00")),
            event("urn:first", "12T00:00", Some("12T01:00")),
        ],
        ..world()
    };
    let after = |name: &str| atomic("event", "gt", json!({ "@id": name }));
    let sequence = |parts: Vec<Value>| json!({ "andSequence": { "@list": parts } });
    for (parts, expected) in [
        (vec![after("urn:first"), after("urn:second")], Permitted),
        // It happened once more, afterwards.
        (vec![after("urn:second"), after("urn:first")], Permitted),
        (vec![after("urn:second"), after("urn:first"), after("urn:second")], Denied),
        (vec![after("urn:first"), after("urn:never")], Denied),
        (
            vec![json!({ "or": [after("urn:second"), after("urn:never")] }), after("urn:second")],
            Permitted,
        ),
        (
            vec![json!({ "and": [after("urn:first"), after("urn:second")] }), after("urn:first")],
            Permitted,
        ),
        // From a time on something holds, also after a later part.
        (
            vec![after("urn:second"), atomic("dateTime", "gt", json!("2024-02-01T00:00:00Z"))],
            Permitted,
        ),
        (
            vec![atomic("dateTime", "gt", json!("2024-02-11T12:00:00Z")), after("urn:second")],
            Denied,
        ),
    ] {
        check(&sequence(parts), &log, expected);
    }
    let facts = |one: &str, other: &str| {
        let yes = || Fact::Boolean(true);
        let facts = Facts::new().with_since(iri("urn:one"), yes(), time(one));
        facts.with_since(iri("urn:other"), yes(), time(other))
    };
    let policy = constrained(&sequence(vec![
        atomic("urn:one", "eq", json!(true)),
        atomic("urn:other", "eq", json!(true)),
    ]));
    for (one, other, expected) in [
        ("10T00:00", "11T00:00", Permitted),
        ("10T00:00", "10T00:00", Permitted),
        ("11T00:00", "10T00:00", Denied),
    ] {
        let request = Request { facts: facts(one, other), ..request() };
        check_with(&policy, &request, &world(), &Options::default(), expected);
    }
}

#[test]
fn a_delay_in_a_sequence_begins_with_the_part_before_it() {
    let log = World {
        events: vec![event("urn:release", "12T09:00", Some("12T10:00"))],
        agreed_at: Some(time("01T00:00")),
        ..world()
    };
    let delayed = |operator: &str, delay: &str| {
        json!({ "andSequence": { "@list": [
            atomic("event", "gt", json!({ "@id": "urn:release" })),
            atomic("delayPeriod", operator, json!(delay)),
        ] } })
    };
    check(&delayed("eq", "PT2H"), &log, Permitted);
    check(&delayed("gteq", "PT1H"), &log, Permitted);
    check(&delayed("eq", "PT3H"), &log, Denied);
}

#[test]
fn exactly_one_of_the_parts_of_xone_holds() {
    let (yes, no) = (
        atomic("dateTime", "gt", json!("2024-02-01T00:00:00Z")),
        atomic("dateTime", "lt", json!("2024-02-01T00:00:00Z")),
    );
    let cannot = atomic("recipient", "eq", json!("x"));
    for (parts, expected) in [
        (vec![&yes, &no], Permitted),
        (vec![&yes, &yes], Denied),
        (vec![&no, &no], Denied),
        (vec![&yes, &cannot], Unknown),
        (vec![&yes, &cannot, &yes], Denied),
    ] {
        check(&json!({ "xone": parts }), &world(), expected);
    }
}
