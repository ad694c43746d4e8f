//! Reading rules: their conditions and times, what they refer to, and in which order they override
//! each other.

use std::collections::HashMap;

use jiff::civil::Date;
use toml::Spanned;

use super::{Cited, Context, Reader};
use crate::expression::{Expression, Names};
use crate::outcome::Outcome;
use crate::pack::file::RuleEntry;
use crate::pack::{Obligation, Role, Rule, Stage};
use causeway_seal::{Finding, Severity};

impl Reader<'_> {
    pub(super) fn rules(
        &mut self,
        entries: Vec<RuleEntry>,
        role: Role,
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
        self.places.clone_from(&places);
        let context = Context { role, places, stages, names, obligations };
        let entries = entries.into_iter().enumerate();
        entries.filter_map(|(place, entry)| self.rule(place, entry, &context, cited)).collect()
    }

    pub(super) fn rule(
        &mut self,
        place: usize,
        entry: RuleEntry,
        context: &Context<'_>,
        cited: &mut Cited,
    ) -> Option<Rule> {
        let overrides = self.targets(&entry.overrides, "overrides", &Stage::ALL, context);
        let satisfies = self.targets(&entry.satisfies, "satisfies", &[Stage::Trigger], context);
        let stricter = [Stage::Prohibition, Stage::Trigger];
        let beside = self.targets(&entry.beside, "beside", &stricter, context);
        let when = self.condition(&entry.when, context.names);
        let time = self.time(&entry.from, entry.until.as_ref());
        if let (Some(when), Some(time)) = (&when, time) {
            self.spans(&entry.when, "rule", when, context.names, time);
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
        self.fits(&entry, context.role, stage);
        if stage != Stage::Exemption && !beside.is_empty() {
            let text = "found beside, which only an exemption has".to_owned();
            self.error(entry.id.span(), text);
        }
        let outcome = self.outcome_of(&entry, stage, !obligations.is_empty());
        if (stage == Stage::Mechanism) == satisfies.is_empty() {
            let text = "found a mechanism that satisfies nothing, or another rule that does";
            let help = "a mechanism names the triggers it satisfies; no other stage does";
            self.error_with(entry.id.span(), text.to_owned(), help);
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
            beside,
            satisfies,
            line,
            when: when?,
        })
    }

    /// The places of rules that another one names.
    pub(super) fn targets(
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

    /// What a condition refers to must have a value on every day on which it is asked.
    pub(super) fn spans(
        &mut self,
        text: &Spanned<String>,
        of: &str,
        when: &Expression,
        names: &Names,
        (from, until): (Date, Option<Date>),
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
            let text_of = format!("found {name} without a value on every day of the {of}");
            let help = "give it a value for these days too, or shorten the time";
            self.error_with(text.span(), text_of, help);
        }
    }

    /// Advice stands in advisory packs only, and there is nothing else in them.
    fn fits(&mut self, entry: &RuleEntry, role: Role, stage: Stage) {
        if (role == Role::Advisory) != (stage == Stage::Advice) {
            let (role, stage) = (role.as_str(), stage.as_str());
            let text = format!("found {stage} in a pack of role {role}");
            let help = "advice stands in packs of role advisory, and nothing else does";
            self.error_with(entry.stage.span(), text, help);
        }
        if stage != Stage::Advice {
            return;
        }
        let lists = [&entry.obligations, &entry.overrides, &entry.satisfies];
        let has_list = lists.iter().any(|list| !list.is_empty()) || !entry.documents.is_empty();
        if has_list || entry.outcome.is_some() {
            let text =
                "found advice with an outcome, obligations, documents, overrides or satisfies";
            self.error(entry.id.span(), text.to_owned());
        }
    }

    /// What a rule says: where only one outcome makes sense, it need not be written.
    pub(super) fn outcome_of(
        &mut self,
        entry: &RuleEntry,
        stage: Stage,
        owes: bool,
    ) -> Option<Outcome> {
        let outcome = match (&entry.outcome, stage) {
            (Some(outcome), _) => self.outcome(outcome)?,
            (None, Stage::Prohibition) => Outcome::Prohibited,
            (None, Stage::Obligation) => Outcome::PermittedWithObligations,
            (None, Stage::Advice) => Outcome::Permitted,
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
    pub(super) fn order(&mut self, rules: &[Rule]) -> Vec<usize> {
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
            let help = "take one of these overrides out: two rules cannot both yield to each other";
            let first = rules.iter().find(|rule| stuck.contains(&rule.id.as_str()));
            let line = first.map_or(1, |rule| rule.line);
            let finding = Finding::on_line(self.file, self.text, line, Severity::Error, text);
            self.findings.push(finding.help(help));
        }
        order
    }
}
