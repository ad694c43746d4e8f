//! The matrix: for each pair of areas what the law says of a class of data if nothing is in place,
//! and which mechanisms make it pass.
//!
//! What is not about the class of data is taken as no or 0, so that pairs can be compared. It is a
//! map to find one's way, not a check of a crossing.

mod table;

use jiff::civil::Date;
use serde_json::Value as Json;

pub(crate) use self::table::Group;
use crate::classes::{Class, ClassError, Classes, Description, Topic};
use crate::engine::{Engine, Work};
use crate::facts::{Fact, FactError, FactId, Facts, Kind, Value};
use crate::outcome::{Interval, Outcome, Truth};
use crate::pack::{Effect, Pack, Rule, Stage};

/// What somebody can put in place, or what the parties can be.
const GIVEN: &[&str] = &["tool.", "basis.", "importer.", "exporter."];
/// Most such facts of one rule; rules with more are not tried.
const FACTS_MAX: usize = 6;
/// Most rules that together make a crossing pass.
const RULES_MAX: usize = 3;
/// Most combinations of rules that are tried for one pair.
const COMBINATIONS_MAX: usize = 4_000;

/// What the matrix is about.
#[derive(Debug, Clone)]
pub struct Question {
    /// Words for the data and its purpose.
    pub words: Vec<(Topic, String)>,
    /// About how many people it is.
    pub persons: Option<u64>,
    /// Areas of exporters; all that some pack covers if empty.
    pub from: Vec<String>,
    /// Areas of importers; all that some pack covers if empty.
    pub to: Vec<String>,
    /// The day whose law is applied.
    pub as_of: Date,
    /// The day whose packs are applied.
    pub known_at: Date,
}

/// Why there is no matrix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// A word cannot be taken for facts.
    #[error(transparent)]
    Class(#[from] ClassError),
    /// An area is not shaped like one.
    #[error(transparent)]
    Fact(#[from] FactError),
}

/// What the law says of each pair of areas.
#[derive(Debug, Clone)]
pub struct Matrix<'e> {
    engine: &'e Engine,
    /// What was asked.
    pub question: Question,
    /// The words of the question with what they mean.
    pub words: Vec<(Topic, Class)>,
    /// The areas of exporters.
    pub from: Vec<String>,
    /// The areas of importers.
    pub to: Vec<String>,
    /// One for each pair of different areas, exporter by exporter.
    pub cells: Vec<Cell>,
}

/// What the law says of one pair of areas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The exporter's place in [`Matrix::from`].
    pub from: usize,
    /// The importer's place in [`Matrix::to`].
    pub to: usize,
    /// What the law says if nothing is in place.
    pub without: Interval,
    /// What makes it pass.
    pub ways: Vec<Way>,
    /// What it depends on, if it is not determined.
    pub missing: Vec<FactId>,
}

/// Something that makes a crossing pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The rules that let it pass, each with the place of its pack in the engine.
    pub rules: Vec<(usize, usize)>,
    /// What must be true for it.
    pub needs: Vec<FactId>,
    /// What the law says then.
    pub then: Interval,
}

