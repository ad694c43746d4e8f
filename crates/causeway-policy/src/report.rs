//! What an evaluation found: a verdict, the state of every rule, and one finding for everything
//! that bore on it. How it is found is in `eval`. A finding reads as one sentence; policies of
//! peers appear in it only as names and shortened, quoted values.

mod build;
mod json;

use std::fmt;

use crate::compile::CompileError;
use crate::model::Operator;
use crate::terms::{Iri, Term};
use crate::truth::Truth;

/// Whether the request may go ahead. Only [`Verdict::Permitted`] lets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A permission holds, and no prohibition or duty stands against it.
    Permitted,
    /// No permission can hold, or a prohibition does.
    Denied,
    /// It cannot be told. Not permitted either, but a person who knows more may decide.
    Unknown,
}

/// The verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The answer.
    pub verdict: Verdict,
    /// Everything that was looked at, in the policy's order.
    pub findings: Vec<Finding>,
    /// How every rule stands, once each is about one action, target and assignee.
    pub rules: Vec<RuleReport>,
}

/// How a rule stands, in the terms of the ODRL Formal Semantics and of compliance reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    /// Which rule.
    pub place: Place,
    /// Its name.
    pub uid: Option<Term>,
    /// `activationState`: whether the rule is in effect for the request; of a duty, whether it is
    /// due.
    pub active: Truth,
    /// `performanceState` of a duty: whether what it asks for was done.
    pub performed: Option<Truth>,
    /// `deonticState` of a duty or prohibition, where it can be told.
    pub deontic: Option<Deontic>,
    /// What the rule asks of the request.
    pub premises: Vec<Premise>,
    /// Its duties, remedies or consequences.
    pub conditions: Vec<Self>,
}

/// One thing that a rule asks of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Premise {
    /// What it is about.
    pub kind: PremiseKind,
    /// The name of the constraint, or what the rule is about.
    pub name: Option<Term>,
    /// `satisfactionState`.
    pub satisfied: Truth,
    /// Refinements of an action, asset or party; operands of a connective.
    pub parts: Vec<Self>,
}

/// What a premise is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PremiseKind {
    /// The action.
    Action,
    /// The target.
    Target,
    /// The assignee.
    Party,
    /// A constraint or refinement.
    Constraint,
}

/// The state of a duty or prohibition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deontic {
    /// What must be done was done.
    Fulfilled,
    /// Neither of the others.
    NotSet,
    /// What must be done can no longer be done in time, or what is prohibited was done and not
    /// remedied.
    Violated,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where in the policy; nothing when it is the policy as a whole.
    pub place: Option<Place>,
    /// The name it is about: an action, a left operand, a property.
    pub term: Term,
    /// Whether what stands there holds.
    pub truth: Truth,
    /// Why.
    pub reason: Reason,
}

/// A place in a policy. Numbers start at 0 here and at 1 in text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which of the policy's lists.
    pub kind: RuleKind,
    /// Which rule of the list.
    pub rule: usize,
    /// The way from the rule to the place.
    pub steps: Vec<Step>,
}

/// The lists of rules of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleKind {
    /// `permission`.
    Permission,
    /// `prohibition`.
    Prohibition,
    /// `obligation`.
    Obligation,
}

/// One step from a rule towards a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A duty of a permission.
    Duty(usize),
    /// A remedy of a prohibition.
    Remedy(usize),
    /// A consequence of a duty.
    Consequence(usize),
    /// A refinement of the action.
    Refinement(usize),
    /// A refinement of the collection of assets.
    TargetRefinement(usize),
    /// A refinement of the collection of parties.
    AssigneeRefinement(usize),
    /// A constraint of the rule.
    Constraint(usize),
    /// An operand of a connective.
    Operand(usize),
}

