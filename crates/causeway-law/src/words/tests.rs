//! Messages, their keys and placeholders, and translations that fit or do not.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::*;
use crate::engine::Engine;

/// Everything that is filled into a pattern.
fn variables(pattern: &Pattern<&str>, into: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            match expression {
                Expression::Inline(inline) => inline_variables(inline, into),
                Expression::Select { selector, variants } => {
                    inline_variables(selector, into);
                    variants.iter().for_each(|variant| variables(&variant.value, into));
                }
            }
        }
    }
}

fn inline_variables(inline: &InlineExpression<&str>, into: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            into.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => match &**expression {
            Expression::Inline(inline) => inline_variables(inline, into),
            Expression::Select { .. } => panic!("a selection inside a placeholder"),
        },
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        other => panic!("found {other:?}, expected nothing but what is filled in"),
    }
}

/// The messages of a file with what is filled into each.
fn read(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let resource = fluent_syntax::parser::parse(text).unwrap_or_else(|(_, e)| panic!("{e:?}"));
    let mut messages = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let mut filled = BTreeSet::new();
        variables(message.value.as_ref().unwrap(), &mut filled);
        let again = messages.insert(message.id.name.to_owned(), filled);
        assert_eq!(again, None, "{} stands there twice", message.id.name);
    }
    messages
}

fn said() -> BTreeMap<String, BTreeSet<String>> {
    let filled = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    messages::ALL.iter().map(|(key, names)| ((*key).to_owned(), filled(names))).collect()
}

/// What is wrong with a file of the engine's own messages.
fn faults(files: &[&str], must_be_whole: bool) -> Vec<String> {
    let said = said();
    let mut written = BTreeMap::new();
    files.iter().for_each(|file| written.append(&mut read(file)));
    let mut faults = Vec::new();
    for (key, filled) in &said {
        match written.get(key) {
            None if must_be_whole => faults.push(format!("{key} is missing")),
            Some(found) if found != filled => {
                faults.push(format!("{key}: found {found:?}, expected {filled:?}"));
            }
            _ => {}
        }
    }
    let unused = written.keys().filter(|key| !said.contains_key(*key));
    faults.extend(unused.map(|key| format!("{key} is never said")));
    faults
}

#[test]
fn every_sentence_has_its_english_text_with_the_same_placeholders_and_none_is_left_over() {
    assert_eq!(messages::ALL.len(), said().len(), "a key stands there twice");
    assert_eq!(faults(ENGLISH, true), Vec::<String>::new());
    let found = faults(&["head-law = { $day }\nnobody = says this"], false);
    let head = "head-law: found {\"day\"}, expected {}";
    assert_eq!(found, [head, "nobody is never said"]);
    assert_eq!(faults(&["head-law = x"], true).len(), messages::ALL.len() - 1);
}

#[test]
fn every_translation_that_is_shipped_fits_what_is_said_today() {
    let engine = Engine::shipped().unwrap();
    let mut known: BTreeSet<String> = said().into_keys().collect();
    let templates = engine.packs().iter().map(template);
    for template in templates.chain([template_of_facts(engine.dictionary())]) {
        known.extend(read(&template).into_keys());
    }
    for language in Language::ALL {
        for file in language.shipped() {
            for (key, filled) in read(file) {
                assert!(known.contains(&key), "{}: {key} is never said", language.as_str());
                let expected = said().remove(&key).unwrap_or_default();
                assert_eq!(filled, expected, "{}: {key}", language.as_str());
            }
        }
    }
}

