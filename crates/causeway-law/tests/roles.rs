//! Packs that are no law: advice that counts for nothing, and an organisation's own rules, which
//! can only make an outcome stricter.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use causeway_law::{Decision, Engine, EngineError, Interval, Outcome};
use jiff::civil::date;
use serde_json::{Value, json};

const FACTS: &str = r#"
[[fact]]
name = "exporter.area"
kind = "area"
question = "From where?"
[[fact]]
name = "importer.area"
kind = "area"
question = "To where?"
[[fact]]
name = "data.personal"
kind = "flag"
question = "Is it about people?"
[[fact]]
name = "data.maps"
kind = "flag"
question = "Is it a map?"
"#;

const LAW: &str = r#"
[pack]
id = "aa"
title = "A land"
version = "1"
known_from = "2026-01-01"
status = "draft"
covers = ["AA", "BB"]
applies = 'exporter.area == "AA"'
otherwise = "permitted"
otherwise_because = "the law is about people"
[[source]]
key = "LAW"
title = "A law"
number = "Law 1"
[[rule]]
id = "aa.1"
stage = "trigger"
outcome = "needs-mechanism"
from = "2026-01-01"
when = "data.personal"
cite = ["LAW:1"]
text = "it needs something"
"#;

const ADVICE: &str = r#"
[pack]
id = "pact"
title = "A pact"
version = "1"
known_from = "2026-01-01"
status = "draft"
role = "advisory"
applies = 'exporter.area == "AA"'
[[source]]
key = "PACT"
title = "A pact of states"
number = "Pact 1"
[[rule]]
id = "pact.1"
stage = "advice"
from = "2026-01-01"
until = "2027-01-01"
when = "data.maps"
cite = ["PACT:12"]
text = "the states promised to let maps pass"
[[case]]
id = "maps"
at = "2026-06-01"
facts = { "exporter.area" = "AA", "importer.area" = "BB", "data.maps" = true }
because = ["pact.1"]
"#;

const HOUSE: &str = r#"
[pack]
id = "house"
title = "Our own rules"
version = "1"
known_from = "2026-01-01"
status = "checked"
role = "organisation"
applies = 'importer.area == "BB"'
[[source]]
key = "RULE"
title = "Board resolution"
number = "Resolution 7"
[[rule]]
id = "house.maps"
stage = "prohibition"
from = "2026-01-01"
when = "data.maps"
cite = ["RULE:1"]
text = "we give no maps away"
"#;

fn engine(packs: &[&str]) -> Engine {
    let packs = packs.iter().map(|text| ("a.toml", *text));
    Engine::new(FACTS, packs).unwrap_or_else(|error| panic!("{error}"))
}

fn decide(engine: &Engine, facts: Value) -> Decision<'_> {
    let mut all = json!({ "exporter.area": "AA", "importer.area": "BB" });
    all.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
    let facts = engine.dictionary().read_facts(all.as_object().unwrap()).unwrap();
    let day = date(2026, 6, 1);
    let decision = engine.decide(&facts, day, day);
    assert_eq!(decision.outcome, engine.check(&facts, day, day));
    decision
}

fn refused(text: &str) -> Vec<String> {
    match Engine::new(FACTS, [("a.toml", text)]) {
        Err(EngineError::Packs { findings }) => findings.into_iter().map(|f| f.text).collect(),
        other => panic!("expected findings, found {other:?}"),
    }
}

#[test]
fn advice_is_told_where_it_holds_and_neither_counted_nor_asked_for() {
    let engine = engine(&[LAW, ADVICE]);
    let decision = decide(&engine, json!({ "data.personal": true, "data.maps": true }));
    assert_eq!(decision.outcome, Interval::of(Outcome::NeedsMechanism));
    assert_eq!(decision.packs.len(), 1);
    let json = decision.to_json();
    assert_eq!(json["advice"][0]["rule"], "pact.1");
    assert_eq!(json["advice"][0]["articles"], json!(["Pact 1 12"]));
    assert!(decision.to_text().contains("the states promised to let maps pass"));
    // A map or not: nobody has to know.
    let decision = decide(&engine, json!({ "data.personal": false }));
    assert_eq!(decision.outcome, Interval::of(Outcome::Permitted));
    assert!(decision.missing.is_empty() && decision.advice.is_empty());
    let decision = decide(&engine, json!({}));
    let asked: Vec<&str> =
        decision.missing.iter().map(|m| &*engine.dictionary().fact(m.fact).name).collect();
    assert_eq!(asked, ["data.personal"]);
}