/// Why something holds, does not hold, or cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The comparison could be made.
    Compared {
        /// How.
        operator: Operator,
        /// The request's value, shortened.
        found: String,
        /// The policy's value, shortened.
        expected: String,
    },
    /// The operator is not defined between these values.
    NotComparable {
        /// The operator.
        operator: Operator,
        /// The request's value, shortened.
        found: String,
        /// The policy's value, shortened.
        expected: String,
    },
    /// The request carries no fact for the left operand.
    NoFact,
    /// No known context defines the name.
    NotDefined,
    /// A property that is not understood.
    NotUnderstood,
    /// The value is to be found elsewhere, and what stands there is not known.
    NoReference,
    /// The parts of an `andSequence` came true one after the other, or not.
    Sequence,
    /// Whether the rule's target is the requested one.
    Target {
        /// The requested target.
        requested: Option<Iri>,
    },
    /// Whether the rule's assignee is who asks.
    Assignee {
        /// Who asks.
        requested: Option<Iri>,
    },
    /// The rule says of no action what it is about.
    NoAction,
    /// Whether the rule's action covers the requested one.
    Action {
        /// The requested action.
        requested: Iri,
    },
    /// The prohibited action is part of the requested one, or may be.
    PartOfRequest {
        /// The requested action.
        requested: Iri,
    },
    /// The prohibition's conditions hold, do not hold or cannot be told.
    Prohibition,
    /// A duty that applies: nothing shows that it is fulfilled.
    Duty,
    /// A duty whose conditions do not hold.
    DutyNotDue,
    /// A duty whose state is known.
    DutyState {
        /// The state.
        state: Deontic,
    },
    /// A permission and a prohibition both apply, or may.
    Conflict,
    /// An offer grants nothing before it is agreed on.
    Offer,
    /// The policy is too large or incomplete.
    Refused {
        /// Why.
        error: CompileError,
    },
    /// The policy has no permission at all.
    NoPermission,
}

impl Report {
    /// The report on a policy that cannot be evaluated.
    pub(crate) fn refused(error: &CompileError) -> Self {
        let finding = Finding {
            place: None,
            term: Term::Iri(Iri::USE),
            truth: Truth::Unknown,
            reason: Reason::Refused { error: error.clone() },
        };
        Self { verdict: Verdict::Unknown, findings: vec![finding], rules: Vec::new() }
    }

    /// The findings that nobody could decide, which is what stands between unknown and permitted.
    pub fn unknown(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.truth == Truth::Unknown)
    }

    /// The duties that come with the policy and are not known to be fulfilled.
    pub fn duties(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| {
            let is_open = |state| matches!(state, Deontic::NotSet | Deontic::Violated);
            match finding.reason {
                Reason::Duty => true,
                Reason::DutyState { state } => is_open(state),
                _ => false,
            }
        })
    }
}

impl Verdict {
    /// The verdict in lower case, as it is logged and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for RuleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Permission => "permission",
            Self::Prohibition => "prohibition",
            Self::Obligation => "obligation",
        })
    }
}

/// Such as `permission 1, constraint 2.1`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.rule + 1)?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Duty(index) => write!(f, ", duty {}", index + 1),
            Step::Remedy(index) => write!(f, ", remedy {}", index + 1),
            Step::Consequence(index) => write!(f, ", consequence {}", index + 1),
            Step::Refinement(index) => write!(f, ", refinement {}", index + 1),
            Step::TargetRefinement(index) => write!(f, ", refinement {} of the target", index + 1),
            Step::AssigneeRefinement(index) => {
                write!(f, ", refinement {} of the assignee", index + 1)
            }
            Step::Constraint(index) => write!(f, ", constraint {}", index + 1),
            Step::Operand(index) => write!(f, ".{}", index + 1),
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        match &self.reason {
            Reason::Compared { .. }
            | Reason::NotComparable { .. }
            | Reason::NoFact
            | Reason::NoReference
            | Reason::NotDefined
            | Reason::NotUnderstood
            | Reason::Sequence => self.of_constraint(f),
            Reason::Duty | Reason::DutyNotDue | Reason::DutyState { .. } => self.of_duty(f),
            Reason::Refused { error } => write!(f, "the policy cannot be evaluated: {error}"),
            _ => self.of_rule(f),
        }
    }
}

