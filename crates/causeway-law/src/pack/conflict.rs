//! Conflicts between laws: where one law demands what another forbids. A conflict changes no
//! outcome; the strictest law decides as before, and whoever is between the two is told.

use jiff::civil::Date;

use super::{Citation, Pack};
use crate::expression::Expression;
use crate::facts::{FactId, Facts, Symbol};
use crate::outcome::Truth;

/// Whose law is on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// That of the area in which the exporter sits.
    Exporter,
    /// That of the area in which the importer sits.
    Importer,
    /// That of this area, if one of the parties sits there.
    Area(Symbol),
    /// What this pack knows, if it applies or one of the parties sits where it knows the law.
    Pack(String),
}

/// A conflict that a pack knows.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// Its name in the pack.
    pub id: String,
    /// Whose law is on the other side.
    pub with: Other,
    /// The first day on which there is one.
    pub from: Date,
    /// The first day on which there is no longer.
    pub until: Option<Date>,
    /// The rules of this pack that are on this side.
    pub rules: Vec<usize>,
    /// The articles.
    pub cite: Vec<Citation>,
    /// In one sentence.
    pub text: String,
    /// The line in the pack's file.
    pub line: usize,
    pub(crate) when: Expression,
}

impl Conflict {
    /// Whether it is there on a day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }

    /// Whether its own side is given: the pack applies, and the condition holds.
    pub(crate) fn holds(&self, pack: &Pack, facts: &Facts, day: Date) -> bool {
        self.is_in_force(day)
            && pack.applies(facts, day) == Truth::True
            && self.when.truth(facts, &pack.names, day) == Truth::True
    }

    /// The area whose law is on the other side, if it is that of a party.
    pub(crate) fn other_area(
        &self,
        facts: &Facts,
        exporter: FactId,
        importer: FactId,
    ) -> Option<Symbol> {
        let area = |fact: FactId| match facts.get(fact) {
            Some(crate::facts::Value::Text(area)) => Some(area),
            _ => None,
        };
        match &self.with {
            Other::Exporter => area(exporter),
            Other::Importer => area(importer),
            Other::Area(own) => {
                let is_there = area(exporter) == Some(*own) || area(importer) == Some(*own);
                is_there.then_some(*own)
            }
            Other::Pack(_) => None,
        }
    }
}
