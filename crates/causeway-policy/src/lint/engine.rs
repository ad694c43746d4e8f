//! How a policy goes through the policy engine that EDC and Tractus-X share: rules and conditions
//! that no scope binds are removed, what is left is evaluated rule by rule, and all rules must be
//! fulfilled. Which names are bound is in `bindings`.

use super::bindings::{Check, Kind, Left, Operators, binds_action, is_readable, left};
use super::{Code, Effect, Hazard, Peer};
use crate::model::{Atomic, Constraint, Logical, LogicalOperator, Parts, Policy, Rule};
use crate::names::CATENAX;
use crate::terms::Term;

/// What the engine of `peer` makes of a policy.
pub(super) fn lint(policy: &Policy, peer: Peer) -> Vec<Hazard> {
    let mut walk = Walk { peer, inside_xone: false, found: Vec::new() };
    walk.whole(policy);
    for (index, rule) in policy.permissions.iter().enumerate() {
        walk.rule(&format!("/permission/{index}"), rule, Kind::Permission);
    }
    for (index, rule) in policy.prohibitions.iter().enumerate() {
        walk.rule(&format!("/prohibition/{index}"), rule, Kind::Prohibition);
    }
    for (index, rule) in policy.obligations.iter().enumerate() {
        walk.rule(&format!("/obligation/{index}"), rule, Kind::Duty);
    }
    walk.found
}

/// How the conditions beside one another are joined, which decides what losing one means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    All,
    Any,
}

struct Walk {
    peer: Peer,
    /// Below an `xone` more can hold for less, whatever the connective.
    inside_xone: bool,
    found: Vec<Hazard>,
}

impl Walk {
    /// What it means to lose one of the conditions that are joined like this.
    fn lost_from(&self, kind: Kind, join: Join) -> Effect {
        if self.inside_xone { Effect::Lost } else { lost_from(kind, join) }
    }

    fn whole(&mut self, policy: &Policy) {
        let kept = policy.permissions.iter().filter(|rule| binds_action(self.peer, &rule.action));
        let is_usage = |rule: &&Rule| rule.action.odrl_name() == Some("use");
        let usage = kept.clone().filter(is_usage).count();
        if policy.permissions.is_empty() {
            self.push(Code::PermissionMissing, Effect::Lost, "", "");
        } else if kept.count() > 1 {
            self.push(Code::PermissionsAll, Effect::Refused, "/permission", "");
        }
        if self.peer == Peer::TractusX && usage > 0 {
            let named = |name: &str| {
                policy
                    .permissions
                    .iter()
                    .any(|rule| rule.constraints.iter().any(|c| names(c, name)))
            };
            if !(named("FrameworkAgreement") && named("UsagePurpose")) {
                self.push(Code::TermsRequired, Effect::Refused, "/permission", "");
            }
        }
    }

    fn rule(&mut self, at: &str, rule: &Rule, kind: Kind) {
        let action = rule.action.to_string();
        if !binds_action(self.peer, &rule.action) {
            self.push(Code::ActionDropped, Effect::Lost, &format!("{at}/action"), &action);
            return;
        }
        if !rule.refinements.is_empty() {
            // Without its conditions a permission allows more, and a prohibition forbids more.
            let effect = if kind == Kind::Prohibition { Effect::Refused } else { Effect::Lost };
            self.push(Code::RefinementIgnored, effect, &format!("{at}/action"), &action);
        }
        self.parts(at, &rule.parts);
        self.duties(at, rule, kind);
        let kept = rule.constraints.iter().filter(|c| self.keeps(kind, c)).count();
        match kind {
            Kind::Prohibition if rule.constraints.is_empty() => {
                self.push(Code::ProhibitionNever, Effect::Lost, at, &action);
            }
            Kind::Prohibition if kept > 1 => {
                let at = format!("{at}/constraint");
                self.push(Code::ProhibitionAny, Effect::Refused, &at, &action);
            }
            Kind::Duty if kept == 0 => self.push(Code::DutyIgnored, Effect::Lost, at, &action),
            _ => {}
        }
        // Every condition of a prohibition forbids on its own, as if they were joined by `or`.
        let join = if kind == Kind::Prohibition { Join::Any } else { Join::All };
        for (index, constraint) in rule.constraints.iter().enumerate() {
            let at = format!("{at}/constraint/{index}");
            let lost = self.lost_from(kind, join);
            self.constraint(&at, constraint, kind, lost);
        }
    }

    fn duties(&mut self, at: &str, rule: &Rule, kind: Kind) {
        let (key, code) = match kind {
            Kind::Permission => ("duty", Code::DutyIgnored),
            Kind::Prohibition => ("remedy", Code::RemedyIgnored),
            Kind::Duty => ("consequence", Code::ConsequenceIgnored),
        };
        for (index, duty) in rule.duties.iter().enumerate() {
            let at = format!("{at}/{key}/{index}");
            self.push(code, Effect::Lost, &at, &duty.action.to_string());
            // The engine visits the duties of permissions, but only for their conditions.
            if kind != Kind::Permission || !binds_action(self.peer, &duty.action) {
                continue;
            }
            for (index, constraint) in duty.constraints.iter().enumerate() {
                let at = format!("{at}/constraint/{index}");
                self.constraint(&at, constraint, Kind::Duty, Effect::Lost);
            }
        }
    }

