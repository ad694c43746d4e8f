//! Duties: whether they are due, fulfilled or violated, by what is said about them and by the log
//! of deeds; and whether a prohibition was infringed and not remedied.
//!
//! An upper bound of `odrl:dateTime` on a duty is its deadline, no condition for being due: a duty
//! does not go away by being late. After it, a late deed counts together with all consequences
//! (Information Model §2.6.3).

use super::{Evaluation, Source, understood};
use crate::compile::{Body, Rule};
use crate::model::Operator;
use crate::report::Deontic;
use crate::truth::Truth;
use crate::world::Deed;

impl Evaluation<'_> {
    /// Finds the state of a duty, and of those that follow from it.
    pub(super) fn duty(&mut self, index: usize) {
        let compiled = self.compiled;
        let rule = &compiled.rules[index];
        for &duty in &rule.duties {
            self.duty(duty);
        }
        let (deadlines, conditions): (Vec<usize>, Vec<usize>) =
            rule.constraints.iter().partition(|&&node| self.is_deadline(node));
        let due = Truth::all(conditions.iter().map(|&node| self.truths[node]));
        let state = &mut self.states[index];
        state.constraints = due;
        state.active = understood(&rule.not_understood, due);
        state.unburdened = Truth::True;
        let (fulfilled, violated) = self.performed(rule, &deadlines);
        let state = &mut self.states[index];
        state.action = fulfilled;
        state.fulfilled = fulfilled;
        state.violated = violated;
    }

    /// Whether a duty is fulfilled, and whether it is violated.
    fn performed(&self, rule: &Rule, deadlines: &[usize]) -> (Truth, Truth) {
        let world = self.input.world;
        let uid = rule.uid.as_ref().and_then(crate::terms::Term::iri);
        match uid.and_then(|uid| world.duties.get(uid)) {
            Some(Deontic::Fulfilled) => return (Truth::True, Truth::False),
            Some(Deontic::NotSet) => return (Truth::False, Truth::False),
            Some(Deontic::Violated) => return self.after_violation(rule, Truth::True),
            None => {}
        }
        // A property that is not understood may ask for more, or set a deadline.
        if !rule.not_understood.is_empty() {
            return (Truth::Unknown, Truth::Unknown);
        }
        let in_time = |deed: &Deed| {
            let source = Source::Deed(deed);
            Truth::all(deadlines.iter().map(|&node| self.holds(node, source)))
        };
        let done = self.some_deed(rule, &|deed| self.is_deed_of(rule, deed).and(in_time(deed)));
        let is_past = match deadlines {
            [] => Truth::False,
            _ => Truth::all(deadlines.iter().map(|&node| self.truths[node])).negated(),
        };
        // Somebody may have found what neither the log nor a deadline shows.
        let is_found = match world.knows_all_duties || world.knows_all_deeds {
            true => Truth::False,
            false => Truth::Unknown,
        };
        let violated = done.negated().and(is_past.or(is_found));
        match violated {
            Truth::False => (done, Truth::False),
            violated => {
                let (remedied, still) = self.after_violation(rule, violated);
                (done.or(remedied), still)
            }
        }
    }

    /// What becomes of a duty that is violated: it is fulfilled after all once it was done late
    /// and every consequence is fulfilled.
    fn after_violation(&self, rule: &Rule, violated: Truth) -> (Truth, Truth) {
        if rule.duties.is_empty() {
            return (Truth::False, violated);
        }
        let late = self.some_deed(rule, &|deed| self.is_deed_of(rule, deed));
        let consequences = Truth::all(rule.duties.iter().map(|&duty| self.states[duty].fulfilled));
        let remedied = late.and(consequences);
        (violated.and(remedied), violated.and(remedied.negated()))
    }

    /// Whether a prohibition was infringed, and not every remedy is fulfilled.
    pub(super) fn infringed(&self, rule: &Rule) -> Truth {
        let infringed = self.some_deed(rule, &|deed| {
            let source = Source::Deed(deed);
            let constraints =
                Truth::all(rule.constraints.iter().map(|&node| self.holds(node, source)));
            self.is_deed_of(rule, deed).and(constraints)
        });
        if rule.duties.is_empty() {
            return infringed;
        }
        let remedied = Truth::all(rule.duties.iter().map(|&duty| self.states[duty].fulfilled));
        infringed.and(remedied.negated())
    }

    /// Whether some deed up to now is one; in an incomplete log there may be others.
    fn some_deed(&self, rule: &Rule, is: &dyn Fn(&Deed) -> Truth) -> Truth {
        let now = self.input.time();
        let deeds = self.input.world.deeds.iter();
        let earlier = deeds.filter(|deed| now.is_none_or(|now| deed.at <= now));
        let found = Truth::any(earlier.map(is));
        let rest = if self.input.world.knows_all_deeds { Truth::False } else { Truth::Unknown };
        understood(&rule.not_understood, found.or(rest))
    }

    /// Whether a deed is what the rule is about: the action with its refinements, and the target
    /// and assignee where the rule names them (Formal Semantics, fulfilment of conditions).
    fn is_deed_of(&self, rule: &Rule, deed: &Deed) -> Truth {
        let source = Source::Deed(deed);
        let action = match &rule.action {
            Some(action) => {
                let covers = action.name.iri().map_or(Truth::Unknown, |name| {
                    self.compiled.vocabulary.covers(name, &deed.action)
                });
                let refined =
                    Truth::all(action.refinements.iter().map(|&node| self.holds(node, source)));
                covers.and(understood(&action.not_understood, refined))
            }
            None => Truth::Unknown,
        };
        action
            .and(self.concerns(rule.target.as_ref(), deed.target.as_ref(), source))
            .and(self.concerns(rule.assignee.as_ref(), deed.assignee.as_ref(), source))
    }

    fn is_deadline(&self, node: usize) -> bool {
        match &self.compiled.nodes[node].body {
            Body::Leaf(leaf) => {
                leaf.left.odrl_name() == Some("dateTime")
                    && matches!(leaf.operator, Operator::Lt | Operator::Lteq)
            }
            Body::Join(..) => false,
        }
    }
}
