//! Facts of a crossing as people, offers and peers state them: names with values. What a name
//! means, which law asks for it and what follows is the business of the law crate.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::limits::{FACT_TEXT_BYTES_MAX, FACTS_STATED_MAX};

/// What is stated of one fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// How many.
    Count(u64),
    /// A word, an area or a day.
    Text(String),
    /// It is said to be unknown, which is not "no".
    Unknown,
}

/// Why a text states no fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatedError {
    /// Not a name with a value.
    #[error("a fact: found {found:?}, expected a name and a value such as data.personal=true")]
    Shape {
        /// What was found, cut.
        found: String,
    },
    /// Statements are bounded.
    #[error("facts: found more than {FACTS_STATED_MAX}")]
    TooMany,
    /// One fact, two values.
    #[error("{name}: found {one} and {other}, expected one of them")]
    Twice {
        /// The fact.
        name: String,
        /// One value.
        one: FactValue,
        /// The other value.
        other: FactValue,
    },
}

/// What somebody states of a crossing, by the names of the dictionary of facts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatedFacts(BTreeMap<String, FactValue>);

impl StatedFacts {
    /// Nothing is stated.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement; the same one twice is once.
    pub fn state(&mut self, name: &str, value: FactValue) -> Result<(), StatedError> {
        if !is_name(name) || !fits(&value) {
            return Err(shape(&format!("{name}={value}")));
        }
        if let Some(one) = self.0.get(name) {
            if *one == value {
                return Ok(());
            }
            let (name, one) = (name.to_owned(), one.clone());
            return Err(StatedError::Twice { name, one, other: value });
        }
        if self.0.len() >= FACTS_STATED_MAX {
            return Err(StatedError::TooMany);
        }
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// Adds a statement written as `name=value`.
    pub fn read(&mut self, text: &str) -> Result<(), StatedError> {
        let (name, value) = text.split_once('=').ok_or_else(|| shape(text))?;
        // Reading a value never fails: whatever is no flag or number is a text.
        let value = value.parse().map_err(|_| shape(text))?;
        self.state(name, value)
    }

    /// What is stated of a fact.
    pub fn of(&self, name: &str) -> Option<&FactValue> {
        self.0.get(name)
    }

    /// Every statement, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FactValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many facts are stated.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is stated.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything stated here is stated there too, with the same values; of what is
    /// unknown here, anything may be.
    pub fn is_within(&self, other: &Self) -> bool {
        let said = |(_, value): &(&String, &FactValue)| **value != FactValue::Unknown;
        self.0.iter().filter(said).all(|(name, value)| other.0.get(name) == Some(value))
    }
}

impl FromStr for FactValue {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "true" => Self::Flag(true),
            "false" => Self::Flag(false),
            "unknown" => Self::Unknown,
            other => other.parse().map_or_else(|_| Self::Text(other.to_owned()), Self::Count),
        })
    }
}

impl fmt::Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Text(text) => f.write_str(text),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// Names of the dictionary are lower-case words with points between them.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let mut bytes = part.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    name.len() <= FACT_TEXT_BYTES_MAX && name.split('.').all(is_part)
}

/// Words, areas and days are printable ASCII.
fn fits(value: &FactValue) -> bool {
    match value {
        FactValue::Text(text) => {
            let printable = text.bytes().all(|b| b.is_ascii_graphic());
            // What reads back as something else would change on its way.
            let is_text = matches!(text.parse(), Ok(FactValue::Text(_)));
            is_text && !text.is_empty() && text.len() <= FACT_TEXT_BYTES_MAX && printable
        }
        _ => true,
    }
}

fn shape(found: &str) -> StatedError {
    StatedError::Shape { found: found.chars().take(80).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["data.personal=true", "data.hr=false", "count.us_health=12000"] {
            let mut facts = StatedFacts::new();
            facts.read(text).unwrap();
            let shown: Vec<String> = facts.iter().map(|(n, v)| format!("{n}={v}")).collect();
            assert_eq!(shown, [text]);
        }
        let mut facts = StatedFacts::new();
        facts.read("exporter.area=CN-FTZ-SH").unwrap();
        facts.read("data.special=unknown").unwrap();
        assert_eq!(facts.of("exporter.area"), Some(&FactValue::Text("CN-FTZ-SH".to_owned())));
        assert_eq!(facts.of("data.special"), Some(&FactValue::Unknown));
    }

    #[test]
    fn what_is_no_statement_is_refused_and_a_contradiction_names_both_values() {
        let mut facts = StatedFacts::new();
        for text in
            ["", "data.personal", "=true", "Data.x=1", "a..b=1", "a=", "a=x y", "a=\u{202e}"]
        {
            assert!(matches!(facts.read(text), Err(StatedError::Shape { .. })), "{text}");
        }
        for text in ["true", "7", "unknown"] {
            let text = FactValue::Text(text.to_owned());
            assert!(matches!(facts.state("data.x", text), Err(StatedError::Shape { .. })));
        }
        // A negative number is no number of persons; as a text, no count takes it.
        facts.read("count.us_health=-1").unwrap();
        assert_eq!(facts.of("count.us_health"), Some(&FactValue::Text("-1".to_owned())));
        facts.read("data.personal=true").unwrap();
        facts.read("data.personal=true").unwrap();
        assert_eq!(
            facts.read("data.personal=false").unwrap_err().to_string(),
            "data.personal: found true and false, expected one of them"
        );
    }

    #[test]
    fn statements_are_bounded() {
        let mut facts = StatedFacts::new();
        for n in 0..FACTS_STATED_MAX {
            facts.state(&format!("data.x{n}"), FactValue::Flag(true)).unwrap();
        }
        assert_eq!(facts.state("data.more", FactValue::Flag(true)), Err(StatedError::TooMany));
    }
}
