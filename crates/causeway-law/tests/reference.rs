//! The words and the packs, against the reference: its tables say what the program does, and every
//! word means something wherever the law knows the thing. What is decided is not looked at here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use causeway_law::{Class, ClassError, Classes, Description, Engine, Pack, Topic};
use serde_json::Value;

/// What mechanisms are called in facts, and with which word each is said.
const NAMES: &[(&str, &[&str])] = &[
    ("scc", &["_scc", "_clauses", "_idta", "_standard_contract"]),
    ("contract", &["_agreement", "sg_contract", "_measures", "_comparable", "_diligence"]),
    ("bcr", &["_bcr", "_group_rules", "_group_policies"]),
    ("certification", &["_certification", "_certificate", "_certified"]),
    (
        "adequacy",
        &["_adequate_law", "_adequate", "_listed", "_comparable_law", "_similar_law", "_equal_law"],
    ),
    ("approval", &["_authorisation", "_approval", "_approved", "_authorised"]),
    ("consent", &["_consent"]),
    ("tia", &["_assessment"]),
];
/// Facts that are called alike and are something else, each with the reason.
const OTHERS: &[(&str, &str)] = &[
    ("importer.dpf_listed", "said as dpf: a list of companies"),
    ("tool.ar_other_clauses", "said as contract: they are not those of the authority"),
    ("tool.rw_storage_certificate", "lets the exporter store abroad, and certifies no importer"),
    ("basis.jp_without_consent", "is what holds where nobody consented"),
    ("tool.cn_security_assessment", "an approval, and a word by itself"),
];

fn shipped() -> (Engine, Classes) {
    let engine = Engine::shipped().unwrap();
    let classes = Classes::shipped(&engine).unwrap();
    (engine, classes)
}

fn areas<'e>(engine: &'e Engine, pack: &Pack) -> Vec<&'e str> {
    pack.covers.iter().map(|area| engine.dictionary().symbols().text(*area)).collect()
}

/// The facts that a pack reads.
fn facts<'e>(engine: &'e Engine, pack: &Pack) -> Vec<&'e str> {
    let all = engine.dictionary().facts().iter().map(|fact| fact.name.as_str());
    all.filter(|name| pack.reads(engine.dictionary().find(name).unwrap())).collect()
}

/// The word for a mechanism of a pack, by the name of its fact.
fn word_of(fact: &str) -> Option<&'static str> {
    let is_own = fact.starts_with("tool.") || fact.starts_with("importer.");
    let is_one = is_own || fact.starts_with("basis.");
    if !is_one || OTHERS.iter().any(|(other, _)| *other == fact) {
        return None;
    }
    let fits = |ends: &&[&str]| ends.iter().any(|end| fact.ends_with(end));
    NAMES.iter().find(|(_, ends)| fits(ends)).map(|(word, _)| *word)
}

#[test]
fn whatever_a_law_knows_by_a_common_name_can_be_said_by_it() {
    let (engine, classes) = shipped();
    let mut said = 0;
    for pack in engine.packs().iter().filter(|pack| !pack.covers.is_empty()) {
        for name in facts(&engine, pack) {
            let Some(word) = word_of(name) else { continue };
            let class = classes.find(Topic::Mechanism, word).unwrap();
            let mut clauses = class.expand.iter().filter(|clause| clause.pack == pack.id);
            let is_said = class.facts.contains_key(name)
                || clauses.any(|c| c.facts.contains_key(name) || c.note.is_some());
            assert!(is_said, "{}: {name} is not said by {word}", pack.id);
            said += 1;
        }
    }
    assert!(said > 60, "found {said} of them");
}

#[test]
fn every_word_is_understood_or_refused_with_a_reason_for_every_exporter() {
    let (engine, classes) = shipped();
    let importers = ["US", "CN", "DE", "KE", "XX"];
    let mut refused = Vec::new();
    for pack in engine.packs() {
        for exporter in areas(&engine, pack) {
            for (topic, class) in
                Topic::ALL.into_iter().flat_map(|t| classes.of(t).map(move |c| (t, c)))
            {
                let words = vec![(topic, class.word.clone())];
                let exporter = Some(exporter.to_owned());
                let description = Description { words, persons: None, exporter: exporter.clone() };
                let expansion = match classes.expand(&engine, &description) {
                    Ok(expansion) => expansion,
                    Err(ClassError::Elsewhere { word, .. }) => {
                        refused.push((word, pack.id.clone()));
                        continue;
                    }
                    Err(error) => panic!("{topic:?} {}: {error}", class.word),
                };
                for importer in importers {
                    let mut facts = expansion.facts.clone();
                    facts.insert("exporter.area".to_owned(), exporter.clone().into());
                    facts.insert("importer.area".to_owned(), importer.into());
                    engine.dictionary().read_facts(&facts).unwrap();
                }
            }
        }
    }
    // A law refuses a word only if none of its mechanisms goes by that name.
    for (word, id) in refused {
        let pack = engine.packs().iter().find(|pack| pack.id == id).unwrap();
        let known = facts(&engine, pack);
        let name = known.iter().find(|name| word_of(name) == Some(word.as_str()));
        assert!(name.is_none(), "{id} refuses {word} and knows {name:?}");
    }
}

