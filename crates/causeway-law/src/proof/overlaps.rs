//! Rules that cannot do what they are there for: a rule that can never hold, and an exemption that
//! holds together with something stricter and overrides nothing of it.

use jiff::civil::Date;

use super::Proof;
use crate::engine::Reach;
use crate::expression::Expression;
use crate::facts::{Facts, Kind, Value};
use crate::pack::{Case, Effect, Other, Rule, Severity, Stage};

/// Most combinations of facts that are tried for one question.
const TRIES_MAX: usize = 20_000;

impl Proof<'_> {
    pub(super) fn overlaps(&mut self) {
        let pack = self.pack;
        for rule in &pack.rules {
            let can_hold = self.together(&[rule]).is_none_or(|found| found.is_some());
            if !can_hold {
                let text = format!("the rule {} can never hold", rule.id);
                let help =
                    format!("its condition is: {}", pack.condition(rule, self.engine.dictionary()));
                self.note_with(Severity::Error, rule.line, text, help);
            }
        }
        self.conflicts();
        let exemptions = pack.rules.iter().enumerate();
        for (place, exemption) in exemptions.filter(|(_, rule)| rule.stage == Stage::Exemption) {
            for (other, stricter) in pack.rules.iter().enumerate() {
                let is_stage = matches!(stricter.stage, Stage::Prohibition | Stage::Trigger);
                let is_settled = exemption.overrides.contains(&other)
                    || stricter.overrides.contains(&place)
                    || exemption.beside.contains(&other);
                if is_stage && stricter.outcome > exemption.outcome && !is_settled {
                    self.overlap(exemption, other, stricter);
                }
            }
        }
    }

    /// Each conflict can be there, is in some case, and names a pack that exists.
    fn conflicts(&mut self) {
        let pack = self.pack;
        for (place, conflict) in pack.conflicts.iter().enumerate() {
            let mut days = pack.days();
            days.retain(|day| *day >= pack.in_force && conflict.is_in_force(*day));
            let all = [&pack.applies, &conflict.when];
            let can_hold = days.iter().any(|day| {
                let mut facts = self.engine.dictionary().nothing();
                let mut left = TRIES_MAX;
                self.engine.reach(pack, &all, &mut facts, *day, &mut left) != Reach::None
            });
            let (id, line) = (&conflict.id, conflict.line);
            if !can_hold {
                let text = format!("the conflict {id} can never be there");
                self.note(Severity::Error, line, text);
            }
            if let Other::Pack(other) = &conflict.with
                && !self.engine.packs().iter().any(|known| known.id == *other)
            {
                let text = format!("the conflict {id} is with {other}, and there is no such pack");
                self.note(Severity::Warning, line, text);
            }
            let named =
                |case: &Case| case.conflicts.as_ref().is_some_and(|all| all.contains(&place));
            if !pack.cases.iter().any(named) {
                let help = format!("add conflicts = [\"{id}\"] to a case in which it is there");
                let text = format!("no case needs the conflict {id}");
                self.note_with(Severity::Warning, line, text, help);
            }
        }
    }

    /// Whether an exemption holds with something stricter and then has no effect at all.
    fn overlap(&mut self, exemption: &Rule, other: usize, stricter: &Rule) {
        let pack = self.pack;
        let Some(Some((facts, day))) = self.together(&[exemption, stricter]) else { return };
        let mut complete = facts.clone();
        for (id, fact) in self.engine.dictionary().iter() {
            let no = match fact.kind {
                Kind::Flag => Value::Flag(false),
                Kind::Count => Value::Count(0),
                Kind::Day | Kind::Area | Kind::OneOf(_) => continue,
            };
            if facts.get(id).is_none() {
                complete.set(id, Some(no));
            }
        }
        self.work.known(pack, &complete, day);
        if matches!(self.work.effects()[other], Effect::Overridden(_)) {
            return;
        }
        // It may still lift something else that holds then.
        let lifts = exemption.overrides.iter().any(|lifted| {
            let together = self.together(&[exemption, stricter, &pack.rules[*lifted]]);
            together.is_none_or(|found| found.is_some())
        });
        if lifts {
            return;
        }
        let text = format!(
            "the exemption {} holds together with {} and has no effect then",
            exemption.id, stricter.id
        );
        let help = format!(
            "name {} under overrides if the exemption lifts it, or under beside if both stand; \
             they meet with {}",
            stricter.id,
            self.named(&facts)
        );
        self.note_with(Severity::Error, exemption.line, text, help);
    }

    /// Facts and a day with which the pack applies and rules hold together: `Some(None)` if there
    /// are none, `None` if there were too many to try.
    fn together(&self, rules: &[&Rule]) -> Option<Option<(Facts, Date)>> {
        let pack = self.pack;
        let mut all: Vec<&Expression> = vec![&pack.applies];
        all.extend(rules.iter().map(|rule| &rule.when));
        let mut days = pack.days();
        days.retain(|day| *day >= pack.in_force && rules.iter().all(|rule| rule.is_in_force(*day)));
        let mut left = TRIES_MAX;
        for day in days {
            let mut facts = self.engine.dictionary().nothing();
            match self.engine.reach(pack, &all, &mut facts, day, &mut left) {
                Reach::Found => return Some(Some((facts, day))),
                Reach::None => {}
                Reach::TooMany => return None,
            }
        }
        Some(None)
    }
}
