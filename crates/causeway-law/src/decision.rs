//! A decision with its reasons: each rule that mattered, its article, the facts it went by; what is
//! missing; what has to be done; and what would make the crossing possible.

mod page;
mod render;
mod told;

use jiff::civil::Date;

pub(crate) use self::page::{articles, grouped};
pub use self::render::DISCLAIMER;
pub(crate) use self::render::outcome_text;
use crate::engine::{Engine, Work};
use crate::facts::{FactId, Facts, Kind, Symbol, Value};
use crate::outcome::{Interval, Outcome, Truth};
use crate::pack::{Effect, Pack, Rule};

/// What the law says of one crossing.
#[derive(Debug, Clone)]
pub struct Decision<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) facts: Facts,
    /// The day whose law was applied.
    pub as_of: Date,
    /// The day whose packs were applied.
    pub known_at: Date,
    /// Between which outcomes the truth lies.
    pub outcome: Interval,
    /// The packs that apply, or may apply.
    pub packs: Vec<PackDecision<'e>>,
    /// The questions whose answers would settle it, most decisive first; none if it is settled, or
    /// if only a pack could settle it that is not there.
    pub missing: Vec<Missing>,
    /// The parties whose law no pack knows on that day.
    pub uncovered: Vec<FactId>,
    /// The advice that holds; it counts for nothing above.
    pub advice: Vec<Advice<'e>>,
    /// Where one law demands what another forbids; the strictest decides all the same.
    pub conflicts: Vec<Clash<'e>>,
}

/// A conflict between laws that is there.
#[derive(Debug, Clone)]
pub struct Clash<'e> {
    /// The pack that names it.
    pub pack: &'e Pack,
    /// Its place in that pack.
    pub conflict: usize,
    /// The packs of the other side, if there are any.
    pub others: Vec<&'e Pack>,
    /// The area of the other side, if it is that of a party.
    pub area: Option<Symbol>,
}

/// Advice that holds.
#[derive(Debug, Clone, Copy)]
pub struct Advice<'e> {
    /// The advisory pack.
    pub pack: &'e Pack,
    /// The place of the rule in it.
    pub rule: usize,
}

/// What one pack says.
#[derive(Debug, Clone)]
pub struct PackDecision<'e> {
    /// The pack.
    pub pack: &'e Pack,
    /// Whether it applies.
    pub applies: Truth,
    /// What it says by itself.
    pub outcome: Interval,
    /// Whether no rule of it says anything of such a crossing, whatever else becomes known.
    pub is_silent: bool,
    /// What became of its rules.
    pub rules: Vec<RuleDecision>,
}

/// What became of one rule.
#[derive(Debug, Clone, Copy)]
pub struct RuleDecision {
    /// Its place in the pack.
    pub rule: usize,
    /// Whether it holds.
    pub truth: Truth,
    /// What became of it.
    pub effect: Effect,
}

/// A fact that is missing.
#[derive(Debug, Clone, Copy)]
pub struct Missing {
    /// The fact.
    pub fact: FactId,
    /// How many of its possible answers settle the outcome alone.
    pub settles: usize,
    /// How many answers can be told apart.
    pub of: usize,
    pub(crate) left: usize,
}

/// What would make a crossing possible, or possible with less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// What to do.
    pub what: Remedy,
    /// What the law would say then, at worst.
    pub at_worst: Outcome,
}

/// Something to do. Splitting a volume is never among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Put something in place that a rule asks for.
    Mechanism {
        /// The pack's place in the decision.
        pack: usize,
        /// The rule's place in the pack.
        rule: usize,
        /// What must become true.
        needs: Vec<FactId>,
        /// What is not known and must turn out to be so.
        provided: Vec<(FactId, bool)>,
    },
    /// Wait until this day, when the law changes.
    Wait(Date),
    /// Take the computation to the data, and let out only results that are about nobody.
    ComputeToData,
}

/// What must become true, and what must turn out to be so.
type Attempt = (Vec<FactId>, Vec<(FactId, bool)>);

/// The facts that say what the data is about; results of a computation are about nothing of it.
const ABOUT_DATA: &str = "data.";
const COUNTS: &str = "count.";
/// The facts that somebody can make true.
const TOOLS: &str = "tool.";
/// Most unknown facts of one rule that a remedy may rest on.
const OPEN_MAX: usize = 5;