#[test]
fn a_template_that_nobody_changed_says_what_the_pack_says() {
    let engine = Engine::shipped().unwrap();
    let mut keys = BTreeSet::new();
    for pack in engine.packs() {
        let file = template(pack);
        for key in read(&file).into_keys() {
            assert!(keys.insert(key.clone()), "{key} belongs to two texts");
        }
        let words = Words::of(Language::French).with(&file).unwrap();
        let tell = Telling::new(&words);
        let plain = Words::of(Language::English);
        let english = Telling::new(&plain);
        for rule in &pack.rules {
            assert_eq!(tell.rule(rule), english.rule(rule));
            assert_eq!(tell.documents(rule), english.documents(rule));
        }
        for duty in &pack.obligations {
            assert_eq!(tell.duty(duty), english.duty(duty));
            assert_eq!(tell.due(duty), english.due(duty));
        }
        for source in &pack.sources {
            assert_eq!(tell.source(pack, source), english.source(pack, source));
        }
        for conflict in &pack.conflicts {
            assert_eq!(tell.conflict(pack, conflict), english.conflict(pack, conflict));
        }
        assert_eq!(tell.pack(pack), english.pack(pack));
        if let Some((_, because)) = &pack.otherwise {
            assert_eq!(tell.otherwise(pack, because), english.otherwise(pack, because));
        }
        assert_eq!(tell.fallen(), 0, "{}: {:?}", pack.id, tell.fallen);
    }
    let facts = template_of_facts(engine.dictionary());
    let words = Words::of(Language::Arabic).with(&facts).unwrap();
    let tell = Telling::new(&words);
    for fact in engine.dictionary().facts() {
        assert_eq!(tell.question(fact), texts::on_one_line(&fact.question));
        assert_eq!(tell.unit(fact), fact.unit);
    }
    assert_eq!(tell.fallen(), 0, "{:?}", tell.fallen);
}

#[test]
fn a_translation_counts_only_beside_the_text_it_was_made_for() {
    let engine = Engine::shipped().unwrap();
    let pack = engine.packs().iter().find(|pack| pack.id == "eu").unwrap();
    let rule = pack.rules.iter().find(|rule| rule.id == "eu.44").unwrap();
    let check = |file: &str, expected: &str, fallen: usize| {
        let words = Words::of(Language::French).with(file).unwrap();
        let tell = Telling::new(&words);
        assert_eq!((tell.rule(rule).as_str(), tell.fallen()), (expected, fallen), "{file}");
    };
    let french = "rule-eu_44 = seulement selon le chapitre V\n";
    check(&format!("# English: {}\n{french}", rule.text), "seulement selon le chapitre V", 0);
    check(&format!("# English: something else\n{french}"), &rule.text, 1);
    check(french, &rule.text, 1);
    check(&format!("# English: {}\nrule-eu_44 = {{ $what }}\n", rule.text), &rule.text, 1);
    assert!(Words::of(Language::French).with("rule-eu_44 = {").is_err());
}

#[test]
fn what_is_not_translated_is_said_in_english_and_counted() {
    let words = Words::of(Language::French).with("head-law = Droit en vigueur le").unwrap();
    let tell = Telling::new(&words);
    assert_eq!(tell.say(messages::head_law()), "Droit en vigueur le");
    assert_eq!(tell.fallen(), 0);
    assert_eq!(tell.say(messages::head_packs()), "Packs known on");
    assert_eq!(tell.say(messages::head_packs()), "Packs known on");
    assert_eq!(tell.fallen(), 1);
    // A translation that asks for what nobody fills in is no translation.
    let wrong = Words::of(Language::French).with("head-law = le { $when }").unwrap();
    let tell = Telling::new(&wrong);
    assert_eq!((tell.say(messages::head_law()).as_str(), tell.fallen()), ("Law in force on", 1));
}

#[test]
fn plurals_follow_the_language() {
    let file = "sentence-permitted-with-obligations = { $duties ->
        [one] { $exporter } { $importer } один { $duties }
        [few] { $exporter } { $importer } несколько { $duties }
       *[many] { $exporter } { $importer } много { $duties }
    }";
    let words = Words::of(Language::Russian).with(file).unwrap();
    let tell = Telling::new(&words);
    for (count, word) in [(1, "один"), (3, "несколько"), (11, "много"), (21, "один")]
    {
        let text = tell.say(messages::sentence_obligations("RU", "CN", count));
        assert_eq!(text, format!("RU CN {word} {count}"));
    }
}

#[test]
fn a_language_is_known_by_its_tag_whatever_stands_behind_it() {
    for (tag, expected) in [
        ("fr", Some(Language::French)),
        ("zh-Hans-CN", Some(Language::Chinese)),
        ("ES_mx.UTF-8", Some(Language::Spanish)),
        ("de", None),
        ("", None),
    ] {
        assert_eq!(Language::parse(tag), expected, "{tag}");
    }
}
