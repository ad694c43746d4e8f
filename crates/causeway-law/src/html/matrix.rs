//! The matrix as a page: one table of all areas, and below it what makes each crossing pass.

use super::Html;
use crate::decision::{grouped, outcome_text};
use crate::matrix::{Cell, Group, Matrix};
use crate::outcome::Outcome;
use crate::words::{Message, Telling, Words, messages};

impl Matrix<'_> {
    /// As a page of HTML that needs nothing else.
    pub fn to_html(&self, words: &Words) -> String {
        let tell = Telling::new(words);
        let title = tell.say(messages::matrix_title());
        let page = Html::new(&tell, &title);
        let (from, to) = self.groups();
        let mut writer = Writer { matrix: self, tell: &tell, page, from, to };
        writer.head();
        writer.overview();
        writer.groups();
        writer.details();
        writer.packs();
        writer.page.end(&tell)
    }
}

struct Writer<'m> {
    matrix: &'m Matrix<'m>,
    tell: &'m Telling<'m>,
    page: Html,
    from: Vec<Group>,
    to: Vec<Group>,
}

impl Writer<'_> {
    fn say(&self, message: Message<'_>) -> String {
        self.tell.say(message)
    }

    /// What the matrix is about.
    fn data(&self) -> String {
        let words = self.matrix.words.iter();
        let data = words.map(|(topic, class)| self.tell.class(topic.as_str(), class));
        let data = data.collect::<Vec<_>>().join("; ");
        match self.matrix.question.persons {
            Some(persons) => self.say(messages::matrix_persons(data, grouped(persons))),
            None => data,
        }
    }

    fn head(&mut self) {
        let notice = self.say(messages::disclaimer());
        let mut statuses: Vec<_> = self.matrix.packs().map(|pack| pack.status).collect();
        statuses.sort_unstable();
        // The least checked pack says how far the whole can be trusted.
        let status = statuses.first().map(|status| self.say(messages::status(*status)));
        let status = status.unwrap_or_else(|| self.say(messages::packs_none()));
        self.page.raw("<p class=\"notice\"><strong>").text(&status).raw("</strong>. ");
        self.page.text(&notice).raw("</p>\n");
        let assumed = self.say(messages::matrix_assumed());
        let day = self.say(messages::matrix_day(self.matrix.question.as_of.to_string()));
        self.page.element("p", &format!("{day} {assumed}")).raw("\n");
        let legend = self.say(messages::matrix_legend());
        self.page.element("h2", &legend).raw("\n<ul>\n");
        for outcome in Outcome::ALL {
            let word = self.tell.outcome(outcome);
            self.page.raw("<li><span class=\"").raw(outcome.as_str()).raw("\">").text(&word);
            self.page.raw("</span></li>\n");
        }
        self.page.raw("</ul>\n");
    }

    fn name(&self, group: &Group) -> String {
        match group.areas.len() {
            1 => group.name.clone(),
            count => self.say(messages::matrix_group(group.name.as_str(), count)),
        }
    }

    fn overview(&mut self) {
        let caption = self.say(messages::matrix_caption(self.data()));
        let corner = self.say(messages::matrix_from());
        let names: Vec<String> = self.to.iter().map(|group| self.name(group)).collect();
        let columns: Vec<String> = [corner].into_iter().chain(names).collect();
        self.page.table(&caption, &columns);
        for exporters in self.from.clone() {
            let name = self.name(&exporters);
            self.page.raw("<tr>").row(&name);
            for importers in self.to.clone() {
                match self.matrix.between(&exporters, &importers) {
                    None => {
                        self.page.raw("<td>—</td>");
                    }
                    Some(cell) => self.overview_cell(cell, &exporters, &importers),
                }
            }
            self.page.raw("</tr>\n");
        }
        self.page.table_end();
    }

    fn overview_cell(&mut self, cell: &Cell, exporters: &Group, importers: &Group) {
        let outcome = match cell.without.determined() {
            Some(outcome) => self.tell.outcome(outcome),
            None => self.say(messages::matrix_open(self.tell.outcome(cell.without.at_worst))),
        };
        let class = outcome_text(cell.without);
        self.page.raw("<td class=\"").raw(class).raw("\">").text(&outcome);
        if !cell.without.at_worst.lets_pass() {
            let ways = self.say(messages::matrix_ways(cell.ways.len()));
            let place = place(exporters, importers);
            self.page.raw("<br><a href=\"#").text(&place).raw("\">").text(&ways).raw("</a>");
        }
        self.page.raw("</td>");
    }

    /// Which areas stand behind the name of a group.
    fn groups(&mut self) {
        let matrix = self.matrix;
        let mut lines: Vec<String> = Vec::new();
        for (groups, areas) in [(&self.from, &matrix.from), (&self.to, &matrix.to)] {
            for group in groups.iter().filter(|group| group.areas.len() > 1) {
                let members: Vec<&str> =
                    group.areas.iter().map(|place| areas[*place].as_str()).collect();
                let members = members.join(", ");
                let line = self.say(messages::matrix_members(group.name.as_str(), members));
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        if !lines.is_empty() {
            let heading = self.say(messages::matrix_groups());
            self.page.element("h2", &heading).list(&lines).raw("\n");
        }
    }

    fn details(&mut self) {
        let heading = self.say(messages::matrix_mechanisms());
        self.page.element("h2", &heading).raw("\n");
        for exporters in self.from.clone() {
            let importers = self.to.clone();
            for (targets, cell) in self.matrix.targets(&exporters, &importers) {
                if !cell.without.at_worst.lets_pass() {
                    self.detail(&exporters, &targets, cell);
                }
            }
        }
    }

    fn detail(&mut self, exporters: &Group, targets: &[&Group], cell: &Cell) {
        let name = self.name(exporters);
        self.page.raw("<h3>").text(&name).raw(" → ");
        for (number, target) in targets.iter().enumerate() {
            let gap = if number > 0 { ", " } else { "" };
            let name = self.name(target);
            self.page.raw(gap).raw("<span id=\"").text(&place(exporters, target)).raw("\">");
            self.page.text(&name).raw("</span>");
        }
        self.page.raw("</h3>\n");
        let outcome = self.tell.interval(cell.without);
        let without = self.say(messages::matrix_outcome(outcome));
        if !cell.missing.is_empty() {
            let depends = self.say(messages::matrix_depends());
            let questions = cell.missing.iter();
            let questions = questions.map(|fact| self.tell.question(self.matrix.fact(*fact)));
            let questions: Vec<String> = questions.collect();
            self.page.element("p", &depends).list(&questions).raw("\n");
        }
        if cell.ways.is_empty() {
            let none = self.say(messages::matrix_none());
            self.page.element("p", &format!("{without}. {none}")).raw("\n");
            return;
        }
        let columns = [
            messages::matrix_mechanism(),
            messages::matrix_needs(),
            messages::matrix_articles(),
            messages::matrix_then(),
        ];
        let columns = columns.map(|column| self.say(column));
        self.page.table(&without, &columns);
        for way in &cell.ways {
            let mechanism = self.matrix.mechanism(self.tell, way);
            let needs: Vec<String> =
                way.needs.iter().map(|fact| self.tell.question(self.matrix.fact(*fact))).collect();
            let articles = self.matrix.articles(way);
            let then = self.tell.interval(way.then);
            self.page.raw("<tr>").row(&mechanism).raw("<td>").list(&needs).raw("</td>");
            self.page.element("td", &articles).element("td", &then).raw("</tr>\n");
        }
        self.page.table_end();
    }

    fn packs(&mut self) {
        let heading = self.say(messages::heading_packs());
        self.page.element("h2", &heading).raw("\n<ul>\n");
        let matrix = self.matrix;
        for pack in matrix.packs() {
            let status = self.say(messages::status(pack.status));
            let (id, version) = (pack.id.as_str(), pack.version.as_str());
            let line = messages::pack_line(id, version, pack.known_from.to_string(), status);
            let line = self.say(line);
            let hash = self.say(messages::pack_hash(pack.sha256.as_str()));
            let title = self.tell.pack(pack);
            self.page.raw("<li>").text(&title).raw(". ").text(&line);
            self.page.raw("<br><code class=\"small\">").text(&hash).raw("</code></li>\n");
        }
        self.page.raw("</ul>\n");
    }
}

/// The name of a pair inside the page.
fn place(from: &Group, to: &Group) -> String {
    format!("from-{}-to-{}", from.name, to.name)
}
