//! The shipped packs: they are read, and everything that can be proved about them holds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use causeway_law::{Engine, Interval, Outcome};
use jiff::civil::date;
use serde_json::{Value, json};

fn engine() -> Engine {
    Engine::shipped().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn everything_that_can_be_proved_about_the_shipped_packs_holds() {
    let report = engine().prove();
    println!("{report}");
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert!(report.findings.is_empty(), "{}", findings.join("\n"));
}

fn decide(facts: Value) -> Value {
    let engine = engine();
    let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
    let day = date(2026, 11, 25);
    let decision = engine.decide(&facts, day, day);
    assert_eq!(decision.outcome, engine.check(&facts, day, day));
    println!("{}", decision.to_text());
    decision.to_json()
}

#[test]
fn a_country_that_no_pack_knows_is_unknown_and_never_permitted() {
    let decision = decide(json!({ "exporter.area": "XX", "importer.area": "DE" }));
    assert_eq!(decision["outcome"], "unknown");
    assert_eq!(decision["at_worst"], "prohibited");
    assert_eq!(decision["uncovered"], json!(["exporter.area"]));
    let nothing = decide(json!({}));
    assert_eq!(
        (&nothing["at_best"], &nothing["at_worst"]),
        (&json!("permitted"), &json!("prohibited"))
    );
    // Before any pack was known, nothing is.
    let engine = engine();
    let facts = json!({ "exporter.area": "DE", "importer.area": "US", "data.personal": false });
    let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
    let day = date(2026, 6, 1);
    assert_eq!(engine.check(&facts, day, date(2026, 11, 23)), Interval::OPEN);
    assert_eq!(engine.check(&facts, day, date(2026, 11, 24)), Interval::of(Outcome::Permitted));
}

#[test]
fn both_sides_are_asked_and_the_stricter_one_decides() {
    let decision = decide(json!({
        "exporter.area": "DE", "importer.area": "CN", "data.personal": true, "data.special": true,
        "tool.eu_scc": false, "tool.eu_bcr": false, "tool.eu_certification": false,
        "tool.eu_public_instrument": false, "tool.transfer_assessment": false,
        "exporter.public_body": false, "importer.under_exporters_law": false,
        "importer.group": false, "request.foreign_authority": false,
        "basis.explicit_consent": false, "basis.contract_with_person": false,
        "basis.public_interest": false, "basis.legal_claim": false,
    }));
    assert_eq!(decision["outcome"], "needs-mechanism");
    let alternatives = decision["alternatives"].as_array().unwrap();
    let clauses = alternatives.iter().find(|a| a["rule"] == "eu.46-2-c").unwrap();
    assert_eq!(clauses["needs"], json!(["tool.eu_scc", "tool.transfer_assessment"]));
    assert!(alternatives.iter().any(|a| a["kind"] == "compute-to-data"));
    assert!(!decision.to_string().contains("split"));
}

#[test]
fn the_question_that_settles_most_is_asked_first() {
    let decision = decide(json!({
        "exporter.area": "CN", "importer.area": "DE", "data.personal": true,
        "data.important": false, "exporter.ciio": false, "exporter.public_body": false,
        "request.foreign_authority": false,
        "data.collected_abroad": false, "basis.contract_with_person": false,
        "basis.emergency": false, "data.hr": false, "exporter.free_trade_zone": false,
        "tool.cn_standard_contract": false, "tool.cn_certification": false,
        "tool.cn_security_assessment": false, "count.sensitive_year": 0,
    }));
    assert_eq!(decision["outcome"], "unknown");
    assert_eq!(decision["at_best"], "permitted-with-obligations");
    assert_eq!(decision["at_worst"], "needs-authority-approval");
    let missing = decision["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0]["fact"], "count.ordinary_year");
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let facts = json!({ "exporter.area": "US", "importer.area": "CN", "transaction": "vendor",
        "count.us_health": 10_001, "tool.us_cisa_requirements": false });
    assert_eq!(decide(facts.clone()).to_string(), decide(facts).to_string());
}

#[test]
fn an_outcome_is_between_its_bounds_whatever_is_answered() {
    let engine = engine();
    let (day, known_at) = (date(2026, 6, 1), date(2026, 11, 25));
    let read = |facts: Value| engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
    let open =
        engine.check(&read(json!({ "exporter.area": "CN", "importer.area": "US" })), day, known_at);
    for personal in [true, false] {
        for count in [0_u64, 99_999, 100_000, 1_000_000] {
            let facts = read(json!({ "exporter.area": "CN", "importer.area": "US",
                "data.personal": personal, "count.ordinary_year": count }));
            let closer = engine.check(&facts, day, known_at);
            assert!(open.at_best <= closer.at_best && closer.at_worst <= open.at_worst);
        }
    }
    assert_eq!(open.at_worst, Outcome::NeedsAuthorityApproval);
}

#[test]
fn whatever_is_not_settled_has_a_question() {
    let engine = engine();
    let day = date(2026, 11, 25);
    let covered = engine.packs().iter().flat_map(|pack| &pack.covers);
    for exporter in covered.map(|area| engine.dictionary().symbols().text(*area)) {
        let facts = json!({ "exporter.area": exporter, "importer.area": "FR",
            "data.personal": true });
        let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
        let decision = engine.decide(&facts, day, day);
        let is_settled = decision.outcome.determined().is_some();
        assert_eq!(is_settled, decision.missing.is_empty(), "{exporter}");
    }
}
