//! Reading a pack. Every fault is found at once, each with its line; a pack with a fault is not
//! used at all.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use super::file::{
    CaseEntry, File, ListEntry, ObligationEntry, ParamEntry, RuleEntry, SourceEntry,
};
use super::{Case, Citation, Obligation, Pack, Rule, Source, Stage, Status};
use crate::expression::{Dated, Expression, Names, Period, parse};
use crate::facts::{Dictionary, Kind, Value, is_area};
use crate::outcome::{Interval, Outcome};

/// Largest pack, in bytes.
const PACK_BYTES_MAX: usize = 1024 * 1024;
/// Most rules of one pack.
const RULES_MAX: usize = 1_000;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// The pack is not used.
    Error,
}

/// Something about a pack, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The pack's file.
    pub file: String,
    /// The line, from 1 on.
    pub line: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What was found and what was expected.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// Reads a pack, or says everything that is wrong with it.
pub(crate) fn read(
    file: &str,
    text: &str,
    dictionary: &mut Dictionary,
) -> Result<Pack, Vec<Finding>> {
    let mut reader = Reader { file, text, dictionary, findings: Vec::new() };
    if text.len() > PACK_BYTES_MAX {
        reader
            .error(0..0, format!("found {} bytes, expected at most {PACK_BYTES_MAX}", text.len()));
        return Err(reader.findings);
    }
    let entries: File = match toml::from_str(text) {
        Ok(entries) => entries,
        Err(error) => {
            reader.error(error.span().unwrap_or(0..0), error.message().to_owned());
            return Err(reader.findings);
        }
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
    dictionary: &'a mut Dictionary,
    findings: Vec<Finding>,
}

/// What citations refer to.
#[derive(Default)]
struct Cited {
    sources: Vec<Source>,
    articles: Vec<String>,
}

/// What a rule may refer to.
struct Context<'c> {
    places: HashMap<String, usize>,
    stages: Vec<Option<Stage>>,
    names: &'c Names,
    obligations: &'c [Obligation],
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or(self.text).matches('\n').count() + 1
    }

    fn error(&mut self, span: Range<usize>, text: String) {
        let (file, line) = (self.file.to_owned(), self.line(span.start));
        self.findings.push(Finding { file, line, severity: Severity::Error, text });
    }

    fn pack(&mut self, file: File) -> Option<Pack> {
        let File { pack: head, source, param, list, obligation, rule, case } = file;
        let mut cited = self.sources(source);
        let names =
            Names { params: self.params(param, &mut cited), lists: self.lists(list, &mut cited) };
        let obligations = self.obligations(obligation, &mut cited);
        if rule.len() > RULES_MAX {
            let found = rule.len();
            self.error(0..0, format!("found {found} rules, expected at most {RULES_MAX}"));
            return None;
        }
        let rules = self.rules(rule, &names, &obligations, &mut cited);
        let order = self.order(&rules);
        let cases = self.cases(case, &rules);
        let covers = self.areas(&head.covers);
        let id = self.name(&head.id);
        let known_from = self.day(&head.known_from);
        let status = self.one_of(&head.status, Status::ALL.map(|s| (s.as_str(), s)));
        let applies = self.condition(&head.applies, &names);
        let otherwise = head.otherwise.as_ref().and_then(|outcome| {
            let Some(because) = head.otherwise_because.clone() else {
                let reason = "found otherwise without otherwise_because".to_owned();
                self.error(outcome.span(), reason);
                return None;
            };
            Some((self.outcome(outcome)?, because))
        });
        let sha256 = Sha256::digest(self.text.as_bytes());
        Some(Pack {
            id: id?,
            title: head.title,
            version: head.version,
            known_from: known_from?,
            known_until: None,
            status: status?,
            covers,
            otherwise,
            sources: cited.sources,
            articles: cited.articles,
            obligations,
            rules,
            cases,
            sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            applies: applies?,
            names,
            order,
        })
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
            if let Some((from, until)) = self.time(&from, until.as_ref()) {
                self.add(&mut params, &key, Period { from, until, value, cite });
            }
        }
        params
    }

    fn lists(
        &mut self,
        entries: Vec<ListEntry>,
        cited: &mut Cited,
    ) -> Vec<(String, Dated<Vec<crate::facts::Symbol>>)> {
        let mut lists = Vec::new();
        for ListEntry { key, members, from, until, cite } in entries {
            let cite = self.cite(&cite, cited);
            let value = self.areas(&members);
            if let Some((from, until)) = self.time(&from, until.as_ref()) {
                self.add(&mut lists, &key, Period { from, until, value, cite });
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

    fn rules(
        &mut self,
        entries: Vec<RuleEntry>,
        names: &Names,
        obligations: &[Obligation],
        cited: &mut Cited,
    ) -> Vec<Rule> {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, entry) in entries.iter().enumerate() {
            if places.insert(entry.id.get_ref().clone(), place).is_some() {
                self.error(entry.id.span(), format!("found the rule {} twice", entry.id.get_ref()));
            }
        }
        let stages: Vec<Option<Stage>> = entries
            .iter()
            .map(|entry| self.one_of(&entry.stage, Stage::ALL.map(|s| (s.as_str(), s))))
            .collect();
        let context = Context { places, stages, names, obligations };
        let entries = entries.into_iter().enumerate();
        entries.filter_map(|(place, entry)| self.rule(place, entry, &context, cited)).collect()
    }

    fn rule(
        &mut self,
        place: usize,
        entry: RuleEntry,
        context: &Context<'_>,
        cited: &mut Cited,
    ) -> Option<Rule> {
        let overrides = self.targets(&entry.overrides, "overrides", &Stage::ALL, context);
        let satisfies = self.targets(&entry.satisfies, "satisfies", &[Stage::Trigger], context);
        let when = self.condition(&entry.when, context.names);
        let time = self.time(&entry.from, entry.until.as_ref());
        if let (Some(when), Some((from, until))) = (&when, time) {
            self.spans(&entry.when, when, context.names, from, until);
        }
        let cite = self.cite(&entry.cite, cited);
        let mut obligations = Vec::new();
        for name in &entry.obligations {
            let known = context.obligations.iter().position(|known| known.id == *name.get_ref());
            if known.is_none() {
                let expected = "expected an obligation of this pack";
                self.error(name.span(), format!("found {:?}, {expected}", name.get_ref()));
            }
            obligations.extend(known);
        }
        let stage = context.stages[place]?;
        let outcome = self.outcome_of(&entry, stage, !obligations.is_empty());
        if (stage == Stage::Mechanism) == satisfies.is_empty() {
            let text = "found a mechanism that satisfies nothing, or another rule that does";
            self.error(entry.id.span(), text.to_owned());
        }
        let line = self.line(entry.id.span().start);
        let (from, until) = time?;
        Some(Rule {
            id: entry.id.into_inner(),
            stage,
            outcome: outcome?,
            from,
            until,
            cite,
            text: entry.text,
            obligations,
            documents: entry.documents,
            overrides,
            satisfies,
            line,
            when: when?,
        })
    }

    /// The places of rules that another one names.
    fn targets(
        &mut self,
        named: &[Spanned<String>],
        what: &str,
        of: &[Stage],
        context: &Context<'_>,
    ) -> Vec<usize> {
        let mut targets = Vec::new();
        for name in named {
            let place = context.places.get(name.get_ref()).copied();
            let fits = |place: &usize| context.stages[*place].is_some_and(|s| of.contains(&s));
            match place.filter(fits) {
                Some(place) => targets.push(place),
                None => {
                    let found = name.get_ref();
                    self.error(name.span(), format!("{what}: found {found:?}, no such rule"));
                }
            }
        }
        targets
    }

    /// What a rule refers to must have a value on every day it is in force.
    fn spans(
        &mut self,
        text: &Spanned<String>,
        when: &Expression,
        names: &Names,
        from: Date,
        until: Option<Date>,
    ) {
        let mut short: Vec<String> = Vec::new();
        let (params, lists) = (&names.params, &names.lists);
        let mut lacking = Vec::new();
        when.dated(
            &mut |place| {
                if !params[place].1.spans(from, until) {
                    short.push(format!("param.{}", params[place].0));
                }
            },
            &mut |place| {
                if !lists[place].1.spans(from, until) {
                    lacking.push(format!("list.{}", lists[place].0));
                }
            },
        );
        for name in short.into_iter().chain(lacking) {
            let text_of = format!("found {name} without a value on every day of the rule");
            self.error(text.span(), text_of);
        }
    }

    /// What a rule says: where only one outcome makes sense, it need not be written.
    fn outcome_of(&mut self, entry: &RuleEntry, stage: Stage, owes: bool) -> Option<Outcome> {
        let outcome = match (&entry.outcome, stage) {
            (Some(outcome), _) => self.outcome(outcome)?,
            (None, Stage::Prohibition) => Outcome::Prohibited,
            (None, Stage::Obligation) => Outcome::PermittedWithObligations,
            (None, _) => {
                self.error(entry.id.span(), "expected an outcome".to_owned());
                return None;
            }
        };
        let span = entry.outcome.as_ref().map_or(entry.id.span(), Spanned::span);
        if !stage.allows(outcome) {
            self.error(span, format!("found {outcome}, which no {} says", stage.as_str()));
            return None;
        }
        // Whoever reads "with obligations" wants to know which.
        if owes != (outcome == Outcome::PermittedWithObligations) && outcome.lets_pass() {
            self.error(
                span,
                format!("found {outcome} {} obligations", if owes { "with" } else { "without" }),
            );
        }
        Some(outcome)
    }

    /// Rules so that each comes after all that may override it.
    fn order(&mut self, rules: &[Rule]) -> Vec<usize> {
        let mut waits = vec![0; rules.len()];
        for rule in rules {
            rule.overrides.iter().for_each(|other| {
                if let Some(count) = waits.get_mut(*other) {
                    *count += 1;
                }
            });
        }
        let mut order: Vec<usize> = (0..rules.len()).filter(|rule| waits[*rule] == 0).collect();
        let mut next = 0;
        while let Some(&rule) = order.get(next) {
            next += 1;
            for &other in &rules[rule].overrides {
                if let Some(count) = waits.get_mut(other) {
                    *count -= 1;
                    if *count == 0 {
                        order.push(other);
                    }
                }
            }
        }
        let stuck: Vec<&str> = (0..rules.len())
            .filter(|rule| waits[*rule] > 0)
            .map(|rule| rules[rule].id.as_str())
            .collect();
        if !stuck.is_empty() {
            let text =
                format!("found rules that override each other in a circle: {}", stuck.join(", "));
            self.error(0..0, text);
        }
        order
    }

    fn cases(&mut self, entries: Vec<CaseEntry>, rules: &[Rule]) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        for entry in entries {
            let at = self.day(&entry.at);
            let best = self.outcome(&entry.expect);
            let worst = entry.at_worst.as_ref().map_or(best, |outcome| self.outcome(outcome));
            let facts = self.facts(&entry);
            let because = entry.because.iter().filter_map(|name| {
                let place = rules.iter().position(|rule| rule.id == *name.get_ref());
                if place.is_none() {
                    let text = format!("because: found {:?}, no such rule", name.get_ref());
                    self.error(name.span(), text);
                }
                place
            });
            let because: Vec<usize> = because.collect();
            let line = self.line(entry.id.span().start);
            let otherwise_no = entry.otherwise == "no";
            if !otherwise_no && entry.otherwise != "unknown" {
                let text =
                    format!("otherwise: found {:?}, expected no or unknown", entry.otherwise);
                self.error(entry.id.span(), text);
            }
            if let (Some(at), Some(at_best), Some(at_worst), Some(facts)) = (at, best, worst, facts)
            {
                let expect = Interval { at_best, at_worst };
                let id = entry.id.into_inner();
                cases.push(Case { id, at, facts, otherwise_no, expect, because, line });
            }
        }
        cases
    }

    fn facts(&mut self, entry: &CaseEntry) -> Option<crate::facts::Facts> {
        // An area that only cases name gets a number of its own.
        for (name, value) in entry.facts.get_ref() {
            if let (Some(id), Some(text)) = (self.dictionary.find(name), value.as_str())
                && self.dictionary.fact(id).kind == Kind::Area
                && is_area(text)
            {
                self.dictionary.symbols_mut().intern(text);
            }
        }
        match self.dictionary.read_facts(entry.facts.get_ref()) {
            Ok(facts) => Some(facts),
            Err(error) => {
                self.error(entry.facts.span(), error.to_string());
                None
            }
        }
    }

    fn condition(&mut self, text: &Spanned<String>, names: &Names) -> Option<Expression> {
        match parse(text.get_ref(), self.dictionary, names) {
            Ok(expression) => Some(expression),
            Err(error) => {
                // The text may be quoted over several lines; its own lines count from its quote.
                let start = text.span().start + error.at;
                self.error(start..start, format!("condition: {}", error.reason));
                None
            }
        }
    }

    fn cite(&mut self, texts: &Spanned<Vec<String>>, cited: &mut Cited) -> Vec<Citation> {
        if texts.get_ref().is_empty() {
            self.error(texts.span(), "found no citation".to_owned());
        }
        let mut all = Vec::new();
        for text in texts.get_ref() {
            let parts = text.split_once(':');
            let source = parts.and_then(|(key, _)| cited.sources.iter().position(|s| s.key == key));
            let (Some(source), Some((_, article))) = (source, parts) else {
                let expected = "expected SOURCE:ARTICLE with a source of this pack";
                self.error(texts.span(), format!("cite: found {text:?}, {expected}"));
                continue;
            };
            let known = cited.articles.iter().position(|known| known == article);
            let article = known.unwrap_or_else(|| {
                cited.articles.push(article.to_owned());
                cited.articles.len() - 1
            });
            all.push(Citation { source, article });
        }
        all
    }

    fn areas(&mut self, texts: &Spanned<Vec<String>>) -> Vec<crate::facts::Symbol> {
        let mut symbols = Vec::new();
        for text in texts.get_ref() {
            if is_area(text) {
                symbols.push(self.dictionary.symbols_mut().intern(text));
            } else {
                self.error(texts.span(), format!("found {text:?}, expected a legal area"));
            }
        }
        symbols
    }

    fn name(&mut self, text: &Spanned<String>) -> Option<String> {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        if text.get_ref().is_empty() || !text.get_ref().chars().all(is_name) {
            let expected = "expected lower-case letters, digits, - and .";
            self.error(text.span(), format!("found {:?}, {expected}", text.get_ref()));
            return None;
        }
        Some(text.get_ref().clone())
    }

    fn day(&mut self, text: &Spanned<String>) -> Option<Date> {
        let day = text.get_ref().parse().ok();
        if day.is_none() {
            let found = text.get_ref();
            self.error(text.span(), format!("found {found:?}, expected a day such as 2026-06-01"));
        }
        day
    }

    fn time(
        &mut self,
        from: &Spanned<String>,
        until: Option<&Spanned<String>>,
    ) -> Option<(Date, Option<Date>)> {
        let first = self.day(from)?;
        let Some(text) = until else { return Some((first, None)) };
        let until = self.day(text)?;
        if until <= first {
            self.error(text.span(), format!("found the end {until} not after the start {first}"));
        }
        Some((first, Some(until)))
    }

    fn outcome(&mut self, text: &Spanned<String>) -> Option<Outcome> {
        self.one_of(text, Outcome::ALL.map(|outcome| (outcome.as_str(), outcome)))
    }

    fn one_of<T: Copy, const N: usize>(
        &mut self,
        text: &Spanned<String>,
        known: [(&str, T); N],
    ) -> Option<T> {
        let found = known.iter().find(|(name, _)| *name == text.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let names = known.map(|(name, _)| name).join(", ");
            self.error(text.span(), format!("found {:?}, expected {names}", text.get_ref()));
        }
        found
    }
}

impl Case {
    /// The facts with everything filled in that the case does not name.
    pub(crate) fn complete(&self, dictionary: &Dictionary) -> crate::facts::Facts {
        let mut facts = self.facts.clone();
        if self.otherwise_no {
            for (id, fact) in dictionary.iter() {
                let value = match fact.kind {
                    Kind::Flag => Value::Flag(false),
                    Kind::Count => Value::Count(0),
                    // There is no "no" for these.
                    Kind::Day | Kind::Area | Kind::OneOf(_) => continue,
                };
                if facts.get(id).is_none() {
                    facts.set(id, Some(value));
                }
            }
        }
        facts
    }
}