/// What a fact is said to be, as in the reference.
fn row_of(name: &str, value: &Value) -> String {
    match value {
        Value::Bool(true) => format!("`{name}` = yes"),
        Value::Bool(false) => format!("`{name}` = no"),
        other => format!("`{name}` = {}", other.as_str().unwrap()),
    }
}

fn words(topic: Topic, class: &Class) -> String {
    let names = [&class.word].into_iter().chain(&class.aliases);
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let mut facts: Vec<String> = class.facts.iter().map(|(n, v)| row_of(n, v)).collect();
    facts.sort();
    let mut counts: Vec<String> = class.counts.iter().map(|name| format!("`{name}`")).collect();
    for clause in &class.expand {
        let pack = &clause.pack;
        let mut said: Vec<String> = clause.facts.keys().map(|name| format!("`{name}`")).collect();
        said.sort();
        let said = said.into_iter().chain(clause.note.clone()).collect::<Vec<_>>().join(" and ");
        if !said.is_empty() {
            facts.push(format!("{pack}: {said}"));
        }
        counts.extend(clause.counts.iter().map(|name| format!("{pack}: `{name}`")));
    }
    let row = format!("| {} | {} |", names.join(", "), facts.join(", "));
    match topic {
        Topic::Data => format!("{row} {} |", counts.join(", ")),
        _ => row,
    }
}

fn tables() -> Vec<Vec<String>> {
    let (engine, classes) = shipped();
    let mut packs = vec![
        "| id | areas | title | status | rules | sources read |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for pack in engine.packs() {
        let areas = match pack.covers.is_empty() {
            true => pack.role.as_str().to_owned(),
            false => areas(&engine, pack).join(" "),
        };
        let read = pack.sources.iter().filter(|source| source.is_checked).count();
        let (rules, sources) = (pack.rules.len(), pack.sources.len());
        let (id, title, status) = (&pack.id, &pack.title, pack.status.as_str());
        let row =
            format!("| {id} | {areas} | {title} | {status} | {rules} | {read} of {sources} |");
        packs.push(row);
    }
    let mut tables = vec![packs];
    for topic in Topic::ALL {
        let (head, line) = match topic {
            Topic::Data => (" | `--persons` sets |", "|---|---|---|"),
            _ => (" |", "|---|---|"),
        };
        let head = format!("| `--{}` | facts{head}", topic.as_str());
        // Tools are words by themselves, by a rule that the page gives.
        let is_tool = |class: &&Class| {
            topic == Topic::Mechanism
                && class.facts.len() == 1
                && class.facts.keys().all(|fact| {
                    fact.strip_prefix("tool.").is_some_and(|n| n.replace('_', "-") == class.word)
                })
        };
        let rows = classes.of(topic).filter(|class| !is_tool(class));
        let rows = rows.map(|class| words(topic, class));
        tables.push([head, line.to_owned()].into_iter().chain(rows).collect());
    }
    tables
}

#[test]
fn the_tables_of_the_reference_are_those_of_the_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/law-packs.md");
    let page = std::fs::read_to_string(path).unwrap();
    let tables = tables();
    println!(
        "what the program says:\n\n{}",
        tables.iter().map(|t| t.join("\n")).collect::<Vec<_>>().join("\n\n")
    );
    for table in tables {
        let lines: Vec<&str> = page.lines().skip_while(|line| *line != table[0]).collect();
        let found: Vec<&str> = lines.into_iter().take_while(|line| line.starts_with('|')).collect();
        let differs = table.iter().zip(&found).find(|(ours, theirs)| ours != *theirs);
        assert!(found == table, "law-packs.md: {} found, {differs:?}", found.len());
    }
}
