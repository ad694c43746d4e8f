//! The three-valued evaluator: may this request go ahead under this policy? What it does not know
//! or understand makes the answer unknown, and unknown never grants.
//!
//! - A permission is active if its action, target and assignee are the requested ones, all its
//!   constraints and refinements hold, and no duty stands in its way.
//! - A prohibition that is active stands against every permission; what then counts is said by the
//!   policy's conflict strategy. One of a part of the request, or of an action that the requested
//!   one implies, cannot be withheld from it.
//! - Obligations never grant or deny by themselves; while one is due and not known to be
//!   fulfilled, the answer is at most unknown.
//!
//! The states of all rules are found at once; the report in words is made only when asked for.

mod compare;
mod duties;
mod judge;
mod lookup;

use crate::compile::{Compiled, Rule, Subjects};
use crate::model::Policy;
use crate::odrl::{Conflict, Kind};
use crate::options::{Behaviour, DutyMode, Options};
use crate::report::{Deontic, Report, RuleKind, Verdict};
use crate::terms::{Iri, Term};
use crate::truth::Truth;
use crate::vocabulary::{Relation, Vocabulary};
use crate::world::{Request, World};
pub(crate) use judge::Source;
pub(crate) use lookup::Found;

/// What an evaluation goes by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) request: &'a Request,
    pub(crate) world: &'a World,
    pub(crate) options: &'a Options,
}

/// What came out: the verdict at once, everything else when asked for.
#[derive(Debug, Clone)]
pub struct Evaluation<'a> {
    pub(crate) compiled: &'a Compiled,
    pub(crate) input: Input<'a>,
    /// The values of the left operands, by slot.
    pub(crate) found: Vec<Found<'a>>,
    /// Whether each constraint holds.
    pub(crate) truths: Vec<Truth>,
    pub(crate) states: Vec<State>,
    pub(crate) verdict: Verdict,
}

/// How an atomic rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// Whether its action is the requested one, or covers it, refinements included.
    pub(crate) action: Truth,
    pub(crate) target: Truth,
    pub(crate) assignee: Truth,
    pub(crate) constraints: Truth,
    /// Whether nothing of its duties stands in its way.
    pub(crate) unburdened: Truth,
    /// Whether it is in effect for the request; of a duty, whether it is due.
    pub(crate) active: Truth,
    /// Of a prohibition: whether it stands against the request. A part of the request that is
    /// prohibited does so too, though the prohibition is not one of the request.
    pub(crate) against: Truth,
    /// Of a duty: whether it is fulfilled.
    pub(crate) fulfilled: Truth,
    /// Of a duty: whether it cannot be fulfilled in time any more. Of a prohibition: whether it
    /// was infringed and not remedied.
    pub(crate) violated: Truth,
}

impl State {
    const OPEN: Self = Self {
        action: Truth::Unknown,
        target: Truth::Unknown,
        assignee: Truth::Unknown,
        constraints: Truth::Unknown,
        unburdened: Truth::Unknown,
        active: Truth::Unknown,
        against: Truth::Unknown,
        fulfilled: Truth::Unknown,
        violated: Truth::Unknown,
    };

    /// The state of a duty or prohibition, as far as it can be told.
    pub(crate) fn deontic(&self) -> Option<Deontic> {
        match (self.fulfilled, self.violated) {
            (Truth::True, _) => Some(Deontic::Fulfilled),
            (_, Truth::True) => Some(Deontic::Violated),
            (Truth::False, Truth::False) => Some(Deontic::NotSet),
            _ => None,
        }
    }
}

/// Evaluates a policy of the wire once, with nothing known but the request and nothing chosen.
/// Who evaluates a policy more than once makes it ready once, with [`Compiled::new`].
pub fn evaluate(policy: &Policy, request: &Request) -> Report {
    match Compiled::new(policy, &Vocabulary::odrl()) {
        Ok(compiled) => compiled.evaluate(request, &World::default()).report(),
        Err(error) => Report::refused(&error),
    }
}

