//! The dictionary of facts that rules may ask for, and the facts of one crossing.
//!
//! A fact that is not given is unknown, never "no". What a fact means, and the question that asks
//! for it, stands in the files of `facts/`. What facts say of each other is in `implied`.

mod implied;
mod packed;

use std::collections::HashMap;
use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value as Json;

pub use self::packed::PackedFacts;

/// What a fact can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Flag,
    /// How many, counted exactly.
    Count,
    /// A day.
    Day,
    /// A legal area: an ISO 3166 code, or a code of ours for an area with a law of its own.
    Area,
    /// One of some words.
    OneOf(Vec<Symbol>),
}

/// A text that rules compare, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(pub(crate) u32);

/// A fact of the dictionary, as its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactId(pub(crate) u16);

/// The value of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Of a flag.
    Flag(bool),
    /// Of a count.
    Count(u64),
    /// Of a day.
    Day(Date),
    /// Of an area, or one of some words.
    Text(Symbol),
}

/// Texts that rules compare.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    texts: Vec<String>,
    numbers: HashMap<String, Symbol>,
}

impl Symbols {
    /// The number of a text; a new one if it was never seen.
    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        if let Some(known) = self.numbers.get(text) {
            return *known;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), symbol);
        symbol
    }

    /// The number of a text that was seen before.
    pub(crate) fn find(&self, text: &str) -> Option<Symbol> {
        self.numbers.get(text).copied()
    }

    /// The text of a number.
    pub fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.0 as usize).map_or("(another)", String::as_str)
    }
}

/// A fact that rules may ask for.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its name, such as `exporter.area`.
    pub name: String,
    /// What it can be.
    pub kind: Kind,
    /// What a count counts.
    pub unit: Option<String>,
    /// The question that asks for it.
    pub question: String,
    /// Flags that are true if this one is, or if this count is above 0.
    pub implies: Vec<FactId>,
    /// For a count of persons over time: which time, and whether each importer is counted apart.
    pub window: Option<(Window, bool)>,
}

/// The time over which a law counts persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// From the first of January on, where the law is.
    CalendarYear {
        /// How far its clocks are ahead of UTC.
        utc_offset_hours: i8,
    },
    /// The twelve months before.
    TrailingYear,
}

/// Every fact that rules may ask for.
#[derive(Debug, Clone)]
pub struct Dictionary {
    facts: Vec<Fact>,
    ids: HashMap<String, FactId>,
    symbols: Symbols,
    /// By the place of a flag, the facts that imply it.
    implied_by: Vec<Vec<FactId>>,
}