#[test]
fn a_case_of_advice_names_exactly_what_holds() {
    assert!(engine(&[ADVICE]).prove().holds());
    let silent = ADVICE.replace("because = [\"pact.1\"]", "because = []");
    let report = engine(&[&silent]).prove();
    assert!(!report.holds());
    let holds = |text: &str| report.findings.iter().any(|finding| finding.text == text);
    assert!(holds("case maps: pact.1 holds, expected otherwise"), "{report:?}");
    let wrong = ADVICE.replace("\"data.maps\" = true", "\"data.maps\" = false");
    let report = engine(&[&wrong]).prove();
    let holds = |text: &str| report.findings.iter().any(|finding| finding.text == text);
    assert!(holds("case maps: pact.1 does not hold, expected otherwise"), "{report:?}");
}

#[test]
fn an_organisation_makes_things_stricter_and_never_looser() {
    let engine = engine(&[LAW, HOUSE]);
    let outcome = |facts: Value| decide(&engine, facts).outcome;
    let personal = |maps: bool| json!({ "data.personal": true, "data.maps": maps });
    assert_eq!(outcome(personal(true)), Interval::of(Outcome::Prohibited));
    assert_eq!(outcome(personal(false)), Interval::of(Outcome::NeedsMechanism));
    let open = outcome(json!({ "data.personal": false }));
    assert_eq!((open.at_best, open.at_worst), (Outcome::Permitted, Outcome::Prohibited));
    // An area that only the organisation speaks of is still unknown.
    let alone = self::engine(&[HOUSE]);
    let decision = decide(&alone, json!({ "data.maps": false }));
    assert_eq!(decision.outcome, Interval::OPEN);
    assert_eq!(decision.uncovered.len(), 2);
}

#[test]
fn what_is_no_law_cannot_speak_like_one() {
    let check = |pack: &str, from: &str, to: &str, expected: &str| {
        let text = pack.replace(from, to);
        assert_ne!(text, pack);
        assert_eq!(refused(&text), [expected], "{to}");
    };
    let otherwise = "applies =";
    let said = "otherwise = \"permitted\"\notherwise_because = \"so\"\napplies =";
    check(ADVICE, otherwise, said, "found otherwise, which a pack of role advisory never has");
    check(HOUSE, otherwise, said, "found otherwise, which a pack of role organisation never has");
    let covers = "covers = [\"AA\"]\napplies =";
    check(ADVICE, otherwise, covers, "found covers, which a pack of role advisory leaves empty");
    check(HOUSE, otherwise, covers, "found covers, which a pack of role organisation leaves empty");
    check(LAW, "covers = [\"AA\", \"BB\"]\n", "", "expected covers, the areas of this law");
    check(
        ADVICE,
        "stage = \"advice\"",
        "stage = \"prohibition\"",
        "found prohibition in a pack of role advisory",
    );
    check(
        HOUSE,
        "stage = \"prohibition\"",
        "stage = \"advice\"",
        "found advice in a pack of role organisation",
    );
    check(
        ADVICE,
        "stage = \"advice\"",
        "stage = \"advice\"\noutcome = \"permitted\"",
        "found advice with an outcome, obligations, documents, overrides or satisfies",
    );
    let conflict = "[[conflict]]\nid = \"c\"\nwith = \"importer\"\nfrom = \"2026-01-01\"\n\
                    when = \"data.maps\"\ncite = [\"PACT:1\"]\ntext = \"it is so\"\n[[case]]";
    check(ADVICE, "[[case]]", conflict, "found a conflict in a pack of role advisory");
    check(
        HOUSE,
        "\"organisation\"",
        "\"guild\"",
        "found \"guild\", expected law, advisory, organisation",
    );
}
