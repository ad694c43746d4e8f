//! From the compact form to atomic rules (Information Model §2.7.1): what the policy shares is said
//! in each rule, and a rule of several actions, targets or assignees becomes as many rules.
//!
//! Two readings are chosen here. A rule that names its own action, target or assignee keeps to it,
//! since taking the shared one too would widen a permission; a prohibition takes both, since
//! leaving one out would narrow it.

use super::{Action, Policy, Rule, Shared, Thing};
use crate::report::RuleKind;

/// An atomic rule, and which rule of the policy it comes from.
#[derive(Debug, Clone)]
pub(crate) struct AtomicRule {
    pub(crate) origin: usize,
    pub(crate) uid: Option<crate::terms::Term>,
    pub(crate) action: Option<Action>,
    pub(crate) target: Option<Thing>,
    pub(crate) assignee: Option<Thing>,
    pub(crate) constraints: Vec<super::Constraint>,
    pub(crate) duties: Vec<Self>,
    pub(crate) not_understood: Vec<crate::terms::Term>,
}

impl Policy {
    /// The atomic rules of one list, or nothing if they are more than `limit`.
    pub(crate) fn atomic(&self, kind: RuleKind, limit: usize) -> Option<Vec<AtomicRule>> {
        let rules = match kind {
            RuleKind::Permission => &self.permissions,
            RuleKind::Prohibition => &self.prohibitions,
            RuleKind::Obligation => &self.obligations,
        };
        let mut expansion = Expansion { shared: &self.shared, left: limit };
        expansion.rules(rules, kind == RuleKind::Prohibition)
    }
}

struct Expansion<'a> {
    shared: &'a Shared,
    left: usize,
}

impl Expansion<'_> {
    fn rules(&mut self, rules: &[Rule], takes_both: bool) -> Option<Vec<AtomicRule>> {
        let mut atomic = Vec::with_capacity(rules.len());
        for (origin, rule) in rules.iter().enumerate() {
            self.rule(origin, rule, takes_both, &mut atomic)?;
        }
        Some(atomic)
    }

    fn rule(
        &mut self,
        origin: usize,
        rule: &Rule,
        takes_both: bool,
        atomic: &mut Vec<AtomicRule>,
    ) -> Option<()> {
        let actions = options(&rule.actions, &self.shared.actions, false);
        let targets = options(&rule.targets, &self.shared.targets, takes_both);
        let assignees = options(&rule.assignees, &self.shared.assignees, takes_both);
        for action in &actions {
            for target in &targets {
                for assignee in &assignees {
                    self.left = self.left.checked_sub(1)?;
                    atomic.push(AtomicRule {
                        origin,
                        uid: rule.uid.clone(),
                        action: action.cloned(),
                        target: target.cloned(),
                        assignee: assignee.cloned(),
                        constraints: rule.constraints.clone(),
                        duties: self.rules(&rule.duties, false)?,
                        not_understood: rule.not_understood.clone(),
                    });
                }
            }
        }
        Some(())
    }
}

/// What a rule is about, one each; nothing where neither it nor the policy names any.
fn options<'a, T>(own: &'a [T], shared: &'a [T], takes_both: bool) -> Vec<Option<&'a T>> {
    let both = own.iter().chain(shared);
    let chosen: Vec<_> = match own {
        [] => shared.iter().map(Some).collect(),
        _ if takes_both => both.map(Some).collect(),
        own => own.iter().map(Some).collect(),
    };
    if chosen.is_empty() { vec![None] } else { chosen }
}
