//! Conflicts between laws: told where they are there, and never part of the outcome.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use causeway_law::{Engine, EngineError, Severity};
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
name = "request.order"
kind = "flag"
question = "Does somebody order it?"
"#;

/// A land that forbids what is ordered.
fn home(with: &str) -> String {
    format!(
        r#"
[pack]
id = "home"
title = "Home"
version = "1"
known_from = "2026-01-01"
status = "draft"
covers = ["AA"]
applies = 'exporter.area == "AA"'
otherwise = "permitted"
otherwise_because = "the law is about orders"
[[source]]
key = "LAW"
title = "A law"
number = "Law 1"
[[rule]]
id = "home.ban"
stage = "prohibition"
from = "2026-01-01"
when = "request.order"
cite = ["LAW:1"]
text = "nothing is handed over"
[[conflict]]
id = "home.order"
with = "{with}"
from = "2026-03-01"
when = "request.order"
rules = ["home.ban"]
cite = ["LAW:2"]
text = "the order demands what is forbidden"
[[case]]
id = "ordered"
at = "2026-03-01"
facts = {{ "exporter.area" = "AA", "importer.area" = "BB", "request.order" = true }}
expect = "prohibited"
conflicts = ["home.order"]
"#
    )
}

const ABROAD: &str = r#"
[pack]
id = "abroad"
title = "Abroad"
version = "1"
known_from = "2026-01-01"
in_force = "2026-01-01"
status = "draft"
covers = ["BB"]
applies = 'exporter.area == "BB"'
otherwise = "permitted"
otherwise_because = "it has no such law"
"#;

fn conflicts(with: &str, importer: &str, order: bool, day: jiff::civil::Date) -> Value {
    let home = home(with);
    let packs = [("home.toml", home.as_str()), ("abroad.toml", ABROAD)];
    let engine = Engine::new(FACTS, packs).unwrap_or_else(|error| panic!("{error}"));
    let facts = json!({ "exporter.area": "AA", "importer.area": importer, "request.order": order });
    let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
    let decision = engine.decide(&facts, day, date(2026, 11, 25));
    let page = decision.to_text();
    let is_told = page.contains("- Home, against ");
    let json = decision.to_json();
    assert_eq!(is_told, json["conflicts"] != json!([]), "{page}");
    json["conflicts"].clone()
}

#[test]
fn a_conflict_is_told_with_both_sides_its_rules_and_articles() {
    let day = date(2026, 3, 1);
    let expected = json!([{
        "id": "home.order", "packs": ["home", "abroad"], "area": "BB", "rules": ["home.ban"],
        "text": "the order demands what is forbidden", "cite": ["Law 1 2"],
    }]);
    assert_eq!(conflicts("importer", "BB", true, day), expected);
    assert_eq!(conflicts("BB", "BB", true, day), expected);
    let of_pack = conflicts("abroad", "BB", true, day);
    assert_eq!(of_pack[0]["packs"], json!(["home", "abroad"]));
    // The law on the other side is there even if no pack knows it.
    let unknown = conflicts("importer", "CC", true, day);
    assert_eq!((&unknown[0]["packs"], &unknown[0]["area"]), (&json!(["home"]), &json!("CC")));
}

#[test]
fn without_the_other_side_the_order_or_the_date_there_is_no_conflict() {
    let day = date(2026, 3, 1);
    let none = json!([]);
    assert_eq!(conflicts("BB", "CC", true, day), none);
    assert_eq!(conflicts("abroad", "CC", true, day), none);
    assert_eq!(conflicts("importer", "BB", false, day), none);
    assert_eq!(conflicts("importer", "BB", true, date(2026, 2, 28)), none);
}

#[test]
fn a_conflict_that_is_written_wrongly_is_refused_or_found() {
    let errors = |text: &str| match Engine::new(FACTS, [("home.toml", text)]) {
        Ok(engine) => {
            let findings = engine.prove().findings;
            let findings = findings.into_iter().filter(|f| f.severity == Severity::Error);
            findings.map(|finding| finding.text).collect::<Vec<_>>()
        }
        Err(EngineError::Packs { findings }) => findings.into_iter().map(|f| f.text).collect(),
        Err(other) => panic!("{other}"),
    };
    let home = home("importer");
    let check = |from: &str, to: &str, expected: &str| {
        let changed = home.replacen(from, to, 1);
        assert_ne!(changed, home);
        assert_eq!(errors(&changed)[0], expected);
    };
    assert_eq!(errors(&home), [""; 0]);
    check(
        "with = \"importer\"",
        "with = \"The Sea\"",
        "with: found \"The Sea\", expected whose law is on the other side",
    );
    check("rules = [\"home.ban\"]", "rules = [\"b\"]", "rules: found \"b\", no such rule");
    check("cite = [\"LAW:2\"]", "cite = []", "found no citation");
    check(
        "when = \"request.order\"\nrules",
        "when = \"request.order and not request.order\"\nrules",
        "the conflict home.order can never be there",
    );
    check(
        "conflicts = [\"home.order\"]",
        "conflicts = []",
        "case ordered: the conflict home.order is there, expected otherwise",
    );
    check(
        "conflicts = [\"home.order\"]",
        "conflicts = [\"b\"]",
        "conflicts: found \"b\", no such conflict",
    );
}
