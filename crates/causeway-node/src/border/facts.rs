//! What is known of a crossing, and from whom: the configuration, credentials, the terms, what
//! people recorded, and what this node counted. Two sources that disagree settle nothing.
//!
//! What nobody recorded is not in place: mechanisms, legal bases and requests of authorities are
//! "no" unless somebody said otherwise. An offer that declares its data declares all of it, so its
//! other facts of the data are "no" too, except those it says are unknown. Everything else that is
//! not known stays unknown.

use std::collections::BTreeMap;

use causeway_law::{Dictionary, Engine, FactError, Facts, Kind, Window};
use causeway_store::Attestation;
use causeway_types::{FactValue, Role, StatedFacts, Timestamp};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Map, Value as Json};

use super::{Crossed, Ground};
use crate::identity::{Directory, ProvenFact};
use crate::settings::Settings;

const EXPORTER_AREA: &str = "exporter.area";
const IMPORTER_AREA: &str = "importer.area";
const CONFIGURED: &str = "configuration";
const STATED: &str = "stated in the terms";
const COUNTED: &str = "counted by this node";
const NOT_RECORDED: &str = "not recorded";

/// What is known, by name, with where it comes from.
pub(super) struct Gathered {
    known: BTreeMap<String, (FactValue, String)>,
    disputes: Vec<String>,
}

/// Puts together what every source says.
pub(super) fn gather(
    settings: &Settings,
    law: &Engine,
    directory: &Directory,
    ground: &Ground,
    crossed: Crossed<'_>,
) -> Gathered {
    let mut all = Gathered { known: BTreeMap::new(), disputes: Vec::new() };
    let (own, theirs) = match crossed.role {
        Role::Provider => (EXPORTER_AREA, IMPORTER_AREA),
        Role::Consumer => (IMPORTER_AREA, EXPORTER_AREA),
    };
    all.area(own, settings.jurisdiction.as_deref());
    all.side(own, &settings.law.facts);
    // Of a peer, what was proven comes first: what is configured as well only has to agree with it.
    for fact in &ground.proven {
        all.proven(theirs, fact);
    }
    if let Some(peer) = directory.peer(crossed.peer) {
        all.area(theirs, peer.jurisdiction.as_deref());
        all.side(theirs, &peer.facts);
    }
    all.terms(law.dictionary(), crossed);
    let is_about = |attestation: &&Attestation| {
        crossed.dataset.is_none_or(|dataset| attestation.is_about(dataset))
    };
    for attestation in ground.attested.iter().filter(is_about) {
        let source = format!("attestation {}: {}", attestation.id, attestation.reference);
        for (name, value) in attestation.facts.iter() {
            all.state(name, value, &source);
        }
    }
    for (count, persons) in &ground.counted {
        let persons = persons.map_or(FactValue::Unknown, FactValue::Count);
        all.state(count, &persons, COUNTED);
    }
    all
}

impl Gathered {
    fn state(&mut self, name: &str, value: &FactValue, source: &str) {
        match self.known.get(name) {
            Some((known, _)) if known == value || *value == FactValue::Unknown => {}
            Some((known, by)) if *known != FactValue::Unknown => {
                self.disputes.push(format!("{name} is {known} ({by}) and {value} ({source})"));
            }
            _ => {
                self.known.insert(name.to_owned(), (value.clone(), source.to_owned()));
            }
        }
    }

    fn area(&mut self, name: &str, area: Option<&str>) {
        if let Some(area) = area {
            self.state(name, &FactValue::Text(area.to_owned()), CONFIGURED);
        }
    }

    /// What is configured of a party, for the side it is on here.
    fn side(&mut self, area: &str, facts: &StatedFacts) {
        let prefix = area.trim_end_matches("area");
        for (name, value) in facts.iter().filter(|(name, _)| name.starts_with(prefix)) {
            self.state(name, value, CONFIGURED);
        }
    }

