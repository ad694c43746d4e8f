//! Our own engine, with every shipped pack and the law of both sides.

use causeway_law::{Engine, Facts, Kind};
use jiff::civil::{Date, date};
use serde_json::{Map, Value, json};

use crate::Result;

/// The day of the crossing, on which the rules of the other engines are written too.
pub const AS_OF: Date = date(2026, 6, 1);
/// The day whose packs are asked.
const KNOWN_AT: Date = date(2026, 12, 31);

/// The engine with its packs.
pub struct Law(Engine);

impl Law {
    /// Loads the packs.
    pub fn new() -> Result<Self> {
        Ok(Self(Engine::shipped()?))
    }

    /// How many packs every check asks.
    pub fn packs(&self) -> usize {
        self.0.packs_known_at(KNOWN_AT).count()
    }

    /// A crossing from China to Germany of which every fact of every pack is known.
    pub fn request(&self, facts: &Map<String, Value>) -> Result<Facts> {
        let dictionary = self.0.dictionary();
        let mut all = Map::new();
        for fact in dictionary.facts() {
            let value = match &fact.kind {
                Kind::Flag => json!(false),
                Kind::Count => json!(0),
                Kind::Day => json!(AS_OF.to_string()),
                Kind::OneOf(values) => json!(dictionary.symbols().text(values[0])),
                Kind::Area => json!("XX"),
            };
            all.insert(fact.name.clone(), value);
        }
        all.extend(facts.clone());
        all.insert("exporter.area".to_owned(), json!("CN"));
        all.insert("importer.area".to_owned(), json!("DE"));
        // The zone whose list is about all data, as the rules written for the others have it.
        all.insert("exporter.cn_zone".to_owned(), json!("CN-FTZ-TJ"));
        Ok(dictionary.read_facts(&all)?)
    }

    /// The outcome, without reasons.
    pub fn check(&self, facts: &Facts) -> Option<&'static str> {
        let interval = self.0.check(facts, AS_OF, KNOWN_AT);
        interval.determined().map(|outcome| outcome.as_str())
    }

    /// The outcome with every rule, article, obligation and document.
    pub fn decide(&self, facts: &Facts) -> usize {
        self.0.decide(facts, AS_OF, KNOWN_AT).packs.len()
    }
}
