//! What the rules of one pack say together, once it is known which of them hold.

use super::{Pack, Stage};
use crate::outcome::{Outcome, Truth};

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It does not hold, or it is not known whether it does.
    None,
    /// It holds and counts.
    Counts,
    /// It holds, and another rule overrides it.
    Overridden(usize),
    /// It is a trigger, and this mechanism satisfies it.
    Satisfied(usize),
    /// It is a mechanism that nothing asks for.
    Idle,
}

/// What the rules say together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolution {
    /// The outcome; `None` if the pack says nothing.
    pub(crate) outcome: Option<Outcome>,
    /// What became of each rule.
    pub(crate) effects: Vec<Effect>,
}

/// Puts the rules together that hold.
pub(crate) fn resolve(pack: &Pack, truths: &[Truth], into: &mut Resolution) {
    let effects = &mut into.effects;
    effects.clear();
    effects.resize(pack.rules.len(), Effect::None);
    for &index in &pack.order {
        let rule = &pack.rules[index];
        let holds = truths[index] == Truth::True;
        // Whoever overrides this rule comes before it in the order and has left its mark.
        if !holds || matches!(effects[index], Effect::Overridden(_)) {
            if !holds {
                effects[index] = Effect::None;
            }
            continue;
        }
        effects[index] = Effect::Counts;
        for &other in &rule.overrides {
            effects[other] = Effect::Overridden(index);
        }
    }
    satisfy(pack, effects);
    let mut outcome: Option<Outcome> = None;
    let mut duties = false;
    for (rule, effect) in pack.rules.iter().zip(effects.iter()) {
        let said = match effect {
            Effect::Counts if rule.stage == Stage::Obligation => {
                duties = true;
                continue;
            }
            Effect::Counts if rule.stage == Stage::Advice => continue,
            Effect::Counts => rule.outcome,
            Effect::Satisfied(by) => pack.rules[*by].outcome,
            Effect::None | Effect::Overridden(_) | Effect::Idle => continue,
        };
        outcome = Some(outcome.map_or(said, |before| before.max(said)));
    }
    outcome = outcome.or_else(|| pack.silence());
    if duties {
        outcome = outcome.map(|outcome| outcome.max(Outcome::PermittedWithObligations));
    }
    into.outcome = outcome;
}

/// Lets each trigger that counts be satisfied by the mildest mechanism that is in place.
fn satisfy(pack: &Pack, effects: &mut [Effect]) {
    for index in 0..effects.len() {
        let is_mechanism = pack.rules[index].stage == Stage::Mechanism;
        if !is_mechanism || effects[index] != Effect::Counts {
            continue;
        }
        for &trigger in &pack.rules[index].satisfies {
            let is_milder = match effects[trigger] {
                Effect::Counts => true,
                Effect::Satisfied(by) => pack.rules[index].outcome < pack.rules[by].outcome,
                _ => continue,
            };
            if is_milder {
                effects[trigger] = Effect::Satisfied(index);
            }
        }
    }
    for index in 0..effects.len() {
        if pack.rules[index].stage == Stage::Mechanism && effects[index] == Effect::Counts {
            // A mechanism says nothing by itself: it is what its trigger became.
            let serves = effects.contains(&Effect::Satisfied(index));
            effects[index] = if serves { Effect::Counts } else { Effect::Idle };
        }
    }
}
