//! The report of an evaluation, made when it is asked for: the states of all rules, and a sentence
//! for everything that was looked at. Nothing is decided here.

use super::{Finding, Place, Premise, PremiseKind, Reason, Report, RuleKind, RuleReport, Step};
use crate::compile::{Action, Body, Leaf, RightSide, Rule, Subjects, Value};
use crate::eval::{Evaluation, Found, State};
use crate::model::{LogicalOperator, Operand, Operator};
use crate::odrl::{Conflict, Kind};
use crate::operands::odrl;
use crate::terms::{Iri, Term};
use crate::truth::Truth;
use crate::world::Fact;

impl Evaluation<'_> {
    /// The verdict with its reasons and the state of every rule.
    pub fn report(&self) -> Report {
        Report { verdict: self.verdict, findings: self.findings(), rules: self.rules() }
    }

    /// How every rule stands.
    pub fn rules(&self) -> Vec<RuleReport> {
        let report = |(place, index): (Place, usize)| {
            self.rule_report(&place, index, place.kind == RuleKind::Obligation)
        };
        self.places().map(report).collect()
    }

    /// Everything that was looked at, each in a sentence.
    pub fn findings(&self) -> Vec<Finding> {
        let mut words = Words { evaluation: self, findings: Vec::new() };
        words.policy();
        for (place, index) in self.places() {
            match place.kind {
                RuleKind::Permission => words.permission(&place, index),
                RuleKind::Prohibition => words.prohibition(&place, index),
                RuleKind::Obligation => words.duty(&place, index),
            }
        }
        words.conflict();
        words.findings
    }

    /// The policy's own rules, each with its place.
    fn places(&self) -> impl Iterator<Item = (Place, usize)> {
        let kinds = [RuleKind::Permission, RuleKind::Prohibition, RuleKind::Obligation];
        kinds.into_iter().flat_map(move |kind| {
            let place = move |index: usize| Place::rule(kind, self.compiled.rules[index].origin);
            self.compiled.list(kind).iter().map(move |&index| (place(index), index))
        })
    }

    fn rule_report(&self, place: &Place, index: usize, is_duty: bool) -> RuleReport {
        let rule = &self.compiled.rules[index];
        let state = &self.states[index];
        let is_prohibition = place.kind == RuleKind::Prohibition && !is_duty;
        let conditions = rule
            .duties
            .iter()
            .enumerate()
            .map(|(number, &duty)| {
                self.rule_report(&place.with(place.step_to_duty(number)), duty, true)
            })
            .collect();
        RuleReport {
            place: place.clone(),
            uid: rule.uid.clone(),
            active: state.active,
            performed: is_duty.then_some(state.fulfilled),
            deontic: (is_duty || is_prohibition).then(|| state.deontic()).flatten(),
            premises: self.premises(rule, state, is_duty),
            conditions,
        }
    }

    fn premises(&self, rule: &Rule, state: &State, is_duty: bool) -> Vec<Premise> {
        let mut premises = Vec::new();
        let mut push = |kind, name: Option<Term>, satisfied, refinements: &[usize]| {
            // How a duty is to be done is asked of what was done, not of the request.
            let parts = if is_duty { Vec::new() } else { self.constraint_premises(refinements) };
            premises.push(Premise { kind, name, satisfied, parts });
        };
        if let Some(target) = rule.target.as_ref().filter(|_| !is_duty) {
            let name = target.names.first().cloned();
            push(PremiseKind::Target, name, state.target, &target.refinements);
        }
        if let Some(assignee) = rule.assignee.as_ref().filter(|_| !is_duty) {
            let name = assignee.names.first().cloned();
            push(PremiseKind::Party, name, state.assignee, &assignee.refinements);
        }
        if let Some(action) = &rule.action {
            push(PremiseKind::Action, Some(action.name.clone()), state.action, &action.refinements);
        }
        premises.extend(self.constraint_premises(&rule.constraints));
        premises
    }

    fn constraint_premises(&self, nodes: &[usize]) -> Vec<Premise> {
        nodes
            .iter()
            .map(|&index| {
                let node = &self.compiled.nodes[index];
                let parts = match &node.body {
                    Body::Leaf(_) => Vec::new(),
                    Body::Join(_, operands) => self.constraint_premises(operands),
                };
                let (kind, satisfied) = (PremiseKind::Constraint, self.truths[index]);
                Premise { kind, name: node.uid.clone(), satisfied, parts }
            })
            .collect()
    }
}

