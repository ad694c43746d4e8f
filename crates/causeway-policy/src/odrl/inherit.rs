//! Inheritance (Information Model §2.9): a policy with the rules, shared properties, profiles and
//! conflict strategies of the policies it names, to any depth, out of a given set. Nothing is
//! fetched. The status of inherited constraints is not taken over (same section).

use causeway_types::limits::{POLICY_INHERITANCE_DEPTH_MAX, POLICY_RULES_MAX};

use super::{Action, Condition, Constraint, Policy, Rule, Thing};
use crate::model::NonEmpty;
use crate::terms::Term;

/// Why a policy cannot be completed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InheritError {
    /// A policy inherits from itself.
    #[error("inheriting from {policy}: found a policy that inherits from itself")]
    Circle {
        /// The policy.
        policy: Term,
    },
    /// A parent is not in the set.
    #[error("inheriting from {policy}: found no such policy, expected it among those given")]
    Missing {
        /// The parent.
        policy: Term,
    },
    /// Parents of parents go on for too long.
    #[error("inheriting from {policy}: found more than {POLICY_INHERITANCE_DEPTH_MAX} levels")]
    TooDeep {
        /// The first parent too far away.
        policy: Term,
    },
    /// The rules became too many.
    #[error("inheriting: found more than {POLICY_RULES_MAX} rules")]
    TooMany,
}

/// `policy` with everything that it inherits, out of `known`; one without parents is itself.
pub fn inherited(policy: &Policy, known: &[Policy]) -> Result<Policy, InheritError> {
    let mut complete = policy.clone();
    let mut path: Vec<&Term> = policy.uid.iter().collect();
    for parent in &policy.inherits {
        add(&mut complete, parent, known, &mut path)?;
    }
    complete.inherits.clear();
    Ok(complete)
}

fn add<'a>(
    child: &mut Policy,
    name: &'a Term,
    known: &'a [Policy],
    path: &mut Vec<&'a Term>,
) -> Result<(), InheritError> {
    if path.contains(&name) {
        return Err(InheritError::Circle { policy: name.clone() });
    }
    if path.len() > POLICY_INHERITANCE_DEPTH_MAX {
        return Err(InheritError::TooDeep { policy: name.clone() });
    }
    let parent = known
        .iter()
        .find(|policy| policy.uid.as_ref() == Some(name))
        .ok_or_else(|| InheritError::Missing { policy: name.clone() })?;
    path.push(name);
    merge(child, parent)?;
    for next in &parent.inherits {
        add(child, next, known, path)?;
    }
    path.pop();
    Ok(())
}

fn merge(child: &mut Policy, parent: &Policy) -> Result<(), InheritError> {
    fn each<T: Clone + PartialEq>(into: &mut Vec<T>, from: &[T]) {
        for item in from {
            if !into.contains(item) {
                into.push(item.clone());
            }
        }
    }
    each(&mut child.profiles, &parent.profiles);
    each(&mut child.conflicts, &parent.conflicts);
    each(&mut child.not_understood, &parent.not_understood);
    each(&mut child.shared.actions, &parent.shared.actions);
    each(&mut child.shared.targets, &parent.shared.targets);
    each(&mut child.shared.assigners, &parent.shared.assigners);
    each(&mut child.shared.assignees, &parent.shared.assignees);
    let without_status = |rules: &[Rule]| rules.iter().map(rule).collect::<Vec<_>>();
    each(&mut child.permissions, &without_status(&parent.permissions));
    each(&mut child.prohibitions, &without_status(&parent.prohibitions));
    each(&mut child.obligations, &without_status(&parent.obligations));
    let rules = child.permissions.len() + child.prohibitions.len() + child.obligations.len();
    if rules > POLICY_RULES_MAX { Err(InheritError::TooMany) } else { Ok(()) }
}

fn rule(rule: &Rule) -> Rule {
    let things = |things: &[Thing]| things.iter().map(thing).collect::<Vec<_>>();
    Rule {
        actions: rule.actions.iter().map(action).collect(),
        targets: things(&rule.targets),
        assignees: things(&rule.assignees),
        constraints: constraints(&rule.constraints),
        duties: rule.duties.iter().map(self::rule).collect(),
        ..rule.clone()
    }
}

fn action(action: &Action) -> Action {
    Action { refinements: constraints(&action.refinements), ..action.clone() }
}

fn thing(thing: &Thing) -> Thing {
    Thing { refinements: constraints(&thing.refinements), ..thing.clone() }
}

fn constraints(all: &[Constraint]) -> Vec<Constraint> {
    all.iter().map(constraint).collect()
}

fn constraint(constraint: &Constraint) -> Constraint {
    let condition = match &constraint.condition {
        Condition::Atomic(atomic) => {
            Condition::Atomic(super::Atomic { status: None, ..atomic.clone() })
        }
        Condition::Logical(operator, operands) => {
            match NonEmpty::new(constraints(operands.as_slice())) {
                Some(operands) => Condition::Logical(*operator, operands),
                // A list that is not empty stays so.
                None => constraint.condition.clone(),
            }
        }
    };
    Constraint { condition, ..constraint.clone() }
}
