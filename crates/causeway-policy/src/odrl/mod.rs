//! A policy with everything that the ODRL 2.2 Information Model can say, as the evaluator takes it:
//! type, inheritance, conflict strategy, parties and assets with refinements, units, duties.
//!
//! The wire's [`crate::Policy`] is the part of it that the Dataspace Protocol carries; each of them
//! converts. Comparison, hashing and writing are defined for the wire's policy only.

pub(crate) use self::atomic::AtomicRule;
mod atomic;
mod inherit;

pub use self::inherit::{InheritError, inherited};
use crate::model::{LogicalOperator, NonEmpty, Operand, Operator};
pub use crate::read::read_full as read;
use crate::terms::Term;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// What kind of policy it is.
    pub kind: Kind,
    /// Its name.
    pub uid: Option<Term>,
    /// The profiles it is written in.
    pub profiles: Vec<Term>,
    /// The policies whose rules it takes over; [`inherited`] does so.
    pub inherits: Vec<Term>,
    /// What settles a permission and a prohibition that both apply; none is
    /// [`Conflict::Invalid`], and several different ones contradict each other.
    pub conflicts: Vec<Conflict>,
    /// What its rules share.
    pub shared: Shared,
    /// What is allowed.
    pub permissions: Vec<Rule>,
    /// What is forbidden.
    pub prohibitions: Vec<Rule>,
    /// What must be done.
    pub obligations: Vec<Rule>,
    /// Properties of ODRL that stand where they have no meaning.
    pub not_understood: Vec<Term>,
}

/// The kinds of policies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Kind {
    /// Rules that hold for whoever they name.
    #[default]
    Set,
    /// Proposed rules: they grant nothing before they are agreed on.
    Offer,
    /// Rules that have been agreed on.
    Agreement,
    /// A kind that is not known here.
    Other(Term),
}

/// What settles a conflict between a permission and a prohibition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The permission counts.
    Permission,
    /// The prohibition counts.
    Prohibition,
    /// The whole policy is void.
    Invalid,
    /// A strategy that is not known here.
    Other(Term),
}

/// What is said once at the policy and holds for its rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shared {
    /// The actions of rules that name none.
    pub actions: Vec<Action>,
    /// The assets.
    pub targets: Vec<Thing>,
    /// Who issues the rules.
    pub assigners: Vec<Thing>,
    /// Whom the rules are for.
    pub assignees: Vec<Thing>,
}

/// A permission, prohibition, obligation or duty, depending on where it stands. Several actions,
/// targets or assignees stand for as many rules (Information Model §2.7.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// Its name.
    pub uid: Option<Term>,
    /// What is done.
    pub actions: Vec<Action>,
    /// With which assets; none is any.
    pub targets: Vec<Thing>,
    /// Who issues the rule. It does not narrow what the rule is about.
    pub assigners: Vec<Thing>,
    /// By whom; none is anybody.
    pub assignees: Vec<Thing>,
    /// Conditions under which the rule holds; all of them.
    pub constraints: Vec<Constraint>,
    /// A permission's duties, a prohibition's remedies, a duty's or obligation's consequences.
    pub duties: Vec<Self>,
    /// Properties that are not understood: the rule is never known to hold.
    pub not_understood: Vec<Term>,
}

/// An action, narrowed by its refinements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its name.
    pub name: Term,
    /// Conditions on how it is done; all of them.
    pub refinements: Vec<Constraint>,
    /// Properties that are not understood.
    pub not_understood: Vec<Term>,
}

/// A party or an asset, or a collection of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thing {
    /// Its names: the `uid`, and for a collection its `source`.
    pub names: Vec<Term>,
    /// It is said to be a single party or asset, so that it has no members.
    pub is_single: bool,
    /// Collections that it is said to be in.
    pub part_of: Vec<Term>,
    /// Conditions on the members of the collection; all of them.
    pub refinements: Vec<Constraint>,
    /// Properties that are not understood.
    pub not_understood: Vec<Term>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name.
    pub uid: Option<Term>,
    /// What it says.
    pub condition: Condition,
    /// Properties that are not understood: it is never known to hold or to fail.
    pub not_understood: Vec<Term>,
}

/// What a constraint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// One comparison.
    Atomic(Atomic),
    /// Conditions joined by a connective.
    Logical(LogicalOperator, NonEmpty<Constraint>),
}

/// A comparison of what is known with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atomic {
    /// What is compared.
    pub left: Term,
    /// How.
    pub operator: Operator,
    /// With what.
    pub right: Right,
    /// The unit of the value.
    pub unit: Option<Term>,
    /// The datatype of a value that is written as plain text.
    pub data_type: Option<Term>,
    /// What the left operand stood at when the policy was written.
    pub status: Option<Operand>,
}

/// The value side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    /// The values; several are a set.
    Values(NonEmpty<Operand>),
    /// Where the values are to be found. The evaluator fetches nothing: the state of the world
    /// says what stands there.
    References(NonEmpty<Term>),
}

impl Policy {
    /// The strategy for conflicts, unless several contradict each other.
    pub fn conflict(&self) -> Option<&Conflict> {
        match self.conflicts.as_slice() {
            [] => Some(&Conflict::Invalid),
            [first, rest @ ..] => rest.iter().all(|other| other == first).then_some(first),
        }
    }

    /// How many constraints and refinements the policy has, nested ones included.
    pub fn constraints(&self) -> usize {
        let shared = self.shared.actions.iter().map(Action::constraints).sum::<usize>()
            + self.shared.targets.iter().map(Thing::constraints).sum::<usize>()
            + self.shared.assignees.iter().map(Thing::constraints).sum::<usize>();
        let rules = self.permissions.iter().chain(&self.prohibitions).chain(&self.obligations);
        shared + rules.map(Rule::constraints).sum::<usize>()
    }
}

impl Rule {
    fn constraints(&self) -> usize {
        count(&self.constraints)
            + self.actions.iter().map(Action::constraints).sum::<usize>()
            + self.targets.iter().map(Thing::constraints).sum::<usize>()
            + self.assignees.iter().map(Thing::constraints).sum::<usize>()
            + self.duties.iter().map(Self::constraints).sum::<usize>()
    }
}

impl Action {
    /// An action that is not narrowed.
    pub fn new(name: Term) -> Self {
        Self { name, refinements: Vec::new(), not_understood: Vec::new() }
    }

    fn constraints(&self) -> usize {
        count(&self.refinements)
    }
}

impl Thing {
    /// A party or asset of this name, of which nothing more is said.
    pub fn named(name: Term) -> Self {
        Self { names: vec![name], ..Self::default() }
    }

    fn constraints(&self) -> usize {
        count(&self.refinements)
    }
}

impl Constraint {
    fn size(&self) -> usize {
        match &self.condition {
            Condition::Atomic(_) => 1,
            Condition::Logical(_, operands) => 1 + count(operands.as_slice()),
        }
    }
}

fn count(constraints: &[Constraint]) -> usize {
    constraints.iter().map(Constraint::size).sum()
}
