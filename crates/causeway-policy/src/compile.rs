//! A policy made ready once for many evaluations: rules are atomic, constraints stand in one list
//! with their operands before them, left operands are numbered, and every value is parsed in each
//! way that a fact could ask for.

mod value;

use std::collections::{BTreeMap, BTreeSet};

use causeway_types::limits::{
    MESSAGE_DEPTH_MAX, POLICY_EVALUATED_CONSTRAINTS_MAX, POLICY_EVALUATED_RULES_MAX,
};

pub(crate) use self::value::Value;
use crate::model::{LogicalOperator, Operator};
use crate::number::Number;
use crate::odrl::{self, Condition, Conflict, Constraint, Kind, Right, Thing};
use crate::operands::{self, Origin};
use crate::options::Options;
use crate::read::{ReadError, read_full};
use crate::report::RuleKind;
use crate::terms::{Contexts, Iri, Term};
use crate::vocabulary::Vocabulary;

/// A policy that is ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) options: Options,
    pub(crate) kind: Kind,
    /// Nothing if several strategies contradict each other.
    pub(crate) conflict: Option<Conflict>,
    /// Profiles and properties of the policy that are not understood.
    pub(crate) not_understood: Vec<Term>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) rules: Vec<Rule>,
    /// The rules that stand in the policy itself, by list.
    pub(crate) permissions: Vec<usize>,
    pub(crate) prohibitions: Vec<usize>,
    pub(crate) obligations: Vec<usize>,
    /// Collections that the policy itself says a party or asset is in.
    pub(crate) members: BTreeMap<Iri, BTreeSet<Iri>>,
}

/// Why a policy cannot be made ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It inherits rules that are not there.
    #[error("compiling the policy: found that it inherits from {parent}, expected its rules")]
    Inherits {
        /// The first parent.
        parent: Term,
    },
    /// Too many rules, once each is about one action, target and assignee.
    #[error("compiling the policy: found more than {POLICY_EVALUATED_RULES_MAX} atomic rules")]
    Rules,
    /// Too many constraints.
    #[error("compiling the policy: found more than {POLICY_EVALUATED_CONSTRAINTS_MAX} constraints")]
    Constraints,
    /// Constraints or duties inside each other for too long.
    #[error("compiling the policy: found deeper nesting than {MESSAGE_DEPTH_MAX} levels")]
    TooDeep,
    /// A policy that was built by hand and could not have been read.
    #[error("compiling the policy: {0}")]
    Read(#[from] ReadError),
}

/// A left operand as asked for by some constraints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) subject: Subject,
    pub(crate) left: Iri,
    pub(crate) origin: Origin,
    /// The rule whose action is counted, where something is counted.
    pub(crate) rule: Option<usize>,
    /// What is counted, where the constraint says so: users, devices, copies.
    pub(crate) unit: Option<Term>,
}

/// Whose property a left operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Request,
    Target,
    Assignee,
}

/// A constraint; its operands stand before it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) uid: Option<Term>,
    pub(crate) body: Body,
    pub(crate) not_understood: Box<[Term]>,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Leaf(Leaf),
    Join(LogicalOperator, Box<[usize]>),
}

#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) left: Term,
    /// Nothing for a name that nobody defines.
    pub(crate) slot: Option<usize>,
    pub(crate) operator: Operator,
    pub(crate) right: RightSide,
    pub(crate) unit: Option<Term>,
    /// How far a count was when the policy was written.
    pub(crate) status: Option<Number>,
    pub(crate) is_version: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum RightSide {
    Values(Box<[Value]>),
    References(Box<[Term]>),
}

/// An atomic rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) origin: usize,
    pub(crate) uid: Option<Term>,
    pub(crate) action: Option<Action>,
    pub(crate) target: Option<Subjects>,
    pub(crate) assignee: Option<Subjects>,
    pub(crate) constraints: Box<[usize]>,
    pub(crate) duties: Box<[usize]>,
    pub(crate) not_understood: Box<[Term]>,
}

#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) name: Term,
    pub(crate) refinements: Box<[usize]>,
    pub(crate) not_understood: Box<[Term]>,
}