struct Words<'e, 'a> {
    evaluation: &'e Evaluation<'a>,
    findings: Vec<Finding>,
}

impl Words<'_, '_> {
    fn policy(&mut self) {
        let evaluation = self.evaluation;
        let compiled = evaluation.compiled;
        let requested = Term::Iri(evaluation.input.request.action.clone());
        for term in &compiled.not_understood {
            self.note(None, term.clone(), Truth::Unknown, Reason::NotUnderstood);
        }
        match &compiled.kind {
            Kind::Set | Kind::Agreement => {}
            Kind::Offer => self.note(None, requested.clone(), Truth::False, Reason::Offer),
            Kind::Other(kind) => {
                self.note(None, kind.clone(), Truth::Unknown, Reason::NotUnderstood);
            }
        }
        if compiled.permissions.is_empty() {
            self.note(None, requested, Truth::False, Reason::NoPermission);
        }
    }

    /// Says what came of a permission and a prohibition that both apply.
    fn conflict(&mut self) {
        let evaluation = self.evaluation;
        let any = |kind, of: fn(&State) -> Truth| {
            let rules = evaluation.compiled.list(kind).iter();
            Truth::any(rules.map(|&index| of(&evaluation.states[index])))
        };
        let granted = any(RuleKind::Permission, |state| state.active);
        let against = any(RuleKind::Prohibition, |state| state.against);
        if granted == Truth::False || against == Truth::False {
            return;
        }
        let truth = match evaluation.compiled.conflict {
            Some(Conflict::Permission) => granted,
            _ => granted.and(against.negated()),
        };
        let requested = Term::Iri(evaluation.input.request.action.clone());
        self.note(None, requested, truth, Reason::Conflict);
    }

    fn permission(&mut self, place: &Place, index: usize) {
        let rule = &self.evaluation.compiled.rules[index];
        if self.action(place, rule, self.covers(rule)) == Truth::False {
            return;
        }
        self.conditions(place, rule);
        for (number, &duty) in rule.duties.iter().enumerate() {
            self.duty(&place.with(Step::Duty(number)), duty);
        }
    }

    fn prohibition(&mut self, place: &Place, index: usize) {
        let evaluation = self.evaluation;
        let rule = &evaluation.compiled.rules[index];
        let covers = self.covers(rule);
        let against = evaluation.states[index].against;
        let vocabulary = &evaluation.compiled.vocabulary;
        let requested = &evaluation.input.request.action;
        let is_apart =
            rule.action.as_ref().and_then(|action| action.name.iri()).is_some_and(|name| {
                let implied = vocabulary.implied(requested);
                vocabulary.covers(requested, name) == Truth::False
                    && implied.iter().all(|one| vocabulary.covers(name, one) == Truth::False)
            });
        let name = self.name(rule);
        match covers {
            Truth::False if is_apart => {
                self.action(place, rule, covers);
                return;
            }
            Truth::False => {
                let reason = Reason::PartOfRequest { requested: requested.clone() };
                self.note(Some(place), name.clone(), Truth::Unknown, reason);
            }
            _ => drop(self.action(place, rule, covers)),
        }
        self.conditions(place, rule);
        self.note(Some(place), name, against, Reason::Prohibition);
    }

    fn duty(&mut self, place: &Place, index: usize) {
        let rule = &self.evaluation.compiled.rules[index];
        let state = &self.evaluation.states[index];
        self.not_understood(place, &rule.not_understood);
        self.constraints(place, &rule.constraints, Step::Constraint);
        let (truth, reason) = match (state.active, state.deontic()) {
            (Truth::False, _) => (Truth::True, Reason::DutyNotDue),
            (_, Some(state)) => (self.evaluation.unburdened(index), Reason::DutyState { state }),
            _ => (self.evaluation.unburdened(index), Reason::Duty),
        };
        self.note(Some(place), self.name(rule), truth, reason);
    }

