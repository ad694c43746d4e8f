//! Everything on every page can be translated: pages in an invented alphabet have no Latin letters
//! but those of names, such as areas, facts, rules and articles.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use causeway_law::{
    Classes, Description, Engine, Language, Question, Topic, Words, template, template_of_classes,
    template_of_facts,
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

const FACTS: &str = include_str!("pages/facts.toml");
const NORTH: &str = include_str!("pages/north.toml");
const SOUTH: &str = include_str!("pages/south.toml");
const PACT: &str = include_str!("pages/pact.toml");
const CLASSES: &str = include_str!("pages/classes.toml");
const OWN: [&str; 2] =
    [include_str!("../messages/en/check.ftl"), include_str!("../messages/en/law.ftl")];
const DAY: Date = date(2026, 6, 1);

/// A file of messages with every letter outside of placeholders in another alphabet.
fn invented(file: &str) -> String {
    let mut lines = Vec::new();
    for line in file.lines() {
        let kept = match line.trim_start() {
            text if text.starts_with('#') || text.ends_with(" =") => line.len(),
            text if text.starts_with('[') || text.starts_with("*[") => line.find(']').unwrap() + 1,
            _ => line.find(" = ").map_or(0, |place| place + 3),
        };
        let (kept, text) = line.split_at(kept);
        let mut depth = 0_usize;
        let text: String = text
            .chars()
            .map(|c| {
                match c {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth == 0 && c.is_ascii_alphabetic() { 'ж' } else { c }
            })
            .collect();
        lines.push(format!("{kept}{text}"));
    }
    lines.join("\n")
}

fn engine() -> Engine {
    let packs = [("north.toml", NORTH), ("south.toml", SOUTH), ("pact.toml", PACT)];
    Engine::new(FACTS, packs).unwrap()
}

fn words(engine: &Engine) -> Words {
    let templates = engine.packs().iter().map(template);
    let classes = Classes::read(CLASSES, engine).unwrap();
    let others = [template_of_facts(engine.dictionary()), template_of_classes(&classes)];
    let templates = templates.chain(others);
    let files = OWN.into_iter().map(str::to_owned).chain(templates);
    files.fold(Words::of(Language::Russian), |words, file| words.with(&invented(&file)).unwrap())
}

/// Names that are the same in every language, in the pieces that are left between other letters.
fn names(engine: &Engine) -> BTreeSet<String> {
    let mut texts: Vec<String> = vec!["NN NM SS XX SHA causeway check law test FROM TO".to_owned()];
    texts.extend(engine.dictionary().facts().iter().map(|fact| fact.name.clone()));
    for pack in engine.packs() {
        texts.extend([pack.id.clone(), pack.sha256.clone(), pack.version.clone()]);
        texts.extend(pack.rules.iter().map(|rule| rule.id.clone()));
        texts.extend(pack.conflicts.iter().map(|conflict| conflict.id.clone()));
        texts.extend(pack.obligations.iter().map(|duty| duty.id.clone()));
        texts.extend(pack.sources.iter().flat_map(|s| [s.number.clone(), s.key.clone()]));
        texts.extend(pack.articles.clone());
    }
    // Flags and their words are typed as they are.
    texts.push("data purpose mechanism persons people listing rescue".to_owned());
    // The stable word for the outcome stands beside its sentence.
    texts.extend(causeway_law::Outcome::ALL.map(|outcome| outcome.to_string()));
    texts.push("unknown".to_owned());
    texts.iter().flat_map(|text| pieces(text)).collect()
}

fn pieces(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
    parts.filter(|part| part.chars().any(|c| c.is_ascii_alphabetic())).map(str::to_owned).collect()
}

/// What of a page is in Latin letters and is no name.
fn left(page: &str, names: &BTreeSet<String>) -> Vec<String> {
    pieces(page).into_iter().filter(|piece| !names.contains(piece)).collect()
}

/// A page of HTML without its markup.
fn plain(page: &str) -> String {
    let mut text = String::new();
    for part in page.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        text.push(' ');
    }
    text.replace("&lt;", " ").replace("&gt;", " ").replace("&amp;", " ").replace("&quot;", " ")
}

#[test]
fn every_page_of_a_decision_can_be_translated_to_its_last_word() {
    let engine = engine();
    let (words, names) = (words(&engine), names(&engine));
    let check = |facts: Value| {
        let facts = engine.dictionary().read_facts(facts.as_object().unwrap()).unwrap();
        let decision = engine.decide(&facts, DAY, DAY);
        let page = decision.page(&words, 100, &[]).replace(&decision.sha256(), "");
        assert_eq!(left(&page, &names), Vec::<String>::new(), "{page}");
        // The same in English has words.
        assert!(!left(&decision.to_text(), &names).is_empty());
    };
    let crossing = |more: Value| {
        let mut facts = json!({ "exporter.area": "NN", "importer.area": "SS" });
        facts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        facts
    };
    check(json!({}));
    flags(&engine, &words, &names);
    check(json!({ "exporter.area": "XX", "importer.area": "SS" }));
    check(json!({ "exporter.area": "SS", "importer.area": "NN", "data.personal": true }));
    check(crossing(json!({ "data.personal": true, "tool.clauses": true })));
    check(crossing(json!({ "data.personal": false, "data.secret": false })));
    check(crossing(json!({ "data.secret": true })));
    check(crossing(json!({ "data.personal": true, "data.secret": false, "count.year": 12_000,
        "tool.approval": true, "tool.clauses": false, "importer.listed": false,
        "basis.emergency": false })));
    check(crossing(json!({ "data.personal": true, "data.secret": false, "count.year": 1,
        "tool.approval": false, "tool.clauses": true, "tool.assessment": false,
        "importer.listed": false, "basis.emergency": false })));
}

/// What the flags say, with a word that says something, one that says nothing, and a number.
fn flags(engine: &Engine, words: &Words, names: &BTreeSet<String>) {
    let classes = Classes::read(CLASSES, engine).unwrap();
    let said = [(Topic::Data, "people"), (Topic::Mechanism, "listing"), (Topic::Purpose, "rescue")];
    let description = Description {
        words: said.map(|(topic, word)| (topic, word.to_owned())).to_vec(),
        persons: Some(12_000),
        exporter: Some("SS".to_owned()),
    };
    let expansion = classes.expand(engine, &description).unwrap();
    let facts = engine.dictionary().read_facts(&expansion.facts).unwrap();
    let decision = engine.decide(&facts, DAY, DAY);
    let page = decision.page(words, 100, &expansion.said).replace(&decision.sha256(), "");
    assert_eq!(left(&page, names), Vec::<String>::new(), "{page}");
    assert!(page.contains("--persons 12000: count.year = 12\u{a0}000"), "{page}");
}

#[test]
fn the_review_of_a_pack_and_the_matrix_can_be_translated_to_their_last_word() {
    let engine = engine();
    let (words, names) = (words(&engine), names(&engine));
    let body = |page: &str| plain(page.split_once("<body>").unwrap().1);
    for pack in engine.packs() {
        let page = body(&pack.review(&engine, &words));
        assert_eq!(left(&page, &names), Vec::<String>::new(), "{page}");
    }
    let classes = Classes::read(CLASSES, &engine).unwrap();
    let question = Question {
        words: vec![(Topic::Data, "people".to_owned())],
        persons: None,
        from: Vec::new(),
        to: Vec::new(),
        as_of: DAY,
        known_at: DAY,
    };
    let matrix = engine.matrix(&classes, question).unwrap();
    let page = body(&matrix.to_html(&words));
    assert_eq!(left(&page, &names), Vec::<String>::new(), "{page}");
}
