//! Why a decision is as it is: what each pack says, rule by rule, where laws conflict, and advice.

use super::{Writer, articles};
use crate::decision::{PackDecision, render};
use crate::outcome::Truth;
use crate::pack::{Effect, Pack, Rule};
use crate::words::messages;

impl Writer<'_> {
    pub(super) fn why(&mut self) {
        self.heading(messages::heading_why());
        let others = self.decision.not_applying();
        if self.decision.packs.is_empty() && others.is_empty() {
            let text = self.tell.say(messages::packs_none());
            self.text(0, &text);
        }
        for place in 0..self.decision.packs.len() {
            let decided = &self.decision.packs[place];
            if place > 0 {
                self.gap();
            }
            self.pack(place, decided);
        }
        for (place, pack) in others.into_iter().enumerate() {
            if place + self.decision.packs.len() > 0 {
                self.gap();
            }
            let mark = format!("{}. ", place + self.decision.packs.len() + 1);
            let text = self.tell.say(messages::pack_not_applying(self.tell.pack(pack)));
            self.item(&mark, 0, &text);
        }
        let decision = self.decision;
        let derived = self.asked(decision.derived()).into_iter().filter_map(|name| {
            let value = decision.facts.get(decision.engine.dictionary().find(name)?)?;
            Some(self.tell.say(messages::fact_is(name, self.value(value))))
        });
        let derived = derived.collect::<Vec<_>>().join("; ");
        if !derived.is_empty() {
            self.gap();
            let text = self.tell.say(messages::facts_derived(derived));
            self.text(0, &text);
        }
        let assumed = self.asked(decision.assumed()).join(", ");
        if !assumed.is_empty() {
            self.gap();
            let text = self.tell.say(messages::facts_assumed(assumed));
            self.text(0, &text);
        }
    }

    /// Where one law demands what another forbids.
    pub(super) fn conflicts(&mut self) {
        if self.decision.conflicts.is_empty() {
            return;
        }
        self.heading(messages::heading_conflicts());
        for clash in &self.decision.conflicts {
            let conflict = &clash.pack.conflicts[clash.conflict];
            let other = match (self.decision.area_of(clash), clash.others.first()) {
                (Some(area), _) => self.tell.say(messages::conflict_other_area(area)),
                (None, Some(other)) => self.tell.pack(other),
                (None, None) => self.tell.say(messages::conflict_other()),
            };
            let between = messages::conflict_between(self.tell.pack(clash.pack), other);
            let between = self.tell.say(between);
            self.item("- ", 0, &between);
            let text = self.tell.conflict(clash.pack, conflict);
            self.text(2, &text);
            self.text(2, &articles(clash.pack, &conflict.cite));
        }
        let note = self.tell.say(messages::conflict_note());
        self.text(0, &note);
    }

    /// What nobody has to follow.
    pub(super) fn advice(&mut self) {
        if self.decision.advice.is_empty() {
            return;
        }
        self.heading(messages::heading_advice());
        for advice in &self.decision.advice {
            let rule = &advice.pack.rules[advice.rule];
            let (title, text) = (self.tell.pack(advice.pack), self.tell.rule(rule));
            let text = self.tell.say(messages::advice_of(title, text));
            self.item("- ", 0, &text);
            self.text(2, &articles(advice.pack, &rule.cite));
        }
        let note = self.tell.say(messages::advice_note());
        self.text(0, &note);
    }

    /// Those facts that some pack that applies asks for.
    fn asked<'n>(&self, names: Vec<&'n str>) -> Vec<&'n str> {
        let dictionary = self.decision.engine.dictionary();
        let asked = |name: &&str| {
            let id = dictionary.find(name);
            id.is_some_and(|id| self.decision.packs.iter().any(|decided| decided.pack.reads(id)))
        };
        names.into_iter().filter(asked).collect()
    }

    fn pack(&mut self, place: usize, decided: &PackDecision<'_>) {
        let outcome = self.tell.interval(decided.outcome);
        let says = self.tell.say(messages::pack_says(self.tell.pack(decided.pack), outcome));
        self.item(&format!("{}. ", place + 1), 0, &says);
        if decided.applies == Truth::Unknown {
            let text = self.tell.say(messages::pack_may_apply());
            self.text(3, &text);
        }
        let told = render::told(decided);
        if let Some((_, because)) = render::otherwise(decided) {
            let because = self.tell.otherwise(decided.pack, because);
            let text = self.tell.say(messages::pack_no_rule(because));
            self.text(3, &text);
        } else if told.is_empty() {
            let text = self.tell.say(messages::pack_silent());
            self.text(3, &text);
        }
        // What may hold without changing anything only distracts.
        let is_open = decided.outcome.determined().is_none();
        let is_held = |truth: Truth, effect: Effect| match (truth, effect) {
            (Truth::True, Effect::Counts) => 0,
            (Truth::True, _) => 1,
            _ => 2,
        };
        let headings =
            [messages::rules_count(), messages::rules_held_back(), messages::rules_open()];
        for (group, heading) in headings.into_iter().enumerate().take(2 + usize::from(is_open)) {
            let mut rules = told
                .iter()
                .filter(|(_, truth, effect)| is_held(*truth, *effect) == group)
                .peekable();
            if rules.peek().is_some() {
                let heading = self.tell.say(heading);
                self.text(3, &heading);
            }
            for (rule, truth, effect) in rules {
                self.rule(decided.pack, rule, *truth, *effect);
            }
        }
    }

    fn rule(&mut self, pack: &Pack, rule: &Rule, truth: Truth, effect: Effect) {
        let text = self.tell.rule(rule);
        self.item("- ", 3, &text);
        let articles = articles(pack, &rule.cite);
        let (from, id) = (rule.from.to_string(), rule.id.as_str());
        let in_force = self.tell.say(match rule.until {
            None => messages::rule_in_force(articles, from, id),
            Some(until) => messages::rule_in_force_until(articles, from, until.to_string(), id),
        });
        self.text(5, &in_force);
        let other = |by: usize| (pack.rules[by].id.as_str(), self.tell.rule(&pack.rules[by]));
        let became = match effect {
            Effect::Overridden(by) => {
                let (id, text) = other(by);
                Some(messages::rule_overridden(id, text))
            }
            Effect::Satisfied(by) => {
                let (id, text) = other(by);
                Some(messages::rule_satisfied(id, text))
            }
            _ => None,
        };
        let says = messages::rule_says(self.tell.outcome(rule.outcome));
        let became = self.tell.say(became.unwrap_or(says));
        self.text(5, &became);
        let facts = self.facts(rule, truth);
        if !facts.is_empty() {
            let used = self.tell.say(messages::facts_used(facts.join("; ")));
            self.text(5, &used);
        }
    }

    /// The facts that a rule asked for; of one that may hold, those too that nobody gave.
    fn facts(&self, rule: &Rule, truth: Truth) -> Vec<String> {
        let dictionary = self.decision.engine.dictionary();
        let mut facts = Vec::new();
        rule.when.facts(&mut |id| {
            let name = dictionary.fact(id).name.as_str();
            let text = match self.decision.facts.get(id) {
                Some(value) => messages::fact_is(name, self.value(value)),
                None if truth == Truth::Unknown => messages::fact_unknown(name),
                None => return,
            };
            let text = self.tell.say(text);
            if !facts.contains(&text) {
                facts.push(text);
            }
        });
        facts
    }
}
