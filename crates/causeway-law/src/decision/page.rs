//! A decision as a page that a legal officer signs: the outcome first, then why, what is missing,
//! what to do, and by which packs. Plain text, no colour; the same as JSON is in `render`.

use sha2::{Digest as _, Sha256};
use textwrap::{Options, WordSplitter};

use super::{Alternative, Decision, PackDecision, Remedy, render};
use crate::facts::{FactId, Kind, Value};
use crate::outcome::{Outcome, Truth};
use crate::pack::{Citation, Effect, Pack, Rule};
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

    /// As a page of text in a language, so many columns wide. What is told by `flags`, a line each,
    /// stands before the outcome.
    pub fn page(&self, words: &Words, width: usize, flags: &[String]) -> String {
        let tell = Telling::new(words);
        let width = width.max(WIDTH_MIN);
        let mut writer = Writer { decision: self, tell: &tell, page: String::new(), width };
        writer.head();
        if !flags.is_empty() {
            writer.heading(messages::heading_flags());
            flags.iter().for_each(|flag| writer.item("- ", 0, flag));
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
        Sha256::digest(bytes.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
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

    fn why(&mut self) {
        self.heading(messages::heading_why());
        let others = self.decision.not_applying();
        if self.decision.packs.is_empty() && others.is_empty() {
            let text = self.tell.say(messages::packs_none());
            self.text(0, &text);
        }
        for place in 0..self.decision.packs.len() {
            let decided = &self.decision.packs[place];
            if place > 0 {
                self.gap();
            }
            self.pack(place, decided);
        }
        for (place, pack) in others.into_iter().enumerate() {
            if place + self.decision.packs.len() > 0 {
                self.gap();
            }
            let mark = format!("{}. ", place + self.decision.packs.len() + 1);
            let text = self.tell.say(messages::pack_not_applying(self.tell.pack(pack)));
            self.item(&mark, 0, &text);
        }
        let decision = self.decision;
        let derived = self.asked(decision.derived()).into_iter().filter_map(|name| {
            let value = decision.facts.get(decision.engine.dictionary().find(name)?)?;
            Some(self.tell.say(messages::fact_is(name, self.value(value))))
        });
        let derived = derived.collect::<Vec<_>>().join("; ");
        if !derived.is_empty() {
            self.gap();
            let text = self.tell.say(messages::facts_derived(derived));
            self.text(0, &text);
        }
        let assumed = self.asked(decision.assumed()).join(", ");
        if !assumed.is_empty() {
            self.gap();
            let text = self.tell.say(messages::facts_assumed(assumed));
            self.text(0, &text);
        }
    }

    /// Where one law demands what another forbids.
    fn conflicts(&mut self) {
        if self.decision.conflicts.is_empty() {
            return;
        }
        self.heading(messages::heading_conflicts());
        for clash in &self.decision.conflicts {
            let conflict = &clash.pack.conflicts[clash.conflict];
            let other = match (self.decision.area_of(clash), clash.others.first()) {
                (Some(area), _) => self.tell.say(messages::conflict_other_area(area)),
                (None, Some(other)) => self.tell.pack(other),
                (None, None) => self.tell.say(messages::conflict_other()),
            };
            let between = messages::conflict_between(self.tell.pack(clash.pack), other);
            let between = self.tell.say(between);
            self.item("- ", 0, &between);
            let text = self.tell.conflict(clash.pack, conflict);
            self.text(2, &text);
            self.text(2, &articles(clash.pack, &conflict.cite));
        }
        let note = self.tell.say(messages::conflict_note());
        self.text(0, &note);
    }

    /// What nobody has to follow.
    fn advice(&mut self) {
        if self.decision.advice.is_empty() {
            return;
        }
        self.heading(messages::heading_advice());
        for advice in &self.decision.advice {
            let rule = &advice.pack.rules[advice.rule];
            let (title, text) = (self.tell.pack(advice.pack), self.tell.rule(rule));
            let text = self.tell.say(messages::advice_of(title, text));
            self.item("- ", 0, &text);
            self.text(2, &articles(advice.pack, &rule.cite));
        }
        let note = self.tell.say(messages::advice_note());
        self.text(0, &note);
    }

    /// Those facts that some pack that applies asks for.
    fn asked<'n>(&self, names: Vec<&'n str>) -> Vec<&'n str> {
        let dictionary = self.decision.engine.dictionary();
        let asked = |name: &&str| {
            let id = dictionary.find(name);
            id.is_some_and(|id| self.decision.packs.iter().any(|decided| decided.pack.reads(id)))
        };
        names.into_iter().filter(asked).collect()
    }

    fn pack(&mut self, place: usize, decided: &PackDecision<'_>) {
        let outcome = self.tell.interval(decided.outcome);
        let says = self.tell.say(messages::pack_says(self.tell.pack(decided.pack), outcome));
        self.item(&format!("{}. ", place + 1), 0, &says);
        if decided.applies == Truth::Unknown {
            let text = self.tell.say(messages::pack_may_apply());
            self.text(3, &text);
        }
        let told = render::told(decided);
        if let Some((_, because)) = render::otherwise(decided) {
            let because = self.tell.otherwise(decided.pack, because);
            let text = self.tell.say(messages::pack_no_rule(because));
            self.text(3, &text);
        } else if told.is_empty() {
            let text = self.tell.say(messages::pack_silent());
            self.text(3, &text);
        }
        // What may hold without changing anything only distracts.
        let is_open = decided.outcome.determined().is_none();
        let is_held = |truth: Truth, effect: Effect| match (truth, effect) {
            (Truth::True, Effect::Counts) => 0,
            (Truth::True, _) => 1,
            _ => 2,
        };
        let headings =
            [messages::rules_count(), messages::rules_held_back(), messages::rules_open()];
        for (group, heading) in headings.into_iter().enumerate().take(2 + usize::from(is_open)) {
            let mut rules = told
                .iter()
                .filter(|(_, truth, effect)| is_held(*truth, *effect) == group)
                .peekable();
            if rules.peek().is_some() {
                let heading = self.tell.say(heading);
                self.text(3, &heading);
            }
            for (rule, truth, effect) in rules {
                self.rule(decided.pack, rule, *truth, *effect);
            }
        }
    }

    fn rule(&mut self, pack: &Pack, rule: &Rule, truth: Truth, effect: Effect) {
        let text = self.tell.rule(rule);
        self.item("- ", 3, &text);
        let articles = articles(pack, &rule.cite);
        let (from, id) = (rule.from.to_string(), rule.id.as_str());
        let in_force = self.tell.say(match rule.until {
            None => messages::rule_in_force(articles, from, id),
            Some(until) => messages::rule_in_force_until(articles, from, until.to_string(), id),
        });
        self.text(5, &in_force);
        let other = |by: usize| (pack.rules[by].id.as_str(), self.tell.rule(&pack.rules[by]));
        let became = match effect {
            Effect::Overridden(by) => {
                let (id, text) = other(by);
                Some(messages::rule_overridden(id, text))
            }
            Effect::Satisfied(by) => {
                let (id, text) = other(by);
                Some(messages::rule_satisfied(id, text))
            }
            _ => None,
        };
        let says = messages::rule_says(self.tell.outcome(rule.outcome));
        let became = self.tell.say(became.unwrap_or(says));
        self.text(5, &became);
        let facts = self.facts(rule, truth);
        if !facts.is_empty() {
            let used = self.tell.say(messages::facts_used(facts.join("; ")));
            self.text(5, &used);
        }
    }

    /// The facts that a rule asked for; of one that may hold, those too that nobody gave.
    fn facts(&self, rule: &Rule, truth: Truth) -> Vec<String> {
        let dictionary = self.decision.engine.dictionary();
        let mut facts = Vec::new();
        rule.when.facts(&mut |id| {
            let name = dictionary.fact(id).name.as_str();
            let text = match self.decision.facts.get(id) {
                Some(value) => messages::fact_is(name, self.value(value)),
                None if truth == Truth::Unknown => messages::fact_unknown(name),
                None => return,
            };
            let text = self.tell.say(text);
            if !facts.contains(&text) {
                facts.push(text);
            }
        });
        facts
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
