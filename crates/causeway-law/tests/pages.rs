//! The pages that people read and sign, for packs of two invented countries: decisions as text and
//! JSON, the matrix, the review of a pack, and what two packs say differently.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use causeway_law::{
    ChangeKind, Classes, Decision, Engine, Language, Outcome, Question, Topic, Words, diff,
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

const FACTS: &str = include_str!("pages/facts.toml");
const NORTH: &str = include_str!("pages/north.toml");
const SOUTH: &str = include_str!("pages/south.toml");
const PACT: &str = include_str!("pages/pact.toml");
const CLASSES: &str = include_str!("pages/classes.toml");
const DAY: Date = date(2026, 6, 1);

fn engine() -> Engine {
    let packs = [("north.toml", NORTH), ("south.toml", SOUTH), ("pact.toml", PACT)];
    Engine::new(FACTS, packs).unwrap()
}

fn decide<'e>(engine: &'e Engine, facts: &Value) -> Decision<'e> {
    let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
    engine.decide(&facts, DAY, DAY)
}

/// The page of a crossing from north to south with these facts besides.
fn page(more: &Value) -> String {
    let engine = engine();
    let mut facts = json!({ "exporter.area": "NN", "importer.area": "SS" });
    let more = more.as_object().unwrap().clone();
    facts.as_object_mut().unwrap().extend(more);
    let page = text(&decide(&engine, &facts));
    for line in page.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert_eq!(line.trim_end(), line, "blanks at the end of a line");
    }
    page
}

/// The page without the hash of the JSON, which has a test of its own.
fn text(decision: &Decision<'_>) -> String {
    decision.to_text().replace(&decision.sha256(), "(hash)")
}

#[test]
fn a_crossing_that_needs_something_says_what_and_what_it_rests_on() {
    let facts = json!({ "data.personal": true, "data.secret": false, "count.year": 10,
        "tool.clauses": true, "tool.assessment": false, "importer.listed": false,
        "tool.approval": false, "basis.emergency": false });
    insta::assert_snapshot!(page(&facts));
}

#[test]
fn a_crossing_that_is_not_decided_asks_the_most_decisive_question_first() {
    insta::assert_snapshot!(page(&json!({ "data.personal": true, "tool.clauses": true })));
}

#[test]
fn a_trigger_that_is_satisfied_names_the_mechanism_and_the_duties() {
    let facts = json!({ "data.personal": true, "data.secret": false, "count.year": 12_000,
        "tool.approval": true, "importer.listed": false, "basis.emergency": false,
        "tool.clauses": false });
    insta::assert_snapshot!(page(&facts));
}

#[test]
fn a_rule_that_is_overridden_names_what_overrides_it() {
    let facts = json!({ "data.personal": true, "data.secret": false, "count.year": 12_000,
        "basis.emergency": true });
    insta::assert_snapshot!(page(&facts));
}

#[test]
fn what_is_prohibited_says_so_first() {
    insta::assert_snapshot!(page(&json!({ "data.secret": true, "data.personal": false })));
}

#[test]
fn where_no_rule_holds_the_pack_says_why_that_is_enough() {
    let page = page(&json!({ "data.secret": false, "data.personal": false }));
    assert!(page.contains("The data may cross from NN to SS.\n[permitted]"), "{page}");
    let because = "No rule asks for anything: the Data Act is about personal data and state";
    assert!(page.contains(because), "{page}");
    assert!(!page.contains("WHAT WOULD MAKE IT POSSIBLE"), "{page}");
}

#[test]
fn a_party_whose_law_is_not_known_leaves_the_crossing_open() {
    let engine = engine();
    let decision = decide(&engine, &json!({ "exporter.area": "XX", "importer.area": "SS" }));
    insta::assert_snapshot!(text(&decision));
    let nobody = decide(&engine, &json!({})).to_text();
    assert!(nobody.contains("Exporter         (not given)\n"), "{nobody}");
}

