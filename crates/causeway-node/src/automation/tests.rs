//! What the node supplies, against what the templates of policies say that it does.

use causeway_law::{Engine, Outcome};
use causeway_policy::{Contexts, Honesty, Template};
use causeway_store::Starts;
use causeway_types::{ParticipantId, Timestamp};
use serde_json::{Value, json};

use super::known::Known;
use super::*;
use crate::border::Checked;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn checked(stated: &[&str]) -> Checked {
    let mut facts = StatedFacts::new();
    stated.iter().for_each(|fact| facts.read(fact).unwrap());
    Checked {
        gate: Gate::Pass,
        outcome: Some(Outcome::Permitted),
        decision: None,
        duties: Vec::new(),
        stated: facts,
        area: None,
    }
}

#[test]
fn what_a_template_says_the_node_supplies_is_what_decides_here() {
    let law = Engine::shipped().unwrap();
    let consumer = ParticipantId::parse("did:web:institute.example").unwrap();
    let stranger = ParticipantId::parse("did:web:stranger.example").unwrap();
    let (themes, secret) = (["open".to_owned()], ["open".to_owned(), "secret".to_owned()]);
    let checked = checked(&[]);
    let met = Known {
        consumer: &consumer,
        address: Some("https://spare.institute.example/dsp".to_owned()),
        area: Some("UG".to_owned()),
        themes: &themes,
        checked: &checked,
        law: law.dictionary(),
        agreed_at: None,
        starts: Some(Starts { count: 9, first: Some(at("2026-06-01T12:00:00Z")) }),
        now: at("2026-07-01T12:00:00Z"),
    };
    for template in Template::shipped().unwrap() {
        let policy = template.make(&template.examples()).unwrap();
        let check = |known: Known<'_>, expected: bool| {
            let permitted = permits(&policy, &known);
            assert_eq!(permitted.is_ok(), expected, "{}: {permitted:?}", template.id);
            permitted.err().unwrap_or_default()
        };
        let is_decided = match &template.honesty {
            Honesty::Enforced(how) => how.facts.iter().all(|fact| fact.supplied),
            Honesty::Unenforceable(_) => false,
        };
        let now = if template.id == "event" { at("2027-03-02T12:00:00Z") } else { met.now };
        check(Known { now, ..met.clone() }, is_decided);
        // Another consumer, elsewhere, of something secret, too often and behind every end.
        let reason = check(
            Known {
                consumer: &stranger,
                address: Some("https://other.example/dsp".to_owned()),
                area: Some("FR".to_owned()),
                themes: &secret,
                starts: Some(Starts { count: 10, first: None }),
                now: at("2040-01-01T00:00:00Z"),
                ..met
            },
            false,
        );
        assert!(!is_decided || reason.contains("is denied"), "{}: {reason}", template.id);
    }
}

#[test]
fn what_the_law_knows_of_a_crossing_decides_and_what_it_does_not_know_grants_nothing() {
    let law = Engine::shipped().unwrap();
    let consumer = ParticipantId::parse("BPNL000000000001").unwrap();
    let verdict = |condition: (&str, &str, Value), stated: &[&str]| {
        let (left, operator, right) = condition;
        let json = json!({ "permission": [{ "action": "use", "constraint": [
            { "leftOperand": left, "operator": operator, "rightOperand": right }
        ]}]});
        let policy = causeway_policy::read(&json, &Contexts::dsp()).unwrap();
        let checked = checked(stated);
        let known = Known {
            consumer: &consumer,
            address: None,
            area: None,
            themes: &[],
            checked: &checked,
            law: law.dictionary(),
            agreed_at: Some(at("2026-06-01T00:00:00Z")),
            starts: Some(Starts { count: 1, first: Some(at("2026-06-02T00:00:00Z")) }),
            now: at("2026-06-03T00:00:00Z"),
        };
        match permits(&policy, &known) {
            Ok(()) => "permitted",
            Err(reason) if reason.contains("is denied") => "denied",
            Err(_) => "unknown",
        }
    };
    let own = |name: &str| format!("{}{name}", causeway_policy::operands::CAUSEWAY);
    let (category, mechanism) = (own("dataCategory"), own("mechanism"));
    let (persons, decision) = (own("personsInWindow"), own("legalDecision"));
    let declared = ["data.personal=true"];
    assert_eq!(verdict((&category, "isNoneOf", json!(["hr"])), &declared), "permitted");
    assert_eq!(verdict((&category, "isNoneOf", json!(["personal"])), &declared), "denied");
    assert_eq!(verdict((&category, "isNoneOf", json!(["personal"])), &[]), "unknown");
    let half = ["data.personal=true", "data.hr=unknown"];
    assert_eq!(verdict((&category, "isNoneOf", json!(["hr"])), &half), "unknown");
    let scc = ["tool.eu_scc=true"];
    assert_eq!(verdict((&mechanism, "hasPart", json!("eu_scc")), &scc), "permitted");
    let counted = ["count.ordinary_year=500", "count.us_health=20"];
    assert_eq!(verdict((&persons, "lteq", json!(500)), &counted), "permitted");
    assert_eq!(verdict((&persons, "lt", json!(500)), &counted), "denied");
    assert_eq!(verdict((&persons, "lt", json!(500)), &[]), "unknown");
    assert_eq!(verdict((&decision, "eq", json!("permitted")), &[]), "permitted");
    let bpn = json!("BPNL000000000001");
    assert_eq!(verdict(("odrl:recipient", "eq", bpn), &[]), "permitted");
    assert_eq!(verdict(("odrl:elapsedTime", "lteq", json!("P1D")), &[]), "permitted");
    assert_eq!(verdict(("odrl:elapsedTime", "lt", json!("P1D")), &[]), "denied");
    assert_eq!(verdict(("odrl:delayPeriod", "gteq", json!("P2D")), &[]), "permitted");
    assert_eq!(verdict(("odrl:purpose", "eq", json!("research")), &[]), "unknown");
}
