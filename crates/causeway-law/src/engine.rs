//! All packs together: which of them apply to a crossing, what each says, and what they say as a
//! whole.
//!
//! A missing fact is tried with every value that a rule could tell apart, so an outcome that does
//! not depend on it is determined without it, and what does depend on it becomes a question.

mod shipped;

use jiff::civil::Date;

use crate::decision::{Decision, Missing, PackDecision, RuleDecision};
use crate::facts::{Dictionary, FactError, FactId, Facts, Kind, Symbol, Value};
use crate::outcome::{Interval, Outcome, Truth};
use crate::pack::{self, Effect, Finding, Pack, Resolution, Stage, resolve};

/// Most missing facts that are tried one after another; beyond them the outcome is bounded
/// instead, which may leave more open than need be.
const TRIES_MAX: usize = 20_000;

/// The packs that are installed.
#[derive(Debug, Clone)]
pub struct Engine {
    dictionary: Dictionary,
    packs: Vec<Pack>,
    exporter: FactId,
    importer: FactId,
}

/// Why an engine cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The dictionary cannot be read, or lacks the two areas.
    #[error(transparent)]
    Facts(#[from] FactError),
    /// Packs are refused.
    #[error("{}", shown(findings))]
    Packs {
        /// Everything that is wrong with them.
        findings: Vec<Finding>,
    },
}

