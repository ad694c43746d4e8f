//! Reading cases: crossings with the outcome that a lawyer expects.

use jiff::civil::Date;
use toml::Spanned;

use super::Reader;
use crate::facts::{Dictionary, Facts, Kind, PackedFacts, Value, is_area};
use crate::outcome::{Interval, Outcome};
use crate::pack::file::CaseEntry;
use crate::pack::{Case, Conflict, Role};

/// Most cases of one pack, and most days of one case.
const CASES_MAX: usize = 5_000;
const DAYS_MAX: usize = 100;

impl Reader<'_> {
    pub(super) fn cases(
        &mut self,
        entries: Vec<CaseEntry>,
        role: Role,
        conflicts: &[Conflict],
    ) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        if entries.len() > CASES_MAX {
            let found = entries.len();
            self.error(0..0, format!("found {found} cases, expected at most {CASES_MAX}"));
            return cases;
        }
        for entry in entries {
            let days = self.days(&entry);
            let best = match &entry.expect {
                Some(outcome) => self.outcome(outcome),
                // Nothing else can come of it.
                None if role == Role::Advisory => Some(Outcome::Permitted),
                None => {
                    self.error(entry.id.span(), "found a case without expect".to_owned());
                    None
                }
            };
            let worst = entry.at_worst.as_ref().map_or(best, |outcome| self.outcome(outcome));
            let facts = self.facts(&entry);
            let because = entry.because.iter().filter_map(|name| {
                let place = self.places.get(name.get_ref()).copied();
                if place.is_none() {
                    let text = format!("because: found {:?}, no such rule", name.get_ref());
                    self.error(name.span(), text);
                }
                place
            });
            let because: Vec<usize> = because.collect();
            let conflicts = entry.conflicts.as_ref().map(|named| {
                let places = named.iter().filter_map(|name| {
                    let place = conflicts.iter().position(|known| known.id == *name.get_ref());
                    if place.is_none() {
                        let found = name.get_ref();
                        let text = format!("conflicts: found {found:?}, no such conflict");
                        self.error(name.span(), text);
                    }
                    place
                });
                places.collect::<Vec<usize>>()
            });
            let line = self.line(entry.id.span().start);
            let otherwise_no = entry.otherwise == "no";
            if !otherwise_no && entry.otherwise != "unknown" {
                let text =
                    format!("otherwise: found {:?}, expected no or unknown", entry.otherwise);
                self.error(entry.id.span(), text);
            }
            let (Some(at_best), Some(at_worst), Some(facts)) = (best, worst, facts) else {
                continue;
            };
            let expect = Interval { at_best, at_worst };
            let facts = PackedFacts::from(facts);
            let is_one = days.len() == 1;
            for at in days {
                let id = entry.id.get_ref();
                let id = if is_one { id.clone() } else { format!("{id} on {at}") };
                let (facts, because) = (facts.clone(), because.clone());
                let conflicts = conflicts.clone();
                cases.push(Case { id, at, facts, otherwise_no, expect, because, conflicts, line });
            }
        }
        cases
    }

    /// The days of a case: each is a case of its own.
    fn days(&mut self, entry: &CaseEntry) -> Vec<Date> {
        let span = entry.at.span();
        let days = match entry.at.get_ref() {
            toml::Value::Array(days) => days.as_slice(),
            day => std::slice::from_ref(day),
        };
        if days.is_empty() || days.len() > DAYS_MAX {
            let found = days.len();
            self.error(span, format!("found {found} days, expected from 1 to {DAYS_MAX}"));
            return Vec::new();
        }
        let text = |day: &toml::Value| day.as_str().map(str::to_owned);
        let days = days.iter().map(|day| text(day).unwrap_or_else(|| day.to_string()));
        days.filter_map(|day| self.day(&Spanned::new(span.clone(), day))).collect()
    }

    pub(super) fn facts(&mut self, entry: &CaseEntry) -> Option<Facts> {
        // An area that only cases name gets a number of its own.
        for (name, value) in entry.facts.get_ref() {
            if let (Some(id), Some(text)) = (self.dictionary.find(name), value.as_str())
                && self.dictionary.fact(id).kind == Kind::Area
                && is_area(text)
            {
                self.dictionary.symbols_mut().intern(text);
            }
        }
        match self.dictionary.read_facts(entry.facts.get_ref()) {
            Ok(facts) => Some(facts),
            Err(error) => {
                self.error(entry.facts.span(), error.to_string());
                None
            }
        }
    }
}

impl Case {
    /// The facts with everything filled in that the case does not name.
    pub(crate) fn complete(&self, dictionary: &Dictionary) -> Facts {
        let mut facts = self.facts.unpack();
        if self.otherwise_no {
            for (id, fact) in dictionary.iter() {
                let value = match fact.kind {
                    Kind::Flag => Value::Flag(false),
                    Kind::Count => Value::Count(0),
                    // There is no "no" for these.
                    Kind::Day | Kind::Area | Kind::OneOf(_) => continue,
                };
                if facts.get(id).is_none() {
                    facts.set(id, Some(value));
                }
            }
        }
        facts
    }
}