    fn covers(&self, rule: &Rule) -> Truth {
        match &rule.action {
            Some(Action { name: Term::Iri(name), .. }) => {
                let requested = &self.evaluation.input.request.action;
                self.evaluation.compiled.vocabulary.covers(name, requested)
            }
            _ => Truth::Unknown,
        }
    }

    /// The action's name, for sentences; that of a rule without one is the requested action.
    fn name(&self, rule: &Rule) -> Term {
        match &rule.action {
            Some(action) => action.name.clone(),
            None => Term::Iri(self.evaluation.input.request.action.clone()),
        }
    }

    fn action(&mut self, place: &Place, rule: &Rule, covers: Truth) -> Truth {
        let requested = self.evaluation.input.request.action.clone();
        match &rule.action {
            Some(action) => {
                self.note(Some(place), action.name.clone(), covers, Reason::Action { requested });
                covers
            }
            None => {
                let options = self.evaluation.input.options;
                let truth = match options.takes_missing_action_for_any {
                    true => Truth::True,
                    false => Truth::Unknown,
                };
                self.note(Some(place), Term::Iri(odrl("action")), truth, Reason::NoAction);
                truth
            }
        }
    }

    fn conditions(&mut self, place: &Place, rule: &Rule) {
        self.not_understood(place, &rule.not_understood);
        if let Some(action) = &rule.action {
            self.not_understood(place, &action.not_understood);
            self.constraints(place, &action.refinements, Step::Refinement);
        }
        let request = self.evaluation.input.request;
        if let Some(target) = &rule.target {
            let requested = request.target.clone();
            self.subjects(place, target, requested, Step::TargetRefinement);
        }
        if let Some(assignee) = &rule.assignee {
            let requested = request.assignee.clone();
            self.subjects(place, assignee, requested, Step::AssigneeRefinement);
        }
        self.constraints(place, &rule.constraints, Step::Constraint);
    }

    fn subjects(
        &mut self,
        place: &Place,
        subjects: &Subjects,
        requested: Option<Iri>,
        step: fn(usize) -> Step,
    ) {
        self.not_understood(place, &subjects.not_understood);
        self.constraints(place, &subjects.refinements, step);
        let whole = Subjects { refinements: Box::default(), ..subjects.clone() };
        let source = crate::eval::Source::Main;
        let truth = self.evaluation.concerns(Some(&whole), requested.as_ref(), source);
        let Some(name) = subjects.names.first().cloned() else { return };
        let reason = match step(0) {
            Step::TargetRefinement(_) => Reason::Target { requested },
            _ => Reason::Assignee { requested },
        };
        self.note(Some(place), name, truth, reason);
    }

    fn constraints(&mut self, place: &Place, nodes: &[usize], step: fn(usize) -> Step) {
        for (number, &index) in nodes.iter().enumerate() {
            self.constraint(&place.with(step(number)), index);
        }
    }

    fn constraint(&mut self, place: &Place, index: usize) {
        let node = &self.evaluation.compiled.nodes[index];
        self.not_understood(place, &node.not_understood);
        match &node.body {
            Body::Leaf(leaf) => {
                let truth = self.evaluation.truths[index];
                let reason = self.evaluation.why(leaf, truth);
                self.note(Some(place), leaf.left.clone(), truth, reason);
            }
            Body::Join(operator, operands) => {
                self.constraints(place, operands, Step::Operand);
                if *operator == LogicalOperator::AndSequence {
                    let truth = self.evaluation.truths[index];
                    let term = Term::Iri(Iri::AND_SEQUENCE);
                    self.note(Some(place), term, truth, Reason::Sequence);
                }
            }
        }
    }

    fn not_understood(&mut self, place: &Place, terms: &[Term]) {
        for term in terms {
            self.note(Some(place), term.clone(), Truth::Unknown, Reason::NotUnderstood);
        }
    }

