//! Proofs about packs: their cases hold, on the days around every date too; more of something
//! never makes the law milder around a threshold; no crossing near a case falls into a gap; every
//! rule can hold, no exemption is without effect; and each rule, threshold and date is needed by
//! some case.

mod dates;
mod gaps;
mod mutants;
mod overlaps;

use std::fmt;

use jiff::civil::Date;

use crate::engine::{Engine, Work};
use crate::facts::{FactId, Facts, Kind, Value};
use crate::outcome::{Interval, Outcome, Truth};
use crate::pack::{Case, Effect, Finding, Pack, Role, Severity};

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
    /// Evaluations around dates.
    pub dates: usize,
    /// Combinations of facts in which a gap was looked for.
    pub combinations: usize,
    /// Rules without which some case has another outcome.
    pub killed: usize,
    /// Thresholds and dates that were moved by one.
    pub mutants: usize,
    /// How many of them some case does not bear.
    pub mutants_killed: usize,
    /// What did not hold.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether everything held.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }
}

fn score(killed: usize, of: usize) -> usize {
    (killed * 100).checked_div(of).unwrap_or(100)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { packs, rules, cases, boundaries, dates, combinations, .. } = self;
        let Self { killed, mutants, mutants_killed, findings, .. } = self;
        write!(
            f,
            "{packs} packs, {rules} rules, {cases} cases, {boundaries} boundary tests, \
             {dates} date tests, {combinations} combinations, \
             mutation score {} % ({killed}/{rules}), \
             threshold and date mutants killed {mutants_killed}/{mutants} ({} %), {} findings",
            score(*killed, *rules),
            score(*mutants_killed, *mutants),
            findings.len()
        )
    }
}

impl Engine {
    /// Proves what can be proved about every pack.
    pub fn prove(&self) -> Report {
        let mut report = Report::default();
        self.packs().iter().for_each(|pack| self.prove_into(pack, &mut report));
        report
    }

    /// Proves what can be proved about a pack that was read with this engine.
    pub(crate) fn prove_pack(&self, pack: &Pack) -> Report {
        let mut report = Report::default();
        self.prove_into(pack, &mut report);
        report
    }

    fn prove_into(&self, pack: &Pack, report: &mut Report) {
        let before = report.findings.len();
        report.packs += 1;
        report.rules += pack.rules.len();
        report.cases += pack.cases.len();
        Proof::new(self, pack, report).run();
        // The same weakness shows at every case around it; once is enough.
        let mut found = report.findings.split_off(before);
        found.sort_by(|a, b| (a.line, &a.text).cmp(&(b.line, &b.text)));
        found.dedup();
        report.findings.extend(found);
    }
}

struct Proof<'a> {
    engine: &'a Engine,
    pack: &'a Pack,
    work: Work,
    /// The facts of each case, with everything filled in.
    complete: Vec<Facts>,
    /// The counts that some rule asks for.
    counts: Vec<FactId>,
    report: &'a mut Report,
}

impl<'a> Proof<'a> {
    fn new(engine: &'a Engine, pack: &'a Pack, report: &'a mut Report) -> Self {
        let dictionary = engine.dictionary();
        let complete = pack.cases.iter().map(|case| case.complete(dictionary)).collect();
        let mut counts = Vec::new();
        pack.asks(&mut |fact| {
            if dictionary.fact(fact).kind == Kind::Count && !counts.contains(&fact) {
                counts.push(fact);
            }
        });
        Self { engine, pack, work: Work::default(), complete, counts, report }
    }

    fn run(&mut self) {
        for (place, case) in self.pack.cases.iter().enumerate() {
            for text in self.faults(self.pack, place, case.at) {
                self.note(Severity::Error, case.line, format!("case {}: {text}", case.id));
            }
            self.clashes(place, case);
            self.boundaries(place, case);
        }
        self.gaps();
        self.dates();
        self.overlaps();
        self.rules_needed();
        self.mutants();
    }

    fn note(&mut self, severity: Severity, line: usize, text: String) {
        self.report.findings.push(self.pack.finding(line, severity, text));
    }

    fn note_with(&mut self, severity: Severity, line: usize, text: String, help: String) {
        self.report.findings.push(self.pack.finding(line, severity, text).help(help));
    }

