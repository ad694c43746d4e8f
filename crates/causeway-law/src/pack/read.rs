//! Reading a pack. Every fault is found at once, each with its line; a pack with a fault is not
//! used at all. How rules, cases and single terms are read is in the modules below.

mod cases;
mod conflicts;
mod rules;
mod terms;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use toml::Spanned;

use super::file::{File, Head, ListEntry, ObligationEntry, ParamEntry, SourceEntry};
use super::{Obligation, Pack, Role, Rule, Source, Stage, Status};
use crate::expression::{Dated, Expression, Names, Period};
use crate::facts::{Dictionary, Symbol};
use causeway_seal::{Finding, Severity};

pub(crate) use self::terms::is_id;

/// Largest pack, in bytes.
pub const PACK_BYTES_MAX: usize = 1024 * 1024;
/// Most rules of one pack.
const RULES_MAX: usize = 1_000;

/// Reads a pack, or says everything that is wrong with it.
pub(crate) fn read(
    file: &str,
    text: &str,
    dictionary: &mut Dictionary,
) -> Result<Pack, Vec<Finding>> {
    let entries: File = causeway_seal::read_toml(file, text, PACK_BYTES_MAX)?;
    let mut reader = Reader {
        file,
        text,
        line_ends: text.match_indices('\n').map(|(at, _)| at).collect(),
        dictionary,
        findings: Vec::new(),
        places: HashMap::new(),
    };
    let pack = reader.pack(entries);
    match pack {
        Some(pack) if reader.findings.is_empty() => Ok(pack),
        _ => Err(reader.findings),
    }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    /// Where the lines end.
    line_ends: Vec<usize>,
    dictionary: &'a mut Dictionary,
    findings: Vec<Finding>,
    /// Where each rule is, also one that could not be read: what names it is no fault of its own.
    places: HashMap<String, usize>,
}

/// What citations refer to.
#[derive(Default)]
struct Cited {
    sources: Vec<Source>,
    articles: Vec<String>,
}

