//! What the schema of DSP 2025-1 has no place for: rules there are an action and constraints, an
//! action is a text. What a particular implementation does is in `engine`.

use super::{Code, Effect, Hazard, Peer};
use crate::model::{Constraint, Parts, Policy, Rule};
use crate::terms::Term;

/// What a peer that knows no more than the schema cannot read.
pub(super) fn lint(policy: &Policy) -> Vec<Hazard> {
    let mut found = Found(Vec::new());
    if policy.permissions.is_empty() && policy.prohibitions.is_empty() {
        found.push(Code::RuleMissing, Effect::Refused, String::new(), String::new());
    }
    for (name, rules, duties) in [
        ("permission", &policy.permissions, ("duty", Code::DutyIgnored)),
        ("prohibition", &policy.prohibitions, ("remedy", Code::RemedyIgnored)),
        ("obligation", &policy.obligations, ("consequence", Code::ConsequenceIgnored)),
    ] {
        for (index, rule) in rules.iter().enumerate() {
            found.rule(&format!("/{name}/{index}"), rule, duties);
        }
    }
    found.0
}

struct Found(Vec<Hazard>);

impl Found {
    fn rule(&mut self, at: &str, rule: &Rule, (key, code): (&str, Code)) {
        self.name(&format!("{at}/action"), &rule.action);
        if !rule.refinements.is_empty() {
            let at = format!("{at}/action");
            self.push(Code::RefinementIgnored, Effect::Refused, at, rule.action.to_string());
        }
        for (index, refinement) in rule.refinements.iter().enumerate() {
            self.constraint(&format!("{at}/action/odrl:refinement/{index}"), refinement);
        }
        self.parts(at, &rule.parts);
        for (index, constraint) in rule.constraints.iter().enumerate() {
            self.constraint(&format!("{at}/constraint/{index}"), constraint);
        }
        for (index, duty) in rule.duties.iter().enumerate() {
            let at = format!("{at}/{key}/{index}");
            self.push(code, Effect::Lost, at.clone(), duty.action.to_string());
            self.rule(&at, duty, ("consequence", Code::ConsequenceIgnored));
        }
    }

    fn constraint(&mut self, at: &str, constraint: &Constraint) {
        match constraint {
            Constraint::Atomic(atomic) => {
                self.name(&format!("{at}/leftOperand"), &atomic.left);
                self.parts(at, &atomic.parts);
            }
            Constraint::Logical(logical) => {
                self.parts(at, &logical.parts);
                for (index, operand) in logical.operands.as_slice().iter().enumerate() {
                    self.constraint(&format!("{at}/{}/{index}", logical.operator), operand);
                }
            }
        }
    }

    fn parts(&mut self, at: &str, parts: &Parts) {
        for name in parts.keys() {
            self.push(Code::PropertyIgnored, Effect::Lost, at.to_owned(), name.to_string());
        }
    }

    fn name(&mut self, at: &str, term: &Term) {
        if term.iri().is_none() {
            self.push(Code::NameUnknown, Effect::Lost, at.to_owned(), term.to_string());
        }
    }

    fn push(&mut self, code: Code, effect: Effect, at: String, term: String) {
        self.0.push(Hazard { code, peer: Peer::Dsp, effect, at, term });
    }
}
