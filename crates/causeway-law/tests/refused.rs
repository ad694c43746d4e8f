//! Packs that are not what they should be: each fault is named with its line, and the pack is not
//! used. Facts that are not what they should be: the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use causeway_law::{Engine, EngineError, Interval, Outcome};
use jiff::civil::date;
use serde_json::json;

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
name = "count.persons"
kind = "count"
unit = "persons"
question = "About how many?"
"#;

/// The facts as the engine reads them, or what is wrong with them.
fn read(facts: &serde_json::Value) -> Result<(), String> {
    let implied = FACTS.replace(
        "question = \"About how many?\"",
        "question = \"About how many?\"\nimplies = [\"data.personal\"]",
    );
    let engine = Engine::new(&implied, []).unwrap();
    let read = engine.dictionary().read_facts(facts.as_object().unwrap());
    read.map(|_| ()).map_err(|error| error.to_string())
}

/// A pack of two lines a rule, so that lines are easy to count.
fn pack(rest: &str) -> String {
    format!(
        r#"[pack]
id = "aa"
title = "A land"
version = "1"
known_from = "2026-01-01"
status = "draft"
covers = ["AA", "BB"]
applies = 'exporter.area == "AA"'
[[source]]
key = "LAW"
title = "A law"
number = "Law 1"
[[obligation]]
id = "tell"
text = "tell somebody"
due = "before the transfer"
cite = ["LAW:1"]
{rest}"#
    )
}

const FIRST: &str = r#"[[rule]]
id = "a"
stage = "trigger"
outcome = "needs-mechanism"
from = "2026-01-01"
when = "data.personal"
cite = ["LAW:2"]
text = "it needs something"
"#;