#[test]
fn the_json_holds_everything_that_the_page_says() {
    let engine = engine();
    let facts = json!({ "exporter.area": "NN", "importer.area": "SS", "data.personal": true,
        "tool.clauses": true });
    let decision = decide(&engine, &facts);
    insta::assert_json_snapshot!(decision.to_json());
    let bytes = format!("{:#}\n", decision.to_json());
    assert!(decision.to_text().contains(&decision.sha256()));
    // A document that says anything else has another hash.
    let mut other = facts;
    other["tool.clauses"] = json!(false);
    assert_ne!(decide(&engine, &other).sha256(), decision.sha256());
    assert!(bytes.contains("\"outcome\": \"unknown\""));
}

#[test]
fn what_was_taken_as_no_is_said_on_the_page_and_in_the_json() {
    let engine = engine();
    let dictionary = engine.dictionary();
    let facts = json!({ "exporter.area": "NN", "importer.area": "SS", "data.personal": true });
    let mut facts = dictionary.read_facts(facts.as_object().unwrap()).unwrap();
    facts.assume_no(dictionary, &[dictionary.find("count.year").unwrap()]);
    let decision = engine.decide(&facts, DAY, DAY);
    assert_eq!(decision.outcome.at_worst, Outcome::NeedsAuthorityApproval);
    assert_eq!(decision.missing.len(), 1, "the number of persons is still asked for");
    let assumed = [
        "importer.listed",
        "data.secret",
        "tool.clauses",
        "tool.assessment",
        "tool.approval",
        "basis.emergency",
    ];
    assert_eq!(decision.to_json()["assumed"], json!(assumed));
    let page = decision.to_text();
    assert!(
        page.contains("because nobody said otherwise: importer.listed, data.secret,"),
        "{page}"
    );
}

#[test]
fn a_page_in_another_language_says_what_is_still_in_english() {
    let engine = engine();
    let decision = decide(
        &engine,
        &json!({ "exporter.area": "NN", "importer.area": "SS",
        "data.secret": true }),
    );
    let french = "page-title = Contrôle aux frontières : { $exporter } vers { $importer }\n\
        # English: state secrets stay at home\n\
        rule-north_secret = les secrets d'État restent au pays\n";
    let words = Words::of(Language::French).with(french).unwrap();
    let page = decision.page(&words, 100, &[]);
    assert!(page.starts_with("Contrôle aux frontières : NN vers SS\n"), "{page}");
    assert!(page.contains("- les secrets d'État restent au pays\n"), "{page}");
    assert!(page.contains("OUTCOME\n"), "{page}");
    assert!(page.contains("no reviewed translation into this language yet"), "{page}");
    let english = decision.to_text();
    assert!(!english.contains("translation"), "{english}");
    // JSON is the same in every language.
    assert_eq!(decision.sha256(), decide(&engine, &decision.to_json()["facts"]).sha256());
}