impl Compiled {
    /// Evaluates the policy. What is allocated is bounded by the policy's size and freed with the
    /// answer; nothing is kept from one evaluation to the next.
    pub fn evaluate<'a>(&'a self, request: &'a Request, world: &'a World) -> Evaluation<'a> {
        let input = Input { request, world, options: &self.options };
        let mut evaluation = Evaluation {
            compiled: self,
            input,
            found: self.slots.iter().map(|slot| lookup::find(self, input, slot)).collect(),
            truths: Vec::with_capacity(self.nodes.len()),
            states: vec![State::OPEN; self.rules.len()],
            verdict: Verdict::Unknown,
        };
        evaluation.judge_all();
        for kind in [RuleKind::Permission, RuleKind::Prohibition, RuleKind::Obligation] {
            for &index in self.list(kind) {
                evaluation.rule(index, kind);
            }
        }
        evaluation.verdict = evaluation.decide();
        evaluation
    }
}

impl<'a> Evaluation<'a> {
    /// The answer.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    fn rule(&mut self, index: usize, kind: RuleKind) {
        let compiled = self.compiled;
        let rule = &compiled.rules[index];
        match kind {
            RuleKind::Permission => {
                for &duty in &rule.duties {
                    self.duty(duty);
                }
                let mut state = self.requested(rule);
                state.unburdened =
                    Truth::all(rule.duties.iter().map(|&duty| self.unburdened(duty)));
                state.active = state.active.and(state.unburdened);
                self.states[index] = state;
            }
            RuleKind::Prohibition => {
                for &remedy in &rule.duties {
                    self.duty(remedy);
                }
                let mut state = self.requested(rule);
                state.against = self.against(rule, &state);
                state.violated = self.infringed(rule);
                state.fulfilled = Truth::False;
                self.states[index] = state;
            }
            RuleKind::Obligation => self.duty(index),
        }
    }

    /// How a permission or prohibition stands to the request, its duties left aside.
    fn requested(&self, rule: &Rule) -> State {
        let request = self.input.request;
        let mut state = State { unburdened: Truth::True, ..State::OPEN };
        state.action = match &rule.action {
            Some(action) => self.narrowed(self.covers(&action.name), action),
            None => self.any_action(),
        };
        state.target = self.concerns(rule.target.as_ref(), request.target.as_ref(), Source::Main);
        state.assignee =
            self.concerns(rule.assignee.as_ref(), request.assignee.as_ref(), Source::Main);
        state.constraints = self.constraints(rule);
        state.active = Truth::all([state.action, state.target, state.assignee, state.constraints]);
        state
    }

    /// A rule without an action.
    fn any_action(&self) -> Truth {
        match self.input.options.takes_missing_action_for_any {
            true => Truth::True,
            false => Truth::Unknown,
        }
    }

    fn narrowed(&self, covers: Truth, action: &crate::compile::Action) -> Truth {
        let refined = Truth::all(action.refinements.iter().map(|&node| self.truths[node]));
        covers.and(understood(&action.not_understood, refined))
    }

    fn covers(&self, name: &Term) -> Truth {
        match name {
            Term::Opaque(_) => Truth::Unknown,
            Term::Iri(name) => self.compiled.vocabulary.covers(name, &self.input.request.action),
        }
    }

    /// A property that is not understood may change what the constraints mean, so beside one
    /// nothing is settled, not even that they fail.
    pub(crate) fn constraints(&self, rule: &Rule) -> Truth {
        let all = Truth::all(rule.constraints.iter().map(|&node| self.truths[node]));
        understood(&rule.not_understood, all)
    }

    /// Whether a prohibition stands against the request.
    fn against(&self, rule: &Rule, state: &State) -> Truth {
        let request = self.input.request;
        let vocabulary = &self.compiled.vocabulary;
        let Some(action) = &rule.action else { return state.active };
        let implied = vocabulary.implied(&request.action);
        let covered = match &action.name {
            Term::Opaque(_) => Truth::Unknown,
            Term::Iri(name) => {
                Truth::any(implied.iter().map(|implied| vocabulary.covers(name, implied)))
                    .or(vocabulary.covers(name, &request.action))
            }
        };
        let is_part = match &action.name {
            Term::Opaque(_) => Truth::Unknown,
            Term::Iri(name) => vocabulary.covers(&request.action, name),
        };
        let action = self.narrowed(part_of_request(covered, is_part), action);
        let target = match (&rule.target, &request.target) {
            (Some(target), Some(whole)) => {
                let is_part = Truth::any(target.names.iter().map(|name| match name {
                    Term::Iri(name) => self.is_member(name, whole, false),
                    Term::Opaque(_) => Truth::Unknown,
                }));
                // That a prohibited asset is in the requested collection must be known.
                match is_part {
                    Truth::True => part_of_request(state.target, is_part),
                    _ => state.target,
                }
            }
            _ => state.target,
        };
        Truth::all([action, target, state.assignee, state.constraints])
    }

    /// Whether `requested` is what the rule names or in the collection that it names.
    pub(crate) fn concerns(
        &self,
        subjects: Option<&Subjects>,
        requested: Option<&Iri>,
        source: Source<'_>,
    ) -> Truth {
        let Some(subjects) = subjects else { return Truth::True };
        let Some(requested) = requested else { return Truth::Unknown };
        let is_one = Truth::any(subjects.names.iter().map(|name| match name {
            Term::Opaque(_) => Truth::Unknown,
            Term::Iri(name) if name == requested => Truth::True,
            Term::Iri(name) => self.is_member(requested, name, subjects.is_single),
        }));
        let refined = Truth::all(subjects.refinements.iter().map(|&node| self.holds(node, source)));
        is_one.and(understood(&subjects.not_understood, refined))
    }

    /// Whether `one` is in the collection `whole`, directly or through others.
    fn is_member(&self, one: &Iri, whole: &Iri, is_single: bool) -> Truth {
        let (said, world) = (&self.compiled.members, self.input.world);
        let mut seen: Vec<&Iri> = vec![one];
        let mut next = 0;
        while let Some(thing) = seen.get(next).copied() {
            next += 1;
            let wholes = said.get(thing).into_iter().chain(world.members.get(thing)).flatten();
            for found in wholes {
                if found == whole {
                    return Truth::True;
                }
                if !seen.contains(&found) {
                    seen.push(found);
                }
            }
        }
        let placed =
            self.compiled.vocabulary.relates(Relation::PartOf, one.as_str(), whole.as_str());
        let is_all = is_single || world.knows_all_members || world.members.contains_key(one);
        match placed {
            Truth::Unknown if is_all => Truth::False,
            placed => placed,
        }
    }

    fn decide(&self) -> Verdict {
        let states = |kind| self.compiled.list(kind).iter().map(|&index| &self.states[index]);
        let granted = Truth::any(states(RuleKind::Permission).map(|state| state.active));
        let against = Truth::any(states(RuleKind::Prohibition).map(|state| state.against));
        let granted = match self.input.options.behaviour {
            Behaviour::Closed => granted,
            Behaviour::Open => granted.or(against.negated()),
        };
        let obligations = self.compiled.list(RuleKind::Obligation);
        // An open obligation is no reason to deny: whether it may stay open, a person decides.
        let unburdened = Truth::all(obligations.iter().map(|&index| {
            match (self.unburdened(index), self.states[index].violated) {
                (Truth::False, violated) if violated != Truth::True => Truth::Unknown,
                (unburdened, _) => unburdened,
            }
        }));
        let permission_counts = self.compiled.conflict == Some(Conflict::Permission);
        let permitted = match granted {
            Truth::False => Truth::False,
            granted if permission_counts => granted,
            granted => granted.and(against.negated()),
        };
        let permitted = match &self.compiled.kind {
            Kind::Set | Kind::Agreement => permitted.and(unburdened),
            Kind::Offer => Truth::False,
            Kind::Other(_) => permitted.and(Truth::Unknown),
        };
        match permitted.and(understood(&self.compiled.not_understood, Truth::True)) {
            Truth::True => Verdict::Permitted,
            Truth::False => Verdict::Denied,
            Truth::Unknown => Verdict::Unknown,
        }
    }

    /// Whether a duty does not stand in the way.
    pub(crate) fn unburdened(&self, duty: usize) -> Truth {
        let state = &self.states[duty];
        match self.input.options.duty_mode {
            DutyMode::PreCondition => state.active.negated().or(state.fulfilled),
            DutyMode::Eventual => state.active.negated().or(state.violated.negated()),
        }
    }
}

/// What is prohibited cannot be withheld from what it is a part of.
fn part_of_request(covered: Truth, is_part: Truth) -> Truth {
    match (covered, is_part) {
        (Truth::False, Truth::False) => Truth::False,
        (Truth::False, _) => Truth::Unknown,
        (covered, _) => covered,
    }
}

/// `truth`, unless something beside it is not understood.
pub(crate) fn understood(not_understood: &[Term], truth: Truth) -> Truth {
    if not_understood.is_empty() { truth } else { Truth::Unknown }
}
