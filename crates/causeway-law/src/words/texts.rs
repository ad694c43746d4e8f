//! The keys of texts that packs and the dictionary bring along.
//!
//! A key is what the text belongs to and its id, in which everything that a Fluent identifier
//! cannot have, such as a dot, is an underscore: the text of the rule `eu.46-2-c` is
//! `rule-eu_46-2-c`. A further text of the same thing is an attribute of its message.

use crate::classes::Class;
use crate::facts::Fact;
use crate::pack::{Conflict, Obligation, Pack, Rule, Source};

/// Why a pack says something where no rule holds.
pub(super) const OTHERWISE: &str = "otherwise";
/// Until when a duty has to be met.
pub(super) const DUE: &str = "due";
/// Why a word says nothing under other laws.
pub(super) const ELSEWHERE: &str = "elsewhere";

/// The attribute of a class that says how the thing is said under a pack's law.
pub(super) fn note(pack: &str) -> String {
    format!("note-{pack}")
}
/// What a count counts.
pub(super) const UNIT: &str = "unit";

/// How a comment names the English text that a translation was made for.
const ENGLISH: &str = "English: ";
const ENGLISH_OF: &str = "English of .";

fn key(kind: &str, id: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let id: String = id.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    format!("{kind}-{id}")
}

pub(super) fn pack(pack: &Pack) -> String {
    key("pack", &pack.id)
}

pub(super) fn source(pack: &Pack, source: &Source) -> String {
    key("source", &format!("{}-{}", pack.id, source.key))
}

pub(super) fn rule(rule: &Rule) -> String {
    key("rule", &rule.id)
}

/// The attribute of a document of a rule, by its place there.
pub(super) fn document(place: usize) -> String {
    format!("document-{}", place + 1)
}

pub(super) fn obligation(duty: &Obligation) -> String {
    key("obligation", &duty.id)
}

pub(super) fn conflict(pack: &Pack, conflict: &Conflict) -> String {
    key("conflict", &format!("{}-{}", pack.id, conflict.id))
}

/// A word of the command line, with what it is about.
pub(super) fn class(topic: &str, class: &Class) -> String {
    key("class", &format!("{topic}-{}", class.word))
}

pub(super) fn fact(fact: &Fact) -> String {
    key("fact", &fact.name)
}

/// A text without line breaks and double spaces.
pub(super) fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The line of a comment that names the English text.
pub(super) fn comment(attribute: Option<&str>, english: &str) -> String {
    match attribute {
        None => format!("{ENGLISH}{english}"),
        Some(name) => format!("{ENGLISH_OF}{name}: {english}"),
    }
}

/// The attribute and the English text that a line of a comment names.
pub(super) fn made_for(line: &str) -> Option<(Option<String>, String)> {
    if let Some(english) = line.strip_prefix(ENGLISH) {
        return Some((None, on_one_line(english)));
    }
    let (attribute, english) = line.strip_prefix(ENGLISH_OF)?.split_once(": ")?;
    Some((Some(attribute.to_owned()), on_one_line(english)))
}