impl Engine {
    /// What the law says of a class of data for each pair of areas.
    pub fn matrix(&self, classes: &Classes, question: Question) -> Result<Matrix<'_>, MatrixError> {
        let covered = self.covered(question.as_of, question.known_at);
        let areas = |named: &[String]| match named.is_empty() {
            true => covered.clone(),
            false => named.to_vec(),
        };
        let (from, to) = (areas(&question.from), areas(&question.to));
        let words = question
            .words
            .iter()
            .map(|(topic, word)| classes.find(*topic, word).map(|class| (*topic, class.clone())));
        let words = words.collect::<Result<Vec<_>, ClassError>>()?;
        let mut cells = Vec::new();
        let mut work = Work::default();
        for (row, exporter) in from.iter().enumerate() {
            let words = question.words.clone();
            let exporter_of = Some(exporter.clone());
            let description =
                Description { words, persons: question.persons, exporter: exporter_of };
            let expansion = classes.expand(self, &description)?;
            let (mut said, counts) = (expansion.facts, expansion.counts);
            said.insert("exporter.area".to_owned(), Json::from(exporter.as_str()));
            for (column, importer) in to.iter().enumerate().filter(|(_, area)| *area != exporter) {
                said.insert("importer.area".to_owned(), Json::from(importer.as_str()));
                let mut facts = self.dictionary().read_facts(&said)?;
                // Without a number of persons, the matrix says what holds whatever it is.
                facts.assume_no(self.dictionary(), &counts);
                let mut pair = Pair { engine: self, question: &question, work: &mut work, facts };
                let (without, ways) = pair.look();
                let missing = pair.missing(without);
                cells.push(Cell { from: row, to: column, without, ways, missing });
            }
        }
        Ok(Matrix { engine: self, question, words, from, to, cells })
    }

    /// The areas whose law of a day some pack knew on another, in order.
    pub fn covered(&self, as_of: Date, known_at: Date) -> Vec<String> {
        let symbols = self.dictionary().symbols();
        let packs = self.packs_known_at(known_at);
        let areas = packs
            .flat_map(|pack| &pack.covers)
            .filter(|area| self.packs_known_at(known_at).any(|pack| pack.knows(**area, as_of)));
        let mut areas: Vec<String> = areas.map(|area| symbols.text(*area).to_owned()).collect();
        areas.sort_unstable();
        areas.dedup();
        areas
    }
}

/// A rule that would hold if some facts were true.
struct Candidate {
    rule: (usize, usize),
    needs: Vec<FactId>,
}

struct Pair<'p> {
    engine: &'p Engine,
    question: &'p Question,
    work: &'p mut Work,
    facts: Facts,
}