    /// What a credential says of a party, for the side it is on here.
    fn proven(&mut self, area: &str, fact: &ProvenFact) {
        let prefix = area.trim_end_matches("area");
        if fact.name.starts_with(prefix) {
            self.state(&fact.name, &fact.value, &fact.source);
        }
    }

    /// What the provider states. Of our own terms only what is about the data counts: the rest is
    /// known better here, and may have changed since they were agreed on.
    fn terms(&mut self, dictionary: &Dictionary, crossed: Crossed<'_>) {
        for (name, value) in crossed.terms.iter() {
            let counts = match crossed.role {
                Role::Provider => is_of_data(name),
                Role::Consumer => is_of_data(name) || is_of_provider(name),
            };
            // A newer node may state what this one has no word for; then it stays unknown.
            if counts && is_understood(dictionary, name, value) {
                self.state(name, value, STATED);
            }
        }
    }

    /// The area that both parties are in, if no border is crossed.
    pub(super) fn home(&self) -> Option<&str> {
        let is_same = |own: &&str| self.area_of(Role::Consumer) == Some(*own);
        self.area_of(Role::Provider).filter(|own| self.disputes.is_empty() && is_same(own))
    }

    /// The legal area of the party in a role.
    pub(super) fn area_of(&self, role: Role) -> Option<&str> {
        let name = match role {
            Role::Provider => EXPORTER_AREA,
            Role::Consumer => IMPORTER_AREA,
        };
        match self.known.get(name) {
            Some((FactValue::Text(area), _)) => Some(area.as_str()),
            _ => None,
        }
    }

    /// The facts for the law, with what follows from them, and "no" where silence means it.
    pub(super) fn closed(
        &self,
        dictionary: &Dictionary,
        crossed: Crossed<'_>,
        ground: &Ground,
    ) -> Result<Facts, String> {
        if !self.disputes.is_empty() {
            return Err(self.disputes.join("; "));
        }
        let mut given: Map<String, Json> =
            self.known.iter().map(|(name, (value, _))| (name.clone(), json(value))).collect();
        let facts = dictionary.read_facts(&given).map_err(|error| error.to_string())?;
        let is_declared = crossed.terms.iter().any(|(name, _)| name.starts_with("data."));
        // Who agreed has stated every count; who only offers may not know yet.
        let are_counts_told = match crossed.role {
            Role::Provider => ground.published.as_ref().is_some_and(|o| o.declaration.is_some()),
            Role::Consumer => crossed.is_agreed && is_declared,
        };
        for (id, fact) in dictionary.iter() {
            if facts.get(id).is_some() || self.known.contains_key(&fact.name) {
                continue;
            }
            let silence = match (&fact.kind, group(&fact.name)) {
                (Kind::Flag, "tool" | "basis" | "request") => Json::Bool(false),
                (Kind::Flag, "data") if is_declared => Json::Bool(false),
                (Kind::Count, _) if are_counts_told => Json::from(0),
                _ => continue,
            };
            given.insert(fact.name.clone(), silence);
        }
        dictionary.read_facts(&given).map_err(|error| error.to_string())
    }

    /// Where each fact comes from; what is not named here is not recorded.
    pub(super) fn sources(&self) -> Json {
        let mut sources: Map<String, Json> =
            self.known.iter().map(|(name, (_, by))| (name.clone(), by.as_str().into())).collect();
        sources.insert("everything else".to_owned(), NOT_RECORDED.into());
        Json::Object(sources)
    }

    /// What a provider states in an agreement: everything it goes by but what it was told of the
    /// other side.
    pub(super) fn to_state(&self) -> StatedFacts {
        let mut stated = StatedFacts::new();
        for (name, (value, _)) in &self.known {
            if is_of_data(name) || is_of_provider(name) {
                // A dictionary is far below the limit of what may be stated.
                let _ = stated.state(name, value.clone());
            }
        }
        stated
    }
}

