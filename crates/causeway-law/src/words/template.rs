//! What translators get: a file of messages with the English text of everything that a pack or the
//! dictionary says, ready to be replaced.

use std::fmt::Write as _;

use super::texts;
use crate::classes::{Classes, Topic};
use crate::facts::Dictionary;
use crate::pack::Pack;

/// The texts of a pack as a file of messages.
pub fn template(pack: &Pack) -> String {
    let mut file = Template::default();
    file.line(&format!(
        "# Texts of the rule pack {} {}, SHA-256 {}.",
        pack.id, pack.version, pack.sha256
    ));
    file.head(&pack.id);
    file.section("The pack");
    let because = pack.otherwise.iter().map(|(_, because)| (texts::OTHERWISE.to_owned(), because));
    file.message("", texts::pack(pack), &pack.title, because);
    file.section("Sources: official titles, never free translations");
    for source in &pack.sources {
        file.message(&source.number, texts::source(pack, source), &source.title, []);
    }
    file.section("Rules");
    for rule in &pack.rules {
        let articles: Vec<String> = rule.cite.iter().map(|cite| pack.cite(*cite)).collect();
        let note = format!("Rule {}: {}", rule.id, articles.join("; "));
        let documents = rule.documents.iter().enumerate();
        let documents = documents.map(|(place, text)| (texts::document(place), text));
        file.message(&note, texts::rule(rule), &rule.text, documents);
    }
    file.section("Duties");
    for duty in &pack.obligations {
        let articles: Vec<String> = duty.cite.iter().map(|cite| pack.cite(*cite)).collect();
        let due = [(texts::DUE.to_owned(), &duty.due)];
        file.message(&articles.join("; "), texts::obligation(duty), &duty.text, due);
    }
    if !pack.conflicts.is_empty() {
        file.section("Conflicts with other laws");
    }
    for conflict in &pack.conflicts {
        let note = format!("{}: {}", conflict.id, pack.articles_of(&conflict.cite).join("; "));
        file.message(&note, texts::conflict(pack, conflict), &conflict.text, []);
    }
    file.0
}

/// The questions of the dictionary as a file of messages.
pub fn template_of_facts(dictionary: &Dictionary) -> String {
    let mut file = Template::default();
    file.line("# Questions that ask for facts.");
    file.head("facts");
    file.section("Facts");
    for fact in dictionary.facts() {
        let unit = fact.unit.iter().map(|unit| (texts::UNIT.to_owned(), unit));
        file.message(&fact.name, texts::fact(fact), &fact.question, unit);
    }
    file.0
}

/// What the words of the command line mean as a file of messages. Tools are words by themselves,
/// and their text is the question of their fact.
pub fn template_of_classes(classes: &Classes) -> String {
    let mut file = Template::default();
    file.line("# What the words of the command line mean.");
    file.head("classes");
    for topic in Topic::ALL {
        file.section(topic.as_str());
        for class in classes.of(topic) {
            let why = class.elsewhere.iter().filter(|why| !why.is_empty());
            let why = why.map(|why| (texts::ELSEWHERE.to_owned(), why));
            let notes = class
                .expand
                .iter()
                .filter_map(|clause| Some((texts::note(&clause.pack), clause.note.as_ref()?)));
            let why = why.chain(notes);
            file.message(&class.word, texts::class(topic.as_str(), class), &class.text, why);
        }
    }
    file.0
}

#[derive(Default)]
struct Template(String);

impl Template {
    fn line(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{text}");
    }

    fn head(&mut self, name: &str) {
        self.line(&format!("# A translation is saved as messages/LANGUAGE/{name}.ftl. Leave the"));
        self.line("# comments: a translation counts only beside the English text it was made for.");
    }

    fn section(&mut self, title: &str) {
        self.line(&format!("\n## {title}"));
    }

    fn message<'t>(
        &mut self,
        note: &str,
        key: String,
        english: &str,
        attributes: impl IntoIterator<Item = (String, &'t String)>,
    ) {
        let english = texts::on_one_line(english);
        let attributes: Vec<(String, String)> =
            attributes.into_iter().map(|(name, text)| (name, texts::on_one_line(text))).collect();
        self.line("");
        if !note.is_empty() {
            self.line(&format!("# {}", texts::on_one_line(note)));
        }
        self.line(&format!("# {}", texts::comment(None, &english)));
        for (name, text) in &attributes {
            self.line(&format!("# {}", texts::comment(Some(name), text)));
        }
        self.line(&format!("{key} = {}", escaped(&english)));
        for (name, text) in &attributes {
            self.line(&format!("    .{name} = {}", escaped(text)));
        }
    }
}

/// A text so that Fluent reads it as it is.
fn escaped(text: &str) -> String {
    if text.is_empty() {
        return "{\"\"}".to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '{' => escaped.push_str("{\"{\"}"),
            '}' => escaped.push_str("{\"}\"}"),
            c => escaped.push(c),
        }
    }
    escaped
}
