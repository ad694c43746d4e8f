//! What a steward declares of data, read by the dictionary, and decisions read again.

use causeway_law::{ClassError, Classes, Description, Topic};
use causeway_store::Declaration;
use causeway_types::{FactValue, Problem, ProblemCode, StatedFacts};
use serde_json::{Map, Value as Json};

use super::facts::read_facts;
use crate::Node;

impl Node {
    /// Reads what is declared of an offer's data: words such as `health`, further facts, and at
    /// most how many persons are in it.
    pub fn declare(
        &self,
        words: &[String],
        facts: &StatedFacts,
        persons: Option<u64>,
    ) -> Result<Declaration, Problem> {
        let bad = |text: String| Problem::new(ProblemCode::BadRequest, text);
        let law = &self.0.law;
        let classes = Classes::shipped(law)
            .map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
        let mut description = Description {
            words: words.iter().map(|word| (Topic::Data, word.clone())).collect(),
            persons: None,
            exporter: self.0.settings.jurisdiction.clone(),
        };
        let said = classes.expand(law, &description).map_err(|error| bad(error.to_string()))?;
        let mut stated = StatedFacts::new();
        for (name, value) in &said.facts {
            let value = stated_value(value);
            stated.state(name, value).map_err(|error| bad(error.to_string()))?;
        }
        for (name, value) in facts.iter() {
            if !super::facts::is_declarable(name) {
                let expected = "expected a fact of the data, of its basis or the transaction";
                return Err(bad(format!("{name}: it is not declared with the data, {expected}")));
            }
            stated.state(name, value.clone()).map_err(|error| bad(error.to_string()))?;
        }
        read_facts(law.dictionary(), &stated).map_err(|error| {
            bad(error.to_string()).hint("the facts are listed by: causeway law facts")
        })?;
        description.persons = Some(persons.unwrap_or(0));
        let counts = match classes.expand(law, &description) {
            Ok(counted) => {
                counted.facts.keys().filter(|n| n.starts_with("count.")).cloned().collect()
            }
            Err(ClassError::Uncounted { .. }) if persons.is_none_or(|n| n == 0) => Vec::new(),
            Err(error) => return Err(bad(error.to_string())),
        };
        Ok(Declaration { facts: stated, counts, persons })
    }

    /// Whether the rule packs of this node give the same decision again, byte for byte; `None` if
    /// it has other ones.
    pub fn replays(&self, document: &str) -> Option<bool> {
        let document: Json = serde_json::from_str(document).ok()?;
        let found = self.again(&document)?.to_json();
        let packs = |decision: &Json| {
            let packs = decision["packs"].as_array().into_iter().flatten();
            packs.map(|pack| pack["sha256"].clone()).collect::<Vec<_>>()
        };
        let before = &document["decision"];
        let bytes = |decision: &Json| serde_json::to_vec(decision).ok();
        (packs(before) == packs(&found)).then(|| bytes(before) == bytes(&found))
    }

    /// A decision as a page for people, if this node's rule packs still give it.
    pub fn decision_text(&self, document: &Json) -> Option<String> {
        let decision = self.again(document)?;
        (decision.to_json() == document["decision"]).then(|| decision.to_text())
    }

    fn again(&self, document: &Json) -> Option<causeway_law::Decision<'_>> {
        let decision = &document["decision"];
        let given: &Map<String, Json> = decision["facts"].as_object()?;
        let facts = self.0.law.dictionary().read_facts(given).ok()?;
        let day = |name: &str| decision[name].as_str()?.parse().ok();
        Some(self.0.law.decide(&facts, day("as_of")?, day("known_at")?))
    }
}

fn stated_value(value: &Json) -> FactValue {
    match value {
        Json::Bool(flag) => FactValue::Flag(*flag),
        Json::Number(number) => number.as_u64().map_or(FactValue::Unknown, FactValue::Count),
        Json::String(text) => FactValue::Text(text.clone()),
        _ => FactValue::Unknown,
    }
}
