//! A pack for review: every rule in words next to its article, so that a lawyer signs the text and
//! not the code.

use jiff::civil::Date;

use super::Html;
use crate::decision::grouped;
use crate::engine::Engine;
use crate::expression::{Expression, Speaker, Spoken};
use crate::pack::{Citation, Pack, Rule};
use crate::words::{Message, Telling, Words, messages};

impl Pack {
    /// Every rule in words next to its article, as a page of HTML that needs nothing else.
    pub fn review(&self, engine: &Engine, words: &Words) -> String {
        let tell = Telling::new(words);
        let title = tell.say(messages::review_title(tell.pack(self)));
        let page = Html::new(&tell, &title);
        let mut review = Review { pack: self, engine, tell: &tell, page };
        review.head();
        review.sources();
        review.rules();
        review.values();
        review.conflicts();
        review.duties();
        review.end()
    }
}

/// From when on, until when, and which articles say so.
type Period<'p> = (Date, Option<Date>, &'p [Citation]);

struct Review<'r> {
    pack: &'r Pack,
    engine: &'r Engine,
    tell: &'r Telling<'r>,
    page: Html,
}

impl Review<'_> {
    fn say(&self, message: Message<'_>) -> String {
        self.tell.say(message)
    }

    fn head(&mut self) {
        let pack = self.pack;
        let notice = self.say(messages::disclaimer());
        let status = self.say(messages::status(pack.status));
        self.page.raw("<p class=\"notice\"><strong>").text(&status).raw("</strong>. ");
        self.page.text(&notice).raw("</p>\n");
        let symbols = self.engine.dictionary().symbols();
        let areas: Vec<&str> = pack.covers.iter().map(|area| symbols.text(*area)).collect();
        let otherwise = match &pack.otherwise {
            Some((outcome, because)) => {
                let because = self.tell.otherwise(pack, because);
                format!("{}: {because}", self.tell.outcome(*outcome))
            }
            None => self.say(messages::review_otherwise_unknown()),
        };
        let rows = [
            (messages::review_pack(), pack.id.clone()),
            (messages::review_version(), pack.version.clone()),
            (messages::review_known_from(), pack.known_from.to_string()),
            (messages::review_status(), status),
            (messages::review_role(), self.say(messages::role(pack.role))),
            (messages::review_law_from(), pack.in_force.to_string()),
            (messages::review_hash(), pack.sha256.clone()),
            (messages::review_covers(), areas.join(", ")),
            (messages::review_otherwise(), otherwise),
        ];
        self.page.raw("<table>\n<tbody>\n");
        for (label, text) in rows {
            let label = self.say(label);
            self.page.raw("<tr>").row(&label).element("td", &text).raw("</tr>\n");
        }
        let applies = self.say(messages::review_applies());
        self.page.raw("<tr>").row(&applies).raw("<td>");
        let condition = self.speak(&pack.applies);
        self.condition(&condition);
        self.page.raw("</td></tr>\n</tbody>\n</table>\n");
    }

    fn speak(&self, expression: &Expression) -> Spoken {
        let dictionary = self.engine.dictionary();
        Speaker { tell: self.tell, dictionary, names: &self.pack.names }.speak(expression)
    }

    fn condition(&mut self, spoken: &Spoken) {
        match spoken {
            Spoken::Line(text) => {
                self.page.text(text);
            }
            Spoken::Group(heading, parts) => {
                self.page.text(heading).raw("<ul>");
                for part in parts {
                    self.page.raw("<li>");
                    self.condition(part);
                    self.page.raw("</li>");
                }
                self.page.raw("</ul>");
            }
        }
    }

    fn sources(&mut self) {
        let caption = self.say(messages::review_sources());
        let columns = [
            messages::review_source_key(),
            messages::review_source_title(),
            messages::review_source_number(),
            messages::review_source_read(),
        ];
        let columns = columns.map(|column| self.say(column));
        self.page.table(&caption, &columns);
        for source in &self.pack.sources {
            let title = self.tell.source(self.pack, source);
            let read = match source.is_checked {
                true => messages::value_yes(),
                false => messages::value_no(),
            };
            let read = self.say(read);
            self.page.raw("<tr>").row(&source.key).raw("<td>").link(source.url.as_deref(), &title);
            self.page.raw("</td>").element("td", &source.number).element("td", &read);
            self.page.raw("</tr>\n");
        }
        self.page.table_end();
    }

    fn rules(&mut self) {
        let caption = self.say(messages::review_rules());
        let columns = [
            messages::review_rule(),
            messages::review_says(),
            messages::review_when(),
            messages::review_effect(),
            messages::review_article(),
            messages::review_agree(),
        ];
        let columns = columns.map(|column| self.say(column));
        self.page.table(&caption, &columns);
        for rule in &self.pack.rules {
            self.rule(rule);
        }
        self.page.table_end();
        let cases = self.say(messages::review_cases(self.pack.cases.len()));
        self.page.element("p", &cases).raw("\n");
    }

    fn rule(&mut self, rule: &Rule) {
        let stage = self.say(messages::stage(rule.stage));
        self.page.raw("<tr id=\"").text(&rule.id).raw("\"><th scope=\"row\">").text(&rule.id);
        self.page.raw("<br><span class=\"small\">").text(&stage).raw("</span></th>");
        let text = self.tell.rule(rule);
        self.page.element("td", &text).raw("<td>");
        let condition = self.speak(&rule.when);
        self.condition(&condition);
        let outcome = self.tell.outcome(rule.outcome);
        self.page.raw("</td><td>").element("strong", &outcome);
        self.effects(rule);
        self.page.raw("</td><td class=\"article\">");
        self.articles(&rule.cite);
        self.in_force(rule.from, rule.until);
        self.page.raw("</td><td class=\"agree\"></td></tr>\n");
    }

    fn effects(&mut self, rule: &Rule) {
        let ids = |places: &[usize]| {
            let ids = places.iter().map(|place| self.pack.rules[*place].id.as_str());
            ids.collect::<Vec<_>>().join(", ")
        };
        let mut lines = Vec::new();
        if !rule.overrides.is_empty() {
            lines.push(self.say(messages::review_overrides(ids(&rule.overrides))));
        }
        if !rule.satisfies.is_empty() {
            lines.push(self.say(messages::review_satisfies(ids(&rule.satisfies))));
        }
        for duty in rule.obligations.iter().map(|place| &self.pack.obligations[*place]) {
            let (text, due) = (self.tell.duty(duty), self.tell.due(duty));
            lines.push(self.say(messages::review_duty(text, due)));
        }
        for document in self.tell.documents(rule) {
            lines.push(self.say(messages::review_document(document)));
        }
        self.page.list(&lines);
    }

    /// Articles, a line each, with a link to the instrument where there is one.
    fn articles(&mut self, cite: &[Citation]) {
        for citation in cite {
            let text = self.pack.cite(*citation);
            self.page.link(self.pack.sources[citation.source].url.as_deref(), &text).raw("<br>");
        }
    }

    /// Thresholds and lists, each with the time during which it is so.
    fn values(&mut self) {
        let symbols = self.engine.dictionary().symbols();
        let mut rows: Vec<(&str, String, Period<'_>)> = Vec::new();
        for (key, dated) in &self.pack.names.params {
            rows.extend(dated.entries.iter().map(|period| {
                (key.as_str(), grouped(period.value), (period.from, period.until, &period.cite[..]))
            }));
        }
        for (key, dated) in &self.pack.names.lists {
            rows.extend(dated.entries.iter().map(|period| {
                let members = period.value.iter().map(|member| symbols.text(*member));
                let members = members.collect::<Vec<_>>().join(", ");
                (key.as_str(), members, (period.from, period.until, &period.cite[..]))
            }));
        }
        if rows.is_empty() {
            return;
        }
        let caption = self.say(messages::review_values());
        let columns = [
            messages::review_value_name(),
            messages::review_value(),
            messages::review_article(),
            messages::review_agree(),
        ];
        let columns = columns.map(|column| self.say(column));
        self.page.table(&caption, &columns);
        for (key, value, (from, until, cite)) in rows {
            self.page.raw("<tr>").row(key).element("td", &value);
            self.page.raw("<td class=\"article\">");
            self.articles(cite);
            self.in_force(from, until);
            self.page.raw("</td><td class=\"agree\"></td></tr>\n");
        }
        self.page.table_end();
    }

    fn conflicts(&mut self) {
        if self.pack.conflicts.is_empty() {
            return;
        }
        let caption = self.say(messages::review_conflicts());
        let columns = [
            messages::review_conflict(),
            messages::review_says(),
            messages::review_when(),
            messages::review_article(),
            messages::review_agree(),
        ];
        let columns = columns.map(|column| self.say(column));
        self.page.table(&caption, &columns);
        for conflict in &self.pack.conflicts {
            let text = self.tell.conflict(self.pack, conflict);
            self.page.raw("<tr>").row(&conflict.id).element("td", &text).raw("<td>");
            let condition = self.speak(&conflict.when);
            self.condition(&condition);
            self.page.raw("</td><td class=\"article\">");
            self.articles(&conflict.cite);
            self.in_force(conflict.from, conflict.until);
            self.page.raw("</td><td class=\"agree\"></td></tr>\n");
        }
        self.page.table_end();
    }

    fn in_force(&mut self, from: Date, until: Option<Date>) {
        let from = from.to_string();
        let text = self.say(match until {
            None => messages::review_in_force(from),
            Some(until) => messages::review_in_force_until(from, until.to_string()),
        });
        self.page.raw("<span class=\"small\">").text(&text).raw("</span>");
    }

    fn duties(&mut self) {
        if self.pack.obligations.is_empty() {
            return;
        }
        let caption = self.say(messages::review_duties());
        let columns = [
            messages::review_duty_id(),
            messages::review_duty_text(),
            messages::review_duty_due(),
            messages::review_article(),
            messages::review_agree(),
        ];
        let columns = columns.map(|column| self.say(column));
        self.page.table(&caption, &columns);
        for duty in &self.pack.obligations {
            let (text, due) = (self.tell.duty(duty), self.tell.due(duty));
            self.page.raw("<tr>").row(&duty.id).element("td", &text).element("td", &due);
            self.page.raw("<td class=\"article\">");
            self.articles(&duty.cite);
            self.page.raw("</td><td class=\"agree\"></td></tr>\n");
        }
        self.page.table_end();
    }

    fn end(mut self) -> String {
        let signature = self.say(messages::review_signature());
        self.page.element("p", &signature).raw("\n<table class=\"sign\">\n<tbody>\n");
        let rows = [
            messages::review_name(),
            messages::review_licence(),
            messages::review_date(),
            messages::review_sign(),
        ];
        for label in rows {
            let label = self.say(label);
            self.page.raw("<tr>").row(&label).raw("<td></td></tr>\n");
        }
        self.page.raw("</tbody>\n</table>\n");
        self.page.end(self.tell)
    }
}
