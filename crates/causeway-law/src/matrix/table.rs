//! The matrix as JSON, as CSV with a line for each way of each pair, and as rows in which areas
//! that the law treats alike stand together.

use serde_json::{Value as Json, json};

use super::{Cell, Matrix, Way};
use crate::decision::{DISCLAIMER, articles, outcome_text};
use crate::words::{Language, Telling, Words};

/// Areas that the law treats alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// Their name: the area itself, or the pack that covers them.
    pub(crate) name: String,
    /// Their places.
    pub(crate) areas: Vec<usize>,
}

impl Group {
    /// Its name, with the number of areas if there are several.
    fn label(&self) -> String {
        match self.areas.len() {
            1 => self.name.clone(),
            count => format!("{} ({count} areas)", self.name),
        }
    }
}

impl Matrix<'_> {
    /// As JSON: every pair by itself.
    pub fn to_json(&self) -> Json {
        let cells = self.cells.iter().map(|cell| {
            let ways = cell.ways.iter().map(|way| self.way_json(way));
            let missing = cell.missing.iter().map(|fact| self.fact(*fact).name.as_str());
            json!({
                "from": self.from[cell.from], "to": self.to[cell.to],
                "outcome": outcome_text(cell.without),
                "at_best": cell.without.at_best.as_str(),
                "at_worst": cell.without.at_worst.as_str(),
                "ways": ways.collect::<Vec<_>>(),
                "missing": missing.collect::<Vec<_>>(),
            })
        });
        let packs = self.engine.packs_known_at(self.question.known_at).map(|pack| {
            json!({ "id": pack.id, "version": pack.version, "sha256": pack.sha256,
                    "status": pack.status.as_str() })
        });
        json!({
            "words": self.words.iter().map(|(_, class)| class.word.as_str()).collect::<Vec<_>>(),
            "persons": self.question.persons,
            "as_of": self.question.as_of.to_string(),
            "known_at": self.question.known_at.to_string(),
            "items": cells.collect::<Vec<_>>(),
            "packs": packs.collect::<Vec<_>>(),
            "disclaimer": DISCLAIMER,
        })
    }

    fn way_json(&self, way: &Way) -> Json {
        let dictionary = self.engine.dictionary();
        let rules = way.rules.iter().map(|place| {
            let (pack, rule) = self.rule(*place);
            json!({ "pack": pack.id, "rule": rule.id, "text": rule.text,
                    "articles": rule.cite.iter().map(|c| pack.cite(*c)).collect::<Vec<_>>() })
        });
        let needs = way.needs.iter().map(|fact| dictionary.fact(*fact).name.as_str());
        json!({
            "rules": rules.collect::<Vec<_>>(),
            "needs": needs.collect::<Vec<_>>(),
            "outcome": outcome_text(way.then),
            "at_worst": way.then.at_worst.as_str(),
        })
    }

    /// As CSV with a header: a line for each way of each pair, and one for each pair without any.
    pub fn to_csv(&self) -> String {
        let mut file = String::new();
        let header = [
            "from",
            "to",
            "outcome",
            "at_best",
            "at_worst",
            "rules",
            "mechanism",
            "needs",
            "articles",
            "then",
        ];
        line(&mut file, &header.map(str::to_owned));
        let tell_words = Words::of(Language::English);
        let tell = Telling::new(&tell_words);
        for cell in &self.cells {
            let head = [
                self.from[cell.from].clone(),
                self.to[cell.to].clone(),
                outcome_text(cell.without).to_owned(),
                cell.without.at_best.to_string(),
                cell.without.at_worst.to_string(),
            ];
            if cell.ways.is_empty() {
                line(&mut file, &[&head[..], &[const { String::new() }; 5]].concat());
            }
            for way in &cell.ways {
                let ids = way.rules.iter().map(|place| self.rule(*place).1.id.as_str());
                let needs = way.needs.iter().map(|f| self.engine.dictionary().fact(*f));
                let tail = [
                    ids.collect::<Vec<_>>().join(" "),
                    self.mechanism(&tell, way),
                    needs.map(|fact| fact.name.as_str()).collect::<Vec<_>>().join(" "),
                    self.articles(way),
                    outcome_text(way.then).to_owned(),
                ];
                line(&mut file, &[&head[..], &tail[..]].concat());
            }
        }
        file
    }

    /// As rows: from, to, what the law says without a mechanism, and what makes it pass.
    pub fn rows(&self) -> Vec<[String; 4]> {
        let words = Words::of(Language::English);
        let tell = Telling::new(&words);
        let (from, to) = self.groups();
        let mut rows = Vec::new();
        for exporters in &from {
            for (targets, cell) in self.targets(exporters, &to) {
                let names: Vec<String> = targets.iter().map(|group| group.label()).collect();
                let ways = cell
                    .ways
                    .iter()
                    .map(|way| format!("{} ({})", self.mechanism(&tell, way), self.articles(way)));
                rows.push([
                    exporters.label(),
                    names.join(", "),
                    tell.interval(cell.without),
                    ways.collect::<Vec<_>>().join("; "),
                ]);
            }
        }
        rows
    }

    /// What a way is, in words.
    pub(crate) fn mechanism(&self, tell: &Telling<'_>, way: &Way) -> String {
        let texts = way.rules.iter().map(|place| tell.rule(self.rule(*place).1));
        texts.collect::<Vec<_>>().join(" + ")
    }

    pub(crate) fn articles(&self, way: &Way) -> String {
        let all = way.rules.iter().map(|place| {
            let (pack, rule) = self.rule(*place);
            articles(pack, &rule.cite)
        });
        all.collect::<Vec<_>>().join("; ")
    }

    /// Importers of which the law says the same for these exporters, with what it says.
    pub(crate) fn targets<'g>(
        &self,
        exporters: &Group,
        importers: &'g [Group],
    ) -> Vec<(Vec<&'g Group>, &Cell)> {
        let mut targets: Vec<(Vec<&Group>, &Cell)> = Vec::new();
        for group in importers {
            let Some(cell) = self.between(exporters, group) else { continue };
            match targets.iter_mut().find(|(_, known)| says_the_same(known, cell)) {
                Some((groups, _)) => groups.push(group),
                None => targets.push((vec![group], cell)),
            }
        }
        targets
    }

    /// What the law says between two groups: between any two different areas of theirs.
    pub(crate) fn between(&self, from: &Group, to: &Group) -> Option<&Cell> {
        let cells = self.cells.iter();
        let mut cells =
            cells.filter(|cell| from.areas.contains(&cell.from) && to.areas.contains(&cell.to));
        cells.next()
    }

    /// Exporters and importers in groups that the law treats alike. An area of which it says
    /// anything else than of the others of its pack stands by itself.
    pub(crate) fn groups(&self) -> (Vec<Group>, Vec<Group>) {
        let covering = |area: &String| -> Vec<&str> {
            let Some(crate::facts::Value::Text(area)) = self.engine.area(area) else {
                return Vec::new();
            };
            let packs = self.engine.packs_known_at(self.question.known_at);
            packs.filter(|p| p.knows(area, self.question.as_of)).map(|p| p.id.as_str()).collect()
        };
        let collect = |areas: &[String]| {
            let mut groups: Vec<(Vec<&str>, Group)> = Vec::new();
            for (place, area) in areas.iter().enumerate() {
                let packs = covering(area);
                let known = groups.iter_mut().find(|(of, _)| *of == packs && !packs.is_empty());
                match known {
                    Some((packs, group)) => {
                        group.areas.push(place);
                        group.name = packs.join("+");
                    }
                    None => groups.push((packs, Group { name: area.clone(), areas: vec![place] })),
                }
            }
            groups.into_iter().map(|(_, group)| group).collect::<Vec<Group>>()
        };
        let (from, to) = (collect(&self.from), collect(&self.to));
        let is_alike = |from: &Group, to: &Group| {
            let cells = self.cells.iter();
            let mut cells =
                cells.filter(|cell| from.areas.contains(&cell.from) && to.areas.contains(&cell.to));
            let Some(first) = cells.next() else { return true };
            cells.all(|cell| says_the_same(first, cell))
        };
        let single = |place: usize, areas: &[String]| Group {
            name: areas[place].clone(),
            areas: vec![place],
        };
        let split = |groups: &[Group], areas: &[String], fits: &dyn Fn(&Group) -> bool| {
            let parts = groups.iter().flat_map(|group| match fits(group) {
                true => vec![group.clone()],
                false => group.areas.iter().map(|place| single(*place, areas)).collect(),
            });
            parts.collect::<Vec<_>>()
        };
        let rows = split(&from, &self.from, &|group| to.iter().all(|other| is_alike(group, other)));
        let columns =
            split(&to, &self.to, &|group| from.iter().all(|other| is_alike(other, group)));
        (rows, columns)
    }
}

fn says_the_same(one: &Cell, other: &Cell) -> bool {
    (one.without, &one.ways, &one.missing) == (other.without, &other.ways, &other.missing)
}

/// A line of CSV (RFC 4180).
fn line(file: &mut String, cells: &[String]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            file.push(',');
        }
        match cell.contains(['"', ',', '\n', '\r']) {
            true => {
                file.push('"');
                file.push_str(&cell.replace('"', "\"\""));
                file.push('"');
            }
            false => file.push_str(cell),
        }
    }
    file.push_str("\r\n");
}