/// The party or asset of a rule, or the collection of them.
#[derive(Debug, Clone)]
pub(crate) struct Subjects {
    pub(crate) names: Box<[Term]>,
    pub(crate) is_single: bool,
    pub(crate) refinements: Box<[usize]>,
    pub(crate) not_understood: Box<[Term]>,
}

impl TryFrom<&crate::Policy> for odrl::Policy {
    type Error = ReadError;

    /// What the wire carries, as the whole model sees it.
    fn try_from(policy: &crate::Policy) -> Result<Self, ReadError> {
        read_full(&serde_json::Value::Object(crate::write(policy)), &Contexts::dsp())
    }
}

impl Compiled {
    /// Makes a policy of the wire ready.
    pub fn new(policy: &crate::Policy, vocabulary: &Vocabulary) -> Result<Self, CompileError> {
        Self::whole(&odrl::Policy::try_from(policy)?, vocabulary)
    }

    /// The left operands that its constraints ask for; one may come more than once.
    pub fn left_operands(&self) -> impl Iterator<Item = &Iri> {
        self.slots.iter().map(|slot| &slot.left)
    }

    /// Makes a whole policy ready.
    pub fn whole(policy: &odrl::Policy, vocabulary: &Vocabulary) -> Result<Self, CompileError> {
        if let Some(parent) = policy.inherits.first() {
            return Err(CompileError::Inherits { parent: parent.clone() });
        }
        if policy.constraints() > POLICY_EVALUATED_CONSTRAINTS_MAX {
            return Err(CompileError::Constraints);
        }
        let mut not_understood = policy.not_understood.clone();
        let unknown = policy.profiles.iter().filter(|profile| !vocabulary.knows_profile(profile));
        not_understood.extend(unknown.cloned());
        let mut compiled = Self {
            vocabulary: vocabulary.clone(),
            options: Options::default(),
            kind: policy.kind.clone(),
            conflict: policy.conflict().cloned(),
            not_understood,
            nodes: Vec::new(),
            slots: Vec::new(),
            rules: Vec::new(),
            permissions: Vec::new(),
            prohibitions: Vec::new(),
            obligations: Vec::new(),
            members: BTreeMap::new(),
        };
        for kind in [RuleKind::Permission, RuleKind::Prohibition, RuleKind::Obligation] {
            let limit = POLICY_EVALUATED_RULES_MAX - compiled.rules.len();
            let atomic = policy.atomic(kind, limit).ok_or(CompileError::Rules)?;
            let indices =
                atomic.iter().map(|rule| compiled.rule(rule, 0)).collect::<Result<_, _>>()?;
            match kind {
                RuleKind::Permission => compiled.permissions = indices,
                RuleKind::Prohibition => compiled.prohibitions = indices,
                RuleKind::Obligation => compiled.obligations = indices,
            }
        }
        Ok(compiled)
    }

    /// With other choices than the strictest where ODRL leaves one.
    #[must_use]
    pub fn with_options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// The rules of one list.
    pub(crate) fn list(&self, kind: RuleKind) -> &[usize] {
        match kind {
            RuleKind::Permission => &self.permissions,
            RuleKind::Prohibition => &self.prohibitions,
            RuleKind::Obligation => &self.obligations,
        }
    }

    fn rule(&mut self, rule: &odrl::AtomicRule, depth: usize) -> Result<usize, CompileError> {
        if depth > MESSAGE_DEPTH_MAX {
            return Err(CompileError::TooDeep);
        }
        let index = self.rules.len();
        self.rules.push(Rule {
            origin: rule.origin,
            uid: rule.uid.clone(),
            action: None,
            target: None,
            assignee: None,
            constraints: Box::default(),
            duties: Box::default(),
            not_understood: rule.not_understood.clone().into(),
        });
        let mut scope = Scope { subject: Subject::Request, rule: index };
        let action = match &rule.action {
            Some(action) => Some(Action {
                name: action.name.clone(),
                refinements: self.constraints(&action.refinements, scope)?,
                not_understood: action.not_understood.clone().into(),
            }),
            None => None,
        };
        let constraints = self.constraints(&rule.constraints, scope)?;
        scope.subject = Subject::Target;
        let target = rule.target.as_ref().map(|thing| self.subjects(thing, scope)).transpose()?;
        scope.subject = Subject::Assignee;
        let assignee =
            rule.assignee.as_ref().map(|thing| self.subjects(thing, scope)).transpose()?;
        let duties = rule
            .duties
            .iter()
            .map(|duty| self.rule(duty, depth + 1))
            .collect::<Result<Box<[_]>, _>>()?;
        let compiled = &mut self.rules[index];
        compiled.action = action;
        compiled.target = target;
        compiled.assignee = assignee;
        compiled.constraints = constraints;
        compiled.duties = duties;
        Ok(index)
    }