    fn note(&mut self, place: Option<&Place>, term: Term, truth: Truth, reason: Reason) {
        self.findings.push(Finding { place: place.cloned(), term, truth, reason });
    }
}

impl Evaluation<'_> {
    fn why(&self, leaf: &Leaf, truth: Truth) -> Reason {
        let Some(slot) = leaf.slot else { return Reason::NotDefined };
        let operator = leaf.operator;
        let expected = shown_right(leaf);
        let found = match &self.found[slot] {
            // A delay within a sequence may be known though nothing is stated about it.
            Found::Nothing | Found::Events if truth == Truth::Unknown => return Reason::NoFact,
            Found::Nothing | Found::Events => "what happened so far".to_owned(),
            found => {
                let values = found.fact().map(Fact::values).unwrap_or_default();
                shown(values.iter().map(shown_fact), " or ")
            }
        };
        match (truth, &leaf.right) {
            (Truth::Unknown, RightSide::References(_)) => Reason::NoReference,
            (Truth::Unknown, RightSide::Values(_)) => {
                Reason::NotComparable { operator, found, expected }
            }
            _ => Reason::Compared { operator, found, expected },
        }
    }
}

impl Place {
    fn rule(kind: RuleKind, rule: usize) -> Self {
        Self { kind, rule, steps: Vec::new() }
    }

    fn with(&self, step: Step) -> Self {
        let mut place = self.clone();
        place.steps.push(step);
        place
    }

    /// What a duty is called here: a permission has duties, a prohibition remedies, and both have
    /// consequences.
    fn step_to_duty(&self, number: usize) -> Step {
        match (self.kind, self.steps.is_empty()) {
            (RuleKind::Permission, true) => Step::Duty(number),
            (RuleKind::Prohibition, true) => Step::Remedy(number),
            _ => Step::Consequence(number),
        }
    }
}

/// Values shown in a sentence: at most four of them, each cut and quoted.
fn shown(values: impl ExactSizeIterator<Item = String>, joint: &str) -> String {
    const SHOWN_MAX: usize = 4;
    let count = values.len();
    let mut text = values.take(SHOWN_MAX).collect::<Vec<_>>().join(joint);
    if count == 0 {
        text.push_str("nothing");
    } else if count > SHOWN_MAX {
        text.push_str(&format!("{joint}{} more", count - SHOWN_MAX));
    }
    text
}

fn shown_right(leaf: &Leaf) -> String {
    let joint = match leaf.operator {
        Operator::IsAllOf | Operator::HasPart => " and ",
        _ => " or ",
    };
    let text = match &leaf.right {
        RightSide::Values(values) => shown(values.iter().map(shown_value), joint),
        RightSide::References(references) => shown(references.iter().map(Term::to_string), joint),
    };
    match &leaf.unit {
        Some(unit) => format!("{text} {}", short(&unit.to_string())),
        None => text,
    }
}

fn shown_value(value: &Value) -> String {
    match &value.source {
        Operand::Text(text) => quoted(text),
        Operand::Reference(term) => short(&term.to_string()),
        Operand::Number(number) => number.to_string(),
        Operand::Boolean(value) => value.to_string(),
        Operand::Literal(literal) => quoted(literal.text()),
        Operand::Verbatim(_) => "a value that is not understood".to_owned(),
    }
}

fn shown_fact(fact: &Fact) -> String {
    match fact {
        Fact::Text(text) => quoted(text),
        Fact::Iri(iri) => short(&iri.to_string()),
        Fact::Number(number) => number.to_string(),
        Fact::Quantity(number, unit) => format!("{number} {}", quoted(unit)),
        Fact::Boolean(value) => value.to_string(),
        Fact::Timestamp(timestamp) => timestamp.to_string(),
        Fact::Duration(duration) => duration.to_string(),
        Fact::Set(_) => "a set inside a set".to_owned(),
    }
}

/// A name that others chose, cut.
fn short(name: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 256;
    let mut short: String = name.chars().take(SHOWN_CHARS_MAX).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

fn quoted(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 64;
    let short: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{rest}")
}
