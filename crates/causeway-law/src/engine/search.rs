//! What one pack says of a crossing of which facts are missing: they are tried one after another,
//! as far as they can still change what was found.

use jiff::civil::Date;

use super::{Engine, Work};
use crate::expression::Expression;
use crate::facts::{FactId, Facts, Kind, Symbol, Value};
use crate::outcome::{Interval, Outcome, Truth};
use crate::pack::{Pack, Rule, Stage};

/// Most missing facts that are tried one after another; beyond them the outcome is bounded
/// instead, which may leave more open than need be.
const TRIES_MAX: usize = 20_000;
impl Engine {
    /// What one pack says; `permitted` if it does not apply.
    pub(crate) fn of_pack(
        &self,
        pack: &Pack,
        facts: &Facts,
        day: Date,
        work: &mut Work,
    ) -> Interval {
        let applies = pack.applies(facts, day);
        if applies == Truth::False {
            return Interval::of(Outcome::Permitted);
        }
        let outcome = work.known(pack, facts, day);
        if applies == Truth::True && work.is_complete() {
            return Interval::of_option(outcome);
        }
        let mut search = Search { found: None, left: TRIES_MAX };
        self.explore(pack, &mut facts.clone(), day, &mut search, work);
        search.found.unwrap_or(Interval::OPEN)
    }

    /// Tries the missing facts one after another, as far as they can still change what was found.
    fn explore(
        &self,
        pack: &Pack,
        facts: &mut Facts,
        day: Date,
        search: &mut Search,
        work: &mut Work,
    ) {
        if pack.applies(facts, day) == Truth::False {
            return search.add(Interval::of(Outcome::Permitted));
        }
        let missing = self.missing(pack, facts, day);
        let Some(first) = missing.first() else {
            return search.add(Interval::of_option(work.known(pack, facts, day)));
        };
        let bounds = work.bounds(pack, facts, day);
        if search.knows(bounds) {
            return;
        }
        if bounds.determined().is_some() || search.left == 0 {
            return search.add(bounds);
        }
        search.left -= 1;
        for value in self.cells(pack, *first, facts, day) {
            if !self.dictionary.is_possible(*first, value, facts) {
                continue;
            }
            facts.set(*first, Some(value));
            self.explore(pack, facts, day, search, work);
        }
        facts.set(*first, None);
    }

    /// The facts that are missing for what a pack says.
    pub(crate) fn missing(&self, pack: &Pack, facts: &Facts, day: Date) -> Vec<FactId> {
        let mut missing = Vec::new();
        let mut note = |fact: FactId| {
            if !missing.contains(&fact) {
                missing.push(fact);
            }
        };
        pack.applies.missing(facts, &pack.names, day, &mut note);
        // What a pack asks for comes before what lets off: bounds close in sooner that way.
        let asks = |rule: &&Rule| matches!(rule.stage, Stage::Prohibition | Stage::Trigger);
        let in_force = || pack.rules.iter().filter(|rule| rule.is_in_force(day));
        for rule in in_force().filter(asks).chain(in_force().filter(|rule| !asks(rule))) {
            rule.when.missing(facts, &pack.names, day, &mut note);
        }
        missing
    }

    /// Values of a fact, so that every value there is acts like one of them.
    pub(crate) fn cells(&self, pack: &Pack, fact: FactId, facts: &Facts, day: Date) -> Vec<Value> {
        let rules = pack.rules.iter().filter(|rule| rule.is_in_force(day));
        let conditions: Vec<&Expression> =
            rules.map(|rule| &rule.when).chain([&pack.applies]).collect();
        self.cells_of(pack, &conditions, fact, facts, day)
    }

    /// Values of a fact that act differently under some of these conditions.
    fn cells_of(
        &self,
        pack: &Pack,
        conditions: &[&Expression],
        fact: FactId,
        facts: &Facts,
        day: Date,
    ) -> Vec<Value> {
        // What it is compared with acts like a value of its own.
        let mut asked = vec![fact];
        let mut edges = Vec::new();
        for condition in conditions {
            condition.peers(fact, &mut |peer| {
                edges.extend(facts.get(peer));
                asked.push(peer);
            });
        }
        for fact in asked {
            let edge = &mut |value: Value| edges.push(value);
            conditions.iter().for_each(|condition| {
                condition.edges(fact, &pack.names, day, edge);
            });
        }
        let mut cells = match &self.dictionary.fact(fact).kind {
            Kind::Flag => vec![Value::Flag(false), Value::Flag(true)],
            Kind::OneOf(values) => values.iter().map(|symbol| Value::Text(*symbol)).collect(),
            Kind::Count => {
                let around = |value: &Value| match value {
                    Value::Count(n) => vec![n.saturating_sub(1), *n, n.saturating_add(1)],
                    _ => Vec::new(),
                };
                let counts = edges.iter().flat_map(around).chain([0]);
                counts.map(Value::Count).collect()
            }
            Kind::Day => {
                let around = |value: &Value| match value {
                    Value::Day(day) => {
                        [day.yesterday().ok(), Some(*day), day.tomorrow().ok()].to_vec()
                    }
                    _ => Vec::new(),
                };
                let days = edges.iter().flat_map(around).flatten().chain([day]);
                days.map(Value::Day).collect()
            }
            // An area that no rule names stands for all of them.
            Kind::Area => edges.into_iter().chain([Value::Text(Symbol(u32::MAX))]).collect(),
        };
        cells.sort_unstable();
        cells.dedup();
        cells
    }
}