#[test]
fn a_narrow_page_is_wrapped_and_loses_nothing() {
    let engine = engine();
    let facts = json!({ "exporter.area": "NN", "importer.area": "SS", "data.personal": true });
    let decision = decide(&engine, &facts);
    let words = Words::of(Language::English);
    let flow = |width| {
        let page = decision.page(&words, width, &[]);
        page.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    // Hashes and the signature are longer than the page.
    let narrow = decision.page(&words, 50, &[]);
    let long = narrow.lines().filter(|line| line.chars().count() > 50).count();
    assert!(long <= 1, "{narrow}");
    let rejoined = |words: Vec<String>| words.concat().replace('=', "");
    assert_eq!(rejoined(flow(50)), rejoined(flow(100)));
}

fn matrix_question(words: &[&str], persons: Option<u64>) -> Question {
    let words = words.iter().map(|word| (Topic::Data, (*word).to_owned())).collect();
    Question { words, persons, from: Vec::new(), to: Vec::new(), as_of: DAY, known_at: DAY }
}

#[test]
fn the_matrix_says_for_each_pair_what_makes_it_pass() {
    let engine = engine();
    let classes = Classes::read(CLASSES, &engine).unwrap();
    let matrix = engine.matrix(&classes, matrix_question(&["people"], Some(2_000))).unwrap();
    assert_eq!(matrix.from, ["NM", "NN", "SS"]);
    assert_eq!(matrix.cells.len(), 6);
    insta::assert_json_snapshot!(matrix.to_json());
    let rows = matrix.rows();
    let approval = "the authority approved it (Act 1/2020 § 4(2))";
    assert!(rows[1].iter().any(|cell| cell.contains(approval)), "{rows:?}");
    // Two thousand people need the approval; nobody is told of clauses that do not help.
    assert!(!rows[1].iter().any(|cell| cell.contains("clauses")), "{rows:?}");
    let few = engine.matrix(&classes, matrix_question(&["people"], Some(10))).unwrap();
    let ways = &few.rows()[1][3];
    assert!(ways.starts_with("the importer is on the list (Act 1/2020 § 6)"), "{ways}");
    assert!(ways.contains("the standard clauses, with a positive assessment"), "{ways}");
    assert!(ways.contains("an emergency needs it"), "{ways}");
    let things = engine.matrix(&classes, matrix_question(&["things"], None)).unwrap();
    assert!(things.cells.iter().all(|cell| cell.without.at_worst == Outcome::Permitted));
    assert!(things.cells.iter().all(|cell| cell.ways.is_empty()));
    let any = engine.matrix(&classes, matrix_question(&["people"], None)).unwrap();
    let north = any.cells.iter().find(|cell| cell.from == 1 && cell.to == 2).unwrap();
    assert_eq!(north.without.determined(), None, "without a number it depends on the number");
    assert_eq!(north.missing, [engine.dictionary().find("count.year").unwrap()]);
    let page = any.to_html(&Words::of(Language::English));
    assert_eq!(faults(&page), Vec::<String>::new());
    let question = "<li>About how many people has the exporter sent data abroad since 1 January?";
    assert!(page.contains(question), "{page}");
}

#[test]
fn every_way_of_the_matrix_is_a_crossing_that_passes_and_without_it_does_not() {
    let engine = Engine::shipped().unwrap();
    let classes = Classes::shipped(&engine).unwrap();
    let day = date(2026, 11, 25);
    let words = vec![(Topic::Data, "health".to_owned())];
    let from = ["DE", "CN", "KE", "ZA", "US", "TR"].map(str::to_owned).to_vec();
    let to = ["US", "CN", "BR"].map(str::to_owned).to_vec();
    let question = Question { words, persons: Some(12_000), from, to, as_of: day, known_at: day };
    let matrix = engine.matrix(&classes, question).unwrap();
    let mut checked = 0;
    for cell in &matrix.cells {
        for way in &cell.ways {
            assert!(way.then.at_worst.lets_pass() && !cell.without.at_worst.lets_pass());
            assert!(!way.needs.is_empty());
            for place in &way.rules {
                let rule = &engine.packs()[place.0].rules[place.1];
                assert!(!rule.cite.is_empty() && rule.is_in_force(day));
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

/// What is wrong with a page that must need nothing else and be readable by everybody.
fn faults(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut note = |is_fault: bool, text: &str| {
        if is_fault {
            faults.push(text.to_owned());
        }
    };
    note(page.contains("<script"), "a script");
    note(page.contains("src=\"") || page.contains("<link") || page.contains("@import"), "a file");
    note(!page.starts_with("<!doctype html>\n<html lang=\"en\" dir=\"ltr\">"), "no language");
    note(page.matches("<h1>").count() != 1, "not one heading");
    note(page.contains("<th>"), "a header without scope");
    for (open, close) in [
        ("<table", "</table>"),
        ("<tr", "</tr>"),
        ("<td", "</td>"),
        ("<th ", "</th>"),
        ("<ul", "</ul>"),
        ("<li", "</li>"),
        ("<div", "</div>"),
        ("<a ", "</a>"),
        ("<span", "</span>"),
        ("<p", "</p>"),
    ] {
        let opened = page.matches(open).count();
        note(opened != page.matches(close).count(), &format!("{open} without {close}"));
    }
    for link in page.split("href=\"#").skip(1) {
        let place = link.split('"').next().unwrap_or_default();
        note(!page.contains(&format!("id=\"{place}\"")), &format!("a link to nowhere: {place}"));
    }
    note(!page.contains("This is decision support, not legal advice."), "no disclaimer");
    faults
}

#[test]
fn the_matrix_is_a_page_that_needs_nothing_else_and_says_how_far_it_can_be_trusted() {
    let engine = engine();
    let classes = Classes::read(CLASSES, &engine).unwrap();
    let matrix = engine.matrix(&classes, matrix_question(&["people"], Some(2_000))).unwrap();
    let page = matrix.to_html(&Words::of(Language::English));
    assert_eq!(faults(&page), Vec::<String>::new(), "{page}");
    // A reviewed pack beside a draft does not make the draft reviewed.
    assert!(page.contains("<strong>draft, not reviewed by a lawyer</strong>"), "{page}");
    assert!(page.contains("<caption>What the law says of data about people, 2\u{a0}000"), "{page}");
    assert!(page.contains("<th scope=\"row\">north (2 areas)</th>"), "{page}");
    assert!(page.contains("north: NM, NN"), "{page}");
    assert!(faults("<!doctype html><script><table><th>").len() >= 5);
}

#[test]
fn the_matrix_as_csv_has_a_line_for_each_way() {
    let engine = engine();
    let classes = Classes::read(CLASSES, &engine).unwrap();
    let matrix = engine.matrix(&classes, matrix_question(&["people"], Some(2_000))).unwrap();
    insta::assert_snapshot!(matrix.to_csv().replace("\r\n", "\n"));
}

#[test]
fn a_pack_for_review_has_every_rule_in_words_beside_its_article() {
    let engine = engine();
    let pack = engine.packs().iter().find(|pack| pack.id == "north").unwrap();
    let page = pack.review(&engine, &Words::of(Language::English));
    assert_eq!(faults(&page), Vec::<String>::new(), "{page}");
    for rule in &pack.rules {
        assert!(page.contains(&format!("<tr id=\"{}\">", rule.id)), "{}", rule.id);
    }
    assert!(page.contains("Regulation on &lt;standard&gt; clauses &amp; &quot;approvals&quot;"));
    let threshold = "1\u{a0}000 (from 2020-01-01 until 2026-07-01); 5\u{a0}000 (since 2026-07-01)";
    assert!(page.contains(threshold), "{page}");
    assert!(page.contains(&pack.sha256));
    insta::assert_snapshot!(page.split("<body>").nth(1).unwrap());
}

#[test]
fn two_packs_are_compared_part_by_part_and_case_by_case() {
    let old = engine();
    let changed = NORTH
        .replace("version = \"1.0\"", "version = \"1.1\"")
        .replace("members = [\"NN\", \"NM\"]", "members = [\"NN\", \"NX\"]")
        .replace("value = 1000", "value = 3000")
        .replace(
            "outcome = \"permitted\"\nfrom = \"2024-01-01\"\nuntil = \"2027-01-01\"",
            "outcome = \"permitted\"\nfrom = \"2024-01-01\"\nuntil = \"2026-03-01\"",
        )
        .replace("documents = [\"approval of the authority\"]\n", "");
    let start = changed.find("[[rule]]\nid = \"north.emergency\"").unwrap();
    let end = changed.find("[[case]]").unwrap();
    let changed = format!("{}{}", &changed[..start], &changed[end..]);
    let new = Engine::new(FACTS, [("new.toml", changed.as_str())]).unwrap();
    let north = |engine: &'_ Engine| engine.packs().iter().position(|p| p.id == "north").unwrap();
    let (before, after) = (&old.packs()[north(&old)], &new.packs()[north(&new)]);
    let difference = diff((&old, before), (&new, after));
    insta::assert_snapshot!(difference.to_string());
    let removed = difference.changes.iter().find(|c| c.kind == ChangeKind::Removed).unwrap();
    assert_eq!((removed.part, removed.id.as_str()), ("rule", "north.emergency"));
    assert_eq!(difference.to_json()["differs"], true);
    let same = diff((&old, before), (&old, before));
    assert!(same.is_empty() && same.compared == 3, "{same}");
    // The other way round, what was removed was added.
    let back = diff((&new, after), (&old, before));
    let added = back.changes.iter().find(|change| change.kind == ChangeKind::Added).unwrap();
    assert_eq!(added.id, "north.emergency");
    assert_eq!(back.cases.len(), difference.cases.len());
}