    /// `lost`: what it means if this condition is removed where it stands.
    fn constraint(&mut self, at: &str, constraint: &Constraint, kind: Kind, lost: Effect) {
        match constraint {
            Constraint::Atomic(atomic) => self.atomic(at, atomic, kind, lost),
            Constraint::Logical(logical) => self.logical(at, logical, kind, lost),
        }
    }

    fn logical(&mut self, at: &str, logical: &Logical, kind: Kind, lost: Effect) {
        self.parts(at, &logical.parts);
        let operator = logical.operator;
        let is_refused = match self.peer {
            Peer::TractusX => operator != LogicalOperator::And,
            _ => operator == LogicalOperator::AndSequence,
        };
        if is_refused {
            self.push(Code::ConnectiveRefused, Effect::Refused, at, operator.as_str());
        }
        // There is no transformer for it: the message is refused before anything is evaluated.
        if operator == LogicalOperator::AndSequence {
            return;
        }
        let operands = logical.operands.as_slice();
        let outside = self.inside_xone;
        self.inside_xone |= operator == LogicalOperator::Xone;
        let inner = if operands.iter().any(|operand| self.keeps(kind, operand)) {
            let join = match operator {
                LogicalOperator::And | LogicalOperator::AndSequence => Join::All,
                LogicalOperator::Or | LogicalOperator::Xone => Join::Any,
            };
            self.lost_from(kind, join)
        } else {
            // Nothing is left of it, so it is removed itself.
            lost
        };
        for (index, operand) in operands.iter().enumerate() {
            self.constraint(&format!("{at}/{operator}/{index}"), operand, kind, inner);
        }
        self.inside_xone = outside;
    }

    fn atomic(&mut self, at: &str, atomic: &Atomic, kind: Kind, lost: Effect) {
        let term = atomic.left.to_string();
        let (code, effect) = match left(self.peer, kind, &atomic.left) {
            Left::Checked(check) => {
                self.parts(at, &atomic.parts);
                return self.checked(at, atomic, check, &term);
            }
            Left::Dropped => (Code::LeftOperandDropped, lost),
            Left::Assumed if kind == Kind::Prohibition => {
                (Code::ProhibitionAlways, Effect::Refused)
            }
            Left::Assumed => (Code::LeftOperandAssumed, Effect::Lost),
            Left::Misplaced => (Code::LeftOperandMisplaced, Effect::Refused),
            Left::EndsInMonitor => (Code::MonitorEnds, Effect::Refused),
        };
        self.push(code, effect, at, &term);
    }

    fn checked(&mut self, at: &str, atomic: &Atomic, check: Check, term: &str) {
        match check.operators {
            Operators::NotLookedAt if atomic.operator.as_str() != "eq" => {
                self.push(Code::OperatorIgnored, Effect::Lost, at, term);
            }
            Operators::These(operators) if !operators.contains(&atomic.operator) => {
                self.push(Code::OperatorRefused, Effect::Refused, at, term);
            }
            _ => {}
        }
        if !is_readable(check.value, &atomic.right) {
            self.push(Code::ValueRefused, Effect::Refused, at, term);
        }
        if check.is_late {
            self.push(Code::CheckedLate, Effect::Later, at, term);
        }
    }

    /// Whether the scope filter leaves anything of a condition.
    fn keeps(&self, kind: Kind, constraint: &Constraint) -> bool {
        match constraint {
            Constraint::Atomic(atomic) => left(self.peer, kind, &atomic.left) != Left::Dropped,
            Constraint::Logical(logical) => {
                logical.operands.as_slice().iter().any(|operand| self.keeps(kind, operand))
            }
        }
    }

    fn parts(&mut self, at: &str, parts: &Parts) {
        for name in parts.keys() {
            self.push(Code::PropertyIgnored, Effect::Lost, at, &name.to_string());
        }
    }

    fn push(&mut self, code: Code, effect: Effect, at: &str, term: &str) {
        let (at, term) = (at.to_owned(), term.to_owned());
        self.found.push(Hazard { code, peer: self.peer, effect, at, term });
    }
}

/// What it means to lose one of several conditions. A permission with one condition less of `and`
/// allows more, with one less of `or` allows less; for a prohibition it is the other way round.
fn lost_from(kind: Kind, join: Join) -> Effect {
    match (kind, join) {
        (Kind::Permission | Kind::Duty, Join::All) | (Kind::Prohibition, Join::Any) => Effect::Lost,
        (Kind::Permission | Kind::Duty, Join::Any) | (Kind::Prohibition, Join::All) => {
            Effect::Refused
        }
    }
}

/// Whether a condition names a term of the Catena-X profile.
fn names(constraint: &Constraint, name: &str) -> bool {
    match constraint {
        Constraint::Atomic(atomic) => match &atomic.left {
            Term::Iri(iri) => iri.as_str().strip_prefix(CATENAX) == Some(name),
            Term::Opaque(_) => false,
        },
        Constraint::Logical(logical) => {
            logical.operands.as_slice().iter().any(|operand| names(operand, name))
        }
    }
}