impl Decision<'_> {
    /// What is known of the crossing.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The names of the facts that nobody gave and that were taken as no or 0.
    pub fn assumed(&self) -> Vec<&str> {
        let dictionary = self.engine.dictionary();
        let assumed = dictionary.iter().filter(|(id, _)| self.facts.is_assumed(*id));
        assumed.map(|(_, fact)| fact.name.as_str()).collect()
    }

    /// The names of the facts that nobody gave and that follow from those that were given.
    pub fn derived(&self) -> Vec<&str> {
        let dictionary = self.engine.dictionary();
        let derived = dictionary.iter().filter(|(id, _)| self.facts.is_derived(*id));
        derived.map(|(_, fact)| fact.name.as_str()).collect()
    }

    /// The packs that know the law of a party.
    fn covering(&self, party: FactId) -> Vec<&Pack> {
        let Some(Value::Text(area)) = self.facts.get(party) else { return Vec::new() };
        let packs = self.engine.packs_known_at(self.known_at);
        packs.filter(|pack| pack.knows(area, self.as_of)).collect()
    }

    /// The packs that know the law of a party and have nothing to say of this crossing.
    pub fn not_applying(&self) -> Vec<&Pack> {
        let mut packs: Vec<&Pack> = Vec::new();
        for pack in self.engine.parties().into_iter().flat_map(|party| self.covering(party)) {
            let applies = self.packs.iter().any(|decided| std::ptr::eq(decided.pack, pack));
            if !applies && !packs.iter().any(|known| std::ptr::eq(*known, pack)) {
                packs.push(pack);
            }
        }
        packs
    }

    /// What would make the crossing possible, mildest first. Found by deciding again.
    pub fn alternatives(&self) -> Vec<Alternative> {
        let mut all = Vec::new();
        // Where the law of a party is not known, nothing that anybody does makes it known.
        if self.outcome.at_worst.lets_pass() || !self.uncovered.is_empty() {
            return all;
        }
        let mut work = Work::default();
        self.mechanisms(&mut work, &mut all);
        self.later(&mut all);
        self.compute_to_data(&mut all);
        all.sort_by_key(|alternative| alternative.at_worst);
        all
    }

    /// Tries everything that somebody can put in place and that a rule in force asks for.
    fn mechanisms(&self, work: &mut Work, all: &mut Vec<Alternative>) {
        for (place, decided) in self.packs.iter().enumerate() {
            let pack = decided.pack;
            let mut tried: Vec<Attempt> = Vec::new();
            let in_force = |(_, rule): &(usize, &Rule)| rule.is_in_force(self.as_of);
            for (rule, asks) in pack.rules.iter().enumerate().filter(in_force) {
                // Only what somebody can do: flags of tools. Who the parties are stays as it is.
                let (needs, open) = self.asked(asks);
                if needs.is_empty() {
                    continue;
                }
                let mut then = self.facts.clone();
                needs.iter().for_each(|fact| then.set(*fact, Some(Value::Flag(true))));
                let provided = self.provided(pack, asks, &mut then, &open);
                let attempt = (needs, provided);
                if tried.contains(&attempt) {
                    continue;
                }
                tried.push(attempt.clone());
                let said = self.engine.of_pack(pack, &then, self.as_of, work);
                if said.at_worst < decided.outcome.at_worst {
                    let (needs, provided) = attempt;
                    let what = Remedy::Mechanism { pack: place, rule, needs, provided };
                    let total = self.engine.check(&then, self.as_of, self.known_at);
                    all.push(Alternative { what, at_worst: total.at_worst });
                }
            }
        }
    }

    /// The tools that a rule asks for and that are not in place, and what else it asks for that is
    /// not known.
    fn asked(&self, rule: &Rule) -> (Vec<FactId>, Vec<FactId>) {
        let dictionary = self.engine.dictionary();
        let (mut needs, mut open) = (Vec::new(), Vec::new());
        rule.when.facts(&mut |fact| {
            let is_flag = dictionary.fact(fact).kind == Kind::Flag;
            let is_tool = dictionary.fact(fact).name.starts_with(TOOLS);
            let list = match (is_flag, is_tool, self.facts.get(fact)) {
                (true, true, Some(Value::Flag(true))) => return,
                (true, true, _) => &mut needs,
                (true, false, None) => &mut open,
                _ => return,
            };
            if !list.contains(&fact) {
                list.push(fact);
            }
        });
        (needs, open)
    }

    /// The fewest facts that must turn out to be so for a rule to hold, taken as given then;
    /// nothing if they are too many, or if it does not depend on them.
    fn provided(
        &self,
        pack: &Pack,
        rule: &Rule,
        then: &mut Facts,
        open: &[FactId],
    ) -> Vec<(FactId, bool)> {
        if open.is_empty() || open.len() > OPEN_MAX {
            return Vec::new();
        }
        // Each fact is unknown, no or yes: counted in base 3, the fewest known ones first.
        let digit = |number: usize, place: usize| number / 3_usize.pow(place as u32) % 3;
        let known = |number: &usize| (0..open.len()).filter(|p| digit(*number, *p) > 0).count();
        let mut numbers: Vec<usize> = (0..3_usize.pow(open.len() as u32)).collect();
        numbers.sort_by_key(known);
        for number in numbers {
            let provided: Vec<(FactId, bool)> = (0..open.len())
                .filter(|place| digit(number, *place) > 0)
                .map(|place| (open[place], digit(number, place) == 2))
                .collect();
            let mut tried = then.clone();
            provided.iter().for_each(|(fact, is)| tried.set(*fact, Some(Value::Flag(*is))));
            if rule.when.truth(&tried, &pack.names, self.as_of) == Truth::True {
                *then = tried;
                return provided;
            }
        }
        Vec::new()
    }

    /// The first later day on which the law asks for less.
    fn later(&self, all: &mut Vec<Alternative>) {
        let mut days: Vec<Date> = Vec::new();
        for decided in &self.packs {
            days.extend(decided.pack.days());
        }
        days.retain(|day| *day > self.as_of);
        days.sort_unstable();
        days.dedup();
        for day in days {
            let then = self.engine.check(&self.facts, day, self.known_at);
            if then.at_worst < self.outcome.at_worst {
                return all.push(Alternative { what: Remedy::Wait(day), at_worst: then.at_worst });
            }
        }
    }

    /// Lets only results out that are about nobody.
    fn compute_to_data(&self, all: &mut Vec<Alternative>) {
        let dictionary = self.engine.dictionary();
        let mut then = self.facts.clone();
        for (id, fact) in dictionary.iter() {
            match fact.kind {
                Kind::Flag if fact.name.starts_with(ABOUT_DATA) => {
                    then.set(id, Some(Value::Flag(false)));
                }
                Kind::Count if fact.name.starts_with(COUNTS) => then.set(id, Some(Value::Count(0))),
                _ => {}
            }
        }
        let then = self.engine.check(&then, self.as_of, self.known_at);
        if then.at_worst < self.outcome.at_worst {
            all.push(Alternative { what: Remedy::ComputeToData, at_worst: then.at_worst });
        }
    }
}