    fn subjects(&mut self, thing: &Thing, scope: Scope) -> Result<Subjects, CompileError> {
        let wholes: Vec<Iri> = thing.part_of.iter().filter_map(Term::iri).cloned().collect();
        for name in thing.names.iter().filter_map(Term::iri) {
            if !wholes.is_empty() {
                self.members.entry(name.clone()).or_default().extend(wholes.iter().cloned());
            }
        }
        Ok(Subjects {
            names: thing.names.clone().into(),
            is_single: thing.is_single,
            refinements: self.constraints(&thing.refinements, scope)?,
            not_understood: thing.not_understood.clone().into(),
        })
    }

    fn constraints(
        &mut self,
        constraints: &[Constraint],
        scope: Scope,
    ) -> Result<Box<[usize]>, CompileError> {
        constraints.iter().map(|constraint| self.constraint(constraint, scope, 0)).collect()
    }

    fn constraint(
        &mut self,
        constraint: &Constraint,
        scope: Scope,
        depth: usize,
    ) -> Result<usize, CompileError> {
        if depth > MESSAGE_DEPTH_MAX {
            return Err(CompileError::TooDeep);
        }
        // Compact rules repeat their constraints, so the limit is looked at again here.
        if self.nodes.len() >= POLICY_EVALUATED_CONSTRAINTS_MAX {
            return Err(CompileError::Constraints);
        }
        let body = match &constraint.condition {
            Condition::Atomic(atomic) => Body::Leaf(self.leaf(atomic, scope)),
            Condition::Logical(operator, operands) => {
                let operands = operands.as_slice().iter();
                let operands = operands
                    .map(|operand| self.constraint(operand, scope, depth + 1))
                    .collect::<Result<_, _>>()?;
                Body::Join(*operator, operands)
            }
        };
        let not_understood = constraint.not_understood.clone().into();
        self.nodes.push(Node { uid: constraint.uid.clone(), body, not_understood });
        Ok(self.nodes.len() - 1)
    }

    fn leaf(&mut self, atomic: &odrl::Atomic, scope: Scope) -> Leaf {
        let slot = atomic.left.iri().map(|left| self.slot(left, atomic.unit.as_ref(), scope));
        let right = match &atomic.right {
            Right::Values(values) => RightSide::Values(
                values
                    .as_slice()
                    .iter()
                    .map(|value| Value::new(value, atomic.data_type.as_ref()))
                    .collect(),
            ),
            Right::References(references) => {
                RightSide::References(references.as_slice().to_vec().into())
            }
        };
        Leaf {
            left: atomic.left.clone(),
            slot,
            operator: atomic.operator,
            right,
            unit: atomic.unit.clone(),
            status: atomic.status.as_ref().and_then(|status| Value::new(status, None).number),
            is_version: atomic.left.odrl_name() == Some("version"),
        }
    }

    fn slot(&mut self, left: &Iri, unit: Option<&Term>, scope: Scope) -> usize {
        let left = operands::canonical(left);
        let origin = operands::origin(&left);
        let counts = matches!(
            origin,
            Origin::Count | Origin::ElapsedTime | Origin::MeteredTime | Origin::TimeInterval
        );
        let rule = counts.then_some(scope.rule);
        let unit = unit.filter(|_| origin == Origin::Count).cloned();
        let slot = Slot { subject: scope.subject, left, origin, rule, unit };
        match self.slots.iter().position(|other| *other == slot) {
            Some(index) => index,
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Scope {
    subject: Subject,
    rule: usize,
}
