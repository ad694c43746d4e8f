//! The three-valued evaluator: may this request go ahead under this policy? It refuses what it
//! cannot enforce: a name it does not know, a fact it does not have, an operator or type it does
//! not understand, and any duty, all make the answer unknown, and unknown never grants.
//!
//! Enforced: `eq`, `neq`, `lt`, `lteq`, `gt`, `gteq`, `isAnyOf`, `isNoneOf` and, without a
//! hierarchy, `isPartOf`, over whatever facts the request carries, `odrl:dateTime` among them;
//! `and`, `or`, `xone` by Kleene's logic; `andSequence` as `and` once every operand is decided.
//!
//! - A prohibition that holds denies; one that may hold makes a grant unknown. So does one of a
//!   narrower action than the requested one, since that part cannot be withheld.
//! - A permission holds if its action covers the request, all its refinements and constraints
//!   hold, and none of its duties is due. Duties that are not due (a condition is not met) do not
//!   matter. Obligations of the policy count like duties of every permission.
//! - Actions cover themselves, and `use` and `transfer` what ODRL 2.2 places below them. Other
//!   relations between actions are not known, so nothing is granted through them.
//!
//! Not here: remedies and consequences (they follow a breach), and who the parties are.

use std::collections::BTreeMap;

use causeway_types::Timestamp;

use crate::compare::{Outcome, compare};
use crate::model::{
    Atomic, Constraint, Logical, LogicalOperator, Operand, Parts, Policy, RightOperand, Rule,
};
use crate::names;
use crate::number::Number;
use crate::report::{Finding, Place, Reason, Report, RuleKind, Step, Verdict};
use crate::terms::{Iri, Term};
use crate::truth::Truth;

/// What is known about a left operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Text, compared letter by letter.
    Text(String),
    /// A thing.
    Iri(Iri),
    /// A number.
    Number(Number),
    /// A boolean.
    Boolean(bool),
    /// A point in time.
    Timestamp(Timestamp),
    /// Several values at once, such as all purposes of a request; not nested.
    Set(Vec<Self>),
}

/// What is known about a request, by left operand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts(BTreeMap<Iri, Fact>);

/// What somebody wants to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The action.
    pub action: Iri,
    /// What is known about it.
    pub facts: Facts,
}

/// Evaluates `policy` for `request`. The findings say why, and what is missing for an answer.
pub fn evaluate(policy: &Policy, request: &Request) -> Report {
    let mut evaluation = Evaluation { request, findings: Vec::new() };
    let granted = evaluation.granted(&policy.permissions);
    let prohibited = evaluation.prohibited(&policy.prohibitions);
    let unburdened = evaluation.unburdened(&policy.obligations);
    let verdict = match (granted, prohibited) {
        (Truth::False, _) | (_, Truth::True) => Verdict::Denied,
        (granted, prohibited) => match granted.and(prohibited.negated()).and(unburdened) {
            Truth::True => Verdict::Permitted,
            Truth::False | Truth::Unknown => Verdict::Unknown,
        },
    };
    Report { verdict, findings: evaluation.findings }
}

impl Fact {
    pub(crate) fn values(&self) -> &[Self] {
        match self {
            Self::Set(values) => values,
            single => std::slice::from_ref(single),
        }
    }
}

impl Facts {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only the time of the request is known, as `odrl:dateTime`.
    pub fn at(now: Timestamp) -> Self {
        Self::new().with(Iri::DATE_TIME, Fact::Timestamp(now))
    }

    /// The facts with one more; what was known about `left` is replaced.
    #[must_use]
    pub fn with(mut self, left: Iri, fact: Fact) -> Self {
        self.0.insert(left, fact);
        self
    }

    /// What is known about `left`.
    pub fn of(&self, left: &Iri) -> Option<&Fact> {
        self.0.get(left)
    }
}

impl Request {
    /// A request to use.
    pub fn to_use(facts: Facts) -> Self {
        Self { action: Iri::USE, facts }
    }
}

struct Evaluation<'a> {
    request: &'a Request,
    findings: Vec<Finding>,
}

