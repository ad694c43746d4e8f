//! What an evaluation found: a verdict and one finding for everything that bore on it. How it is
//! found is in `eval`. A finding reads as one sentence; policies of peers appear in it only as
//! names and shortened, quoted values.

use std::fmt;

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
    /// A refinement of the action.
    Refinement(usize),
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
    /// The operator is not enforced.
    OperatorNotEnforced {
        /// The operator.
        operator: Operator,
    },
    /// The request carries no fact for the left operand.
    NoFact,
    /// No known context defines the name.
    NotDefined,
    /// A property that is not understood.
    NotUnderstood,
    /// An `andSequence` has an operand that cannot be told.
    Sequence,
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
    /// The policy has no permission at all.
    NoPermission,
}

impl Report {
    /// The findings that nobody could decide, which is what stands between unknown and permitted.
    pub fn unknown(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.truth == Truth::Unknown)
    }

    /// The duties that come with the policy and are not known to be fulfilled.
    pub fn duties(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.reason == Reason::Duty)
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
            Step::Refinement(index) => write!(f, ", refinement {}", index + 1),
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
            (Reason::OperatorNotEnforced { operator }, _) => {
                write!(f, "{term} cannot be told, because the operator {operator} is not enforced")
            }
            (Reason::NoFact, _) => {
                write!(f, "{term} cannot be told, because nothing is known about it")
            }
            (Reason::NotDefined, _) => {
                write!(f, "{term} cannot be told, because no known context defines this name")
            }
            (Reason::NotUnderstood, _) => {
                write!(f, "{term} cannot be told, because this property is not understood")
            }
            (Reason::Sequence, _) => {
                write!(f, "{term} cannot be told, because the order of its parts is not known")
            }
            (Reason::Action { requested }, truth) => {
                let covers = match truth {
                    Truth::True => "covers",
                    Truth::False => "does not cover",
                    Truth::Unknown => "is not known to cover",
                };
                write!(f, "the action {term} {covers} {requested}")
            }
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
            (Reason::Duty, _) => {
                write!(f, "the duty {term} cannot be told, because nothing shows it is fulfilled")
            }
            (Reason::DutyNotDue, _) => {
                write!(f, "the duty {term} is not due, because a condition is not met")
            }
            (Reason::NoPermission, _) => {
                write!(f, "no permission is given, expected one of {term}")
            }
        }
    }
}
