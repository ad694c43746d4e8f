//! A decision as a page that a legal officer signs: the outcome first, then why, what is missing,
//! what to do, and by which packs. Plain text, no colour; the same as JSON is in `render`.

mod why;

use serde_json::Value as Json;
use textwrap::{Options, WordSplitter};

use super::{Alternative, Decision, Remedy, render};
use crate::classes::Said;
use crate::facts::{FactId, Kind, Value};
use crate::outcome::Outcome;
use crate::pack::{Citation, Pack, Rule};
use crate::words::{Language, Telling, Words, messages};

/// The width of a page, in columns.
const WIDTH: usize = 100;
/// The narrowest page; below it every second line would be a single word.
const WIDTH_MIN: usize = 40;

impl Decision<'_> {
    /// As a page of text in English.
    pub fn to_text(&self) -> String {
        self.page(&Words::of(Language::English), WIDTH, &[])
    }

    /// As a page of text in a language, so many columns wide. What words were `said` stands before
    /// the outcome, with the facts that they stand for.
    pub fn page(&self, words: &Words, width: usize, said: &[Said]) -> String {
        let tell = Telling::new(words);
        let width = width.max(WIDTH_MIN);
        let mut writer = Writer { decision: self, tell: &tell, page: String::new(), width };
        writer.head();
        if !said.is_empty() {
            writer.heading(messages::heading_flags());
            said.iter().for_each(|said| writer.said(said));
        }
        writer.outcome();
        writer.why();
        writer.conflicts();
        writer.missing();
        writer.duties();
        writer.possible();
        writer.advice();
        writer.packs();
        writer.end();
        writer.page
    }

    /// The SHA-256 of the decision as indented JSON with a line break behind it, which is what the
    /// command line writes.
    pub fn sha256(&self) -> String {
        let bytes = format!("{:#}\n", self.to_json());
        causeway_seal::sha256(bytes.as_bytes())
    }
}

struct Writer<'d> {
    decision: &'d Decision<'d>,
    tell: &'d Telling<'d>,
    page: String,
    width: usize,
}