impl Evaluation<'_> {
    fn granted(&mut self, permissions: &[Rule]) -> Truth {
        if permissions.is_empty() {
            let term = Term::Iri(self.request.action.clone());
            self.note(None, term, Truth::False, Reason::NoPermission);
        }
        // Every permission is looked at, also after one holds: the report is complete.
        permissions.iter().enumerate().fold(Truth::False, |granted, (index, rule)| {
            granted.or(self.permission(&Place::rule(RuleKind::Permission, index), rule))
        })
    }

    fn permission(&mut self, place: &Place, rule: &Rule) -> Truth {
        let covers = covers(&rule.action, &self.request.action);
        let requested = self.request.action.clone();
        self.note(Some(place), rule.action.clone(), covers, Reason::Action { requested });
        if covers == Truth::False {
            return Truth::False;
        }
        let holds = self.conditions(place, rule);
        let unburdened = rule.duties.iter().enumerate().fold(Truth::True, |all, (index, duty)| {
            all.and(self.unburdened_by(&place.with(Step::Duty(index)), duty))
        });
        covers.and(holds).and(unburdened)
    }

    fn prohibited(&mut self, prohibitions: &[Rule]) -> Truth {
        prohibitions.iter().enumerate().fold(Truth::False, |prohibited, (index, rule)| {
            prohibited.or(self.prohibition(&Place::rule(RuleKind::Prohibition, index), rule))
        })
    }

    fn prohibition(&mut self, place: &Place, rule: &Rule) -> Truth {
        let requested = self.request.action.clone();
        let covers = covers(&rule.action, &requested);
        let is_part = rule
            .action
            .iri()
            .map(|action| covers_part(&requested, action))
            .unwrap_or(Truth::Unknown);
        let concerned = match (covers, is_part) {
            (Truth::False, Truth::False) => Truth::False,
            (Truth::False, _) => Truth::Unknown,
            (covers, _) => covers,
        };
        let reason = match covers {
            Truth::False if concerned == Truth::Unknown => Reason::PartOfRequest { requested },
            _ => Reason::Action { requested },
        };
        self.note(Some(place), rule.action.clone(), concerned, reason);
        if concerned == Truth::False {
            return Truth::False;
        }
        let prohibited = concerned.and(self.conditions(place, rule));
        self.note(Some(place), rule.action.clone(), prohibited, Reason::Prohibition);
        prohibited
    }

    fn unburdened(&mut self, obligations: &[Rule]) -> Truth {
        obligations.iter().enumerate().fold(Truth::True, |all, (index, duty)| {
            all.and(self.unburdened_by(&Place::rule(RuleKind::Obligation, index), duty))
        })
    }

    /// True if the duty is known not to be due; otherwise nothing shows that it is fulfilled.
    fn unburdened_by(&mut self, place: &Place, duty: &Rule) -> Truth {
        let due = self.conditions(place, duty);
        let (truth, reason) = match due {
            Truth::False => (Truth::True, Reason::DutyNotDue),
            Truth::True | Truth::Unknown => (Truth::Unknown, Reason::Duty),
        };
        self.note(Some(place), duty.action.clone(), truth, reason);
        truth
    }

    /// Whether all refinements and constraints of a rule hold. A property that is not understood
    /// may change what they mean, so beside one nothing is settled, not even that they fail.
    fn conditions(&mut self, place: &Place, rule: &Rule) -> Truth {
        let parts = self.parts(place, &rule.parts);
        let refinements = self.each(place, &rule.refinements, Step::Refinement);
        let constraints = self.each(place, &rule.constraints, Step::Constraint);
        if parts == Truth::Unknown {
            return Truth::Unknown;
        }
        Truth::all(refinements).and(Truth::all(constraints))
    }

    fn each(
        &mut self,
        place: &Place,
        constraints: &[Constraint],
        step: fn(usize) -> Step,
    ) -> Vec<Truth> {
        constraints
            .iter()
            .enumerate()
            .map(|(index, constraint)| self.constraint(&place.with(step(index)), constraint))
            .collect()
    }

    fn constraint(&mut self, place: &Place, constraint: &Constraint) -> Truth {
        match constraint {
            Constraint::Atomic(atomic) => {
                let parts = self.parts(place, &atomic.parts);
                let holds = self.atomic(place, atomic);
                if parts == Truth::Unknown { Truth::Unknown } else { holds }
            }
            Constraint::Logical(logical) => {
                let parts = self.parts(place, &logical.parts);
                let holds = self.logical(place, logical);
                if parts == Truth::Unknown { Truth::Unknown } else { holds }
            }
        }
    }

    fn atomic(&mut self, place: &Place, atomic: &Atomic) -> Truth {
        let fact = match &atomic.left {
            Term::Opaque(_) => Err(Reason::NotDefined),
            Term::Iri(left) => self.request.facts.of(left).ok_or(Reason::NoFact),
        };
        let (truth, reason) = match fact {
            Err(reason) => (Truth::Unknown, reason),
            Ok(fact) => judged(fact, atomic),
        };
        self.note(Some(place), atomic.left.clone(), truth, reason);
        truth
    }

    fn logical(&mut self, place: &Place, logical: &Logical) -> Truth {
        let operands = self.each(place, logical.operands.as_slice(), Step::Operand);
        match logical.operator {
            LogicalOperator::And => Truth::all(operands),
            LogicalOperator::Or => Truth::any(operands),
            LogicalOperator::Xone => Truth::exactly_one(operands),
            LogicalOperator::AndSequence => {
                if !operands.contains(&Truth::Unknown) {
                    return Truth::all(operands);
                }
                let term = Term::Iri(Iri::AND_SEQUENCE);
                self.note(Some(place), term, Truth::Unknown, Reason::Sequence);
                Truth::Unknown
            }
        }
    }

    fn parts(&mut self, place: &Place, parts: &Parts) -> Truth {
        for name in parts.keys() {
            self.note(Some(place), name.clone(), Truth::Unknown, Reason::NotUnderstood);
        }
        if parts.is_empty() { Truth::True } else { Truth::Unknown }
    }

    fn note(&mut self, place: Option<&Place>, term: Term, truth: Truth, reason: Reason) {
        self.findings.push(Finding { place: place.cloned(), term, truth, reason });
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
}