    /// What comes of a crossing whose law is this pack alone: nothing, before it is in force.
    fn says(&mut self, pack: &Pack, facts: &Facts, day: Date) -> Interval {
        match day < pack.in_force && !pack.covers.is_empty() {
            true => Interval::OPEN,
            false => self.engine.of_pack(pack, facts, day, &mut self.work),
        }
    }

    /// What does not come out of a case, as a pack or a mutant of it decides it on a day.
    fn faults(&mut self, pack: &Pack, place: usize, day: Date) -> Vec<String> {
        let case = &self.pack.cases[place];
        let facts = self.complete[place].clone();
        if pack.role == Role::Advisory {
            return advice_faults(pack, case, &facts, day);
        }
        let found = self.says(pack, &facts, day);
        if found != case.expect {
            return vec![format!("found {}, expected {}", shown(found), shown(case.expect))];
        }
        if case.because.is_empty() || found.determined().is_none() {
            return Vec::new();
        }
        self.work.known(pack, &facts, day);
        let effects = self.work.effects();
        let counts = |rule: &usize| {
            matches!(effects.get(*rule), Some(Effect::Counts | Effect::Satisfied(_)))
        };
        let idle = case.because.iter().filter(|rule| !counts(rule));
        let text =
            |rule: &usize| format!("{} does not count, expected it to", self.pack.rules[*rule].id);
        idle.map(text).collect()
    }

    /// A case that names conflicts names all that are there.
    fn clashes(&mut self, place: usize, case: &Case) {
        let Some(expected) = &case.conflicts else { return };
        for (number, conflict) in self.pack.conflicts.iter().enumerate() {
            let holds = conflict.holds(self.pack, &self.complete[place], case.at);
            if holds != expected.contains(&number) {
                let found = if holds { "is there" } else { "is not there" };
                let (case_id, id) = (&case.id, &conflict.id);
                let text = format!("case {case_id}: the conflict {id} {found}, expected otherwise");
                self.note(Severity::Error, case.line, text);
            }
        }
    }

    /// One below, at and above every threshold: more of something must never make the law milder
    /// as long as nothing else changes.
    fn boundaries(&mut self, place: usize, case: &Case) {
        let dictionary = self.engine.dictionary();
        for id in self.counts.clone() {
            let mut facts = self.complete[place].clone();
            let cells = self.engine.cells(self.pack, id, &facts, case.at);
            if facts.get(id).is_none() || cells.len() < 2 {
                continue;
            }
            let mut before: Option<(u64, Outcome)> = None;
            for cell in cells {
                let Value::Count(count) = cell else { continue };
                if !dictionary.is_possible(id, cell, &self.complete[place]) {
                    continue;
                }
                facts.set(id, Some(cell));
                self.report.boundaries += usize::from(before.is_some());
                let found = self.engine.of_pack(self.pack, &facts, case.at, &mut self.work);
                let milder = before.filter(|(_, outcome)| found.at_worst < *outcome);
                if let Some((fewer, outcome)) = milder {
                    let text = format!(
                        "{}: {fewer} is {outcome} and {count} is {}, around case {}",
                        dictionary.fact(id).name,
                        found.at_worst,
                        case.id
                    );
                    self.note(Severity::Error, case.line, text);
                }
                before = Some((count, found.at_worst));
            }
        }
    }
}

/// Of an advisory pack, exactly the advice holds that the case names.
fn advice_faults(pack: &Pack, case: &Case, facts: &Facts, day: Date) -> Vec<String> {
    let mut truths = Vec::new();
    pack.truths(facts, day, &mut truths);
    let applies = pack.applies(facts, day) == Truth::True;
    let mut faults = Vec::new();
    for (rule, truth) in truths.into_iter().enumerate() {
        let holds = applies && truth == Truth::True;
        if holds != case.because.contains(&rule) {
            let found = if holds { "holds" } else { "does not hold" };
            faults.push(format!("{} {found}, expected otherwise", pack.rules[rule].id));
        }
    }
    faults
}

fn shown(outcome: Interval) -> String {
    match outcome.determined() {
        Some(outcome) => outcome.to_string(),
        None => format!("{} … {}", outcome.at_best, outcome.at_worst),
    }
}
