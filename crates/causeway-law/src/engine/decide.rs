//! A whole decision: what every pack says, and which questions would settle what is open.

use jiff::civil::Date;

use super::{Engine, Work};
use crate::decision::{Advice, Clash, Decision, Missing, PackDecision, RuleDecision};
use crate::facts::{FactId, Facts, Value};
use crate::outcome::{Interval, Outcome, Truth};
use crate::pack::{Other, Pack, Resolution, Role, resolve};

impl Engine {
    /// What the law says of a crossing, with all reasons.
    pub fn decide(&self, facts: &Facts, as_of: Date, known_at: Date) -> Decision<'_> {
        let mut work = Work::default();
        let uncovered = self.uncovered(facts, as_of, known_at);
        let mut all = Interval::of(Outcome::Permitted);
        let mut packs = Vec::new();
        // What was answered and is in no pack is no question any more.
        let is_open = |fact: &FactId| facts.get(*fact).is_none();
        let mut missing: Vec<FactId> = uncovered.iter().copied().filter(is_open).collect();
        for pack in self.counted(facts, known_at) {
            let applies = pack.applies(facts, as_of);
            if applies == Truth::False {
                continue;
            }
            let outcome = self.of_pack(pack, facts, as_of, &mut work);
            all = all.and(outcome);
            let open = self.missing(pack, facts, as_of);
            let is_silent = outcome == Interval::OPEN && open.is_empty();
            missing.extend(open);
            packs.push(PackDecision {
                pack,
                applies,
                outcome,
                is_silent,
                rules: self.rules(pack, facts, as_of),
            });
        }
        if !uncovered.is_empty() {
            all = all.and(Interval::OPEN);
        }
        missing.sort_unstable();
        missing.dedup();
        let missing = match all.determined() {
            Some(_) => Vec::new(),
            None => self.questions(facts, as_of, known_at, all, missing, &mut work),
        };
        Decision {
            engine: self,
            facts: facts.clone(),
            as_of,
            known_at,
            outcome: all,
            packs,
            missing,
            uncovered,
            advice: self.advice(facts, as_of, known_at),
            conflicts: self.conflicts(facts, as_of, known_at),
        }
    }

    /// The conflicts between the laws of both sides.
    fn conflicts(&self, facts: &Facts, as_of: Date, known_at: Date) -> Vec<Clash<'_>> {
        let mut clashes = Vec::new();
        for pack in self.counted(facts, known_at).filter(|pack| !pack.conflicts.is_empty()) {
            for (place, conflict) in pack.conflicts.iter().enumerate() {
                if !conflict.holds(pack, facts, as_of) {
                    continue;
                }
                let area = conflict.other_area(facts, self.exporter, self.importer);
                let is_other = |other: &&Pack| match (&conflict.with, area) {
                    (Other::Pack(id), _) => other.id == *id && self.is_party(other, facts, as_of),
                    (_, Some(area)) => other.id != pack.id && other.knows(area, as_of),
                    _ => false,
                };
                let counted = self.packs_known_at(known_at).filter(|pack| pack.role.counts());
                let others: Vec<&Pack> = counted.filter(is_other).collect();
                // An area whose law no pack knows is still there.
                if !others.is_empty() || area.is_some() {
                    clashes.push(Clash { pack, conflict: place, others, area });
                }
            }
        }
        clashes
    }

    /// Whether a pack applies, or a party sits where it knows the law.
    fn is_party(&self, pack: &Pack, facts: &Facts, day: Date) -> bool {
        let sits = |fact: FactId| match facts.get(fact) {
            Some(Value::Text(area)) => pack.knows(area, day),
            _ => false,
        };
        pack.applies(facts, day) == Truth::True || sits(self.exporter) || sits(self.importer)
    }

    /// The advice that holds; what may hold is no reason to ask for anything.
    fn advice(&self, facts: &Facts, as_of: Date, known_at: Date) -> Vec<Advice<'_>> {
        let mut advice = Vec::new();
        let is_advisory = |pack: &&Pack| pack.role == Role::Advisory;
        for pack in self.candidates(facts, known_at).filter(is_advisory) {
            if pack.applies(facts, as_of) != Truth::True {
                continue;
            }
            let mut truths = Vec::new();
            pack.truths(facts, as_of, &mut truths);
            let rules = truths.iter().enumerate().filter(|(_, truth)| **truth == Truth::True);
            advice.extend(rules.map(|(rule, _)| Advice { pack, rule }));
        }
        advice
    }

    /// The missing facts that may change something, the most decisive first.
    fn questions(
        &self,
        facts: &Facts,
        as_of: Date,
        known_at: Date,
        now: Interval,
        missing: Vec<FactId>,
        work: &mut Work,
    ) -> Vec<Missing> {
        let applies = |pack: &&Pack| pack.applies(facts, as_of) != Truth::False;
        let packs: Vec<&Pack> = self.counted(facts, known_at).filter(applies).collect();
        let said: Vec<Interval> =
            packs.iter().map(|pack| self.of_pack(pack, facts, as_of, work)).collect();
        let mut questions = Vec::new();
        for fact in missing {
            let mut cells: Vec<Value> =
                packs.iter().flat_map(|pack| self.cells(pack, fact, facts, as_of)).collect();
            cells.sort_unstable();
            cells.dedup();
            let (mut settled, mut left, mut matters) = (0, 0, false);
            let mut tried = facts.clone();
            for cell in &cells {
                tried.set(fact, Some(*cell));
                let mut then = match self.uncovered(&tried, as_of, known_at).is_empty() {
                    true => Interval::of(Outcome::Permitted),
                    false => Interval::OPEN,
                };
                // What does not ask for the fact says what it said without it.
                for (pack, said) in packs.iter().zip(&said) {
                    then = then.and(match self.touches(pack, fact) {
                        true => self.of_pack(pack, &tried, as_of, work),
                        false => *said,
                    });
                }
                matters |= then != now;
                settled += usize::from(then.determined().is_some());
                left += then.at_worst as usize - then.at_best as usize;
            }
            questions.push((matters, Missing { fact, settles: settled, of: cells.len(), left }));
        }
        // What changes nothing by itself may still matter together with another answer. It is asked
        // only when nothing else is left to ask.
        let is_alone = questions.iter().any(|(matters, _)| *matters);
        questions.retain(|(matters, _)| *matters || !is_alone);
        let mut questions: Vec<Missing> = questions.into_iter().map(|(_, asked)| asked).collect();
        // What leaves the least open, per possible answer.
        questions.sort_by(|a, b| {
            let open = |m: &Missing| (m.left * 1_000) / m.of.max(1);
            open(a).cmp(&open(b)).then(a.fact.cmp(&b.fact))
        });
        questions
    }

    /// Whether a pack asks for a fact, or for one that follows from it or from which it follows.
    fn touches(&self, pack: &Pack, fact: FactId) -> bool {
        let implied = &self.dictionary.fact(fact).implies;
        let implies = |other: FactId| self.dictionary.fact(other).implies.contains(&fact);
        pack.reads(fact)
            || implied.iter().any(|other| pack.reads(*other))
            || self.dictionary.iter().any(|(other, _)| implies(other) && pack.reads(other))
    }

    fn rules(&self, pack: &Pack, facts: &Facts, day: Date) -> Vec<RuleDecision> {
        let mut truths = Vec::new();
        pack.truths(facts, day, &mut truths);
        let mut resolution = Resolution::default();
        resolve(pack, &truths, &mut resolution);
        let rules = pack.rules.iter().zip(truths).zip(resolution.effects);
        rules
            .enumerate()
            .map(|(rule, ((_, truth), effect))| RuleDecision { rule, truth, effect })
            .collect()
    }
}