/// What a rule may refer to.
struct Context<'c> {
    role: Role,
    places: HashMap<String, usize>,
    stages: Vec<Option<Stage>>,
    names: &'c Names,
    obligations: &'c [Obligation],
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        self.line_ends.partition_point(|end| *end < at) + 1
    }

    fn error(&mut self, span: Range<usize>, text: String) {
        self.findings.push(Finding::at(self.file, self.text, span, Severity::Error, text));
    }

    fn error_with(&mut self, span: Range<usize>, text: String, help: &str) {
        let finding = Finding::at(self.file, self.text, span, Severity::Error, text);
        self.findings.push(finding.help(help));
    }

    fn pack(&mut self, file: File) -> Option<Pack> {
        let File { pack: head, source, param, list, obligation, rule, conflict, case } = file;
        let mut cited = self.sources(source);
        let names =
            Names { params: self.params(param, &mut cited), lists: self.lists(list, &mut cited) };
        let obligations = self.obligations(obligation, &mut cited);
        if rule.len() > RULES_MAX {
            let found = rule.len();
            self.error(0..0, format!("found {found} rules, expected at most {RULES_MAX}"));
            return None;
        }
        let role = self.role(&head)?;
        let rules = self.rules(rule, role, &names, &obligations, &mut cited);
        let order = self.order(&rules);
        let conflicts = self.conflicts(conflict, role, &names, &mut cited);
        let cases = self.cases(case, role, &conflicts);
        let covers = self.covers(&head, role);
        let id = self.name(&head.id);
        let known_from = self.day(&head.known_from);
        let status = self.one_of(&head.status, Status::ALL.map(|s| (s.as_str(), s)));
        let applies = self.condition(&head.applies, &names);
        let otherwise = head.otherwise.as_ref().and_then(|outcome| {
            let Some(because) = head.otherwise_because.clone() else {
                let reason = "found otherwise without otherwise_because".to_owned();
                let help = "say why, for example: otherwise_because = \"the law is about people\"";
                self.error_with(outcome.span(), reason, help);
                return None;
            };
            Some((self.outcome(outcome)?, because))
        });
        let in_force = match (&head.in_force, &applies) {
            (Some(day), _) => self.day(day),
            (None, Some(applies)) => Some(knows_from(applies, &names, &rules)),
            (None, None) => None,
        };
        if let (Some(applies), Some(in_force)) = (&applies, in_force) {
            self.spans(&head.applies, "pack", applies, &names, (in_force, None));
        }
        Some(Pack {
            id: id?,
            file: self.file.to_owned(),
            text: Arc::from(self.text),
            title: head.title,
            version: head.version,
            known_from: known_from?,
            known_until: None,
            in_force: in_force?,
            status: status?,
            role,
            covers,
            otherwise,
            sources: cited.sources,
            articles: cited.articles,
            obligations,
            rules,
            conflicts,
            cases,
            sha256: causeway_seal::sha256(self.text.as_bytes()),
            applies: applies?,
            names,
            order,
        })
    }

    /// What the pack is. What is no law neither covers an area nor says anything of its own accord:
    /// else it could make a crossing lawful of which no law says so.
    fn role(&mut self, head: &Head) -> Option<Role> {
        let role = match &head.role {
            None => Role::Law,
            Some(role) => self.one_of(role, Role::ALL.map(|role| (role.as_str(), role)))?,
        };
        if let (Some(otherwise), Role::Advisory | Role::Organisation) = (&head.otherwise, role) {
            let text = format!("found otherwise, which a pack of role {} never has", role.as_str());
            let help = "take it out: what is no law cannot say that a law allows something";
            self.error_with(otherwise.span(), text, help);
        }
        Some(role)
    }

    fn covers(&mut self, head: &Head, role: Role) -> Vec<Symbol> {
        match (&head.covers, role) {
            (Some(areas), Role::Law) => self.areas(areas),
            (None, Role::Law) => {
                let text = "expected covers, the areas of this law".to_owned();
                let help = "covers = [\"KE\"]; or covers = [] for law that covers no whole area";
                self.error_with(head.id.span(), text, help);
                Vec::new()
            }
            (Some(areas), _) if !areas.get_ref().is_empty() => {
                let role = role.as_str();
                let text = format!("found covers, which a pack of role {role} leaves empty");
                let help = "take it out: an area is covered by its law";
                self.error_with(areas.span(), text, help);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn sources(&mut self, entries: Vec<SourceEntry>) -> Cited {
        let mut cited = Cited::default();
        for SourceEntry { key, title, number, url, checked } in entries {
            if cited.sources.iter().any(|source| source.key == *key.get_ref()) {
                self.error(key.span(), format!("found the source {} twice", key.get_ref()));
            }
            let key = key.into_inner();
            cited.sources.push(Source { key, title, number, url, is_checked: checked });
        }
        cited
    }

    fn params(&mut self, entries: Vec<ParamEntry>, cited: &mut Cited) -> Vec<(String, Dated<u64>)> {
        let mut params: Vec<(String, Dated<u64>)> = Vec::new();
        for ParamEntry { key, value, from, until, cite } in entries {
            let cite = self.cite(&cite, cited);
            let line = self.line(key.span().start);
            if let Some((from, until)) = self.time(&from, until.as_ref()) {
                self.add(&mut params, &key, Period { from, until, value, cite, line });
            }
        }
        params
    }

    fn lists(
        &mut self,
        entries: Vec<ListEntry>,
        cited: &mut Cited,
    ) -> Vec<(String, Dated<Vec<Symbol>>)> {
        let mut lists = Vec::new();
        for ListEntry { key, members, from, until, cite } in entries {
            let cite = self.cite(&cite, cited);
            let value = self.areas(&members);
            let line = self.line(key.span().start);
            if let Some((from, until)) = self.time(&from, until.as_ref()) {
                self.add(&mut lists, &key, Period { from, until, value, cite, line });
            }
        }
        lists
    }

    /// Adds a period to something dated; two periods of the same must not overlap.
    fn add<T>(
        &mut self,
        all: &mut Vec<(String, Dated<T>)>,
        key: &Spanned<String>,
        period: Period<T>,
    ) {
        let Some((_, known)) = all.iter_mut().find(|(name, _)| name == key.get_ref()) else {
            all.push((key.get_ref().clone(), Dated { entries: vec![period] }));
            return;
        };
        let overlaps = |other: &Period<T>| {
            let ends_before = |a: &Period<T>, b: &Period<T>| a.until.is_some_and(|u| u <= b.from);
            !ends_before(other, &period) && !ends_before(&period, other)
        };
        if known.entries.iter().any(overlaps) {
            let text = format!("found two values of {} for the same day", key.get_ref());
            self.error(key.span(), text);
        }
        known.entries.push(period);
    }

    fn obligations(&mut self, entries: Vec<ObligationEntry>, cited: &mut Cited) -> Vec<Obligation> {
        let mut all: Vec<Obligation> = Vec::new();
        for ObligationEntry { id, text, due, cite } in entries {
            if all.iter().any(|known| known.id == *id.get_ref()) {
                self.error(id.span(), format!("found the obligation {} twice", id.get_ref()));
            }
            let cite = self.cite(&cite, cited);
            all.push(Obligation { id: id.into_inner(), text, due, cite });
        }
        all
    }
}

/// The first day on which some rule is in force and it can be told whether the pack applies; of a
/// pack without rules, the latter alone.
fn knows_from(applies: &Expression, names: &Names, rules: &[Rule]) -> Date {
    fn start<T>(dated: &Dated<T>) -> Option<Date> {
        dated.entries.iter().map(|period| period.from).min()
    }
    let mut from = rules.iter().map(|rule| rule.from).min().unwrap_or(Date::MIN);
    let mut lists = Vec::new();
    applies.dated(
        &mut |param| from = from.max(start(&names.params[param].1).unwrap_or(from)),
        &mut |list| lists.extend(start(&names.lists[list].1)),
    );
    lists.into_iter().fold(from, Date::max)
}