fn shown(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Engine {
    /// Reads a dictionary and packs, each with the name of its file.
    pub fn new<'t>(
        dictionary: &str,
        packs: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, EngineError> {
        let mut dictionary = Dictionary::read(dictionary)?;
        let (exporter, importer) =
            (dictionary.named("exporter.area")?, dictionary.named("importer.area")?);
        let (mut read, mut findings) = (Vec::<Pack>::new(), Vec::new());
        for (file, text) in packs {
            match pack::read(file, text, &mut dictionary) {
                Ok(pack) => {
                    findings.extend(twins(file, &pack, &read));
                    read.push(pack);
                }
                Err(found) => findings.extend(found),
            }
        }
        read.sort_by(|a, b| (&a.id, a.known_from).cmp(&(&b.id, b.known_from)));
        for place in 1..read.len() {
            if read[place].id == read[place - 1].id {
                read[place - 1].known_until = Some(read[place].known_from);
            }
        }
        match findings.is_empty() {
            true => Ok(Self { dictionary, packs: read, exporter, importer }),
            false => Err(EngineError::Packs { findings }),
        }
    }

    /// The dictionary and the packs that come with this program.
    pub fn shipped() -> Result<Self, EngineError> {
        Self::new(&shipped::FACTS.join("\n"), shipped::PACKS.iter().copied())
    }

    /// The dictionary that comes with this program, and other packs.
    pub fn with_packs<'t>(
        packs: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, EngineError> {
        Self::new(&shipped::FACTS.join("\n"), packs)
    }

    /// An area that some rule or pack names.
    pub(crate) fn area(&self, code: &str) -> Option<Value> {
        self.dictionary.symbols().find(code).map(Value::Text)
    }

    /// The facts that say where the exporter and the importer sit.
    pub(crate) fn parties(&self) -> [FactId; 2] {
        [self.exporter, self.importer]
    }

    /// The facts that may be given.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Every revision of every pack.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// The revision of each pack that was the newest on a day.
    pub fn packs_known_at(&self, known_at: Date) -> impl Iterator<Item = &Pack> {
        let is_newest = move |pack: &&Pack| {
            pack.known_from <= known_at && pack.known_until.is_none_or(|until| known_at < until)
        };
        self.packs.iter().filter(is_newest)
    }

    /// Between which outcomes the truth lies, without reasons.
    pub fn check(&self, facts: &Facts, as_of: Date, known_at: Date) -> Interval {
        let mut work = Work::default();
        self.outcome(facts, as_of, known_at, &mut work)
    }

    fn outcome(&self, facts: &Facts, as_of: Date, known_at: Date, work: &mut Work) -> Interval {
        let mut all = Interval::of(Outcome::Permitted);
        for pack in self.packs_known_at(known_at) {
            all = all.and(self.of_pack(pack, facts, as_of, work));
        }
        match self.uncovered(facts, known_at).is_empty() {
            true => all,
            false => all.and(Interval::OPEN),
        }
    }

    /// The parties whose law no pack knows.
    fn uncovered(&self, facts: &Facts, known_at: Date) -> Vec<FactId> {
        let is_covered = |fact: FactId| match facts.get(fact) {
            Some(Value::Text(area)) => {
                self.packs_known_at(known_at).any(|pack| pack.covers.contains(&area))
            }
            _ => false,
        };
        [self.exporter, self.importer].into_iter().filter(|fact| !is_covered(*fact)).collect()
    }

    /// What one pack says; `permitted` if it does not apply.
    pub(crate) fn of_pack(
        &self,
        pack: &Pack,
        facts: &Facts,
        day: Date,
        work: &mut Work,
    ) -> Interval {
        if pack.applies(facts, day) == Truth::False {
            return Interval::of(Outcome::Permitted);
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
        for value in self.cells(pack, *first, day) {
            facts.set(*first, Some(value));
            self.explore(pack, facts, day, search, work);
        }
        facts.set(*first, None);
    }

    /// The facts that are missing for what a pack says.
    fn missing(&self, pack: &Pack, facts: &Facts, day: Date) -> Vec<FactId> {
        let mut missing = Vec::new();
        let mut note = |fact: FactId| {
            if !missing.contains(&fact) {
                missing.push(fact);
            }
        };
        pack.applies.missing(facts, &pack.names, day, &mut note);
        for rule in pack.rules.iter().filter(|rule| rule.is_in_force(day)) {
            rule.when.missing(facts, &pack.names, day, &mut note);
        }
        missing
    }

    /// Values of a fact, so that every value there is acts like one of them.
    pub(crate) fn cells(&self, pack: &Pack, fact: FactId, day: Date) -> Vec<Value> {
        let mut edges = Vec::new();
        let mut note = |value: Value| edges.push(value);
        pack.applies.edges(fact, &pack.names, day, &mut note);
        for rule in pack.rules.iter().filter(|rule| rule.is_in_force(day)) {
            rule.when.edges(fact, &pack.names, day, &mut note);
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

    /// What the law says of a crossing, with all reasons.
    pub fn decide(&self, facts: &Facts, as_of: Date, known_at: Date) -> Decision<'_> {
        let mut work = Work::default();
        let uncovered = self.uncovered(facts, known_at);
        let mut all = Interval::of(Outcome::Permitted);
        let mut packs = Vec::new();
        let mut missing: Vec<FactId> = uncovered.clone();
        for pack in self.packs_known_at(known_at) {
            let applies = pack.applies(facts, as_of);
            if applies == Truth::False {
                continue;
            }
            let outcome = self.of_pack(pack, facts, as_of, &mut work);
            all = all.and(outcome);
            missing.extend(self.missing(pack, facts, as_of));
            packs.push(PackDecision {
                pack,
                applies,
                outcome,
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
        }
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
        let mut questions = Vec::new();
        for fact in missing {
            let mut cells: Vec<Value> = self
                .packs_known_at(known_at)
                .filter(|pack| pack.applies(facts, as_of) != Truth::False)
                .flat_map(|pack| self.cells(pack, fact, as_of))
                .collect();
            cells.sort_unstable();
            cells.dedup();
            let (mut settled, mut left, mut matters) = (0, 0, false);
            let mut tried = facts.clone();
            for cell in &cells {
                tried.set(fact, Some(*cell));
                let then = self.outcome(&tried, as_of, known_at, work);
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

/// Two revisions of a pack on the same day, or two packs with the same rule, are a mistake.
fn twins(file: &str, pack: &Pack, others: &[Pack]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut note = |line: usize, text: String| {
        let file = file.to_owned();
        findings.push(Finding { file, line, severity: pack::Severity::Error, text });
    };
    for other in others {
        if other.id == pack.id {
            if other.known_from == pack.known_from {
                let (id, day) = (&pack.id, pack.known_from);
                note(1, format!("found two revisions of {id} known from {day} on"));
            }
            continue;
        }
        for rule in &pack.rules {
            if other.rules.iter().any(|known| known.id == rule.id) {
                note(rule.line, format!("found the rule {} in {} too", rule.id, other.id));
            }
        }
    }
    findings
}

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

    /// The effects after [`Self::known`].
    pub(crate) fn effects(&self) -> &[Effect] {
        &self.resolution.effects
    }

    /// Bounds of what a pack says whatever the missing facts are. What may be overridden or
    /// satisfied counts for the worst only; what may not hold counts for the best not at all.
    fn bounds(&mut self, pack: &Pack, facts: &Facts, day: Date) -> Interval {
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
        let (mut best, mut worst) = (None::<Outcome>, None::<Outcome>);
        let mut is_sure = pack.otherwise.is_some();
        for (place, rule) in pack.rules.iter().enumerate() {
            if rule.stage == Stage::Mechanism || truths[place] == Truth::False {
                continue;
            }
            if truths[place] == Truth::True && !overridden(place, Truth::Unknown) {
                let mildest = satisfied(place, Truth::Unknown).unwrap_or(rule.outcome);
                best = best.max(Some(mildest.min(rule.outcome)));
                is_sure |= rule.stage != Stage::Obligation;
            }
            let strictest = satisfied(place, Truth::True).unwrap_or(rule.outcome);
            worst = worst.max(Some(strictest));
        }
        let otherwise = pack.otherwise.as_ref().map(|(outcome, _)| *outcome);
        worst = worst.max(otherwise);
        let applies = pack.applies(facts, day) == Truth::True;
        Interval {
            at_best: best.filter(|_| applies).unwrap_or(Outcome::Permitted),
            // If no rule is sure to say something, perhaps none does.
            at_worst: worst.filter(|_| is_sure).unwrap_or(Outcome::Prohibited),
        }
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

/// Calls for each combination of values of these facts.
pub(crate) fn each_combination(
    missing: &[FactId],
    cells: &[Vec<Value>],
    facts: &mut Facts,
    each: &mut dyn FnMut(&Facts),
) {
    let (Some((fact, others)), Some((values, rest))) = (missing.split_first(), cells.split_first())
    else {
        return each(facts);
    };
    for value in values {
        facts.set(*fact, Some(*value));
        each_combination(others, rest, facts, each);
    }
    facts.set(*fact, None);
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

    #[test]
    fn leaving_out_what_cannot_change_anything_finds_the_same_as_trying_everything() {
        let engine = Engine::shipped().unwrap();
        let mut chance = Chance(7);
        let mut work = Work::default();
        for pack in engine.packs() {
            for case in &pack.cases {
                let mut facts = case.complete(&engine.dictionary);
                let mut asked = Vec::new();
                pack.rules.iter().for_each(|rule| rule.when.facts(&mut |fact| asked.push(fact)));
                for _ in 0..4 {
                    facts.set(asked[chance.below(asked.len())], None);
                }
                let found = engine.of_pack(pack, &facts, case.at, &mut work);
                let missing = engine.missing(pack, &facts, case.at);
                let cells: Vec<Vec<Value>> =
                    missing.iter().map(|fact| engine.cells(pack, *fact, case.at)).collect();
                let mut expected: Option<Interval> = None;
                each_combination(&missing, &cells, &mut facts.clone(), &mut |facts| {
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