fn findings(packs: &[&str]) -> Vec<String> {
    let packs = packs.iter().map(|text| ("aa.toml", *text));
    match Engine::new(FACTS, packs) {
        Ok(_) => Vec::new(),
        Err(EngineError::Packs { findings }) => findings.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_doubtful_pack_is_refused_with_the_line_of_each_fault() {
    let check = |rest: &str, expected: &[&str]| {
        assert_eq!(findings(&[&pack(rest)]), expected, "{rest}");
    };
    check("", &[]);
    check(FIRST, &[]);
    let other = |from: &str, to: &str| FIRST.replace(from, to);
    check(
        &other("data.personal", "data.secret"),
        &["aa.toml:23: condition: there is no fact \"data.secret\"; did you mean data.personal?"],
    );
    check(
        &other("data.personal", "count.persons > param.low"),
        &["aa.toml:23: condition: found param.low, expected a parameter of this pack"],
    );
    check(&other("[\"LAW:2\"]", "[]"), &["aa.toml:24: found no citation"]);
    check(
        &other("LAW:2", "OTHER:2"),
        &["aa.toml:24: cite: found \"OTHER:2\", expected SOURCE:ARTICLE with a source of this \
             pack"],
    );
    check(
        &other("needs-mechanism", "prohibited"),
        &["aa.toml:21: found prohibited, which no trigger says"],
    );
    check(
        &other("needs-mechanism", "permitted-with-obligations"),
        &["aa.toml:21: found permitted-with-obligations without obligations"],
    );
    check(
        &other("trigger", "maybe"),
        &["aa.toml:20: found \"maybe\", expected prohibition, exemption, trigger, mechanism, \
           obligation, advice"],
    );
    check(
        &other("from = \"2026-01-01\"", "from = \"2026-02-30\""),
        &["aa.toml:22: found \"2026-02-30\", expected a day such as 2026-06-01"],
    );
    check(
        &other("text =", "until = \"2025-01-01\"\ntext ="),
        &["aa.toml:25: found the end 2025-01-01 not after the start 2026-01-01"],
    );
    check(&(FIRST.to_owned() + FIRST), &["aa.toml:27: found the rule a twice"]);
    check(
        &other("text =", "overrides = [\"b\"]\ntext ="),
        &["aa.toml:25: overrides: found \"b\", no such rule"],
    );
    check(
        &other("text =", "satisfies = [\"a\"]\ntext ="),
        &["aa.toml:19: found a mechanism that satisfies nothing, or another rule that does"],
    );
    check(
        &other("text =", "colour = \"red\"\ntext ="),
        &["aa.toml:25: unknown field `colour`, \
        expected one of `id`, `stage`, `outcome`, `from`, `until`, `when`, `cite`, `text`, \
        `obligations`, `documents`, `overrides`, `beside`, `satisfies`"],
    );
}

#[test]
fn rules_that_override_each_other_in_a_circle_are_refused() {
    let rule = |id: &str, over: &str| {
        FIRST
            .replace("id = \"a\"", &format!("id = \"{id}\""))
            .replace("text =", &format!("overrides = [\"{over}\"]\ntext ="))
    };
    let circle = [("a", "b"), ("b", "c"), ("c", "a")].map(|(id, over)| rule(id, over)).concat();
    let found = findings(&[&pack(&circle)]);
    assert_eq!(found, ["aa.toml:19: found rules that override each other in a circle: a, b, c"]);
}

#[test]
fn dated_values_neither_overlap_nor_leave_a_rule_without_one() {
    let param = |from: &str, until: &str| {
        format!(
            "[[param]]\nkey = \"low\"\nvalue = 5\nfrom = \"{from}\"\nuntil = \"{until}\"\n\
             cite = [\"LAW:3\"]\n"
        )
    };
    let rule = FIRST.replace("data.personal", "count.persons > param.low");
    let overlap = param("2026-01-01", "2027-01-01") + &param("2026-12-31", "2028-01-01");
    assert_eq!(
        findings(&[&pack(&overlap)]),
        ["aa.toml:25: found two values of low for the same day"]
    );
    let short = param("2026-01-01", "2027-01-01") + &rule;
    let found = findings(&[&pack(&short)]);
    assert_eq!(found, ["aa.toml:29: found param.low without a value on every day of the rule"]);
    let ends = rule.replace("text =", "until = \"2027-01-01\"\ntext =");
    assert_eq!(findings(&[&pack(&(param("2026-01-01", "2027-01-01") + &ends))]), [""; 0]);
}

#[test]
fn two_packs_never_have_the_same_rule_nor_two_revisions_the_same_day() {
    let one = pack(FIRST);
    let found = findings(&[&one, &one]);
    assert_eq!(found, ["aa.toml:1: found two revisions of aa known from 2026-01-01 on"]);
    let other = one.replace("id = \"aa\"", "id = \"bb\"");
    assert_eq!(findings(&[&one, &other]), ["aa.toml:19: found the rule a in aa too"]);
}

#[test]
fn a_later_revision_is_applied_from_the_day_it_is_known() {
    let first = pack(FIRST);
    let second = first
        .replace("known_from = \"2026-01-01\"", "known_from = \"2026-06-01\"")
        .replace("outcome = \"needs-mechanism\"", "outcome = \"needs-authority-approval\"");
    let engine = Engine::new(FACTS, [("one", &*first), ("two", &*second)]).unwrap();
    let facts = json!({ "exporter.area": "AA", "importer.area": "BB", "data.personal": true });
    let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
    let at = |known_at| engine.check(&facts, date(2026, 7, 1), known_at).determined();
    assert_eq!(at(date(2026, 5, 31)), Some(Outcome::NeedsMechanism));
    assert_eq!(at(date(2026, 6, 1)), Some(Outcome::NeedsAuthorityApproval));
    // The rule is in force from January on, whichever revision says so.
    let before = engine.check(&facts, date(2025, 12, 31), date(2026, 5, 31));
    assert_eq!(before, Interval::OPEN);
}

#[test]
fn a_flood_is_refused_before_it_costs_anything() {
    let rules: String =
        (0..1_001).map(|n| FIRST.replace("id = \"a\"", &format!("id = \"a{n}\""))).collect();
    assert_eq!(findings(&[&pack(&rules)]), ["aa.toml:1: found 1001 rules, expected at most 1000"]);
    let long = "#".repeat(2 * 1024 * 1024);
    assert!(findings(&[&long])[0].contains("expected at most"));
    let found = findings(&["\u{0}"]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_pack_knows_the_law_from_a_day_on_and_can_tell_then_whether_it_applies() {
    let list = "[[list]]\nkey = \"home\"\nmembers = [\"AA\"]\nfrom = \"2026-03-01\"\n\
                cite = [\"LAW:1\"]\n";
    let text = pack(&(list.to_owned() + FIRST))
        .replace(r#"exporter.area == "AA""#, "exporter.area in list.home");
    let in_force = |text: &str| {
        let engine = Engine::new(FACTS, [("aa.toml", text)]).unwrap();
        engine.packs()[0].in_force
    };
    // Without a word, the first day on which a rule is in force and the list has members.
    assert_eq!(in_force(&text), date(2026, 3, 1));
    assert_eq!(in_force(&pack(FIRST)), date(2026, 1, 1));
    let said = |day: &str| text.replace("status", &format!("in_force = \"{day}\"\nstatus"));
    assert_eq!(in_force(&said("2026-04-01")), date(2026, 4, 1));
    assert_eq!(
        findings(&[&said("2026-02-28")]),
        ["aa.toml:9: found list.home without a value on every day of the pack"]
    );
    let ends = text.replace(
        "cite = [\"LAW:1\"]\n[[rule",
        "until = \"2027-01-01\"\ncite = [\"LAW:1\"]\n[[rule",
    );
    assert_eq!(
        findings(&[&ends]),
        ["aa.toml:8: found list.home without a value on every day of the pack"]
    );
}

#[test]
fn a_count_is_a_whole_number_and_nothing_else() {
    let check = |value: serde_json::Value, found: &str| {
        let expected = format!("count.persons: found {found}, expected a whole number from 0 on");
        assert_eq!(read(&json!({ "count.persons": value })), Err(expected));
    };
    assert_eq!(read(&json!({ "count.persons": 0 })), Ok(()));
    assert_eq!(read(&json!({ "count.persons": u64::MAX })), Ok(()));
    check(json!(-1), "-1");
    check(json!(0.5), "0.5");
    check(json!(5.0), "5.0");
    check(json!(1e30), "1e+30");
    check(json!(18_446_744_073_709_551_616.0), "1.8446744073709552e+19");
    check(json!("5"), "\"5\"");
    check(json!("many"), "\"many\"");
    check(json!(true), "true");
    check(json!([5]), "[5]");
}

#[test]
fn facts_that_contradict_each_other_are_refused_with_the_question() {
    let text = "found count.persons=3 and data.personal=false, which contradict each other: with \
                count.persons=3 the answer is yes to: Is it about people?";
    let given = json!({ "data.personal": false, "count.persons": 3 });
    assert_eq!(read(&given), Err(text.to_owned()));
    assert_eq!(read(&json!({ "data.personal": false, "count.persons": 0 })), Ok(()));
    assert_eq!(read(&json!({ "data.personal": true, "count.persons": 3 })), Ok(()));
    assert_eq!(read(&json!({ "data.personal": true, "count.persons": 0 })), Ok(()));
    assert_eq!(read(&json!({ "data.personal": null, "count.persons": 3 })), Ok(()));
}

#[test]
fn a_fact_implies_other_flags_only() {
    let check = |from: &str, to: &str, expected: &str| {
        let found = Engine::new(&FACTS.replace(from, to), []).unwrap_err().to_string();
        assert_eq!(found, format!("the dictionary of facts: {expected}"));
    };
    let people = "question = \"Is it about people?\"";
    check(
        people,
        &format!("{people}\nimplies = [\"data.secret\"]"),
        "data.personal: implies data.secret, no other flag",
    );
    check(
        people,
        &format!("{people}\nimplies = [\"data.personal\"]"),
        "data.personal: implies data.personal, no other flag",
    );
    check(
        people,
        &format!("{people}\nimplies = [\"count.persons\"]"),
        "data.personal: implies count.persons, no other flag",
    );
    let where_to = "question = \"To where?\"";
    check(
        where_to,
        &format!("{where_to}\nimplies = [\"data.personal\"]"),
        "importer.area: only a flag or a count can imply something",
    );
}

/// What a compiler would print of the only finding.
fn rendered(rest: &str) -> String {
    match Engine::new(FACTS, [("aa.toml", pack(rest).as_str())]) {
        Err(EngineError::Packs { findings }) if findings.len() == 1 => findings[0].render(),
        other => panic!("expected one finding, found {other:?}"),
    }
}

#[test]
fn a_finding_shows_the_line_the_term_and_what_to_do() {
    let check = |rest: &str, expected: &str| assert_eq!(rendered(rest), expected.trim());
    check(
        &FIRST.replace("\"data.personal\"", "\"data.personal and data.secret\""),
        r#"
error: condition: there is no fact "data.secret"; did you mean data.personal?
  --> aa.toml:23:27
   |
23 | when = "data.personal and data.secret"
   |                           ^^^^^^^^^^^
   = help: every fact is listed by: causeway law facts
"#,
    );
    check(
        &FIRST.replace("LAW:2\"]", "LAW:2\", \"ACT:7\"]"),
        r#"
error: cite: found "ACT:7", expected SOURCE:ARTICLE with a source of this pack
  --> aa.toml:24:18
   |
24 | cite = ["LAW:2", "ACT:7"]
   |                  ^^^^^^^
   = help: the sources of this pack are LAW
"#,
    );
    check(
        &FIRST.replace("text =", "overrides = [\"b\"]\ntext ="),
        r#"
error: overrides: found "b", no such rule
  --> aa.toml:25:14
   |
25 | overrides = ["b"]
   |              ^^^
"#,
    );
    let long = format!("{}data.secret", "data.personal or ".repeat(30));
    check(
        &FIRST.replace("\"data.personal\"", &format!("\"\"\"\n  {long}\"\"\"")),
        &r#"
error: condition: there is no fact "data.secret"; did you mean data.personal?
  --> aa.toml:24:513
   |
24 | …  or @@@@@@data.secret"""
   | ~^^^^^^^^^^^
   = help: every fact is listed by: causeway law facts
"#
        .replace('@', "data.personal or ")
        .replace('~', &" ".repeat(108)),
    );
}

#[test]
fn a_pack_with_any_byte_changed_is_refused_or_proved_and_never_a_crash() {
    let shipped = Engine::shipped().unwrap();
    let mut state = 7_u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % bound
    };
    let files = ["cn", "us", "tr"].map(|id| {
        let path = format!("{}/packs/{id}.toml", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    });
    let (mut refused, mut read) = (0, 0);
    for _ in 0..200 {
        let mut bytes = files[below(files.len())].clone().into_bytes();
        for _ in 0..=below(2) {
            let place = below(bytes.len());
            match below(4) {
                // Another digit changes days, thresholds and counts, and often reads.
                0 | 1 => {
                    let digit = (place..bytes.len()).find(|at| bytes[*at].is_ascii_digit());
                    bytes[digit.unwrap_or(place)] = b'0' + below(10) as u8;
                }
                2 => bytes[place] = b" \"'[]{}=,.0195azAZ\n-_<>()"[below(25)],
                3 if below(2) == 0 => drop(bytes.remove(place)),
                _ => {
                    // A piece of the file in another place of it.
                    let piece = bytes[place..(place + below(60)).min(bytes.len())].to_vec();
                    let to = below(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let report = shipped.lint("changed.toml", &text);
        report.findings.iter().for_each(|finding| assert!(!finding.render().is_empty()));
        match report.packs {
            0 => refused += 1,
            _ => read += 1,
        }
        assert!(report.packs > 0 || !report.holds());
    }
    assert!(refused > 20 && read > 20, "{refused} refused, {read} read");
}