impl Pair<'_> {
    fn look(&mut self) -> (Interval, Vec<Way>) {
        let Question { as_of, known_at, .. } = *self.question;
        let without = self.engine.check(&self.facts, as_of, known_at);
        if without.at_worst.lets_pass() {
            return (without, Vec::new());
        }
        let engine = self.engine;
        let is_known =
            |pack: &Pack| engine.packs_known_at(known_at).any(|known| std::ptr::eq(known, pack));
        let packs: Vec<usize> = (0..engine.packs().len())
            .filter(|place| is_known(&engine.packs()[*place]))
            .filter(|place| engine.packs()[*place].applies(&self.facts, as_of) != Truth::False)
            .collect();
        let candidates = self.candidates(&packs);
        let mut ways = Vec::new();
        let mut left = COMBINATIONS_MAX;
        for size in 1..=RULES_MAX {
            self.combine(&candidates, size, &mut Vec::new(), &mut left, &mut ways);
        }
        // What the parties can arrange comes before what must be so by itself.
        let dictionary = self.engine.dictionary();
        let is_ground = |fact: &FactId| dictionary.fact(*fact).name.starts_with("basis.");
        ways.sort_by_key(|way: &Way| {
            let rests_on_ground = way.needs.iter().any(is_ground);
            (way.rules.len(), rests_on_ground, way.then.at_worst, way.needs.len())
        });
        (without, ways)
    }

    /// The questions whose answers would settle it.
    fn missing(&self, without: Interval) -> Vec<FactId> {
        if without.determined().is_some() {
            return Vec::new();
        }
        let Question { as_of, known_at, .. } = *self.question;
        let decision = self.engine.decide(&self.facts, as_of, known_at);
        decision.missing.iter().map(|missing| missing.fact).collect()
    }

    /// The rules that would let something pass if somebody put something in place.
    fn candidates(&mut self, packs: &[usize]) -> Vec<Candidate> {
        let dictionary = self.engine.dictionary();
        let mut candidates = Vec::new();
        for place in packs {
            let pack = &self.engine.packs()[*place];
            for (rule, known) in pack.rules.iter().enumerate() {
                let lets_pass = matches!(known.stage, Stage::Mechanism | Stage::Exemption);
                if !lets_pass || !known.is_in_force(self.question.as_of) {
                    continue;
                }
                let mut flags: Vec<FactId> = Vec::new();
                known.when.facts(&mut |fact| {
                    let name = &dictionary.fact(fact).name;
                    let is_given = GIVEN.iter().any(|prefix| name.starts_with(prefix))
                        && dictionary.fact(fact).kind == Kind::Flag
                        && self.facts.get(fact) == Some(Value::Flag(false));
                    if is_given && !flags.contains(&fact) {
                        flags.push(fact);
                    }
                });
                let Some(needs) = self.needs(pack, rule, &flags) else { continue };
                // What serves nothing by itself serves nothing together with others.
                self.work.known(pack, &self.with(&needs), self.question.as_of);
                if self.work.effects()[rule] == Effect::Counts {
                    candidates.push(Candidate { rule: (*place, rule), needs });
                }
            }
        }
        candidates
    }

    /// The fewest of these facts that make a rule hold.
    fn needs(&self, pack: &Pack, rule: usize, flags: &[FactId]) -> Option<Vec<FactId>> {
        if flags.is_empty() || flags.len() > FACTS_MAX {
            return None;
        }
        let mut sets: Vec<u32> = (1..1_u32 << flags.len()).collect();
        sets.sort_by_key(|set| (set.count_ones(), *set));
        sets.into_iter().find_map(|set| {
            let needs: Vec<FactId> = (0..flags.len())
                .filter(|place| set & (1 << place) != 0)
                .map(|place| flags[place])
                .collect();
            let then = self.with(&needs);
            let when = &pack.rules[rule].when;
            let holds = when.truth(&then, &pack.names, self.question.as_of) == Truth::True;
            holds.then_some(needs)
        })
    }

    fn with(&self, needs: &[FactId]) -> Facts {
        let mut then = self.facts.clone();
        needs.iter().for_each(|fact| then.set(*fact, Some(Value::Flag(true))));
        then
    }

    /// Tries every choice of so many rules of which no part is enough.
    fn combine(
        &mut self,
        candidates: &[Candidate],
        size: usize,
        chosen: &mut Vec<usize>,
        left: &mut usize,
        ways: &mut Vec<Way>,
    ) {
        let is_enough = |way: &Way| {
            let has =
                |rule: &(usize, usize)| chosen.iter().any(|place| candidates[*place].rule == *rule);
            way.rules.iter().all(has)
        };
        if *left == 0 || ways.iter().any(is_enough) {
            return;
        }
        if chosen.len() == size {
            *left -= 1;
            ways.extend(self.way(candidates, chosen));
            return;
        }
        for next in chosen.last().map_or(0, |last| last + 1)..candidates.len() {
            chosen.push(next);
            self.combine(candidates, size, chosen, left, ways);
            chosen.pop();
        }
    }

    /// What the law says if these rules hold, if it lets the crossing pass because of each of them.
    fn way(&mut self, candidates: &[Candidate], chosen: &[usize]) -> Option<Way> {
        let Question { as_of, known_at, .. } = *self.question;
        let mut needs: Vec<FactId> = Vec::new();
        for candidate in chosen.iter().map(|place| &candidates[*place]) {
            needs.extend(&candidate.needs);
        }
        needs.sort_unstable();
        needs.dedup();
        let then = self.with(&needs);
        let said = self.engine.check(&then, as_of, known_at);
        if !said.at_worst.lets_pass() {
            return None;
        }
        let rules: Vec<(usize, usize)> =
            chosen.iter().map(|place| candidates[*place].rule).collect();
        for (pack, rule) in &rules {
            self.work.known(&self.engine.packs()[*pack], &then, as_of);
            if self.work.effects()[*rule] != Effect::Counts {
                return None;
            }
        }
        Some(Way { rules, needs, then: said })
    }
}

impl Matrix<'_> {
    /// What the law says of a pair; `None` for an area and itself.
    pub fn cell(&self, from: usize, to: usize) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.from == from && cell.to == to)
    }

    /// How many pairs have a determined outcome that lets pass, need something, or are forbidden.
    pub fn count(&self, is_it: impl Fn(Outcome) -> bool) -> usize {
        self.cells.iter().filter(|cell| cell.without.determined().is_some_and(&is_it)).count()
    }

    /// The packs that were asked.
    pub(crate) fn packs(&self) -> impl Iterator<Item = &Pack> {
        self.engine.packs_known_at(self.question.known_at)
    }

    pub(crate) fn fact(&self, id: FactId) -> &Fact {
        self.engine.dictionary().fact(id)
    }

    fn rule(&self, (pack, rule): (usize, usize)) -> (&Pack, &Rule) {
        let pack = &self.engine.packs()[pack];
        (pack, &pack.rules[rule])
    }
}