fn judged(fact: &Fact, atomic: &Atomic) -> (Truth, Reason) {
    let operator = atomic.operator;
    let found = || shown(fact.values().iter().map(shown_fact));
    let expected = || shown_right(&atomic.right);
    match compare(fact, operator, &atomic.right) {
        Outcome::Decided(holds) => (
            Truth::from(holds),
            Reason::Compared { operator, found: found(), expected: expected() },
        ),
        Outcome::NotComparable => (
            Truth::Unknown,
            Reason::NotComparable { operator, found: found(), expected: expected() },
        ),
        Outcome::NotEnforced => (Truth::Unknown, Reason::OperatorNotEnforced { operator }),
    }
}

/// Whether a rule about `rule` is also about `requested`.
fn covers(rule: &Term, requested: &Iri) -> Truth {
    match rule {
        Term::Opaque(_) => Truth::Unknown,
        Term::Iri(rule) => covers_part(rule, requested),
    }
}

/// Whether `part` is `whole` or an action below it.
fn covers_part(whole: &Iri, part: &Iri) -> Truth {
    if whole == part {
        return Truth::True;
    }
    let is_root = |action: &Iri| matches!(action.odrl_name(), Some("use" | "transfer"));
    match (root(whole), root(part)) {
        // A profile's action may be below a root of ODRL, but no root is below anything.
        (_, Some(_)) if is_root(part) => Truth::False,
        (Some(whole_root), Some(part_root)) if whole_root != part_root => Truth::False,
        (Some(_), Some(_)) if is_root(whole) => Truth::True,
        (None, Some(_)) => Truth::False,
        _ => Truth::Unknown,
    }
}

/// The normative action of ODRL that an action of its vocabulary is below, or is.
fn root(action: &Iri) -> Option<&'static str> {
    let name = action.odrl_name()?;
    if name == "use" || names::ODRL_ACTIONS_OF_USE.contains(&name) {
        Some("use")
    } else if name == "transfer" || names::ODRL_ACTIONS_OF_TRANSFER.contains(&name) {
        Some("transfer")
    } else {
        None
    }
}

/// Values shown in a sentence: at most four of them, each cut and quoted.
fn shown(values: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN_MAX: usize = 4;
    let count = values.len();
    let mut text = values.take(SHOWN_MAX).collect::<Vec<_>>().join(" or ");
    if count == 0 {
        text.push_str("nothing");
    } else if count > SHOWN_MAX {
        text.push_str(&format!(" or {} more", count - SHOWN_MAX));
    }
    text
}

fn shown_right(right: &RightOperand) -> String {
    shown(right.values().iter().map(|value| match value {
        Operand::Text(text) => quoted(text),
        Operand::Reference(term) => term.to_string(),
        Operand::Number(number) => number.to_string(),
        Operand::Boolean(value) => value.to_string(),
        Operand::Literal(literal) => quoted(literal.text()),
        Operand::Verbatim(_) => "a value that is not understood".to_owned(),
    }))
}

fn shown_fact(fact: &Fact) -> String {
    match fact {
        Fact::Text(text) => quoted(text),
        Fact::Iri(iri) => iri.to_string(),
        Fact::Number(number) => number.to_string(),
        Fact::Boolean(value) => value.to_string(),
        Fact::Timestamp(timestamp) => timestamp.to_string(),
        Fact::Set(_) => "a set inside a set".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 64;
    let short: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{rest}")
}