impl Finding {
    fn of_constraint(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let term = &self.term;
        match (&self.reason, self.truth) {
            (Reason::Compared { operator, found, expected }, truth) => {
                let is = if truth == Truth::True { "is met" } else { "is not met" };
                write!(f, "{term} {operator} {expected} {is}, found {found}")
            }
            (Reason::NotComparable { operator, found, expected }, _) => write!(
                f,
                "{term} {operator} {expected} cannot be told, found {found}, which {operator} \
                 does not compare with that"
            ),
            (Reason::NoReference, _) => write!(
                f,
                "{term} cannot be told, because what stands at its right operand reference is not \
                 known"
            ),
            (Reason::NotDefined, _) => {
                write!(f, "{term} cannot be told, because no known context defines this name")
            }
            (Reason::NotUnderstood, _) => {
                write!(f, "{term} cannot be told, because this property is not understood")
            }
            (Reason::Sequence, Truth::Unknown) => {
                write!(f, "{term} cannot be told, because one of its parts cannot")
            }
            (Reason::Sequence, truth) => {
                let is = if truth == Truth::True { "is met" } else { "is not met" };
                write!(f, "{term} {is}, one part after the other")
            }
            _ => write!(f, "{term} cannot be told, because nothing is known about it"),
        }
    }

    fn of_duty(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let term = &self.term;
        match &self.reason {
            Reason::DutyNotDue => {
                write!(f, "the duty {term} is not due, because a condition is not met")
            }
            Reason::DutyState { state } => {
                let is = match state {
                    Deontic::Fulfilled => "is fulfilled",
                    Deontic::NotSet => "is not fulfilled yet",
                    Deontic::Violated => "is violated",
                };
                write!(f, "the duty {term} {is}")
            }
            _ => write!(f, "the duty {term} cannot be told, because nothing shows it is fulfilled"),
        }
    }

    fn of_rule(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let term = &self.term;
        let whom = |requested: &Option<Iri>| match requested {
            Some(requested) => requested.to_string(),
            None => "nothing that is known".to_owned(),
        };
        match (&self.reason, self.truth) {
            (Reason::Action { requested }, truth) => {
                let covers = match truth {
                    Truth::True => "covers",
                    Truth::False => "does not cover",
                    Truth::Unknown => "is not known to cover",
                };
                write!(f, "the action {term} {covers} {requested}")
            }
            (Reason::Target { requested }, truth) => {
                write!(f, "the target {term} {} {}", is_or_has(truth), whom(requested))
            }
            (Reason::Assignee { requested }, truth) => {
                write!(f, "the assignee {term} {} {}", is_or_has(truth), whom(requested))
            }
            (Reason::NoAction, _) => write!(f, "the rule has no action, expected one"),
            (Reason::PartOfRequest { requested }, _) => write!(
                f,
                "the prohibited action {term} is or may be part of {requested} and cannot be \
                 withheld from it"
            ),
            (Reason::Prohibition, truth) => {
                let applies = match truth {
                    Truth::True => "is prohibited",
                    Truth::False => "is not prohibited, because a condition is not met",
                    Truth::Unknown => "may be prohibited, because a condition cannot be told",
                };
                write!(f, "the action {term} {applies}")
            }
            (Reason::Conflict, truth) => {
                let what = match truth {
                    Truth::True => "counts, though it is prohibited",
                    Truth::False => "does not count, because it is prohibited",
                    Truth::Unknown => "cannot be told, because it may be prohibited",
                };
                write!(f, "the permission of {term} {what}")
            }
            (Reason::Offer, _) => write!(f, "an offer grants {term} only once it is agreed on"),
            _ => write!(f, "no permission is given, expected one of {term}"),
        }
    }
}

fn is_or_has(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "is or contains",
        Truth::False => "neither is nor contains",
        Truth::Unknown => "is not known to be or contain",
    }
}
