//! Proofs about packs: their cases hold, more of something never makes the law milder around a
//! threshold, no crossing near a case falls into a gap, and each rule is needed by some case.

use std::fmt;

use jiff::civil::Date;

use crate::engine::{Engine, Work, each_combination};
use crate::facts::{FactId, Facts, Kind, Value};
use crate::outcome::{Interval, Outcome, Truth};
use crate::pack::{Case, Effect, Finding, Pack, Role, Severity};

/// Most combinations of facts that are tried around one case.
const AROUND_CASE_MAX: usize = 4_096;

/// What was tried, and what did not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Packs.
    pub packs: usize,
    /// Rules.
    pub rules: usize,
    /// Cases.
    pub cases: usize,
    /// Evaluations around thresholds.
    pub boundaries: usize,
    /// Combinations of facts in which a gap was looked for.
    pub combinations: usize,
    /// Rules without which some case has another outcome.
    pub killed: usize,
    /// What did not hold.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether everything held.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { packs, rules, cases, boundaries, combinations, killed, findings } = self;
        let score = (killed * 100).checked_div(*rules).unwrap_or(100);
        write!(
            f,
            "{packs} packs, {rules} rules, {cases} cases, {boundaries} boundary tests, \
             {combinations} combinations, mutation score {score} % ({killed}/{rules}), \
             {} findings",
            findings.len()
        )
    }
}

impl Engine {
    /// Proves what can be proved about every pack.
    pub fn prove(&self) -> Report {
        let mut report = Report::default();
        for pack in self.packs() {
            let before = report.findings.len();
            report.packs += 1;
            report.rules += pack.rules.len();
            report.cases += pack.cases.len();
            Proof { engine: self, pack, work: Work::default(), report: &mut report }.run();
            // The same weakness shows at every case around it; once is enough.
            let mut found = report.findings.split_off(before);
            found.sort_by(|a, b| (a.line, &a.text).cmp(&(b.line, &b.text)));
            found.dedup();
            report.findings.extend(found);
        }
        report
    }
}

struct Proof<'a> {
    engine: &'a Engine,
    pack: &'a Pack,
    work: Work,
    report: &'a mut Report,
}

