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
    let findings: Vec<String> = report.findings.iter().map(|finding| finding.render()).collect();
    assert!(report.holds(), "{}", findings.join("\n"));
    // Warnings do not fail: packs bear them for a while, and this says how many.
    println!("{}", findings.join("\n"));
    assert_eq!(report.killed, report.rules);
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
        "basis.contract_for_person": false, "basis.vital_interest": false,
        "tool.eu_authorised": false,
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
        // Where a pack knows no answer to any question, it says so.
        let is_silent = decision.packs.iter().any(|pack| pack.is_silent);
        assert_eq!(is_settled || is_silent, decision.missing.is_empty(), "{exporter}");
    }
}

#[test]
fn in_the_far_past_no_law_is_known_and_no_pack_may_apply() {
    let engine = engine();
    let facts = json!({ "exporter.area": "CN", "importer.area": "CN", "data.personal": true });
    let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
    let decision = engine.decide(&facts, date(1900, 1, 1), date(2026, 11, 25));
    assert_eq!(decision.outcome, Interval::OPEN);
    assert!(decision.packs.is_empty() && decision.missing.is_empty());
    let page = decision.to_text();
    // Once for each party.
    assert_eq!(page.matches("no rule pack knows the law of CN on 1900-01-01").count(), 2, "{page}");
    assert!(!page.contains("may hold") && page.contains("a rule pack is missing"), "{page}");
    // Every pack knows the law from its own first day on, and not the day before.
    for pack in engine.packs() {
        for area in &pack.covers {
            let area = engine.dictionary().symbols().text(*area);
            let facts = json!({ "exporter.area": area, "importer.area": area });
            let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
            let at = |day| engine.check(&facts, day, date(2026, 11, 25));
            assert_eq!(at(pack.in_force), Interval::of(Outcome::Permitted), "{area}");
            assert_eq!(at(pack.in_force.yesterday().unwrap()), Interval::OPEN, "{area}");
        }
    }
}

#[test]
fn days_far_in_the_future_are_decided_by_the_law_that_is_known_now() {
    let engine = engine();
    let facts = json!({ "exporter.area": "CN", "importer.area": "KE", "data.personal": false,
        "data.important": false, "request.foreign_authority": false });
    let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
    for day in [date(2100, 1, 1), date(9999, 12, 31)] {
        let decision = engine.decide(&facts, day, day);
        assert_eq!(decision.outcome, Interval::of(Outcome::Permitted));
        assert_eq!(decision.to_json()["as_of"], day.to_string());
    }
}

#[test]
fn what_is_implied_need_not_be_given_and_cannot_be_denied() {
    let engine = engine();
    let read = |facts: Value| engine.dictionary().read_facts(facts.as_object().unwrap());
    let error = read(json!({ "data.special": true, "data.personal": false })).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found data.special=true and data.personal=false, which contradict each other: with \
         data.special=true the answer is yes to: Is any of it about living people who are or can \
         be identified?"
    );
    let special = decide(json!({ "exporter.area": "DE", "importer.area": "KE",
        "data.special": true, "tool.eu_scc": false }));
    assert_eq!(special["derived"], json!({ "data.personal": true }));
    assert!(special["facts"].get("data.personal").is_none());
    assert_ne!(special["at_best"], "permitted");
    // Whoever denies the one denies the other.
    let nobody = decide(json!({ "exporter.area": "DE", "importer.area": "KE",
        "data.personal": false, "request.foreign_authority": false }));
    assert_eq!(nobody["outcome"], "permitted");
    assert_eq!(nobody["derived"]["data.special"], false);
    // A case that names only the special category is a case of personal data too.
    let unknown = decide(json!({ "exporter.area": "US", "importer.area": "CN",
        "transaction": "brokerage", "data.us_padfa": true }));
    assert_eq!(unknown["outcome"], "prohibited");
}

#[test]
fn between_two_laws_the_conflict_is_told() {
    let order = |from: &str, to: &str| {
        decide(json!({ "exporter.area": from, "importer.area": to, "data.personal": true,
            "request.foreign_authority": true, "request.treaty": false }))
    };
    let decision = order("FR", "US");
    assert_eq!(decision["conflicts"][0]["packs"], json!(["eu", "us"]));
    assert_eq!(decision["conflicts"][0]["rules"], json!(["eu.48"]));
    assert_eq!(decision["conflicts"][0]["cite"], json!(["Regulation (EU) 2016/679 Art. 48"]));
    let decision = order("CN", "US");
    assert_eq!(decision["conflicts"], json!([]), "an approval may be there");
    let decision = decide(json!({ "exporter.area": "CN", "importer.area": "DE",
        "request.foreign_authority": true, "tool.cn_authority_approval": false }));
    assert_eq!(decision["conflicts"][0]["cite"], json!(["PIPL Art. 41", "DSL Art. 36"]));
    assert_eq!(decision["conflicts"][0]["packs"], json!(["cn", "eu"]));
}