impl Writer<'_> {
    fn line(&mut self, first: &str, others: &str, text: &str) {
        let options = Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(others)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(text, options) {
            self.page.push_str(line.trim_end());
            self.page.push('\n');
        }
    }

    /// Something with a mark before it, indented.
    fn item(&mut self, mark: &str, indent: usize, text: &str) {
        let first = format!("{}{mark}", " ".repeat(indent));
        let others = " ".repeat(first.chars().count());
        self.line(&first, &others, text);
    }

    fn text(&mut self, indent: usize, text: &str) {
        self.item("", indent, text);
    }

    fn gap(&mut self) {
        self.page.push('\n');
    }

    fn heading(&mut self, message: crate::words::Message<'_>) {
        let text = self.tell.say(message).to_uppercase();
        self.gap();
        self.text(0, &text);
    }

    /// The area of a party.
    fn area(&self, fact: FactId) -> String {
        let dictionary = self.decision.engine.dictionary();
        match self.decision.facts.get(fact) {
            Some(value) => dictionary.show(value, &self.decision.facts),
            None => self.tell.say(messages::area_not_given()),
        }
    }

    fn areas(&self) -> (String, String) {
        let [exporter, importer] = self.decision.engine.parties();
        (self.area(exporter), self.area(importer))
    }

    fn head(&mut self) {
        let (exporter, importer) = self.areas();
        let title = self.tell.say(messages::page_title(exporter, importer));
        self.text(0, &title);
        self.text(0, &"=".repeat(textwrap::core::display_width(&title).min(self.width)));
        self.gap();
        let labels = [messages::head_exporter(), messages::head_importer()];
        let mut rows: Vec<(String, String)> = Vec::new();
        for (label, fact) in labels.into_iter().zip(self.decision.engine.parties()) {
            let (label, area) = (self.tell.say(label), self.area(fact));
            let row = match self.decision.uncovered.contains(&fact) {
                true if self.decision.facts.get(fact).is_none() => area,
                true => {
                    let day = self.decision.as_of.to_string();
                    let unknown = messages::party_uncovered(area.clone(), day);
                    format!("{area} ({})", self.tell.say(unknown))
                }
                false => {
                    let packs = self.decision.covering(fact).into_iter();
                    let packs = packs.map(|pack| pack.id.as_str()).collect::<Vec<_>>().join(", ");
                    format!("{area} ({})", self.tell.say(messages::party_covered(packs)))
                }
            };
            rows.push((label, row));
        }
        let days = [
            (messages::head_law(), self.decision.as_of),
            (messages::head_packs(), self.decision.known_at),
        ];
        rows.extend(days.map(|(label, day)| (self.tell.say(label), day.to_string())));
        let widths = rows.iter().map(|(label, _)| textwrap::core::display_width(label));
        let column = widths.max().unwrap_or(0) + 2;
        for (label, text) in rows {
            let room = column - textwrap::core::display_width(&label);
            self.item(&format!("{label}{}", " ".repeat(room)), 0, &text);
        }
    }

    /// A word with the facts that it stands for.
    fn said(&mut self, said: &Said) {
        let Said { topic, word, class, is_elsewhere, noted, facts } = said;
        let mut texts = Vec::new();
        for (name, value) in facts {
            let value = match value {
                Json::Bool(flag) => self.value(Value::Flag(*flag)),
                Json::String(text) => text.clone(),
                other => other.as_u64().map_or_else(|| other.to_string(), grouped),
            };
            texts.push(self.tell.say(messages::fact_is(name.as_str(), value)));
        }
        let why = class.as_ref().filter(|_| *is_elsewhere);
        let why = why.and_then(|class| self.tell.elsewhere(topic, class));
        let noted = class.as_ref().map(|class| {
            let notes = noted.iter().filter_map(|pack| self.tell.note(topic, class, pack));
            notes.collect::<Vec<_>>().join("; ")
        });
        let why = noted.filter(|notes| !notes.is_empty()).or(why);
        let facts = match (texts.is_empty(), why) {
            (false, _) => texts.join("; "),
            (true, Some(why)) => self.tell.say(messages::flag_says_nothing_because(why)),
            (true, None) => self.tell.say(messages::flag_says_nothing()),
        };
        let word = word.as_str();
        let text = self.tell.say(match class {
            Some(class) => {
                let text = self.tell.class(topic, class);
                messages::flag_says(*topic, word, text, facts)
            }
            None => messages::flag_counts(*topic, word, facts),
        });
        self.item("- ", 0, &text);
    }

    fn outcome(&mut self) {
        self.heading(messages::heading_outcome());
        let sentence = self.sentence();
        self.text(0, &sentence);
        let word = render::outcome_text(self.decision.outcome);
        self.text(0, &format!("[{word}]"));
    }

    /// The outcome in one sentence.
    fn sentence(&self) -> String {
        let (exporter, importer) = self.areas();
        let outcome = self.decision.outcome;
        self.tell.say(match outcome.determined() {
            Some(Outcome::Permitted) => messages::sentence_permitted(exporter, importer),
            Some(Outcome::PermittedWithObligations) => {
                let duties = self.decision.packs.iter().map(|p| render::obligations(p).len());
                messages::sentence_obligations(exporter, importer, duties.sum::<usize>())
            }
            Some(Outcome::NeedsMechanism) => messages::sentence_mechanism(exporter, importer),
            Some(Outcome::NeedsAuthorityApproval) => {
                messages::sentence_approval(exporter, importer)
            }
            Some(Outcome::Prohibited) => messages::sentence_prohibited(exporter, importer),
            None => {
                let best = self.tell.outcome(outcome.at_best);
                let worst = self.tell.outcome(outcome.at_worst);
                messages::sentence_unknown(exporter, importer, best, worst)
            }
        })
    }

    fn value(&self, value: Value) -> String {
        match value {
            Value::Flag(true) => self.tell.say(messages::value_yes()),
            Value::Flag(false) => self.tell.say(messages::value_no()),
            Value::Count(count) => grouped(count),
            other => self.decision.engine.dictionary().show(other, &self.decision.facts),
        }
    }

    fn missing(&mut self) {
        self.heading(messages::heading_missing());
        if self.decision.outcome.determined().is_some() {
            let text = self.tell.say(messages::missing_none());
            return self.text(0, &text);
        }
        let dictionary = self.decision.engine.dictionary();
        for (place, missing) in self.decision.missing.iter().enumerate() {
            let fact = dictionary.fact(missing.fact);
            let mark = format!("{}. ", place + 1);
            let question = self.tell.question(fact);
            self.item(&mark, 0, &question);
            let kind = self.tell.say(match &fact.kind {
                Kind::Flag => messages::kind_flag(),
                Kind::Count => match self.tell.unit(fact) {
                    Some(unit) => messages::kind_count_of(unit),
                    None => messages::kind_count(),
                },
                Kind::Day => messages::kind_day(),
                Kind::Area => messages::kind_area(),
                Kind::OneOf(values) => {
                    let words = values.iter().map(|value| dictionary.symbols().text(*value));
                    messages::kind_one_of(words.collect::<Vec<_>>().join(", "))
                }
            });
            let mut text = self.tell.say(messages::missing_fact(fact.name.as_str(), kind));
            if missing.settles > 0 {
                let settles = messages::missing_settles(missing.settles, missing.of);
                text = format!("{text} {}", self.tell.say(settles));
            }
            self.text(mark.len(), &text);
        }
        // What no answer can settle lacks a pack.
        let more = self.tell.say(match self.decision.missing.is_empty() {
            true => messages::missing_pack(),
            false => messages::missing_more(),
        });
        self.text(0, &more);
    }

    fn duties(&mut self) {
        self.heading(messages::heading_to_do());
        let mut is_empty = true;
        let mut documents = Vec::new();
        for decided in &self.decision.packs {
            for duty in render::obligations(decided) {
                is_empty = false;
                let text = self.tell.duty(duty);
                self.item("- ", 0, &text);
                let articles = articles(decided.pack, &duty.cite);
                let due = self.tell.say(messages::duty_due(self.tell.due(duty), articles));
                self.text(2, &due);
            }
            for (rule, _, effect) in render::told(decided) {
                if render::counts(effect) {
                    let all = self.tell.documents(rule).into_iter();
                    documents.extend(all.map(|document| {
                        self.tell.say(messages::document_of(document, rule.id.as_str()))
                    }));
                }
            }
        }
        if is_empty {
            let text = self.tell.say(messages::to_do_none());
            self.text(0, &text);
        }
        if !documents.is_empty() {
            self.gap();
            let heading = self.tell.say(messages::heading_documents());
            self.text(0, &heading);
            documents.iter().for_each(|document| self.item("- ", 0, document));
        }
    }

    fn possible(&mut self) {
        if self.decision.outcome.at_worst.lets_pass() {
            return;
        }
        self.heading(messages::heading_possible());
        let alternatives = self.decision.alternatives();
        if alternatives.is_empty() {
            let text = self.tell.say(messages::possible_none());
            self.text(0, &text);
        }
        for (place, Alternative { what, at_worst }) in alternatives.iter().enumerate() {
            let mark = format!("{}. ", place + 1);
            match what {
                Remedy::Mechanism { pack, rule, needs, provided } => {
                    let pack = self.decision.packs[*pack].pack;
                    self.mechanism(&mark, pack, &pack.rules[*rule], needs);
                    self.provided(mark.len(), provided);
                }
                Remedy::Wait(day) => {
                    let text = self.tell.say(messages::remedy_wait(day.to_string()));
                    self.item(&mark, 0, &text);
                }
                Remedy::ComputeToData => {
                    let text = self.tell.say(messages::remedy_compute());
                    self.item(&mark, 0, &text);
                }
            }
            let then = messages::remedy_then(self.tell.outcome(*at_worst));
            let then = self.tell.say(then);
            self.text(mark.len(), &then);
        }
    }

    fn mechanism(&mut self, mark: &str, pack: &Pack, rule: &Rule, needs: &[FactId]) {
        let text = self.tell.rule(rule);
        self.item(mark, 0, &text);
        let articles = format!("{}; {}", articles(pack, &rule.cite), rule.id);
        self.text(mark.len(), &articles);
        for fact in needs {
            let fact = self.decision.engine.dictionary().fact(*fact);
            let question = self.tell.question(fact);
            let text = self.tell.say(messages::remedy_needs(question, fact.name.as_str()));
            self.text(mark.len(), &text);
        }
    }

    fn provided(&mut self, indent: usize, provided: &[(FactId, bool)]) {
        for (fact, is) in provided {
            let fact = self.decision.engine.dictionary().fact(*fact);
            let (question, value) = (self.tell.question(fact), self.value(Value::Flag(*is)));
            let text = messages::remedy_provided(question, fact.name.as_str(), value);
            let text = self.tell.say(text);
            self.text(indent, &text);
        }
    }

    fn packs(&mut self) {
        self.heading(messages::heading_packs());
        let applying = self.decision.packs.iter().map(|decided| decided.pack);
        let mut packs: Vec<&Pack> = applying.chain(self.decision.not_applying()).collect();
        for advice in &self.decision.advice {
            if !packs.iter().any(|pack| std::ptr::eq(*pack, advice.pack)) {
                packs.push(advice.pack);
            }
        }
        if packs.is_empty() {
            let text = self.tell.say(messages::packs_none());
            self.text(0, &text);
        }
        for pack in packs {
            let status = self.tell.say(messages::status(pack.status));
            let (id, version) = (pack.id.as_str(), pack.version.as_str());
            let line = messages::pack_line(id, version, pack.known_from.to_string(), status);
            let line = self.tell.say(line);
            self.item("- ", 0, &line);
            let hash = self.tell.say(messages::pack_hash(pack.sha256.as_str()));
            self.text(2, &hash);
        }
    }

    fn end(&mut self) {
        let hash = self.tell.say(messages::decision_hash(self.decision.sha256()));
        let disclaimer = self.tell.say(messages::disclaimer());
        let signature = self.tell.say(messages::signature_line());
        self.gap();
        self.text(0, &hash);
        self.text(0, &disclaimer);
        self.heading(messages::heading_signature());
        self.gap();
        // Room to write by hand, whatever the words are.
        self.page.push_str(&signature);
        self.page.push('\n');
        let fallen = self.tell.fallen();
        if fallen > 0 {
            self.gap();
            let text = self.tell.say(messages::english_instead(fallen));
            self.text(0, &text);
        }
    }
}

/// Articles as they are cited, each instrument named once.
pub(crate) fn articles(pack: &Pack, cite: &[Citation]) -> String {
    let mut text = String::new();
    let mut before = None;
    for citation in cite {
        let article = &pack.articles[citation.article];
        if before == Some(citation.source) {
            text.push_str(", ");
        } else {
            let gap = if text.is_empty() { "" } else { "; " };
            text.push_str(&format!("{gap}{} ", pack.sources[citation.source].number));
        }
        text.push_str(article);
        before = Some(citation.source);
    }
    text
}

/// A number with a no-break space before each group of three digits.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn long_numbers_are_grouped_by_three() {
        for (count, expected) in
            [(0, "0"), (999, "999"), (1_000, "1\u{a0}000"), (1_234_567, "1\u{a0}234\u{a0}567")]
        {
            assert_eq!(grouped(count), expected);
        }
    }
}