impl Proof<'_> {
    fn run(&mut self) {
        for case in &self.pack.cases {
            self.case(case);
            self.boundaries(case);
            if case.otherwise_no {
                self.gaps(case);
            }
        }
        self.mutations();
    }

    fn note(&mut self, severity: Severity, line: usize, text: String) {
        self.report.findings.push(Finding { file: self.pack.id.clone(), line, severity, text });
    }

    /// What comes of a crossing whose law is this pack alone: nothing, before it is in force.
    fn says(&mut self, facts: &Facts, day: Date) -> Interval {
        match day < self.pack.in_force && !self.pack.covers.is_empty() {
            true => Interval::OPEN,
            false => self.engine.of_pack(self.pack, facts, day, &mut self.work),
        }
    }

    fn case(&mut self, case: &Case) {
        let facts = case.complete(self.engine.dictionary());
        let found = self.says(&facts, case.at);
        if found != case.expect {
            let text = format!(
                "case {}: found {}, expected {}",
                case.id,
                shown(found),
                shown(case.expect)
            );
            self.note(Severity::Error, case.line, text);
        }
        if self.pack.role == Role::Advisory {
            return self.advice(case, &facts);
        }
        if case.because.is_empty() || found.determined().is_none() {
            return;
        }
        self.work.known(self.pack, &facts, case.at);
        let effects = self.work.effects().to_vec();
        for rule in &case.because {
            if !matches!(effects[*rule], Effect::Counts | Effect::Satisfied(_)) {
                let id = &self.pack.rules[*rule].id;
                let text = format!("case {}: {id} does not count, expected it to", case.id);
                self.note(Severity::Error, case.line, text);
            }
        }
    }

    /// Of an advisory pack, exactly the advice holds that the case names.
    fn advice(&mut self, case: &Case, facts: &Facts) {
        let mut truths = Vec::new();
        self.pack.truths(facts, case.at, &mut truths);
        let applies = self.pack.applies(facts, case.at) == Truth::True;
        for (rule, truth) in truths.into_iter().enumerate() {
            let holds = applies && truth == Truth::True;
            if holds != case.because.contains(&rule) {
                let found = if holds { "holds" } else { "does not hold" };
                let id = &self.pack.rules[rule].id;
                let text = format!("case {}: {id} {found}, expected otherwise", case.id);
                self.note(Severity::Error, case.line, text);
            }
        }
    }

    /// One below, at and above every threshold: more of something must never make the law milder
    /// as long as nothing else changes.
    fn boundaries(&mut self, case: &Case) {
        let dictionary = self.engine.dictionary();
        let complete = case.complete(dictionary);
        for (id, fact) in dictionary.iter() {
            if fact.kind != Kind::Count || complete.get(id).is_none() {
                continue;
            }
            let mut before: Option<(u64, Outcome)> = None;
            for cell in self.engine.cells(self.pack, id, case.at) {
                let Value::Count(count) = cell else { continue };
                if !dictionary.is_possible(id, cell, &complete) {
                    continue;
                }
                let mut facts = complete.clone();
                facts.set(id, Some(cell));
                self.report.boundaries += 1;
                let found = self.engine.of_pack(self.pack, &facts, case.at, &mut self.work);
                let milder = before.filter(|(_, outcome)| found.at_worst < *outcome);
                if let Some((fewer, outcome)) = milder {
                    let text = format!(
                        "{}: {fewer} is {outcome} and {count} is {}, around case {}",
                        fact.name, found.at_worst, case.id
                    );
                    self.note(Severity::Error, case.line, text);
                }
                before = Some((count, found.at_worst));
            }
        }
    }

    /// Varies the flags around a case: wherever the pack applies, it must say something.
    fn gaps(&mut self, case: &Case) {
        let dictionary = self.engine.dictionary();
        let complete = case.complete(dictionary);
        let mut asked: Vec<FactId> = Vec::new();
        for rule in self.pack.rules.iter().filter(|rule| rule.is_in_force(case.at)) {
            rule.when.facts(&mut |fact| {
                if !asked.contains(&fact) && dictionary.fact(fact).kind == Kind::Flag {
                    asked.push(fact);
                }
            });
        }
        let mut cells = Vec::new();
        let mut combinations = 1_usize;
        asked.retain(|fact| {
            let values = self.engine.cells(self.pack, *fact, case.at);
            let fits = combinations * values.len() <= AROUND_CASE_MAX;
            if fits {
                combinations *= values.len();
                cells.push(values);
            }
            fits
        });
        let mut gap = false;
        let mut facts = complete;
        asked.iter().for_each(|fact| facts.set(*fact, None));
        let mut tried = 0;
        let (pack, work) = (self.pack, &mut self.work);
        each_combination(&asked, &cells, &mut facts, &mut |facts| {
            let is_possible = |fact: &FactId| {
                facts.get(*fact).is_none_or(|value| dictionary.is_possible(*fact, value, facts))
            };
            if !asked.iter().all(is_possible) {
                return;
            }
            tried += 1;
            let applies = pack.applies(facts, case.at) == Truth::True;
            gap |= applies && work.known(pack, facts, case.at).is_none();
        });
        self.report.combinations += tried;
        if gap {
            let text =
                format!("found a crossing near case {} of which no rule says anything", case.id);
            self.note(Severity::Error, case.line, text);
        }
    }

    /// Takes each rule out: some case must then have another outcome, or lose its reason.
    fn mutations(&mut self) {
        for rule in 0..self.pack.rules.len() {
            let mut mutant = self.pack.clone();
            mutant.rules[rule].until = Some(mutant.rules[rule].from);
            let is_killed = self.pack.cases.iter().any(|case| {
                let facts = case.complete(self.engine.dictionary());
                let found = self.engine.of_pack(&mutant, &facts, case.at, &mut self.work);
                found != case.expect || case.because.contains(&rule)
            });
            self.report.killed += usize::from(is_killed);
            if !is_killed {
                let (id, line) = (&self.pack.rules[rule].id, self.pack.rules[rule].line);
                self.note(Severity::Warning, line, format!("no case needs the rule {id}"));
            }
        }
    }
}

fn shown(outcome: Interval) -> String {
    match outcome.determined() {
        Some(outcome) => outcome.to_string(),
        None => format!("{} … {}", outcome.at_best, outcome.at_worst),
    }
}