fn group(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

/// Whether a steward may declare it with the data.
pub(super) fn is_declarable(name: &str) -> bool {
    is_of_data(name)
}

fn is_of_data(name: &str) -> bool {
    matches!(group(name), "data" | "basis" | "transaction")
}

fn is_of_provider(name: &str) -> bool {
    matches!(group(name), "count" | "exporter" | "tool")
}

fn is_understood(dictionary: &Dictionary, name: &str, value: &FactValue) -> bool {
    let alone = Map::from_iter([(name.to_owned(), json(value))]);
    dictionary.find(name).is_some() && dictionary.read_facts(&alone).is_ok()
}

/// Stated facts as the law reads them.
pub fn read_facts(dictionary: &Dictionary, stated: &StatedFacts) -> Result<Facts, FactError> {
    let given = stated.iter().map(|(name, value)| (name.to_owned(), json(value)));
    dictionary.read_facts(&given.collect())
}

/// A stated value as the law reads it; what is unknown is not given.
pub(crate) fn json(value: &FactValue) -> Json {
    match value {
        FactValue::Flag(flag) => Json::Bool(*flag),
        FactValue::Count(count) => Json::from(*count),
        FactValue::Text(text) => Json::from(text.as_str()),
        FactValue::Unknown => Json::Null,
    }
}

/// The day whose law counts, UTC.
pub(super) fn day(now: Timestamp) -> Date {
    // A timestamp begins with its date.
    now.to_string().get(..10).and_then(|day| day.parse().ok()).unwrap_or(Date::MIN)
}

/// Since when a count counts, and whether each importer is counted apart; nothing if it is no count
/// of persons over time.
pub(super) fn window(law: &Engine, count: &str, now: Timestamp) -> Option<(Timestamp, bool)> {
    let dictionary = law.dictionary();
    let fact = dictionary.fact(dictionary.find(count)?);
    let (window, per_importer) = fact.window?;
    let since = match window {
        Window::CalendarYear { utc_offset_hours } => {
            let hours = i64::from(utc_offset_hours) * 3_600_000_000;
            let there = Timestamp::from_unix_micros(now.unix_micros() + hours).ok()?;
            let first = Date::new(day(there).year(), 1, 1).ok()?;
            let midnight = Timestamp::parse(&format!("{first}T00:00:00Z")).ok()?;
            Timestamp::from_unix_micros(midnight.unix_micros() - hours).ok()?
        }
        Window::TrailingYear => {
            let first = day(now).checked_sub(1.year()).ok()?;
            Timestamp::parse(&format!("{first}T00:00:00Z")).ok()?
        }
    };
    Some((since, per_importer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(count: &str, now: &str) -> Option<(String, bool)> {
        let law = Engine::shipped().unwrap();
        let found = window(&law, count, Timestamp::parse(now).unwrap());
        found.map(|(since, per_importer)| (since.to_string(), per_importer))
    }

    #[test]
    fn a_calendar_year_begins_at_midnight_where_the_law_is() {
        let expected = Some(("2025-12-31T16:00:00Z".to_owned(), false));
        assert_eq!(since("count.ordinary_year", "2026-06-01T00:00:00Z"), expected);
        assert_eq!(since("count.ordinary_year", "2025-12-31T16:00:00Z"), expected);
        let before = Some(("2024-12-31T16:00:00Z".to_owned(), false));
        assert_eq!(since("count.ordinary_year", "2025-12-31T15:59:59Z"), before);
    }

    #[test]
    fn a_trailing_year_counts_each_importer_apart() {
        let expected = Some(("2025-02-28T00:00:00Z".to_owned(), true));
        assert_eq!(since("count.us_health", "2026-02-28T12:00:00Z"), expected);
        // A leap day has no anniversary; the day before it has.
        let expected = Some(("2027-02-28T00:00:00Z".to_owned(), true));
        assert_eq!(since("count.us_health", "2028-02-29T12:00:00Z"), expected);
        assert_eq!(since("data.personal", "2026-06-01T00:00:00Z"), None);
    }
}