/// Why a dictionary or a set of facts cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// The dictionary is not what it should be.
    #[error("the dictionary of facts: {reason}")]
    Dictionary {
        /// What is wrong with it.
        reason: String,
    },
    /// No rule knows this fact.
    #[error("there is no fact {name:?}{}", hint(nearest))]
    Unknown {
        /// The name that was given.
        name: String,
        /// A known name that looks like it.
        nearest: Option<String>,
    },
    /// The value does not fit.
    #[error("{name}: found {found}, expected {expected}")]
    Value {
        /// The fact.
        name: String,
        /// What was given.
        found: String,
        /// What its kind needs.
        expected: String,
    },
    /// Two facts cannot both be as they were given.
    #[error(
        "found {name}={found} and {implied}=false, which contradict each other: with \
         {name}={found} the answer is yes to: {question}"
    )]
    Contradiction {
        /// The fact that implies the other.
        name: String,
        /// What was given for it.
        found: String,
        /// The fact that is implied, and was denied.
        implied: String,
        /// The question that asks for that one.
        question: String,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DictionaryFile {
    fact: Vec<FactEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactEntry {
    name: String,
    kind: String,
    #[serde(default)]
    values: Vec<String>,
    unit: Option<String>,
    question: String,
    #[serde(default)]
    implies: Vec<String>,
    window: Option<String>,
    #[serde(default)]
    utc_offset_hours: i8,
    #[serde(default)]
    per_importer: bool,
}

impl FactEntry {
    fn window(&self) -> Result<Option<(Window, bool)>, FactError> {
        let utc_offset_hours = self.utc_offset_hours;
        let window = match self.window.as_deref() {
            None => return Ok(None),
            Some("calendar-year") => Window::CalendarYear { utc_offset_hours },
            Some("trailing-year") => Window::TrailingYear,
            Some(other) => {
                let expected = "expected calendar-year or trailing-year";
                let reason = format!("{}: found the window {other:?}, {expected}", self.name);
                return Err(FactError::Dictionary { reason });
            }
        };
        Ok(Some((window, self.per_importer)))
    }
}

impl Dictionary {
    /// Reads the files of `facts/`, one after another.
    pub fn read(text: &str) -> Result<Self, FactError> {
        let wrong = |reason: String| FactError::Dictionary { reason };
        let file: DictionaryFile = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        let mut dictionary = Self {
            facts: Vec::new(),
            ids: HashMap::new(),
            symbols: Symbols::default(),
            implied_by: Vec::new(),
        };
        let mut implied = Vec::new();
        for entry in file.fact {
            let window = entry.window()?;
            let FactEntry { name, kind, values, unit, question, implies, .. } = entry;
            implied.push(implies);
            let kind = match (kind.as_str(), values.is_empty()) {
                ("flag", true) => Kind::Flag,
                ("count", true) => Kind::Count,
                ("day", true) => Kind::Day,
                ("area", true) => Kind::Area,
                ("one-of", false) => {
                    Kind::OneOf(values.iter().map(|v| dictionary.symbols.intern(v)).collect())
                }
                _ => {
                    let expected = "expected flag, count, day, area, or one-of with values";
                    return Err(wrong(format!("{name}: found the kind {kind:?}, {expected}")));
                }
            };
            let id = u16::try_from(dictionary.facts.len());
            let id = FactId(id.map_err(|_| wrong("found too many facts".to_owned()))?);
            if dictionary.ids.insert(name.clone(), id).is_some() {
                return Err(wrong(format!("found {name} twice")));
            }
            let fact = Fact { name, kind, unit, question, implies: Vec::new(), window };
            dictionary.facts.push(fact);
        }
        dictionary.resolve(implied).map_err(wrong)?;
        Ok(dictionary)
    }

    /// Every fact, in the order of the dictionary.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Every fact with its place.
    pub fn iter(&self) -> impl Iterator<Item = (FactId, &Fact)> {
        // There are never more facts than places; reading the dictionary sees to that.
        (0..).map(FactId).zip(&self.facts)
    }

    /// A fact by its place.
    pub fn fact(&self, id: FactId) -> &Fact {
        &self.facts[usize::from(id.0)]
    }

    /// A fact by its name.
    pub fn find(&self, name: &str) -> Option<FactId> {
        self.ids.get(name).copied()
    }

    /// The texts of the dictionary and of the rules that were read with it.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    pub(crate) fn symbols_mut(&mut self) -> &mut Symbols {
        &mut self.symbols
    }

    /// A fact by a name that a person or a pack wrote.
    pub(crate) fn named(&self, name: &str) -> Result<FactId, FactError> {
        self.find(name).ok_or_else(|| {
            let near = self.facts.iter().map(|fact| (strsim::jaro(&fact.name, name), &fact.name));
            let near =
                near.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness > 0.7);
            FactError::Unknown {
                name: name.chars().take(80).collect(),
                nearest: near.map(|(_, name)| name.clone()),
            }
        })
    }

    /// Reads the facts of one crossing: an object of names and values; `null` is unknown.
    pub fn read_facts(&self, facts: &serde_json::Map<String, Json>) -> Result<Facts, FactError> {
        let mut read = self.nothing();
        for (name, value) in facts {
            if !value.is_null() {
                let id = self.named(name)?;
                let value = self.value(id, value, &mut read.others)?;
                read.values[usize::from(id.0)] = Some(value);
            }
        }
        self.derive(&mut read)?;
        Ok(read)
    }

    /// The facts of one crossing as they are read: names and values of everything that is known.
    pub fn write_facts(&self, facts: &Facts) -> serde_json::Map<String, Json> {
        let known = self.iter().filter_map(|(id, fact)| Some((fact, facts.get(id)?)));
        known
            .map(|(fact, value)| {
                let value = match value {
                    Value::Flag(flag) => Json::Bool(flag),
                    Value::Count(count) => count.into(),
                    Value::Day(_) | Value::Text(_) => self.show(value, facts).into(),
                };
                (fact.name.clone(), value)
            })
            .collect()
    }

    /// A crossing of which nothing is known.
    pub fn nothing(&self) -> Facts {
        let first = self.symbols.texts.len();
        let others = Others { first, texts: Vec::new() };
        let values = vec![None; self.facts.len()];
        Facts { values, others, derived: Vec::new(), assumed: Vec::new() }
    }

    fn value(&self, id: FactId, value: &Json, others: &mut Others) -> Result<Value, FactError> {
        let fact = self.fact(id);
        let wrong = |expected: &str| FactError::Value {
            name: fact.name.clone(),
            found: value.to_string().chars().take(80).collect(),
            expected: expected.to_owned(),
        };
        match &fact.kind {
            Kind::Flag => value.as_bool().map(Value::Flag).ok_or_else(|| wrong("true or false")),
            Kind::Count => {
                let expected = "a whole number from 0 on";
                value.as_u64().map(Value::Count).ok_or_else(|| wrong(expected))
            }
            Kind::Day => {
                let day = value.as_str().and_then(|text| text.parse().ok());
                day.map(Value::Day).ok_or_else(|| wrong("a day such as 2026-06-01"))
            }
            Kind::Area => {
                let text = value.as_str().filter(|text| is_area(text));
                let text = text.ok_or_else(|| wrong("a legal area such as KE or CN-FTZ-SH"))?;
                Ok(Value::Text(others.symbol(self, text)))
            }
            Kind::OneOf(values) => {
                let symbol = value.as_str().and_then(|text| self.symbols.find(text));
                symbol.filter(|symbol| values.contains(symbol)).map(Value::Text).ok_or_else(|| {
                    let known: Vec<&str> = values.iter().map(|v| self.symbols.text(*v)).collect();
                    wrong(&known.join(", "))
                })
            }
        }
    }

    /// A value as people read it.
    pub fn show(&self, value: Value, facts: &Facts) -> String {
        match value {
            Value::Flag(flag) => if flag { "yes" } else { "no" }.to_owned(),
            Value::Count(count) => count.to_string(),
            Value::Day(day) => day.to_string(),
            Value::Text(symbol) => facts.others.text(self, symbol).to_owned(),
        }
    }
}

