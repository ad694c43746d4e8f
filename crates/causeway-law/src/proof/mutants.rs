//! Mutants: a rule taken out, a threshold or a date moved by one. Some case must not bear it.
//!
//! A date that is moved changes one day only, so the case that notices is on that day. What nobody
//! could notice is not counted: a day before the pack is in force, a value that no rule asks for on
//! that day, a mechanism without a trigger, and what the reader refuses anyway.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Proof;
use crate::expression::Period;
use crate::facts::{FactId, Facts, Value};
use crate::outcome::Interval;
use crate::pack::{Pack, Role, Severity, Stage};

/// Something dated in a pack.
#[derive(Debug, Clone, Copy)]
enum Place {
    Rule(usize),
    Param(usize, usize),
    List(usize, usize),
}

/// One end of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    From,
    Until,
}

impl End {
    fn as_str(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Until => "until",
        }
    }
}

impl Proof<'_> {
    /// Takes each rule out: some case must then have another outcome, or lose its reason.
    pub(super) fn rules_needed(&mut self) {
        let mut mutant = self.pack.clone();
        for rule in 0..self.pack.rules.len() {
            let until = mutant.rules[rule].until;
            mutant.rules[rule].until = Some(mutant.rules[rule].from);
            let is_killed = self.pack.cases.iter().enumerate().any(|(place, case)| {
                case.because.contains(&rule) || !self.faults(&mutant, place, case.at).is_empty()
            });
            mutant.rules[rule].until = until;
            self.report.killed += usize::from(is_killed);
            if !is_killed {
                let (id, line) = (&self.pack.rules[rule].id, self.pack.rules[rule].line);
                let help = "add a case that has another outcome without it".to_owned();
                let text = format!("no case needs the rule {id}");
                self.note_with(Severity::Warning, line, text, help);
            }
        }
    }

    /// Moves each threshold and each date by one.
    pub(super) fn mutants(&mut self) {
        let mut mutant = self.pack.clone();
        for param in 0..self.pack.names.params.len() {
            for entry in 0..self.pack.names.params[param].1.entries.len() {
                self.threshold(&mut mutant, param, entry);
            }
        }
        let rules = (0..self.pack.rules.len()).map(Place::Rule);
        let mut places: Vec<Place> = rules.collect();
        for (param, (_, dated)) in self.pack.names.params.iter().enumerate() {
            places.extend((0..dated.entries.len()).map(|entry| Place::Param(param, entry)));
        }
        for (list, (_, dated)) in self.pack.names.lists.iter().enumerate() {
            places.extend((0..dated.entries.len()).map(|entry| Place::List(list, entry)));
        }
        for place in places {
            for end in [End::From, End::Until] {
                for step in [-1, 1] {
                    self.date(&mut mutant, place, end, step);
                }
            }
        }
    }

    fn threshold(&mut self, mutant: &mut Pack, param: usize, entry: usize) {
        let (key, dated) = &self.pack.names.params[param];
        let (key, period) = (key.clone(), dated.entries[entry].clone());
        let counts = self.compared_with(param);
        if counts.is_empty() {
            return;
        }
        for value in [period.value.checked_sub(1), period.value.checked_add(1)] {
            let Some(value) = value else { continue };
            mutant.names.params[param].1.entries[entry].value = value;
            self.report.mutants += 1;
            let cases = &self.pack.cases;
            let is_killed = (0..cases.len())
                .filter(|place| period.contains(cases[*place].at))
                .any(|place| !self.faults(mutant, place, cases[place].at).is_empty());
            self.report.mutants_killed += usize::from(is_killed);
            if !is_killed {
                let text =
                    format!("no case notices if {key} is {value} instead of {}", period.value);
                let help = self.telling_count(mutant, &counts, &period, value);
                let help = help.unwrap_or_else(|| format!("add a case at {}", period.value));
                self.note_with(Severity::Warning, period.line, text, help);
            }
            mutant.names.params[param].1.entries[entry].value = period.value;
        }
    }

    /// The counts that rules compare with a threshold.
    fn compared_with(&self, param: usize) -> Vec<FactId> {
        let mut counts = Vec::new();
        let mut note = |fact: FactId, asked: usize| {
            if asked == param && !counts.contains(&fact) {
                counts.push(fact);
            }
        };
        self.pack.applies.thresholds(&mut note);
        self.pack.rules.iter().for_each(|rule| rule.when.thresholds(&mut note));
        counts
    }

    /// A case with another count, in which a threshold and its mutant differ.
    fn telling_count(
        &mut self,
        mutant: &Pack,
        counts: &[FactId],
        period: &Period<u64>,
        value: u64,
    ) -> Option<String> {
        let around = [period.value.checked_sub(1), Some(period.value), Some(value)];
        for (place, case) in self.pack.cases.iter().enumerate() {
            if !period.contains(case.at) {
                continue;
            }
            for &count in counts {
                for number in around.into_iter().flatten() {
                    let mut facts = self.complete[place].clone();
                    facts.set(count, Some(Value::Count(number)));
                    let found = self.says(self.pack, &facts, case.at);
                    if found != self.says(mutant, &facts, case.at) {
                        let name = &self.engine.dictionary().fact(count).name;
                        let (id, found) = (&case.id, expected(found));
                        return Some(format!(
                            "the facts of case {id} with {name} = {number} tell: {found}"
                        ));
                    }
                }
            }
        }
        None
    }

    fn date(&mut self, mutant: &mut Pack, place: Place, end: End, step: i32) {
        let (day, line, name) = self.dated(place, end);
        let Some(day) = day else { return };
        let Ok(moved) = day.checked_add(step.days()) else { return };
        // The one day on which something is different.
        let changed = day.min(moved);
        set(mutant, place, end, moved);
        if self.can_be_noticed(mutant, place, changed) {
            self.report.mutants += 1;
            let cases = &self.pack.cases;
            let is_killed = (0..cases.len())
                .filter(|place| cases[*place].at == changed)
                .any(|place| !self.faults(mutant, place, changed).is_empty());
            self.report.mutants_killed += usize::from(is_killed);
            if !is_killed {
                let text = format!("no case notices if {name} has {} = {moved}", end.as_str());
                let help = self.telling_day(mutant, changed);
                let help = help.unwrap_or_else(|| format!("add a case on {changed}"));
                self.note_with(Severity::Warning, line, text, help);
            }
        }
        set(mutant, place, end, day);
    }

    /// When something begins or ends, where that is written, and what it is called.
    fn dated(&self, place: Place, end: End) -> (Option<Date>, usize, String) {
        let pack = self.pack;
        let (from, until, line, name) = match place {
            Place::Rule(rule) => {
                let rule = &pack.rules[rule];
                (rule.from, rule.until, rule.line, rule.id.clone())
            }
            Place::Param(param, entry) => {
                let (key, dated) = &pack.names.params[param];
                let period = &dated.entries[entry];
                (period.from, period.until, period.line, format!("param.{key}"))
            }
            Place::List(list, entry) => {
                let (key, dated) = &pack.names.lists[list];
                let period = &dated.entries[entry];
                (period.from, period.until, period.line, format!("list.{key}"))
            }
        };
        let day = if end == End::From { Some(from) } else { until };
        (day, line, name)
    }

    /// Whether a case on that day could tell a mutant from its pack at all.
    fn can_be_noticed(&self, mutant: &Pack, place: Place, changed: Date) -> bool {
        if changed < self.pack.in_force || !mutant.is_whole() {
            return false;
        }
        let pack = self.pack;
        let is_asked = |param: Option<usize>, list: Option<usize>| {
            let rules = pack.rules.iter().filter(|rule| rule.is_in_force(changed));
            let mut conditions = rules.map(|rule| &rule.when).chain([&pack.applies]);
            conditions.any(|condition| condition.refers_to(param, list))
        };
        match place {
            // A mechanism says nothing while no trigger asks for it.
            Place::Rule(rule) if pack.rules[rule].stage == Stage::Mechanism => {
                let triggers = &pack.rules[rule].satisfies;
                triggers.iter().any(|trigger| pack.rules[*trigger].is_in_force(changed))
            }
            Place::Rule(_) => true,
            Place::Param(param, _) => {
                let (before, after) = (&pack.names.params[param].1, &mutant.names.params[param].1);
                before.at(changed) != after.at(changed) && is_asked(Some(param), None)
            }
            Place::List(list, _) => {
                let (before, after) = (&pack.names.lists[list].1, &mutant.names.lists[list].1);
                before.at(changed) != after.at(changed) && is_asked(None, Some(list))
            }
        }
    }

    /// A case that tells a pack from its mutant on a day.
    fn telling_day(&mut self, mutant: &Pack, day: Date) -> Option<String> {
        let cases = &self.pack.cases;
        // Best one whose expectation holds on that day too.
        for (place, case) in cases.iter().enumerate() {
            if self.faults(self.pack, place, day).is_empty()
                && !self.faults(mutant, place, day).is_empty()
            {
                return Some(format!("add {day} to the days of case {}", case.id));
            }
        }
        if self.pack.role == Role::Advisory {
            return None;
        }
        for (place, case) in cases.iter().enumerate() {
            let facts: Facts = self.complete[place].clone();
            let found = self.says(self.pack, &facts, day);
            if found != self.says(mutant, &facts, day) {
                let (id, found) = (&case.id, expected(found));
                return Some(format!("the facts of case {id} on {day} tell: {found}"));
            }
        }
        None
    }
}

fn set(pack: &mut Pack, place: Place, end: End, day: Date) {
    let (from, until) = match place {
        Place::Rule(rule) => {
            let rule = &mut pack.rules[rule];
            (&mut rule.from, &mut rule.until)
        }
        Place::Param(param, entry) => {
            let period = &mut pack.names.params[param].1.entries[entry];
            (&mut period.from, &mut period.until)
        }
        Place::List(list, entry) => {
            let period = &mut pack.names.lists[list].1.entries[entry];
            (&mut period.from, &mut period.until)
        }
    };
    match end {
        End::From => *from = day,
        End::Until => *until = Some(day),
    }
}

fn expected(found: Interval) -> String {
    match found.determined() {
        Some(outcome) => format!("expect = \"{outcome}\""),
        None => {
            let Interval { at_best, at_worst } = found;
            format!("expect = \"{at_best}\", at_worst = \"{at_worst}\"")
        }
    }
}