/// Whether conditions can hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// They do, with the facts that were found.
    Found,
    /// They never do.
    None,
    /// There was too much to try.
    TooMany,
}

impl Engine {
    /// Looks for values of the missing facts with which all conditions hold, and leaves them in
    /// `facts`. Each try takes one of `left`.
    pub(crate) fn reach(
        &self,
        pack: &Pack,
        conditions: &[&Expression],
        facts: &mut Facts,
        day: Date,
        left: &mut usize,
    ) -> Reach {
        let truth = |condition: &&Expression| condition.truth(facts, &pack.names, day);
        match conditions.iter().map(truth).min().unwrap_or(Truth::True) {
            Truth::True => return Reach::Found,
            Truth::False => return Reach::None,
            Truth::Unknown if *left == 0 => return Reach::TooMany,
            Truth::Unknown => *left -= 1,
        }
        let mut first = None;
        for condition in conditions {
            condition.missing(facts, &pack.names, day, &mut |fact| {
                first.get_or_insert(fact);
            });
        }
        // Without a missing fact it is a value that is not in force: nothing can be done about it.
        let Some(first) = first else { return Reach::None };
        for value in self.cells_of(pack, conditions, first, facts, day) {
            if !self.dictionary.is_possible(first, value, facts) {
                continue;
            }
            facts.set(first, Some(value));
            match self.reach(pack, conditions, facts, day, left) {
                Reach::None => {}
                reached => return reached,
            }
        }
        facts.set(first, None);
        Reach::None
    }
}

/// What was found so far while missing facts are tried.
struct Search {
    found: Option<Interval>,
    /// How many more facts may be tried.
    left: usize,
}

impl Search {
    fn add(&mut self, said: Interval) {
        self.found = Some(self.found.map_or(said, |before| before.or(said)));
    }

    /// Whether nothing within these bounds would be new.
    fn knows(&self, bounds: Interval) -> bool {
        self.found.is_some_and(|found| {
            found.at_best <= bounds.at_best && bounds.at_worst <= found.at_worst
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pseudo-random numbers, the same on every run.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 33) as usize % bound
        }
    }

    /// Calls for each combination of values of these facts.
    fn each_combination(
        missing: &[FactId],
        cells: &[Vec<Value>],
        facts: &mut Facts,
        each: &mut dyn FnMut(&Facts),
    ) {
        let (Some((fact, others)), Some((values, rest))) =
            (missing.split_first(), cells.split_first())
        else {
            return each(facts);
        };
        for value in values {
            facts.set(*fact, Some(*value));
            each_combination(others, rest, facts, each);
        }
        facts.set(*fact, None);
    }

    #[test]
    fn leaving_out_what_cannot_change_anything_finds_the_same_as_trying_everything() {
        let engine = Engine::shipped().unwrap();
        let mut chance = Chance(7);
        let mut work = Work::default();
        for pack in engine.packs() {
            let mut line = 0;
            for case in &pack.cases {
                // The same facts on another day find hardly anything else.
                if std::mem::replace(&mut line, case.line) == case.line {
                    continue;
                }
                let mut facts = case.complete(&engine.dictionary);
                let mut asked = Vec::new();
                pack.rules.iter().for_each(|rule| rule.when.facts(&mut |fact| asked.push(fact)));
                for _ in 0..3 {
                    facts.set(asked[chance.below(asked.len())], None);
                }
                let found = engine.of_pack(pack, &facts, case.at, &mut work);
                let missing = engine.missing(pack, &facts, case.at);
                let cells: Vec<Vec<Value>> =
                    missing.iter().map(|fact| engine.cells(pack, *fact, &facts, case.at)).collect();
                let mut expected: Option<Interval> = None;
                each_combination(&missing, &cells, &mut facts.clone(), &mut |facts| {
                    let is_possible = |fact: &FactId| {
                        let value = facts.get(*fact).unwrap();
                        engine.dictionary.is_possible(*fact, value, facts)
                    };
                    if !missing.iter().all(is_possible) {
                        return;
                    }
                    let said = match pack.applies(facts, case.at) {
                        Truth::False => Interval::of(Outcome::Permitted),
                        _ => Interval::of_option(work.known(pack, facts, case.at)),
                    };
                    expected = Some(expected.map_or(said, |before| before.or(said)));
                });
                let bounds = work.bounds(pack, &facts, case.at);
                let expected = expected.unwrap();
                assert_eq!(found, expected, "{} {} without {missing:?}", pack.id, case.id);
                let holds =
                    bounds.at_best <= expected.at_best && expected.at_worst <= bounds.at_worst;
                assert!(holds, "{} {}: {bounds:?} {expected:?}", pack.id, case.id);
            }
        }
    }
}
