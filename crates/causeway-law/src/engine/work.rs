//! Evaluating one pack, with room that is used again.

use jiff::civil::Date;

use crate::facts::Facts;
use crate::outcome::{Interval, Outcome, Truth};
use crate::pack::{Effect, Pack, Resolution, Stage, resolve};

impl Interval {
    /// A pack that says nothing leaves everything open.
    pub(crate) fn of_option(outcome: Option<Outcome>) -> Self {
        outcome.map_or(Self::OPEN, Self::of)
    }
}

/// Room that is used again from one evaluation to the next.
#[derive(Default)]
pub(crate) struct Work {
    truths: Vec<Truth>,
    resolution: Resolution,
}

impl Work {
    /// What a pack says if no fact is missing that it needs.
    pub(crate) fn known(&mut self, pack: &Pack, facts: &Facts, day: Date) -> Option<Outcome> {
        pack.truths(facts, day, &mut self.truths);
        resolve(pack, &self.truths, &mut self.resolution);
        self.resolution.outcome
    }

    /// Whether every truth was known in [`Self::known`].
    pub(crate) fn is_complete(&self) -> bool {
        !self.truths.contains(&Truth::Unknown)
    }

    /// The effects after [`Self::known`].
    pub(crate) fn effects(&self) -> &[Effect] {
        &self.resolution.effects
    }

    /// Bounds of what a pack says whatever the missing facts are. What may be overridden or
    /// satisfied counts for the worst only; what may not hold counts for the best not at all.
    pub(super) fn bounds(&mut self, pack: &Pack, facts: &Facts, day: Date) -> Interval {
        pack.truths(facts, day, &mut self.truths);
        let truths = &self.truths;
        let at_least = |rule: usize, truth: Truth| truths[rule] >= truth;
        let count = pack.rules.len();
        let overridden = |rule: usize, truth: Truth| {
            (0..count).any(|by| at_least(by, truth) && pack.rules[by].overrides.contains(&rule))
        };
        let satisfied = |rule: usize, truth: Truth| {
            let fits = |by: &usize| {
                at_least(*by, truth)
                    && pack.rules[*by].satisfies.contains(&rule)
                    && (truth == Truth::Unknown || !overridden(*by, Truth::Unknown))
            };
            (0..count).filter(fits).map(|by| pack.rules[by].outcome).min()
        };
        // What overrides a rule speaks in its place, unless it says nothing by itself.
        let silenced = |rule: usize| {
            let is_silent = |by: usize| {
                let stage = pack.rules[by].stage;
                matches!(stage, Stage::Mechanism | Stage::Obligation)
            };
            (0..count).any(|by| {
                is_silent(by)
                    && at_least(by, Truth::Unknown)
                    && pack.rules[by].overrides.contains(&rule)
            })
        };
        let (mut best, mut worst) = (None::<Outcome>, None::<Outcome>);
        let mut is_sure = pack.silence().is_some();
        for (place, rule) in pack.rules.iter().enumerate() {
            if rule.stage == Stage::Mechanism || truths[place] == Truth::False {
                continue;
            }
            let is_true = truths[place] == Truth::True;
            is_sure |= is_true && rule.stage != Stage::Obligation && !silenced(place);
            if is_true && !overridden(place, Truth::Unknown) {
                let mildest = satisfied(place, Truth::Unknown).unwrap_or(rule.outcome);
                best = best.max(Some(mildest.min(rule.outcome)));
            }
            let strictest = satisfied(place, Truth::True).unwrap_or(rule.outcome);
            worst = worst.max(Some(strictest));
        }
        worst = worst.max(pack.silence());
        let applies = pack.applies(facts, day) == Truth::True;
        Interval {
            // If no rule is sure to say something, perhaps none does, and that leaves all open.
            at_best: best.filter(|_| applies && is_sure).unwrap_or(Outcome::Permitted),
            at_worst: worst.filter(|_| is_sure).unwrap_or(Outcome::Prohibited),
        }
    }
}