/// Whether a text is shaped like the code of a legal area.
pub(crate) fn is_area(text: &str) -> bool {
    let is_part = |part: &str| {
        (1..=8).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    text.len() <= 32 && text.split('-').all(is_part) && !text.is_empty()
}

/// Texts of one crossing that no rule knows, numbered behind those of the rules.
#[derive(Debug, Clone)]
struct Others {
    first: usize,
    texts: Vec<String>,
}

impl Others {
    fn symbol(&mut self, dictionary: &Dictionary, text: &str) -> Symbol {
        if let Some(known) = dictionary.symbols.find(text) {
            return known;
        }
        let at = self.texts.iter().position(|other| other == text).unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        Symbol(u32::try_from(self.first + at).unwrap_or(u32::MAX))
    }

    fn text<'a>(&'a self, dictionary: &'a Dictionary, symbol: Symbol) -> &'a str {
        let place = (symbol.0 as usize).checked_sub(self.first);
        let own = place.and_then(|place| self.texts.get(place)).map(String::as_str);
        own.unwrap_or_else(|| dictionary.symbols.text(symbol))
    }
}

/// What is known of one crossing.
#[derive(Clone)]
pub struct Facts {
    values: Vec<Option<Value>>,
    others: Others,
    derived: Vec<FactId>,
    /// Which values nobody gave.
    assumed: Vec<FactId>,
}

impl Facts {
    /// Takes everything as no or 0 that is not given and of which there is a no, and remembers it.
    /// What is to be asked all the same stays open.
    pub fn assume_no(&mut self, dictionary: &Dictionary, except: &[FactId]) {
        for (id, fact) in dictionary.iter().filter(|(id, _)| !except.contains(id)) {
            let value = match fact.kind {
                Kind::Flag => Value::Flag(false),
                Kind::Count => Value::Count(0),
                Kind::Day | Kind::Area | Kind::OneOf(_) => continue,
            };
            if self.get(id).is_none() {
                self.set(id, Some(value));
                self.assumed.push(id);
            }
        }
    }

    /// Whether nobody gave it and it was taken as no or 0.
    pub fn is_assumed(&self, id: FactId) -> bool {
        self.assumed.contains(&id)
    }

    /// The value of a fact; `None` if it is unknown.
    pub fn get(&self, id: FactId) -> Option<Value> {
        self.values.get(usize::from(id.0)).copied().flatten()
    }

    /// Takes a fact as given.
    pub fn set(&mut self, id: FactId, value: Option<Value>) {
        if let Some(slot) = self.values.get_mut(usize::from(id.0)) {
            *slot = value;
        }
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.values.iter().enumerate().filter(|(_, value)| value.is_some());
        f.debug_map().entries(known).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn dictionary() -> Dictionary {
        Dictionary::read(
            r#"
            [[fact]]
            name = "exporter.area"
            kind = "area"
            question = "Where does the exporter sit?"
            [[fact]]
            name = "data.personal"
            kind = "flag"
            question = "Is it about people?"
            [[fact]]
            name = "count.persons"
            kind = "count"
            unit = "persons"
            question = "About how many?"
            [[fact]]
            name = "since"
            kind = "day"
            question = "Since when?"
            [[fact]]
            name = "purpose"
            kind = "one-of"
            values = ["research", "care"]
            question = "What for?"
            "#,
        )
        .unwrap()
    }

    #[test]
    fn facts_are_read_by_their_kind_and_what_does_not_fit_is_named() {
        let dictionary = dictionary();
        let check = |facts: Json, expected: &str| {
            let found = dictionary.read_facts(facts.as_object().unwrap());
            let found = found.map(|_| String::new()).unwrap_or_else(|error| error.to_string());
            assert_eq!(found, expected, "{facts}");
        };
        check(json!({}), "");
        check(
            json!({ "exporter.area": "XX", "data.personal": false, "count.persons": 7,
                    "since": "1066-10-14", "purpose": "care" }),
            "",
        );
        check(json!({ "data.personal": null }), "");
        check(
            json!({ "data.persnal": true }),
            "there is no fact \"data.persnal\"; did you mean data.personal?",
        );
        check(json!({ "\u{202e}": true }), "there is no fact \"\\u{202e}\"");
        check(
            json!({ "count.persons": -1 }),
            "count.persons: found -1, expected a whole number from 0 on",
        );
        check(
            json!({ "count.persons": 1.5 }),
            "count.persons: found 1.5, expected a whole number from 0 on",
        );
        check(
            json!({ "data.personal": "yes" }),
            "data.personal: found \"yes\", expected true or false",
        );
        check(json!({ "purpose": "fun" }), "purpose: found \"fun\", expected research, care");
        check(
            json!({ "since": "soon" }),
            "since: found \"soon\", expected a day such as 2026-06-01",
        );
        check(
            json!({ "exporter.area": "Kenya" }),
            "exporter.area: found \"Kenya\", expected a legal area such as KE or CN-FTZ-SH",
        );
    }

    #[test]
    fn an_area_that_no_rule_knows_is_still_told_apart_and_shown() {
        let dictionary = dictionary();
        let facts = json!({ "exporter.area": "XX" });
        let facts = dictionary.read_facts(facts.as_object().unwrap()).unwrap();
        let id = dictionary.find("exporter.area").unwrap();
        assert_eq!(dictionary.show(facts.get(id).unwrap(), &facts), "XX");
        assert_eq!(facts.get(dictionary.find("purpose").unwrap()), None);
    }

    #[test]
    fn a_dictionary_with_a_doubtful_entry_is_refused() {
        let entry = |name: &str, kind: &str| {
            format!("[[fact]]\nname = \"{name}\"\nkind = \"{kind}\"\nquestion = \"?\"\n")
        };
        assert!(Dictionary::read(&entry("a", "flag")).is_ok());
        for text in [
            entry("a", "number"),
            entry("a", "one-of"),
            entry("a", "flag") + &entry("a", "flag"),
            "[[fact]]\nname = \"a\"".to_owned(),
            String::new(),
        ] {
            assert!(Dictionary::read(&text).is_err(), "{text}");
        }
    }
}
